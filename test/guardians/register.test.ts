import { readFileSync } from "node:fs";
import { expect } from "chai";
import { computeAddress, getAddress, ZeroAddress } from "ethers";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { provePossession } from "../../sdk/src/possession.ts";
import { FIELD_PRIME, GROUP_ORDER, publicKey, toCurve } from "../../sdk/src/schnorr.ts";
import { signAs, testGuardians, type TestGuardian } from "../helpers/network.ts";
import { deployGuardianSet, guardianOf, NEVER, registerKey, type GuardianSetFixture } from "../helpers/guardianSet.ts";

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

describe("GuardianRegistry", () => {
  const [alice, bob] = testGuardians(2) as [TestGuardian, TestGuardian]; // CAST: two were asked for

  describe("register", () => {
    const own = async (fixture: GuardianSetFixture, operator = alice.operator) => {
      await fixture.connection.networkHelpers.setBalance(operator, 10n ** 18n);
      return fixture.set.connect(await fixture.connection.ethers.getImpersonatedSigner(operator));
    };

    it("takes a proven key from the operator itself, for ever", async () => {
      const fixture = await deployGuardianSet();
      const { set, networkId } = fixture;
      const proof = provePossession(alice.secret, networkId, alice.operator);
      await expect((await own(fixture)).register(alice.operator, alice.key, proof))
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

    it("C8 lets nobody bind a key of his own to another's account, whose stake would answer for it", async () => {
      const fixture = await deployGuardianSet();
      const { set, networkId, anyone, governor } = fixture;
      const proof = provePossession(bob.secret, networkId, alice.operator);
      await expect(set.connect(anyone).register(alice.operator, bob.key, proof))
        .to.be.revertedWithCustomError(set, "AccessManagedUnauthorized")
        .withArgs(await anyone.getAddress());
      await set.connect(anyone).importKey(alice.operator, bob.key, proof);
      expect(await set.operatorOf(bob.key.x)).not.to.equal(getAddress(alice.operator));
      expect((await set.operatorInfo(alice.operator)).key.x).to.equal(0n);
      // Nor does it keep her from her own key, which governance may register as well.
      const hers = provePossession(alice.secret, networkId, alice.operator);
      await expect(set.connect(governor).register(alice.operator, alice.key, hers)).to.emit(set, "KeyRegistered");
    });

    describe("importKey", () => {
      it("R2 makes a key known in place of its operator, who can take it later, and nobody else", async () => {
        const fixture = await deployGuardianSet();
        const { set, networkId, anyone } = fixture;
        const proof = provePossession(alice.secret, networkId, alice.operator);
        await set.connect(anyone).importKey(alice.operator, alice.key, proof);
        const standIn = await set.operatorOf(alice.key.x);
        const digest = await set.possessionDigest(alice.operator, alice.key);
        expect(standIn).to.equal(getAddress(`0x${digest.slice(26)}`));
        expect((await set.operatorInfo(standIn)).key.x).to.equal(alice.key.x);
        await expect(set.connect(anyone).importKey(alice.operator, alice.key, proof))
          .to.be.revertedWithCustomError(set, "GuardianSetOperatorKnown")
          .withArgs(standIn);
        const asBob = provePossession(alice.secret, networkId, bob.operator);
        await expect((await own(fixture, bob.operator)).register(bob.operator, alice.key, asBob))
          .to.be.revertedWithCustomError(set, "GuardianSetKeyTaken")
          .withArgs(alice.key.x, standIn);
        await (await own(fixture)).register(alice.operator, alice.key, proof);
        expect(await set.operatorOf(alice.key.x)).to.equal(getAddress(alice.operator));
      });

      it("R2 makes an operator's other keys known too, and takes what register takes", async () => {
        const fixture = await deployGuardianSet();
        const { set, networkId, anyone } = fixture;
        await registerKey(fixture, alice);
        const other = provePossession(bob.secret, networkId, alice.operator);
        await expect(set.connect(anyone).importKey(alice.operator, bob.key, other)).to.emit(set, "KeyRegistered");
        expect(await set.operatorOf(bob.key.x)).not.to.equal(getAddress(alice.operator));
        await (await own(fixture)).replaceKey(bob.key, other);
        expect(await set.operatorOf(bob.key.x)).to.equal(getAddress(alice.operator));
        const known = provePossession(alice.secret, networkId, alice.operator);
        await expect(set.connect(anyone).importKey(alice.operator, alice.key, known))
          .to.be.revertedWithCustomError(set, "GuardianSetKeyTaken")
          .withArgs(alice.key.x, getAddress(alice.operator));
        await expect(set.connect(anyone).importKey(bob.operator, { x: 1n, y: 1n }, known))
          .to.be.revertedWithCustomError(set, "GuardianSetInvalidKey")
          .withArgs(1n, 1n);
      });

      it("R2 keeps an accused key from being taken out of a conviction by registering it", async () => {
        const fixture = await deployGuardianSet();
        const { set, networkId, anyone, slashing } = fixture;
        const proof = provePossession(alice.secret, networkId, alice.operator);
        await set.connect(anyone).importKey(alice.operator, alice.key, proof);
        const standIn = await set.operatorOf(alice.key.x);
        const asAlice = await own(fixture);
        const refused = () =>
          expect(asAlice.register(alice.operator, alice.key, proof))
            .to.be.revertedWithCustomError(set, "GuardianSetKeyTaken")
            .withArgs(alice.key.x, standIn);
        await set.connect(slashing).freeze(standIn, NEVER);
        await refused();
        await set.connect(slashing).convict(standIn);
        await set.connect(slashing).unfreeze(standIn);
        await refused();
      });
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
});
