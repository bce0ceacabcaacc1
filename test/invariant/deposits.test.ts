import { expect } from "chai";
import type { Signer } from "ethers";
import fc from "fast-check";
import { Era__factory, EraVotes__factory, type Era, type EraVotes } from "../../typechain-types/index.js";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { openRollup, type Rollup } from "../helpers/rollup.ts";
import { DAY, ERA } from "../helpers/votes.ts";

const HOUR = 3_600;
const STEPS = Number(process.env["METALAYER_DEPOSITS_STEPS"] ?? 1_600);
/** All ERA in play; every holder may have any of it anywhere. */
const ALL = 300n * ERA;

interface Site {
  readonly rollup: Rollup;
  readonly era: Era;
  readonly votes: EraVotes;
  /** How many seconds this rollup's clock is ahead; changes during the run. */
  skew: number;
}

/** Rollups that agree on nothing but the true time, give or take `skew` seconds; ERA crosses between them in no time at all. */
class Sites {
  now = 0;
  readonly snapshots: number[] = [];
  paid = 0;

  constructor(
    readonly sites: readonly Site[],
    readonly holders: readonly (readonly Signer[])[],
  ) {}

  static async open(notice: bigint): Promise<Sites> {
    const sites: Site[] = [];
    const holders: Signer[][] = [];
    for (const name of ["rollupA", "rollupB", "rollupC"] as const) {
      const rollup = await openRollup(name);
      const { deployer } = rollup;
      const { chainId } = await rollup.ethers.provider.getNetwork();
      // The deployer stands for everything that mints and burns.
      const home = name === "rollupA" ? chainId : 1n;
      const era = await new Era__factory(deployer).deploy(deployer, deployer, deployer, deployer, home, deployer);
      const votes = await new EraVotes__factory(deployer).deploy(era, notice, 30n * DAY);
      const signers = (await rollup.ethers.getSigners()).slice(2, 5);
      for (const holder of signers) await era.connect(holder).approve(votes, 2n ** 256n - 1n);
      sites.push({ rollup, era, votes, skew: 0 });
      holders.push(signers);
    }
    const net = new Sites(sites, holders);
    net.now = Math.max(...(await Promise.all(sites.map(({ rollup }) => rollup.networkHelpers.time.latest())))) + HOUR;
    const [home] = sites as [Site]; // CAST: three were just opened
    for (const holder of holders[0] ?? []) await net.at(home, () => home.era.transfer(holder, ALL / 3n));
    return net;
  }

  /** Sends a transaction in a block with the rollup's own idea of the time, which never runs backwards. */
  async at(site: Site, send: () => Promise<unknown>): Promise<boolean> {
    const { time } = site.rollup.networkHelpers;
    await time.setNextBlockTimestamp(Math.max((await time.latest()) + 1, this.now + site.skew));
    return send().then(
      () => true,
      () => false,
    );
  }

  /** All that a holder has loose on one rollup goes to the same holder on another one. */
  async cross(from: number, to: number, who: number): Promise<void> {
    const [src, dst] = [this.sites[from] as Site, this.sites[to] as Site]; // CAST: callers name existing rollups
    const [sender, receiver] = [this.holders[from]?.[who] as Signer, this.holders[to]?.[who] as Signer]; // CAST: as above
    const amount = await src.era.balanceOf(sender);
    if (from === to || amount === 0n) return;
    await this.at(src, () => src.era.connect(sender).transfer(src.rollup.deployer, amount));
    await this.at(src, () => src.era.burn(amount));
    await this.at(dst, () => dst.era.mint(receiver, amount));
  }

  /** Votes that count for a snapshot over all rollups; once all clocks have passed it. */
  async counted(snapshot: number): Promise<bigint> {
    const totals = await Promise.all(this.sites.map(({ votes }) => votes.getPastTotalSupply(snapshot)));
    return totals.reduce((sum, total) => sum + total, 0n);
  }
}

