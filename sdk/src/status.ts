import type { Interface, Provider } from "ethers";
import { GATEWAY_TOPICS, readDeliveryAttempts, type DeliveryAttempt, type SentMessage } from "./events.ts";
import { explainRevert } from "./reverts.ts";
import type { Hex } from "./bytes.ts";
import { readLogs, type RollupHandle } from "./rollup.ts";

/** What is true of a message whatever its state. */
interface Known {
  readonly message: SentMessage;
  /** Whether its fee was paid; if not, it is deliverable at the price of gas alone. */
  readonly funded: boolean;
  /** Unix time until which the destination delivers nothing from this source; 0: not paused. */
  readonly pausedUntil: bigint;
}

/**
 * Where a message is and what happens next.
 *
 * - `unknown`: no source's logs have it: wrong id, not mined yet, removed by a reorg, or sent from a rollup that was not given.
 * - `sent`: in its lane; guardians sign for class `final` once the source has `blocksToFinality` more blocks.
 * - `deliverable`: final on the source; guardians sign on request and anyone may deliver.
 * - `failed`: attempted `attempts` times, the last one ended with `reason`; still deliverable by anyone.
 * - `delivered`: the recipient accepted it.
 */
export type MessageStatus =
  | { readonly state: "unknown"; readonly reference: Hex }
  | (Known & { readonly state: "sent"; readonly blocksToFinality: number })
  | (Known & { readonly state: "deliverable" })
  | (Known & {
      readonly state: "failed";
      readonly attempts: number;
      readonly lastAttempt: DeliveryAttempt;
      /** The reason as people read it. */
      readonly reason: string;
    })
  | (Known & { readonly state: "delivered"; readonly delivery: DeliveryAttempt });

/**
 * Status of one message, from the RPC endpoints of source and destination alone. `interfaces` help to explain a failure. Whoever asks
 * often gives a block of the destination from before the sending as `since`: the logs before it, which cannot have the message, are not
 * searched.
 */
export async function messageStatus(
  message: SentMessage,
  src: RollupHandle,
  dst: RollupHandle,
  interfaces: readonly Interface[] = [],
  since = dst.fromBlock,
): Promise<MessageStatus> {
  const outcomes = [GATEWAY_TOPICS.delivered, GATEWAY_TOPICS.failed];
  const [logs, lane] = await Promise.all([
    readLogs(dst, [outcomes, message.sendId], since),
    dst.gateway.inLane(message.srcChainId),
  ]);
  const { timestamp } = await latestBlock(dst.provider);
  const pausedUntil = lane.pausedUntil > BigInt(timestamp) ? lane.pausedUntil : 0n;
  const known = { message, funded: message.unfundedQuote === undefined, pausedUntil };
  const attempts = readDeliveryAttempts(logs);
  const delivery = attempts.find(({ delivered }) => delivered);
  if (delivery !== undefined) return { ...known, state: "delivered", delivery };
  const lastAttempt = attempts.at(-1);
  if (lastAttempt !== undefined) {
    const reason = explainRevert(lastAttempt.reason, interfaces);
    return { ...known, state: "failed", attempts: attempts.length, lastAttempt, reason };
  }
  const blocksToFinality = message.blockNumber - (await finalBlockNumber(src, dst));
  if (blocksToFinality > 0) return { ...known, state: "sent", blocksToFinality };
  return { ...known, state: "deliverable" };
}

/** Newest block of the source that counts as final for the destination: its registry's policy, else the node's `finalized` tag. */
export async function finalBlockNumber(src: RollupHandle, dst: RollupHandle): Promise<number> {
  const entry = await dst.registry?.rollup(src.chainId);
  if (entry !== undefined && entry.finalityDepth > 0n) {
    const { number } = await latestBlock(src.provider);
    return number - Number(entry.finalityDepth);
  }
  return (await src.provider.getBlock("finalized"))?.number ?? -1;
}

async function latestBlock(provider: Provider): Promise<{ readonly number: number; readonly timestamp: number }> {
  return (await provider.getBlock("latest")) ?? { number: 0, timestamp: 0 };
}
