import type { Addresses } from "./addresses.ts";
import type { Source } from "./contracts.ts";
import { othersOf } from "./parameters.ts";
import type { Setting } from "./settings.ts";
import type { View } from "./view.ts";

/** What stands on every rollup upon the core contracts, none of which knows it; `others`: addresses of the other rollups. */
export function serviceSources(at: Addresses, others: ReadonlyMap<bigint, Addresses> = new Map()): Source[] {
  const stateRequests = {
    era: at.Era,
    feeController: at.FeeController,
    gateway: at.MetalayerGateway,
    registry: at.RollupRegistry,
    inbox: at.StateRootInbox,
    reader: at.StateReader,
    rewards: at.GuardianRewards,
  };
  return [
    { name: "StateReader", artifact: "StateReader", args: [at.StateRootInbox] },
    { name: "Broadcaster", artifact: "Broadcaster", args: [] },
    { name: "Subscriptions", artifact: "Subscriptions", args: [at.RollupRegistry, at.StateReader, at.Era] },
    { name: "Automations", artifact: "Automations", args: [at.RollupRegistry, at.StateReader, at.Era] },
    { name: "Feeds", artifact: "Feeds", args: [at.Broadcaster, at.FeeController, at.Era] },
    { name: "LaneHeads", artifact: "LaneHeads", args: [at.MetalayerGateway] },
    {
      name: "PriceKeeper",
      artifact: "PriceKeeper",
      args: [at.AccessManager, at.FeeController, at.MetalayerGateway],
    },
    { name: "StateRequests", artifact: "StateRequests", args: [at.AccessManager, stateRequests] },
    { name: "OmniDeployer", artifact: "OmniDeployer", args: [at.MetalayerGateway, peersOf(at, others)] },
  ];
}

/** Deployers of other rollups that stand at another address than the one here. */
function peersOf(at: Addresses, others: ReadonlyMap<bigint, Addresses>) {
  return [...others]
    .map(([chainId, { OmniDeployer: deployer }]) => ({ chainId, deployer }))
    .filter(({ deployer }) => deployer !== at.OmniDeployer);
}

/**
 * Whom the deployer of applications obeys on other rollups; only its constructor decided that. One that stands elsewhere and was admitted later
 * is looked for at the own address (docs/protocol/omni.md), where only the network's deployer could place anything.
 */
export function serviceSettings(view: View): Setting[] {
  const { plan } = view;
  const own = plan.addresses.OmniDeployer;
  return othersOf(plan.parameters, plan.rollup.chainId).map(({ chainId }) => {
    const wanted = plan.addressesOf.get(chainId)?.OmniDeployer ?? own;
    return {
      contract: "OmniDeployer",
      name: `deployerOn(${chainId})`,
      expected: { deployer: wanted },
      async read() {
        const deployer = (await view.read("OmniDeployer", "deployerOn", chainId)).text(0);
        return { deployer: deployer === own ? wanted : deployer };
      },
    };
  });
}
