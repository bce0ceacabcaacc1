import {
  concatBytes,
  fixedBytes,
  fromHex,
  toAddress,
  toHex,
  uintBytes,
  ZERO_HASH,
  type Address,
  type Hex,
} from "./bytes.ts";
import { MetalayerError } from "./errors.ts";
import { CLASS_FAST, CLASS_FINAL, type FactClass, type FactProof } from "./fact.ts";
import { MAX_PAYLOAD_LENGTH } from "./message.ts";
import { CHAIN_ID_BITS } from "./route.ts";
import { MAX_LEAVES, siblingCount } from "./tree.ts";

/** Entry tag: a message to deliver. */
export const TAG_MESSAGE = 0;
/** Entry tag: a bounty. */
export const TAG_BOUNTY = 1;
/** Entry tag: a message to deliver for which the deliverer claims the booked bounty. */
export const TAG_CLAIM = 2;
/** Entry tag: a message hash only, not delivered now. */
export const TAG_HASH = 255;

/** Nonces are below 2^48. */
const NONCE_BITS = 48n;

/** A whole message in a batch; its nonce follows from its place. */
export interface FullEntry {
  readonly tag: typeof TAG_MESSAGE | typeof TAG_BOUNTY | typeof TAG_CLAIM;
  readonly gasLimit: bigint;
  readonly fee: bigint;
  readonly sender: Address;
  readonly recipient: Address;
  readonly payload: Hex;
}

/** A message of which only the hash is given. */
export interface HashEntry {
  readonly tag: typeof TAG_HASH;
  readonly messageHash: Hex;
}

/** One place of a batch. */
export type BatchEntry = FullEntry | HashEntry;

/** What `relay` gets about one lane: a lane fact, its proof, and the messages to deliver. */
export interface Batch {
  readonly class: FactClass;
  readonly srcChainId: bigint;
  /** Nonce of the first message of the lane fact. */
  readonly from: bigint;
  /** Messages of the lane fact, `to − from`. */
  readonly count: number;
  /** Index in the lane fact's batch of the first entry. */
  readonly first: number;
  /** Added to every message's gas limit when it is called. */
  readonly gasBoost: bigint;
  readonly headBefore: Hex;
  readonly headAt: Hex;
  /** Zero for `final`. */
  readonly srcBlockHash: Hex;
  /** Siblings of the entries in the batch tree. */
  readonly siblings: readonly Hex[];
  /** Place of the lane fact in the attested fact tree. */
  readonly factProof: FactProof;
  readonly entries: readonly BatchEntry[];
}

/** Batches as `relay` reads them. Throws what {@link decodeBatches} throws for the same fault, `VALUE_OUT_OF_RANGE`, `HEX_LENGTH`. */
export function encodeBatches(batches: readonly Batch[]): Hex {
  if (batches.length === 0) refuse("BATCH_EMPTY", "there is no batch", 0);
  return toHex(concatBytes(batches.flatMap(batchParts)));
}

/**
 * The batches in these bytes; encoding them again gives the same bytes.
 * Throws, with the offset of the fault in `info`: `BATCH_EMPTY`, `BATCH_TRUNCATED`, `BATCH_UNKNOWN_CLASS`, `BATCH_CHAIN_ID`,
 * `BATCH_RANGE`, `BATCH_SIBLING_COUNT`, `BATCH_FACT_INDEX`, `BATCH_UNKNOWN_TAG`, `BATCH_BOUNTY_IN_FAST`, `BATCH_PAYLOAD_TOO_LONG`.
 */
export function decodeBatches(encoded: Hex): Batch[] {
  const reader = new Reader(fromHex(encoded));
  if (reader.atEnd()) refuse("BATCH_EMPTY", "there is no batch", 0);
  const batches: Batch[] = [];
  while (!reader.atEnd()) batches.push(readBatch(reader));
  return batches;
}

