import { formatUnits } from "ethers";
import { MetalayerError } from "../../../sdk/src/errors.ts";
import {
  assembleRound,
  needsConfirmations,
  outlying,
  type AssembledRound,
  type FeedAnswer,
  type FeedState,
} from "../../../sdk/src/feeds.ts";
import { callOf, makeCalls, type Call } from "../calls.ts";
import type { Context } from "../command.ts";
import { CommandError, UsageError } from "../command.ts";
import type { Connection } from "../connection.ts";
import { findNetwork, withRollups } from "../network.ts";
import { findWallet, signOn } from "../wallet.ts";
import type { FeedOptions } from "./manage.ts";
import { readReport, type SignedReport } from "./report.ts";
import { feedsOf, readFeed, wordsOf, type Feed } from "./terms.ts";

/** Answers a round with the reports of these files, and convicts whoever signed two values for it. */
export async function submitCommand(
  context: Context,
  file: string,
  files: readonly string[],
  options: FeedOptions,
): Promise<void> {
  if (files.length === 0) throw new UsageError("feed submit needs the files of the reports");
  const { output, path } = context;
  const network = findNetwork(context, options.network);
  const feed = readFeed(path(file), network.rollup(options.on));
  const given = files.map((each) => readReport(path(each)));
  const wallet = await findWallet(context, network, options);
  await withRollups([feed.rollup], async (connections) => {
    for (const connection of connections) {
      const signing = await signOn(connection, wallet);
      const { round, before } = await assemble(feed, connection, given);
      refuseUnconfirmed(feed, before, round);
      const calls = await callsOf(feed, connection, round);
      const { reports } = await makeCalls(connection, signing, calls, options.dryRun);
      tell(context, feed, round, options.dryRun);
      const { answer, refused } = round;
      const convicted = round.contradictions.map(([{ place }]) => feed.terms.reporters[place]);
      const result = { feed: feed.id, rollup: connection.name, dryRun: options.dryRun, answer, refused, convicted };
      output.result({ ...result, outlying: outlying(feed.terms, round), calls: reports });
    }
  });
}

/** A round of which not enough reports count. */
interface TooFew {
  readonly round: bigint;
  readonly received: number;
  readonly refused: AssembledRound["refused"];
  readonly error: MetalayerError;
}

/** The newest round of which enough reports count: anyone can write a later one into a file. Throws CLI_TOO_FEW_REPORTS. */
async function assemble(feed: Feed, { provider }: Connection, given: readonly SignedReport[]) {
  const own = given.filter(({ feed: id }) => id.toLowerCase() === feed.id);
  const contract = feedsOf(feed, provider);
  const [block, before, [, active]] = await Promise.all([
    provider.getBlock("latest"),
    contract.newestAnswer(feed.id),
    contract.stateOf(feed.id),
  ]);
  const now = BigInt(block?.timestamp ?? 0);
  const found = roundsIn(own, before.round).map((round) => assembleOne(feed, { round, now, active }, own));
  const round = found.find((each) => "answer" in each);
  if (round === undefined)
    throw tooFew(
      found.filter((each) => "error" in each),
      given.length,
    );
  return { round, before };
}

/** Newest first; those that are answered already only if there are no others. */
function roundsIn(own: readonly SignedReport[], answered: bigint): bigint[] {
  const rounds = [...new Set(own.map(({ round }) => round))].sort((a, b) => (a > b ? -1 : 1));
  const open = rounds.filter((round) => round > answered);
  return open.length === 0 ? rounds : open;
}

function assembleOne(feed: Feed, state: FeedState, own: readonly SignedReport[]): AssembledRound | TooFew {
  const { round } = state;
  const received = own.filter((each) => each.round === round).map(({ report }) => report);
  try {
    return assembleRound(feed.site, feed.terms, state, received);
  } catch (error) {
    if (!(error instanceof MetalayerError) || error.code !== "FEED_TOO_FEW_REPORTS") throw error;
    // CAST: what assembleRound puts into this error.
    const refused = error.info["refused"] as AssembledRound["refused"];
    return { round, received: received.length, refused, error };
  }
}

/** Tells of the round of which most reports count. */
function tooFew(found: readonly TooFew[], given: number): CommandError {
  const counted = ({ received, refused }: TooFew): number => received - refused.length;
  const [most] = [...found].sort((a, b) => counted(b) - counted(a));
  const others = given - (most?.received ?? 0);
  const aside = others === 0 ? "" : `; ${others} of other rounds or feeds were left aside`;
  const reasons = most?.refused.map(({ report, fault }) => `; reporter ${report.place}: ${fault}`).join("") ?? "";
  const what = most === undefined ? "no report is of this feed" : `of round ${most.round} ${most.error.message}`;
  return new CommandError(
    "CLI_TOO_FEW_REPORTS",
    `${what}${aside}${reasons}`,
    "Nothing was sent",
    "bring more reports of the round that runs; ./metalayer feed show tells whose count",
    { cause: most?.error },
  );
}

function refuseUnconfirmed({ terms }: Feed, before: FeedAnswer, { answer, reports }: AssembledRound): void {
  if (reports.length >= terms.confirmations || !needsConfirmations(terms, before, answer.value)) return;
  const why = before.round === 0n ? "a first answer" : `a move from ${formatUnits(before.value, terms.decimals)}`;
  const what = `${why} to ${formatUnits(answer.value, terms.decimals)} needs ${terms.confirmations} reports, and ${reports.length} count`;
  throw new CommandError("CLI_UNCONFIRMED", what, "Nothing was sent", "bring more reports of this round");
}

/** The answer first: who is convicted does not count any more. */
async function callsOf(feed: Feed, { provider }: Connection, assembled: AssembledRound): Promise<Call[]> {
  const contract = feedsOf(feed, provider);
  const words = wordsOf(feed);
  const { round, reports, contradictions } = assembled;
  const submit = contract.submit.populateTransaction(words, round, [...reports]);
  const calls = [await callOf("answer the round", "Feeds", contract, submit)];
  for (const [first, second] of contradictions) {
    const convict = contract.convict.populateTransaction(words, round, first, second);
    calls.push(await callOf("convict a reporter", "Feeds", contract, convict));
  }
  return calls;
}

function tell({ output }: Context, { terms, rollup }: Feed, assembled: AssembledRound, dryRun: boolean): void {
  const { answer, reports, refused, contradictions } = assembled;
  const said = `${terms.description} is ${formatUnits(answer.value, terms.decimals)} in round ${answer.round}, by ${reports.length} reports`;
  output.line(dryRun ? `Nothing was sent; ${rollup.name} would answer: ${said}.` : `${said}.`);
  for (const { place, value } of outlying(terms, assembled))
    output.line(`  reporter ${place} was far off with ${formatUnits(value, terms.decimals)}`);
  for (const { report, fault } of refused) output.line(`  a report of reporter ${report.place} was left out: ${fault}`);
  for (const [{ place }] of contradictions)
    output.line(`  reporter ${place} signed two values: ${dryRun ? "it would lose" : "it lost"} its stake`);
  if (!dryRun) output.line("Next: relayers bring it to mirrors; ./metalayer feed show tells what they answer");
}
