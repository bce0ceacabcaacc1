import { expect } from "chai";
import { attestationDigest, encodeAttestation, isQuorum } from "../../sdk/src/attestation.ts";
import { fromHex, type Hex } from "../../sdk/src/bytes.ts";
import { GROUP_ORDER, modN, publicKey } from "../../sdk/src/schnorr.ts";
import { NETWORK_ID, signAs, testGuardians } from "../helpers/network.ts";
import {
  admitAll,
  attestAs,
  deployGuardianSet,
  deployWithTable,
  NEVER,
  guardianOf,
  rootOf,
  type GuardianSetFixture,
} from "../helpers/guardianSet.ts";

/** Positions of the set bits. */
function positions(bitmap: number): number[] {
  return Array.from({ length: 32 }, (_, index) => index).filter((index) => (bitmap >> index) & 1);
}

describe("GuardianSet attestations", () => {
  describe("quorum", () => {
    const models: readonly (readonly bigint[])[] = [
      [1n, 1n, 1n, 1n],
      [1n, 1n, 1n, 1n, 1n],
      [1n, 1n, 1n, 1n, 1n, 1n],
      [2n, 2n, 1n, 1n, 1n],
      [3n, 3n, 3n, 1n],
      [5n, 4n, 3n, 2n, 2n, 0n],
      [1n, 2n, 3n, 4n, 5n, 6n],
    ];
    for (const weights of models) {
      it(`C4 holds for exactly the signer sets above two thirds, of all there are: weights ${weights.join(", ")}`, async () => {
        const { set, guardians } = await deployWithTable(weights);
        const { totalWeight } = await set.table(1n);
        const counted = (await set.guardians(1n, 0n, 256n)).map(({ weight }) => weight);
        const required = await set.quorumWeight(1n);
        expect(isQuorum(required, totalWeight) && !isQuorum(required - 1n, totalWeight)).to.equal(true);
        for (let bitmap = 1; bitmap < 1 << weights.length; bitmap++) {
          const signers = positions(bitmap);
          const weight = signers.reduce((total, index) => total + (counted[index] ?? 0n), 0n);
          const expected = isQuorum(weight, totalWeight) ? 1n : 0n;
          expect(await set.serialOf(attestAs(guardians, signers)), `signers ${String(signers)}`).to.equal(expected);
        }
      });
    }

    it("C4 sizes 4 to 130: the least sufficient number of equal signers passes, one less does not", async function () {
      this.timeout(300_000);
      const fixture = await deployGuardianSet();
      const { set } = fixture;
      const guardians = testGuardians(130);
      await admitAll(fixture, guardians, []);
      let weighted = 0;
      for (const size of [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 33, 64, 66, 67, 99, 100, 127, 128, 129, 130]) {
        for (; weighted < size; weighted++) await set.admit(guardians[weighted]?.operator ?? "", 1n, NEVER);
        await set.forceRotation();
        const serial = await set.currentSerial();
        const enough = Math.floor((2 * size) / 3) + 1;
        expect(await set.quorumWeight(serial)).to.equal(BigInt(enough));
        const first = (count: number): bigint => (1n << BigInt(count)) - 1n;
        await expect(set.cacheSigners.staticCall(serial, first(enough - 1)))
          .to.be.revertedWithCustomError(set, "GuardianSetNoQuorum")
          .withArgs(BigInt(enough - 1), BigInt(enough));
        expect(await set.cacheSigners.staticCall(serial, first(enough))).to.be.greaterThan(0n);
        // Members without weight add their keys, not weight.
        if (size < 130) {
          const padded = first(enough - 1) | (1n << 129n);
          await expect(set.cacheSigners.staticCall(serial, padded)).to.be.revertedWithCustomError(
            set,
            "GuardianSetNoQuorum",
          );
        }
      }
    });
  });

  describe("signers", () => {
    it("EXPLOITS 1 9 signatures by keys that are in no table are refused, whatever bitmap and serial they claim", async () => {
      const { set } = await deployWithTable([1n, 1n, 1n, 1n]);
      const strangers = testGuardians(12).slice(8);
      for (const serial of [0, 1, 2]) {
        expect(await set.serialOf(attestAs(strangers, [0, 1, 2, 3], { serial }))).to.equal(0n);
      }
    });

    it("EXPLOITS 1 keys registered but never admitted, and admitted but not rotated in, are refused", async () => {
      const fixture = await deployWithTable([1n, 1n, 1n, 1n]);
      const late = testGuardians(8).slice(4);
      await admitAll(fixture, late, [9n, 9n, 9n, 9n]);
      expect(await fixture.set.serialOf(attestAs(late, [0, 1, 2, 3]))).to.equal(0n);
      await fixture.set.forceRotation();
      expect(await fixture.set.serialOf(attestAs(testGuardians(8), [4, 5, 6, 7], { serial: 2 }))).to.equal(2n);
    });

    it("C4 one guardian cannot stand for two: signing twice gives no signature of the pair", async () => {
      const { set, guardians } = await deployWithTable([1n, 1n, 1n, 1n]);
      const [a, b] = guardians;
      if (!a || !b) throw new Error("four guardians");
      const root = rootOf("twice");
      const signature = signAs([a, a, b], attestationDigest(NETWORK_ID, root));
      for (let bitmap = 1n; bitmap < 16n; bitmap++) {
        expect(await set.serialOf(encodeAttestation({ root, serial: 1, signature, bitmap }))).to.equal(0n);
      }
    });

    it("wrong hints: a signature of three is refused under every other bitmap and serial", async () => {
      const { set, guardians } = await deployWithTable([1n, 1n, 1n, 1n, 1n]);
      const root = rootOf("hints");
      const signers = guardians.slice(0, 4);
      const signature = signAs(signers, attestationDigest(NETWORK_ID, root));
      for (let bitmap = 1n; bitmap < 32n; bitmap++) {
        const expected = bitmap === 15n ? 1n : 0n;
        expect(await set.serialOf(encodeAttestation({ root, serial: 1, signature, bitmap }))).to.equal(expected);
        expect(await set.serialOf(encodeAttestation({ root, serial: 2, signature, bitmap }))).to.equal(0n);
      }
    });

    it("R22 a set whose sum is infinity is refused and cannot be cached; supersets and subsets are right", async () => {
      // k4 = −(k1 + k2 + k3): possible for one owner of all, each key honestly proven.
      const secrets = [3n, 8n, 21n, GROUP_ORDER - 32n, 77n, 91n];
      const guardians = secrets.map((secret, index) => guardianOf(secret, publicKey(secret), `subset ${index}`));
      const fixture = await deployGuardianSet();
      await admitAll(fixture, guardians, [5n, 5n, 5n, 5n, 1n, 1n]);
      const { set } = fixture;
      await set.rotate();
      const { totalWeight } = await set.table(1n);
      expect([totalWeight, isQuorum(20n, totalWeight)]).to.deep.equal([22n, true]);
      await expect(set.cacheSigners(1n, 15n))
        .to.be.revertedWithCustomError(set, "GuardianSetUnusableSum")
        .withArgs(1n, 15n);
      const anySignature = signAs(guardians.slice(0, 2), attestationDigest(NETWORK_ID, rootOf("root")));
      const encoded = encodeAttestation({ root: rootOf("root"), serial: 1, signature: anySignature, bitmap: 15n });
      expect(await set.serialOf(encoded)).to.equal(0n);
      expect(await set.serialOf(attestAs(guardians, [0, 1, 2, 3, 4]))).to.equal(1n);
      expect(await set.serialOf(attestAs(guardians, [0, 1, 2, 4]))).to.equal(isQuorum(16n, 22n) ? 1n : 0n);
      expect(await set.serialOf(attestAs(guardians, [0, 1, 2, 4, 5]))).to.equal(isQuorum(17n, 22n) ? 1n : 0n);
    });

    it("R22 with K3 = K1 + K2 every set of signers is summed rightly, by adding and by subtracting", async () => {
      const secrets = [3n, 8n, 11n, 19n, 30n];
      const guardians = secrets.map((secret, index) => guardianOf(secret, publicKey(secret), `sums ${index}`));
      const fixture = await deployGuardianSet();
      await admitAll(fixture, guardians, [1n, 1n, 1n, 1n, 1n]);
      await fixture.set.rotate();
      for (let bitmap = 1; bitmap < 32; bitmap++) {
        const signers = positions(bitmap);
        const expected = signers.length >= 4 ? 1n : 0n;
        expect(await fixture.set.serialOf(attestAs(guardians, signers)), String(signers)).to.equal(expected);
      }
      // One signature, two readings: {K1, K2, …} and {K3, …} have one sum; neither reading gets around the quorum.
      const root = rootOf("two readings");
      const signature = signAs(
        [2, 3, 4].flatMap((i) => guardians[i] ?? []),
        attestationDigest(NETWORK_ID, root),
      );
      const read = async (bitmap: bigint): Promise<bigint> =>
        fixture.set.serialOf(encodeAttestation({ root, serial: 1, signature, bitmap }));
      expect([await read(0b11100n), await read(0b11011n)]).to.deep.equal([0n, 1n]);
    });
  });

  describe("cacheSigners", () => {
    it("stores the sum key of a quorum once, for anyone, and serialOf then gives the same verdicts", async () => {
      const { set, anyone, guardians } = await deployWithTable([1n, 1n, 1n, 1n]);
      const by = (...signers: number[]): Hex => attestAs(guardians, signers);
      const x = publicKey(modN(guardians.slice(0, 3).reduce((total, { secret }) => total + secret, 0n))).x;
      await expect(set.connect(anyone).cacheSigners(1n, 7n)).to.emit(set, "SignersCached").withArgs(1n, 7n, x);
      expect(await set.cachedSigners(1n, 7n)).to.equal(x);
      await expect(set.cacheSigners(1n, 7n)).not.to.emit(set, "SignersCached");
      expect(await set.serialOf(by(0, 1, 2))).to.equal(1n);
      const damaged = fromHex(by(0, 1, 2));
      damaged[0] = (damaged[0] ?? 0) ^ 1;
      expect(await set.serialOf(damaged)).to.equal(0n);
      // The cached entry says nothing about other signers.
      expect(await set.serialOf(by(0, 1, 3))).to.equal(1n);
      expect(await set.serialOf(by(0, 1))).to.equal(0n);
    });

    it("R22 C4 stores nothing below the quorum, for unknown signers, for none, or for an unknown table", async () => {
      const { set } = await deployWithTable([1n, 1n, 1n, 1n]);
      await expect(set.cacheSigners(1n, 3n)).to.be.revertedWithCustomError(set, "GuardianSetNoQuorum").withArgs(2n, 3n);
      await expect(set.cacheSigners(1n, 0n)).to.be.revertedWithCustomError(set, "GuardianSetNoQuorum").withArgs(0n, 3n);
      for (const bitmap of [16n, 31n, 2n ** 256n - 1n]) {
        await expect(set.cacheSigners(1n, bitmap))
          .to.be.revertedWithCustomError(set, "GuardianSetUnknownSigners")
          .withArgs(bitmap);
      }
      for (const serial of [0n, 2n]) {
        await expect(set.cacheSigners(serial, 15n))
          .to.be.revertedWithCustomError(set, "GuardianSetTableNotAccepted")
          .withArgs(serial);
      }
    });
  });

  describe("gas", () => {
    it("is the same for 4 and 100 guardians when cached, and bounded when not", async function () {
      this.timeout(300_000);
      const rows: (readonly [string, bigint])[] = [];
      for (const size of [4, 100]) {
        const fixture = await deployWithTable(Array.from({ length: size }, () => 1n));
        const { set, guardians } = fixture;
        const counts = size === 4 ? [3, 4] : [67, 68, 80, 100];
        for (const count of counts) {
          const signers = Array.from({ length: count }, (_, index) => index);
          const bitmap = (1n << BigInt(count)) - 1n;
          const attestation = attestAs(guardians, signers);
          rows.push([`${count} of ${size}, not cached`, await execution(fixture, attestation)]);
          const receipt = await (await set.cacheSigners(1n, bitmap)).wait();
          rows.push([`${count} of ${size}, cached`, await execution(fixture, attestation)]);
          rows.push([`${count} of ${size}, transaction that caches`, receipt?.gasUsed ?? 0n]);
        }
      }
      for (const [name, gas] of rows) console.log(`        ${name}: ${gas} gas`);
      const cached = rows.filter(([name]) => name.endsWith(", cached")).map(([, gas]) => gas);
      expect(cached.reduce((a, b) => (a > b ? a : b)) - cached.reduce((a, b) => (a < b ? a : b))).to.be.lessThan(200n);
    });
  });
});

/** Gas of `serialOf` through the proxy, from a receipt, without the transaction's base cost and calldata. */
async function execution({ set, governor }: GuardianSetFixture, attestation: Hex): Promise<bigint> {
  const data = set.interface.encodeFunctionData("serialOf", [attestation]);
  const receipt = await (await governor.sendTransaction({ to: set, data })).wait();
  // CAST: ethers returns hex
  const calldata = fromHex(data as Hex).reduce((sum, byte) => sum + (byte === 0 ? 4n : 16n), 0n);
  return (receipt?.gasUsed ?? 0n) - 21_000n - calldata;
}
