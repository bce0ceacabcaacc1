import { AbiCoder, keccak256 } from "ethers";
import { ISubscriptions__factory } from "../../typechain-types/factories/contracts/data/ISubscriptions__factory.js";
import { fixedBytes, fromHex, toAddress, toHex, ZERO_HASH, type Address, type Hex } from "./bytes.ts";
import type { Publication } from "./publication.ts";
import { readStanding, type NamedLog } from "./standing.ts";

const SUBSCRIPTIONS = ISubscriptions__factory.createInterface();
const FILTER = "tuple(uint256,uint256,address,address,bytes32,bool)";

/** Whose publications a contract wants: docs/protocol/publications.md §2. */
export interface SubscriptionFilter {
  readonly chainId: bigint;
  readonly incarnation: bigint;
  readonly broadcaster: Address;
  readonly publisher: Address;
  /** None: every topic. */
  readonly topic?: Hex;
}

/** How a subscriber is called, amounts in fee units of 1e-9 ERA. */
export interface SubscriptionTerms {
  readonly gasLimit: bigint;
  /** Least index that is wanted. */
  readonly start: bigint;
  readonly price: bigint;
}

/** One subscription as the logs of its rollup tell it. */
export interface SubscribedEvent {
  readonly id: Hex;
  readonly subscriber: Address;
  readonly filter: SubscriptionFilter;
  readonly terms: SubscriptionTerms;
}

/** A filter as the contracts take it. */
export function filterArgument(filter: SubscriptionFilter): FilterArgument {
  const { chainId, incarnation, broadcaster, publisher, topic } = filter;
  return { chainId, incarnation, broadcaster, publisher, topic: topic ?? ZERO_HASH, everyTopic: topic === undefined };
}

/** The filter that Solidity sees. */
export interface FilterArgument extends Required<SubscriptionFilter> {
  readonly everyTopic: boolean;
}

/** Id of a contract's subscription. */
export function subscriptionId(subscriber: Address, filter: SubscriptionFilter): Hex {
  const words = Object.values(filterTuple(filterArgument(filter)));
  const encoded = AbiCoder.defaultAbiCoder().encode(["address", FILTER], [subscriber, words]);
  return toHex(fromHex(keccak256(encoded)));
}

function filterTuple(filter: FilterArgument): readonly (bigint | string | boolean)[] {
  const { chainId, incarnation, broadcaster, publisher, topic, everyTopic } = filter;
  return [chainId, incarnation, broadcaster, publisher, topic, everyTopic];
}

/** Whether a subscription asks for a publication of its rollup. */
export function wants(filter: SubscriptionFilter, { publisher, topic }: Publication): boolean {
  return filter.publisher === publisher && (filter.topic === undefined || filter.topic === topic);
}

/** Subscriptions, and ends of subscriptions, in the order of the logs: the newest of each id counts. */
export function readSubscriptions(logs: readonly NamedLog[]): Map<Hex, SubscribedEvent> {
  const { subscribed: made, unsubscribed } = SUBSCRIPTION_TOPICS;
  return readStanding(logs, { made, ended: [unsubscribed] }, (id, { data, topics }) => {
    // CAST: ethers decodes to the types of the ABI, which are these.
    const { subscriber, filter, terms } = SUBSCRIPTIONS.decodeEventLog("Subscribed", data, [
      ...topics,
    ]).toObject() as unknown as Decoded;
    const { chainId, incarnation, broadcaster, publisher, topic, everyTopic } = filter;
    return {
      id,
      subscriber: toAddress(fixedBytes("subscriber", subscriber, 20)),
      filter: {
        chainId,
        incarnation,
        broadcaster: toAddress(fixedBytes("broadcaster", broadcaster, 20)),
        publisher: toAddress(fixedBytes("publisher", publisher, 20)),
        ...(everyTopic ? {} : { topic: toHex(fixedBytes("topic", topic, 32)) }),
      },
      terms: { gasLimit: terms.gasLimit, start: terms.start, price: terms.price },
    };
  });
}

interface Decoded {
  readonly subscriber: string;
  readonly filter: {
    readonly chainId: bigint;
    readonly incarnation: bigint;
    readonly broadcaster: string;
    readonly publisher: string;
    readonly topic: string;
    readonly everyTopic: boolean;
  };
  readonly terms: SubscriptionTerms;
}

/** Topics of the events that say who is subscribed. */
export const SUBSCRIPTION_TOPICS = {
  subscribed: SUBSCRIPTIONS.getEvent("Subscribed").topicHash,
  unsubscribed: SUBSCRIPTIONS.getEvent("Unsubscribed").topicHash,
} as const;
