import { expect } from "chai";
import { getAddress, ZeroAddress, type Signer } from "ethers";
import type { Address } from "../../sdk/src/bytes.ts";
import { publicKey } from "../../sdk/src/schnorr.ts";
import { testGuardians, type TestGuardian } from "../helpers/network.ts";
import {
  admitAll,
  deployGuardianSet,
  deployWithTable,
  NEVER,
  registerKey,
  type GuardianSetFixture,
} from "../helpers/guardianSet.ts";

/** Registers a guardian whose operator is an account of the test node. */
async function registerAccount(fixture: GuardianSetFixture, place: number): Promise<Signer & { address: string }> {
  const account = await fixture.connection.ethers.provider.getSigner(place);
  const secret = 1_000_003n * BigInt(place + 1);
  // CAST: ethers returns addresses as 0x strings
  const operator = account.address as Address;
  await registerKey(fixture, { secret, key: publicKey(secret), operator });
  return account;
}

describe("GuardianRegistry", () => {
  const [alice, bob] = testGuardians(2) as [TestGuardian, TestGuardian]; // CAST: two were asked for

  describe("announce", () => {
    it("stores and emits up to 256 bytes from a registered operator", async () => {
      const fixture = await deployGuardianSet();
      const account = await registerAccount(fixture, 5);
      const set = fixture.set.connect(account);
      for (const url of ["http://127.0.0.1:4100", "x".repeat(256), ""]) {
        await expect(set.announce(url)).to.emit(set, "ServiceAnnounced").withArgs(account.address, url);
        expect((await set.operatorInfo(account.address)).url).to.equal(url);
      }
      await expect(set.announce("x".repeat(257)))
        .to.be.revertedWithCustomError(set, "GuardianSetUrlTooLong")
        .withArgs(257n);
      const stranger = await fixture.connection.ethers.provider.getSigner(6);
      await expect(set.connect(stranger).announce("http://x"))
        .to.be.revertedWithCustomError(set, "GuardianSetOperatorUnknown")
        .withArgs(stranger.address);
    });
  });

  describe("admit and remove", () => {
    it("are for governance only", async () => {
      const { set, anyone } = await deployGuardianSet();
      const account = await anyone.getAddress();
      for (const attempt of [
        () => set.connect(anyone).admit(alice.operator, 1n, NEVER),
        () => set.connect(anyone).remove(alice.operator),
        () => set.connect(anyone).forceRotation(),
        () => set.connect(anyone).setEpoch(60n, 10n),
        () => set.connect(anyone).setMinimumWeight(5n),
      ]) {
        await expect(attempt()).to.be.revertedWithCustomError(set, "AccessManagedUnauthorized").withArgs(account);
      }
    });

    it("admits a registered operator, changes its weight, and lifts a removal", async () => {
      const fixture = await deployGuardianSet();
      const { set } = fixture;
      await expect(set.admit(alice.operator, 5n, NEVER))
        .to.be.revertedWithCustomError(set, "GuardianSetOperatorUnknown")
        .withArgs(getAddress(alice.operator));
      await registerKey(fixture, alice);
      await expect(set.admit(alice.operator, 5n, NEVER))
        .to.emit(set, "GuardianAdmitted")
        .withArgs(getAddress(alice.operator), 5n, NEVER);
      await set.admit(alice.operator, 7n, NEVER);
      expect(await set.candidates()).to.deep.equal([getAddress(alice.operator)]);
      expect((await set.operatorInfo(alice.operator)).bootstrapWeight).to.equal(7n);

      await expect(set.remove(alice.operator)).to.emit(set, "GuardianRemoved").withArgs(getAddress(alice.operator));
      const removed = await set.operatorInfo(alice.operator);
      expect([removed.candidate, removed.admitted, removed.barred]).to.deep.equal([false, false, true]);
      expect([removed.bootstrapWeight, removed.bootstrapExpiry]).to.deep.equal([0n, 0n]);
      expect(await set.candidates()).to.deep.equal([]);

      await set.admit(alice.operator, 0n, 0n);
      expect((await set.operatorInfo(alice.operator)).barred).to.equal(false);
    });

    it("refuses a weight whose expiry is not in the future, and removing a stranger", async () => {
      const fixture = await deployGuardianSet();
      const { set } = fixture;
      await registerKey(fixture, alice);
      await expect(set.admit(alice.operator, 1n, 1n))
        .to.be.revertedWithCustomError(set, "GuardianSetBootstrapExpired")
        .withArgs(1n);
      await expect(set.remove(bob.operator))
        .to.be.revertedWithCustomError(set, "GuardianSetOperatorUnknown")
        .withArgs(getAddress(bob.operator));
    });

    it("keeps the places of the others when one is taken out", async () => {
      const fixture = await deployGuardianSet();
      const { set } = fixture;
      const five = testGuardians(5);
      await admitAll(fixture, five, [1n, 1n, 1n, 1n, 1n]);
      const at = (index: number): string => getAddress(five[index]?.operator ?? ZeroAddress);
      await set.remove(at(1));
      expect(await set.candidates()).to.deep.equal([at(0), at(4), at(2), at(3)]);
      await set.remove(at(3));
      await set.remove(at(0));
      expect(await set.candidates()).to.deep.equal([at(2), at(4)]);
      await set.remove(at(4));
      await set.remove(at(2));
      expect(await set.candidates()).to.deep.equal([]);
    });
  });

  describe("join and resign", () => {
    it("opens with the first table: stake alone forms none", async () => {
      const fixture = await deployGuardianSet();
      const account = await registerAccount(fixture, 5);
      await fixture.weights.set(account.address, 1_000n);
      await expect(fixture.set.connect(account).join(ZeroAddress)).to.be.revertedWithCustomError(
        fixture.set,
        "GuardianSetNoTable",
      );
    });

    it("takes in who has the minimum weight, and counts it from the next rotation", async () => {
      const fixture = await deployWithTable([1n, 1n, 1n, 1n]);
      const { set, weights } = fixture;
      await set.setMinimumWeight(10n);
      expect(await set.minimumWeight()).to.equal(10n);
      const account = await registerAccount(fixture, 5);
      await weights.set(account.address, 9n);
      await expect(set.connect(account).join(ZeroAddress))
        .to.be.revertedWithCustomError(set, "GuardianSetWeightTooLow")
        .withArgs(account.address, 9n, 10n);
      await weights.set(account.address, 10n);
      await expect(set.connect(account).join(ZeroAddress))
        .to.emit(set, "GuardianJoined")
        .withArgs(account.address, 10n);
      expect((await set.table(1n)).count).to.equal(4n);
      expect(await set.isActive(account.address)).to.equal(true);
      await set.forceRotation();
      expect((await set.table(2n)).count).to.equal(5n);
      await expect(set.connect(account).join(ZeroAddress))
        .to.be.revertedWithCustomError(set, "GuardianSetAlreadyCandidate")
        .withArgs(account.address);
    });

    it("refuses strangers, the removed, and anyone while the source of weights answers short", async () => {
      const fixture = await deployWithTable([1n, 1n, 1n, 1n]);
      const { set, weights } = fixture;
      const stranger = await fixture.connection.ethers.provider.getSigner(6);
      await expect(set.connect(stranger).join(ZeroAddress))
        .to.be.revertedWithCustomError(set, "GuardianSetOperatorUnknown")
        .withArgs(stranger.address);
      const account = await registerAccount(fixture, 5);
      await weights.set(account.address, 10n);
      await weights.setShort(true);
      await expect(set.connect(account).join(ZeroAddress))
        .to.be.revertedWithCustomError(set, "GuardianSetBadWeights")
        .withArgs(1n, 0n);
      await weights.setShort(false);
      await set.remove(account.address);
      await expect(set.connect(account).join(ZeroAddress))
        .to.be.revertedWithCustomError(set, "GuardianSetBarred")
        .withArgs(account.address);
    });

    it("lets a candidate resign, who is gone from the next table", async () => {
      const fixture = await deployWithTable([1n, 1n, 1n, 1n]);
      const { set } = fixture;
      const account = await registerAccount(fixture, 5);
      await set.admit(account.address, 1n, NEVER);
      await set.forceRotation();
      expect((await set.table(2n)).count).to.equal(5n);
      await expect(set.connect(account).resign()).to.emit(set, "GuardianLeft").withArgs(account.address);
      expect(await set.isActive(account.address)).to.equal(true);
      await set.forceRotation();
      expect((await set.table(3n)).count).to.equal(4n);
      expect(await set.isActive(account.address)).to.equal(false);
      await expect(set.connect(account).resign())
        .to.be.revertedWithCustomError(set, "GuardianSetNotCandidate")
        .withArgs(account.address);
    });

    it("drops at rotation who joined by stake and has lost it; the admitted stay, with weight 0", async () => {
      const fixture = await deployWithTable([1n, 1n, 1n, 1n, 0n]);
      const { set, weights, guardians } = fixture;
      const account = await registerAccount(fixture, 5);
      await weights.set(account.address, 10n);
      await set.connect(account).join(ZeroAddress);
      await set.forceRotation();
      await weights.set(account.address, 0n);
      await expect(set.forceRotation()).to.emit(set, "GuardianLeft").withArgs(account.address);
      expect(await set.candidates()).to.deep.equal(guardians.map(({ operator }) => getAddress(operator)));
      expect((await set.table(3n)).count).to.equal(5n);
      expect((await set.operatorInfo(account.address)).candidate).to.equal(false);
      await weights.set(account.address, 10n);
      await expect(set.connect(account).join(ZeroAddress)).to.emit(set, "GuardianJoined");
    });

    it("displaces the lighter from a full list, never the admitted", async function () {
      this.timeout(120_000);
      const fixture = await deployWithTable([1n, 1n, 1n, 1n]);
      const { set, weights, guardians } = fixture;
      const admitted = getAddress(guardians[0]?.operator ?? ZeroAddress);
      const light = await registerAccount(fixture, 5);
      await weights.set(light.address, 3n);
      await set.connect(light).join(ZeroAddress);
      const crowd = testGuardians(256).slice(5);
      await admitAll(
        fixture,
        crowd,
        crowd.map(() => 0n),
      );
      expect((await set.candidates()).length).to.equal(256);

      const last = await registerAccount(fixture, 6);
      await expect(set.admit(last.address, 1n, NEVER)).to.be.revertedWithCustomError(set, "GuardianSetFull");
      await weights.set(last.address, 3n);
      const join = (displaced: string): ReturnType<typeof set.join> => set.connect(last).join(displaced);
      for (const nobody of [admitted, ZeroAddress, last.address]) {
        await expect(join(nobody)).to.be.revertedWithCustomError(set, "GuardianSetNotDisplaceable").withArgs(nobody);
      }
      await expect(join(light.address))
        .to.be.revertedWithCustomError(set, "GuardianSetWeightTooLow")
        .withArgs(last.address, 3n, 4n);
      await weights.set(last.address, 4n);
      await expect(join(light.address)).to.emit(set, "GuardianLeft").withArgs(light.address);
      expect((await set.candidates()).length).to.equal(256);

      const receipt = await (await set.forceRotation()).wait();
      console.log(`        rotation with 256 guardians: ${receipt?.gasUsed ?? 0n} gas`);
      expect((await set.table(2n)).count).to.equal(256n);
    });
  });
});
