import { randomBytes } from "@noble/hashes/utils.js";
import {
  type Address,
  type Hex,
  concatBytes,
  fixedBytes,
  fromHex,
  hashText,
  hashWords,
  toHex,
  uintBytes,
} from "./bytes.ts";
import {
  NONCE_TAG,
  POSSESSION_TAG,
  type Point,
  challenge,
  isEven,
  modN,
  publicKey,
  taggedScalar,
  toCurve,
  verifySchnorr,
} from "./schnorr.ts";

export const POSSESSION_TYPEHASH: Hex = hashText(
  "MetalayerPossession(bytes32 networkId,address operator,uint256 x,uint256 y)",
);

/** Whose key it is, and in which network. No rollup: a key proven once can be imported everywhere. */
export interface PossessionSubject {
  readonly networkId: Hex;
  readonly operator: Address;
  readonly key: Point;
}

/** The digest by which an operator proves possession of a key. */
export function possessionDigest({ networkId, operator, key }: PossessionSubject): Hex {
  fixedBytes("networkId", networkId, 32);
  fixedBytes("operator", operator, 20);
  return hashWords([POSSESSION_TYPEHASH, networkId, operator, key.x, key.y]);
}

/** Proof of possession of a secret key, `R.x ‖ R.y ‖ s`. The operator registers with it, anyone imports the key with it, on every rollup of the network. */
export function provePossession(secretKey: bigint, networkId: Hex, operator: Address): Hex {
  const key = publicKey(secretKey);
  const message = possessionDigest({ networkId, operator, key });
  // The random bytes guard against fault attacks, the secret key against a broken random source.
  const nonce = taggedScalar(
    NONCE_TAG,
    randomBytes(32),
    uintBytes("d", secretKey, 32),
    fixedBytes("message", message, 32),
  );
  const point = publicKey(nonce);
  const r = isEven(point) ? nonce : modN(-nonce);
  const d = isEven(key) ? secretKey : modN(-secretKey);
  const { x, y } = publicKey(r);
  const s = modN(r + challenge(POSSESSION_TAG, x, key.x, message) * d);
  return toHex(concatBytes([uintBytes("R.x", x, 32), uintBytes("R.y", y, 32), uintBytes("s", s, 32)]));
}

/** Whether a contract would accept this proof for this operator and key. Never throws on a bad proof or key. */
export function verifyPossession(subject: PossessionSubject, proof: Hex): boolean {
  const bytes = fromHex(proof);
  if (bytes.length !== 96 || !isKey(subject.key)) return false;
  const part = (index: number): bigint => BigInt(toHex(bytes.subarray(32 * index, 32 * index + 32)));
  const signature = { rx: part(0), ry: part(1), s: part(2) };
  return verifySchnorr(subject.key.x, possessionDigest(subject), signature, POSSESSION_TAG);
}

function isKey(key: Point): boolean {
  try {
    toCurve(key);
    return true;
  } catch {
    return false;
  }
}