function batchParts(batch: Batch): Uint8Array[] {
  const { factProof, entries, siblings } = batch;
  checkHeader(batch, entries.length, 0);
  checkSiblings(batch, entries.length, siblings.length, 0);
  checkFactProof(factProof.index, factProof.count, factProof.siblings.length, 0);
  if (batch.class === CLASS_FINAL && batch.srcBlockHash !== ZERO_HASH) {
    refuse("BATCH_SOURCE_BLOCK", "a final batch names no source block", 0);
  }
  return [
    uintBytes("class", batch.class, 1),
    uintBytes("srcChainId", batch.srcChainId, 8),
    uintBytes("from", batch.from, 8),
    uintBytes("count", batch.count, 2),
    uintBytes("first", batch.first, 2),
    uintBytes("entries", entries.length, 2),
    uintBytes("gasBoost", batch.gasBoost, 4),
    fixedBytes("headBefore", batch.headBefore, 32),
    fixedBytes("headAt", batch.headAt, 32),
    ...(batch.class === CLASS_FAST ? [fixedBytes("srcBlockHash", batch.srcBlockHash, 32)] : []),
    ...hashListParts(siblings),
    uintBytes("factIndex", factProof.index, 2),
    uintBytes("factCount", factProof.count, 2),
    ...hashListParts(factProof.siblings),
    ...entries.flatMap((entry) => entryParts(entry, batch.class)),
  ];
}

function hashListParts(hashes: readonly Hex[]): Uint8Array[] {
  return [uintBytes("siblings", hashes.length, 1), ...hashes.map((hash) => fixedBytes("sibling", hash, 32))];
}

function entryParts(entry: BatchEntry, factClass: FactClass): Uint8Array[] {
  checkTag(entry.tag, factClass, 0);
  if (entry.tag === TAG_HASH) return [Uint8Array.of(TAG_HASH), fixedBytes("messageHash", entry.messageHash, 32)];
  const payload = fromHex(entry.payload);
  checkPayloadLength(payload.length, 0);
  return [
    Uint8Array.of(entry.tag),
    uintBytes("gasLimit", entry.gasLimit, 4),
    uintBytes("fee", entry.fee, 8),
    fixedBytes("sender", entry.sender, 20),
    fixedBytes("recipient", entry.recipient, 20),
    uintBytes("length", payload.length, 2),
    payload,
  ];
}

function readBatch(reader: Reader): Batch {
  const start = reader.offset;
  const head = {
    class: reader.uint(1),
    srcChainId: reader.bigUint(8),
    from: reader.bigUint(8),
    count: reader.uint(2),
    first: reader.uint(2),
  };
  const length = reader.uint(2);
  checkHeader(head, length, start);
  const factClass = head.class === CLASS_FAST ? CLASS_FAST : CLASS_FINAL;
  const gasBoost = reader.bigUint(4);
  const headBefore = reader.hash();
  const headAt = reader.hash();
  const srcBlockHash = factClass === CLASS_FAST ? reader.hash() : ZERO_HASH;
  const siblings = reader.hashes((given) => checkSiblings(head, length, given, reader.offset));
  const factIndex = reader.uint(2);
  const factCount = reader.uint(2);
  const factSiblings = reader.hashes((given) => checkFactProof(factIndex, factCount, given, reader.offset));
  const entries = Array.from({ length }, () => readEntry(reader, factClass));
  const factProof = { index: factIndex, count: factCount, siblings: factSiblings };
  return { ...head, class: factClass, gasBoost, headBefore, headAt, srcBlockHash, siblings, factProof, entries };
}

function readEntry(reader: Reader, factClass: FactClass): BatchEntry {
  const start = reader.offset;
  const tag = checkTag(reader.uint(1), factClass, start);
  if (tag === TAG_HASH) return { tag, messageHash: reader.hash() };
  const gasLimit = reader.bigUint(4);
  const fee = reader.bigUint(8);
  const sender = toAddress(reader.take(20));
  const recipient = toAddress(reader.take(20));
  const length = checkPayloadLength(reader.uint(2), reader.offset - 2);
  return { tag, gasLimit, fee, sender, recipient, payload: toHex(reader.take(length)) };
}

