import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { provePossession } from "../../sdk/src/possession.ts";
import {
  admitAll,
  attestAs,
  deployWithTable,
  moveTo,
  NEVER,
  nextAt,
  registerKey,
  type GuardianSetFixture,
} from "../helpers/guardianSet.ts";
import { NETWORK_ID, testGuardians, type TestGuardian } from "../helpers/network.ts";

const EPOCH = 3_600n;
const FOUR = [600n, 600n, 600n, 600n];

const at = (guardians: readonly TestGuardian[], index: number): TestGuardian => {
  const guardian = guardians[index];
  if (!guardian) throw new Error(`no guardian ${index}`);
  return guardian;
};

describe("GuardianSet: how weight may change", () => {
  const weightsOf = async ({ set }: GuardianSetFixture): Promise<bigint[]> =>
    (await set.guardians(await set.currentSerial(), 0n, 256n)).map(({ weight }) => weight);
  const rotateAfter = async (fixture: GuardianSetFixture, seconds: bigint): Promise<bigint[]> => {
    await nextAt(fixture, (await fixture.set.epoch()).start + seconds);
    await fixture.set.rotate();
    return weightsOf(fixture);
  };
  const withStaked = async (stakes: readonly bigint[]) => {
    const fixture = await deployWithTable(FOUR);
    const fresh = testGuardians(4 + stakes.length).slice(4);
    await admitAll(fixture, fresh, []);
    for (const [index, stake] of stakes.entries()) await fixture.weights.set(at(fresh, index).operator, stake);
    return { ...fixture, fresh };
  };

  describe("growth", () => {
    it("R7 lets stake add a sixth of the table's weight in an epoch, shared in proportion", async () => {
      const fixture = await withStaked([1_200n, 400n]);
      // 2,400 / 6 = 400 of 1,600.
      expect(await rotateAfter(fixture, EPOCH)).to.deep.equal([...FOUR, 300n, 100n]);
      // 2,800 / 6 = 466 of the missing 900 + 300: 349 and 116.
      expect(await rotateAfter(fixture, EPOCH)).to.deep.equal([...FOUR, 649n, 216n]);
    });

    it("R7 however long nobody rotated, and in a part of an epoch only a part", async () => {
      const late = await withStaked([3_000n]);
      expect(await rotateAfter(late, 50n * EPOCH)).to.deep.equal([...FOUR, 400n]);
      const early = await withStaked([3_000n]);
      await nextAt(early, (await early.set.epoch()).start + EPOCH / 4n);
      await early.set.forceRotation();
      expect(await weightsOf(early)).to.deep.equal([...FOUR, 100n]);
    });

    it("R7 a freeze opens no second rotation in which stake could grow again", async () => {
      const fixture = await withStaked([3_000n]);
      await admitAll(fixture, testGuardians(6).slice(5), [600n]);
      await rotateAfter(fixture, EPOCH);
      const before = (await weightsOf(fixture))[4];
      await fixture.set.connect(fixture.slashing).freeze(at(testGuardians(1), 0).operator, NEVER);
      const { start } = await fixture.set.epoch();
      await nextAt(fixture, start + 6n);
      await fixture.set.rotate();
      expect((await weightsOf(fixture))[4]).to.be.lessThan((before ?? 0n) + 2n);
    });

    it("takes weight away at once: stake that leaves does not go on counting", async () => {
      const fixture = await withStaked([400n]);
      await rotateAfter(fixture, EPOCH);
      await fixture.weights.set(at(fixture.fresh, 0).operator, 50n);
      expect(await rotateAfter(fixture, EPOCH)).to.deep.equal([...FOUR, 50n]);
    });

    it("does not hold back what governance decides, nor stake that takes the place of bootstrap weight", async () => {
      const fixture = await deployWithTable(FOUR);
      const { set, weights, guardians } = fixture;
      const fresh = testGuardians(5).slice(4);
      await admitAll(fixture, fresh, [600n]);
      expect(await rotateAfter(fixture, EPOCH)).to.deep.equal([...FOUR, 600n]);
      await weights.set(at(guardians, 0).operator, 700n);
      await set.admit(at(guardians, 0).operator, 0n, 0n);
      expect(await rotateAfter(fixture, EPOCH)).to.deep.equal([700n, 600n, 600n, 600n, 600n]);
    });

    it("does not let a capped giant use up the others' growth", async () => {
      const fixture = await withStaked([1_000_000n, 100n]);
      // The giant counts at most 1,249 of 3,749; with 100 that is 1,349 for 400.
      const [, , , , giant = 0n, dwarf = 0n] = await rotateAfter(fixture, EPOCH);
      expect(giant + dwarf).to.be.lessThanOrEqual(400n);
      expect(dwarf).to.be.greaterThan(25n);
    });

    it("follows a guardian to another place and to another key", async () => {
      const fixture = await deployWithTable([600n, 600n, 600n, 600n, 600n]);
      const { set, connection, weights, guardians } = fixture;
      const [, , , , account] = await connection.ethers.getSigners();
      if (!account) throw new Error("no account");
      const operator = (await account.getAddress()) as `0x${string}`; // CAST: an address
      const own = { ...at(testGuardians(6), 5), operator };
      await registerKey(fixture, own);
      await set.admit(operator, 600n, NEVER);
      await rotateAfter(fixture, EPOCH);
      await weights.set(operator, 600n);
      await set.admit(operator, 0n, 0n);
      // The last one moves into the gap, and has a new key besides.
      await set.remove(at(guardians, 0).operator);
      const next = at(testGuardians(7), 6);
      await set.connect(account).replaceKey(next.key, provePossession(next.secret, NETWORK_ID, operator));
      expect(await rotateAfter(fixture, EPOCH)).to.deep.equal([600n, 600n, 600n, 600n, 600n]);
      expect(await set.operatorAt(3n, 0n)).to.equal(operator);
    });
  });

  describe("floor", () => {
    it("R7 forms no table below it: the old one stands until it expires, then nothing is accepted", async () => {
      const fixture = await deployWithTable(FOUR);
      const { set, guardians, weights, anyone } = fixture;
      await expect(set.setFloor(2_400n)).to.emit(set, "FloorSet").withArgs(2_400n);
      expect(await set.floor()).to.equal(2_400n);
      await set.admit(at(guardians, 0).operator, 599n, NEVER);
      const { start, validUntil } = await set.epoch();
      await nextAt(fixture, start + EPOCH);
      await expect(set.connect(anyone).rotate())
        .to.be.revertedWithCustomError(set, "GuardianSetBelowFloor")
        .withArgs(2_399n, 2_400n);
      expect(await set.serialOf(attestAs(guardians, [0, 1, 2, 3]))).to.equal(1n);
      await moveTo(fixture, validUntil);
      expect(await set.serialOf(attestAs(guardians, [0, 1, 2, 3]))).to.equal(0n);
      await weights.set(at(guardians, 0).operator, 1n);
      await set.rotate();
      expect(await set.serialOf(attestAs(guardians, [0, 1, 2, 3], { serial: 2 }))).to.equal(2n);
    });

    it("R7 R17 holds for freezes by other rollups as well", async () => {
      const fixture = await deployWithTable([...FOUR, 600n, 600n]);
      const { set, guardians, slashing } = fixture;
      await set.setFloor(3_001n);
      const until = (await set.epoch()).start + EPOCH;
      await expect(set.connect(slashing).freezeForeign(at(guardians, 0).operator, until))
        .to.be.revertedWithCustomError(set, "GuardianSetFreezeTooMuch")
        .withArgs(fixture.connection.ethers.getAddress(at(guardians, 0).operator), 5n, 3_000n, 600n);
    });
  });

  describe("freezeForeign", () => {
    it("R17 lasts 30 days from the block that takes it, and not a second more", async () => {
      const fixture = await deployWithTable([...FOUR, 600n, 600n]);
      const { set, guardians, slashing } = fixture;
      const operator = fixture.connection.ethers.getAddress(at(guardians, 0).operator);
      const next = (await set.epoch()).start + EPOCH;
      const until = next + 2_592_001n;
      const freeze = () => set.connect(slashing).freezeForeign(operator, until, { gasLimit: 1_000_000 });
      await nextAt(fixture, next);
      await expect(freeze()).to.be.revertedWithCustomError(set, "GuardianSetBadFreeze").withArgs(operator, until);
      await nextAt(fixture, next + 1n);
      await expect(freeze()).to.emit(set, "GuardianFrozen").withArgs(operator, until, true);
    });
  });

  describe("unfreeze", () => {
    it("R17 ends no freeze by another rollup's word: no conviction here that is lifted or burnt shortens it", async () => {
      const fixture = await deployWithTable([...FOUR, 600n, 600n]);
      const { set, guardians, slashing } = fixture;
      const asSlashing = set.connect(slashing);
      const operator = fixture.connection.ethers.getAddress(at(guardians, 0).operator);
      const until = (await set.epoch()).start + 10n * EPOCH;
      await asSlashing.freezeForeign(operator, until);
      await asSlashing.freeze(operator, NEVER);
      await expect(asSlashing.unfreeze(operator)).to.emit(set, "GuardianFrozen").withArgs(operator, until, true);
      expect(await set.frozenUntil(operator)).to.equal(until);
      await moveTo(fixture, until);
      await expect(asSlashing.unfreeze(operator)).to.emit(set, "GuardianUnfrozen").withArgs(operator);
      expect(await set.frozenUntil(operator)).to.equal(0n);
    });
  });

  describe("weightedSince", () => {
    it("is the time of the first of the tables without a break in which a guardian counts", async () => {
      const fixture = await deployWithTable([...FOUR, 600n]);
      const { set, guardians, slashing } = fixture;
      const { operator } = at(guardians, 0);
      const first = (await set.epoch()).start;
      expect(await set.weightedSince(operator)).to.equal(first);
      await rotateAfter(fixture, EPOCH);
      expect(await set.weightedSince(operator)).to.equal(first);
      await set.connect(slashing).freeze(operator, first + 2n * EPOCH);
      await set.rotate();
      expect(await set.weightedSince(operator)).to.equal(0n);
      await rotateAfter(fixture, EPOCH);
      expect(await set.weightedSince(operator)).to.equal((await set.epoch()).start);
      await set.remove(operator);
      expect(await set.weightedSince(operator)).to.equal(0n);
    });
  });

  describe("recover", () => {
    it("R9 puts other guardians in place of a silent set, who come back when they show that they live", async () => {
      const fixture = await deployWithTable(FOUR);
      const { set, guardians, weights, manager, anyone, connection } = fixture;
      const fresh = testGuardians(8).slice(4);
      for (const guardian of fresh) await registerKey(fixture, guardian);
      await weights.set(at(guardians, 0).operator, 10_000n);
      const role = 2n;
      const delay = 30 * 86_400;
      const call = set.interface.encodeFunctionData("recover", [
        fresh.map(({ operator }) => ({ operator, weight: 50n })),
        NEVER,
      ]);
      await manager.setTargetFunctionRole(set, [call.slice(0, 10)], role);
      await manager.grantRole(role, anyone, delay);

      // The plan is public for the whole delay; until then nothing can be called.
      await expect(anyone.sendTransaction({ to: set, data: call })).to.be.revertedWithCustomError(
        manager,
        "AccessManagerNotScheduled",
      );
      await expect(manager.connect(anyone).schedule(set, call, 0)).to.emit(manager, "OperationScheduled");
      await connection.networkHelpers.time.increase(delay - 10);
      await expect(anyone.sendTransaction({ to: set, data: call })).to.be.revertedWithCustomError(
        manager,
        "AccessManagerNotReady",
      );
      await connection.networkHelpers.time.increase(10);
      await anyone.sendTransaction({ to: set, data: call });
      expect(await weightsOf(fixture)).to.deep.equal([0n, 0n, 0n, 0n, 50n, 50n, 50n, 50n]);
      expect(await set.serialOf(attestAs([...guardians, ...fresh], [4, 5, 6], { serial: 2 }))).to.equal(2n);
      expect(await set.serialOf(attestAs(guardians, [0, 1, 2, 3], { serial: 2 }))).to.equal(0n);
      await expect(set.connect(anyone).join(ZeroAddress)).to.be.revertedWithCustomError(
        set,
        "GuardianSetOperatorUnknown",
      );
    });

    it("R9 can be called off by the administrator until the last second, and does nothing else", async () => {
      const fixture = await deployWithTable(FOUR);
      const { set, manager, anyone } = fixture;
      const call = set.interface.encodeFunctionData("recover", [[], NEVER]);
      await manager.setTargetFunctionRole(set, [call.slice(0, 10)], 2n);
      await manager.grantRole(2n, anyone, 86_400);
      await manager.connect(anyone).schedule(set, call, 0);
      await manager.cancel(anyone, set, call);
      await fixture.connection.networkHelpers.time.increase(86_400);
      await expect(anyone.sendTransaction({ to: set, data: call })).to.be.revertedWithCustomError(
        manager,
        "AccessManagerNotScheduled",
      );
      for (const other of [
        set.interface.encodeFunctionData("setFloor", [0n]),
        set.interface.encodeFunctionData("forceRotation"),
        set.interface.encodeFunctionData("admit", [ZeroAddress, 0n, 0n]),
      ]) {
        await expect(anyone.sendTransaction({ to: set, data: other })).to.be.revertedWithCustomError(
          set,
          "AccessManagedUnauthorized",
        );
      }
    });

    it("R9 finds room in a full list, whoever has filled it", async () => {
      const fixture = await deployWithTable(FOUR);
      const { set, guardians } = fixture;
      await admitAll(fixture, testGuardians(256).slice(4), []);
      const [first, ...fresh] = testGuardians(260).slice(255);
      if (first === undefined) throw new Error("no guardian");
      for (const guardian of fresh) await registerKey(fixture, guardian);
      await expect(set.admit(at(fresh, 0).operator, 50n, NEVER)).to.be.revertedWithCustomError(set, "GuardianSetFull");

      // One of the replacements is the last of the list.
      const replacements = [first, ...fresh].map(({ operator }) => ({ operator, weight: 50n }));
      await expect(set.recover(replacements, NEVER)).to.emit(set, "GuardianLeft");
      const table = await set.guardians(2n, 0n, 256n);
      expect(table.length).to.equal(256);
      expect(table.filter(({ weight }) => weight === 50n).map(({ operator }) => operator)).to.have.members(
        [first, ...fresh].map(({ operator }) => fixture.connection.ethers.getAddress(operator)),
      );
      expect(table[0]?.operator).to.equal(fixture.connection.ethers.getAddress(at(guardians, 0).operator));
    });

    it("never brings back who was convicted or is frozen", async () => {
      const fixture = await deployWithTable([...FOUR, 600n]);
      const { set, guardians, slashing } = fixture;
      const all = guardians.map(({ operator }) => ({ operator, weight: 50n }));
      await set.connect(slashing).freeze(at(guardians, 1).operator, NEVER);
      await set.recover(all, NEVER);
      expect(await weightsOf(fixture)).to.deep.equal([50n, 0n, 50n, 50n, 50n]);
      await set.connect(slashing).convict(at(guardians, 0).operator);
      await expect(set.recover(all, NEVER)).to.be.revertedWithCustomError(set, "GuardianSetConvicted");
    });
  });
});
