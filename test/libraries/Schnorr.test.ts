import { readFileSync } from "node:fs";
import { schnorr, secp256k1 } from "@noble/curves/secp256k1.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { expect } from "chai";
import hre from "hardhat";
import { Random } from "../../scripts/checks/vectors/random.ts";
import { concatBytes, fromHex, keccak, toHex, uintBytes, type Hex } from "../../sdk/src/bytes.ts";
import {
  challenge,
  CHALLENGE_TAG,
  FIELD_PRIME,
  GROUP_ORDER,
  isEven,
  liftX,
  modN,
  POSSESSION_TAG,
  publicKey,
  verifySchnorr,
  type Signature,
} from "../../sdk/src/schnorr.ts";
import {
  SignatureHarness__factory,
  UncheckedCurveVerifier__factory,
  type SignatureHarness,
} from "../../typechain-types/index.js";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { expectGas } from "../helpers/gas.ts";

interface VectorCase {
  readonly name: string;
  readonly tag: string;
  readonly px: string;
  readonly message: Hex;
  readonly signature: { readonly rx: string; readonly ry: string; readonly s: string };
  readonly valid: boolean;
}

// CAST: the file is written by scripts/checks/vectors/signatures.ts
const vectors = JSON.parse(readFileSync(new URL("../vectors/signatures.json", import.meta.url), "utf8")) as {
  readonly schnorr: readonly VectorCase[];
};

/** Test vectors of BIP-340 itself. */
// CAST: the file is committed with this shape
const bip340 = JSON.parse(readFileSync(new URL("../vectors/bip340.json", import.meta.url), "utf8")) as {
  readonly vectors: readonly {
    readonly index: number;
    readonly key: Hex;
    readonly message: Hex;
    readonly signature: Hex;
    readonly valid: boolean;
    readonly why: string;
  }[];
};

describe("Schnorr", () => {
  let harness: SignatureHarness;

  before(async () => {
    const { ethers } = await hre.network.create("rollupA");
    const account = await ethers.provider.getSigner(0);
    harness = await new SignatureHarness__factory(account).deploy();
  });

  async function onChain(px: bigint, message: Hex, { rx, ry, s }: Signature, tag = CHALLENGE_TAG): Promise<boolean> {
    if (tag === POSSESSION_TAG) return harness.verifyPossession(px, message, rx, ry, s);
    return (await harness.verify(px, message, rx, ry, s)).valid;
  }

  it("has the hashes of the two tags as constants", async () => {
    const hashOf = (tag: string): Hex => toHex(sha256(new TextEncoder().encode(tag)));
    expect(await harness.tags()).to.deep.equal([hashOf("BIP0340/challenge"), hashOf("Metalayer/possession")]);
  });

  describe("verify", () => {
    for (const { name, tag, px, message, signature, valid } of vectors.schnorr) {
      it(`${valid ? "accepts" : "C2 C7 refuses"}: ${name} (vector)`, async () => {
        const numbers = { rx: BigInt(signature.rx), ry: BigInt(signature.ry), s: BigInt(signature.s) };
        expect(await onChain(BigInt(px), message, numbers, tag)).to.equal(valid);
        expect(verifySchnorr(BigInt(px), message, numbers, tag)).to.equal(valid);
      });
    }

    for (const { index, key, message, signature, valid, why } of bip340.vectors) {
      it(`follows BIP-340 test vector ${index}: ${why === "" ? "valid" : why}`, async () => {
        const [px, rx, s] = [BigInt(key), BigInt(signature.slice(0, 66)), BigInt(`0x${signature.slice(66)}`)];
        expect(schnorr.verify(fromHex(signature), fromHex(message), fromHex(key))).to.equal(valid);
        // BIP-340 lifts R.x itself. Every R.y that a caller could try: both square roots, and any number if there is none.
        const candidates = evenRoots(rx).flatMap((y) => [y, FIELD_PRIME - y]);
        const verdicts = await Promise.all([...candidates, 2n].map((ry) => onChain(px, message, { rx, ry, s })));
        expect(verdicts.filter(Boolean).length).to.equal(valid ? 1 : 0);
        expect([...candidates, 2n].map((ry) => verifySchnorr(px, message, { rx, ry, s }))).to.deep.equal(verdicts);
      });
    }

    it(`agrees with an independent BIP-340 implementation, keys of both parities (seed ${FUZZ_SEED})`, async () => {
      const random = new Random(`schnorr ${FUZZ_SEED}`);
      const seen = new Set<boolean>();
      for (let i = 0; i < 60; i++) {
        const secret = random.uint(255);
        const secretKey = uintBytes("secret", secret, 32);
        const message = random.hash();
        const signature = schnorr.sign(fromHex(message), secretKey, fromHex(random.hash()));
        const px = BigInt(toHex(schnorr.getPublicKey(secretKey)));
        const [rx, s] = [BigInt(toHex(signature.subarray(0, 32))), BigInt(toHex(signature.subarray(32)))];
        const even = { rx, ry: liftX(rx).y, s };
        expect(await onChain(px, message, even)).to.equal(true);
        expect(verifySchnorr(px, message, even)).to.equal(true);

        const damaged = { ...even, s: s ^ (1n << BigInt(random.between(0, 250))) };
        const bytes = concatBytes([uintBytes("rx", rx, 32), uintBytes("s", damaged.s, 32)]);
        expect(await onChain(px, message, damaged)).to.equal(
          schnorr.verify(bytes, fromHex(message), uintBytes("px", px, 32)),
        );
        seen.add(isEven(publicKey(secret)));
      }
      expect(seen.size).to.equal(2);
    });

    it("C7 accepts one encoding only: no other R.y, and no s beyond the group order", async () => {
      const { px, message, signature } = known();
      const { rx, ry, s } = signature;
      expect(await onChain(px, message, signature)).to.equal(true);
      const others = [
        { rx, ry: FIELD_PRIME - ry, s },
        { rx, ry: FIELD_PRIME - ry, s: GROUP_ORDER - s },
        { rx, ry, s: GROUP_ORDER - s },
        ...(s + GROUP_ORDER < 1n << 256n ? [{ rx, ry, s: s + GROUP_ORDER }] : []),
      ];
      for (const other of others) expect(await onChain(px, message, other)).to.equal(false);
    });

    it("R6 a verifier without the curve check is forged through a free R.y; this one is not", async () => {
      const { ethers } = await hre.network.create("rollupA");
      const account = await ethers.provider.getSigner(0);
      const unchecked = await new UncheckedCurveVerifier__factory(account).deploy();
      const BITS = 24;
      // The attacker knows the key's x-coordinate and no secret.
      const px = publicKey(123_456_789n).x;
      const message = keccak(new TextEncoder().encode("forged"));
      const { forged, steps } = forge(px, message, BITS);
      console.log(`        forged at ${BITS} bits after ${steps} steps, 2^${Math.log2(steps).toFixed(1)}`);

      const { rx, ry, s } = forged;
      expect(await unchecked.verify(false, BITS, px, message, rx, ry, s)).to.equal(true);
      expect(await unchecked.verify(true, BITS, px, message, rx, ry, s)).to.equal(false);
      expect(await onChain(px, message, forged)).to.equal(false);
      expect(verifySchnorr(px, message, forged)).to.equal(false);
    });

    it("EXPLOITS 6 zero in any place never authorises", async () => {
      const { px, message, signature } = known();
      const zeroes = ["rx", "ry", "s"].map((name) => ({ ...signature, [name]: 0n }));
      for (const zero of zeroes) expect(await onChain(px, message, zero)).to.equal(false);
      expect(await onChain(0n, message, signature)).to.equal(false);
      expect(await onChain(0n, message, { rx: 0n, ry: 0n, s: 0n })).to.equal(false);
    });

    it("costs about 4.1k gas", async () => {
      const { px, message, signature } = known();
      const { valid, gas } = await harness.verify(px, message, signature.rx, signature.ry, signature.s);
      console.log(`        curve check, challenge and ecrecover: ${gas} gas`);
      expect(valid).to.equal(true);
      expectGas(gas, 4_400n);
    });
  });

  describe("verifyPossession", () => {
    it("C9 takes no signature for a proof and no proof for a signature", async () => {
      for (const tag of [CHALLENGE_TAG, POSSESSION_TAG]) {
        const { px, message, signature } = known(tag);
        for (const other of [CHALLENGE_TAG, POSSESSION_TAG]) {
          expect(await onChain(px, message, signature, other)).to.equal(tag === other);
        }
      }
    });
  });
});

