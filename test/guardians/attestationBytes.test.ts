import { expect } from "chai";
import { Random } from "../../scripts/checks/vectors/random.ts";
import { attestationDigest, encodeAttestation } from "../../sdk/src/attestation.ts";
import { fromHex, toHex, type Hex } from "../../sdk/src/bytes.ts";
import { FIELD_PRIME, GROUP_ORDER } from "../../sdk/src/schnorr.ts";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { attestAs, deployWithTable, rootOf, type GuardianSetFixture } from "../helpers/guardianSet.ts";
import { NETWORK_ID, signAs, type TestGuardian } from "../helpers/network.ts";

describe("GuardianSet attestations", () => {
  describe("bytes", () => {
    let fixture: GuardianSetFixture & { readonly guardians: readonly TestGuardian[] };
    let good: Uint8Array;

    before(async () => {
      fixture = await deployWithTable(Array.from({ length: 9 }, () => 1n));
      // Bits 0 to 7 and 8: a bitmap of two bytes.
      good = fromHex(attestAs(fixture.guardians, [0, 1, 2, 3, 4, 5, 8]));
    });

    async function verdict(bytes: Uint8Array): Promise<bigint> {
      return fixture.set.serialOf(bytes);
    }

    it("accepts exactly the canonical bytes", async () => {
      expect(await verdict(good)).to.equal(1n);
      expect(good.length).to.equal(134);
    });

    it("C4 refuses a bitmap that is empty, padded, too long, or has a bit beyond the table", async () => {
      const { set, guardians } = fixture;
      const head = good.subarray(0, 132);
      const tail = good.subarray(132);
      const withBitmap = (...bitmap: number[]): Uint8Array => Uint8Array.from([...head, ...bitmap]);
      expect(await verdict(head)).to.equal(0n);
      expect(await verdict(withBitmap(0))).to.equal(0n);
      expect(await verdict(withBitmap(0, ...tail))).to.equal(0n);
      expect(await verdict(withBitmap(...Array.from({ length: 32 }, () => 0)))).to.equal(0n);
      expect(await verdict(withBitmap(...Array.from({ length: 30 }, () => 0), ...tail))).to.equal(0n);
      expect(await verdict(withBitmap(...Array.from({ length: 31 }, () => 0), ...tail))).to.equal(0n);
      expect(await verdict(withBitmap(3, 0x3f))).to.equal(0n);
      expect(await verdict(withBitmap(...Array.from({ length: 32 }, () => 255)))).to.equal(0n);
      // Also when the true bitmap is cached.
      await set.cacheSigners(1n, BigInt(toHex(tail)));
      expect(await verdict(good)).to.equal(1n);
      expect(await verdict(withBitmap(0, ...tail))).to.equal(0n);
      // And a whole table plus one more.
      const all = attestAs(guardians, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
      expect(await set.serialOf(all)).to.equal(1n);
      const more = fromHex(all);
      more[132] = 0x03;
      expect(await verdict(more)).to.equal(0n);
    });

    it("refuses every other length", async () => {
      for (const length of [0, 1, 31, 32, 33, 36, 131, 132, 133, 165, 166, 1_000]) {
        const bytes = new Uint8Array(length).fill(1);
        bytes.set(good.subarray(0, Math.min(length, good.length)));
        expect(await verdict(bytes), `length ${length}`).to.equal(0n);
      }
    });

    it("refuses every single flipped bit (every byte, one bit each)", async () => {
      for (let index = 0; index < good.length; index++) {
        const damaged = Uint8Array.from(good);
        damaged[index] = (damaged[index] ?? 0) ^ (1 << (index % 8));
        expect(await verdict(damaged), `byte ${index}`).to.equal(0n);
      }
    });

    it(`refuses random bytes and never reverts (seed ${FUZZ_SEED})`, async () => {
      const random = new Random(`attestations ${FUZZ_SEED}`);
      for (let i = 0; i < 100; i++) {
        const bytes = fromHex(random.bytes(random.between(1, 200)));
        // Half of them name the real table, so that they get past the look-up.
        if (i % 2 && bytes.length > 36) bytes.set([0, 0, 0, 1], 32);
        expect(await verdict(bytes)).to.equal(0n);
      }
    });

    it("C2 refuses signatures with coordinates or scalars out of range", async () => {
      const { guardians, set } = fixture;
      const signers = [0, 1, 2, 3, 4, 5, 6];
      const root = rootOf("range");
      const keys = signers.flatMap((index) => guardians[index] ?? []);
      const { rx, ry, s } = signAs(keys, attestationDigest(NETWORK_ID, root));
      const encode = (change: Partial<{ rx: bigint; ry: bigint; s: bigint }>): Hex =>
        encodeAttestation({ root, serial: 1, signature: { rx, ry, s, ...change }, bitmap: 0x7fn });
      expect(await set.serialOf(encode({}))).to.equal(1n);
      const max = 2n ** 256n - 1n;
      for (const change of [
        { ry: FIELD_PRIME - ry },
        { rx: FIELD_PRIME },
        { ry: FIELD_PRIME },
        { rx: max },
        { ry: max },
        { s: GROUP_ORDER },
        { s: max },
        { s: 0n },
        { rx: 0n, ry: 0n },
        { rx: 0n, ry: 0n, s: 0n },
      ]) {
        expect(await set.serialOf(encode(change))).to.equal(0n);
      }
    });
  });
});
