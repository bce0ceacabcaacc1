import { isError, parseEther } from "ethers";
import { IAutomations__factory } from "../../../../typechain-types/factories/contracts/data/IAutomations__factory.js";
import { FeedMirror__factory } from "../../../../typechain-types/factories/contracts/data/FeedMirror__factory.js";
import { IFeeds__factory } from "../../../../typechain-types/factories/contracts/data/IFeeds__factory.js";
import { Sentinel__factory } from "../../../../typechain-types/factories/contracts/examples/Sentinel__factory.js";
import type { Automation } from "../../../../sdk/src/automation.ts";
import { automationArgument, automationId } from "../../../../sdk/src/automation.ts";
import type { Address } from "../../../../sdk/src/bytes.ts";
import type { FeedSite, FeedTerms } from "../../../../sdk/src/feeds.ts";
import {
  ANSWER_VALUE_MASK,
  answerSlot,
  assembleRound,
  feedArgument,
  feedId,
  roundAt,
  signReport,
} from "../../../../sdk/src/feeds.ts";
import type { Receipt } from "../../../chain/blocks.ts";
import { devWallet } from "../../../cli/wallet.ts";
import { devAccount, PARTS } from "../../../devnet/accounts.ts";
import { place } from "../../place.ts";
import type { Site, World } from "../../world.ts";
import { ACTORS, siteAt, until } from "../../world.ts";
import type { Watch } from "../../watch.ts";
import { addressOn, callsOf, LIMIT_MS, namesOf, othersOf } from "./chain.ts";

const REPORTERS = [ACTORS.pairs, ACTORS.traveller, ACTORS.faults, ACTORS.refusal];
const STAKE = parseEther("100");
const DAY = 86_400;
/** A dollar, with the feed's decimals. */
const DOLLAR = 10n ** 8n;
const FIRST = 2_000n * DOLLAR;
const HIGH = 2_060n * DOLLAR;
const WATCHED = 2_050n * DOLLAR;
const GAS = 1_500_000n;
const CALL_GAS = 200_000n;

const FEEDS = IFeeds__factory.createInterface();
const SENTINEL = Sentinel__factory.createInterface();

/** A feed on one rollup. */
interface Feed {
  readonly site: Site;
  readonly at: FeedSite;
  readonly terms: FeedTerms;
}

/** On another rollup: what mirrors the price, and what is to be called when it rises. */
interface Post {
  readonly site: Site;
  readonly mirror: Address;
  readonly sentinel: Address;
}

/** Reporters with stake feed a price on one rollup. Mirrors answer it on the others, where contracts are called as soon as it is proven to be high. */
export async function price(world: World, watch: Watch): Promise<void> {
  const feed = await openFeed(world, watch);
  const first = await submit(world, feed, [FIRST, FIRST + 1n, FIRST - 1n, FIRST]);
  watch.mark(world, "price", `their first answer is ${text(FIRST)}`, first);
  const condition: Automation = {
    ...{ chainId: feed.site.chainId, incarnation: 1n, account: feed.at.feeds, slot: answerSlot(feedId(feed.terms)) },
    ...{ mask: ANSWER_VALUE_MASK, comparison: "atLeast", operand: WATCHED },
    ...{ maxAge: 600n, period: 0n, gasLimit: CALL_GAS, reward: 0n },
  };
  const posts = await Promise.all(othersOf(world).map((site) => placePost(world, feed, site, condition)));
  watch.mark(world, "price", `mirrors, and contracts that watch for ${text(WATCHED)}, on ${namesOf(othersOf(world))}`);
  const early = await Promise.all(posts.map(alarmsOf));
  const reports = [HIGH, HIGH + 2n, HIGH - 2n, 10n * HIGH];
  const second = await submit(world, feed, reports);
  watch.mark(world, "price", `it rises to ${text(HIGH)}; one of the reporters says ${text(10n * HIGH)}`, second);
  await checkAnswer(world, feed, second);
  const mirrored = mirrors(world, watch.branch(), posts);
  await triggers(world, watch, posts, condition);
  await mirrored;
  world.check(
    "price",
    "nobody was called before the price rose",
    early.every((count) => count === 0n),
    early.join(", "),
  );
}

