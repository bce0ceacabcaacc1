import { secp256k1 } from "@noble/curves/secp256k1.js";
import { randomBytes } from "@noble/hashes/utils.js";
import { MAX_GUARDIANS } from "./attestation.ts";
import { type Hex, concatBytes, fixedBytes, toHex, uintBytes } from "./bytes.ts";
import { MetalayerError } from "./errors.ts";
import {
  BINDING_TAG,
  CHALLENGE_TAG,
  type CurvePoint,
  GROUP_ORDER,
  NONCE_TAG,
  type Point,
  type Signature,
  challenge,
  isEven,
  modN,
  pointFromHex,
  pointToHex,
  publicKey,
  taggedScalar,
  toCurve,
  verifySchnorr,
} from "./schnorr.ts";

/** What a guardian answers in round 1: its two nonce points, compressed. */
export interface NonceCommitment {
  readonly R: Hex;
  readonly S: Hex;
}

/** One line of the session list L: a guardian's key and its nonce points, all compressed. */
export interface SessionEntry extends NonceCommitment {
  readonly key: Hex;
}

/** What all signers of one signature agree on. `entries` is L, ascending by the keys' x. */
export interface Session {
  readonly networkId: Hex;
  readonly message: Hex;
  readonly entries: readonly SessionEntry[];
}

/**
 * A pair of secret nonces that signs once. The secrets are in no property: they cannot be read, copied, cloned or stored, and
 * `signPartial` deletes them before it does anything else.
 */
export interface SecretNonce {
  readonly commitment: NonceCommitment;
}

/** The session with everything derived from it (signatures.md §5). */
export interface SessionContext {
  readonly session: Session;
  readonly signers: readonly { readonly key: Point; readonly R: Point; readonly S: Point }[];
  /** Sum key P. */
  readonly sumKey: Point;
  /** Binding factor a. */
  readonly binding: bigint;
  /** R, with whatever y it came out with. */
  readonly nonce: Point;
  /** Challenge e. */
  readonly challenge: bigint;
}

const secrets = new WeakMap<SecretNonce, { readonly r: bigint; readonly t: bigint }>();
let created = 0n;

/** Round 1: a fresh pair of nonces. Answer its commitment and keep the rest in memory for one `signPartial`. */
export function createNonce(secretKey: bigint): SecretNonce {
  created += 1n;
  const seed = [randomBytes(32), uintBytes("d", secretKey, 32), uintBytes("counter", created, 8)];
  const r = taggedScalar(NONCE_TAG, ...seed, Uint8Array.of(0));
  const t = taggedScalar(NONCE_TAG, ...seed, Uint8Array.of(1));
  const commitment = Object.freeze({ R: pointToHex(publicKey(r)), S: pointToHex(publicKey(t)) });
  const nonce: SecretNonce = Object.freeze({ commitment });
  secrets.set(nonce, { r, t });
  return nonce;
}

/** Forgets a nonce that will not be used. */
export function discardNonce(nonce: SecretNonce): void {
  secrets.delete(nonce);
}

/** The entries in the order of the session list. */
export function sortEntries(entries: Iterable<SessionEntry>): SessionEntry[] {
  const withX = [...entries].map((entry) => ({ entry, x: pointFromHex(entry.key).x }));
  withX.sort((a, b) => (a.x < b.x ? -1 : Number(a.x > b.x)));
  return withX.map(({ entry }) => entry);
}

/**
 * Checks a session list and derives sum key, binding factor, R and challenge. Throws `SESSION_INVALID` if it is empty, too long, not
 * ascending, names a key or a nonce point twice, or sums to infinity, and `POINT_INVALID` for anything that is not a point.
 */
export function openSession(session: Session): SessionContext {
  const { entries, message, networkId } = session;
  if (entries.length === 0 || entries.length > MAX_GUARDIANS) {
    throw invalid(`a session has 1 to ${MAX_GUARDIANS} signers, not ${entries.length}`);
  }
  const signers = entries.map(({ key, R, S }) => ({
    key: pointFromHex(key),
    R: pointFromHex(R),
    S: pointFromHex(S),
  }));
  for (const [index, { key }] of signers.entries()) {
    const before = signers[index - 1];
    if (before && before.key.x >= key.x) throw invalid(`keys are not ascending at position ${index}`);
  }
  const noncePoints = new Set(signers.flatMap(({ R, S }) => [R.x, S.x]));
  if (noncePoints.size !== 2 * signers.length) throw invalid("a nonce point is listed twice");

  const sumKey = sum(signers.map(({ key }) => key));
  const list = signers.flatMap(({ key, R, S }, index) => [
    uintBytes("position", index, 4),
    ...[key, R, S].map(compress),
  ]);
  const binding = taggedScalar(
    BINDING_TAG,
    fixedBytes("networkId", networkId, 32),
    compress(sumKey),
    fixedBytes("message", message, 32),
    uintBytes("length", signers.length, 4),
    ...list,
  );
  const firsts = toCurve(sum(signers.map(({ R }) => R)));
  const seconds = toCurve(sum(signers.map(({ S }) => S)));
  const nonce = affine(firsts.add(seconds.multiplyUnsafe(binding)));
  const e = challenge(CHALLENGE_TAG, nonce.x, sumKey.x, message);
  return { session, signers, sumKey, binding, nonce, challenge: e };
}

