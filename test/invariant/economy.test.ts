import { expect } from "chai";
import { SUPPLY } from "../helpers/economy.ts";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { EconomyCampaign } from "./economyCampaign.ts";
import { readLedger } from "./economyLedger.ts";

const STEPS = Number(process.env["METALAYER_ECONOMY_STEPS"] ?? 240);
const CHECK_EVERY = 12;

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
  return { ledger };
}
