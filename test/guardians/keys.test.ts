import { expect } from "chai";
import { attestationDigest } from "../../sdk/src/attestation.ts";
import { provePossession } from "../../sdk/src/possession.ts";
import { admitAll, attestAs, deployGuardianSet, NEVER, rootOf } from "../helpers/guardianSet.ts";
import { NETWORK_ID, signAs, testGuardians, type TestGuardian } from "../helpers/network.ts";

const FIVE = [10n, 10n, 10n, 10n, 10n];
const ALL = [0, 1, 2, 3, 4];

const at = (guardians: readonly TestGuardian[], index: number): TestGuardian => {
  const guardian = guardians[index];
  if (!guardian) throw new Error(`no guardian ${index}`);
  return guardian;
};

describe("GuardianSet: keys", () => {
  describe("replaceKey", () => {
    async function withOperator() {
      const fixture = await deployGuardianSet();
      const [, , , , account] = await fixture.connection.ethers.getSigners();
      if (!account) throw new Error("no account");
      const operator = (await account.getAddress()) as `0x${string}`; // CAST: an address
      const keys = testGuardians(8);
      const own = { ...at(keys, 4), operator };
      const guardians = [...keys.slice(0, 4), own];
      await admitAll(fixture, guardians, FIVE);
      await fixture.set.rotate();
      const replace = async (key: TestGuardian) =>
        fixture.set.connect(account).replaceKey(key.key, provePossession(key.secret, NETWORK_ID, operator));
      return { ...fixture, account, operator, own, guardians, next: at(keys, 5), third: at(keys, 6), replace };
    }

    it("C6 counts the new key from the next table on, the old one until then, and keeps both accountable", async () => {
      const fixture = await withOperator();
      const { set, operator, own, next, third, guardians, replace } = fixture;
      await expect(replace(next)).to.emit(set, "KeyReplaced").withArgs(operator, own.key.x, next.key.x, next.key.y);
      expect(await set.serialOf(attestAs(guardians, ALL))).to.equal(1n);
      // A second replacement would hide the key that still counts.
      await expect(replace(third))
        .to.be.revertedWithCustomError(set, "GuardianSetKeyStillCounts")
        .withArgs(operator, own.key.x);
      await set.forceRotation();
      const replaced = [...guardians.slice(0, 4), { ...next, operator }];
      expect(await set.serialOf(attestAs(replaced, ALL, { serial: 2 }))).to.equal(2n);
      expect(await set.serialOf(attestAs(guardians, ALL, { serial: 2 }))).to.equal(0n);

      // What either key signed under its table names the operator, for ever.
      expect(await set.signersOf(attestAs(guardians, [4]))).to.deep.equal([operator]);
      expect(await set.signersOf(attestAs(replaced, [4], { serial: 2 }))).to.deep.equal([operator]);
      for (const key of [own, next]) {
        const { rx, ry, s } = signAs([key], attestationDigest(NETWORK_ID, rootOf("root")));
        expect(await set.signersOfKeys(rootOf("root"), [key.key.x], rx, ry, s)).to.deep.equal([operator]);
      }
      await replace(third);
      expect((await set.operatorInfo(operator)).retiredX).to.equal(next.key.x);
      expect(await set.operatorOf(own.key.x)).to.equal(operator);
    });

    it("a freeze finds the key that still counts although it was replaced", async () => {
      const fixture = await withOperator();
      const { set, operator, next, replace } = fixture;
      await replace(next);
      await set.remove(operator);
      expect(await set.isActive(operator)).to.equal(true);
      await expect(set.connect(fixture.slashing).freeze(operator, NEVER)).to.emit(set, "TablesRefused").withArgs(1n);
      expect(await set.isActive(operator)).to.equal(false);
    });

    it("C1 C9 takes a proven key that nobody has, from the operator itself", async () => {
      const { set, operator, own, next, guardians, account, anyone } = await withOperator();
      const asOperator = set.connect(account);
      const proof = provePossession(next.secret, NETWORK_ID, operator);
      await expect(set.connect(anyone).replaceKey(next.key, proof)).to.be.revertedWithCustomError(
        set,
        "GuardianSetOperatorUnknown",
      );
      await expect(asOperator.replaceKey(next.key, provePossession(next.secret, NETWORK_ID, at(guardians, 0).operator)))
        .to.be.revertedWithCustomError(set, "GuardianSetInvalidPossession")
        .withArgs(operator);
      await expect(asOperator.replaceKey(own.key, provePossession(own.secret, NETWORK_ID, operator)))
        .to.be.revertedWithCustomError(set, "GuardianSetKeyTaken")
        .withArgs(own.key.x, operator);
      await expect(asOperator.replaceKey({ x: 1n, y: 1n }, proof)).to.be.revertedWithCustomError(
        set,
        "GuardianSetInvalidKey",
      );
    });
  });
});
