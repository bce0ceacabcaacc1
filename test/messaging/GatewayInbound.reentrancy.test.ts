import { expect } from "chai";
import { CLASS_FAST } from "../../sdk/src/fact.ts";
import { RecipientMock__factory } from "../../typechain-types/index.js";
import { gatewayFixture, MODE } from "../helpers/gateway.ts";
import { deliver, interop, prepareDelivery } from "../helpers/network.ts";

describe("MetalayerGateway, delivering", () => {
  describe("re-entrancy", () => {
    it("R11 a re-entrant delivery in the same bitmap word survives a failing outer one (EXPLOITS 27)", async () => {
      const { net, A, B, recipient, send, relay } = await gatewayFixture();
      await send(4);
      // The recipient of message 0 delivers messages 2 and 3 from inside, then the outer batch goes on with 1, 2, 3.
      const inner = await prepareDelivery(net, A, B, { part: { from: 2n, to: 4n } });
      const data = B.gateway.interface.encodeFunctionData("relay", [inner.attestation, inner.batches]);
      await recipient.setCall(await B.gateway.getAddress(), data);
      await recipient.setMode(MODE.once);
      await relay({ gasBoost: 1_000_000n });
      expect(await recipient.reentrySucceeded()).to.equal(true);
      expect(await recipient.received()).to.equal(4);
      expect(await B.gateway.deliveredWord(A.chainId, 0)).to.equal(0b1111);
    });

    it("R11 a failing outer message clears its own bit only", async () => {
      const { net, A, B, recipient, send } = await gatewayFixture();
      const outer = await new RecipientMock__factory(B.deployer).deploy();
      await send(1, { to: await outer.getAddress() });
      await send(3);
      const inner = await prepareDelivery(net, A, B, { part: { from: 1n, to: 4n } });
      const relay = B.gateway.interface.encodeFunctionData("relay", [inner.attestation, inner.batches]);
      const forwarder = await new RecipientMock__factory(B.deployer).deploy();
      await outer.setCall(await B.gateway.getAddress(), relay);
      await outer.setMode(MODE.reenter);
      // After the re-entry the outer call runs out of its gas: the inner deliveries are rolled back with it.
      await deliver(net, A, B, { part: { from: 0n, to: 1n }, gasBoost: 10_000n });
      expect(await B.gateway.deliveredWord(A.chainId, 0)).to.equal((await recipient.received()) === 0n ? 0 : 0b1110);
      await deliver(net, A, B, { part: { from: 0n, to: 1n }, gasBoost: 2_000_000n });
      expect(await outer.reentrySucceeded()).to.equal(true);
      expect(await B.gateway.deliveredWord(A.chainId, 0)).to.equal(0b1111);
      expect(await recipient.received()).to.equal(3);
      expect(await forwarder.received()).to.equal(0);
    });

    it("the message itself cannot be delivered again from inside (G16)", async () => {
      const { net, A, B, recipient, send, relay } = await gatewayFixture();
      await send(1);
      const same = await prepareDelivery(net, A, B);
      const data = B.gateway.interface.encodeFunctionData("relay", [same.attestation, same.batches]);
      await recipient.setCall(await B.gateway.getAddress(), data);
      await recipient.setMode(MODE.reenter);
      await relay({ gasBoost: 1_000_000n });
      expect(await recipient.reentrySucceeded()).to.equal(false);
      expect(await recipient.reentryResult()).to.equal(
        B.gateway.interface.getError("GatewayNothingToDeliver")?.selector,
      );
      expect(await recipient.received()).to.equal(1);
    });

    it("a recipient may send from inside receiveMessage (G16)", async () => {
      const { A, B, recipient, send, relay } = await gatewayFixture();
      await send(1);
      const data = B.gateway.interface.encodeFunctionData("sendMessage", [
        interop(A, await A.user.getAddress()),
        "0x99",
        [],
      ]);
      await recipient.setCall(await B.gateway.getAddress(), data);
      await recipient.setMode(MODE.reenter);
      await relay({ gasBoost: 1_000_000n });
      expect(await recipient.reentrySucceeded()).to.equal(true);
      expect((await B.gateway.outLane(A.chainId)).nonce).to.equal(1);
    });

    it("a fast delivery from inside closes the nonce for the outer final batch", async () => {
      const { net, A, B, recipient, send, relay } = await gatewayFixture();
      await recipient.call(
        B.gateway,
        B.gateway.interface.encodeFunctionData("setFastLimit", [await recipient.getAddress(), A.chainId, 100]),
      );
      await send(2);
      const fast = await prepareDelivery(net, A, B, { class: CLASS_FAST, part: { from: 1n, to: 2n } });
      const data = B.gateway.interface.encodeFunctionData("relay", [fast.attestation, fast.batches]);
      await recipient.setCall(await B.gateway.getAddress(), data);
      await recipient.setMode(MODE.once);
      await relay({ gasBoost: 1_000_000n });
      expect(await recipient.reentrySucceeded()).to.equal(true);
      expect(await recipient.received()).to.equal(2);
    });
  });
});
