import fc from "fast-check";
import type { Batch, BatchEntry } from "../../sdk/src/batch.ts";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { toAddress, toHex, ZERO_HASH } from "../../sdk/src/bytes.ts";
import type { Message } from "../../sdk/src/message.ts";
import type { Lane } from "../../sdk/src/route.ts";
import { siblingCount } from "../../sdk/src/tree.ts";

export const bytes = (minLength: number, maxLength = minLength): fc.Arbitrary<Hex> =>
  fc.uint8Array({ minLength, maxLength }).map(toHex);

export const hash: fc.Arbitrary<Hex> = bytes(32);

export const address: fc.Arbitrary<Address> = fc.uint8Array({ minLength: 20, maxLength: 20 }).map(toAddress);

export const uint = (bits: number): fc.Arbitrary<bigint> => fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n });

/** The same example in every run. */
export function example<T>(arbitrary: fc.Arbitrary<T>): T {
  const [value] = fc.sample(arbitrary, { seed: 1, numRuns: 1 });
  if (value === undefined) throw new Error("the arbitrary gave no example");
  return value;
}

const chainId = fc.bigInt({ min: 1n, max: (1n << 63n) - 1n });
const incarnation = fc.bigInt({ min: 1n, max: 16_383n });

export const lane: fc.Arbitrary<Lane> = fc
  .record({
    networkId: hash,
    srcChainId: chainId,
    dstChainId: chainId,
    srcIncarnation: incarnation,
    dstIncarnation: incarnation,
    srcGateway: address,
    dstGateway: address,
  })
  .filter(({ srcChainId, dstChainId }) => srcChainId !== dstChainId);

export const message: fc.Arbitrary<Message> = fc.record({
  kind: fc.constantFrom(0 as const, 1 as const),
  nonce: uint(64),
  gasLimit: uint(32),
  fee: uint(64),
  sender: address,
  recipient: address,
  payload: bytes(0, 300),
});

/** A tree's size with a part of it. */
export const part = (maxCount: number): fc.Arbitrary<{ count: number; first: number; length: number }> =>
  fc
    .integer({ min: 1, max: maxCount })
    .chain((count) =>
      fc
        .integer({ min: 0, max: count - 1 })
        .chain((first) => fc.integer({ min: 1, max: count - first }).map((length) => ({ count, first, length }))),
    );

const hashList = (length: number): fc.Arbitrary<Hex[]> => fc.array(hash, { minLength: length, maxLength: length });

function entry(factClass: 0 | 1): fc.Arbitrary<BatchEntry> {
  const tag =
    factClass === 1 ? fc.constantFrom(0 as const, 2 as const) : fc.constantFrom(0 as const, 1 as const, 2 as const);
  return fc.oneof(
    fc.record({
      tag,
      gasLimit: uint(32),
      fee: uint(64),
      sender: address,
      recipient: address,
      payload: bytes(0, 100),
    }),
    fc.record({ tag: fc.constant(255 as const), messageHash: hash }),
  );
}

/** Any batch that can be encoded; its hashes prove nothing. */
export const batch: fc.Arbitrary<Batch> = fc
  .record({ factClass: fc.constantFrom(0 as const, 1 as const), range: part(30), fact: part(30) })
  .chain(({ factClass, range, fact }) =>
    fc.record({
      class: fc.constant(factClass),
      srcChainId: chainId,
      from: uint(47),
      count: fc.constant(range.count),
      first: fc.constant(range.first),
      gasBoost: uint(32),
      headBefore: hash,
      headAt: hash,
      srcBlockHash: factClass === 1 ? hash : fc.constant(ZERO_HASH),
      siblings: hashList(siblingCount(range.count, range.first, range.length)),
      factProof: fc.record({
        index: fc.constant(fact.first),
        count: fc.constant(fact.count),
        siblings: hashList(siblingCount(fact.count, fact.first, 1)),
      }),
      entries: fc.array(entry(factClass), { minLength: range.length, maxLength: range.length }),
    }),
  );