async function openFeed(world: World, watch: Watch): Promise<Feed> {
  const site = siteAt(world, 0);
  const keys = REPORTERS.map((index) => devAccount(index).address).sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
  const terms: FeedTerms = {
    ...{ description: "ETH / USD", decimals: 8, reporters: keys, threshold: 3, confirmations: 3 },
    ...{ maxDeviation: 500, outlierDeviation: 200, period: 1, maxAge: DAY, exitDelay: DAY, stake: STAKE },
  };
  const feeds = addressOn(world, site, "Feeds");
  const { Era: to } = site.connection.description.contracts;
  const { interface: era } = site.connection.contracts.era;
  const gifts = keys.map((key) => ({ to, data: era.encodeFunctionData("transfer", [key, STAKE]) }));
  const creation = { to: feeds, data: FEEDS.encodeFunctionData("create", [feedArgument(terms)]), gas: GAS };
  const created = await site.account(ACTORS.treasurer).execute([creation, ...gifts], world.signal);
  const joined = await Promise.all(
    REPORTERS.map((index) => {
      const { address } = devAccount(index);
      const calls = [
        { to, data: era.encodeFunctionData("approve", [feeds, STAKE]) },
        { to: feeds, data: FEEDS.encodeFunctionData("join", [feedArgument(terms), keys.indexOf(address), address]) },
      ];
      return site.account(index).execute(calls, world.signal);
    }),
  );
  const receipts = [...created.slice(0, 1), ...joined.flatMap((each) => each.slice(1))];
  watch.mark(world, "price", `a feed on ${site.name}: ${keys.length} reporters put up their stake`, receipts);
  return { site, at: { chainId: site.chainId, feeds }, terms };
}

/** Each reporter signs one of the values for the present round; anyone brings them. */
async function submit(world: World, { site, at, terms }: Feed, values: readonly bigint[]): Promise<Receipt[]> {
  const block = await site.connection.provider.getBlock("latest");
  const now = BigInt(block?.timestamp ?? 0);
  const signed = await Promise.all(
    REPORTERS.map((index, order) => {
      return signReport(devWallet(index), at, terms, { value: values[order] ?? 0n, observedAt: now });
    }),
  );
  const { active } = await IFeeds__factory.connect(at.feeds, site.connection.provider).stateOf(feedId(terms));
  const { round, reports } = assembleRound(at, terms, { round: roundAt(terms, now), now, active }, signed);
  const data = FEEDS.encodeFunctionData("submit", [feedArgument(terms), round, [...reports]]);
  return site.account(ACTORS.treasurer).execute([{ to: at.feeds, data, gas: GAS }], world.signal);
}

async function placePost(world: World, { at, terms }: Feed, site: Site, condition: Automation): Promise<Post> {
  const owner = site.account(ACTORS.treasurer);
  const broadcaster = addressOn(world, siteAt(world, 0), "Broadcaster");
  const source = { chainId: at.chainId, incarnation: 1n, broadcaster, feeds: at.feeds };
  // From the second answer on.
  const callTerms = { gasLimit: CALL_GAS, start: 2n, price: 0n };
  const wiring = [addressOn(world, site, "Subscriptions"), source, feedArgument(terms), callTerms];
  const [mirror, sentinel] = await Promise.all([
    place(owner, new FeedMirror__factory(), wiring, world.signal),
    place(owner, new Sentinel__factory(), [addressOn(world, site, "Automations")], world.signal),
  ]);
  const data = SENTINEL.encodeFunctionData("watch", [automationArgument(condition)]);
  await owner.execute([{ to: sentinel, data }], world.signal);
  return { site, mirror, sentinel };
}

/** The median stands, and who is far off is named. */
async function checkAnswer(world: World, { site, at, terms }: Feed, receipts: readonly Receipt[]): Promise<void> {
  const { value } = await IFeeds__factory.connect(at.feeds, site.connection.provider).newestAnswer(feedId(terms));
  const outlying = FEEDS.getEvent("ReportOutlying").topicHash;
  const named = receipts.flatMap(({ logs }) => logs).filter(({ topics }) => topics[0] === outlying).length;
  const isRight = value === HIGH && named === 1;
  world.check("price", "a report far off is named and moves nothing", isRight, `${text(value)}, ${named} named`);
}

