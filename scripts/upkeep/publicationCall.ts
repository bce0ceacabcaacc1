import { Interface } from "ethers";
import { subscriptionsAbi } from "../../sdk/src/abi/Subscriptions.ts";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { proveState, slotProof, type NodeProof } from "../../sdk/src/proofsPack.ts";
import { broadcastSlot, type PublishedEvent } from "../../sdk/src/publication.ts";
import { filterArgument, type SubscribedEvent } from "../../sdk/src/subscription.ts";
import { ISubscriber__factory } from "../../typechain-types/factories/contracts/data/ISubscriber__factory.js";
import type { Log } from "../chain/blocks.ts";
import { toQuantity } from "../chain/blocks.ts";
import type { RpcOutcome } from "../chain/endpoint.ts";
import { viewCall, viewResult } from "../network/gateway.ts";
import type { Station } from "../network/station.ts";
import type { Trouble } from "../network/trouble.ts";
import { MOST_GAS } from "./desk.ts";

/** What is needed of a rollup to serve its subscribers. */
export type PublicationSite = Pick<Station, "rollup" | "pool" | "sender" | "account">;

/** One publication that a subscriber still wants. */
export interface Want {
  readonly said: PublishedEvent;
  trouble: Trouble | undefined;
}

/** One call that a transaction may make. */
export interface Attempt {
  readonly subscription: SubscribedEvent;
  readonly want: Want;
}

/** A state of the source that the destination believes. */
export interface Believed {
  readonly anchorIndex: bigint;
  readonly number: number;
  /** None if it is the destination's own. */
  readonly stateRoot: Hex | undefined;
}

/** From where to where, and on what terms. */
export interface Route {
  readonly source: PublicationSite;
  readonly dst: PublicationSite;
  readonly believed: Believed;
  /** In fee units. */
  readonly leastPrice: bigint;
  readonly signal: AbortSignal | undefined;
}

/** What was proven of some publications. */
interface Proven {
  readonly times: readonly bigint[];
  readonly proofOf: (kept: readonly number[]) => Hex;
}

/** A transaction that delivers, which attempts it makes, and which of those asked for would be in vain. */
export interface Delivery {
  readonly call: { readonly to: Address; readonly data: Hex } | undefined;
  readonly attempts: readonly Attempt[];
  readonly refused: readonly Attempt[];
}

const subscriptionsInterface = new Interface(subscriptionsAbi);
const subscriberInterface = ISubscriber__factory.createInterface();
const ACCEPTED = subscriberInterface.getFunction("onPublication").selector;
const DELIVERED = subscriptionsInterface.getEvent("PublicationDelivered")?.topicHash;
const FAILED = subscriptionsInterface.getEvent("PublicationFailed")?.topicHash;
const MOST_ATTEMPTS = 50;

/** As many as fit into one transaction; who asks for more gas than that is not served. */
export function withinGas(attempts: readonly Attempt[]): Attempt[] {
  let gas = 0n;
  return attempts
    .filter(({ subscription: { terms } }) => {
      if (gas + terms.gasLimit > MOST_GAS) return false;
      gas += terms.gasLimit;
      return true;
    })
    .slice(0, MOST_ATTEMPTS);
}

/** Whether each subscription promises enough and has it. */
export async function arePaying(
  { rollup, pool }: PublicationSite,
  subscriptions: readonly SubscribedEvent[],
  leastPrice: bigint,
  signal: AbortSignal | undefined,
): Promise<boolean[]> {
  if (leastPrice === 0n || subscriptions.length === 0) return subscriptions.map(() => true);
  const at = rollup.contracts.subscriptions ?? "0x";
  const calls = subscriptions.map(({ subscriber, filter }) =>
    viewCall(at, "subscription", [subscriber, filterArgument(filter)], "latest", subscriptionsInterface),
  );
  const outcomes = await pool.batch(calls, { signal });
  return outcomes.map((outcome) => {
    // CAST: the ABI says so.
    const [{ price, balance }] = viewResult("subscription", resultOf(outcome), subscriptionsInterface) as [
      { price: bigint; balance: bigint },
    ];
    return price >= leastPrice && balance >= leastPrice;
  });
}

/** Parts those that were called already, by whomever. */
export async function stillOpen(
  { dst, signal }: Route,
  attempts: readonly Attempt[],
): Promise<{ readonly open: Attempt[]; readonly done: Attempt[] }> {
  const at = dst.rollup.contracts.subscriptions ?? "0x";
  const calls = attempts.map(({ subscription: { subscriber, filter }, want: { said } }) => {
    const { chainId, incarnation, broadcaster } = filter;
    const place = [subscriber, chainId, incarnation, broadcaster, said.publisher, said.index];
    return viewCall(at, "isDelivered", place, "latest", subscriptionsInterface);
  });
  const marks = calls.length === 0 ? [] : await dst.pool.batch(calls, { signal });
  const isDone = (_: Attempt, index: number): boolean =>
    viewResult("isDelivered", resultOf(marks[index]), subscriptionsInterface)[0] === true;
  return {
    open: attempts.filter((attempt, index) => !isDone(attempt, index)),
    done: attempts.filter(isDone),
  };
}

