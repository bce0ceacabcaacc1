import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { provePossession } from "../../sdk/src/possession.ts";
import { GuardianSet__factory } from "../../typechain-types/index.js";
import {
  admitAll,
  attestAs,
  deployWithTable,
  guardianOf,
  moveTo,
  NEVER,
  registerKey,
  type GuardianSetFixture,
} from "../helpers/guardianSet.ts";
import { NETWORK_ID, testGuardians, type TestGuardian } from "../helpers/network.ts";

const FIVE = [10n, 10n, 10n, 10n, 10n];
const ALL = [0, 1, 2, 3, 4];
const FOREVER = 2n ** 40n - 1n;
const DAY = 86_400n;

const at = (guardians: readonly TestGuardian[], index: number): TestGuardian => {
  const guardian = guardians[index];
  if (!guardian) throw new Error(`no guardian ${index}`);
  return guardian;
};
const now = async ({ connection }: GuardianSetFixture): Promise<bigint> =>
  BigInt(await connection.networkHelpers.time.latest());

describe("GuardianSet: freezes and convictions", () => {
  const asSlashing = (fixture: GuardianSetFixture) => fixture.set.connect(fixture.slashing);
  const weightsOf = async ({ set }: GuardianSetFixture): Promise<bigint[]> =>
    (await set.guardians(await set.currentSerial(), 0n, 256n)).map(({ weight }) => weight);

  it("are the slashing contract's alone, which the set knows from the start", async () => {
    const { set, governor, slashing, weights } = await deployWithTable(FIVE);
    const caller = await governor.getAddress();
    const operator = ZeroAddress;
    for (const call of [
      () => set.freeze(operator, NEVER),
      () => set.freezeForeign(operator, NEVER),
      () => set.unfreeze(operator),
      () => set.convict(operator),
    ]) {
      await expect(call()).to.be.revertedWithCustomError(set, "GuardianSetUnauthorized").withArgs(caller);
    }
    expect(await set.slashing()).to.equal(await slashing.getAddress());
    await expect(new GuardianSet__factory(governor).deploy(NETWORK_ID, weights, ZeroAddress))
      .to.be.revertedWithCustomError(set, "GuardianSetInvalidWiring")
      .withArgs(await weights.getAddress(), ZeroAddress);
  });

  it("refuse who is not registered, and freezes that end in the past", async () => {
    const fixture = await deployWithTable(FIVE);
    const { set, guardians } = fixture;
    const known = at(guardians, 0).operator;
    const stranger = at(testGuardians(9), 8).operator;
    const slashing = asSlashing(fixture);
    for (const call of [
      () => slashing.freeze(stranger, NEVER),
      () => slashing.freezeForeign(stranger, NEVER),
      () => slashing.unfreeze(stranger),
      () => slashing.convict(stranger),
    ]) {
      await expect(call()).to.be.revertedWithCustomError(set, "GuardianSetOperatorUnknown");
    }
    const past = await now(fixture);
    await expect(slashing.freeze(known, past))
      .to.be.revertedWithCustomError(set, "GuardianSetBadFreeze")
      .withArgs(fixture.connection.ethers.getAddress(known), past);
    // A freeze that ends with the block in which it begins would freeze nothing.
    const next = past + 10n;
    await fixture.connection.networkHelpers.time.setNextBlockTimestamp(next);
    await expect(slashing.freeze(known, next, { gasLimit: 1_000_000 }))
      .to.be.revertedWithCustomError(set, "GuardianSetBadFreeze")
      .withArgs(fixture.connection.ethers.getAddress(known), next);
  });

  describe("freeze", () => {
    it("C5 C6 refuses every accepted table at once, and the next one, open to anyone at once, gives the key no weight", async () => {
      const fixture = await deployWithTable(FIVE);
      const { set, guardians, anyone } = fixture;
      const { operator } = at(guardians, 1);
      await set.cacheSigners(1n, 31n);
      expect(await set.serialOf(attestAs(guardians, ALL))).to.equal(1n);
      await expect(asSlashing(fixture).freeze(operator, 2n ** 64n - 1n))
        .to.emit(set, "GuardianFrozen")
        .withArgs(fixture.connection.ethers.getAddress(operator), FOREVER, false)
        .and.to.emit(set, "TablesRefused")
        .withArgs(1n);
      expect(await set.serialOf(attestAs(guardians, ALL))).to.equal(0n);
      expect(await set.isAccepted(1n)).to.equal(false);
      await set.connect(anyone).rotate();
      expect(await weightsOf(fixture)).to.deep.equal([10n, 0n, 10n, 10n, 10n]);
      expect(await set.isAccepted(1n)).to.equal(false);
      expect(await set.serialOf(attestAs(guardians, [0, 2, 3], { serial: 2 }))).to.equal(2n);
      expect(await set.serialOf(attestAs(guardians, [0, 1, 2], { serial: 2 }))).to.equal(0n);
      expect(await set.frozenUntil(operator)).to.equal(FOREVER);
    });

    it("refuses the table of the grace period as well", async () => {
      const fixture = await deployWithTable(FIVE);
      const { set, guardians } = fixture;
      const { operator } = at(guardians, 4);
      await set.remove(operator);
      await moveTo(fixture, (await set.epoch()).start + 3_600n);
      await set.rotate();
      expect(await set.serialOf(attestAs(guardians, ALL))).to.equal(1n);
      await expect(asSlashing(fixture).freeze(operator, NEVER)).to.emit(set, "TablesRefused").withArgs(2n);
      expect([await set.isAccepted(1n), await set.isAccepted(2n)]).to.deep.equal([false, false]);
    });

    it("leaves the tables alone if the key counts in none of them", async () => {
      const fixture = await deployWithTable([...FIVE, 0n]);
      const { set, guardians } = fixture;
      const slashing = asSlashing(fixture);
      await expect(slashing.freeze(at(guardians, 5).operator, NEVER)).not.to.emit(set, "TablesRefused");
      expect(await set.isAccepted(1n)).to.equal(true);
      await slashing.freeze(at(guardians, 0).operator, NEVER);
      await set.rotate();
      // Frozen already: the conviction changes no table any more.
      await expect(slashing.convict(at(guardians, 0).operator)).not.to.emit(set, "TablesRefused");
      expect(await set.isAccepted(2n)).to.equal(true);
    });

    it("halts a set of which fewer than four would remain, until governance admits others", async () => {
      const fixture = await deployWithTable([10n, 10n, 10n, 10n]);
      const { set, guardians } = fixture;
      await asSlashing(fixture).freeze(at(guardians, 0).operator, NEVER);
      await expect(set.rotate()).to.be.revertedWithCustomError(set, "GuardianSetTooFewGuardians").withArgs(3n);
      expect(await set.isAccepted(1n)).to.equal(false);
      const fresh = at(testGuardians(5), 4);
      await registerKey(fixture, fresh);
      await set.admit(fresh.operator, 10n, NEVER);
      await set.rotate();
      expect(await weightsOf(fixture)).to.deep.equal([0n, 10n, 10n, 10n, 10n]);
    });

    it("ends with its time or by unfreeze, and counts again from the next table, not before; a later end stands", async () => {
      const fixture = await deployWithTable(FIVE);
      const { set, guardians } = fixture;
      const slashing = asSlashing(fixture);
      const [first, second] = [at(guardians, 0).operator, at(guardians, 1).operator];
      const end = (await now(fixture)) + DAY;
      await slashing.freeze(first, end);
      await slashing.freeze(first, end - 100n);
      expect(await set.frozenUntil(first)).to.equal(end);
      await set.rotate();
      expect((await weightsOf(fixture))[0]).to.equal(0n);
      await moveTo(fixture, end);
      expect((await weightsOf(fixture))[0]).to.equal(0n);
      await set.rotate();
      expect((await weightsOf(fixture))[0]).to.equal(10n);

      await slashing.freeze(second, NEVER);
      await expect(slashing.unfreeze(second)).to.emit(set, "GuardianUnfrozen");
      await set.rotate();
      expect((await weightsOf(fixture))[1]).to.equal(10n);
    });
  });

  describe("freezeForeign", () => {
    it("R17 silences at most a third of the weight, never below four, for 30 days at most, each once", async () => {
      const fixture = await deployWithTable([10n, 10n, 10n, 10n, 10n, 10n]);
      const { set, guardians } = fixture;
      const slashing = asSlashing(fixture);
      const address = (index: number): string => fixture.connection.ethers.getAddress(at(guardians, index).operator);
      const until = (await now(fixture)) + DAY;
      await expect(slashing.freezeForeign(address(0), until + 30n * DAY))
        .to.be.revertedWithCustomError(set, "GuardianSetBadFreeze")
        .withArgs(address(0), until + 30n * DAY);
      await expect(slashing.freezeForeign(address(0), until))
        .to.emit(set, "GuardianFrozen")
        .withArgs(address(0), until, true);
      await expect(slashing.freezeForeign(address(0), until + 1n))
        .to.be.revertedWithCustomError(set, "GuardianSetAlreadyFrozen")
        .withArgs(address(0), until);
      await slashing.freezeForeign(address(1), until);
      await set.rotate();
      expect(await weightsOf(fixture)).to.deep.equal([0n, 0n, 10n, 10n, 10n, 10n]);
      await expect(slashing.freezeForeign(address(2), until))
        .to.be.revertedWithCustomError(set, "GuardianSetFreezeTooMuch")
        .withArgs(address(2), 3n, 0n, 30n);
      // Proof at home is not bound by what remains.
      await slashing.freeze(address(2), until);
      expect(await set.isAccepted(2n)).to.equal(false);
    });

    it("R17 counts as silenced what messages froze, not what evidence here did", async () => {
      const fixture = await deployWithTable([20n, 10n, 10n, 10n, 10n, 10n]);
      const { set, guardians } = fixture;
      const slashing = asSlashing(fixture);
      const address = (index: number): string => fixture.connection.ethers.getAddress(at(guardians, index).operator);
      await slashing.freeze(address(0), NEVER);
      const until = (await now(fixture)) + DAY;
      await expect(slashing.freezeForeign(address(1), until))
        .to.emit(set, "GuardianFrozen")
        .withArgs(address(1), until, true);
    });

    it("R17 counts weight, not heads", async () => {
      const fixture = await deployWithTable([30n, 10n, 10n, 10n, 10n, 10n, 10n]);
      const { set, guardians } = fixture;
      const slashing = asSlashing(fixture);
      const until = (await now(fixture)) + DAY;
      await expect(slashing.freezeForeign(at(guardians, 0).operator, until)).to.emit(set, "GuardianFrozen");
      await expect(slashing.freezeForeign(at(guardians, 1).operator, until))
        .to.be.revertedWithCustomError(set, "GuardianSetFreezeTooMuch")
        .withArgs(fixture.connection.ethers.getAddress(at(guardians, 1).operator), 5n, 50n, 39n);
    });
  });

  describe("freezeForeign, by the weight that counts", () => {
    /** What a captured rollup can freeze of these, told by place. */
    async function frozenOf(fixture: GuardianSetFixture & { readonly guardians: readonly TestGuardian[] }) {
      const until = (await now(fixture)) + DAY;
      const frozen: number[] = [];
      for (const [place, { operator }] of fixture.guardians.entries()) {
        await asSlashing(fixture)
          .freezeForeign(operator, until)
          .then(() => frozen.push(place))
          .catch(() => undefined);
      }
      return frozen;
    }

    it("R17 never leaves a table below the floor: weight above a guardian's third does not fill it", async () => {
      const fixture = await deployWithTable([2_000n, 50n, 50n, 50n, 50n]);
      const { set, guardians } = fixture;
      // 99 and four times 50 count.
      await set.setFloor(250n);
      const { operator } = at(guardians, 1);
      await expect(asSlashing(fixture).freezeForeign(operator, (await now(fixture)) + DAY))
        .to.be.revertedWithCustomError(set, "GuardianSetFreezeTooMuch")
        .withArgs(fixture.connection.ethers.getAddress(operator), 4n, 224n, 50n);
      expect(await set.isAccepted(1n)).to.equal(true);
    });

    it("R17 silences a third of what counts, not of what one guardian holds beyond its third", async () => {
      const hundreds = Array.from({ length: 10 }, () => 100n);
      const fixture = await deployWithTable([...hundreds, 10_000n]);
      // 1,499 count; a fifth hundred would be more than their third.
      expect(await frozenOf(fixture)).to.deep.equal([0, 1, 2, 3]);
      await fixture.set.rotate();
      expect((await fixture.set.table(2n)).totalWeight).to.equal(899n);
    });

    it("R7 R17 lends stake that has not grown into a table no weight against those who are in it", async () => {
      const fixture = await deployWithTable(Array.from({ length: 10 }, () => 100n));
      const { set, guardians, weights, connection } = fixture;
      const attackers = testGuardians(14).slice(10);
      await admitAll(fixture, attackers, []);
      for (const { operator } of attackers) await weights.set(operator, 1_000n);
      expect(await frozenOf({ ...fixture, guardians })).to.deep.equal([0, 1, 2]);
      await connection.networkHelpers.time.increase(3_600);
      await set.rotate();
      const held = (await weightsOf(fixture)).slice(10).reduce((sum, weight) => sum + weight, 0n);
      expect(held * 3n).to.be.lessThan((await set.table(2n)).totalWeight);
    });
  });

  describe("convict", () => {
    it("R2 C30 takes the operator and all its keys out for ever, whatever governance, stake or a new key try", async () => {
      const fixture = await deployWithTable([...FIVE, 10n]);
      const { set, guardians, weights, connection } = fixture;
      const signers = await connection.ethers.getSigners();
      const account = signers[5];
      if (!account) throw new Error("no account");
      const operator = await account.getAddress();
      const liar = { ...guardianOf(77n, at(testGuardians(9), 8).key, "liar"), operator: operator as `0x${string}` }; // CAST: an address
      const known = { ...liar, secret: at(testGuardians(9), 8).secret };
      await admitAll(fixture, [known], [10n]);
      await set.forceRotation();
      await weights.set(operator, 1_000n);

      await expect(asSlashing(fixture).convict(operator))
        .to.emit(set, "GuardianConvicted")
        .withArgs(operator)
        .and.to.emit(set, "TablesRefused");
      const convicted = (call: Promise<unknown>) =>
        expect(call).to.be.revertedWithCustomError(set, "GuardianSetConvicted").withArgs(operator);
      await convicted(set.admit(operator, 10n, NEVER));
      await set.rotate();
      await convicted(set.connect(account).join(ZeroAddress));
      const fresh = at(testGuardians(10), 9);
      const proof = provePossession(fresh.secret, NETWORK_ID, known.operator);
      await convicted(set.connect(account).replaceKey(fresh.key, proof));
      await asSlashing(fixture).unfreeze(operator);
      await convicted(set.admit(operator, 10n, NEVER));
      const info = await set.operatorInfo(operator);
      expect([info.convicted, info.candidate, info.admitted]).to.deep.equal([true, false, false]);
      expect((await set.guardians(3n, 0n, 256n)).map((entry) => entry.operator)).not.to.include(operator);
      expect(await set.operatorOf(known.key.x)).to.equal(operator);
      expect(await set.isActive(operator)).to.equal(false);
      expect(guardians.length).to.equal(6);
    });
  });
});
