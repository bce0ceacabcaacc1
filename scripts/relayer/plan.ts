import type { Batch, BatchEntry } from "../../sdk/src/batch.ts";
import { TAG_BOUNTY, TAG_CLAIM, TAG_HASH, TAG_MESSAGE } from "../../sdk/src/batch.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import { ZERO_HASH } from "../../sdk/src/bytes.ts";
import type { FactClass, FactProof, LaneFact } from "../../sdk/src/fact.ts";
import { CLASS_FAST, CLASS_FINAL, laneFactHash } from "../../sdk/src/fact.ts";
import { KIND_BOUNTY } from "../../sdk/src/message.ts";
import { treeRoot } from "../../sdk/src/tree.ts";
import type { Block } from "../chain/blocks.ts";
import type { FactToSign } from "../network/coordinator.ts";
import type { DeliveredView } from "../network/delivered.ts";
import type { Chunk, LaneStore, StoredEntry } from "../network/lane-store.ts";

/** Why a message, or a lane, has to wait. Doubles with every failure in a row of its class. */
export interface Trouble {
  readonly kind: "reverts" | "unprovable" | "underfunded" | "unknown";
  readonly reason: string;
  readonly attempts: number;
  /** Milliseconds of the relayer's clock. */
  readonly notBefore: number;
}

const BACKOFF: Readonly<Record<Trouble["kind"], { readonly firstMs: number; readonly mostMs: number }>> = {
  reverts: { firstMs: 2_000, mostMs: 3_600_000 },
  unprovable: { firstMs: 100, mostMs: 5_000 },
  underfunded: { firstMs: 5_000, mostMs: 60_000 },
  unknown: { firstMs: 500, mostMs: 30_000 },
};

export function worse(before: Trouble | undefined, kind: Trouble["kind"], reason: string, now: number): Trouble {
  const attempts = before?.kind === kind ? before.attempts + 1 : 1;
  const { firstMs, mostMs } = BACKOFF[kind];
  return { kind, reason, attempts, notBefore: now + Math.min(mostMs, firstMs * 2 ** Math.min(attempts - 1, 30)) };
}

/** One lane with what this relayer knows beside the chains: only what spares it useless work. */
export interface LaneWork {
  readonly store: LaneStore;
  readonly view: DeliveredView;
  /** Nonces in a transaction that is under way. */
  readonly busy: Set<bigint>;
  readonly troubles: Map<bigint, Trouble>;
  /** Per class: the lane as a whole has to wait. */
  readonly holds: Map<FactClass, Trouble>;
}

export interface PlanInput {
  readonly finalNumber: number;
  readonly head: Block;
  readonly now: number;
  readonly minFee: bigint;
  readonly deliverUnfunded: boolean;
  /** Whether the recipient takes `fast` messages from this source now. */
  readonly takesFast: (recipient: Hex) => boolean;
}

/** Messages to deliver, within one fact. */
export interface Range {
  readonly work: LaneWork;
  readonly fact: LaneFact;
  readonly factHash: Hex;
  readonly block: Block;
  /** All messages of the fact. */
  readonly entries: readonly StoredEntry[];
  /** Those that are delivered; the others go as hash only. */
  readonly nonces: readonly bigint[];
}

/** What can be delivered of a lane now: at most one fact per class and chunk of 64, so that relayers ask for equal facts. */
export function planLane(work: LaneWork, input: PlanInput): Range[] {
  const ranges: Range[] = [];
  for (const chunk of work.store.chunks()) {
    const open: Record<FactClass, bigint[]> = { [CLASS_FINAL]: [], [CLASS_FAST]: [] };
    for (const entry of chunk.entries) {
      const factClass = classOf(work, entry, input);
      if (factClass !== undefined) open[factClass].push(entry.nonce);
    }
    for (const factClass of [CLASS_FINAL, CLASS_FAST] as const) {
      if (open[factClass].length > 0) ranges.push(rangeOf(work, chunk, factClass, open[factClass], input.head));
    }
  }
  return ranges;
}

