import { expect } from "chai";
import { TAG_CLAIM, TAG_MESSAGE, type BatchEntry } from "../../sdk/src/batch.ts";
import { hashText } from "../../sdk/src/bytes.ts";
import { CLASS_FAST } from "../../sdk/src/fact.ts";
import { gatewayFixture, MODE, type GatewayFixture } from "../helpers/gateway.ts";
import { prepareDelivery, TERMS } from "../helpers/network.ts";

const DAY = 86_400;
const WHOLE_ERA = 10n ** 9n;
const MESSAGE = { from: 0n, to: 1n };
const BOUNTY = { from: 1n, to: 2n };
const claim = (entry: BatchEntry): BatchEntry => (entry.tag === TAG_MESSAGE ? { ...entry, tag: TAG_CLAIM } : entry);

/** A message on its way, and a bounty for it that is booked at the destination. */
async function booked(amount = 7_000n) {
  const f = await gatewayFixture();
  await f.A.gateway.connect(f.A.feeController).addCredit(await f.A.user.getAddress(), 10n ** 15n);
  await f.send(1);
  const refundTo = await f.B.user.getAddress();
  await f.A.gateway.connect(f.A.user).requestRelay(f.B.chainId, 0, await f.id(0), amount, refundTo);
  await f.relay({ part: BOUNTY });
  const relayer = await f.B.relayer.getAddress();
  return { f, refundTo, relayer, id: await f.id(0) };
}

/** The fee that the message commits to. */
async function feeOf(f: GatewayFixture): Promise<bigint> {
  const { batch } = await prepareDelivery(f.net, f.A, f.B, { part: MESSAGE });
  const [entry] = batch.entries;
  return entry?.tag === TAG_MESSAGE ? entry.fee : 0n;
}

