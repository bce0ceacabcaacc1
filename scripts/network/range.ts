import type { Batch, BatchEntry } from "../../sdk/src/batch.ts";
import { TAG_BOUNTY, TAG_CLAIM, TAG_HASH, TAG_MESSAGE } from "../../sdk/src/batch.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import { ZERO_HASH } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import type { FactClass, FactProof, LaneFact } from "../../sdk/src/fact.ts";
import { CLASS_FAST, CLASS_FINAL, laneFactHash } from "../../sdk/src/fact.ts";
import { KIND_BOUNTY } from "../../sdk/src/message.ts";
import { treeRoot } from "../../sdk/src/tree.ts";
import type { Block } from "../chain/blocks.ts";
import type { FactToSign } from "./coordinator.ts";
import type { Chunk, StoredEntry } from "./lane-store.ts";
import type { TrackedLane } from "./tracked-lane.ts";

/** Messages of a lane to deliver, within one fact. */
export interface Range {
  readonly lane: TrackedLane;
  readonly fact: LaneFact;
  readonly factHash: Hex;
  /** For `fast` the block that the fact speaks about. */
  readonly block: Block;
  /** All messages of the fact. */
  readonly entries: readonly StoredEntry[];
  /** Those that are delivered, ascending; the others go as hash only. */
  readonly nonces: readonly bigint[];
  /** Gas that each of them is called with beyond its own limit. */
  readonly gasBoost: bigint;
}

/** The least range of a chunk that holds these messages. Throws `LANE_RANGE` for none. */
export function rangeOf(
  lane: TrackedLane,
  chunk: Chunk,
  factClass: FactClass,
  nonces: readonly bigint[],
  block: Block,
  gasBoost = 0n,
): Range {
  const [from, last] = [nonces[0], nonces.at(-1)];
  if (from === undefined || last === undefined) throw new MetalayerError("LANE_RANGE", "a range has a message");
  const first = Number(from - chunk.first);
  const entries = chunk.entries.slice(first, Number(last - chunk.first) + 1);
  const fact: LaneFact = {
    class: factClass,
    laneId: lane.store.id,
    from,
    to: last + 1n,
    headBefore: chunk.entries[first - 1]?.head ?? chunk.headBefore,
    headAt: entries.at(-1)?.head ?? chunk.headBefore,
    batchRoot: treeRoot(entries.map(({ id }) => id)),
    // CAST: parsed blocks have hashes of 32 bytes.
    srcBlockHash: factClass === CLASS_FAST ? (block.hash as Hex) : ZERO_HASH,
  };
  return { lane, fact, factHash: laneFactHash(fact), block, entries, nonces, gasBoost };
}

/** The range as guardians are asked about it. */
export function factOf({ lane, fact, factHash, block }: Range): FactToSign {
  const { srcChainId, dstChainId } = lane.store.lane;
  const { laneId: _, ...said } = fact;
  const srcBlockNumber = fact.class === CLASS_FAST ? BigInt(block.number) : 0n;
  return { hash: factHash, request: { kind: "lane", srcChainId, dstChainId, ...said, srcBlockNumber } };
}

/** The range as `relay` takes it; messages in `left` go as hash only. A booked bounty is claimed. */
export function batchOf(
  { lane, fact, entries, nonces, gasBoost }: Range,
  factProof: FactProof,
  left: ReadonlySet<Hex>,
): Batch {
  const chosen = new Set(nonces);
  const parts = entries.map((entry): BatchEntry => {
    const { nonce, id, message } = entry;
    if (message === undefined || !chosen.has(nonce) || left.has(id)) return { tag: TAG_HASH, messageHash: id };
    const { gasLimit, fee, sender, recipient, payload, kind } = message;
    const claims = fact.class === CLASS_FINAL && bookedFor(lane, nonce) !== undefined;
    const tag = kind === KIND_BOUNTY ? TAG_BOUNTY : claims ? TAG_CLAIM : TAG_MESSAGE;
    return { tag, gasLimit, fee, sender, recipient, payload };
  });
  const { class: factClass, from, headBefore, headAt, srcBlockHash } = fact;
  const { srcChainId } = lane.store.lane;
  const head = { class: factClass, srcChainId, from, headBefore, headAt, srcBlockHash };
  return { ...head, count: entries.length, first: 0, gasBoost, siblings: [], factProof, entries: parts };
}

/** The greatest bounty for the message whose entry was delivered, so that it is there to be earned. */
export function bookedFor({ store, view }: TrackedLane, nonce: bigint): bigint | undefined {
  let greatest: bigint | undefined;
  for (const { entry, amount } of store.bountiesFor(nonce)) {
    const stored = store.entry(entry);
    if (stored !== undefined && !view.isClosed(entry, stored.id)) continue;
    if (greatest === undefined || amount > greatest) greatest = amount;
  }
  return greatest;
}