/** The class in which the message can be tried now; undefined if it cannot. */
function classOf(work: LaneWork, entry: StoredEntry, input: PlanInput): FactClass | undefined {
  const { nonce, id, message, block } = entry;
  if (message === undefined || work.busy.has(nonce) || work.view.isClosed(nonce, id)) return undefined;
  const waits = (trouble: Trouble | undefined): boolean => (trouble?.notBefore ?? -Infinity) > input.now;
  if (waits(work.troubles.get(nonce)) || !isWorthIt(work, entry, input)) return undefined;
  if (block <= input.finalNumber) return waits(work.holds.get(CLASS_FINAL)) ? undefined : CLASS_FINAL;
  const isFast = message.kind !== KIND_BOUNTY && !work.view.isFastClosed(nonce) && input.takesFast(message.recipient);
  return isFast && !waits(work.holds.get(CLASS_FAST)) ? CLASS_FAST : undefined;
}

/** Paid well enough by its fee or by a bounty that is booked. A bounty on its way is waited for, so that it can be earned. */
function isWorthIt(work: LaneWork, { nonce, message }: StoredEntry, { minFee, deliverUnfunded }: PlanInput): boolean {
  if (message === undefined) return false;
  if (message.kind === KIND_BOUNTY) return deliverUnfunded || BigInt(`0x${message.payload.slice(130)}`) >= minFee;
  const bounty = work.store.bountyFor(nonce);
  if (bounty !== undefined && message.fee < minFee + bounty.amount && !isBooked(work, bounty.entry)) {
    return work.troubles.has(bounty.entry) && deliverUnfunded;
  }
  return deliverUnfunded || message.fee + (bounty?.amount ?? 0n) >= minFee;
}

function isBooked({ store, view }: LaneWork, nonce: bigint): boolean {
  const entry = store.entry(nonce);
  return entry === undefined || view.isClosed(nonce, entry.id);
}

function rangeOf(work: LaneWork, chunk: Chunk, factClass: FactClass, nonces: bigint[], head: Block): Range {
  const [from, last] = [nonces[0] ?? 0n, nonces.at(-1) ?? 0n];
  const entries = chunk.entries.slice(Number(from - chunk.first), Number(last - chunk.first) + 1);
  const before = chunk.entries[Number(from - chunk.first) - 1];
  const fact: LaneFact = {
    class: factClass,
    laneId: work.store.id,
    from,
    to: last + 1n,
    headBefore: before?.head ?? chunk.headBefore,
    headAt: entries.at(-1)?.head ?? chunk.headBefore,
    batchRoot: treeRoot(entries.map(({ id }) => id)),
    // CAST: parsed blocks have hashes of 32 bytes.
    srcBlockHash: factClass === CLASS_FAST ? (head.hash as Hex) : ZERO_HASH,
  };
  return { work, fact, factHash: laneFactHash(fact), block: head, entries, nonces };
}

/** The range as guardians are asked about it. */
export function factOf({ work, fact, factHash, block }: Range): FactToSign {
  const { srcChainId, dstChainId } = work.store.lane;
  const { laneId: _, ...said } = fact;
  const srcBlockNumber = fact.class === CLASS_FAST ? BigInt(block.number) : 0n;
  return { hash: factHash, request: { kind: "lane", srcChainId, dstChainId, ...said, srcBlockNumber } };
}

/** The range as `relay` takes it, without the messages of which a simulation said that they fail. */
export function batchOf({ work, fact, entries, nonces }: Range, factProof: FactProof, left: ReadonlySet<Hex>): Batch {
  const chosen = new Set(nonces);
  const parts = entries.map((entry): BatchEntry => {
    const { nonce, id, message } = entry;
    if (message === undefined || !chosen.has(nonce) || left.has(id)) return { tag: TAG_HASH, messageHash: id };
    const { gasLimit, fee, sender, recipient, payload, kind } = message;
    const bounty = work.store.bountyFor(nonce);
    const claims = fact.class === CLASS_FINAL && bounty !== undefined && isBooked(work, bounty.entry);
    const tag = kind === KIND_BOUNTY ? TAG_BOUNTY : claims ? TAG_CLAIM : TAG_MESSAGE;
    return { tag, gasLimit, fee, sender, recipient, payload };
  });
  const { class: factClass, from, headBefore, headAt, srcBlockHash } = fact;
  const { srcChainId } = work.store.lane;
  const head = { class: factClass, srcChainId, from, headBefore, headAt, srcBlockHash };
  return { ...head, count: entries.length, first: 0, gasBoost: 0n, siblings: [], factProof, entries: parts };
}