const step = fc.record({
  act: fc.constantFrom("deposit", "withdraw", "pay", "collect", "cross", "cross", "wait", "skew", "snapshot"),
  site: fc.nat({ max: 2 }),
  other: fc.nat({ max: 2 }),
  who: fc.nat({ max: 2 }),
  skew: fc.integer({ min: -12 * HOUR, max: 12 * HOUR }),
  seconds: fc.integer({ min: 1, max: 18 * HOUR }),
});

/** The most that ever counted at one snapshot. */
async function play(net: Sites, steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]) {
  for (const { act, site: index, other, who, skew, seconds } of steps) {
    const site = net.sites[index] as Site; // CAST: three rollups
    const holder = net.holders[index]?.[who] as Signer; // CAST: three holders
    net.now += 1;
    if (act === "wait") net.now += seconds;
    if (act === "skew") site.skew = skew;
    if (act === "snapshot") net.snapshots.push(net.now + seconds);
    if (act === "cross") await net.cross(index, other, who);
    const votes = site.votes.connect(holder);
    if (act === "deposit") {
      const amount = await site.era.balanceOf(holder);
      if (amount > 0n) await net.at(site, () => votes.deposit(amount));
    }
    if (act === "withdraw") {
      const { free } = await votes.holding(holder);
      if (free > 0n) await net.at(site, () => votes.withdraw(free));
    }
    if (act === "collect") {
      // As soon as that rollup's clock allows it.
      const { leaving, payableAt } = await site.votes.holding(holder);
      if (leaving > 0n) net.now = Math.max(net.now, Number(payableAt) - site.skew);
    }
    const isPayment = act === "pay" || act === "collect";
    if (isPayment && (await net.at(site, () => votes.pay(holder)))) net.paid += 1;
  }
  for (const site of net.sites) {
    site.skew = 0;
    await site.rollup.networkHelpers.time.increaseTo(net.now + 5 * 24 * HOUR);
  }
  let most = 0n;
  for (const snapshot of net.snapshots) {
    const counted = await net.counted(snapshot);
    if (counted > most) most = counted;
  }
  return most;
}

/** Withdraws on A right after a snapshot and deposits on B, whose clock is a day behind, as soon as it can. */
async function doubleVote(notice: bigint): Promise<bigint> {
  const net = await Sites.open(notice);
  const [a, b] = net.sites as [Site, Site]; // CAST: three were opened
  const [holder, same] = [net.holders[0]?.[0] as Signer, net.holders[1]?.[0] as Signer]; // CAST: three holders
  a.skew = 12 * HOUR;
  b.skew = -12 * HOUR;
  await net.at(a, () => a.votes.connect(holder).deposit(ALL / 3n));
  const snapshot = await a.rollup.networkHelpers.time.latest();
  net.now += 1;
  await net.at(a, () => a.votes.connect(holder).withdraw(ALL / 3n));
  net.now += Number(notice);
  await net.at(a, () => a.votes.pay(holder));
  await net.cross(0, 1, 0);
  await net.at(b, () => b.votes.connect(same).deposit(ALL / 3n));
  for (const { rollup } of net.sites) await rollup.networkHelpers.time.increaseTo(net.now + 5 * 24 * HOUR);
  return net.counted(snapshot);
}

describe("deposits on three rollups with clocks up to a day apart", () => {
  it("INV-33 R14 C22 count each unit of ERA at most once at any snapshot, wherever it goes", async () => {
    const net = await Sites.open(2n * DAY);
    const most = await play(net, fc.sample(step, { seed: FUZZ_SEED, numRuns: STEPS }));
    expect([net.snapshots.length > 20, net.paid > 5], `${net.snapshots.length}, ${net.paid}`).to.deep.equal([
      true,
      true,
    ]);
    expect(most > 0n && most <= ALL, `seed ${FUZZ_SEED}: ${most} of ${ALL}`).to.equal(true);
  }).timeout(300_000);

  it("R14 a double vote by clock skew fails because of the notice, and would succeed with a notice below the skew", async () => {
    expect(await doubleVote(2n * DAY)).to.equal(ALL / 3n);
    expect(await doubleVote(BigInt(HOUR))).to.equal((2n * ALL) / 3n);
  });
});
