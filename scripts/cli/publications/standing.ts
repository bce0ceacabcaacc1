import type { Address, Hex } from "../../../sdk/src/bytes.ts";
import { toHex, uintBytes } from "../../../sdk/src/bytes.ts";
import type { MetalayerClient } from "../../../sdk/src/client.ts";
import { attestedHead } from "../../../sdk/src/proofsRead.ts";
import { publicationTopics, readPublications, type PublishedEvent } from "../../../sdk/src/publication.ts";
import { explainRevert } from "../../../sdk/src/reverts.ts";
import { readLogs } from "../../../sdk/src/rollup.ts";
import {
  filterArgument,
  readSubscriptions,
  SUBSCRIPTION_TOPICS,
  wants,
  type SubscribedEvent,
} from "../../../sdk/src/subscription.ts";
import { ISubscriber__factory } from "../../../typechain-types/factories/contracts/data/ISubscriber__factory.js";
import { Subscriptions__factory } from "../../../typechain-types/factories/contracts/data/Subscriptions__factory.js";
import { codeOf } from "../../chain/rpc-errors.ts";
import type { Connection } from "../connection.ts";
import { interfaces } from "../connection.ts";
import { tryCall } from "../trial.ts";
import { publicationAddress, subscriptionsOf } from "./contracts.ts";

/** One subscription where it stands. */
export interface Standing {
  readonly on: Connection;
  readonly contract: ReturnType<typeof subscriptionsOf>;
  readonly subscription: SubscribedEvent;
  /** Whose publications it is about; undefined if the network's description does not name that rollup. */
  readonly source: Connection | undefined;
  /** Fee units that are prepaid. */
  readonly balance: bigint;
}

/**
 * Where a publication stands for one subscriber.
 *
 * - `delivered`: the subscriber was called and accepted.
 * - `waiting`: no head that is attested where the subscriber is shows it yet.
 * - `refused`: the subscriber would refuse it now, as it may have done before.
 * - `unpaid`: it would accept, but has less prepaid than the price that it promises.
 * - `open`: whoever delivers is paid.
 */
export interface Wanted {
  readonly said: PublishedEvent;
  readonly state: "delivered" | "waiting" | "refused" | "unpaid" | "open";
  /** Calls that failed. */
  readonly attempts: number;
  readonly reason?: string;
}

const SUBSCRIPTIONS = Subscriptions__factory.createInterface();
const SUBSCRIBER = ISubscriber__factory.createInterface();
const ACCEPTED = SUBSCRIBER.getFunction("onPublication").selector;
const [DELIVERED, FAILED] = (["PublicationDelivered", "PublicationFailed"] as const).map(
  (name) => SUBSCRIPTIONS.getEvent(name).topicHash,
);
/** Subscribers are asked about so many publications; about the others nothing is known but that they are open. */
const MOST_TRIALS = 64;

/** Subscriptions on these rollups that are in force, of one contract or of all. */
export async function openSubscriptions(
  client: MetalayerClient,
  connections: readonly Connection[],
  on: readonly Connection[],
  subscriber?: Address,
): Promise<Standing[]> {
  const found = await Promise.all(on.map((connection) => subscriptionsOn(client, connections, connection, subscriber)));
  return found.flat();
}

async function subscriptionsOn(
  client: MetalayerClient,
  connections: readonly Connection[],
  on: Connection,
  subscriber: Address | undefined,
): Promise<Standing[]> {
  const contract = subscriptionsOf(on.description, on.provider);
  const handle = client.rollup(on.chainId);
  const topics = [Object.values(SUBSCRIPTION_TOPICS), null, ...(subscriber === undefined ? [] : [wordOf(subscriber)])];
  const address = publicationAddress(on.description, "Subscriptions");
  const logs = await readLogs(handle, topics, handle.fromBlock, undefined, address);
  return Promise.all(
    [...readSubscriptions(logs).values()].map(async (subscription) => {
      const { filter } = subscription;
      const { balance } = await contract.subscription(subscription.subscriber, filterArgument(filter));
      const source = connections.find(({ chainId }) => chainId === filter.chainId);
      return { on, contract, subscription, source, balance };
    }),
  );
}

/** Whether a subscription asks for a publication of its rollup, and is old enough for it. */
export function wantsOf({ filter, terms }: SubscribedEvent, said: PublishedEvent): boolean {
  return wants(filter, said) && said.index >= terms.start;
}

/** Whether the rollup that a subscription is about is still what it was when it was made. */
export async function isActive({ on, subscription }: Standing): Promise<boolean> {
  const { chainId, incarnation } = subscription.filter;
  const { registry } = on.contracts;
  if (chainId === on.chainId) return (await registry.ownIncarnation()) === incarnation;
  return registry.isActive(chainId, incarnation);
}

