import { hexlify, id, toUtf8Bytes } from "ethers";
import { IBroadcaster__factory } from "../../../../typechain-types/factories/contracts/data/IBroadcaster__factory.js";
import { Pinboard__factory } from "../../../../typechain-types/factories/contracts/examples/Pinboard__factory.js";
import type { Address, Hex } from "../../../../sdk/src/bytes.ts";
import { fromHex, toHex } from "../../../../sdk/src/bytes.ts";
import type { PublishedEvent } from "../../../../sdk/src/publication.ts";
import { readPublications } from "../../../../sdk/src/publication.ts";
import type { StreamedPublication } from "../../../../sdk/src/stream.ts";
import { filterArgument } from "../../../../sdk/src/subscription.ts";
import { delay } from "../../../chain/tasks.ts";
import { devAccount, PARTS } from "../../../devnet/accounts.ts";
import { place } from "../../place.ts";
import type { Site, World } from "../../world.ts";
import { ACTORS, siteAt, until } from "../../world.ts";
import type { Watch } from "../../watch.ts";
import { addressOn, callsOf, LIMIT_MS, namesOf, othersOf, subscriptionsOn } from "./chain.ts";

const WORDS = "one word to all";
const POLL_MS = 500;
const GAS_LIMIT = 200_000n;

const BROADCASTER = IBroadcaster__factory.createInterface();
const PINBOARD = Pinboard__factory.createInterface();

/** A board that has subscribed to what is said on the first rollup. */
interface Listener {
  readonly site: Site;
  readonly address: Address;
}

interface Listeners {
  /** One on each of the other rollups. */
  readonly good: readonly Listener[];
  /** Fails until it is mended. */
  readonly failing: Listener;
  /** Has unsubscribed again. */
  readonly gone: Listener;
}

/** One publication; the relayer calls who has subscribed, once, and again who failed; an application gets it from its stream. */
export async function publications(world: World, watch: Watch): Promise<void> {
  const source = siteAt(world, 0);
  const topic = toHex(fromHex(id("news")));
  const listeners = await subscribeAll(world, source, topic);
  watch.mark(world, "publications", `${listeners.good.length + 1} contracts on three rollups have subscribed`);
  const stream = await openStream(world, topic);
  const said = await publish(world, watch, source, topic);
  await untilCalled(world, listeners.good, source, said);
  const calls = await callsOfAll(world, listeners.good, said);
  watch.mark(world, "publications", `the relayer has called ${namesOf(othersOf(world))}`, calls);
  const relayer = devAccount(PARTS.relayer).address;
  const counts = await Promise.all(listeners.good.map((each) => countOf(world, each)));
  const words = await Promise.all(listeners.good.map((each) => pinned(each, source, said)));
  const isTrue = words.every((each) => each === said.payload);
  const isServed = isTrue && counts.every((count) => count === 1) && calls.every(({ from }) => from === relayer);
  world.check("publications", "every subscriber is called once, by the relayer", isServed, counts.join(", "));
  const waiting = await countOf(world, listeners.failing);
  world.check("publications", "one that fails keeps no other waiting", waiting === 0, "it waits, they do not");

  const { site, address } = listeners.failing;
  await site.account(ACTORS.publisher).execute([{ to: address, data: closing(false) }], world.signal);
  await untilCalled(world, [listeners.failing], source, said);
  const retried = await callsOfAll(world, [listeners.failing], said);
  watch.mark(world, "publications", "the one that failed is mended and called again", retried);
  const after = await Promise.all([...listeners.good, listeners.failing].map((each) => countOf(world, each)));
  world.check(
    "publications",
    "nobody was called twice",
    after.every((count) => count === 1),
    after.join(", "),
  );
  const unwanted = await countOf(world, listeners.gone);
  world.check("publications", "one that has unsubscribed is not called", unwanted === 0, `${unwanted} calls`);
  await stream.end(watch, said);
}

async function subscribeAll(world: World, source: Site, topic: Hex): Promise<Listeners> {
  const others = othersOf(world);
  const [, second, third] = others;
  if (second === undefined || third === undefined) throw new Error("a demo has four rollups at least");
  const [good, failing, gone] = await Promise.all([
    Promise.all(others.map((site) => subscribe(world, site, source, topic))),
    subscribe(world, second, source, topic, closing(true)),
    subscribe(world, third, source, topic),
  ]);
  const data = PINBOARD.encodeFunctionData("unsubscribe", [filterOf(world, source, topic)]);
  await third.account(ACTORS.publisher).execute([{ to: gone.address, data }], world.signal);
  return { good, failing, gone };
}

