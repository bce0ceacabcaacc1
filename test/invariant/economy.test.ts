import { expect } from "chai";
import { SUPPLY } from "../helpers/economy.ts";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import type { StateDesk } from "../helpers/stateRequests.ts";
import { EconomyCampaign } from "./economyCampaign.ts";
import { readLedger } from "./economyLedger.ts";

const STEPS = Number(process.env["METALAYER_ECONOMY_STEPS"] ?? 240);
const CHECK_EVERY = 12;
const UNIT = 10n ** 9n;

describe("invariant: conservation of ERA over three rollups", () => {
  it(`NEEDS 20 C24 R19 holds to the wei through ${STEPS} random actions, and everything comes to rest (seed ${FUZZ_SEED})`, async () => {
    const campaign = await EconomyCampaign.start(FUZZ_SEED);
    const trace: string[] = [];
    for (let step = 1; step <= STEPS; step++) {
      trace.push(await campaign.step());
      if (step % CHECK_EVERY === 0) await check(campaign, trace.slice(-CHECK_EVERY).join("\n"));
    }
    for (const seen of ["transfer", "deliver", "send", "buyCredit", "sweep", "govern"]) {
      expect(trace.filter((line) => line.startsWith(seen) && line.endsWith("done")).length, seen).to.be.greaterThan(0);
    }
    await campaign.settle();
    const { ledger } = await check(campaign, "settled");
    expect({ ...ledger, supply: 0n, burntForGood: 0n }).to.deep.equal({
      supply: 0n,
      earned: 0n,
      queued: 0n,
      inFlight: 0n,
      bounties: 0n,
      burntForGood: 0n,
    });
  }).timeout(300_000);
});

async function check(campaign: EconomyCampaign, trace: string) {
  const { ledger, backing } = await readLedger(campaign.net);
  const { supply, earned, queued, inFlight, bounties, burntForGood } = ledger;
  const sum = supply + earned + queued + inFlight + bounties + burntForGood;
  expect(sum, trace).to.equal(SUPPLY);
  for (const { name, held, owed, balance } of backing) {
    expect(held, `${name}: ${trace}`).to.equal(owed);
    expect(balance >= held, `${name}: ${trace}`).to.equal(true);
  }
  for (const { staking, era } of campaign.net.rollups) {
    expect(await era.balanceOf(staking), trace).to.equal((await staking.totalStaked()) + (await staking.totalFees()));
  }
  for (const desk of campaign.state.desks.values()) await checkRequests(desk, trace);
  return { ledger };
}

/** Σ shares = fee: whatever was ever paid for requests was given back or shared without a rest, and what is not yet paid out is there. */
async function checkRequests({ rollup, requests }: StateDesk, trace: string): Promise<void> {
  const { filters } = requests;
  const [asked, answered, withdrawn, swept] = await Promise.all([
    requests.queryFilter(filters.StateRequested()),
    requests.queryFilter(filters.StateAnswered()),
    requests.queryFilter(filters.RequestWithdrawn()),
    requests.queryFilter(filters.SharesSwept()),
  ]);
  const ids = [...new Set(asked.map(({ args }) => args.id))];
  const open = await Promise.all(ids.map(async (id) => (await requests.request(id)).paid));
  const { fund, burn, guardians } = await requests.due();
  const held = await requests.held();
  expect(held, trace).to.equal(sum(open) * UNIT + fund + burn + guardians);
  expect(await rollup.era.balanceOf(requests), trace).to.equal(held);
  const out = [
    ...answered.map(({ args }) => args.reward),
    ...withdrawn.map(({ args }) => args.amount),
    ...swept.map(({ args }) => args.toFund + args.burnt + args.toGuardians),
  ];
  expect(sum(asked.map(({ args }) => args.paid)) * UNIT, trace).to.equal(sum(out) + held);
  const { pot, promised, owed } = await rollup.rewards.books();
  expect(await rollup.era.balanceOf(rollup.rewards), trace).to.equal(pot + promised + owed);
}

const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);