describe("MetalayerGateway, delivering", () => {
  describe("bounties", () => {
    it("C24 are paid once: what the deliverer earned is not refunded too", async () => {
      const { f, relayer, id } = await booked();
      await expect(f.relay({ part: MESSAGE, edit: claim }))
        .to.emit(f.B.gateway, "BountyPaid")
        .withArgs(id, relayer, 7_000);
      expect((await f.B.gateway.bounty(f.A.chainId, 0, id)).amount).to.equal(0n);
      await expect(f.B.gateway.refundBounty(f.A.chainId, 0, id))
        .to.be.revertedWithCustomError(f.B.gateway, "GatewayNoBounty")
        .withArgs(f.A.chainId, 0, id);
    });

    it("are not earned by an attempt that fails, and are by the one that succeeds", async () => {
      const { f, refundTo, relayer, id } = await booked();
      await f.recipient.setMode(MODE.revert);
      await expect(f.relay({ part: MESSAGE, edit: claim })).not.to.emit(f.B.gateway, "BountyPaid");
      expect(await f.B.gateway.bounty(f.A.chainId, 0, id)).to.deep.equal([7_000n, refundTo]);
      await f.recipient.setMode(MODE.accept);
      await expect(f.relay({ part: MESSAGE, edit: claim }))
        .to.emit(f.B.gateway, "BountyPaid")
        .withArgs(id, relayer, 7_000);
    });

    it("are earned from the very second in which a pause ends", async () => {
      const { f, relayer, id } = await booked();
      await f.B.gateway.connect(f.B.pauser).pause([f.A.chainId], DAY);
      const { pausedUntil } = await f.B.gateway.inLane(f.A.chainId);
      const { time } = f.B.connection.networkHelpers;
      await time.setNextBlockTimestamp(pausedUntil - 1n);
      await expect(f.relay({ part: MESSAGE, edit: claim }))
        .to.be.revertedWithCustomError(f.B.gateway, "GatewayPaused")
        .withArgs(f.A.chainId, pausedUntil);
      await time.setNextBlockTimestamp(pausedUntil);
      await expect(f.relay({ part: MESSAGE, edit: claim }))
        .to.emit(f.B.gateway, "BountyPaid")
        .withArgs(id, relayer, 7_000);
    });

    it("EXPLOITS 27 are not taken back from inside the delivery that earns them, whoever gets them back", async () => {
      const { f, relayer, id } = await booked();
      const refund = f.B.gateway.interface.encodeFunctionData("refundBounty", [f.A.chainId, 0, id]);
      await f.recipient.setCall(await f.B.gateway.getAddress(), refund);
      await f.recipient.setMode(MODE.reenter);
      await expect(f.relay({ part: MESSAGE, edit: claim, gasBoost: 300_000n }))
        .to.emit(f.B.gateway, "BountyPaid")
        .withArgs(id, relayer, 7_000);
      expect(await f.recipient.received()).to.equal(1);
      expect(await f.recipient.reentrySucceeded()).to.equal(false);
      expect(await f.B.gateway.earnings(1, await f.B.user.getAddress())).to.deep.equal([0n, 0n]);
    });

    it("C24 of which a greater one comes in while another is earned are paid once each", async () => {
      const { f, relayer, id } = await booked();
      const other = await f.B.deployer.getAddress();
      await f.A.gateway.connect(f.A.user).requestRelay(f.B.chainId, 0, id, 9_000, other);
      const greater = await prepareDelivery(f.net, f.A, f.B, { part: { from: 2n, to: 3n } });
      const relay = f.B.gateway.interface.encodeFunctionData("relay", [greater.attestation, greater.batches]);
      await f.recipient.setCall(await f.B.gateway.getAddress(), relay);
      await f.recipient.setMode(MODE.once);
      const fee = await feeOf(f);
      await f.relay({ part: MESSAGE, edit: claim, gasBoost: 1_000_000n });
      expect(await f.recipient.reentrySucceeded()).to.equal(true);
      const guardians = (fee * TERMS.guardianShare) / 1_000n;
      expect((await f.B.gateway.earnings(1, relayer))[0]).to.equal(fee - guardians + 7_000n);
      expect(await f.B.gateway.earnings(1, other)).to.deep.equal([9_000n, 0n]);
      expect((await f.B.gateway.bounty(f.A.chainId, 0, id)).amount).to.equal(0n);
    });

    it("are kept away by no smaller one, nor by one that names another message, whoever came first", async () => {
      const { f, refundTo, relayer, id } = await booked(1_000n);
      const [wrong, victim] = [hashText("another message"), await f.B.deployer.getAddress()];
      await f.A.gateway.connect(f.A.user).requestRelay(f.B.chainId, 0, wrong, 90_000, refundTo);
      await f.A.gateway.connect(f.A.user).requestRelay(f.B.chainId, 0, id, 8_000, victim);
      await expect(f.relay({ part: { from: 2n, to: 4n } }))
        .to.emit(f.B.gateway, "BountyBooked")
        .withArgs(id, f.A.chainId, 0, 8_000, victim);
      // The smaller one is paid back.
      expect(await f.B.gateway.earnings(1, refundTo)).to.deep.equal([1_000n, 0n]);
      expect(await f.B.gateway.bounty(f.A.chainId, 0, wrong)).to.deep.equal([90_000n, refundTo]);
      await expect(f.relay({ part: MESSAGE, edit: claim }))
        .to.emit(f.B.gateway, "BountyPaid")
        .withArgs(id, relayer, 8_000);
      await f.B.gateway.refundBounty(f.A.chainId, 0, wrong);
      expect(await f.B.gateway.earnings(1, refundTo)).to.deep.equal([91_000n, 0n]);
    });

    it("R12 are not earned by a delivery from a soft head", async () => {
      const { f, refundTo, id } = await booked();
      const allow = f.B.gateway.interface.encodeFunctionData("setFastLimit", [
        await f.recipient.getAddress(),
        f.A.chainId,
        100,
      ]);
      await f.recipient.call(f.B.gateway, allow);
      await expect(f.relay({ class: CLASS_FAST, part: MESSAGE, edit: claim })).not.to.emit(f.B.gateway, "BountyPaid");
      expect(await f.recipient.received()).to.equal(1);
      expect(await f.B.gateway.bounty(f.A.chainId, 0, id)).to.deep.equal([7_000n, refundTo]);
    });

    it("R8 wait after the fees for their source's bucket, each unit once, and are claimed when it has refilled", async () => {
      const bounty = (3n * WHOLE_ERA) / 2n;
      const { f, relayer } = await booked(bounty);
      const fee = await feeOf(f);
      expect(fee).to.be.greaterThan(0n);
      const before = await f.B.gateway.earnings(1, relayer);
      await f.B.gateway.connect(f.B.feeController).setInboundTerms(f.A.chainId, TERMS.guardianShare, WHOLE_ERA);
      expect((await f.B.gateway.inLane(f.A.chainId)).feeLevel).to.equal(WHOLE_ERA);
      await f.relay({ part: MESSAGE, edit: claim });
      const waiting = fee + bounty - WHOLE_ERA;
      expect(await f.B.gateway.queued(f.A.chainId, relayer)).to.equal(waiting);
      const guardians = (fee * TERMS.guardianShare) / 1_000n;
      const now = await f.B.gateway.earnings(1, relayer);
      expect(now).to.deep.equal([before[0] + WHOLE_ERA - guardians, before[1] + guardians]);

      await f.B.connection.networkHelpers.time.increase(DAY);
      await f.B.gateway.claimQueued(f.A.chainId, relayer);
      expect(await f.B.gateway.queued(f.A.chainId, relayer)).to.equal(0n);
      // What waited was bounty alone, in which guardians have no share.
      const last = await f.B.gateway.earnings(1, relayer);
      expect(last).to.deep.equal([now[0] + waiting, now[1]]);
    });
  });
});
