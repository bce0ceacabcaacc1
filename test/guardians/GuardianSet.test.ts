import { expect } from "chai";
import { getAddress } from "ethers";
import { GuardianSet__factory } from "../../typechain-types/index.js";
import { NETWORK_ID, testGuardians } from "../helpers/network.ts";
import {
  admitAll,
  attestAs,
  deployGuardianSet,
  deployWithTable,
  moveTo,
  NEVER,
  nextAt,
  registerKey,
} from "../helpers/guardianSet.ts";

const EQUAL = [1n, 1n, 1n, 1n];
const ALL = [0, 1, 2, 3];

describe("GuardianSet", () => {
  describe("initialize", () => {
    it("runs once, and never on an implementation", async () => {
      const { set, manager, weights, governor, slashing } = await deployGuardianSet();
      const authority = await manager.getAddress();
      await expect(set.initialize(authority, 60n, 10n)).to.be.revertedWithCustomError(set, "InvalidInitialization");
      const code = await new GuardianSet__factory(governor).deploy(NETWORK_ID, weights, slashing);
      await expect(code.initialize(authority, 60n, 10n)).to.be.revertedWithCustomError(code, "InvalidInitialization");
    });

    it("leaves a set without table, in which nothing verifies", async () => {
      const { set, networkId, weights, epochLength, grace } = await deployGuardianSet();
      expect(await set.networkId()).to.equal(networkId);
      expect(await set.staking()).to.equal(await weights.getAddress());
      expect(await set.settings()).to.deep.equal([BigInt(epochLength), BigInt(grace)]);
      expect(await set.currentSerial()).to.equal(0n);
      expect(await set.epoch()).to.deep.equal([0n, 0n, 0n, 0n, 0n]);
      expect(await set.guardians(0n, 0n, 10n)).to.deep.equal([]);
      for (const serial of [0, 1]) {
        expect(await set.isAccepted(serial)).to.equal(false);
        expect(await set.serialOf(attestAs(testGuardians(4), ALL, { serial }))).to.equal(0n);
        await expect(set.cacheSigners(serial, 15n))
          .to.be.revertedWithCustomError(set, "GuardianSetTableNotAccepted")
          .withArgs(serial);
        await expect(set.quorumWeight(serial))
          .to.be.revertedWithCustomError(set, "GuardianSetUnknownTable")
          .withArgs(serial);
      }
    });

    it("is upgraded by governance alone", async () => {
      const { set, weights, anyone, governor, slashing } = await deployGuardianSet();
      const next = await new GuardianSet__factory(governor).deploy(NETWORK_ID, weights, slashing);
      await expect(set.connect(anyone).upgradeToAndCall(next, "0x"))
        .to.be.revertedWithCustomError(set, "AccessManagedUnauthorized")
        .withArgs(await anyone.getAddress());
      await expect(set.upgradeToAndCall(next, "0x"))
        .to.emit(set, "Upgraded")
        .withArgs(await next.getAddress());
    });
  });

  describe("rotate", () => {
    it("EXPLOITS 38 C6 forms no table from nobody, nor from fewer than four with weight", async () => {
      const fixture = await deployGuardianSet();
      const { set } = fixture;
      const guardians = testGuardians(6);
      await expect(set.rotate()).to.be.revertedWithCustomError(set, "GuardianSetTooFewGuardians").withArgs(0n);
      await admitAll(fixture, guardians, [1_000n, 1_000n, 1_000n, 0n, 0n, 0n]);
      await expect(set.rotate()).to.be.revertedWithCustomError(set, "GuardianSetTooFewGuardians").withArgs(3n);
      await set.admit(guardians[3]?.operator ?? "", 1n, NEVER);
      await expect(set.rotate()).to.emit(set, "TableRotated");
    });

    it("freezes keys and limited weights, tells everything in its event, and pages them", async () => {
      const fixture = await deployGuardianSet();
      const { set, anyone, epochLength } = fixture;
      const guardians = testGuardians(5);
      await admitAll(fixture, guardians, [100n, 10n, 5n, 5n, 0n]);
      const now = BigInt(await fixture.connection.networkHelpers.time.latest()) + 100n;
      await nextAt(fixture, now);
      const tx = await set.connect(anyone).rotate();
      const { code, count, totalWeight } = await set.table(1n);
      // 3·100 ≥ 120: C = (20 − 1)/2 = 9 < 10, hence C = 10 − 1 = 9 for both: 9, 9, 5, 5.
      await expect(tx)
        .to.emit(set, "TableRotated")
        .withArgs(1n, code, 5n, 28n, 9n, now, 0n, now + 2n * BigInt(epochLength));
      expect([count, totalWeight]).to.deep.equal([5n, 28n]);
      expect(await set.quorumWeight(1n)).to.equal(19n);
      const page = await set.guardians(1n, 0n, 256n);
      expect(page.map(({ index, operator, weight }) => [index, operator, weight])).to.deep.equal(
        [9n, 9n, 5n, 5n, 0n].map((weight, i) => [BigInt(i), getAddress(guardians[i]?.operator ?? ""), weight]),
      );
      expect(page.map(({ key }) => key.x)).to.deep.equal(guardians.map(({ key }) => key.x));
      expect((await set.guardians(1n, 3n, 1n)).map(({ index }) => index)).to.deep.equal([3n]);
      expect((await set.guardians(1n, 3n, 2n ** 256n - 1n)).length).to.equal(2);
      expect(await set.guardians(1n, 5n, 10n)).to.deep.equal([]);
      expect(await set.guardians(2n, 0n, 10n)).to.deep.equal([]);
    });

    it("waits for the epoch's end, then anyone may", async () => {
      const fixture = await deployWithTable(EQUAL);
      const { set, anyone } = fixture;
      const { start } = await set.epoch();
      await nextAt(fixture, start + 3_599n);
      await expect(set.connect(anyone).rotate())
        .to.be.revertedWithCustomError(set, "GuardianSetTooEarly")
        .withArgs(start + 3_600n);
      await nextAt(fixture, start + 3_600n);
      await expect(set.connect(anyone).rotate()).to.emit(set, "TableRotated");
      expect(await set.epoch()).to.deep.equal([2n, 1n, start + 3_600n, start + 4_200n, start + 3_600n + 7_200n]);
    });

    it("R16 C5 counts stake as it stands at the rotation, and bootstrap weight until it expires", async () => {
      const fixture = await deployGuardianSet();
      const { set, weights } = fixture;
      const guardians = testGuardians(5);
      await admitAll(fixture, guardians, [10n, 10n, 10n, 10n, 0n]);
      const now = BigInt(await fixture.connection.networkHelpers.time.latest());
      const [first, , , , last] = guardians.map(({ operator }) => operator);
      await set.admit(first ?? "", 10n, now + 5_000n);
      await set.rotate();
      await weights.set(last ?? "", 6n);
      expect((await set.guardians(1n, 0n, 9n)).map(({ weight }) => weight)).to.deep.equal([10n, 10n, 10n, 10n, 0n]);
      await nextAt(fixture, now + 4_999n);
      await set.forceRotation();
      expect((await set.guardians(2n, 0n, 9n)).map(({ weight }) => weight)).to.deep.equal([10n, 10n, 10n, 10n, 6n]);
      await nextAt(fixture, now + 5_000n);
      await set.forceRotation();
      expect((await set.guardians(3n, 0n, 9n)).map(({ weight }) => weight)).to.deep.equal([0n, 10n, 10n, 10n, 6n]);
      expect((await set.guardians(1n, 0n, 1n)).map(({ weight }) => weight)).to.deep.equal([10n]);
    });

    it("adds stake and bootstrap weight without overflow", async () => {
      const fixture = await deployGuardianSet();
      const { set, weights } = fixture;
      const guardians = testGuardians(4);
      const max = 2n ** 64n - 1n;
      await admitAll(fixture, guardians, [max, max, max, max]);
      for (const { operator } of guardians) await weights.set(operator, max);
      await set.rotate();
      expect(await set.table(1n).then(({ totalWeight }) => totalWeight)).to.equal(4n * max);
      expect(await set.serialOf(attestAs(guardians, [0, 1, 2]))).to.equal(1n);
    });

    it("stands still if the source of weights fails or answers short: the old table is kept", async () => {
      const { set, weights } = await deployWithTable(EQUAL);
      await weights.setFailing(true);
      await expect(set.forceRotation()).to.be.revertedWithCustomError(weights, "StakeWeightsMockFailed");
      await weights.setFailing(false);
      await weights.setShort(true);
      await expect(set.forceRotation()).to.be.revertedWithCustomError(set, "GuardianSetBadWeights").withArgs(4n, 3n);
      expect(await set.currentSerial()).to.equal(1n);
    });
  });

  describe("accepted tables", () => {
    it("R16 C6 old and new table, at every edge of epoch and grace", async () => {
      const fixture = await deployWithTable(EQUAL);
      const { set, guardians } = fixture;
      const by = (serial: number): string => attestAs(guardians, ALL, { serial });
      const verdicts = async (): Promise<bigint[]> =>
        Promise.all([1, 2, 3].map(async (serial) => set.serialOf(by(serial))));
      const { start } = await set.epoch();
      expect(await verdicts()).to.deep.equal([1n, 0n, 0n]);

      await nextAt(fixture, start + 4_000n);
      await set.rotate();
      expect(await verdicts()).to.deep.equal([1n, 2n, 0n]);
      await moveTo(fixture, start + 4_599n);
      expect(await verdicts()).to.deep.equal([1n, 2n, 0n]);
      await moveTo(fixture, start + 4_600n);
      expect(await verdicts()).to.deep.equal([0n, 2n, 0n]);
      // An expired table does not come back when the next one is formed.
      await nextAt(fixture, start + 8_000n);
      await set.rotate();
      expect(await verdicts()).to.deep.equal([0n, 2n, 3n]);
    });

    it("R16 a table is refused two epochs after its start, and a late rotation does not revive it", async () => {
      const fixture = await deployWithTable(EQUAL);
      const { set, guardians } = fixture;
      const { start, validUntil } = await set.epoch();
      expect(validUntil).to.equal(start + 7_200n);
      await moveTo(fixture, validUntil - 1n);
      expect(await set.serialOf(attestAs(guardians, ALL))).to.equal(1n);
      await moveTo(fixture, validUntil);
      expect(await set.serialOf(attestAs(guardians, ALL))).to.equal(0n);
      await expect(set.cacheSigners(1n, 15n))
        .to.be.revertedWithCustomError(set, "GuardianSetTableNotAccepted")
        .withArgs(1n);
      await nextAt(fixture, validUntil + 5n);
      await set.rotate();
      expect((await set.epoch()).graceUntil).to.equal(validUntil);
      expect(await set.serialOf(attestAs(guardians, ALL))).to.equal(0n);
      expect(await set.serialOf(attestAs(guardians, ALL, { serial: 2 }))).to.equal(2n);
    });

    it("a rotation shortly before the end gives no more grace than was left", async () => {
      const fixture = await deployWithTable(EQUAL);
      const { set } = fixture;
      const { validUntil } = await set.epoch();
      await nextAt(fixture, validUntil - 100n);
      await set.rotate();
      expect((await set.epoch()).graceUntil).to.equal(validUntil);
    });

    it("a forced rotation refuses the old table and its cached signers in the same second", async () => {
      const { set, guardians } = await deployWithTable(EQUAL);
      await set.cacheSigners(1n, 15n);
      expect(await set.serialOf(attestAs(guardians, ALL))).to.equal(1n);
      await set.forceRotation();
      expect(await set.serialOf(attestAs(guardians, ALL))).to.equal(0n);
      expect(await set.isAccepted(1n)).to.equal(false);
      expect(await set.cachedSigners(2n, 15n)).to.equal(0n);
    });

    it("C30 all keys of an expired table sign nothing any more, whatever serial they name", async () => {
      const fixture = await deployWithTable(EQUAL);
      const { set, guardians: old } = fixture;
      const fresh = testGuardians(8).slice(4);
      await admitAll(fixture, fresh, EQUAL);
      for (const { operator } of old) await set.remove(operator);
      await set.forceRotation();
      for (const serial of [0, 1, 2, 3, 2 ** 32 - 1]) {
        expect(await set.serialOf(attestAs(old, ALL, { serial }))).to.equal(0n);
      }
      expect(await set.serialOf(attestAs(fresh, ALL, { serial: 2 }))).to.equal(2n);
      expect(await set.isActive(old[0]?.operator ?? "")).to.equal(false);
    });

    it("C6 a removed guardian's weight counts until the next table, not beyond", async () => {
      const fixture = await deployWithTable([1n, 1n, 1n, 1n, 1n]);
      const { set, guardians } = fixture;
      await set.remove(guardians[0]?.operator ?? "");
      expect(await set.serialOf(attestAs(guardians, [0, 1, 2, 3]))).to.equal(1n);
      expect(await set.isActive(guardians[0]?.operator ?? "")).to.equal(true);
      const { start } = await set.epoch();
      await nextAt(fixture, start + 3_600n);
      await set.rotate();
      expect(await set.isActive(guardians[0]?.operator ?? "")).to.equal(true);
      expect((await set.table(2n)).count).to.equal(4n);
      // In the new table the same keys have other places: 4, 1, 2, 3.
      const [, one, two, three, four] = guardians;
      const inOrder = [four, one, two, three].filter((guardian) => guardian !== undefined);
      expect(await set.serialOf(attestAs(inOrder, [0, 1, 2], { serial: 2 }))).to.equal(2n);
      await moveTo(fixture, start + 4_200n);
      expect(await set.isActive(guardians[0]?.operator ?? "")).to.equal(false);
      expect(await set.isActive(testGuardians(9)[8]?.operator ?? "")).to.equal(false);
    });
  });

  describe("setEpoch and setMinimumWeight", () => {
    it("refuse what is out of bounds, and hold from the next rotation", async () => {
      const fixture = await deployWithTable(EQUAL);
      const { set } = fixture;
      for (const [length, grace] of [
        [9n, 1n],
        [0n, 0n],
        [2_592_001n, 1n],
        [60n, 61n],
      ] as const) {
        await expect(set.setEpoch(length, grace))
          .to.be.revertedWithCustomError(set, "GuardianSetBadEpoch")
          .withArgs(length, grace);
      }
      const before = await set.epoch();
      await expect(set.setEpoch(10n, 10n)).to.emit(set, "EpochSet").withArgs(10n, 10n);
      expect(await set.epoch()).to.deep.equal(before);
      await nextAt(fixture, before.start + 60n);
      await set.rotate();
      const { start, graceUntil, validUntil } = await set.epoch();
      expect([graceUntil - start, validUntil - start]).to.deep.equal([10n, 20n]);
      await expect(set.setMinimumWeight(0n)).to.be.revertedWithCustomError(set, "GuardianSetBadMinimum");
      await expect(set.setMinimumWeight(9n)).to.emit(set, "MinimumWeightSet").withArgs(9n);
    });
  });

  it("registers and admits at any time, before and after tables", async () => {
    const fixture = await deployWithTable(EQUAL);
    const late = testGuardians(5)[4];
    if (!late) throw new Error("five guardians");
    await registerKey(fixture, late);
    await fixture.set.admit(late.operator, 1n, NEVER);
    await fixture.set.forceRotation();
    expect((await fixture.set.table(2n)).count).to.equal(5n);
  });
});