/**
 * Round 2: this guardian's partial signature. The nonce is gone afterwards, whatever the outcome.
 *
 * `session.message` must be computed by the guardian itself from content that it has checked; `isProven` says whether possession of
 * a key was proven. Throws `NONCE_USED`, `KEY_NOT_PROVEN`, `SESSION_NOT_MINE` unless the guardian's key is listed once with exactly
 * this nonce, and whatever `openSession` throws.
 */
export function signPartial(options: {
  readonly secretKey: bigint;
  readonly nonce: SecretNonce;
  readonly session: Session;
  readonly isProven: (key: Point) => boolean;
}): Hex {
  const { secretKey, nonce, session, isProven } = options;
  const secret = secrets.get(nonce);
  secrets.delete(nonce);
  if (!secret) throw new MetalayerError("NONCE_USED", "this nonce is unknown or was used before");

  const context = openSession(session);
  const unproven = context.signers.findIndex(({ key }) => !isProven(key));
  if (unproven >= 0) {
    const entry = session.entries[unproven];
    throw new MetalayerError("KEY_NOT_PROVEN", `no proof of possession for the key at position ${unproven}`, { entry });
  }
  const own = publicKey(secretKey);
  const mine = context.signers.find(({ key }) => key.x === own.x);
  const { R, S } = nonce.commitment;
  if (!mine || mine.key.y !== own.y || pointToHex(mine.R) !== R || pointToHex(mine.S) !== S) {
    throw new MetalayerError("SESSION_NOT_MINE", "the session does not list this key with this nonce");
  }
  const z =
    signed(context.nonce, secret.r + context.binding * secret.t) +
    signed(context.sumKey, context.challenge * secretKey);
  return toHex(uintBytes("z", modN(z), 32));
}

/** Whether the signer at a position of the session list answered correctly: z·G = g_R·(R_i + a·S_i) + g_P·e·X_i. */
export function verifyPartial(context: SessionContext, position: number, partial: Hex): boolean {
  const signer = context.signers[position];
  const z = readPartial(partial);
  if (!signer || z === undefined) return false;
  const nonce = toCurve(signer.R).add(toCurve(signer.S).multiplyUnsafe(context.binding));
  const share = toCurve(signer.key).multiplyUnsafe(context.challenge);
  const expected = (isEven(context.nonce) ? nonce : nonce.negate()).add(
    isEven(context.sumKey) ? share : share.negate(),
  );
  return secp256k1.Point.BASE.multiplyUnsafe(z).equals(expected);
}

/**
 * The signature, from one partial per entry in the order of the list. Verifies the result; only if that fails, the partials.
 * Throws `PARTIALS_WRONG` with `info.positions`, the positions of those who answered wrongly.
 */
export function combine(context: SessionContext, partials: readonly Hex[]): Signature {
  if (partials.length !== context.signers.length) {
    throw invalid(`${context.signers.length} partial signatures are needed, not ${partials.length}`);
  }
  const s = partials.reduce((total, partial) => modN(total + (readPartial(partial) ?? 0n)), 0n);
  const { x, y } = isEven(context.nonce) ? context.nonce : affine(toCurve(context.nonce).negate());
  const signature = { rx: x, ry: y, s };
  if (partials.every((partial) => readPartial(partial) !== undefined)) {
    if (verifySchnorr(context.sumKey.x, context.session.message, signature)) return signature;
  }
  const positions = partials.flatMap((partial, position) =>
    verifyPartial(context, position, partial) ? [] : [position],
  );
  throw new MetalayerError("PARTIALS_WRONG", `wrong partial signatures at positions ${positions.join(", ")}`, {
    positions,
  });
}

/** g·value with g = 1 if the point's y is even and −1 if it is odd. */
function signed(point: Point, value: bigint): bigint {
  return isEven(point) ? value : -value;
}

function readPartial(partial: Hex): bigint | undefined {
  if (!/^0x[0-9a-f]{64}$/i.test(partial)) return undefined;
  const z = BigInt(partial);
  return z < GROUP_ORDER ? z : undefined;
}

function compress(point: Point): Uint8Array {
  return concatBytes([Uint8Array.of(isEven(point) ? 2 : 3), uintBytes("x", point.x, 32)]);
}

function sum(points: readonly Point[]): Point {
  return affine(points.reduce<CurvePoint>((total, point) => total.add(toCurve(point)), secp256k1.Point.ZERO));
}

function affine(point: CurvePoint): Point {
  if (point.is0()) throw invalid("a sum of points is infinity");
  const { x, y } = point.toAffine();
  return { x, y };
}

function invalid(reason: string): MetalayerError {
  return new MetalayerError("SESSION_INVALID", `not a session: ${reason}`);
}
