import { formatUnits } from "ethers";
import { DaoGovernor__factory } from "../../../typechain-types/factories/contracts/dao/DaoGovernor__factory.js";
import { DaoToken__factory } from "../../../typechain-types/factories/contracts/dao/DaoToken__factory.js";
import { RollupTimelock__factory } from "../../../typechain-types/factories/contracts/governance/RollupTimelock__factory.js";
import type { Context } from "../command.ts";
import type { Connection } from "../connection.ts";
import { coinText, spanText, unitsText } from "../format.ts";
import { findNetwork, withRollups } from "../network.ts";
import { daoNetwork, findRecord, recordsOf, type DaoRecord } from "./record.ts";
import { wiringProblems } from "./wiring.ts";

/** A DAO on one rollup, as it is there now. */
interface Standing {
  readonly rollup: string;
  readonly treasury: string;
  readonly coins: bigint;
  /** In the DAO's token, on home. */
  readonly tokens?: bigint;
  /** Seconds between a decision and its effect. */
  readonly delay: bigint;
  /** Prepaid for messages, units of 1e-9 ERA. */
  readonly credit: bigint;
  /** Whatever is not as the DAO's description has it. */
  readonly problems: readonly string[];
}

/** Lists the DAOs that were created from here. */
export async function listDaos({ output, path, root }: Context, network: string | undefined): Promise<void> {
  const daos = recordsOf(findNetwork({ root, path }, network));
  const rows = daos.map(({ name, home, governor, rollups }) => [
    name,
    home,
    governor,
    rollups.map((rollup) => rollup.name).join(", "),
  ]);
  if (rows.length === 0) output.line("No DAO was created from here. Next: ./metalayer dao create <file>");
  else await output.table(["DAO", "home", "governor", "rollups"], rows);
  output.result({ daos });
}

/** Shows a DAO's rules and treasuries, and whether it is wired on every rollup as its description says. False if it is not. */
export async function daoStatus(context: Context, asked: string, given: string | undefined): Promise<boolean> {
  const { output } = context;
  const record = findRecord(context, findNetwork(context, given), asked);
  const network = daoNetwork(findNetwork(context, given), record);
  return withRollups(network.rollups, async (connections) => {
    const home = connections.find(({ name }) => name === record.home);
    if (home === undefined) throw new Error("a connection to home");
    const rules = await rulesOf(home, record);
    const places = await Promise.all(connections.map((connection) => standingOn(context.root, connection, record)));
    const { symbol, decimals, clock } = record.token;
    const votes = (amount: bigint): string => `${formatUnits(amount, decimals).replace(/\.0$/, "")} ${symbol}`;
    const time = (count: bigint): string => (clock === "blocks" ? `${count} blocks` : spanText(Number(count)));
    output.line(`${record.name}, governor ${record.governor} on ${record.home}, token ${record.token.address}`);
    output.line(
      `Votes count ${time(rules.votingDelay)} after a proposal, for ${time(rules.votingPeriod)}; ` +
        `proposers need ${votes(rules.proposalThreshold)}, the quorum is ${Number(rules.quorum) / 100} % of all votes.`,
    );
    await output.table(
      ["rollup", "treasury", "coins", symbol, "delay", "credit for messages", "wiring"],
      places.map(({ rollup, treasury, coins, tokens, delay, credit, problems }) => [
        ...[rollup, treasury, coinText(coins), tokens === undefined ? "" : votes(tokens)],
        ...[spanText(Number(delay)), unitsText(credit), problems.length === 0 ? "as described" : problems.join("; ")],
      ]),
    );
    output.result({ ...record, rules, rollups: places });
    return places.every(({ problems }) => problems.length === 0);
  });
}

async function rulesOf({ provider }: Connection, { governor }: DaoRecord) {
  const contract = DaoGovernor__factory.connect(governor, provider);
  const [votingDelay, votingPeriod, proposalThreshold, quorum] = await Promise.all([
    contract.votingDelay(),
    contract.votingPeriod(),
    contract.proposalThreshold(),
    contract["quorumNumerator()"](),
  ]);
  return { votingDelay, votingPeriod, proposalThreshold, quorum };
}

async function standingOn(root: string, connection: Connection, record: DaoRecord): Promise<Standing> {
  const { name, provider, contracts, description } = connection;
  const treasury = description.dao?.contracts["RollupTimelock"] ?? "";
  if ((await provider.getCode(treasury)) === "0x") {
    const problems = ["nothing stands here: run ./metalayer dao create again"];
    return { rollup: name, treasury, coins: await provider.getBalance(treasury), delay: 0n, credit: 0n, problems };
  }
  const isHome = name === record.home;
  const [coins, delay, { balance: credit }, problems] = await Promise.all([
    provider.getBalance(treasury),
    RollupTimelock__factory.connect(treasury, provider).getMinDelay(),
    contracts.gateway.credit(treasury),
    wiringProblems(root, connection, record),
  ]);
  const held = isHome ? { tokens: await balanceOf(connection, record, treasury) } : {};
  return { rollup: name, treasury, coins, ...held, delay, credit, problems };
}

/** ERC-20 and ERC-721 tell it by the same function. */
async function balanceOf({ provider }: Connection, { token }: DaoRecord, account: string): Promise<bigint> {
  return DaoToken__factory.connect(token.address, provider).balanceOf(account);
}
