import { expect } from "chai";
import { getAddress } from "ethers";
import { attestationDigest } from "../../sdk/src/attestation.ts";
import { GROUP_ORDER, modN, publicKey } from "../../sdk/src/schnorr.ts";
import { expectGas } from "../helpers/gas.ts";
import { attestAs, deployWithTable, moveTo, registerKey, rootOf } from "../helpers/guardianSet.ts";
import { NETWORK_ID, signAs, testGuardians, type TestGuardian } from "../helpers/network.ts";

const SIX = [10n, 10n, 10n, 10n, 10n, 0n];
const ROOT = rootOf("root");

describe("GuardianSet: who signed", () => {
  const sign = (signers: readonly TestGuardian[]) => signAs(signers, attestationDigest(NETWORK_ID, ROOT));
  const byX = (signers: readonly TestGuardian[]) => [...signers].sort((a, b) => (a.key.x < b.key.x ? -1 : 1));
  const operators = (signers: readonly TestGuardian[]) => signers.map(({ operator }) => getAddress(operator));

  describe("signedUnder and signersOf", () => {
    it("R1 C8 C30 name the signers under any table ever formed, with or without a quorum, weight or acceptance", async () => {
      const fixture = await deployWithTable(SIX);
      const { set, guardians } = fixture;
      await moveTo(fixture, (await set.epoch()).validUntil + 86_400n * 400n);
      await set.rotate();
      await set.forceRotation();
      expect(await set.isAccepted(1n)).to.equal(false);
      for (const indexes of [[0], [5], [0, 2], [1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5]]) {
        const attestation = attestAs(guardians, indexes);
        const bitmap = indexes.reduce((sum, index) => sum + (1n << BigInt(index)), 0n);
        expect((await set.signedUnder(attestation)).slice(0, 2)).to.deep.equal([1n, bitmap]);
        expect(await set.signersOf(attestation)).to.deep.equal(
          operators(guardians.filter((_, index) => indexes.includes(index))),
        );
      }
    });

    it("say the same with a cached signer set", async () => {
      const { set, guardians } = await deployWithTable(SIX);
      await set.cacheSigners(1n, 15n);
      const [serial, bitmap, sumKeyX] = await set.signedUnder(attestAs(guardians, [0, 1, 2, 3]));
      expect([serial, bitmap]).to.deep.equal([1n, 15n]);
      expect(sumKeyX).to.equal(publicKey(modN(guardians.slice(0, 4).reduce((sum, { secret }) => sum + secret, 0n))).x);
    });

    it("EXPLOITS 1 C7 refuse other signers, tables, lengths and any changed byte, with the reason", async () => {
      const { set, guardians } = await deployWithTable(SIX);
      const good = attestAs(guardians, [0, 1, 2, 3, 4]);
      for (let place = 0; place < (good.length - 2) / 2; place++) {
        const digit = parseInt(good.slice(2 + 2 * place, 4 + 2 * place), 16) ^ 1;
        const bad = good.slice(0, 2 + 2 * place) + digit.toString(16).padStart(2, "0") + good.slice(4 + 2 * place);
        const reason = place >= 32 && place < 36 ? "GuardianSetUnknownTable" : "GuardianSetInvalidSignature";
        await expect(set.signedUnder(bad), `byte ${place}`).to.be.revertedWithCustomError(set, reason);
      }
      for (const length of [0, 1, 132, 165]) {
        await expect(set.signedUnder(`0x${"01".repeat(length)}`))
          .to.be.revertedWithCustomError(set, "GuardianSetBadAttestation")
          .withArgs(length);
      }
      const padded = `${good.slice(0, -2)}00${good.slice(-2)}`;
      await expect(set.signedUnder(padded))
        .to.be.revertedWithCustomError(set, "GuardianSetUnknownSigners")
        .withArgs(0n);
      await expect(set.signedUnder(`${good.slice(0, -2)}40`))
        .to.be.revertedWithCustomError(set, "GuardianSetUnknownSigners")
        .withArgs(64n);
    });
  });

  describe("signersOfKeys", () => {
    it("R2 name signers whose keys are proven here though they were never in a table", async () => {
      const fixture = await deployWithTable(SIX);
      const { set, guardians } = fixture;
      const strangers = testGuardians(9).slice(6);
      for (const stranger of strangers) await registerKey(fixture, stranger);
      for (const signers of [strangers.slice(0, 1), strangers, [...strangers, ...guardians.slice(0, 3)]]) {
        const { rx, ry, s } = sign(signers);
        const sorted = byX(signers);
        const xs = sorted.map(({ key }) => key.x);
        expect(await set.signersOfKeys(ROOT, xs, rx, ry, s)).to.deep.equal(operators(sorted));
      }
    });

    it("R2 a made-up key draws nobody in: aG − X was proven by nobody", async () => {
      const fixture = await deployWithTable(SIX);
      const { set, guardians } = fixture;
      const [honest] = guardians;
      if (!honest) throw new Error("no guardian");
      // The attacker knows the secret key a of the sum X + (aG − X), and both secrets here only to build the point.
      const a = 12_345n;
      const made = publicKey((a + GROUP_ORDER - honest.secret) % GROUP_ORDER);
      const { rx, ry, s } = sign([{ ...honest, secret: a, key: publicKey(a) }]);
      const xs = [honest.key.x, made.x].sort((one, other) => (one < other ? -1 : 1));
      await expect(set.signersOfKeys(ROOT, xs, rx, ry, s))
        .to.be.revertedWithCustomError(set, "GuardianSetKeyUnknown")
        .withArgs(made.x);
    });

    it("C4 refuse no keys, too many, doubled, unsorted and other keys", async () => {
      const { set, guardians } = await deployWithTable(SIX);
      const sorted = byX(guardians.slice(0, 3));
      const [x0 = 0n, x1 = 0n, x2 = 0n] = sorted.map(({ key }) => key.x);
      const { rx, ry, s } = sign(sorted);
      const ask = (xs: bigint[]) => set.signersOfKeys(ROOT, xs, rx, ry, s);
      const refuse = (xs: bigint[], error: string, arg: bigint) =>
        expect(ask(xs)).to.be.revertedWithCustomError(set, error).withArgs(arg);
      await refuse([], "GuardianSetBadKeyCount", 0n);
      await refuse(
        Array.from({ length: 257 }, (_, i) => BigInt(i)),
        "GuardianSetBadKeyCount",
        257n,
      );
      await refuse([x0, x1, x1, x2], "GuardianSetKeysUnordered", 2n);
      await refuse([x1, x0, x2], "GuardianSetKeysUnordered", 1n);
      await refuse([0n, x0], "GuardianSetKeyUnknown", 0n);
      await expect(ask([x0, x1])).to.be.revertedWithCustomError(set, "GuardianSetInvalidSignature");
      await expect(set.signersOfKeys(rootOf("other"), [x0, x1, x2], rx, ry, s)).to.be.revertedWithCustomError(
        set,
        "GuardianSetInvalidSignature",
      );
    });
  });

  it("operatorAt names the operator of any place of any table, and refuses places beyond", async () => {
    const { set, guardians } = await deployWithTable(SIX);
    for (const [index, { operator }] of guardians.entries()) {
      expect(await set.operatorAt(1n, index)).to.equal(getAddress(operator));
    }
    await expect(set.operatorAt(1n, 6n)).to.be.revertedWithCustomError(set, "GuardianSetUnknownPlace").withArgs(1n, 6n);
    await expect(set.operatorAt(2n, 0n)).to.be.revertedWithCustomError(set, "GuardianSetUnknownPlace").withArgs(2n, 0n);
  });

  it("costs less than 65,000 gas for 67 of 100", async () => {
    const { set, guardians, connection } = await deployWithTable(Array.from({ length: 100 }, () => 10n));
    const attestation = attestAs(
      guardians,
      Array.from({ length: 67 }, (_, index) => index),
    );
    const data = set.interface.encodeFunctionData("signedUnder", [attestation]);
    const gas = await connection.ethers.provider.estimateGas({ to: await set.getAddress(), data });
    expectGas(gas - 21_000n, 65_000n);
  });
});
