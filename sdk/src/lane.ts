import { ZERO_HASH, type Hex } from "./bytes.ts";
import { TAG_BOUNTY, TAG_CLAIM, TAG_HASH, TAG_MESSAGE, type Batch, type BatchEntry } from "./batch.ts";
import { MetalayerError } from "./errors.ts";
import { CLASS_FINAL, laneFactHash, rootFromFact, type FactClass, type FactProof, type LaneFact } from "./fact.ts";
import { chainHeads, KIND_BOUNTY, KIND_MESSAGE, messageHash, type Message } from "./message.ts";
import { laneId, type Lane } from "./route.ts";
import { partSiblings, rootFromPart, treeRoot } from "./tree.ts";

/** Consecutive messages of a lane, as a lane fact covers them. */
export interface LaneRange {
  readonly lane: Lane;
  readonly class: FactClass;
  /** Head of the lane before the first of the messages. */
  readonly headBefore: Hex;
  readonly messages: readonly Message[];
  /** For `fast` the block in whose state the lane holds the messages. */
  readonly srcBlockHash?: Hex;
}

/** A lane fact with the leaves of its batch tree. */
export interface ProvenRange {
  readonly fact: LaneFact;
  readonly factHash: Hex;
  /** Message hashes; leaf i is message `from + i`. */
  readonly leaves: readonly Hex[];
}

/** The lane fact about these messages. Throws `LANE_GAP` unless they follow each other, and as {@link laneFactHash}. */
export function proveRange(range: LaneRange): ProvenRange {
  const { lane, messages, headBefore } = range;
  const from = messages[0]?.nonce ?? 0n;
  const leaves = messages.map((message, index) => {
    if (message.nonce !== from + BigInt(index)) {
      throw new MetalayerError("LANE_GAP", `message ${message.nonce} where ${from + BigInt(index)} was due`, {
        expected: from + BigInt(index),
        given: message.nonce,
      });
    }
    return messageHash(lane.networkId, lane, message);
  });
  const fact: LaneFact = {
    class: range.class,
    laneId: laneId(lane),
    from,
    to: from + BigInt(messages.length),
    headBefore,
    headAt: chainHeads(headBefore, leaves),
    batchRoot: treeRoot(leaves),
    srcBlockHash: range.srcBlockHash ?? ZERO_HASH,
  };
  return { fact, factHash: laneFactHash(fact), leaves };
}

/** Which part of a range to deliver, and how. */
export interface BatchOptions {
  /** Place of the lane fact in the attested tree: `factProof(allFactHashes, range.factHash)`. */
  readonly factProof: FactProof;
  /** First nonce of the part; the whole range if omitted. */
  readonly from?: bigint;
  /** One past the last nonce of the part. */
  readonly to?: bigint;
  /** Gas beyond the committed minimum for every call. */
  readonly gasBoost?: bigint;
  /** Messages that go as hash only. */
  readonly hashOnly?: (message: Message) => boolean;
  /** Messages whose booked bounty the deliverer claims. */
  readonly claim?: (message: Message) => boolean;
}

/**
 * The batch that delivers messages of a proven range. Throws `LANE_RANGE` for a part outside of the range.
 *
 * @example
 * const account = "0x00000000000000000000000000000000000000A1";
 * const zero = `0x${"00".repeat(32)}`;
 * const ends = { srcChainId: 1n, dstChainId: 10n, srcIncarnation: 1n, dstIncarnation: 1n };
 * const lane = { networkId: zero, ...ends, srcGateway: account, dstGateway: account };
 * const message = { kind: 0, nonce: 0n, gasLimit: 200_000n, fee: 0n, sender: account, recipient: account, payload: "0x" };
 * const range = { lane, class: CLASS_FINAL, headBefore: laneId(lane), messages: [message] };
 * const proven = proveRange(range);
 * const batch = buildBatch(range, proven, { factProof: factProof([proven.factHash], proven.factHash) });
 * const [decoded] = decodeBatches(encodeBatches([batch]));
 * openBatch(lane, decoded).networkRoot === networkRoot([proven.factHash])
 * // => true
 */
export function buildBatch(range: LaneRange, proven: ProvenRange, options: BatchOptions): Batch {
  const { fact, leaves } = proven;
  const from = options.from ?? fact.from;
  const to = options.to ?? fact.to;
  if (from < fact.from || to > fact.to || from >= to) {
    throw new MetalayerError("LANE_RANGE", `no part of messages ${fact.from} to ${fact.to}: ${from} to ${to}`, {
      from,
      to,
    });
  }
  const first = Number(from - fact.from);
  const length = Number(to - from);
  const entries = range.messages.slice(first, first + length).map((message, index): BatchEntry => {
    const hash = leaves[first + index];
    if (hash === undefined)
      throw new MetalayerError("LANE_RANGE", "the range is not the one that was proven", { from, to });
    return options.hashOnly?.(message) ? { tag: TAG_HASH, messageHash: hash } : fullEntry(message, options);
  });
  return {
    class: fact.class,
    srcChainId: range.lane.srcChainId,
    from: fact.from,
    count: leaves.length,
    first,
    gasBoost: options.gasBoost ?? 0n,
    headBefore: fact.headBefore,
    headAt: fact.headAt,
    srcBlockHash: fact.srcBlockHash,
    siblings: partSiblings(leaves, first, length),
    factProof: options.factProof,
    entries,
  };
}

function fullEntry(message: Message, options: BatchOptions): BatchEntry {
  const { gasLimit, fee, sender, recipient, payload } = message;
  const tag = message.kind === KIND_BOUNTY ? TAG_BOUNTY : options.claim?.(message) ? TAG_CLAIM : TAG_MESSAGE;
  return { tag, gasLimit, fee, sender, recipient, payload };
}

/** A batch with everything that follows from its bytes. */
export interface OpenedBatch {
  readonly fact: LaneFact;
  readonly factHash: Hex;
  /** The network root under which the batch is deliverable. */
  readonly networkRoot: Hex;
  /** Hash of every entry, in order; entry i has nonce `fact.from + batch.first + i`. */
  readonly hashes: readonly Hex[];
  /** The messages given in full. */
  readonly messages: readonly Message[];
}

/** Computes from a batch what the destination computes. Throws as the hash and tree functions do for values that cannot be. */
export function openBatch(lane: Lane, batch: Batch): OpenedBatch {
  const messages: Message[] = [];
  const hashes = batch.entries.map((entry, index) => {
    if (entry.tag === TAG_HASH) return entry.messageHash;
    const { gasLimit, fee, sender, recipient, payload } = entry;
    const nonce = batch.from + BigInt(batch.first + index);
    const kind = entry.tag === TAG_BOUNTY ? KIND_BOUNTY : KIND_MESSAGE;
    const message: Message = { kind, nonce, gasLimit, fee, sender, recipient, payload };
    messages.push(message);
    return messageHash(lane.networkId, lane, message);
  });
  const fact: LaneFact = {
    class: batch.class,
    laneId: laneId(lane),
    from: batch.from,
    to: batch.from + BigInt(batch.count),
    headBefore: batch.headBefore,
    headAt: batch.headAt,
    batchRoot: rootFromPart({ count: batch.count, first: batch.first, part: hashes, siblings: batch.siblings }),
    srcBlockHash: batch.class === CLASS_FINAL ? ZERO_HASH : batch.srcBlockHash,
  };
  const factHash = laneFactHash(fact);
  return { fact, factHash, networkRoot: rootFromFact(factHash, batch.factProof), hashes, messages };
}
