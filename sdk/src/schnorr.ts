import { schnorr, secp256k1 } from "@noble/curves/secp256k1.js";
import { type Hex, concatBytes, fixedBytes, toHex, uintBytes } from "./bytes.ts";
import { MetalayerError } from "./errors.ts";

/** Symbols and tags: docs/protocol/signatures.md §1. */
export const FIELD_PRIME: bigint = secp256k1.Point.Fp.ORDER;
export const GROUP_ORDER: bigint = secp256k1.Point.Fn.ORDER;

export const CHALLENGE_TAG = "BIP0340/challenge";
export const POSSESSION_TAG = "Metalayer/possession";
export const BINDING_TAG = "Metalayer/binding";
export const NONCE_TAG = "Metalayer/nonce";

/** A point of secp256k1 other than infinity. */
export interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

/** A BIP-340 signature with the whole point R, whose y is even. */
export interface Signature {
  readonly rx: bigint;
  readonly ry: bigint;
  readonly s: bigint;
}

/** A point as the curve library sees it, infinity included. */
export type CurvePoint = InstanceType<typeof secp256k1.Point>;

/** For the curve library. Throws `POINT_INVALID` unless it lies on the curve with coordinates below p. */
export function toCurve(point: Point): CurvePoint {
  try {
    const onCurve = secp256k1.Point.fromAffine({ x: point.x, y: point.y });
    onCurve.assertValidity();
    return onCurve;
  } catch (cause) {
    throw new MetalayerError("POINT_INVALID", "not a point of secp256k1", { x: point.x, y: point.y }, { cause });
  }
}

/** Compressed form of a point, 33 bytes (SEC 1 §2.3.3). */
export function pointToHex(point: Point): Hex {
  return toHex(toCurve(point).toBytes(true));
}

/** The point of a compressed form. Throws `POINT_INVALID` for anything but 33 canonical bytes. */
export function pointFromHex(hex: string): Point {
  try {
    const { x, y } = secp256k1.Point.fromBytes(fixedBytes("point", hex, 33)).toAffine();
    return { x, y };
  } catch (cause) {
    throw new MetalayerError("POINT_INVALID", "not a compressed point of secp256k1", { hex }, { cause });
  }
}

/** The point with this x and even y: how BIP-340 reads a key or an R. Throws `POINT_INVALID`. */
export function liftX(x: bigint): Point {
  return pointFromHex(toHex(concatBytes([Uint8Array.of(2), uintBytes("x", x, 32)])));
}

/** Key of a secret key. Throws `SECRET_KEY_INVALID` unless 0 < d < n. */
export function publicKey(secretKey: bigint): Point {
  if (secretKey <= 0n || secretKey >= GROUP_ORDER) {
    throw new MetalayerError("SECRET_KEY_INVALID", "a secret key is a number between 0 and the group order");
  }
  const { x, y } = secp256k1.Point.BASE.multiply(secretKey).toAffine();
  return { x, y };
}

/** A new secret key from the platform's random source. */
export function randomSecretKey(): bigint {
  return BigInt(toHex(secp256k1.utils.randomSecretKey()));
}

/** Residue modulo the group order. */
export function modN(value: bigint): bigint {
  const residue = value % GROUP_ORDER;
  return residue < 0n ? residue + GROUP_ORDER : residue;
}

/** Tagged hash of BIP-340, as a number modulo the group order. */
export function taggedScalar(tag: string, ...parts: readonly Uint8Array[]): bigint {
  return modN(BigInt(toHex(schnorr.utils.taggedHash(tag, ...parts))));
}

/** Challenge e for the given tag. */
export function challenge(tag: string, rx: bigint, px: bigint, message: Hex): bigint {
  return taggedScalar(tag, uintBytes("R.x", rx, 32), uintBytes("P.x", px, 32), fixedBytes("message", message, 32));
}

/** The verdict of `Schnorr.verify` on chain: the same checks on the same values (signatures.md §3). Never throws on bad numbers. */
export function verifySchnorr(px: bigint, message: Hex, signature: Signature, tag: string = CHALLENGE_TAG): boolean {
  const { rx, ry, s } = signature;
  if ([px, rx, ry, s].some((value) => value < 0n)) return false;
  if (px === 0n || px >= GROUP_ORDER || s >= GROUP_ORDER || ry % 2n === 1n) return false;
  try {
    const r = toCurve({ x: rx, y: ry });
    const e = challenge(tag, rx, px, message);
    if (e === 0n) return false;
    const p = toCurve(liftX(px));
    return secp256k1.Point.BASE.mulAddUnsafe(s, p, modN(-e)).equals(r);
  } catch (error) {
    if (error instanceof MetalayerError && error.code === "POINT_INVALID") return false;
    throw error;
  }
}

/** R and −R have the same x; signatures name the one with even y. */
export function isEven(point: Point): boolean {
  return point.y % 2n === 0n;
}
