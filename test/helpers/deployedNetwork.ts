import type { Hex } from "../../sdk/src/bytes.ts";
import { deployRollup, type DeploymentCost } from "../../sdk/src/deployment/execute.ts";
import { inspectRollup } from "../../sdk/src/deployment/inspect.ts";
import type { NetworkParameters } from "../../sdk/src/deployment/parameters.ts";
import { planRollup, type RollupPlan } from "../../sdk/src/deployment/plan.ts";
import type { Difference, Findings } from "../../sdk/src/deployment/settings.ts";
import { providerReader } from "../../sdk/src/deployment/view.ts";
import { loadArtifacts } from "../../deploy/artifacts.ts";
import { testParameters } from "./deployment.ts";
import { openRollup, type Rollup, type RollupName } from "./rollup.ts";

export const artifacts = loadArtifacts(process.cwd());

export interface DeployedRollup {
  readonly rollup: Rollup;
  readonly plan: RollupPlan;
  readonly cost: DeploymentCost;
  readonly inspect: (plan?: RollupPlan) => Promise<Findings>;
}

/** In-process rollups and the parameters of a network on them; nothing deployed yet. */
export async function openNetwork(
  names: readonly RollupName[],
  change: (home: Rollup) => Partial<NetworkParameters> = () => ({}),
  addressSalt?: (chainId: bigint) => Hex,
) {
  const rollups = await Promise.all(names.map((name) => openRollup(name)));
  const [home] = rollups;
  if (home === undefined) throw new Error("a network has at least one rollup");
  const genesis = await home.ethers.provider.getBlock(0);
  const chainIds = await Promise.all(rollups.map(async ({ ethers }) => (await ethers.provider.getNetwork()).chainId));
  const chain = { deployer: home.deployer.address, homeGenesisHash: genesis?.hash ?? "", chainIds };
  return { rollups, home, parameters: testParameters(artifacts, chain, change(home), addressSalt) };
}

/** Deploys the network of these parameters on one rollup. */
export async function deployOn(rollup: Rollup, parameters: NetworkParameters): Promise<DeployedRollup> {
  const { chainId } = await rollup.ethers.provider.getNetwork();
  const plan = planRollup(parameters, chainId, artifacts);
  const cost = await deployRollup(plan, rollup.deployer);
  const inspect = (wanted: RollupPlan = plan): Promise<Findings> =>
    inspectRollup(wanted, providerReader(rollup.ethers.provider));
  return { rollup, plan, cost, inspect };
}

/** Names of what differs, for comparisons. */
export function namesOf(differences: readonly Difference[]): string[] {
  return differences.map(({ name }) => name).sort();
}
