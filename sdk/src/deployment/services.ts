import type { Addresses } from "./addresses.ts";
import type { Source } from "./contracts.ts";

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
