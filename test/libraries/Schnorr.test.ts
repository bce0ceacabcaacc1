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

/** Test vectors of BIP-340 with 32-byte messages (bip-0340/test-vectors.csv, indexes 0 to 14). */
const BIP340: readonly {
  readonly index: number;
  readonly key: Hex;
  readonly message: Hex;
  readonly signature: Hex;
  readonly valid: boolean;
  readonly why: string;
}[] = [
  {
    index: 0,
    key: "0xf9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9",
    message: "0x0000000000000000000000000000000000000000000000000000000000000000",
    signature:
      "0xe907831f80848d1069a5371b402410364bdf1c5f8307b0084c55f1ce2dca821525f66a4a85ea8b71e482a74f382d2ce5ebeee8fdb2172f477df4900d310536c0",
    valid: true,
    why: "",
  },
  {
    index: 1,
    key: "0xdff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659",
    message: "0x243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89",
    signature:
      "0x6896bd60eeae296db48a229ff71dfe071bde413e6d43f917dc8dcf8c78de33418906d11ac976abccb20b091292bff4ea897efcb639ea871cfa95f6de339e4b0a",
    valid: true,
    why: "",
  },
  {
    index: 2,
    key: "0xdd308afec5777e13121fa72b9cc1b7cc0139715309b086c960e18fd969774eb8",
    message: "0x7e2d58d8b3bcdf1abadec7829054f90dda9805aab56c77333024b9d0a508b75c",
    signature:
      "0x5831aaeed7b44bb74e5eab94ba9d4294c49bcf2a60728d8b4c200f50dd313c1bab745879a5ad954a72c45a91c3a51d3c7adea98d82f8481e0e1e03674a6f3fb7",
    valid: true,
    why: "",
  },
  {
    index: 3,
    key: "0x25d1dff95105f5253c4022f628a996ad3a0d95fbf21d468a1b33f8c160d8f517",
    message: "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    signature:
      "0x7eb0509757e246f19449885651611cb965ecc1a187dd51b64fda1edc9637d5ec97582b9cb13db3933705b32ba982af5af25fd78881ebb32771fc5922efc66ea3",
    valid: true,
    why: "",
  },
  {
    index: 4,
    key: "0xd69c3509bb99e412e68b0fe8544e72837dfa30746d8be2aa65975f29d22dc7b9",
    message: "0x4df3c3f68fcc83b27e9d42c90431a72499f17875c81a599b566c9889b9696703",
    signature:
      "0x00000000000000000000003b78ce563f89a0ed9414f5aa28ad0d96d6795f9c6376afb1548af603b3eb45c9f8207dee1060cb71c04e80f593060b07d28308d7f4",
    valid: true,
    why: "",
  },
  {
    index: 5,
    key: "0xeefdea4cdb677750a420fee807eacf21eb9898ae79b9768766e4faa04a2d4a34",
    message: "0x243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89",
    signature:
      "0x6cff5c3ba86c69ea4b7376f31a9bcb4f74c1976089b2d9963da2e5543e17776969e89b4c5564d00349106b8497785dd7d1d713a8ae82b32fa79d5f7fc407d39b",
    valid: false,
    why: ": key not on the curve",
  },
  {
    index: 6,
    key: "0xdff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659",
    message: "0x243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89",
    signature:
      "0xfff97bd5755eeea420453a14355235d382f6472f8568a18b2f057a14602975563cc27944640ac607cd107ae10923d9ef7a73c643e166be5ebeafa34b1ac553e2",
    valid: false,
    why: ": R.y odd",
  },
  {
    index: 7,
    key: "0xdff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659",
    message: "0x243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89",
    signature:
      "0x1fa62e331edbc21c394792d2ab1100a7b432b013df3f6ff4f99fcb33e0e1515f28890b3edb6e7189b630448b515ce4f8622a954cfe545735aaea5134fccdb2bd",
    valid: false,
    why: ": message negated",
  },
  {
    index: 8,
    key: "0xdff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659",
    message: "0x243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89",
    signature:
      "0x6cff5c3ba86c69ea4b7376f31a9bcb4f74c1976089b2d9963da2e5543e177769961764b3aa9b2ffcb6ef947b6887a226e8d7c93e00c5ed0c1834ff0d0c2e6da6",
    valid: false,
    why: ": s negated",
  },
  {
    index: 9,
    key: "0xdff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659",
    message: "0x243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89",
    signature:
      "0x0000000000000000000000000000000000000000000000000000000000000000123dda8328af9c23a94c1feecfd123ba4fb73476f0d594dcb65c6425bd186051",
    valid: false,
    why: ": sG − eP infinite, R.x = 0",
  },
  {
    index: 10,
    key: "0xdff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659",
    message: "0x243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89",
    signature:
      "0x00000000000000000000000000000000000000000000000000000000000000017615fbaf5ae28864013c099742deadb4dba87f11ac6754f93780d5a1837cf197",
    valid: false,
    why: ": sG − eP infinite, R.x = 1",
  },
  {
    index: 11,
    key: "0xdff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659",
    message: "0x243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89",
    signature:
      "0x4a298dacae57395a15d0795ddbfd1dcb564da82b0f269bc70a74f8220429ba1d69e89b4c5564d00349106b8497785dd7d1d713a8ae82b32fa79d5f7fc407d39b",
    valid: false,
    why: ": R.x on no point",
  },
  {
    index: 12,
    key: "0xdff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659",
    message: "0x243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89",
    signature:
      "0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f69e89b4c5564d00349106b8497785dd7d1d713a8ae82b32fa79d5f7fc407d39b",
    valid: false,
    why: ": R.x = p",
  },
  {
    index: 13,
    key: "0xdff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659",
    message: "0x243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89",
    signature:
      "0x6cff5c3ba86c69ea4b7376f31a9bcb4f74c1976089b2d9963da2e5543e177769fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
    valid: false,
    why: ": s = n",
  },
  {
    index: 14,
    key: "0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc30",
    message: "0x243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89",
    signature:
      "0x6cff5c3ba86c69ea4b7376f31a9bcb4f74c1976089b2d9963da2e5543e17776969e89b4c5564d00349106b8497785dd7d1d713a8ae82b32fa79d5f7fc407d39b",
    valid: false,
    why: ": key beyond p",
  },
];

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

    for (const { index, key, message, signature, valid, why } of BIP340) {
      it(`follows BIP-340 test vector ${index}${why}`, async () => {
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
      expect(gas).to.be.lessThan(4_400n);
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
