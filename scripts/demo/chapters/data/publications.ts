import { hexlify, id, toUtf8Bytes } from "ethers";
import { SubscriberMock__factory } from "../../../../typechain-types/factories/contracts/mocks/SubscriberMock.sol/SubscriberMock__factory.js";
import { IBroadcaster__factory } from "../../../../typechain-types/factories/contracts/data/IBroadcaster__factory.js";
import { ISubscriptions__factory } from "../../../../typechain-types/factories/contracts/data/ISubscriptions__factory.js";
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
import { addressOn, LIMIT_MS, namesOf, othersOf } from "./chain.ts";

const WORDS = "one word to all";
const POLL_MS = 500;
const GAS_LIMIT = 200_000n;

const BROADCASTER = IBroadcaster__factory.createInterface();
const SUBSCRIPTIONS = ISubscriptions__factory.createInterface();
const SUBSCRIBER = SubscriberMock__factory.createInterface();
/** What a subscriber answers. */
const ACCEPTS = 0;
const FAILS = 1;

/** A contract that has subscribed to what is said on the first rollup. */
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
  const calls = await callsOf(world, listeners.good, said);
  watch.mark(world, "publications", `the relayer has called ${namesOf(othersOf(world))}`, calls);
  const relayer = devAccount(PARTS.relayer).address;
  const counts = await Promise.all(listeners.good.map(received));
  const isServed = counts.every((count) => count === 1n) && calls.every(({ from }) => from === relayer);
  world.check("publications", "every subscriber is called once, by the relayer", isServed, counts.join(", "));
  const waiting = await received(listeners.failing);
  world.check("publications", "one that fails keeps no other waiting", waiting === 0n, "it waits, they do not");

  const { site, address } = listeners.failing;
  await site.account(ACTORS.publisher).execute([{ to: address, data: modeCall(ACCEPTS) }], world.signal);
  await untilCalled(world, [listeners.failing], source, said);
  const retried = await callsOf(world, [listeners.failing], said);
  watch.mark(world, "publications", "the one that failed is mended and called again", retried);
  const after = await Promise.all([...listeners.good, listeners.failing].map(received));
  world.check(
    "publications",
    "nobody was called twice",
    after.every((count) => count === 1n),
    after.join(", "),
  );
  const unwanted = await received(listeners.gone);
  world.check("publications", "one that has unsubscribed is not called", unwanted === 0n, `${unwanted} calls`);
  await stream.end(watch, said);
}

async function subscribeAll(world: World, source: Site, topic: Hex): Promise<Listeners> {
  const others = othersOf(world);
  const [, second, third] = others;
  if (second === undefined || third === undefined) throw new Error("a demo has four rollups at least");
  const [good, failing, gone] = await Promise.all([
    Promise.all(others.map((site) => subscribe(world, site, source, topic))),
    subscribe(world, second, source, topic, [modeCall(FAILS)]),
    subscribe(world, third, source, topic),
  ]);
  const filter = filterOf(world, source, topic);
  const { address: owner } = source.account(ACTORS.publisher);
  await through(world, gone, SUBSCRIPTIONS.encodeFunctionData("unsubscribe", [filter, owner]));
  return { good, failing, gone };
}

async function subscribe(
  world: World,
  site: Site,
  source: Site,
  topic: Hex,
  before: readonly string[] = [],
): Promise<Listener> {
  const owner = site.account(ACTORS.publisher);
  const listener = { site, address: await place(owner, new SubscriberMock__factory(), [], world.signal) };
  await owner.execute(
    before.map((data) => ({ to: listener.address, data })),
    world.signal,
  );
  const terms = { gasLimit: GAS_LIMIT, start: 1n, price: 0n };
  await through(
    world,
    listener,
    SUBSCRIPTIONS.encodeFunctionData("subscribe", [filterOf(world, source, topic), terms]),
  );
  return listener;
}

/** In the listener's own name: nobody subscribes another contract. */
async function through(world: World, { site, address }: Listener, data: string): Promise<void> {
  const call = SUBSCRIBER.encodeFunctionData("call", [addressOn(world, site, "Subscriptions"), data]);
  await site.account(ACTORS.publisher).execute([{ to: address, data: call }], world.signal);
}

function filterOf(world: World, source: Site, topic: Hex) {
  const publisher = source.account(ACTORS.publisher).address;
  const broadcaster = addressOn(world, source, "Broadcaster");
  return filterArgument({ chainId: source.chainId, incarnation: 1n, broadcaster, publisher, topic });
}

function modeCall(mode: number): string {
  return SUBSCRIBER.encodeFunctionData("setMode", [mode]);
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

function received({ site, address }: Listener): Promise<bigint> {
  return SubscriberMock__factory.connect(address, site.connection.provider).received();
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
        const { provider } = site.connection;
        const subscriptions = ISubscriptions__factory.connect(addressOn(world, site, "Subscriptions"), provider);
        return subscriptions.isDelivered(address, chainId, 1n, broadcaster, publisher, index);
      }),
    );
    return marks.every(Boolean);
  });
}

/** The transactions that called them. */
async function callsOf(world: World, listeners: readonly Listener[], { message }: PublishedEvent) {
  const found = await Promise.all(
    listeners.map(async ({ site, address }) => {
      const { provider } = site.connection;
      const subscriptions = ISubscriptions__factory.connect(addressOn(world, site, "Subscriptions"), provider);
      const filter = subscriptions.filters.PublicationDelivered(message, address);
      const logs = await subscriptions.queryFilter(filter, site.connection.description.fromBlock);
      return Promise.all(logs.map(({ transactionHash }) => provider.getTransactionReceipt(transactionHash)));
    }),
  );
  return found.flat().flatMap((receipt) => (receipt === null ? [] : [receipt]));
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