interface BatchHead {
  readonly class: number;
  readonly srcChainId: bigint;
  readonly from: bigint;
  readonly count: number;
  readonly first: number;
}

function checkHeader(head: BatchHead, entries: number, offset: number): void {
  if (head.class !== CLASS_FINAL && head.class !== CLASS_FAST) {
    refuse("BATCH_UNKNOWN_CLASS", `no class of facts: ${head.class}`, offset);
  }
  if (head.srcChainId < 1n || head.srcChainId >= 1n << BigInt(CHAIN_ID_BITS)) {
    refuse("BATCH_CHAIN_ID", `no chain id: ${head.srcChainId}`, offset);
  }
  const { from, count, first } = head;
  const rangeSane = count >= 1 && count <= MAX_LEAVES && from >= 0n && from + BigInt(count) < 1n << NONCE_BITS;
  if (!rangeSane || first < 0 || entries < 1 || entries > count - first) {
    refuse("BATCH_RANGE", `no batch: ${entries} entries from index ${first} of ${count} messages from ${from}`, offset);
  }
}

function checkSiblings(head: BatchHead, entries: number, given: number, offset: number): void {
  const needed = siblingCount(head.count, head.first, entries);
  if (given !== needed) refuse("BATCH_SIBLING_COUNT", `the entries need ${needed} siblings, not ${given}`, offset);
}

function checkFactProof(index: number, count: number, given: number, offset: number): void {
  if (count < 1 || count > MAX_LEAVES || index < 0 || index >= count) {
    refuse("BATCH_FACT_INDEX", `no fact ${index} among ${count}`, offset);
  }
  const needed = siblingCount(count, index, 1);
  if (given !== needed) refuse("BATCH_SIBLING_COUNT", `the fact needs ${needed} siblings, not ${given}`, offset);
}

function checkTag(tag: number, factClass: FactClass, offset: number): BatchEntry["tag"] {
  switch (tag) {
    case TAG_MESSAGE:
    case TAG_CLAIM:
    case TAG_HASH:
      return tag;
    case TAG_BOUNTY:
      if (factClass === CLASS_FAST) refuse("BATCH_BOUNTY_IN_FAST", "a bounty belongs to a final batch", offset);
      return tag;
    default:
      return refuse("BATCH_UNKNOWN_TAG", `no kind of entry: ${tag}`, offset);
  }
}

function checkPayloadLength(length: number, offset: number): number {
  if (length > MAX_PAYLOAD_LENGTH) {
    refuse("BATCH_PAYLOAD_TOO_LONG", `a payload has at most ${MAX_PAYLOAD_LENGTH} bytes, not ${length}`, offset);
  }
  return length;
}

function refuse(code: string, reason: string, offset: number): never {
  throw new MetalayerError(code, reason, { offset });
}

class Reader {
  offset = 0;

  constructor(private readonly bytes: Uint8Array) {}

  atEnd(): boolean {
    return this.offset === this.bytes.length;
  }

  take(length: number): Uint8Array {
    const end = this.offset + length;
    if (end > this.bytes.length) {
      refuse("BATCH_TRUNCATED", `${end - this.bytes.length} bytes are missing`, this.offset);
    }
    const part = this.bytes.subarray(this.offset, end);
    this.offset = end;
    return part;
  }

  /** At most 4 bytes. */
  uint(length: number): number {
    return this.take(length).reduce((value, byte) => value * 256 + byte, 0);
  }

  bigUint(length: number): bigint {
    return BigInt(toHex(this.take(length)));
  }

  hash(): Hex {
    return toHex(this.take(32));
  }

  /** A list behind its length, which is checked before anything is read. */
  hashes(check: (length: number) => void): Hex[] {
    const length = this.uint(1);
    check(length);
    return Array.from({ length }, () => this.hash());
  }
}
