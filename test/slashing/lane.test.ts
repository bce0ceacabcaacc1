import { expect } from "chai";
import type { Hex } from "../../sdk/src/bytes.ts";
import { type Evidence } from "../../sdk/src/evidence.ts";
import { accuseLane } from "../../sdk/src/evidenceBuild.ts";
import { CLASS_FAST } from "../../sdk/src/fact.ts";
import { laneId, packRoute } from "../../sdk/src/route.ts";
import { govern, inventedFact, laneTruth, prove, send, trueFact, WRONG, type World } from "./world.ts";
import { laneCharges, stageOf, type Truth } from "./charges.ts";

describe("GuardianSlashing, lane facts at home", () => {
  let world: World;
  let truth: Truth;
  let back: () => Promise<void>;
  const { signed, headEvidence, ahead, expectProof, refuses } = laneCharges(() => ({ world, truth, back }));

  before(async () => ({ world, truth, back } = await stageOf(150)));

  beforeEach(async () => back());

  describe("proveLaneHead", () => {
    for (const [what, from, to] of [
      ["between two checkpoints, however long ago", 3n, 20n],
      ["over a checkpoint", 60n, 70n],
      ["between the last checkpoint and the live head", 130n, 140n],
    ] as const) {
      it(`R1 EXPLOITS 17 proves a false head ${what}, at either end`, async () => {
        for (const lie of [{ headAt: WRONG }, { headBefore: WRONG }]) {
          const fact = { ...trueFact(world.lane, truth, from, to), ...lie };
          const evidence = accuseLane({ fact, inclusion: signed(fact), lane: world.lane }, truth);
          expect(evidence?.kind).to.equal("laneHead");
          if (evidence !== undefined) await expectProof(evidence);
        }
      });
    }

    it("needs no hashes where a head is stored: the lane's id, a checkpoint, the live head", async () => {
      for (const lie of [
        { ...trueFact(world.lane, truth, 0n, 64n), headBefore: WRONG },
        { ...trueFact(world.lane, truth, 0n, 64n), headAt: WRONG },
        { ...trueFact(world.lane, truth, 128n, 150n), headAt: WRONG },
      ]) {
        const evidence = accuseLane({ fact: lie, inclusion: signed(lie), lane: world.lane }, truth);
        expect(evidence).to.deep.include({ kind: "laneHead", hashes: [] });
        if (evidence !== undefined) await expectProof(evidence);
      }
    });

    it("catches messages that were never sent", async () => {
      const fact = inventedFact(trueFact(world.lane, truth, 5n, 9n), [WRONG, WRONG, WRONG, WRONG]);
      const evidence = accuseLane({ fact, inclusion: signed(fact), lane: world.lane }, truth);
      expect(evidence).to.deep.include({ kind: "laneHead", position: 9n });
      if (evidence !== undefined) await expectProof(evidence);
    });

    it("C8 refuses a true head, with any hashes", async () => {
      const fact = trueFact(world.lane, truth, 10n, 20n);
      await refuses(headEvidence(fact, { hashes: truth.hashes(0n, 64n) }), "SlashingNotFalse");
      await refuses(headEvidence(fact, { hashes: [...truth.hashes(0n, 63n), WRONG] }), "SlashingWrongHashes");
      await refuses(headEvidence(fact, { hashes: truth.hashes(0n, 63n) }), "SlashingOutOfReach");
      await refuses(headEvidence(fact, { hashes: truth.hashes(0n, 20n) }), "SlashingOutOfReach");
      await refuses(headEvidence(fact), "SlashingOutOfReach");
      await refuses(headEvidence(fact, { position: 15n }), "SlashingWrongPosition");
    });

    it("is made anew after a concurrent send, for at most 64 of them", async () => {
      const fact = { ...trueFact(world.lane, truth, 130n, 140n), headAt: WRONG };
      const inclusion = signed(fact);
      const stale = accuseLane({ fact, inclusion, lane: world.lane }, truth);
      await send(world, 1);
      if (stale !== undefined) await refuses(stale, "SlashingOutOfReach");
      await send(world, 63);
      const later = accuseLane({ fact, inclusion, lane: world.lane }, await laneTruth(world));
      await send(world, 3);
      if (later !== undefined) await expectProof(later);
    });

    it("is refused where the truth is out of reach: on another rollup, for another lane", async () => {
      const fact = { ...trueFact(world.lane, truth, 10n, 20n), headAt: WRONG };
      const evidence = headEvidence(fact, { hashes: truth.hashes(0n, 64n) });
      await refuses(evidence, "SlashingOtherLane", world.b);
      await refuses({ ...evidence, lane: { ...world.lane, dstGateway: world.lane.srcGateway } }, "SlashingOtherLane");
    });

    it("R21 a lane has one reading: fields that run into each other are refused", async () => {
      const fact = { ...trueFact(world.lane, truth, 10n, 20n), headAt: WRONG };
      const { guardianSlashing } = world.a;
      const { attestation, proof } = signed(fact);
      const inclusion = {
        attestation,
        factIndex: proof.index,
        factCount: proof.count,
        siblings: proof.siblings[0] ?? "0x",
      };
      // The same route number, read as a lane to a rollup that was never admitted: then every fact would be ahead of it.
      const { dstChainId, srcIncarnation, dstGateway } = world.lane;
      const carried = {
        dstChainId: dstChainId - 2n,
        ownIncarnation: srcIncarnation + (1n << 17n),
        incarnation: 1n,
        dstGateway,
      };
      expect((carried.dstChainId << 128n) | (carried.ownIncarnation << 112n)).to.equal(
        (dstChainId << 128n) | (srcIncarnation << 112n),
      );
      await expect(
        guardianSlashing.proveLaneAhead(fact, inclusion, carried, { anchored: false, number: 0n }),
      ).to.be.revertedWithCustomError(guardianSlashing, "SlashingOtherLane");
    });
  });

  describe("proveLaneAhead", () => {
    it("R21 proves that a fact runs ahead of the lane", async () => {
      const fact = { ...trueFact(world.lane, truth, 140n, 150n), from: 145n, to: 151n };
      await expectProof(ahead(fact));
      await refuses(ahead(trueFact(world.lane, truth, 140n, 150n)), "SlashingNotFalse");
    });

    it("R10 proves messages of a lane that was never opened: higher incarnations, a rollup never admitted", async () => {
      for (const change of [{ srcIncarnation: 2n }, { dstIncarnation: 2n }, { dstChainId: 4711n }]) {
        const lane = { ...world.lane, ...change };
        const fact = { ...trueFact(world.lane, truth, 0n, 1n), laneId: laneId(lane), headBefore: laneId(lane) };
        await expectProof(ahead(fact, lane));
      }
    });
  });

  describe("R10 a lane of older incarnations", () => {
    it("is judged up to its last checkpoint and no further", async () => {
      const { a, b, lane } = world;
      const entry = await a.rollupRegistry.rollup(b.chainId);
      const { chainId, gateway, anchorLog, stack, finality, finalityDepth, era, ceiling, eraCapacity, status } = entry;
      const terms = { chainId, gateway, anchorLog, stack, finality, finalityDepth, era, ceiling, eraCapacity, status };
      const admission = { ...terms, incarnation: 2n };
      await govern(world, a, "rollupRegistry", "remove", [b.chainId]);
      await govern(world, a, "rollupRegistry", "admit", [admission]);
      expect((await a.gateway.outLane(b.chainId)).nonce).to.equal(0n);

      const old = { ...trueFact(lane, truth, 10n, 20n), headAt: WRONG };
      await expectProof(headEvidence(old, { hashes: truth.hashes(0n, 64n) }));
      const tail = { ...trueFact(lane, truth, 130n, 140n), headAt: WRONG };
      await refuses(headEvidence(tail, { hashes: truth.hashes(128n, 150n) }), "SlashingOutOfReach");
      await refuses(ahead({ ...tail, to: 151n }), "SlashingOutOfReach");
      expect(packRoute(lane)).to.not.equal(packRoute({ ...lane, dstIncarnation: 2n }));
    });
  });

  describe("proveLaneRoot", () => {
    it("R21 proves a false batch root on any rollup, also by signers that are no quorum", async () => {
      const fact = { ...trueFact(world.lane, truth, 10n, 20n), batchRoot: WRONG };
      const hashes = truth.hashes(10n, 20n);
      for (const rollup of [world.a, world.b]) {
        await expectProof({ kind: "laneRoot", fact, inclusion: signed(fact, { signers: [5] }), hashes }, rollup);
      }
    });

    it("C8 refuses a true root and hashes that do not lead from head to head", async () => {
      const fact = trueFact(world.lane, truth, 10n, 20n);
      const inclusion = signed(fact);
      const lie = { ...fact, batchRoot: WRONG };
      await refuses({ kind: "laneRoot", fact, inclusion, hashes: truth.hashes(10n, 20n) }, "SlashingNotFalse");
      for (const hashes of [truth.hashes(10n, 19n), truth.hashes(11n, 21n), [...truth.hashes(10n, 19n), WRONG], []]) {
        await refuses({ kind: "laneRoot", fact: lie, inclusion: signed(lie), hashes }, "SlashingNotFalse");
      }
    });
  });

  describe("facts and signatures", () => {
    it("C9 refuses facts that no rollup would read", async () => {
      const fact = trueFact(world.lane, truth, 10n, 20n);
      const { guardianSlashing } = world.a;
      const good = signed({ ...fact, batchRoot: WRONG });
      const { attestation, proof } = good;
      const inclusion = {
        attestation,
        factIndex: proof.index,
        factCount: proof.count,
        siblings: proof.siblings[0] ?? "0x",
      };
      for (const bad of [
        { ...fact, class: 2 },
        { ...fact, to: fact.from },
        { ...fact, from: 21n },
        { ...fact, to: fact.from + 1_025n },
        { ...fact, srcBlockHash: WRONG },
        { ...fact, class: CLASS_FAST },
      ]) {
        await expect(guardianSlashing.proveLaneRoot(bad, inclusion, [])).to.be.revertedWithCustomError(
          guardianSlashing,
          "SlashingUnreadableFact",
        );
      }
    });

    it("R21 refuses a fact that is not in the signed root", async () => {
      const fact = { ...trueFact(world.lane, truth, 10n, 20n), batchRoot: WRONG };
      const { attestation } = signed(trueFact(world.lane, truth, 10n, 20n));
      const hashes = truth.hashes(10n, 20n);
      const { proof } = signed(fact);
      await refuses({ kind: "laneRoot", fact, inclusion: { attestation, proof }, hashes }, "SlashingNotIncluded");
    });

    it("C7 refuses what its signers did not sign", async () => {
      const fact = { ...trueFact(world.lane, truth, 10n, 20n), batchRoot: WRONG };
      const { attestation, proof } = signed(fact);
      const hashes = truth.hashes(10n, 20n);
      const others: Hex = `0x${attestation.slice(2, -2)}3f`;
      await expect(
        prove(world.a, { kind: "laneRoot", fact, inclusion: { attestation: others, proof }, hashes }),
      ).to.be.revertedWithCustomError(world.a.guardianSet, "GuardianSetInvalidSignature");
    });

    it("C8 stores the same proof once", async () => {
      const fact = { ...trueFact(world.lane, truth, 10n, 20n), batchRoot: WRONG };
      const evidence: Evidence = { kind: "laneRoot", fact, inclusion: signed(fact), hashes: truth.hashes(10n, 20n) };
      await prove(world.a, evidence);
      await refuses(evidence, "SlashingAlreadyProven");
    });
  });
});
