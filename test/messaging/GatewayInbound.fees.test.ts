import { expect } from "chai";
import { keccak256 } from "ethers";
import { TAG_CLAIM, TAG_MESSAGE, type BatchEntry } from "../../sdk/src/batch.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { CLASS_FAST } from "../../sdk/src/fact.ts";
import { gatewayFixture, MODE, type GatewayFixture } from "../helpers/gateway.ts";
import { prepareDelivery, TERMS } from "../helpers/network.ts";

describe("MetalayerGateway, delivering", () => {
  describe("fees", () => {
    const credited = async ({ A }: GatewayFixture) =>
      A.gateway.connect(A.feeController).addCredit(await A.user.getAddress(), 10n ** 15n);

    it("go to the deliverer and the guardians in the delivering transaction, once (C24, I21)", async () => {
      const f = await gatewayFixture();
      await credited(f);
      await f.send(3);
      const { proven, batch } = await prepareDelivery(f.net, f.A, f.B);
      const fee = batch.entries[0]?.tag === TAG_MESSAGE ? batch.entries[0].fee : 0n;
      expect(fee).to.be.greaterThan(0n);
      await f.relay();
      const relayer = await f.B.relayer.getAddress();
      const total = 3n * fee;
      const guardians = (total * TERMS.guardianShare) / 1000n;
      const earned = await f.B.gateway.earnings(1, relayer);
      expect(earned).to.deep.equal([total - guardians, guardians]);
      // A copycat earns nothing.
      const { attestation, batches } = await prepareDelivery(f.net, f.A, f.B);
      await expect(f.B.gateway.connect(f.B.user).relay(attestation, batches)).to.be.revertedWithCustomError(
        f.B.gateway,
        "GatewayNothingToDeliver",
      );
      const controller = f.B.gateway.connect(f.B.feeController);
      expect(await controller.collectEarnings.staticCall(1, relayer)).to.deep.equal([total - guardians, guardians]);
      await controller.collectEarnings(1, relayer);
      expect(await f.B.gateway.earnings(1, relayer)).to.deep.equal([0n, 0n]);
      expect(proven.leaves).to.have.length(3);
    });

    it("are not paid for a failed attempt", async () => {
      const f = await gatewayFixture();
      await credited(f);
      await f.recipient.setMode(MODE.revert);
      await f.send(1);
      await f.relay();
      expect(await f.B.gateway.earnings(1, await f.B.relayer.getAddress())).to.deep.equal([0n, 0n]);
    });

    it("R8 beyond the source's bucket wait in a queue; the message is delivered anyway", async () => {
      const f = await gatewayFixture();
      await credited(f);
      await f.B.gateway.connect(f.B.feeController).setInboundTerms(f.A.chainId, 300, 0);
      await f.send(2);
      const { batch } = await prepareDelivery(f.net, f.A, f.B);
      const fees = batch.entries.reduce((sum, entry) => sum + (entry.tag === TAG_MESSAGE ? entry.fee : 0n), 0n);
      const relayer = await f.B.relayer.getAddress();
      await expect(f.relay()).to.emit(f.B.gateway, "FeeQueued").withArgs(f.A.chainId, relayer, fees);
      expect(await f.recipient.received()).to.equal(2);
      expect(await f.B.gateway.queued(f.A.chainId, relayer)).to.equal(fees);
      await f.B.gateway.connect(f.B.feeController).setInboundTerms(f.A.chainId, 300, 10n ** 9n);
      expect((await f.B.gateway.inLane(f.A.chainId)).feeLevel).to.equal(0);
      await f.B.connection.networkHelpers.time.increase(86_400);
      await f.B.gateway.claimQueued(f.A.chainId, relayer);
      const [forDeliverer, forGuardians] = await f.B.gateway.earnings(1, relayer);
      expect(forDeliverer + forGuardians).to.equal(fees);
      expect(forGuardians).to.equal((fees * 300n) / 1000n);
      await expect(f.B.gateway.claimQueued(f.A.chainId, relayer))
        .to.be.revertedWithCustomError(f.B.gateway, "GatewayNothingQueued")
        .withArgs(f.A.chainId, relayer);
    });

    it("of fast deliveries have a line of their own and leave half of the bucket", async () => {
      const f = await gatewayFixture();
      await credited(f);
      await f.recipient.call(
        f.B.gateway,
        f.B.gateway.interface.encodeFunctionData("setFastLimit", [await f.recipient.getAddress(), f.A.chainId, 100]),
      );
      await f.send(2);
      await f.relay({ class: CLASS_FAST });
      const lane = await f.B.gateway.inLane(f.A.chainId);
      const [forDeliverer, forGuardians] = await f.B.gateway.earnings(1, await f.B.relayer.getAddress());
      // The line counts thousands, begun ones whole.
      expect(forDeliverer + forGuardians).to.be.greaterThan(0n);
      expect(lane.fastCredited).to.equal(((forDeliverer + forGuardians + 999n) / 1_000n) * 1_000n);
      // With a bucket that is half empty nothing fast is taken any more.
      await f.B.gateway.connect(f.B.feeController).setInboundTerms(f.A.chainId, 300, 10n ** 9n * 72_000_000n);
      await f.send(1);
      await f.relay({ class: CLASS_FAST });
      expect((await f.B.gateway.inLane(f.A.chainId)).fastCredited).to.equal(lane.fastCredited);
      expect(await f.B.gateway.queued(f.A.chainId, await f.B.relayer.getAddress())).to.be.greaterThan(0n);
    });

    it("R8 of fast deliveries stay fast fees in the queue: no claim takes the half that is left to final ones", async () => {
      const f = await gatewayFixture();
      await credited(f);
      const [chainId, relayer] = [f.A.chainId, await f.B.relayer.getAddress()];
      const limit = [await f.recipient.getAddress(), chainId, 100] as const;
      await f.recipient.call(f.B.gateway, f.B.gateway.interface.encodeFunctionData("setFastLimit", [...limit]));
      const era = 10n ** 9n;
      await f.B.gateway.connect(f.B.feeController).setInboundTerms(chainId, 300, era);
      const quote = await f.A.gateway.quote(f.B.chainId, 20, 200_000);
      await f.send(Number(era / quote) + 1);
      await f.relay({ class: CLASS_FAST });
      const earned = async () => (await f.B.gateway.earnings(1, relayer)).reduce((sum, part) => sum + part, 0n);
      const before = await earned();
      const queued = await f.B.gateway.queued(chainId, relayer);
      expect(queued).to.be.greaterThan(0n);
      await f.B.gateway.claimQueued(chainId, relayer);
      // What the moments between refilled is all that there is above the half.
      expect((await earned()) - before).to.be.lessThan(era / 1_000n);
      expect((await f.B.gateway.inLane(chainId)).feeLevel).to.be.greaterThanOrEqual(era / 2n);
      await f.B.connection.networkHelpers.time.increase(86_400);
      await f.B.gateway.claimQueued(chainId, relayer);
      expect(await earned()).to.equal(before + queued);
      expect(await f.B.gateway.queued(chainId, relayer)).to.equal(0n);
      expect((await f.B.gateway.inLane(chainId)).fastCredited).to.be.greaterThanOrEqual(before + queued);
    });

    it("bounties are booked, earned with tag 2, and refunded when not earned (DESIGN §5)", async () => {
      const f = await gatewayFixture();
      await credited(f);
      await f.A.gateway.connect(f.A.feeController).setPrices(f.B.chainId, {
        basePrice: 0,
        pricePerByte: 0,
        pricePerKGas: 0,
        fundShare: 0,
        burnShare: 0,
        maxGasLimit: 1 << 20,
      });
      await f.send(2);
      const ids = [await f.id(0), await f.id(1)] as const;
      const refundTo = await f.B.user.getAddress();
      const request = (nonce: number, id: string) =>
        f.A.gateway.connect(f.A.user).requestRelay(f.B.chainId, nonce, id, 7_000, refundTo);
      await request(0, ids[0]);
      await request(1, ids[1]);
      await request(1, ids[1]);
      const relayer = await f.B.relayer.getAddress();
      await expect(f.relay({ part: { from: 2n, to: 4n } }))
        .to.emit(f.B.gateway, "BountyBooked")
        .withArgs(ids[0], f.A.chainId, 0, 7_000, refundTo);
      expect(await f.B.gateway.bounty(f.A.chainId, 1, ids[1])).to.deep.equal([7_000n, refundTo]);
      await expect(f.B.gateway.refundBounty(f.A.chainId, 0, ids[0]))
        .to.be.revertedWithCustomError(f.B.gateway, "GatewayNoBounty")
        .withArgs(f.A.chainId, 0, ids[0]);
      // A second bounty for the same message that is no greater goes back at once.
      await f.relay({ part: { from: 4n, to: 5n } });
      expect(await f.B.gateway.earnings(1, refundTo)).to.deep.equal([7_000n, 0n]);
      await expect(
        f.relay({
          part: { from: 0n, to: 1n },
          edit: (entry) => (entry.tag === TAG_MESSAGE ? { ...entry, tag: TAG_CLAIM } : entry),
        }),
      )
        .to.emit(f.B.gateway, "BountyPaid")
        .withArgs(ids[0], relayer, 7_000);
      expect(await f.B.gateway.earnings(1, relayer)).to.deep.equal([7_000n, 0n]);
      await f.relay({ part: { from: 1n, to: 2n } });
      await expect(f.B.gateway.refundBounty(f.A.chainId, 1, ids[1]))
        .to.emit(f.B.gateway, "BountyPaid")
        .withArgs(ids[1], refundTo, 7_000);
      expect(await f.B.gateway.earnings(1, refundTo)).to.deep.equal([14_000n, 0n]);
      await expect(f.B.gateway.refundBounty(f.A.chainId, 1, ids[1])).to.be.revertedWithCustomError(
        f.B.gateway,
        "GatewayNoBounty",
      );
    });

    it("a bounty that names another message is not earned but refunded", async () => {
      const f = await gatewayFixture();
      await credited(f);
      await f.send(1);
      const wrong = keccak256("0x77");
      const refundTo = await f.B.user.getAddress();
      await f.A.gateway.connect(f.A.user).requestRelay(f.B.chainId, 0, wrong, 7_000, refundTo);
      await f.relay({ part: { from: 1n, to: 2n } });
      const claim = (entry: BatchEntry): BatchEntry =>
        entry.tag === TAG_MESSAGE ? { ...entry, tag: TAG_CLAIM } : entry;
      await expect(f.relay({ part: { from: 0n, to: 1n }, edit: claim })).not.to.emit(f.B.gateway, "BountyPaid");
      await expect(f.B.gateway.refundBounty(f.A.chainId, 0, wrong))
        .to.emit(f.B.gateway, "BountyPaid")
        .withArgs(wrong, refundTo, 7_000);
    });

    it("are never bounties in a fast batch: the entry fails and stays open", async () => {
      const f = await gatewayFixture();
      await credited(f);
      await f.send(1);
      const refundTo = await f.B.user.getAddress();
      await f.A.gateway.connect(f.A.user).requestRelay(f.B.chainId, 0, await f.id(0), 7_000, refundTo);
      const only = await prepareDelivery(f.net, f.A, f.B, { class: CLASS_FAST, part: { from: 0n, to: 1n } });
      const asBounty = prepareDelivery(f.net, f.A, f.B, { class: CLASS_FAST, part: { from: 1n, to: 2n } });
      // The sdk does not even encode it.
      const refusal = await asBounty.then(
        () => "encoded",
        (error: unknown) => (error instanceof MetalayerError ? error.code : "other"),
      );
      expect(refusal).to.equal("BATCH_BOUNTY_IN_FAST");
      // On chain: a message whose tag is changed to a bounty's is another message, hence another root.
      const tag = (only.batches.length - 2) / 2 - 75;
      const forged = `${only.batches.slice(0, 2 + 2 * tag)}01${only.batches.slice(4 + 2 * tag)}`;
      await expect(f.B.gateway.connect(f.B.relayer).relay(only.attestation, forged)).to.be.revert(
        f.B.connection.ethers,
      );
    });
  });
});
