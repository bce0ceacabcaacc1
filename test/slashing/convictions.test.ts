import { expect } from "chai";
import type { Hex } from "../../sdk/src/bytes.ts";
import { encodeKeyedAttestation, type Evidence } from "../../sdk/src/evidence.ts";
import { accuseLanes } from "../../sdk/src/evidenceBuild.ts";
import { CLASS_FAST, factProof, laneFactHash, networkRoot } from "../../sdk/src/fact.ts";
import { provePossession } from "../../sdk/src/possession.ts";
import { modN, publicKey, toCurve } from "../../sdk/src/schnorr.ts";
import {
  convictArgs,
  DAY,
  ETHER,
  INCIDENT_DELAY,
  include,
  members,
  prove,
  proveAndConvict,
  signTogether,
  trueFact,
  WRONG,
  type Member,
  type World,
} from "./world.ts";
import { lies, stageOf, stakeOn, type Truth } from "./charges.ts";

const FOREVER = 2n ** 40n - 1n;
const STAKE = 1_000_000n * ETHER;
const OPEN = 1n;
const SUSPENDED = 4n;
const COVERED = 5n;

describe("GuardianSlashing, convictions", () => {
  let world: World;
  let truth: Truth;
  let back: () => Promise<void>;
  let liar: Member;
  const { lieAt, factOf, convict, settle, statusOf } = lies(
    () => ({ world, truth, back }),
    () => liar.operator,
  );

  before(async () => {
    ({ world, truth, back } = await stageOf(30, async (made) => {
      const [first] = members(made.net);
      if (first === undefined) throw new Error("no guardian");
      liar = first;
      await stakeOn(made, liar.operator, STAKE);
    }));
  });

  beforeEach(async () => back());

  describe("convict", () => {
    it("EXPLOITS 17 freezes every signer of a final lie at once: no table is accepted, no stake leaves", async () => {
      const { guardianSlashing, guardianSet, guardianStaking } = world.a;
      const lie = lieAt(20n, { signers: [0, 1, 2, 3, 4] });
      await prove(world.a, lie);
      expect(await guardianSet.isAccepted(1)).to.equal(true);
      await expect(convict(lie))
        .to.emit(guardianSlashing, "GuardianConvicted")
        .and.to.emit(guardianSet, "TablesRefused");
      expect(await guardianSet.isAccepted(1)).to.equal(false);
      for (const { operator } of members(world.net).slice(0, 5)) {
        expect(await guardianSet.frozenUntil(operator)).to.equal(FOREVER);
        expect(await statusOf(lie, operator)).to.equal(OPEN);
        expect(await guardianSlashing.standing(operator)).to.deep.equal([1n, 0n]);
      }
      expect(await guardianSet.frozenUntil(members(world.net)[5]?.operator ?? "")).to.equal(0n);
      expect((await guardianStaking.pool(liar.operator)).tokens).to.equal(STAKE);
    });

    it("C8 convicts nobody twice for one fact: other signers, another table and the same again change nothing", async () => {
      const { guardianSlashing, guardianSet, signer } = world.a;
      const lie = lieAt(20n);
      await proveAndConvict(world.net, world.a, lie);
      const dueAt = (await guardianSlashing.conviction(liar.operator, factOf(lie))).dueAt;
      await expect(convict(lie)).to.not.emit(guardianSlashing, "GuardianConvicted");

      const more = lieAt(20n, { signers: [0, 1] });
      await prove(world.a, more);
      await expect(convict(more))
        .to.emit(guardianSlashing, "GuardianConvicted")
        .withArgs(
          members(world.net)[1]?.operator,
          factOf(lie),
          (value: string) => value !== "",
          (value: bigint) => value > 0n,
        );
      await guardianSet.connect(signer).rotate();
      const later = lieAt(20n, { serial: 2 });
      await prove(world.a, later);
      await convict(later);
      const byKey = lieAt(20n, { byKeys: true });
      await prove(world.a, byKey);
      await convict(byKey);
      expect(await guardianSlashing.standing(liar.operator)).to.deep.equal([1n, 0n]);
      expect((await guardianSlashing.conviction(liar.operator, factOf(lie))).dueAt).to.equal(dueAt);
    });

    it("C30 R26 counts signatures under old tables and of guardians that left", async () => {
      const { guardianSet, signer } = world.a;
      for (let epoch = 0; epoch < 4; epoch++) {
        await world.a.passTime(31 * DAY);
        await guardianSet.connect(signer).rotate();
      }
      expect(await guardianSet.isAccepted(1)).to.equal(false);
      const lie = lieAt(20n, { signers: [0, 2] });
      await proveAndConvict(world.net, world.a, lie);
      expect(await statusOf(lie)).to.equal(OPEN);
    });

    it("R2 counts two signer sets that one signature fits, each for its own members", async () => {
      const { guardianSet, guardianSlashing } = world.a;
      const [one, two] = members(world.net);
      if (one === undefined || two === undefined) throw new Error("no guardians");
      const secret = modN(one.secret + two.secret);
      const owner: Hex = "0x00000000000000000000000000000000000000A3";
      const key = publicKey(secret);
      await guardianSet.importKey(owner, key, provePossession(secret, world.net.networkId, owner));
      const third = await guardianSet.operatorOf(key.x);
      const lie = lieAt(20n, { signers: [0, 1] });
      const fact = "fact" in lie && "laneId" in lie.fact ? lie.fact : undefined;
      if (fact === undefined || lie.kind !== "laneRoot") throw new Error("no fact");
      const leaves = [laneFactHash(fact), WRONG];
      const root = networkRoot(leaves);
      const signature = signTogether(world.net.networkId, [one, two], root);
      const keys = [one.key.x, two.key.x].sort((x, y) => (x < y ? -1 : 1));
      const proof = factProof(leaves, laneFactHash(fact));
      for (const signers of [[key.x], keys]) {
        const attestation = encodeKeyedAttestation(root, signature, signers);
        await proveAndConvict(world.net, world.a, { ...lie, inclusion: { attestation, proof } });
      }
      for (const operator of [one.operator, two.operator, third]) {
        expect(await guardianSlashing.standing(operator)).to.deep.equal([1n, 0n]);
      }
    });

    it("C8 R2 never takes the stake of an account for a key that another has bound to it: the key alone is convicted", async () => {
      const { guardianSet, guardianSlashing, guardianStaking, signer } = world.a;
      const victim: Hex = "0x00000000000000000000000000000000000000A4";
      await stakeOn(world, victim, STAKE);
      const attacker = { secret: 4_711n, key: publicKey(4_711n), operator: victim };
      const proof = provePossession(attacker.secret, world.net.networkId, victim);
      await expect(guardianSet.register(victim, attacker.key, proof))
        .to.be.revertedWithCustomError(guardianSet, "AccessManagedUnauthorized")
        .withArgs(await signer.getAddress());
      await guardianSet.importKey(victim, attacker.key, proof);
      const lie = lieAt(20n);
      if (lie.kind !== "laneRoot") throw new Error("lies about a root");
      const leaves = [laneFactHash(lie.fact), WRONG];
      const root = networkRoot(leaves);
      const signature = signTogether(world.net.networkId, [attacker], root);
      const attestation = encodeKeyedAttestation(root, signature, [attacker.key.x]);
      const inclusion = { attestation, proof: factProof(leaves, laneFactHash(lie.fact)) };
      await proveAndConvict(world.net, world.a, { ...lie, inclusion });
      expect(await guardianSlashing.standing(await guardianSet.operatorOf(attacker.key.x))).to.deep.equal([1n, 0n]);
      expect(await guardianSlashing.standing(victim)).to.deep.equal([0n, 0n]);
      expect([await guardianSet.frozenUntil(victim), (await guardianStaking.pool(victim)).tokens]).to.deep.equal([
        ...[0n, STAKE],
      ]);
      // Where the key's operator has stake, the word of this rollup freezes it: it can be announced.
      await expect(guardianSlashing.announce(world.b.chainId, [attacker.key.x])).to.emit(
        guardianSlashing,
        "ConvictionsAnnounced",
      );
    });

    it("R2 takes no key that nobody has proven, so nobody's can be drawn in", async () => {
      const [one] = members(world.net);
      if (one === undefined) throw new Error("no guardian");
      const secret = 77n;
      const lie = lieAt(20n);
      if (lie.kind !== "laneRoot") throw new Error("no fact");
      const leaves = [laneFactHash(lie.fact), WRONG];
      const root = networkRoot(leaves);
      const signature = signTogether(world.net.networkId, [{ secret, key: publicKey(secret), operator: "" }], root);
      // The unknown key is aG − X: with the honest X it sums to aG, for which the attacker signs alone.
      const rogue = toCurve(publicKey(secret)).subtract(toCurve(one.key)).toAffine();
      const keys = [one.key.x, rogue.x].sort((x, y) => (x < y ? -1 : 1));
      const attestation = encodeKeyedAttestation(root, signature, keys);
      const proof = factProof(leaves, laneFactHash(lie.fact));
      await expect(prove(world.a, { ...lie, inclusion: { attestation, proof } })).to.be.revertedWithCustomError(
        world.a.guardianSet,
        "GuardianSetKeyUnknown",
      );
    });

    it("C8 refuses who did not sign, and what nobody has proven", async () => {
      const { guardianSlashing } = world.a;
      const lie = lieAt(20n);
      const [offence, attestation, other] = await convictArgs(world.net, world.a, lie);
      await expect(guardianSlashing.convict(offence, attestation, other, [0])).to.be.revertedWithCustomError(
        guardianSlashing,
        "SlashingUnknownProof",
      );
      await prove(world.a, lie);
      for (const place of [1n, 5n, 256n, 2n ** 127n]) {
        await expect(guardianSlashing.convict(offence, attestation, other, [place]))
          .to.be.revertedWithCustomError(guardianSlashing, "SlashingNotASigner")
          .withArgs(place);
      }
      for (const changed of [
        { ...offence, class: 1 },
        { ...offence, fact: WRONG },
        { ...offence, other: WRONG },
        { ...offence, subject: WRONG },
        { ...offence, first: 0n },
        { ...offence, last: 0n },
      ]) {
        await expect(guardianSlashing.convict(changed, attestation, other, [0])).to.be.revertedWithCustomError(
          guardianSlashing,
          "SlashingUnknownProof",
        );
      }
    });
  });

  describe("a conflict", () => {
    const pair = (signers: readonly number[], others: readonly number[]): Evidence => {
      const one = trueFact(world.lane, truth, 10n, 20n);
      const two = { ...one, headAt: WRONG };
      const found = accuseLanes(
        { fact: one, inclusion: include(world.net, one, { signers }) },
        { fact: two, inclusion: include(world.net, two, { signers: others }) },
      );
      if (found === undefined) throw new Error("no conflict");
      return found;
    };

    it("R2 convicts those who signed both facts and nobody else", async () => {
      const { guardianSlashing, guardianSet } = world.a;
      const found = pair([0, 1, 2], [2, 3, 0]);
      await proveAndConvict(world.net, world.a, found);
      const open = await Promise.all(
        members(world.net).map(async ({ operator }) => (await guardianSlashing.standing(operator)).open),
      );
      expect(open).to.deep.equal([1n, 0n, 1n, 0n, 0n, 0n]);
      const [offence, first, second] = await convictArgs(world.net, world.a, found);
      for (const place of [0n | (2n << 128n), 1n | (1n << 128n), 3n | (3n << 128n)]) {
        await expect(guardianSlashing.convict(offence, first, second, [place])).to.be.revertedWithCustomError(
          guardianSlashing,
          "SlashingNotASigner",
        );
      }
      expect(await guardianSet.frozenUntil(members(world.net)[1]?.operator ?? "")).to.equal(0n);
    });

    it("C8 and the falsehood of one of its facts are one conviction, in either order", async () => {
      const { guardianSlashing } = world.a;
      const found = pair([0], [0]);
      const fact = { ...trueFact(world.lane, truth, 10n, 20n), headAt: WRONG };
      const inclusion = include(world.net, fact, { signers: [0] });
      const alone: Evidence = {
        kind: "laneHead",
        fact,
        inclusion,
        lane: world.lane,
        position: 20n,
        hashes: truth.hashes(0n, 30n),
      };
      for (const [first, second] of [
        [found, alone],
        [alone, found],
      ] as const) {
        await back();
        await proveAndConvict(world.net, world.a, first);
        await proveAndConvict(world.net, world.a, second);
        expect(await guardianSlashing.standing(liar.operator)).to.deep.equal([1n, 0n]);
      }
    });

    it("covers its greater fact, which is convicted of no more", async () => {
      const found = pair([0], [0]);
      if (found.kind !== "laneConflict") throw new Error("no conflict");
      await proveAndConvict(world.net, world.a, found);
      const [lower, greater] = found.facts.map(laneFactHash);
      const { guardianSlashing } = world.a;
      expect((await guardianSlashing.conviction(liar.operator, lower ?? "")).status).to.equal(OPEN);
      expect((await guardianSlashing.conviction(liar.operator, greater ?? "")).status).to.equal(COVERED);
    });
  });

  describe("a fast lie", () => {
    it("R5 suspends fast signing for a time and does nothing else", async () => {
      const { guardianSlashing, guardianSet, guardianStaking } = world.a;
      const lie = lieAt(20n, {}, { class: CLASS_FAST, srcBlockHash: WRONG });
      await prove(world.a, lie);
      await expect(convict(lie)).to.emit(guardianSlashing, "FastSigningSuspended");
      const now = BigInt((await world.a.provider.getBlock("latest"))?.timestamp ?? 0);
      expect(await guardianSlashing.fastSuspendedUntil(liar.operator)).to.equal(now + 30n * 86_400n);
      expect(await guardianSet.frozenUntil(liar.operator)).to.equal(0n);
      expect(await guardianSet.isAccepted(1)).to.equal(true);
      expect((await guardianStaking.pool(liar.operator)).tokens).to.equal(STAKE);
      expect(await statusOf(lie)).to.equal(SUSPENDED);
      await world.a.passTime(INCIDENT_DELAY);
      await expect(settle(lie)).to.be.revertedWithCustomError(guardianSlashing, "SlashingNotOpen");
    });
  });
});
