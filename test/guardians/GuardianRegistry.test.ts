import { readFileSync } from "node:fs";
import { expect } from "chai";
import { computeAddress, getAddress, ZeroAddress, type Signer } from "ethers";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { provePossession } from "../../sdk/src/possession.ts";
import { FIELD_PRIME, GROUP_ORDER, publicKey, toCurve } from "../../sdk/src/schnorr.ts";
import { signAs, testGuardians, type TestGuardian } from "../helpers/network.ts";
import {
  admitAll,
  deployGuardianSet,
  deployWithTable,
  guardianOf,
  NEVER,
  registerKey,
  type GuardianSetFixture,
} from "../helpers/guardianSet.ts";

interface PossessionVector {
  readonly networkId: Hex;
  readonly operator: Address;
  readonly key: { readonly x: string; readonly y: string };
  readonly proof: Hex;
}

// CAST: the file is written by scripts/checks/vectors/signatures.ts
const vectors = JSON.parse(readFileSync(new URL("../vectors/signatures.json", import.meta.url), "utf8")) as {
  readonly possessions: readonly PossessionVector[];
};

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

  describe("register", () => {
    it("takes a proven key from anyone, for ever", async () => {
      const fixture = await deployGuardianSet();
      const { set, networkId, anyone } = fixture;
      const proof = provePossession(alice.secret, networkId, alice.operator);
      await expect(set.connect(anyone).register(alice.operator, alice.key, proof))
        .to.emit(set, "KeyRegistered")
        .withArgs(getAddress(alice.operator), alice.key.x, alice.key.y);
      expect(await set.operatorOf(alice.key.x)).to.equal(getAddress(alice.operator));
      const { key, candidate, admitted, barred, url } = await set.operatorInfo(alice.operator);
      expect([key.x, key.y, candidate, admitted, barred, url]).to.deep.equal([
        alice.key.x,
        alice.key.y,
        false,
        false,
        false,
        "",
      ]);
    });

    it("R2 takes the same proof on another rollup, at another address", async () => {
      const [here, there] = [await deployGuardianSet(), await deployGuardianSet({ rollup: "rollupB" })];
      expect(await here.set.getAddress()).not.to.equal(await there.set.getAddress());
      const proof = provePossession(alice.secret, here.networkId, alice.operator);
      for (const { set } of [here, there]) {
        await expect(set.register(alice.operator, alice.key, proof)).to.emit(set, "KeyRegistered");
      }
    });

    for (const [index, { networkId, operator, key, proof }] of vectors.possessions.entries()) {
      it(`accepts possession vector ${index}`, async () => {
        const { set } = await deployGuardianSet({ networkId });
        await expect(set.register(operator, key, proof))
          .to.emit(set, "KeyRegistered")
          .withArgs(getAddress(operator), key.x, key.y);
      });
    }

    it("C1 refuses a proof made for another operator, network or key, and no proof", async () => {
      const { set, networkId } = await deployGuardianSet();
      const otherNetwork = `0x${"17".repeat(32)}` as const;
      const proofs: Readonly<Record<string, Hex>> = {
        "another operator's": provePossession(alice.secret, networkId, bob.operator),
        "another network's": provePossession(alice.secret, otherNetwork, alice.operator),
        "another key's": provePossession(bob.secret, networkId, alice.operator),
        empty: "0x",
        short: provePossession(alice.secret, networkId, alice.operator).slice(0, -2) as Hex, // CAST: hex stays hex
        long: `${provePossession(alice.secret, networkId, alice.operator)}00`,
        zero: `0x${"00".repeat(96)}`,
      };
      for (const [name, proof] of Object.entries(proofs)) {
        await expect(set.register(alice.operator, alice.key, proof), name)
          .to.be.revertedWithCustomError(set, "GuardianSetInvalidPossession")
          .withArgs(getAddress(alice.operator));
      }
    });

    it("C1 EXPLOITS 39 refuses a rogue key: a key made from another's key cannot be proven", async () => {
      const { set, networkId } = await deployGuardianSet();
      const own = 424_242n;
      const rogue = toCurve(publicKey(own)).subtract(toCurve(alice.key)).toAffine();
      const mallory = guardianOf(own, rogue, "mallory");
      // He knows the secret of (rogue + alice), not of rogue: his best try is a proof under what he knows.
      const proof = provePossession(own, networkId, mallory.operator);
      await expect(set.register(mallory.operator, rogue, proof))
        .to.be.revertedWithCustomError(set, "GuardianSetInvalidPossession")
        .withArgs(getAddress(mallory.operator));
    });

    it("C9 refuses an attestation's signature over the possession digest: the tag differs", async () => {
      const { set } = await deployGuardianSet();
      // CAST: ethers returns hex
      const digest = (await set.possessionDigest(alice.operator, alice.key)) as Hex;
      const { rx, ry, s } = signAs([alice], digest);
      const proof = `0x${[rx, ry, s].map((v) => v.toString(16).padStart(64, "0")).join("")}`;
      await expect(set.register(alice.operator, alice.key, proof))
        .to.be.revertedWithCustomError(set, "GuardianSetInvalidPossession")
        .withArgs(getAddress(alice.operator));
    });

    it("C2 refuses what is no usable key", async () => {
      const { set } = await deployGuardianSet();
      const { x, y } = alice.key;
      const bad: readonly (readonly [bigint, bigint])[] = [
        [0n, 0n],
        [x, 0n],
        [0n, y],
        [x, y + 1n],
        [x + 1n, y],
        [FIELD_PRIME, y],
        [x, FIELD_PRIME],
        [GROUP_ORDER, y],
        [2n ** 256n - 1n, 2n ** 256n - 1n],
      ];
      for (const [badX, badY] of bad) {
        await expect(set.register(alice.operator, { x: badX, y: badY }, `0x${"11".repeat(96)}`))
          .to.be.revertedWithCustomError(set, "GuardianSetInvalidKey")
          .withArgs(badX, badY);
      }
    });

    it("binds one key to one operator, and one operator to one key", async () => {
      const fixture = await deployGuardianSet();
      const { set, networkId } = fixture;
      await registerKey(fixture, alice);
      await expect(registerKey(fixture, { ...bob, operator: alice.operator }))
        .to.be.revertedWithCustomError(set, "GuardianSetOperatorKnown")
        .withArgs(getAddress(alice.operator));
      const proof = provePossession(alice.secret, networkId, bob.operator);
      await expect(set.register(bob.operator, alice.key, proof))
        .to.be.revertedWithCustomError(set, "GuardianSetKeyTaken")
        .withArgs(alice.key.x, getAddress(alice.operator));
    });

    it("R22 refuses −K when K is registered", async () => {
      const fixture = await deployGuardianSet();
      await registerKey(fixture, alice);
      const secret = GROUP_ORDER - alice.secret;
      await expect(registerKey(fixture, { secret, key: publicKey(secret), operator: bob.operator }))
        .to.be.revertedWithCustomError(fixture.set, "GuardianSetKeyTaken")
        .withArgs(alice.key.x, getAddress(alice.operator));
    });

    it("R32 refuses a key that is the operator's own account", async () => {
      const fixture = await deployGuardianSet();
      const account = computeAddress(`0x${alice.secret.toString(16).padStart(64, "0")}`) as Address; // CAST: an address
      await expect(registerKey(fixture, { ...alice, operator: account }))
        .to.be.revertedWithCustomError(fixture.set, "GuardianSetKeyNotDedicated")
        .withArgs(account);
    });

    it("refuses the zero operator", async () => {
      const { set, networkId } = await deployGuardianSet();
      const proof = provePossession(alice.secret, networkId, ZeroAddress as Address); // CAST: an address
      await expect(set.register(ZeroAddress, alice.key, proof)).to.be.revertedWithCustomError(
        set,
        "GuardianSetZeroOperator",
      );
    });
  });

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

    it("refuses strangers and the removed", async () => {
      const fixture = await deployWithTable([1n, 1n, 1n, 1n]);
      const { set, weights } = fixture;
      const stranger = await fixture.connection.ethers.provider.getSigner(6);
      await expect(set.connect(stranger).join(ZeroAddress))
        .to.be.revertedWithCustomError(set, "GuardianSetOperatorUnknown")
        .withArgs(stranger.address);
      const account = await registerAccount(fixture, 5);
      await weights.set(account.address, 10n);
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
