import { expect } from "chai";
import { TAG_CLAIM, TAG_MESSAGE } from "../../sdk/src/batch.ts";
import { quoteFee, splitEarnings } from "../../sdk/src/fees.ts";
import { addressOf, buyCredit, DAY, deliverFrom, eraPayload, ETHER, forge, transfer } from "../helpers/economy.ts";
import { prepareDelivery, PRICES, TERMS } from "../helpers/network.ts";
import type { FeeNetwork } from "./feeNetwork.ts";
import { createFeeNetwork, QUOTE, SPAN, UNIT } from "./feeNetwork.ts";

describe("FeeController: settlement", () => {
  let { net, a, b, sender, restore, send, buy, creditOf } = {} as FeeNetwork; // CAST: set before any test runs

  before(async () => {
    ({ net, a, b, sender, restore, send, buy, creditOf } = await createFeeNetwork());
  });

  afterEach(async () => restore());

  /** Sends a funded ERA transfer and delivers it: something that is sure to be delivered. */
  const earn = async (claim = false) => {
    await buyCredit(a, sender, await a.era.getAddress(), SPAN);
    await transfer(a, b, sender, b.user, ETHER);
    const fee = (await a.gateway.outLane(b.chainId)).accrued;
    const edit = claim ? { edit: (e: { tag: number }) => (e.tag === TAG_MESSAGE ? { ...e, tag: TAG_CLAIM } : e) } : {};
    // CAST: only the tag changes
    const { attestation, batches } = await prepareDelivery(net, a, b, { serial: 2, ...(edit as object) });
    await b.gateway.connect(b.relayer).relay(attestation, batches, { gasLimit: 16_000_000n });
    return (fee * (1000n - PRICES.fundShare - PRICES.burnShare)) / 1000n;
  };

  describe("sweep", () => {
    it("pays the fund, burns the rest, and keeps what is credit", async () => {
      await buy();
      await send(3);
      const supply = await a.era.totalSupply();
      const parts = [QUOTE.fund, QUOTE.burn, QUOTE.fee].map((part) => 3n * part * UNIT);
      const [fund = 0n, burn = 0n, net_ = 0n] = parts;
      await expect(a.fees.connect(a.relayer).sweep(b.chainId))
        .to.emit(a.fees, "FeesSwept")
        .withArgs(b.chainId, fund, burn, net_, 0n);
      expect(await a.era.balanceOf(a.fund)).to.equal(fund);
      expect(await a.era.totalSupply()).to.equal(supply - burn - net_);
      expect(await a.fees.burntForGood()).to.equal(burn);
      expect(await a.fees.swept(b.chainId)).to.deep.equal([net_, 0n]);
      expect(await a.fees.held()).to.equal((SPAN - 3n * QUOTE.gross) * UNIT);
      expect(await a.era.balanceOf(a.fees)).to.equal(await a.fees.held());
      expect((await a.gateway.outLane(b.chainId)).accrued).to.equal(0n);
    });

    it("C24 a second time, or for an unknown rollup, changes nothing", async () => {
      await buy();
      await send();
      await a.fees.sweep(b.chainId);
      const [supply, held] = [await a.era.totalSupply(), await a.fees.held()];
      for (const chainId of [b.chainId, 999n]) await expect(a.fees.sweep(chainId)).not.to.emit(a.fees, "FeesSwept");
      expect([await a.era.totalSupply(), await a.fees.held()]).to.deep.equal([supply, held]);
    });

    it("works after the rollup was removed", async () => {
      await buy();
      await send();
      await a.rollupRegistry.remove(b.chainId);
      await expect(a.fees.sweep(b.chainId)).to.emit(a.fees, "FeesSwept");
    });

    it("burns bounties whole", async () => {
      await buy();
      await send();
      await a.gateway
        .connect(sender)
        .requestRelay(b.chainId, 0n, `0x${"22".repeat(32)}`, 5_000n, await b.user.getAddress());
      await a.fees.sweep(b.chainId);
      expect(await a.fees.swept(b.chainId)).to.deep.equal([QUOTE.fee * UNIT, 5_000n * UNIT]);
      expect(await a.era.balanceOf(a.fees)).to.equal(await a.fees.held());

      await a.gateway
        .connect(sender)
        .requestRelay(b.chainId, 0n, `0x${"22".repeat(32)}`, 3_000n, await b.user.getAddress());
      await a.fees.sweep(b.chainId);
      expect((await a.fees.swept(b.chainId)).bounties, "both sweeps").to.equal(8_000n * UNIT);
    });
  });

  describe("setPrices", () => {
    it("C24 sweeps under the shares at which it was charged before new ones count", async () => {
      await buy();
      await send();
      await expect(a.fees.setPrices(b.chainId, { ...PRICES, fundShare: 1_000n, burnShare: 0n }))
        .to.emit(a.fees, "FeesSwept")
        .withArgs(b.chainId, QUOTE.fund * UNIT, QUOTE.burn * UNIT, QUOTE.fee * UNIT, 0n);
      await send();
      await a.fees.sweep(b.chainId);
      expect(await a.era.balanceOf(a.fund)).to.equal((QUOTE.fund + QUOTE.gross) * UNIT);
      expect((await a.fees.swept(b.chainId)).net).to.equal(QUOTE.fee * UNIT);
    });

    it("refuses shares above the whole, as the gateway does", async () => {
      const bad = { ...PRICES, fundShare: 600n, burnShare: 401n };
      await expect(a.fees.setPrices(b.chainId, bad)).to.be.revertedWithCustomError(a.gateway, "GatewayInvalidPrices");
    });
  });

  describe("attacks", () => {
    it("R8 EXPLOITS 10 a captured source that invents fees mints no more than the fee bucket; the rest is queued", async () => {
      const payload = eraPayload(a, await a.user.getAddress(), await b.user.getAddress(), ETHER);
      const message = { sender: await addressOf(a.era), recipient: await addressOf(b.era), payload };
      const fee = 2n ** 64n - 1n;
      await forge(net, a, b, [message, message], { fee, serial: 2 });
      await b.fees.withdraw(2n, b.relayer);
      expect(await b.fees.minted()).to.equal(TERMS.feeCapacity * UNIT);
      expect(await b.gateway.queued(a.chainId, b.relayer)).to.equal(2n * fee - TERMS.feeCapacity);
      // The messages themselves were delivered.
      expect(await b.era.balanceOf(b.user)).to.equal(2n * ETHER);

      await b.connection.networkHelpers.time.increase(DAY / 2);
      await b.gateway.claimQueued(a.chainId, b.relayer);
      await b.fees.withdraw(2n, b.relayer);
      const most = ((TERMS.feeCapacity * 3n) / 2n) * UNIT;
      expect((await b.fees.minted()) <= most + most / 1_000n).to.equal(true);
    });

    it("R20 a message without any fee is delivered, to a rollup that has no ERA yet", async () => {
      await transfer(a, b, sender, b.user, ETHER);
      expect(await b.era.totalSupply()).to.equal(0n);
      await deliverFrom(net, a, b, 0n, 2);
      expect(await b.era.balanceOf(b.user)).to.equal(ETHER);
    });

    it("R28 strangers drain the sponsored credit of ERA transfers only up to its limit per period", async () => {
      await buy();
      const era = await a.era.getAddress();
      const quote = quoteFee(PRICES, 224, 200_000n);
      await a.era.setSponsor(sender);
      await a.gateway.connect(sender).sponsor(era, 2n * quote.gross, 3_600n);
      for (let i = 0; i < 2; i++) {
        await expect(transfer(a, b, sender, b.user, 1n)).not.to.emit(a.gateway, "MessageUnfunded");
      }
      await expect(transfer(a, b, sender, b.user, 1n)).to.emit(a.gateway, "MessageUnfunded");
      expect(await creditOf(sender)).to.equal(SPAN - 2n * quote.gross);
      await expect(a.era.connect(a.user).setSponsor(a.user))
        .to.be.revertedWithCustomError(a.era, "AccessManagedUnauthorized")
        .withArgs(await a.user.getAddress());
    });
  });

  describe("withdraw", () => {
    it("mints the deliverer's part to it and the guardians' part to the pool", async () => {
      const fee = await earn();
      const { deliverer, guardians } = splitEarnings(fee, TERMS.guardianShare);
      const account = await b.relayer.getAddress();
      const withdrawal = b.fees.connect(b.user).withdraw(2n, account);
      await expect(withdrawal)
        .to.emit(b.fees, "EarningsWithdrawn")
        .withArgs(2n, account, deliverer * UNIT, guardians * UNIT);
      await expect(withdrawal)
        .to.emit(b.staking, "FeesReceived")
        .withArgs(2n, guardians * UNIT);
      expect(await b.era.balanceOf(b.relayer)).to.equal(deliverer * UNIT);
      expect(await b.era.balanceOf(b.staking)).to.equal(guardians * UNIT);
      expect(await b.staking.totalFees()).to.equal(guardians * UNIT);
      expect(await b.fees.minted()).to.equal(fee * UNIT);
      expect(await b.fees.guardianFees(2n)).to.equal(guardians * UNIT);
    });

    it("C24 pays once: a second claim and a claim for somebody else's delivery mint nothing", async () => {
      await earn();
      await b.fees.withdraw(2n, b.relayer);
      const supply = await b.era.totalSupply();
      for (const [serial, account] of [
        [2n, b.relayer],
        [2n, b.user],
        [1n, b.relayer],
      ] as const) {
        await expect(b.fees.withdraw(serial, account)).not.to.emit(b.fees, "EarningsWithdrawn");
      }
      expect(await b.era.totalSupply()).to.equal(supply);
    });

    it("C24 R30 who copies a delivery from the mempool earns it once, the first deliverer nothing", async () => {
      await buyCredit(a, sender, await a.era.getAddress(), SPAN);
      await transfer(a, b, sender, b.user, ETHER);
      const { attestation, batches } = await prepareDelivery(net, a, b, { serial: 2 });
      await b.gateway.connect(b.user).relay(attestation, batches, { gasLimit: 16_000_000n });
      await expect(
        b.gateway.connect(b.relayer).relay(attestation, batches, { gasLimit: 16_000_000n }),
      ).to.be.revertedWithCustomError(b.gateway, "GatewayNothingToDeliver");
      expect((await b.gateway.earnings(2n, b.relayer)).forDeliverer).to.equal(0n);
      expect((await b.gateway.earnings(2n, b.user)).forDeliverer > 0n).to.equal(true);
    });

    it("works with whatever pool governance names, if that accepts the fees", async () => {
      await earn();
      await b.fees.setGuardianPool(b.era);
      await expect(b.fees.withdraw(2n, b.relayer)).to.be.revertedWithoutReason(b.connection.ethers);
      await b.fees.setGuardianPool(b.staking);
      await b.fees.withdraw(2n, b.relayer);
      const account = await b.user.getAddress();
      await expect(b.fees.setGuardianPool(account))
        .to.be.revertedWithCustomError(b.fees, "FeesInvalidPool")
        .withArgs(account);
    });

    it("mints nothing to the pool where guardians have no share", async () => {
      await b.fees.setInboundTerms(a.chainId, 0n, TERMS.feeCapacity);
      const fee = await earn();
      await b.fees.withdraw(2n, b.relayer);
      expect(await b.era.balanceOf(b.relayer)).to.equal(fee * UNIT);
      expect(await b.staking.totalFees()).to.equal(0n);
    });
  });
});
