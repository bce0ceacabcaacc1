import { attestationDigest, bitmapOf, encodeAttestation } from "../../../sdk/src/attestation.ts";
import { type Address, concatBytes, type Hex, toHex, uintBytes } from "../../../sdk/src/bytes.ts";
import { possessionDigest } from "../../../sdk/src/possession.ts";
import {
  challenge,
  CHALLENGE_TAG,
  FIELD_PRIME,
  GROUP_ORDER,
  isEven,
  modN,
  pointToHex,
  POSSESSION_TAG,
  publicKey,
  type Signature,
} from "../../../sdk/src/schnorr.ts";
import { combine, openSession, sortEntries } from "../../../sdk/src/session.ts";
import { Random } from "./random.ts";

interface SchnorrCase {
  readonly name: string;
  readonly tag: string;
  readonly px: bigint;
  readonly message: Hex;
  readonly signature: Signature;
  readonly valid: boolean;
}

/** Digests, single signatures with what must be refused, signing sessions and attestation bytes. */
export function signatureVectors(): unknown {
  const random = new Random("signatures");
  return {
    digests: Array.from({ length: 4 }, () => {
      const [networkId, root, operator] = [random.hash(), random.hash(), random.address()];
      const key = publicKey(random.uint(255));
      const digests = {
        attestation: attestationDigest(networkId, root),
        possession: possessionDigest({ networkId, operator, key }),
      };
      return { networkId, root, operator, key, digests };
    }),
    possessions: Array.from({ length: 4 }, () =>
      possessionCase(random.uint(255), random.hash(), random.address(), random),
    ),
    schnorr: [...fourParities(random), ...refused(random)],
    sessions: [1, 2, 3, 5, 8].map((size) => sessionCase(size, random)),
    attestations: [[0], [7], [8], [0, 255], [255], [3, 1, 2, 66]].map((indexes, serial) => {
      const signature = { rx: random.uint(256), ry: random.uint(256), s: random.uint(256) };
      const attestation = { root: random.hash(), serial, signature, bitmap: bitmapOf(indexes) };
      return { ...attestation, indexes, encoded: encodeAttestation(attestation) };
    }),
  };
}

/** A plain BIP-340 signature with a given nonce, for either tag. */
function sign(secretKey: bigint, message: Hex, nonce: bigint, tag: string): Signature {
  const key = publicKey(secretKey);
  const d = isEven(key) ? secretKey : GROUP_ORDER - secretKey;
  const r = isEven(publicKey(nonce)) ? nonce : GROUP_ORDER - nonce;
  const R = publicKey(r);
  return { rx: R.x, ry: R.y, s: modN(r + challenge(tag, R.x, key.x, message) * d) };
}

function possessionCase(secretKey: bigint, networkId: Hex, operator: Address, random: Random): unknown {
  const key = publicKey(secretKey);
  const { rx, ry, s } = sign(
    secretKey,
    possessionDigest({ networkId, operator, key }),
    random.uint(255),
    POSSESSION_TAG,
  );
  const proof = toHex(concatBytes([uintBytes("R.x", rx, 32), uintBytes("R.y", ry, 32), uintBytes("s", s, 32)]));
  return { secretKey, networkId, operator, key, proof };
}

/** Key and nonce with even and odd y, twice each. */
function fourParities(random: Random): SchnorrCase[] {
  const cases: SchnorrCase[] = [];
  const wanted = ["even key, even R", "even key, odd R", "odd key, even R", "odd key, odd R"].flatMap((name) => [
    name,
    name,
  ]);
  while (wanted.length > 0) {
    const [secretKey, nonce, message] = [random.uint(255), random.uint(255), random.hash()];
    const key = publicKey(secretKey);
    const name = `${isEven(key) ? "even" : "odd"} key, ${isEven(publicKey(nonce)) ? "even" : "odd"} R`;
    const place = wanted.indexOf(name);
    if (place < 0) continue;
    wanted.splice(place, 1);
    const tag = CHALLENGE_TAG;
    cases.push({ name, tag, px: key.x, message, signature: sign(secretKey, message, nonce, tag), valid: true });
  }
  return cases;
}

/** One change each to a valid signature. */
function refused(random: Random): SchnorrCase[] {
  const [secretKey, message] = [random.uint(255), random.hash()];
  const px = publicKey(secretKey).x;
  const signature = sign(secretKey, message, random.uint(255), CHALLENGE_TAG);
  const { rx, ry, s } = signature;
  const changed: Readonly<Record<string, Partial<SchnorrCase>>> = {
    "R.y odd: the other point with this x": { signature: { rx, ry: FIELD_PRIME - ry, s } },
    "−R with the s that fits it": { signature: { rx, ry: FIELD_PRIME - ry, s: GROUP_ORDER - s } },
    "R.y is 2^256 − 1": { signature: { rx, ry: (1n << 256n) - 1n, s } },
    "R.x is p": { signature: { rx: FIELD_PRIME, ry, s } },
    "R not on the curve": { signature: { rx, ry: ry + 2n, s } },
    "R is zero": { signature: { rx: 0n, ry: 0n, s } },
    "s plus one": { signature: { rx, ry, s: modN(s + 1n) } },
    "s is n": { signature: { rx, ry, s: GROUP_ORDER } },
    "s negated": { signature: { rx, ry, s: GROUP_ORDER - s } },
    "s is zero": { signature: { rx, ry, s: 0n } },
    "everything zero": { px: 0n, message: `0x${"00".repeat(32)}`, signature: { rx: 0n, ry: 0n, s: 0n } },
    "key zero": { px: 0n },
    "key is n": { px: GROUP_ORDER },
    "key is p − 1, beyond n": { px: FIELD_PRIME - 1n },
    "key not on the curve": { px: 5n },
    "another key": { px: publicKey(random.uint(255)).x },
    "another message": { message: random.hash() },
    "the tag of possession": { tag: POSSESSION_TAG },
  };
  const valid: SchnorrCase = { name: "unchanged", tag: CHALLENGE_TAG, px, message, signature, valid: true };
  return [valid, ...Object.entries(changed).map(([name, change]) => ({ ...valid, ...change, name, valid: false }))];
}

/** A whole session from known secrets; partial signatures by the formula. */
function sessionCase(size: number, random: Random): unknown {
  const signers = Array.from({ length: size }, () => {
    const [secretKey, r, t] = [random.uint(255), random.uint(255), random.uint(255)];
    const entry = { key: pointToHex(publicKey(secretKey)), R: pointToHex(publicKey(r)), S: pointToHex(publicKey(t)) };
    return { secretKey, r, t, entry };
  });
  const entries = sortEntries(signers.map(({ entry }) => entry));
  const session = { networkId: random.hash(), message: random.hash(), entries };
  const context = openSession(session);
  const gR = isEven(context.nonce) ? 1n : -1n;
  const gP = isEven(context.sumKey) ? 1n : -1n;
  const ordered = entries.flatMap((entry) => signers.filter((signer) => signer.entry === entry));
  const partials = ordered.map(({ secretKey, r, t }) =>
    toHex(uintBytes("z", modN(gR * (r + context.binding * t) + gP * context.challenge * secretKey), 32)),
  );
  const secrets = ordered.map(({ secretKey, r, t }) => ({ secretKey, r, t }));
  const { sumKey, binding, nonce } = context;
  const signature = combine(context, partials);
  return { ...session, secrets, sumKey, binding, nonce, challenge: context.challenge, partials, signature };
}
