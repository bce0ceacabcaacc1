import { type Hex, concatBytes, fixedBytes, fromHex, hashText, hashWords, toHex, uintBytes } from "./bytes.ts";
import { MetalayerError } from "./errors.ts";
import type { Signature } from "./schnorr.ts";

export const ATTESTATION_TYPEHASH: Hex = hashText("MetalayerAttestation(bytes32 networkId,bytes32 root)");

/** The most guardians in a table, and so the most bits in a bitmap. */
export const MAX_GUARDIANS = 256;

const HEADER_LENGTH = 132;

/** A network root with the aggregated signature over it. `serial` and `bitmap` tell one rollup whose keys to sum; they are not signed. */
export interface Attestation {
  readonly root: Hex;
  readonly serial: number;
  readonly signature: Signature;
  readonly bitmap: bigint;
}

/** The digest that guardians sign for a network root. */
export function attestationDigest(networkId: Hex, root: Hex): Hex {
  return hashWords([ATTESTATION_TYPEHASH, requireWord("networkId", networkId), requireWord("root", root)]);
}

/** Packed bytes of signatures.md §6. Throws `ATTESTATION_MALFORMED` for an empty bitmap and `VALUE_OUT_OF_RANGE` for values too big. */
export function encodeAttestation(attestation: Attestation): Hex {
  const { root, serial, signature, bitmap } = attestation;
  if (bitmap <= 0n) throw malformed("the bitmap is empty");
  const digits = bitmap.toString(16).length;
  return toHex(
    concatBytes([
      fixedBytes("root", root, 32),
      uintBytes("serial", serial, 4),
      uintBytes("R.x", signature.rx, 32),
      uintBytes("R.y", signature.ry, 32),
      uintBytes("s", signature.s, 32),
      uintBytes("bitmap", bitmap, Math.min(32, Math.ceil(digits / 2))),
    ]),
  );
}

/** Reads packed bytes. Throws `ATTESTATION_MALFORMED` for another length or a bitmap with a leading zero byte. */
export function decodeAttestation(hex: Hex): Attestation {
  const bytes = fromHex(hex);
  if (bytes.length <= HEADER_LENGTH || bytes.length > HEADER_LENGTH + 32) throw malformed("wrong length");
  if (bytes[HEADER_LENGTH] === 0) throw malformed("the bitmap has a leading zero byte");
  const part = (from: number, to?: number): Hex => toHex(bytes.subarray(from, to));
  return {
    root: part(0, 32),
    serial: Number(part(32, 36)),
    signature: { rx: BigInt(part(36, 68)), ry: BigInt(part(68, 100)), s: BigInt(part(100, 132)) },
    bitmap: BigInt(part(HEADER_LENGTH)),
  };
}

/** The bitmap of a set of table positions. Throws `SIGNERS_INVALID` for none, a duplicate or a position of 256 and more. */
export function bitmapOf(indexes: Iterable<number>): bigint {
  let bitmap = 0n;
  for (const index of indexes) {
    const inRange = Number.isInteger(index) && index >= 0 && index < MAX_GUARDIANS;
    if (!inRange || (bitmap >> BigInt(index)) & 1n) {
      throw new MetalayerError("SIGNERS_INVALID", `guardian index ${index} is out of range or listed twice`, { index });
    }
    bitmap |= 1n << BigInt(index);
  }
  if (bitmap === 0n) throw new MetalayerError("SIGNERS_INVALID", "no signers");
  return bitmap;
}

/** Table positions of a bitmap, ascending. */
export function indexesOf(bitmap: bigint): number[] {
  const indexes: number[] = [];
  for (let index = 0; bitmap >> BigInt(index) > 0n; index++) {
    if ((bitmap >> BigInt(index)) & 1n) indexes.push(index);
  }
  return indexes;
}

/** Whether signers of this weight authorise: strictly more than two thirds of the total. Zero never does. */
export function isQuorum(weight: bigint, totalWeight: bigint): boolean {
  return 3n * weight > 2n * totalWeight;
}

function requireWord(name: string, hex: Hex): Hex {
  fixedBytes(name, hex, 32);
  return hex;
}

function malformed(reason: string): MetalayerError {
  return new MetalayerError("ATTESTATION_MALFORMED", `not an attestation: ${reason}`);
}