async function subscribe(world: World, site: Site, source: Site, topic: Hex, before?: string): Promise<Listener> {
  const owner = site.account(ACTORS.publisher);
  const to = await place(owner, new Pinboard__factory(), [addressOn(world, site, "Subscriptions")], world.signal);
  const terms = { gasLimit: GAS_LIMIT, start: 1n, price: 0n };
  const subscribing = PINBOARD.encodeFunctionData("subscribe", [filterOf(world, source, topic), terms]);
  const calls = [...(before === undefined ? [] : [before]), subscribing];
  await owner.execute(
    calls.map((data) => ({ to, data })),
    world.signal,
  );
  return { site, address: to };
}

function filterOf(world: World, source: Site, topic: Hex) {
  const publisher = source.account(ACTORS.publisher).address;
  const broadcaster = addressOn(world, source, "Broadcaster");
  return filterArgument({ chainId: source.chainId, incarnation: 1n, broadcaster, publisher, topic });
}

function closing(isClosed: boolean): string {
  return PINBOARD.encodeFunctionData("setClosed", [isClosed]);
}

async function publish(world: World, watch: Watch, source: Site, topic: Hex): Promise<PublishedEvent> {
  const to = addressOn(world, source, "Broadcaster");
  const data = BROADCASTER.encodeFunctionData("publish", [topic, hexlify(toUtf8Bytes(WORDS))]);
  const receipts = await source.account(ACTORS.publisher).execute([{ to, data }], world.signal);
  watch.mark(world, "publications", `published once on ${source.name}, to nobody in particular`, receipts);
  const [said] = readPublications(receipts.flatMap(({ logs }) => logs));
  if (said === undefined) throw new Error("it was published");
  return said;
}

/** The transactions that called them with success, for this publication or for any. */
async function callsOfAll(world: World, listeners: readonly Listener[], said?: PublishedEvent) {
  return (await Promise.all(listeners.map((each) => callsOf(world, each.site, each.address, said?.message)))).flat();
}

async function countOf(world: World, listener: Listener): Promise<number> {
  return (await callsOfAll(world, [listener])).length;
}

/** What its board says. */
async function pinned(
  { site, address }: Listener,
  source: Site,
  { publisher, topic }: PublishedEvent,
): Promise<string> {
  const board = Pinboard__factory.connect(address, site.connection.provider);
  return (await board.pins(source.chainId, publisher, topic)).payload;
}

async function untilCalled(
  world: World,
  listeners: readonly Listener[],
  { chainId }: Site,
  { publisher, index }: PublishedEvent,
): Promise<void> {
  const broadcaster = addressOn(world, siteAt(world, 0), "Broadcaster");
  await until(world, "the subscribers are called", LIMIT_MS, async () => {
    const marks = await Promise.all(
      listeners.map(({ site, address }) => {
        return subscriptionsOn(world, site).isDelivered(address, chainId, 1n, broadcaster, publisher, index);
      }),
    );
    return marks.every(Boolean);
  });
}

/** Follows three rollups at once, each publication proven against what guardians attested on the second one. */
async function openStream(world: World, topic: Hex) {
  const trusted = siteAt(world, 1);
  const sites = world.sites.filter((site) => site !== trusted);
  const broadcasters = new Map(sites.map((site) => [site.chainId, addressOn(world, site, "Broadcaster")]));
  const places = sites.map(
    async ({ chainId, connection }) => [chainId, await connection.provider.getBlockNumber()] as const,
  );
  const from = new Map(await Promise.all(places));
  const ending = new AbortController();
  const signal = AbortSignal.any([world.signal, ending.signal]);
  const events: StreamedPublication[] = [];
  const options = { trust: { attestedOn: trusted.chainId }, delay, signal, pollMs: POLL_MS, from };
  const ended = world.client.subscribe({ broadcasters, topic }, (said) => void events.push(said), options);
  ended.catch(() => undefined);
  return {
    async end(watch: Watch, { message, payload }: PublishedEvent): Promise<void> {
      await until(world, "the stream has the publication", LIMIT_MS, () => events.length > 0);
      // Two more looks: it must not come again.
      await delay(3 * POLL_MS, signal);
      ending.abort();
      await ended;
      watch.mark(world, "publications", "an application has it from its stream");
      const isOnce = events.length === 1 && events[0]?.message === message && events[0].payload === payload;
      world.check("publications", "the stream yields it once, proven", isOnce, `${events.length} in the stream`);
    },
  };
}
