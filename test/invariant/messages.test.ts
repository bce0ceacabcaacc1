import { expect } from "chai";
import { KIND_BOUNTY } from "../../sdk/src/message.ts";
import { Campaign, type LaneModel } from "./campaign.ts";
import { FUZZ_SEED } from "../helpers/fuzz.ts";

/** Actions of one campaign; `METALAYER_CAMPAIGN_STEPS` lengthens it. */
const STEPS = Number(process.env["METALAYER_CAMPAIGN_STEPS"] ?? 250);
const CHECK_EVERY = 25;

/** INV-3: at most one execution for every id, exactly one for every delivered one. */
async function checkExactlyOnce({ recipients, sent }: LaneModel): Promise<void> {
  for (const { id, message, delivered } of sent) {
    if (message.kind === KIND_BOUNTY) continue;
    let executions = 0n;
    for (const recipient of recipients) executions += await recipient.receivedById(id);
    expect(executions, `executions of ${id}`).to.equal(delivered ? 1n : 0n);
  }
}

/** INV-4: a bit or fingerprint is set for exactly the delivered messages; clearing one never touched another. */
async function checkRecords({ src, dst, sent }: LaneModel): Promise<void> {
  for (let word = 0; word * 256 < sent.length; word++) {
    const bits = await dst.gateway.deliveredWord(src.chainId, word);
    for (let i = 0; i < 256 && word * 256 + i < sent.length; i++) {
      const nonce = word * 256 + i;
      const fast = (await dst.gateway.fastWord(src.chainId, nonce >> 2)) >> BigInt(64 * (nonce & 3));
      const closed = ((bits >> BigInt(i)) & 1n) === 1n || BigInt.asUintN(64, fast) !== 0n;
      expect(closed, `record of nonce ${nonce}`).to.equal(sent[nonce]?.delivered);
    }
  }
}

/** INV-7 and INV-8: charged = accrued; net fees and bounties sent = earned + queued + booked + in flight. */
async function checkFees(campaign: Campaign): Promise<void> {
  for (const lane of campaign.lanes) {
    const out = await lane.src.gateway.outLane(lane.dst.chainId);
    expect(out.accrued).to.equal(lane.sent.reduce((sum, sent) => sum + sent.gross, 0n));
  }
  for (const rollup of campaign.net.rollups) {
    const inbound = campaign.lanes.filter((lane) => lane.dst === rollup);
    let due = 0n;
    let held = 0n;
    const serial = await rollup.guardianSet.currentSerial();
    // Whoever delivered earned: the relayer, bounties' refund account, and recipients that delivered from inside.
    for (const account of [rollup.relayer, rollup.executor, ...inbound.flatMap((lane) => lane.recipients)]) {
      const [forDeliverer, forGuardians] = await rollup.gateway.earnings(serial, account);
      held += forDeliverer + forGuardians;
      for (const { src } of inbound) held += await rollup.gateway.queued(src.chainId, account);
    }
    for (const lane of inbound) {
      for (const { id, message, delivered, bounty } of lane.sent) {
        if (delivered) due += message.fee + bounty;
        held += (await rollup.gateway.bounty(lane.src.chainId, message.nonce, id)).amount;
      }
    }
    expect(held, `fees held on ${rollup.name}`).to.equal(due);
  }
}

describe("Invariants of messages over three rollups", function () {
  this.timeout(600_000);

  it(`INV-3, INV-4, INV-7, INV-8, INV-9 hold after ${STEPS} random actions (seed ${FUZZ_SEED})`, async () => {
    const campaign = await Campaign.start(FUZZ_SEED);
    const trace: string[] = [];
    try {
      for (let step = 1; step <= STEPS; step++) {
        trace.push(await campaign.step());
        if (step % CHECK_EVERY !== 0) continue;
        for (const lane of campaign.lanes) await checkRecords(lane);
        await checkFees(campaign);
      }
      for (const lane of campaign.lanes) await checkExactlyOnce(lane);
      // INV-9 no limbo: whatever happened, every accepted message can still be delivered.
      await campaign.settle();
      for (const lane of campaign.lanes) {
        expect(lane.sent.every((sent) => sent.delivered)).to.equal(true);
        await checkExactlyOnce(lane);
        await checkRecords(lane);
      }
      await checkFees(campaign);
      expect(campaign.lanes.reduce((sum, lane) => sum + lane.sent.length, 0)).to.be.greaterThan(STEPS / 8);
    } catch (error) {
      throw new Error(`seed ${FUZZ_SEED}, after: ${trace.slice(-12).join(" | ")}`, { cause: error });
    }
  });
});
