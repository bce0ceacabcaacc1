import { expect } from "chai";
import type { Signer } from "ethers";
import fc from "fast-check";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { deployVotes, ERA, lockEnd, PERIOD, type VotesFixture } from "../helpers/votes.ts";

describe("EraVotes: any sequence of acts", () => {
  it("C22 counts, at every moment of the past, exactly what a plain model counts, and never more than twice the deposits", async () => {
    const steps = fc.sample(step, { seed: FUZZ_SEED, numRuns: 120 });
    const state = await deployVotes("rollupA", 3);
    const model = await play(state, steps);
    const { votes, holders } = state;
    expect(model.acts.length).to.be.greaterThan(30);
    const times = fc.sample(fc.integer({ min: model.from, max: model.to - 1 }), { seed: FUZZ_SEED, numRuns: 60 });
    const boundaries = model.acts.map(({ time }) => time).filter((time) => time < model.to);
    for (const time of [...times, ...boundaries.slice(-40)]) {
      let all = 0n;
      for (const holder of holders) {
        const account = await holder.getAddress();
        const expected = model.votes(account, BigInt(time));
        expect(await votes.getPastVotes(account, time), `seed ${FUZZ_SEED}: ${account} at ${time}`).to.equal(expected);
        all += expected;
      }
      expect(await votes.getPastTotalSupply(time), `seed ${FUZZ_SEED}: all at ${time}`).to.equal(all);
      expect(all <= 2n * model.deposited(BigInt(time))).to.equal(true);
    }
  });
});

const step = fc.record({
  act: fc.constantFrom("deposit", "lock", "extend", "withdraw", "delegate", "wait", "wait"),
  who: fc.nat({ max: 2 }),
  amount: fc.bigInt({ min: 1n, max: 50n * ERA }),
  periods: fc.bigInt({ min: 0n, max: 5n }),
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Act {
  readonly time: number;
  readonly account: string;
  readonly free: bigint;
  readonly locked: bigint;
  readonly end: bigint;
  readonly delegatee: string;
}

/** Acts at random; what the contract refuses does not happen in the model either. */
async function play({ rollup, votes, holders }: VotesFixture, steps: readonly Step[]) {
  const { time } = rollup.networkHelpers;
  const from = await time.latest();
  const acts: Act[] = [];
  const latest = (account: string, at: bigint): Act | undefined =>
    acts.findLast((act) => act.account === account && BigInt(act.time) <= at);
  for (const { act, who, amount, periods } of steps) {
    const holder = holders[who] as Signer; // CAST: three holders
    const account = await holder.getAddress();
    const now = await time.latest();
    const end = lockEnd(now, periods);
    if (act === "wait") await time.increase((amount % (3n * PERIOD)) + 1n);
    const call = {
      deposit: () => votes.connect(holder).deposit(amount),
      lock: () => votes.connect(holder).lock(amount, end),
      extend: () => votes.connect(holder).lock(0, end),
      withdraw: () => votes.connect(holder).withdraw(amount),
      delegate: () => votes.connect(holder).delegate(holders[Number(periods) % 3] as Signer), // CAST: three holders
      wait: undefined,
    }[act];
    const done = await call?.().then(
      () => true,
      () => false,
    );
    if (done !== true) continue;
    const at = await time.latest();
    const was = latest(account, BigInt(at)) ?? { free: 0n, locked: 0n, end: 0n, delegatee: account };
    const open = was.end > BigInt(at);
    const [free, locked] = open ? [was.free, was.locked] : [was.free + was.locked, 0n];
    const kept = { time: at, account, free, locked, end: open ? was.end : 0n, delegatee: was.delegatee };
    if (act === "deposit") acts.push({ ...kept, free: free + amount });
    if (act === "withdraw") acts.push({ ...kept, free: free - amount });
    if (act === "lock") acts.push({ ...kept, free: free - amount, locked: locked + amount, end });
    if (act === "extend") acts.push({ ...kept, end });
    if (act === "delegate") {
      acts.push({ ...kept, delegatee: await (holders[Number(periods) % 3] as Signer).getAddress() }); // CAST: as above
    }
  }
  const accounts = await Promise.all(holders.map((holder) => holder.getAddress()));
  const sum = (at: bigint, of: (act: Act) => bigint): bigint =>
    accounts.reduce((total, account) => total + (latest(account, at) ? of(latest(account, at) as Act) : 0n), 0n); // CAST: just asked
  return {
    from,
    to: await time.latest(),
    acts,
    votes: (account: string, at: bigint): bigint =>
      sum(at, ({ delegatee, free, locked, end }) =>
        delegatee === account ? free + locked * (at < end ? 2n : 1n) : 0n,
      ),
    deposited: (at: bigint): bigint => sum(at, ({ free, locked }) => free + locked),
  };
}