/** Proves the publications, asks each subscriber in a simulation, and puts those who accept into one transaction. */
export async function prepareDelivery(route: Route, wanted: readonly Attempt[]): Promise<Delivery> {
  const messages = [...new Set(wanted.map(({ want }) => want.said.message))];
  const proven = await prove(route, messages);
  const timeOf = ({ want }: Attempt): bigint => proven.times[messages.indexOf(want.said.message)] ?? 0n;
  const verdicts = await ask(route, wanted, timeOf);
  const attempts = wanted.filter((attempt, index) => verdicts[index] === true && timeOf(attempt) > 0n);
  const refused = wanted.filter((attempt) => !attempts.includes(attempt));
  const kept = messages.flatMap((message, index) =>
    attempts.some(({ want }) => want.said.message === message) ? [index] : [],
  );
  if (kept.length === 0) return { call: undefined, attempts, refused };
  const items = kept.map((index) =>
    itemOf(
      route,
      attempts.filter(({ want }) => want.said.message === messages[index]),
    ),
  );
  const { chainId, incarnation, contracts } = route.source.rollup;
  const from = { chainId, incarnation, broadcaster: contracts.broadcaster, anchorIndex: route.believed.anchorIndex };
  // CAST: ethers returns hex
  const data = subscriptionsInterface.encodeFunctionData("deliver", [from, items, proven.proofOf(kept)]) as Hex;
  return { call: { to: route.dst.rollup.contracts.subscriptions ?? "0x", data }, attempts, refused };
}

/** Times of the messages, 0 for those that are not there. Throws `PROOF_REFUSED` if the source's node says what is not so. */
async function prove({ source, believed, signal }: Route, messages: readonly Hex[]): Promise<Proven> {
  const broadcaster = source.rollup.contracts.broadcaster ?? "0x";
  const slots = messages.map((message) => broadcastSlot(message, broadcaster));
  const { number, stateRoot } = believed;
  const at = toQuantity(number);
  if (stateRoot === undefined) {
    const calls = slots.map((slot) => ({ method: "eth_getStorageAt", params: [broadcaster, slot, at] }));
    const words = calls.length === 0 ? [] : await source.pool.batch(calls, { signal });
    return { times: words.map((word) => BigInt(String(resultOf(word)))), proofOf: () => "0x" };
  }
  const answer = await source.pool.request("eth_getProof", [broadcaster, slots, at], { signal });
  // CAST: whatever it is, nothing in it is believed.
  const { values, accountPart, slotParts } = proveState(stateRoot, broadcaster, slots, answer as NodeProof);
  const partOf = (index: number): Hex => slotParts[index] ?? "0x";
  return { times: values.map(BigInt), proofOf: (kept) => slotProof(accountPart, kept.map(partOf)) };
}

/** Whether each subscriber would accept its publication. */
async function ask(
  { dst, signal }: Route,
  attempts: readonly Attempt[],
  timeOf: (attempt: Attempt) => bigint,
): Promise<boolean[]> {
  if (attempts.length === 0) return [];
  const at = dst.rollup.contracts.subscriptions ?? "0x";
  const calls = attempts.map((attempt) => {
    const { subscriber, filter, terms } = attempt.subscription;
    const { publisher, topic, index, payload } = attempt.want.said;
    const said = { chainId: filter.chainId, publisher, topic, index, time: timeOf(attempt), payload };
    const data = subscriberInterface.encodeFunctionData("onPublication", [said]);
    const call = { from: at, to: subscriber, data, gas: toQuantity(terms.gasLimit) };
    return { method: "eth_call", params: [call, "latest"] };
  });
  const outcomes = await dst.pool.batch(calls, { signal });
  return outcomes.map((call) => call.ok && String(call.result).startsWith(ACCEPTED));
}

/** One publication with all who are called for it. */
function itemOf({ leastPrice: price }: Route, attempts: readonly Attempt[]) {
  const said = attempts[0]?.want.said;
  const targets = attempts.map(({ subscription: { subscriber, filter, terms } }) => {
    return { subscriber, everyTopic: filter.topic === undefined, gasLimit: terms.gasLimit, price };
  });
  return { publisher: said?.publisher, topic: said?.topic, index: said?.index, payload: said?.payload, targets };
}

/** Those of the attempts that a transaction's logs show as delivered, and as failed; the others were passed over. */
export function endsIn(
  logs: readonly Log[],
  attempts: readonly Attempt[],
): { readonly delivered: Attempt[]; readonly failed: Attempt[] } {
  const named = (event: string | undefined): Attempt[] => {
    const ends = logs
      .filter(({ topics }) => topics[0] === event)
      .map(({ topics }) => `${topics[1]}${topics[2]?.slice(-40)}`);
    return attempts.filter(({ subscription, want }) =>
      ends.includes(`${want.said.message}${subscription.subscriber.slice(2).toLowerCase()}`),
    );
  };
  return { delivered: named(DELIVERED), failed: named(FAILED) };
}

function resultOf(outcome: RpcOutcome | undefined): unknown {
  if (outcome?.ok !== true) throw outcome?.error ?? new Error("no answer");
  return outcome.result;
}