/** By publications, which the relayer brings. */
async function mirrors(world: World, watch: Watch, posts: readonly Post[]): Promise<void> {
  const answers = async (): Promise<bigint[]> =>
    Promise.all(
      posts.map(async ({ site, mirror }) => {
        if ((await callsOf(world, site, mirror)).length === 0) return 0n;
        const [, answer] = await FeedMirror__factory.connect(mirror, site.connection.provider).latestRoundData();
        return answer;
      }),
    );
  await until(world, "the mirrors have the price", LIMIT_MS, async () => !(await answers()).includes(0n));
  const calls = await Promise.all(posts.map(({ site, mirror }) => callsOf(world, site, mirror)));
  watch.mark(world, "price", `the mirrors on ${posts.length} rollups answer it`, calls.flat());
  const said = await answers();
  const isRight = said.every((answer) => answer === HIGH);
  world.check("price", "Chainlink's interface answers the same on every rollup", isRight, said.map(text).join(", "));
}

/** By automations, which the relayer executes: the slot is proven, the condition holds, the contract is called, once. */
async function triggers(world: World, watch: Watch, posts: readonly Post[], condition: Automation): Promise<void> {
  await until(world, "the contracts are called", LIMIT_MS, async () => {
    return (await Promise.all(posts.map(alarmsOf))).every((count) => count > 0n);
  });
  const executions = (await Promise.all(posts.map((post) => executionsOf(world, post, condition)))).flat();
  watch.mark(world, "price", `contracts on ${posts.length} rollups are called, by automation`, executions);
  const relayer = devAccount(PARTS.relayer).address;
  const values = await Promise.all(posts.map((post) => sentinelOf(post).value()));
  const isCalled = values.every((value) => value === HIGH) && executions.every(({ from }) => from === relayer);
  world.check("price", "each was called with the proven price, by the relayer", isCalled, values.map(text).join(", "));
  const again = await Promise.all(posts.map((post) => tryAgain(world, post, condition)));
  const counts = await Promise.all(posts.map(alarmsOf));
  const isOnce = counts.every((count) => count === 1n) && again.every((reason) => reason === "AutomationsUnknown");
  world.check("price", "and once: nobody can execute it again", isOnce, `${counts.join(", ")}; ${again.join(", ")}`);
}

async function executionsOf(world: World, { site, sentinel }: Post, condition: Automation) {
  const { provider, description } = site.connection;
  const automations = IAutomations__factory.connect(addressOn(world, site, "Automations"), provider);
  const filter = automations.filters.AutomationExecuted(automationId(sentinel, condition));
  const logs = await automations.queryFilter(filter, description.fromBlock);
  const receipts = await Promise.all(
    logs.map(({ transactionHash }) => provider.getTransactionReceipt(transactionHash)),
  );
  return receipts.flatMap((receipt) => (receipt === null ? [] : [receipt]));
}

async function tryAgain(world: World, { site, sentinel }: Post, condition: Automation): Promise<string> {
  const automations = IAutomations__factory.connect(addressOn(world, site, "Automations"), site.connection.provider);
  const { inbox } = site.connection.contracts;
  const [anchorIndex] = await inbox.latestHead(condition.chainId);
  return automations.execute.staticCall(sentinel, automationArgument(condition), anchorIndex, "0x", "0x").then(
    () => "accepted",
    (error: unknown) => (isError(error, "CALL_EXCEPTION") ? (error.revert?.name ?? "") : String(error)),
  );
}

function sentinelOf({ site, sentinel }: Post) {
  return Sentinel__factory.connect(sentinel, site.connection.provider);
}

function alarmsOf(post: Post): Promise<bigint> {
  return sentinelOf(post).alarms();
}

function text(value: bigint): string {
  return (Number(value) / 1e8).toFixed(2);
}