/** Everything that a subscription asks for, from the logs of both rollups, in the order of publishing. */
export async function wantedBy(client: MetalayerClient, standing: Standing): Promise<Wanted[]> {
  const { on, source, subscription } = standing;
  if (source === undefined) return [];
  const { publisher, topic, broadcaster } = subscription.filter;
  const from = client.rollup(source.chainId);
  const topics = publicationTopics(topic === undefined ? { publisher } : { publisher, topic });
  const [logs, outcomes, shown] = await Promise.all([
    readLogs(from, topics, from.fromBlock, undefined, broadcaster),
    outcomesOf(client, standing),
    on === source ? Infinity : shownBlock(client, on, source),
  ]);
  const all = readPublications(logs).filter((said) => wantsOf(subscription, said));
  const done = new Set<PublishedEvent>();
  const named = all.filter(({ message }) => outcomes.done.has(message));
  await Promise.all(named.map(async (said) => (await isDelivered(standing, said)) && done.add(said)));
  const untried = all.filter((said) => said.blockNumber <= shown && !done.has(said));
  const tried = new Set(untried.slice(0, MOST_TRIALS));
  return Promise.all(
    all.map(async (said): Promise<Wanted> => {
      const attempts = outcomes.failures.get(said.message)?.length ?? 0;
      if (done.has(said)) return { said, state: "delivered", attempts };
      if (said.blockNumber > shown) return { said, state: "waiting", attempts };
      const reason = tried.has(said) ? await refusalOf(standing, source, said) : undefined;
      if (reason !== undefined) return { said, state: "refused", attempts, reason };
      return { said, state: standing.balance < subscription.terms.price ? "unpaid" : "open", attempts };
    }),
  );
}

/** Whether a subscriber was called for a publication. Its message alone does not tell: the same may be said on several rollups. */
export async function isDelivered(
  { contract, subscription: { subscriber, filter } }: Standing,
  { publisher, index }: PublishedEvent,
): Promise<boolean> {
  const { chainId, incarnation, broadcaster } = filter;
  return contract.isDelivered(subscriber, chainId, incarnation, broadcaster, publisher, index);
}

/** Newest block of the source whose state is attested where the subscriber is; −1 if there is none. */
async function shownBlock(client: MetalayerClient, on: Connection, source: Connection): Promise<number> {
  try {
    const { number } = await attestedHead(client.rollup(on.chainId), source.chainId);
    return Number(number);
  } catch (error) {
    if (codeOf(error) === "CLIENT_NO_HEAD") return -1;
    throw error;
  }
}

interface Outcomes {
  readonly done: ReadonlySet<string>;
  /** Reasons by message. */
  readonly failures: ReadonlyMap<string, readonly string[]>;
}

/** How calls of a subscriber ended, whichever of its subscriptions they were for. */
async function outcomesOf(client: MetalayerClient, { on, subscription }: Standing): Promise<Outcomes> {
  const handle = client.rollup(on.chainId);
  const topics = [[DELIVERED ?? "", FAILED ?? ""], null, wordOf(subscription.subscriber)];
  const address = publicationAddress(on.description, "Subscriptions");
  return readOutcomes(await readLogs(handle, topics, handle.fromBlock, undefined, address));
}

/** How calls ended, by the logs of Subscriptions and by message: on several rollups the same may be said. */
export function readOutcomes(logs: readonly { readonly topics: readonly string[]; readonly data: string }[]): Outcomes {
  const done = new Set<string>();
  const failures = new Map<string, string[]>();
  for (const { topics, data } of logs) {
    const message = topics[1] ?? "";
    if (topics[0] === DELIVERED) done.add(message);
    if (topics[0] !== FAILED) continue;
    const { reason } = SUBSCRIPTIONS.decodeEventLog("PublicationFailed", data, [...topics]);
    // CAST: the ABI says bytes.
    failures.set(message, [...(failures.get(message) ?? []), explainRevert(reason as Hex, interfaces)]);
  }
  return { done, failures };
}

/** Why a subscriber would refuse a publication now; undefined if it accepts. */
async function refusalOf(
  { on, subscription }: Standing,
  source: Connection,
  { publisher, topic, index, payload, blockNumber }: PublishedEvent,
): Promise<string | undefined> {
  const { subscriber, terms } = subscription;
  const block = await source.provider.getBlock(blockNumber);
  const said = { chainId: source.chainId, publisher, topic, index, time: block?.timestamp ?? 0, payload };
  const data = SUBSCRIBER.encodeFunctionData("onPublication", [said]);
  const from = publicationAddress(on.description, "Subscriptions");
  const { answer, reason } = await tryCall(on.provider, { from, to: subscriber, data, gas: terms.gasLimit });
  if (reason !== undefined) return reason;
  return answer?.startsWith(ACCEPTED) === true ? undefined : "it does not answer as a subscriber does";
}

function wordOf(address: Address): Hex {
  return toHex(uintBytes("topic", BigInt(address), 32));
}
