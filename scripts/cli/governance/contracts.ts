import type { ContractRunner } from "ethers";
import { EraGovernor__factory } from "../../../typechain-types/factories/contracts/governance/EraGovernor__factory.js";
import { RollupTimelock__factory } from "../../../typechain-types/factories/contracts/governance/RollupTimelock__factory.js";
import { TallyReader__factory } from "../../../typechain-types/factories/contracts/governance/TallyReader__factory.js";
import { VoteCollector__factory } from "../../../typechain-types/factories/contracts/governance/VoteCollector__factory.js";
import { EraVotes__factory } from "../../../typechain-types/factories/contracts/token/EraVotes__factory.js";
import type { Address } from "../../../sdk/src/bytes.ts";
import { CommandError } from "../command.ts";
import type { Connection } from "../connection.ts";
import type { Network, RollupDescription } from "../network.ts";
import { withRollups } from "../network.ts";

/** Addresses of governance that a network's description may leave out. */
export type GovernanceName =
  "EraGenesis" | "EraGovernor" | "EraVotes" | "GovernanceExecutor" | "RollupTimelock" | "TallyReader" | "VoteCollector";

/** Address of a part of governance. Throws CLI_NO_GOVERNANCE if the description does not name it. */
export function governanceAddress({ name, contracts }: RollupDescription, contract: GovernanceName): Address {
  const found = contracts[contract];
  if (found !== undefined) return found;
  const next = "use the description that ./metalayer deploy or ./metalayer devnet start wrote";
  const what = `the description of ${name} does not name its ${contract}`;
  throw new CommandError("CLI_NO_GOVERNANCE", what, "Nothing was done", next);
}

/** Governance's contracts of a rollup, typed, with who reads or signs. Governor and reader of tallies stand on home, collectors elsewhere. */
export function governanceOf(description: RollupDescription, runner: ContractRunner) {
  const at = (name: GovernanceName): Address => governanceAddress(description, name);
  return {
    eraGovernor: EraGovernor__factory.connect(at("EraGovernor"), runner),
    eraVotes: EraVotes__factory.connect(at("EraVotes"), runner),
    rollupTimelock: RollupTimelock__factory.connect(at("RollupTimelock"), runner),
    tallyReader: TallyReader__factory.connect(at("TallyReader"), runner),
    voteCollector: VoteCollector__factory.connect(at("VoteCollector"), runner),
  };
}

export type GovernanceContracts = ReturnType<typeof governanceOf>;

/** The rollup on which the governor stands, as the first rollup that answers tells. Throws what the first one threw if none does. */
export async function findHome(network: Network): Promise<RollupDescription> {
  let problem: unknown;
  for (const rollup of network.rollups) {
    try {
      const chainId = await withRollups([rollup], ([connection]) => homeChainId(connection));
      return network.rollup(String(chainId));
    } catch (error) {
      problem ??= error;
    }
  }
  throw problem;
}

async function homeChainId(connection: Connection | undefined): Promise<bigint> {
  if (connection === undefined) throw new Error("a connection per rollup");
  const { provider, description, chainId } = connection;
  const { eraGovernor, voteCollector } = governanceOf(description, provider);
  if ((await provider.getCode(eraGovernor)) !== "0x") return chainId;
  const [home] = await voteCollector.governor();
  return home;
}
