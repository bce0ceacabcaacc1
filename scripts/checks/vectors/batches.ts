import { decodeBatches, encodeBatches } from "../../../sdk/src/batch.ts";
import { fixedBytes, fromHex, toHex, type Hex } from "../../../sdk/src/bytes.ts";
import { MetalayerError } from "../../../sdk/src/errors.ts";
import { CLASS_FAST, CLASS_FINAL } from "../../../sdk/src/fact.ts";
import { openBatch } from "../../../sdk/src/lane.ts";
import { Random } from "./random.ts";
import { sampleBatch, type SampleBatch } from "./samples.ts";

const SIZES = [
  [CLASS_FINAL, 1, 1],
  [CLASS_FINAL, 1, 2],
  [CLASS_FAST, 1, 1],
  [CLASS_FINAL, 2, 3],
  [CLASS_FINAL, 5, 2],
  [CLASS_FAST, 7, 4],
  [CLASS_FINAL, 16, 2],
  [CLASS_FAST, 16, 2],
  [CLASS_FINAL, 33, 9],
] as const;

/** Packed batches with all that follows from them, and damaged ones with the code of the refusal. */
export function batchVectors(): unknown {
  const random = new Random("batches");
  const samples = SIZES.map(([factClass, count, factCount]) => sampleBatch(random, factClass, count, factCount));
  const single = samples.map(({ range, batch }) => {
    const { fact, factHash, networkRoot, hashes } = openBatch(range.lane, batch);
    return { encoded: encodeBatches([batch]), lane: range.lane, batch, hashes, fact, factHash, networkRoot };
  });
  const joined = encodeBatches(samples.map(({ batch }) => batch));
  const small = samples[3];
  if (small === undefined) throw new Error("no sample");
  return { single, joined: { encoded: joined, count: samples.length }, malformed: malformed(small) };
}

function malformed({ batch }: SampleBatch): unknown {
  const good = encodeBatches([batch]);
  const entriesAt = 91 + 1 + 32 * batch.siblings.length + 4 + 1 + 32 * batch.factProof.siblings.length;
  const damaged: Record<string, Hex> = {
    empty: "0x",
    "one byte short": toHex(fromHex(good).subarray(0, -1)),
    "one byte left over": `${good}00`,
    "class 2": withByte(good, 0, 2),
    "chain id 0": withBytes(good, 1, 8, 0n),
    "chain id 2^63": withBytes(good, 1, 8, 1n << 63n),
    "range past the last nonce": withBytes(good, 9, 8, (1n << 64n) - 1n),
    "count 0": withBytes(good, 17, 2, 0n),
    "count 1025": withBytes(good, 17, 2, 1025n),
    "first beyond the range": withBytes(good, 19, 2, BigInt(batch.count)),
    "no entries": withBytes(good, 21, 2, 0n),
    "more entries than messages": withBytes(good, 21, 2, BigInt(batch.count + 1)),
    "one sibling more than needed": withByte(good, 91, batch.siblings.length + 1),
    "fact index beyond the tree": withBytes(good, 92 + 32 * batch.siblings.length, 2, BigInt(batch.factProof.count)),
    "no facts": withBytes(good, 94 + 32 * batch.siblings.length, 2, 0n),
    "unknown tag": withByte(good, entriesAt, 3),
  };
  return Object.entries(damaged).map(([name, encoded]) => ({ name, encoded, code: refusal(name, encoded) }));
}

function refusal(name: string, encoded: Hex): string {
  try {
    decodeBatches(encoded);
  } catch (error) {
    if (error instanceof MetalayerError) return error.code;
    throw error;
  }
  throw new Error(`accepted although malformed: ${name}`);
}

function withByte(encoded: Hex, offset: number, value: number): Hex {
  return withBytes(encoded, offset, 1, BigInt(value));
}

function withBytes(encoded: Hex, offset: number, length: number, value: bigint): Hex {
  const bytes = fromHex(encoded);
  bytes.set(fixedBytes("value", `0x${value.toString(16).padStart(2 * length, "0")}`, length), offset);
  return toHex(bytes);
}
