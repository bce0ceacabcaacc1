import { formatUnits, isError } from "ethers";
import type { Address } from "../../../sdk/src/bytes.ts";
import type { FeedAnswer } from "../../../sdk/src/feeds.ts";
import { IFeedAggregator__factory } from "../../../typechain-types/factories/contracts/data/IFeedAggregator__factory.js";
import type { Context } from "../command.ts";
import type { Connection } from "../connection.ts";
import { readingClient } from "../connection.ts";
import { spanText, timeText, unitsText } from "../format.ts";
import { findNetwork, withRollups } from "../network.ts";
import { openSubscriptions } from "../publications/standing.ts";
import type { FeedOptions } from "./manage.ts";
import { feedsOf, readFeed, type Feed } from "./terms.ts";

/** As `IFeeds.Standing` numbers them. */
const STANDINGS = ["not joined", "reports", "resigned", "convicted"] as const;

interface Seat {
  readonly place: number;
  readonly reporter: Address;
  readonly standing: (typeof STANDINGS)[number];
  readonly payee: string;
  readonly freeAt: bigint;
}

/** A contract that subscribed to the feed's answers. */
interface Mirror {
  readonly rollup: string;
  readonly contract: Address;
  /** What it answers; undefined if it does so in another way, or has none yet. */
  readonly answer: FeedAnswer | undefined;
  readonly price: bigint;
  readonly balance: bigint;
}

/** The feed's newest answer, who reports, and what the mirrors on all rollups answer. */
export async function showFeed(context: Context, file: string, options: Omit<FeedOptions, "dryRun">): Promise<void> {
  const { output, path } = context;
  const network = findNetwork(context, options.network);
  const feed = readFeed(path(file), network.rollup(options.on));
  await withRollups(network.rollups, async (connections) => {
    const source = connections.find(({ name }) => name === feed.rollup.name);
    if (source === undefined) throw new Error("a connection per rollup");
    const contract = feedsOf(feed, source.provider);
    const [block, [created], answer, seats, mirrors] = await Promise.all([
      source.provider.getBlock("latest"),
      contract.stateOf(feed.id),
      contract.newestAnswer(feed.id),
      seatsOf(feed, source),
      mirrorsOf(feed, connections),
    ]);
    const now = BigInt(block?.timestamp ?? 0);
    output.line(created ? headline(feed, answer, now) : `${feed.terms.description} is not created on ${source.name}.`);
    output.line(`  feed ${feed.id}`);
    await output.table(
      ["place", "reporter", "standing", "stake back to", "from"],
      seats.map(({ place, reporter, standing, payee, freeAt }) => [
        ...[String(place), reporter, standing, payee],
        freeAt === 0n ? "" : timeText(freeAt),
      ]),
    );
    if (mirrors.length > 0) await showMirrors(context, feed, answer, mirrors);
    output.line(`Next: ${nextOf(feed, created, answer, seats)}`);
    const { value, round, observedAt } = answer;
    output.result({
      feed: feed.id,
      rollup: source.name,
      created,
      answer: { value, round, observedAt },
      seats,
      mirrors,
    });
  });
}

function headline({ terms, rollup }: Feed, { round, value, observedAt }: FeedAnswer, now: bigint): string {
  if (round === 0n) return `${terms.description} on ${rollup.name} has no answer yet.`;
  const age = spanText(Number(now - observedAt));
  return `${terms.description} on ${rollup.name} is ${formatUnits(value, terms.decimals)}, observed ${age} ago (round ${round}).`;
}

function nextOf({ terms }: Feed, created: boolean, { round }: FeedAnswer, seats: readonly Seat[]): string {
  const missing = terms.threshold - seats.filter(({ standing }) => standing === "reports").length;
  if (!created) return "./metalayer feed create";
  if (missing > 0) return `${missing} more reporters have to join (./metalayer feed join)`;
  return round === 0n
    ? "reporters sign (./metalayer feed report), anyone submits"
    : "./metalayer feed mirror, to read it elsewhere";
}

async function seatsOf(feed: Feed, { provider }: Connection): Promise<Seat[]> {
  const contract = feedsOf(feed, provider);
  return Promise.all(
    feed.terms.reporters.map(async (reporter, place) => {
      const { payee, freeAt, standing } = await contract.seat(feed.id, place);
      const joined = standing !== 0n;
      return {
        place,
        reporter,
        standing: STANDINGS[Number(standing)] ?? "not joined",
        payee: joined ? payee : "",
        freeAt,
      };
    }),
  );
}

async function mirrorsOf({ id, site }: Feed, connections: readonly Connection[]): Promise<Mirror[]> {
  const client = await readingClient(connections);
  const all = await openSubscriptions(client, connections, connections);
  const own = all.filter(({ subscription: { filter } }) => {
    const isOurs = filter.chainId === site.chainId && filter.topic === id;
    return isOurs && filter.publisher.toLowerCase() === site.feeds.toLowerCase();
  });
  return Promise.all(
    own.map(async ({ on, subscription: { subscriber, terms }, balance }) => {
      return {
        rollup: on.name,
        contract: subscriber,
        answer: await answerOf(on, subscriber),
        price: terms.price,
        balance,
      };
    }),
  );
}

async function answerOf({ provider }: Connection, contract: Address): Promise<FeedAnswer | undefined> {
  try {
    const [round, value, , observedAt] = await IFeedAggregator__factory.connect(contract, provider).latestRoundData();
    return { round, value, observedAt };
  } catch (error) {
    if (isError(error, "CALL_EXCEPTION") || isError(error, "BAD_DATA")) return undefined;
    throw error;
  }
}

async function showMirrors(
  { output }: Context,
  { terms }: Feed,
  newest: FeedAnswer,
  mirrors: readonly Mirror[],
): Promise<void> {
  await output.table(
    ["on", "contract", "answers", "of round", "pays each", "prepaid"],
    mirrors.map(({ rollup, contract, answer, price, balance }) => [
      ...[rollup, contract],
      answer === undefined ? "nothing yet" : formatUnits(answer.value, terms.decimals),
      answer === undefined ? "" : answer.round === newest.round ? `${answer.round}, the newest` : String(answer.round),
      ...[price === 0n ? "nothing" : unitsText(price), unitsText(balance)],
    ]),
  );
}
