import { expect } from "chai";
import type { Signer } from "ethers";
import type { Hex } from "../../sdk/src/bytes.ts";
import { accuseLanes } from "../../sdk/src/evidenceBuild.ts";
import { evidenceCall } from "../../sdk/src/evidenceCall.ts";
import { laneFactHash, type LaneFact } from "../../sdk/src/fact.ts";
import {
  DAY,
  ETHER,
  govern,
  INCIDENT_DELAY,
  include,
  members,
  proveAndConvict,
  trueFact,
  WRONG,
  type Member,
  type World,
} from "./world.ts";
import { lies, stageOf, stakeOn, type Truth } from "./charges.ts";

const FOREVER = 2n ** 40n - 1n;
const STAKE = 1_000_000n * ETHER;
const OPEN = 1n;
const BURNT = 2n;
const LIFTED = 3n;

/** All orders of some steps. */
function ordersOf<T>(steps: readonly T[]): T[][] {
  if (steps.length === 0) return [[]];
  return steps.flatMap((step, index) => ordersOf(steps.toSpliced(index, 1)).map((rest) => [step, ...rest]));
}

describe("GuardianSlashing, settlements", () => {
  let world: World;
  let truth: Truth;
  let back: () => Promise<void>;
  let liar: Member;
  let reporter: Signer;
  const { lieAt, factOf, convict, settle, statusOf } = lies(
    () => ({ world, truth, back }),
    () => liar.operator,
  );

  before(async () => {
    ({ world, truth, back } = await stageOf(30, async (made) => {
      const [first] = members(made.net);
      const other = (await made.connections[0]?.ethers.getSigners())?.[5];
      if (first === undefined || other === undefined) throw new Error("no guardian");
      [liar, reporter] = [first, other];
      await stakeOn(made, liar.operator, STAKE);
    }));
  });

  beforeEach(async () => back());

  describe("settle", () => {
    it("EXPLOITS 17 takes the stake after the incident delay, pays the reporter and burns the rest", async () => {
      const { guardianSlashing, guardianSet, guardianStaking, era } = world.a;
      const lie = lieAt(20n);
      const slashing = guardianSlashing.connect(reporter);
      const { method, args } = evidenceCall(lie);
      await slashing.getFunction(method)(...args);
      await convict(lie);
      const { dueAt } = await guardianSlashing.conviction(liar.operator, factOf(lie));
      await expect(settle(lie)).to.be.revertedWithCustomError(guardianSlashing, "SlashingTooEarly").withArgs(dueAt);

      await world.a.passTime(INCIDENT_DELAY);
      const supply = await era.totalSupply();
      await expect(settle(lie))
        .to.emit(guardianSlashing, "ConvictionBurnt")
        .withArgs(liar.operator, factOf(lie), STAKE, STAKE / 20n);
      expect(await era.balanceOf(reporter)).to.equal(STAKE / 20n);
      expect(supply - (await era.totalSupply())).to.equal(STAKE - STAKE / 20n);
      expect((await guardianStaking.pool(liar.operator)).tokens).to.equal(0n);
      expect((await guardianSet.operatorInfo(liar.operator)).convicted).to.equal(true);
      expect(await guardianSlashing.standing(liar.operator)).to.deep.equal([0n, 1n]);
      expect(await statusOf(lie)).to.equal(BURNT);
      await expect(settle(lie)).to.be.revertedWithCustomError(guardianSlashing, "SlashingNotOpen");
    });

    it("R31 a liar that reports itself loses at least 95 % of what is taken", async () => {
      const { era, signer } = world.a;
      // The signer of the test kit holds all ERA, staked for the liar and reports.
      const account = await signer.getAddress();
      const before = await era.balanceOf(account);
      const lie = lieAt(20n);
      await proveAndConvict(world.net, world.a, lie);
      await world.a.passTime(INCIDENT_DELAY);
      await settle(lie);
      expect((await era.balanceOf(account)) - before).to.equal((STAKE * 5n) / 100n);
    });

    it("R26 takes from stake that came later and from stake that is leaving alike; frozen stake does not leave", async () => {
      const { guardianStaking } = world.a;
      const account = await world.a.signer.getAddress();
      await stakeOn(world, liar.operator, STAKE);
      await guardianStaking.unstake(liar.operator, STAKE);
      const lie = lieAt(20n);
      await proveAndConvict(world.net, world.a, lie);
      await world.a.passTime(90 * DAY);
      await expect(guardianStaking.withdraw(1)).to.be.revertedWithCustomError(guardianStaking, "StakingFrozen");
      await settle(lie);
      expect((await guardianStaking.pool(liar.operator)).tokens).to.equal(0n);
      expect(
        await guardianStaking.tokensOf(liar.operator, await guardianStaking.sharesOf(liar.operator, account)),
      ).to.equal(0n);
    });

    it("C8 finds nothing of stake that left when its window was over, and pays nobody for it", async () => {
      const { guardianStaking, guardianSlashing, guardianSet, signer, era } = world.a;
      await guardianStaking.unstake(liar.operator, STAKE);
      const { releaseAt } = await guardianStaking.exit(1);
      await world.a.passTime(40 * DAY);
      await guardianSet.connect(signer).rotate();
      await world.a.passTime(40 * DAY);
      expect(releaseAt).to.be.lessThan((await world.a.provider.getBlock("latest"))?.timestamp ?? 0);
      await guardianStaking.withdraw(1);
      const lie = lieAt(20n);
      await proveAndConvict(world.net, world.a, lie);
      await world.a.passTime(INCIDENT_DELAY);
      const supply = await era.totalSupply();
      await expect(settle(lie))
        .to.emit(guardianSlashing, "ConvictionBurnt")
        .withArgs(liar.operator, factOf(lie), 0n, 0n);
      expect(await era.totalSupply()).to.equal(supply);
    });

    it("takes the same fraction again for every other lie", async () => {
      const { guardianSlashing, guardianStaking } = world.a;
      await govern(world, world.a, "guardianSlashing", "setTerms", [
        { fraction: 500_000, reporterShare: 0, incidentDelay: 60, foreignFreeze: 60, fastSuspension: 60 },
      ]);
      const lies = [lieAt(20n), lieAt(21n), lieAt(22n)];
      for (const lie of lies) await proveAndConvict(world.net, world.a, lie);
      expect(await guardianSlashing.standing(liar.operator)).to.deep.equal([3n, 0n]);
      await world.a.passTime(60);
      for (const lie of lies) {
        expect(await world.a.guardianSet.frozenUntil(liar.operator)).to.equal(FOREVER);
        await settle(lie);
      }
      expect((await guardianStaking.pool(liar.operator)).tokens).to.equal(STAKE / 8n);
    });
  });

  it("leaves what was not taken to whoever staked it, and locks nothing for ever", async () => {
    const { guardianSlashing, guardianStaking, guardianSet, era, signer } = world.a;
    const half = { fraction: 500_000, reporterShare: 0, incidentDelay: 60, foreignFreeze: 60, fastSuspension: 60 };
    await govern(world, world.a, "guardianSlashing", "setTerms", [half]);
    const lie = lieAt(20n);
    await proveAndConvict(world.net, world.a, lie);
    await guardianStaking.unstake(liar.operator, STAKE);
    await world.a.passTime(90 * DAY);
    await expect(guardianStaking.withdraw(1)).to.be.revertedWithCustomError(guardianStaking, "StakingFrozen");
    await expect(settle(lie)).to.emit(guardianSlashing, "ConvictionBurnt").and.to.emit(guardianSet, "GuardianUnfrozen");
    expect((await guardianSet.operatorInfo(liar.operator)).convicted).to.equal(true);
    const before = await era.balanceOf(signer);
    await guardianStaking.withdraw(1);
    expect((await era.balanceOf(signer)) - before).to.equal(STAKE / 2n);
    expect(await guardianStaking.totalStaked()).to.equal(0n);
  });

  describe("an incident", () => {
    const declare = (subject: Hex, first: bigint, last: bigint) =>
      govern(world, world.a, "guardianSlashing", "declareIncident", [subject, first, last]);
    const subject = (): Hex => trueFact(world.lane, truth, 0n, 1n).laneId;

    it("C18 lifts the convictions that it covers and unfreezes, whenever it is declared in time", async () => {
      const { guardianSlashing, guardianSet, guardianStaking } = world.a;
      const lie = lieAt(20n);
      await proveAndConvict(world.net, world.a, lie);
      await expect(declare(subject(), 20n, 1_000n))
        .to.emit(guardianSlashing, "IncidentDeclared")
        .withArgs(subject(), 20n, 1_000n);
      await world.a.passTime(INCIDENT_DELAY);
      await expect(settle(lie))
        .to.emit(guardianSlashing, "ConvictionLifted")
        .withArgs(liar.operator, factOf(lie), subject());
      expect(await statusOf(lie)).to.equal(LIFTED);
      expect(await guardianSet.frozenUntil(liar.operator)).to.equal(0n);
      expect((await guardianStaking.pool(liar.operator)).tokens).to.equal(STAKE);
      await expect(settle(lie)).to.be.revertedWithCustomError(guardianSlashing, "SlashingNotOpen");
      await expect(convict(lie)).to.not.emit(guardianSlashing, "GuardianConvicted");
    });

    it("does not lift what lies outside of its range or subject, nor what is burnt", async () => {
      const { guardianSlashing, guardianSet } = world.a;
      const [covered, outside] = [lieAt(25n), lieAt(19n)];
      await proveAndConvict(world.net, world.a, covered);
      await proveAndConvict(world.net, world.a, outside);
      await declare(subject(), 20n, 1_000n);
      await declare(WRONG, 0n, 1_000n);
      await settle(covered);
      expect(await guardianSet.frozenUntil(liar.operator)).to.equal(FOREVER);
      await world.a.passTime(INCIDENT_DELAY);
      await settle(outside);
      expect(await guardianSlashing.standing(liar.operator)).to.deep.equal([0n, 1n]);
      await declare(subject(), 0n, 1_000n);
      await expect(settle(outside)).to.be.revertedWithCustomError(guardianSlashing, "SlashingNotOpen");
    });

    it("C18 C8 ends the same in whatever order incident, conflict and the falsehood of each fact come", async () => {
      const { guardianSlashing, guardianSet, guardianStaking } = world.a;
      const [one, two] = [lieAt(20n), lieAt(20n, {}, { batchRoot: `0x${"3c".repeat(32)}` })] as const;
      const ranges = [one, two].map((evidence) => {
        if (evidence.kind !== "laneRoot") throw new Error("lies about a root");
        return { fact: evidence.fact, inclusion: evidence.inclusion };
      });
      const [a, b] = ranges;
      const conflict = a === undefined || b === undefined ? undefined : accuseLanes(a, b);
      if (conflict === undefined) throw new Error("no conflict");
      const charges = [one, two, conflict].map((evidence) => () => proveAndConvict(world.net, world.a, evidence));
      for (const order of ordersOf([...charges, () => declare(subject(), 5n, 1_000n)])) {
        await back();
        for (const step of order) await step();
        for (const evidence of [one, two]) {
          if ((await statusOf(evidence)) === OPEN) await settle(evidence);
        }
        expect(await guardianSlashing.standing(liar.operator)).to.deep.equal([0n, 0n]);
        expect(await guardianSet.frozenUntil(liar.operator)).to.equal(0n);
        expect((await guardianStaking.pool(liar.operator)).tokens).to.equal(STAKE);
      }
    });

    it("C18 excuses no lie outside of its range that somebody pairs with a fact within it", async () => {
      const lie = lieAt(20n);
      if (lie.kind !== "laneRoot") throw new Error("lies about a root");
      const within = (salt: bigint): LaneFact => {
        const batchRoot: Hex = `0x${salt.toString(16).padStart(64, "0")}`;
        return { ...trueFact(world.lane, truth, 20n, 30n), headBefore: WRONG, batchRoot };
      };
      // The pair is named by the lower hash, which its signers choose.
      let salt = 0n;
      while (laneFactHash(within(salt)) > factOf(lie)) salt++;
      const paired = { fact: within(salt), inclusion: include(world.net, within(salt), { signers: [0] }) };
      const conflict = accuseLanes(paired, lie);
      if (conflict === undefined) throw new Error("no conflict");
      await proveAndConvict(world.net, world.a, conflict);
      await declare(subject(), 25n, 1_000n);
      await expect(settle(conflict)).to.be.revertedWithCustomError(world.a.guardianSlashing, "SlashingTooEarly");
      await world.a.passTime(INCIDENT_DELAY);
      await expect(settle(conflict)).to.emit(world.a.guardianSlashing, "ConvictionBurnt");
    });

    it("can be withdrawn, and is never a range that runs backwards", async () => {
      const lie = lieAt(20n);
      await proveAndConvict(world.net, world.a, lie);
      await declare(subject(), 20n, 1_000n);
      await declare(subject(), 0n, 0n);
      await world.a.passTime(INCIDENT_DELAY);
      await settle(lie);
      expect(await statusOf(lie)).to.equal(BURNT);
      await expect(declare(subject(), 2n, 1n)).to.be.revertedWithCustomError(
        world.a.guardianSlashing,
        "SlashingInvalidIncident",
      );
    });
  });
});
