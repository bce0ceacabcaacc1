import { expect } from "chai";
import { encodeBatches } from "../../sdk/src/batch.ts";
import { CLASS_FAST, CLASS_FINAL } from "../../sdk/src/fact.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import { messageHash, type Message } from "../../sdk/src/message.ts";
import { RecipientMock__factory } from "../../typechain-types/index.js";
import { gatewayFixture, MODE } from "../helpers/gateway.ts";
import { deliver, interop, laneOf, prepareDelivery, sentMessages } from "../helpers/network.ts";

const AGREEING = 8;
const payloadOf = (number: number): Hex => `0x${number.toString(16).padStart(16, "0")}`;

/** Payloads with which two messages have hashes that agree in their last 32 bits. */
function agreeing(hashOf: (message: Message) => Hex, one: Message, other: Message): [Hex, Hex] {
  const endOf = (message: Message, number: number): string =>
    hashOf({ ...message, payload: payloadOf(number) }).slice(-AGREEING);
  const known = new Map(Array.from({ length: 2 ** 17 }, (_, number) => [endOf(one, number), number]));
  for (let number = 0; ; number++) {
    const found = known.get(endOf(other, number));
    if (found !== undefined) return [payloadOf(found), payloadOf(number)];
  }
}

describe("MetalayerGateway, delivering", () => {
  describe("class fast", () => {
    it("reaches only recipients that opted in, within their own limit (DESIGN §4)", async () => {
      const { A, B, recipient, send, relay, id } = await gatewayFixture();
      await send(4);
      const address = await recipient.getAddress();
      const refused = B.gateway.interface.encodeErrorResult("GatewayFastRefused", [address, A.chainId]);
      await expect(relay({ class: CLASS_FAST, part: { from: 0n, to: 1n } }))
        .to.emit(B.gateway, "MessageFailed")
        .withArgs(await id(0), refused);
      await expect(B.gateway.connect(B.user).setFastLimit(address, A.chainId, 1))
        .to.be.revertedWithCustomError(B.gateway, "GatewayUnauthorized")
        .withArgs(await B.user.getAddress());
      await recipient.call(
        B.gateway,
        B.gateway.interface.encodeFunctionData("setFastAdmin", [await B.user.getAddress()]),
      );
      await B.gateway.connect(B.user).setFastLimit(address, A.chainId, 2);
      await relay({ class: CLASS_FAST });
      expect(await recipient.received()).to.equal(2);
      expect(await B.gateway.deliveredWord(A.chainId, 0)).to.equal(0);
      expect(await B.gateway.isDelivered(A.chainId, 0)).to.equal(true);
      expect(await B.gateway.isDelivered(A.chainId, 2)).to.equal(false);
      await B.connection.networkHelpers.time.increase(43_200);
      await relay({ class: CLASS_FAST });
      expect(await recipient.received()).to.equal(3);
      await B.gateway.connect(B.user).setFastLimit(address, A.chainId, 0);
      await B.connection.networkHelpers.time.increase(86_400);
      await relay({ class: CLASS_FAST });
      expect(await recipient.received()).to.equal(3);
      expect((await B.gateway.fastPolicy(address, A.chainId)).perDay).to.equal(0);
    });

    it("C16: what fails takes nothing from the recipient's limit, however often it is tried, and what is delivered all of it", async () => {
      const { A, B, recipient, send, relay } = await gatewayFixture();
      const address = await recipient.getAddress();
      const limit = B.gateway.interface.encodeFunctionData("setFastLimit", [address, A.chainId, 2]);
      await recipient.call(B.gateway, limit);
      await send(3);
      await recipient.setMode(MODE.revert);
      await relay({ class: CLASS_FAST });
      await relay({ class: CLASS_FAST });
      expect((await B.gateway.fastPolicy(address, A.chainId)).left).to.equal(2);
      await recipient.setMode(MODE.accept);
      await relay({ class: CLASS_FAST });
      expect(await recipient.received()).to.equal(2);
      expect((await B.gateway.fastPolicy(address, A.chainId)).left).to.equal(0);
    });

    it("is not repeated by final, nor final by fast (I4)", async () => {
      const { A, B, recipient, send, relay } = await gatewayFixture();
      await recipient.call(
        B.gateway,
        B.gateway.interface.encodeFunctionData("setFastLimit", [await recipient.getAddress(), A.chainId, 100]),
      );
      await send(10);
      await relay({ class: CLASS_FAST, from: 0n, to: 9n, part: { from: 2n, to: 5n } });
      await expect(relay({ class: CLASS_FAST, part: { from: 2n, to: 5n } })).to.be.revertedWithCustomError(
        B.gateway,
        "GatewayNothingToDeliver",
      );
      await expect(relay({ class: CLASS_FINAL, part: { from: 3n, to: 4n } })).to.be.revertedWithCustomError(
        B.gateway,
        "GatewayNothingToDeliver",
      );
      await relay({ class: CLASS_FINAL });
      expect(await recipient.received()).to.equal(10);
      await expect(relay({ class: CLASS_FAST })).to.be.revertedWithCustomError(B.gateway, "GatewayNothingToDeliver");
    });

    it("is not repeated either beside something new in one batch, whether it was fast or final before (I4)", async () => {
      const { A, B, recipient, send, relay } = await gatewayFixture();
      const limit = [await recipient.getAddress(), A.chainId, 100] as const;
      await recipient.call(B.gateway, B.gateway.interface.encodeFunctionData("setFastLimit", [...limit]));
      await send(6);
      await relay({ class: CLASS_FAST, part: { from: 0n, to: 2n } });
      await relay({ part: { from: 2n, to: 4n } });
      expect(await recipient.received()).to.equal(4);
      await relay({ class: CLASS_FAST, part: { from: 0n, to: 5n } });
      expect(await recipient.received()).to.equal(5);
      await relay({ part: { from: 0n, to: 6n } });
      expect(await recipient.received()).to.equal(6);
    });

    it("R5 a reorganised source: the other message at that nonce is still delivered when final, and said so", async () => {
      const { net, A, B, recipient, send, relay, id } = await gatewayFixture();
      await recipient.call(
        B.gateway,
        B.gateway.interface.encodeFunctionData("setFastLimit", [await recipient.getAddress(), A.chainId, 100]),
      );
      const snapshot = await A.connection.networkHelpers.takeSnapshot();
      await send(2);
      const gone = await id(0);
      await deliver(net, A, B, { class: CLASS_FAST, part: { from: 0n, to: 1n } });
      await snapshot.restore();
      await send(2);
      const instead = await id(0);
      expect(instead).not.to.equal(gone);
      await expect(relay())
        .to.emit(B.gateway, "FastContradicted")
        .withArgs(A.chainId, 0, instead)
        .and.to.emit(B.gateway, "MessageDelivered")
        .withArgs(instead);
      expect(await recipient.receivedById(gone)).to.equal(1);
      expect(await recipient.receivedById(instead)).to.equal(1);
      expect(await recipient.received()).to.equal(3);
    });

    it("R5 C18 a reorganised message that agrees with a stranger's in 32 bits of its hash does not keep that one out", async () => {
      const { net, A, B, recipient, relay } = await gatewayFixture();
      const own = await recipient.getAddress();
      const limit = B.gateway.interface.encodeFunctionData("setFastLimit", [own, A.chainId, 100]);
      await recipient.call(B.gateway, limit);
      const stranger = await new RecipientMock__factory(B.deployer).deploy();
      const to = await stranger.getAddress();
      const attack = (payload: Hex) => A.gateway.connect(A.user).sendMessage(interop(B, own), payload, []);
      const honest = (payload: Hex) => A.gateway.connect(A.deployer).sendMessage(interop(B, to), payload, []);
      const snapshot = await A.connection.networkHelpers.takeSnapshot();
      const sentBy = async (send: typeof attack): Promise<Message> => {
        await send(payloadOf(0));
        const [message] = await sentMessages(A, B);
        await snapshot.restore();
        if (message === undefined) throw new Error("it was sent");
        return message;
      };
      const lane = await laneOf(A, B);
      const hashOf = (message: Message): Hex => messageHash(lane.networkId, lane, message);
      const [ground, predicted] = agreeing(hashOf, await sentBy(attack), await sentBy(honest));

      await attack(ground);
      await deliver(net, A, B, { class: CLASS_FAST });
      expect(await recipient.received()).to.equal(1);
      await snapshot.restore();
      await honest(predicted);
      await relay();
      expect(await stranger.received()).to.equal(1);
    }).timeout(120_000);

    it("needs the block hash in the fact, and a fast fact is no final one", async () => {
      const { net, A, B, send } = await gatewayFixture();
      await send(1);
      const fast = await prepareDelivery(net, A, B, { class: CLASS_FAST });
      const asFinal = encodeBatches([{ ...fast.batch, class: CLASS_FINAL, srcBlockHash: `0x${"00".repeat(32)}` }]);
      await expect(B.gateway.connect(B.relayer).relay(fast.attestation, asFinal)).to.be.revertedWithCustomError(
        B.gateway,
        "GatewayRootMismatch",
      );
    });
  });
});
