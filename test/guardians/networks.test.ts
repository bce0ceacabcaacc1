import { expect } from "chai";
import { getAddress } from "ethers";
import { attestationDigest, encodeAttestation } from "../../sdk/src/attestation.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import { admitAll, attestAs, deployGuardianSet, deployWithTable, rootOf } from "../helpers/guardianSet.ts";
import { NETWORK_ID, signAs, testGuardians } from "../helpers/network.ts";

const EQUAL = [1n, 1n, 1n, 1n];
const ALL = [0, 1, 2, 3];

describe("GuardianSet on several rollups and networks", () => {
  describe("two rollups", () => {
    it("R2 one signature serves wherever its signers hold the quorum, in tables of different order and weight", async () => {
      const here = await deployWithTable([3n, 3n, 3n, 3n]);
      const there = await deployGuardianSet({ rollup: "rollupB" });
      const [a, b, c, d] = here.guardians;
      const elsewhere = testGuardians(8).slice(4);
      if (!a || !b || !c || !d) throw new Error("four guardians");
      // There: other order, d has weight 0 (it is staked elsewhere), and there are local guardians.
      const order = [d, ...elsewhere.slice(0, 2), c, b, a];
      await admitAll(there, order, [0n, 1n, 1n, 4n, 4n, 4n]);
      await there.set.rotate();

      const onHere = attestAs(here.guardians, [0, 1, 2, 3]);
      const onThere = attestAs(order, [0, 3, 4, 5]);
      expect(onHere.slice(0, 66 + 8 + 3 * 64)).to.equal(onThere.slice(0, 66 + 8 + 3 * 64));
      expect(await here.set.serialOf(onHere)).to.equal(1n);
      expect(await there.set.serialOf(onThere)).to.equal(1n);
      // The other rollup's hints name other keys.
      expect(await there.set.serialOf(onHere)).to.equal(0n);
      expect(await here.set.serialOf(onThere)).to.equal(0n);
    });

    it("C9 R27 nothing signed for one network holds in another", async () => {
      const otherNetwork = `0x${"42".repeat(32)}` as const;
      const here = await deployWithTable(EQUAL);
      const there = await deployWithTable(EQUAL, { rollup: "rollupB", networkId: otherNetwork });
      const forHere = attestAs(here.guardians, ALL);
      const forThere = attestAs(there.guardians, ALL, { networkId: otherNetwork });
      expect([await here.set.serialOf(forHere), await there.set.serialOf(forThere)]).to.deep.equal([1n, 1n]);
      expect([await here.set.serialOf(forThere), await there.set.serialOf(forHere)]).to.deep.equal([0n, 0n]);
    });
  });

  describe("domains", () => {
    it("C9 of everything a key signs, each verifies in its own place only", async () => {
      const { set, guardians } = await deployWithTable([1n, 1n, 1n, 1n]);
      const other = await deployWithTable([1n, 1n, 1n, 1n], { rollup: "rollupB", networkId: `0x${"77".repeat(32)}` });
      const root = rootOf("domain");
      const [guardian] = guardians;
      if (!guardian) throw new Error("four guardians");
      const digests: Readonly<Record<string, Hex>> = {
        "this network's attestation": attestationDigest(NETWORK_ID, root),
        "another network's attestation": attestationDigest(other.networkId, root),
        "the naked root": root,
        // CAST: ethers returns hex
        "a proof of possession": (await set.possessionDigest(guardian.operator, guardian.key)) as Hex,
      };
      for (const [name, digest] of Object.entries(digests)) {
        const signature = signAs(guardians, digest);
        const bytes = encodeAttestation({ root, serial: 1, signature, bitmap: 15n });
        expect(await set.serialOf(bytes), name).to.equal(name.startsWith("this") ? 1n : 0n);
        expect(await other.set.serialOf(bytes), name).to.equal(name.startsWith("another") ? 1n : 0n);
      }
      // The other way round: no attestation is a proof of possession.
      const { rx, ry, s } = signAs([guardian], attestationDigest(NETWORK_ID, root));
      const asProof = `0x${[rx, ry, s].map((v) => v.toString(16).padStart(64, "0")).join("")}`;
      const empty = await deployGuardianSet();
      await expect(empty.set.register(guardian.operator, guardian.key, asProof))
        .to.be.revertedWithCustomError(empty.set, "GuardianSetInvalidPossession")
        .withArgs(getAddress(guardian.operator));
    });
  });
});
