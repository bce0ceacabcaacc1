import { readFileSync } from "node:fs";
import { AbiCoder, keccak256, toUtf8Bytes } from "ethers";
import { expect } from "chai";
import { Random } from "../../scripts/checks/vectors/random.ts";
import {
  attestationDigest,
  bitmapOf,
  decodeAttestation,
  encodeAttestation,
  indexesOf,
  isQuorum,
} from "../../sdk/src/attestation.ts";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { possessionDigest } from "../../sdk/src/possession.ts";
import { deployGuardianSet } from "../helpers/guardianSet.ts";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { refusalCode } from "./refusal.ts";

interface DigestVector {
  readonly networkId: Hex;
  readonly root: Hex;
  readonly operator: Address;
  readonly key: { readonly x: string; readonly y: string };
  readonly digests: { readonly attestation: Hex; readonly possession: Hex };
}

interface AttestationVector {
  readonly root: Hex;
  readonly serial: number;
  readonly signature: { readonly rx: string; readonly ry: string; readonly s: string };
  readonly bitmap: string;
  readonly indexes: readonly number[];
  readonly encoded: Hex;
}

// CAST: the file is written by scripts/checks/vectors/signatures.ts
const vectors = JSON.parse(readFileSync(new URL("../vectors/signatures.json", import.meta.url), "utf8")) as {
  readonly digests: readonly DigestVector[];
  readonly attestations: readonly AttestationVector[];
};

describe("sdk attestations", () => {
  describe("digests", () => {
    for (const [index, vector] of vectors.digests.entries()) {
      it(`vector ${index}: sdk, contract and plain ABI encoding agree`, async () => {
        const { networkId, root, operator, digests } = vector;
        const key = { x: BigInt(vector.key.x), y: BigInt(vector.key.y) };
        const { set } = await deployGuardianSet({ networkId });
        expect(attestationDigest(networkId, root)).to.equal(digests.attestation);
        expect(await set.attestationDigest(root)).to.equal(digests.attestation);
        expect(possessionDigest({ networkId, operator, key })).to.equal(digests.possession);
        expect(await set.possessionDigest(operator, key)).to.equal(digests.possession);
        const type = keccak256(toUtf8Bytes("MetalayerAttestation(bytes32 networkId,bytes32 root)"));
        const words = AbiCoder.defaultAbiCoder().encode(["bytes32", "bytes32", "bytes32"], [type, networkId, root]);
        expect(keccak256(words)).to.equal(digests.attestation);
      });
    }

    it("want 32 bytes each", () => {
      const word = `0x${"11".repeat(32)}` as const;
      expect(refusalCode(() => attestationDigest("0x11", word))).to.equal("HEX_LENGTH");
      expect(refusalCode(() => attestationDigest(word, `0x${"11".repeat(20)}`))).to.equal("HEX_LENGTH");
    });
  });

  describe("bytes", () => {
    for (const [index, vector] of vectors.attestations.entries()) {
      it(`vector ${index}: signers ${vector.indexes.join(", ")}`, () => {
        const { root, serial, indexes, encoded } = vector;
        const { rx, ry, s } = vector.signature;
        const signature = { rx: BigInt(rx), ry: BigInt(ry), s: BigInt(s) };
        const bitmap = bitmapOf(indexes);
        expect(bitmap).to.equal(BigInt(vector.bitmap));
        expect(indexesOf(bitmap)).to.deep.equal([...indexes].sort((a, b) => a - b));
        expect(encodeAttestation({ root, serial, signature, bitmap })).to.equal(encoded);
        expect(decodeAttestation(encoded)).to.deep.equal({ root, serial, signature, bitmap });
      });
    }

    it(`decode to what was encoded, and back (seed ${FUZZ_SEED})`, () => {
      const random = new Random(`attestations ${FUZZ_SEED}`);
      for (let i = 0; i < 200; i++) {
        const attestation = {
          root: random.hash(),
          serial: Number(random.uint(32)),
          signature: { rx: random.uint(256), ry: random.uint(256), s: random.uint(256) },
          bitmap: random.uint(random.between(1, 257)) | 1n,
        };
        const encoded = encodeAttestation(attestation);
        expect(decodeAttestation(encoded)).to.deep.equal(attestation);
        expect(encodeAttestation(decodeAttestation(encoded))).to.equal(encoded);
      }
    });

    it("C4 other lengths and a padded bitmap are refused", () => {
      const { encoded } = vectors.attestations[0] ?? {};
      if (!encoded) throw new Error("no vector");
      const head = encoded.slice(0, 2 + 2 * 132);
      for (const text of ["0x", head, `${head}00`, `${head}0001`, `${head}${"ff".repeat(33)}`]) {
        // CAST: hex was put together
        expect(refusalCode(() => decodeAttestation(text as Hex))).to.equal("ATTESTATION_MALFORMED");
      }
      const attestation = decodeAttestation(encoded);
      expect(refusalCode(() => encodeAttestation({ ...attestation, bitmap: 0n }))).to.equal("ATTESTATION_MALFORMED");
      expect(refusalCode(() => encodeAttestation({ ...attestation, bitmap: 1n << 256n }))).to.equal(
        "VALUE_OUT_OF_RANGE",
      );
      expect(refusalCode(() => encodeAttestation({ ...attestation, serial: 2 ** 32 }))).to.equal("VALUE_OUT_OF_RANGE");
    });
  });

  describe("bitmapOf", () => {
    it("C4 refuses nobody, the same guardian twice, and places beyond 255", () => {
      for (const indexes of [[], [3, 3], [-1], [256], [1.5]]) {
        expect(refusalCode(() => bitmapOf(indexes))).to.equal("SIGNERS_INVALID");
      }
      expect(bitmapOf([255, 0])).to.equal((1n << 255n) | 1n);
      expect(indexesOf(0n)).to.deep.equal([]);
    });
  });

  describe("isQuorum", () => {
    it("C4 is strictly more than two thirds, for every weight of every total up to 60", () => {
      for (let total = 0n; total <= 60n; total++) {
        for (let weight = 0n; weight <= total; weight++) {
          expect(isQuorum(weight, total)).to.equal(Number(weight) > (2 * Number(total)) / 3);
        }
      }
      expect(isQuorum(0n, 0n)).to.equal(false);
    });
  });
});
