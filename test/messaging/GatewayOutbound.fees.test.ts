import { expect } from "chai";
import { AbiCoder, hexlify, keccak256, zeroPadValue } from "ethers";
import { laneOf, PRICES, sentMessages } from "../helpers/network.ts";
import { fixture, minGasLimit, RECIPIENT } from "./sending.ts";

/** The formula of docs/protocol/fees.md §1, written again. */
function grossOf(length: bigint, gasLimit: bigint): bigint {
  const ceil = (value: bigint): bigint => (value + 999n) / 1000n;
  return 1000n * (PRICES.basePrice + ceil(length * PRICES.pricePerByte + ceil(gasLimit * PRICES.pricePerKGas)));
}

describe("MetalayerGateway, sending", () => {
  describe("fees", () => {
    it("charges exactly the quote and commits to the net fee (I21, NEEDS 14)", async () => {
      const { A, B, user, credit, send } = await fixture();
      await credit(user, 10n ** 12n);
      let charged = 0n;
      for (const [length, gasLimit] of [
        [0, 200_000n],
        [1, 21_000n],
        [32, 200_000n],
        [999, 1_000_001n],
        [32_768, 9_999_360n],
      ] as const) {
        const quote = await A.gateway.quote(B.chainId, length, gasLimit);
        expect(quote).to.equal(grossOf(BigInt(length), gasLimit));
        await send(hexlify(new Uint8Array(length)), [minGasLimit(gasLimit)]);
        charged += quote;
        const [balance] = await A.gateway.credit(user);
        expect(balance).to.equal(10n ** 12n - charged);
        const message = (await sentMessages(A, B)).at(-1);
        expect(message?.fee).to.equal(quote - (quote * (PRICES.fundShare + PRICES.burnShare)) / 1000n);
      }
      expect((await A.gateway.outLane(B.chainId)).accrued).to.equal(charged);
    });

    it("accepts a message without credit, unfunded and with fee 0 (G4, R20)", async () => {
      const { A, B, send } = await fixture();
      const quote = await A.gateway.quote(B.chainId, 2, 200_000);
      const lane = await laneOf(A, B);
      const tx = send();
      await expect(tx)
        .to.emit(A.gateway, "MessageUnfunded")
        .withArgs((id: string) => id.length === 66, quote);
      const [message] = await sentMessages(A, B);
      expect(message?.fee).to.equal(0n);
      expect((await A.gateway.outLane(B.chainId)).accrued).to.equal(0n);
      expect(lane.srcChainId).to.equal(A.chainId);
    });

    it("charges nothing when one unit is missing", async () => {
      const { A, B, user, credit, send } = await fixture();
      const quote = await A.gateway.quote(B.chainId, 2, 200_000);
      await credit(user, quote - 1n);
      await expect(send()).to.emit(A.gateway, "MessageUnfunded");
      expect((await A.gateway.credit(user))[0]).to.equal(quote - 1n);
      await credit(user, 1n);
      await expect(send()).not.to.emit(A.gateway, "MessageUnfunded");
      expect((await A.gateway.credit(user))[0]).to.equal(0n);
    });

    it("lets a sponsor pay within its limit per period (R28)", async () => {
      const { A, B, user, credit, send } = await fixture();
      const sponsor = A.executor;
      const sponsorAddress = await sponsor.getAddress();
      const quote = await A.gateway.quote(B.chainId, 2, 200_000);
      await credit(sponsorAddress, 100n * quote);
      await expect(send()).to.emit(A.gateway, "MessageUnfunded");
      await A.gateway.connect(A.user).setSponsor(sponsorAddress);
      await expect(send()).to.emit(A.gateway, "MessageUnfunded");
      await expect(A.gateway.connect(sponsor).sponsor(user, 2n * quote, 1_000))
        .to.emit(A.gateway, "SponsorshipChanged")
        .withArgs(sponsorAddress, user, 2n * quote, 1_000);
      await expect(send()).not.to.emit(A.gateway, "MessageUnfunded");
      await expect(send()).not.to.emit(A.gateway, "MessageUnfunded");
      await expect(send()).to.emit(A.gateway, "MessageUnfunded");
      expect((await A.gateway.credit(sponsorAddress))[0]).to.equal(98n * quote);
      await A.connection.networkHelpers.time.increase(1_001);
      expect((await A.gateway.sponsorship(sponsorAddress, user)).available).to.equal(2n * quote);
      await expect(send()).not.to.emit(A.gateway, "MessageUnfunded");
      await A.gateway.connect(sponsor).sponsor(user, 0, 0);
      await expect(send()).to.emit(A.gateway, "MessageUnfunded");
    });

    it("keeps credit for the fee controller alone to change", async () => {
      const { A, user } = await fixture();
      const calls = [
        A.gateway.connect(A.user).addCredit(user, 1),
        A.gateway.connect(A.user).removeCredit(user, 1),
        A.gateway.connect(A.user).collectAccrued(1),
        A.gateway.connect(A.user).collectEarnings(1, user),
        A.gateway.connect(A.user).setPrices(1, PRICES),
        A.gateway.connect(A.user).setInboundTerms(1, 0, 0),
      ];
      for (const call of calls) {
        await expect(call).to.be.revertedWithCustomError(A.gateway, "GatewayUnauthorized").withArgs(user);
      }
      const asController = A.gateway.connect(A.feeController);
      await asController.addCredit(user, 5);
      await expect(asController.removeCredit(user, 6))
        .to.be.revertedWithCustomError(A.gateway, "GatewayInsufficientCredit")
        .withArgs(user, 5, 6);
      await expect(asController.addCredit(user, 2n ** 64n - 5n)).to.be.revertedWithCustomError(
        A.gateway,
        "GatewayInvalidAmount",
      );
      await asController.removeCredit(user, 5);
    });
  });

  describe("requestRelay", () => {
    it("appends a bounty entry that names the message (G17, R12, R29)", async () => {
      const { A, B, user, credit, send } = await fixture();
      await credit(user, 10n ** 9n);
      await A.gateway
        .connect(A.feeController)
        .setPrices(B.chainId, { ...PRICES, basePrice: 0n, pricePerByte: 0n, pricePerKGas: 0n });
      await send();
      const id = keccak256("0x01");
      await A.gateway.connect(A.user).requestRelay(B.chainId, 0, id, 5_000, RECIPIENT);
      const bounty = (await sentMessages(A, B))[1];
      expect(bounty).to.deep.equal({
        kind: 1,
        nonce: 1n,
        gasLimit: 0n,
        fee: 0n,
        sender: user.toLowerCase(),
        recipient: RECIPIENT.toLowerCase(),
        payload: AbiCoder.defaultAbiCoder().encode(["uint64", "bytes32", "uint256"], [0, id, 5_000]),
      });
      expect((await A.gateway.credit(user))[0]).to.equal(10n ** 9n - 5_000n);
      const collected = await A.gateway.connect(A.feeController).collectAccrued.staticCall(B.chainId);
      expect(collected.bounties).to.equal(5_000);
    });

    it("refuses what could never be paid", async () => {
      const { A, B, user, credit, send } = await fixture();
      await credit(user, 10n ** 6n);
      await send();
      const request = (nonce: number, amount: bigint, refundTo = RECIPIENT, chainId = B.chainId) =>
        A.gateway.connect(A.user).requestRelay(chainId, nonce, zeroPadValue("0x01", 32), amount, refundTo);
      await expect(request(1, 1_000n))
        .to.be.revertedWithCustomError(A.gateway, "GatewayUnknownNonce")
        .withArgs(B.chainId, 1, 1);
      await expect(request(0, 0n)).to.be.revertedWithCustomError(A.gateway, "GatewayInvalidAmount").withArgs(0);
      await expect(request(0, 1_001n)).to.be.revertedWithCustomError(A.gateway, "GatewayInvalidAmount").withArgs(1_001);
      await expect(request(0, 10n ** 12n)).to.be.revertedWithCustomError(A.gateway, "GatewayInsufficientCredit");
      await expect(request(0, 1_000n, `0x${"00".repeat(20)}`)).to.be.revertedWithCustomError(
        A.gateway,
        "GatewayInvalidRecipient",
      );
      await expect(request(0, 1_000n, RECIPIENT, 999n))
        .to.be.revertedWithCustomError(A.gateway, "GatewayUnknownRollup")
        .withArgs(999);
    });
  });
});
