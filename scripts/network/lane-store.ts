import type { Hex } from "../../sdk/src/bytes.ts";
import type { Message } from "../../sdk/src/message.ts";
import { CHECKPOINT_INTERVAL } from "../../sdk/src/message.ts";
import type { Lane } from "../../sdk/src/route.ts";
import { laneId } from "../../sdk/src/route.ts";
import type { ChainedEntry, LanePoint } from "./lane-logs.ts";

/** A message that is kept because it, or a neighbour in its chunk, is not done. */
export interface StoredEntry {
  readonly nonce: bigint;
  readonly id: Hex;
  /** Head of the lane after it. */
  readonly head: Hex;
  readonly block: number;
  /** When it was first seen, by the wall clock. */
  readonly seenAt: number;
  /** Undefined when it was delivered or takes too much room; it can be read again. */
  message: Message | undefined;
}

/** One stretch of 64 messages between two checkpoints: the unit in which facts are made and memory is given back. */
export interface Chunk {
  readonly first: bigint;
  readonly headBefore: Hex;
  readonly entries: StoredEntry[];
}

/** What is known of a lane at its source, as far as it still matters. */
export interface LaneStore {
  readonly lane: Lane;
  readonly id: Hex;
  /** Newest message seen. */
  readonly tip: LanePoint;
  /** Kept chunks, oldest first. */
  chunks(): Iterable<Chunk>;
  chunkOf(nonce: bigint): Chunk | undefined;
  entry(nonce: bigint): StoredEntry | undefined;
  /** Messages that follow the tip. */
  append(entries: readonly ChainedEntry[]): void;
  /** Takes back everything from `nonce` on: the source was reorganised. */
  truncate(nonce: bigint): void;
  /** The last point at which all messages lie in blocks up to this one. */
  pointAt(block: number): LanePoint;
  /** Forgets chunks of which every message is done. */
  forget(isDone: (entry: StoredEntry) => boolean): void;
  /** What bounty entries, delivered or not, offer for a message: only those that name it. */
  bountiesFor(nonce: bigint): readonly Offer[];
}

/** An amount, and the entry of the lane that offers it. */
export interface Offer {
  readonly entry: bigint;
  readonly amount: bigint;
}

interface State {
  readonly lane: Lane;
  readonly id: Hex;
  readonly chunks: Map<bigint, Chunk>;
  /** By the message that it is for. Only of messages that are kept. */
  readonly bounties: Map<bigint, Offer[]>;
  tip: LanePoint;
  /** Where pointAt falls back to: the end of what was forgotten. */
  settled: LanePoint;
}

export function createLaneStore(lane: Lane): LaneStore {
  const id = laneId(lane);
  const start = { nonce: 0n, head: id };
  const state: State = { lane, id, chunks: new Map(), bounties: new Map(), tip: start, settled: start };
  return {
    lane,
    id,
    get tip() {
      return state.tip;
    },
    chunks: () => state.chunks.values(),
    chunkOf: (nonce) => state.chunks.get(startOf(nonce)),
    entry: (nonce) => entryAt(state, nonce),
    append: (entries) => append(state, entries),
    truncate: (nonce) => truncate(state, nonce),
    pointAt: (block) => pointAt(state, block),
    forget: (isDone) => forget(state, isDone),
    bountiesFor: (nonce) => state.bounties.get(nonce) ?? [],
  };
}

function startOf(nonce: bigint): bigint {
  return nonce - (nonce % CHECKPOINT_INTERVAL);
}

function entryAt(state: State, nonce: bigint): StoredEntry | undefined {
  return state.chunks.get(startOf(nonce))?.entries[Number(nonce % CHECKPOINT_INTERVAL)];
}

function append(state: State, entries: readonly ChainedEntry[]): void {
  for (const { nonce, id, head, block, message } of entries) {
    if (nonce !== state.tip.nonce) throw new Error(`message ${nonce} does not follow ${state.tip.nonce}`);
    const first = startOf(nonce);
    const chunk = state.chunks.get(first) ?? { first, headBefore: state.tip.head, entries: [] };
    state.chunks.set(first, chunk);
    chunk.entries.push({ nonce, id, head, block, message, seenAt: Date.now() });
    state.tip = { nonce: nonce + 1n, head };
    if (message !== undefined) noteBounty(state, nonce, message);
  }
}

/** A bounty's payload is `abi(nonce, sendId, amount)` (docs/protocol/fees.md §3). */
function noteBounty(state: State, entry: bigint, { kind, payload }: Message): void {
  if (kind !== 1 || payload.length !== 2 + 3 * 64) return;
  const [nonce, amount] = [BigInt(payload.slice(0, 66)), BigInt(`0x${payload.slice(130)}`)];
  if (entryAt(state, nonce)?.id !== `0x${payload.slice(66, 130)}`) return;
  const offers = state.bounties.get(nonce);
  if (offers === undefined) state.bounties.set(nonce, [{ entry, amount }]);
  else offers.push({ entry, amount });
}

function truncate(state: State, nonce: bigint): void {
  if (nonce >= state.tip.nonce) return;
  const before = nonce === 0n ? state.id : (entryAt(state, nonce - 1n)?.head ?? state.chunks.get(nonce)?.headBefore);
  state.tip = before === undefined ? state.settled : { nonce, head: before };
  for (const chunk of state.chunks.values()) {
    if (chunk.first >= state.tip.nonce) state.chunks.delete(chunk.first);
    else chunk.entries.splice(Number(state.tip.nonce - chunk.first));
  }
  for (const [target, offers] of state.bounties) {
    const left = offers.filter(({ entry }) => entry < state.tip.nonce);
    if (left.length === 0) state.bounties.delete(target);
    else state.bounties.set(target, left);
  }
}

function pointAt(state: State, block: number): LanePoint {
  let point = state.settled;
  for (const { entries } of state.chunks.values()) {
    for (const { nonce, head, block: sent } of entries) {
      if (sent > block) return point;
      if (nonce >= point.nonce) point = { nonce: nonce + 1n, head };
    }
  }
  return point;
}

function forget(state: State, isDone: (entry: StoredEntry) => boolean): void {
  for (const chunk of state.chunks.values()) {
    const last = chunk.entries.at(-1);
    const isFull = chunk.entries.length === Number(CHECKPOINT_INTERVAL);
    if (last === undefined || !isFull || !chunk.entries.every(isDone)) continue;
    if (last.nonce >= state.settled.nonce) state.settled = { nonce: last.nonce + 1n, head: last.head };
    state.chunks.delete(chunk.first);
    for (const { nonce } of chunk.entries) state.bounties.delete(nonce);
  }
}