/** A valid signature from fixed secrets. */
function known(tag = CHALLENGE_TAG): { readonly px: bigint; readonly message: Hex; readonly signature: Signature } {
  const message = keccak(new TextEncoder().encode("known"));
  const key = publicKey(7n);
  const d = isEven(key) ? 7n : GROUP_ORDER - 7n;
  const r = isEven(publicKey(11n)) ? 11n : GROUP_ORDER - 11n;
  const R = publicKey(r);
  const s = modN(r + challenge(tag, R.x, key.x, message) * d);
  return { px: key.x, message, signature: { rx: R.x, ry: R.y, s } };
}

/** Birthday search: for one R.x, many s on one side and many R.y, on no curve, on the other, until addresses meet. */
function forge(px: bigint, message: Hex, bits: number): { readonly forged: Signature; readonly steps: number } {
  const mask = (1n << BigInt(bits)) - 1n;
  const short = (x: bigint, y: bigint): bigint =>
    BigInt(keccak(concatBytes([uintBytes("x", x, 32), uintBytes("y", y, 32)]))) & mask;
  const rx = publicKey(987_654_321n).x;
  const e = challenge(CHALLENGE_TAG, rx, px, message);
  const { x, y } = liftX(px);
  let point = secp256k1.Point.fromAffine({ x, y }).multiply(modN(-e));
  const bySignature = new Map<bigint, bigint>();
  const byRy = new Map<bigint, bigint>();
  for (let step = 1n; step < 1n << 16n; step++) {
    point = point.add(secp256k1.Point.BASE);
    const q = point.toAffine();
    const [left, ry] = [short(q.x, q.y), 2n * step];
    const right = short(rx, ry);
    bySignature.set(left, step);
    byRy.set(right, ry);
    const [metRy, metS] = [byRy.get(left), bySignature.get(right)];
    if (metRy !== undefined) return { forged: { rx, ry: metRy, s: step }, steps: 2 * Number(step) };
    if (metS !== undefined) return { forged: { rx, ry, s: metS }, steps: 2 * Number(step) };
  }
  throw new Error("no collision found");
}

/** The even y with this x, if x is on the curve. */
function evenRoots(x: bigint): bigint[] {
  try {
    return [liftX(x).y];
  } catch {
    return [];
  }
}
