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

/** What a community's DAO has in the place of a part of governance. */
const OF_DAO: Partial<Record<GovernanceName, string>> = {
  EraGovernor: "DaoGovernor",
  EraVotes: "DaoToken",
  RollupTimelock: "RollupTimelock",
  GovernanceExecutor: "GovernanceExecutor",
};

/** Address of a part of governance, or of a DAO's part in its place. Throws CLI_NO_GOVERNANCE if there is none on the rollup. */
export function governanceAddress({ name, contracts, dao }: RollupDescription, contract: GovernanceName): Address {
  const found = dao === undefined ? contracts[contract] : dao.contracts[OF_DAO[contract] ?? ""];
  if (found !== undefined) return found;
  if (dao !== undefined) {
    const what = `${dao.name} has no ${OF_DAO[contract] ?? contract} on ${name}`;
    const next = "vote on its home; its token votes nowhere else";
    throw new CommandError("CLI_NO_GOVERNANCE", what, "Nothing was done", next);
  }
  const next = "use the description that ./metalayer deploy or ./metalayer devnet start wrote";
  const what = `the description of ${name} does not name its ${contract}`;
  throw new CommandError("CLI_NO_GOVERNANCE", what, "Nothing was done", next);
}

/** Governance's contracts of a rollup, typed, with who reads or signs; what the rollup does not have throws when it is asked for. Governor and reader of tallies stand on home, collectors elsewhere. */
export function governanceOf(description: RollupDescription, runner: ContractRunner) {
  const at = (name: GovernanceName): Address => governanceAddress(description, name);
  return {
    get eraGovernor() {
      return EraGovernor__factory.connect(at("EraGovernor"), runner);
    },
    get eraVotes() {
      return EraVotes__factory.connect(at("EraVotes"), runner);
    },
    get rollupTimelock() {
      return RollupTimelock__factory.connect(at("RollupTimelock"), runner);
    },
    get tallyReader() {
      return TallyReader__factory.connect(at("TallyReader"), runner);
    },
    get voteCollector() {
      return VoteCollector__factory.connect(at("VoteCollector"), runner);
    },
  };
}

export type GovernanceContracts = ReturnType<typeof governanceOf>;

/** The rollup on which the governor stands, as the first rollup that answers tells. Throws what the first one threw if none does. */
export async function findHome(network: Network): Promise<RollupDescription> {
  if (network.home !== undefined) return network.rollup(network.home);
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
