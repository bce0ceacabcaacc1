import { expect } from "chai";
import type { EconomyRollup } from "../helpers/economy.ts";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { StakeCampaign } from "./stakeCampaign.ts";

const STEPS = Number(process.env["METALAYER_STAKE_STEPS"] ?? 300);

describe("invariant: stake and tables of three rollups", () => {
  it(`INV-43 C5 C6 C8 EXPLOITS 31 hold through ${STEPS} random actions (seed ${FUZZ_SEED})`, async () => {
    const campaign = await StakeCampaign.start(FUZZ_SEED);
    const watch = new Map(campaign.net.rollups.map((rollup) => [rollup, new Watch(rollup, campaign)]));
    for (const each of watch.values()) await each.begin();
    const trace: string[] = [];
    const seen = new Set<string>();
    for (let step = 1; step <= STEPS; step++) {
      const exits = await Promise.all([...watch.values()].map((each) => each.tryExit()));
      const { rollup, action, done } = await campaign.step();
      trace.push(...exits, `${rollup.name} ${action} ${done ? "done" : "refused"}`);
      if (done) seen.add(action.replace(/(Again|OnceMore|More|For)$/, "").replace("leave", "unstake"));
      await watch.get(rollup)?.check(trace.slice(-12).join("\n"));
    }
    if (STEPS >= 300) expect([...seen]).to.include.members(["stake", "unstake", "rotate", "freeze", "slash"]);
    for (const each of watch.values()) await each.check("at the end");
  }).timeout(600_000);
});

/** One rollup's stake as it must be. */
class Watch {
  readonly #rollup: EconomyRollup;
  readonly #campaign: StakeCampaign;
  #constant = 0n;
  #serial = 0n;
  #nextExit = 1n;
  readonly #open = new Set<bigint>();
  readonly #refused = new Set<bigint>();

  constructor(rollup: EconomyRollup, campaign: StakeCampaign) {
    this.#rollup = rollup;
    this.#campaign = campaign;
  }

  async begin(): Promise<void> {
    this.#constant = await this.#supply();
  }

  async #supply(): Promise<bigint> {
    const { era, fees } = this.#rollup;
    return (await era.totalSupply()) + (await fees.burntForGood());
  }

  async check(trace: string): Promise<void> {
    expect(await this.#supply(), `ERA appeared or vanished: ${trace}`).to.equal(this.#constant);
    await this.#checkBalances(trace);
    await this.#checkPools(trace);
    await this.#checkTables(trace);
  }

  /** Held = owed, in both contracts. */
  async #checkBalances(trace: string): Promise<void> {
    const { era, staking, rewards } = this.#rollup;
    const [held, staked, fees, bonds] = await Promise.all([
      era.balanceOf(staking),
      staking.totalStaked(),
      staking.totalFees(),
      staking.totalBonds(),
    ]);
    expect(held, trace).to.equal(staked + fees + bonds);
    const { pot, promised, owed } = await rewards.books();
    expect(await era.balanceOf(rewards), trace).to.equal(pot + promised + owed);
  }

  /** Pools sum up to the total, shares to their pool, exits to what is leaving; what accounts earned is covered. */
  async #checkPools(trace: string): Promise<void> {
    const { staking, rewards } = this.#rollup;
    const holders = this.#campaign.accounts(this.#rollup);
    let total = 0n;
    let earned = 0n;
    const leaving = await this.#leaving();
    for (const { operator } of this.#campaign.guardians) {
      const pool = await staking.pool(operator);
      const shares = await Promise.all(holders.map((holder) => staking.sharesOf(operator, holder)));
      const free = shares.reduce((sum, each) => sum + each, 0n);
      expect(pool.shares, trace).to.equal(free + pool.leavingShares);
      expect(pool.leavingShares, trace).to.equal(leaving.get(operator.toLowerCase()) ?? 0n);
      expect(pool.tokens <= pool.shares, trace).to.equal(true);
      total += pool.tokens;
      for (const holder of [...holders, operator]) earned += await rewards.earned(operator, holder);
    }
    expect(await staking.totalStaked(), trace).to.equal(total);
    expect(earned <= (await rewards.books()).owed, `more earned than owed: ${trace}`).to.equal(true);
  }

  async #leaving(): Promise<Map<string, bigint>> {
    const { staking } = this.#rollup;
    for (; (await staking.exit(this.#nextExit)).account !== `0x${"00".repeat(20)}`; this.#nextExit++)
      this.#open.add(this.#nextExit);
    const sums = new Map<string, bigint>();
    for (const id of this.#open) {
      const { operator, shares } = await staking.exit(id);
      const name = operator.toLowerCase();
      sums.set(name, (sums.get(name) ?? 0n) + shares);
    }
    return sums;
  }

  /** Tables hand over one way; in an accepted one nobody counts who is convicted or frozen, nobody twice, nobody a third. */
  async #checkTables(trace: string): Promise<void> {
    const { guardianSet, staking } = this.#rollup;
    const { serial, previous, start } = await guardianSet.epoch();
    expect(serial >= this.#serial, trace).to.equal(true);
    const formed = serial > this.#serial;
    this.#serial = serial;
    for (const old of this.#refused)
      expect(await guardianSet.isAccepted(old), `${old} came back: ${trace}`).to.equal(false);
    const now = BigInt(await this.#rollup.connection.networkHelpers.time.latest());
    for (const each of [serial, previous]) {
      if (each === 0n) continue;
      if (!(await guardianSet.isAccepted(each))) {
        this.#refused.add(each);
        continue;
      }
      const entries = await guardianSet.guardians(each, 0n, 256n);
      const total = entries.reduce((sum, { weight }) => sum + weight, 0n);
      expect(new Set(entries.map(({ operator }) => operator)).size, trace).to.equal(entries.length);
      for (const { operator, weight } of entries) {
        expect(3n * weight < total, trace).to.equal(true);
        if (weight === 0n) continue;
        const info = await guardianSet.operatorInfo(operator);
        expect(info.convicted || now < info.frozenUntil, `${operator} counts: ${trace}`).to.equal(false);
        if (!formed || each !== serial || now !== start) continue;
        const [stake = 0n] = await staking.weights([operator]);
        expect(weight <= stake + info.bootstrapWeight, `weight without stake: ${trace}`).to.equal(true);
      }
    }
  }

  /** Tries to withdraw something, and compares with what the rules say. */
  async tryExit(): Promise<string> {
    const { staking, guardianSet, connection, user } = this.#rollup;
    const [id] = [...this.#open].sort(() => (this.#serial % 2n === 0n ? 1 : -1));
    if (id === undefined) return "";
    const exit = await staking.exit(id);
    const at = BigInt(await connection.networkHelpers.time.latest()) + 1n;
    const { serial, previous, graceUntil, validUntil } = await guardianSet.epoch();
    const counted =
      (exit.serial === serial && at < validUntil) ||
      (exit.serial === previous && exit.serial !== 0n && at < graceUntil);
    const frozen = at < (await guardianSet.frozenUntil(exit.operator));
    const allowed = at >= exit.releaseAt && !counted && !frozen;
    await connection.networkHelpers.time.setNextBlockTimestamp(at);
    const paid = await staking
      .connect(user)
      .withdraw(id)
      .then(() => true)
      .catch(() => false);
    expect(paid, `exit ${id}`).to.equal(allowed);
    if (paid) this.#open.delete(id);
    return `${this.#rollup.name} withdraw ${id} ${paid ? "paid" : "refused"}`;
  }
}
