import { expect } from "chai";
import { concat, hexlify, randomBytes, toBeHex } from "ethers";
import { chainHeads, messageHash, packHeader, unpackHeader } from "../../sdk/src/message.ts";
import { laneId, packRoute } from "../../sdk/src/route.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import { interop, laneOf, openLanes, PRICES, sentMessages } from "../helpers/network.ts";
import { fixture, MIN_GAS_LIMIT, minGasLimit, RECIPIENT } from "./sending.ts";

describe("MetalayerGateway, sending", () => {
  describe("sendMessage", () => {
    it("returns the message hash, chains it to the lane's head and emits both events (G1, G11, G12)", async () => {
      const { A, B, user, send } = await fixture();
      const lane = await laneOf(A, B);
      expect((await A.gateway.outLane(B.chainId)).head).to.equal(laneId(lane));
      const message = {
        kind: 0 as const,
        nonce: 0n,
        gasLimit: 200_000n,
        fee: 0n,
        sender: user as Hex, // CAST: an address
        recipient: RECIPIENT as Hex, // CAST: an address
        payload: "0x1234" as Hex,
      };
      const sendId = messageHash(lane.networkId, lane, message);
      const staticId = await A.gateway.connect(A.user).sendMessage.staticCall(interop(B, RECIPIENT), "0x1234", []);
      expect(staticId).to.equal(sendId);
      const sender = interop(A, user);
      await expect(send())
        .to.emit(A.gateway, "MessageSent")
        .withArgs(sendId, sender, interop(B, RECIPIENT), "0x1234", 0, [])
        .and.to.emit(A.gateway, "MessageAccepted")
        .withArgs(sendId, B.chainId, 0, packHeader(message));
      const after = await A.gateway.outLane(B.chainId);
      expect(after.nonce).to.equal(1);
      expect(after.head).to.equal(chainHeads(laneId(lane), [sendId]));
    });

    it("gives identical messages different ids (G12)", async () => {
      const { A, B, send } = await fixture();
      await send();
      await send();
      const lane = await laneOf(A, B);
      const ids = (await sentMessages(A, B)).map((message) => messageHash(lane.networkId, lane, message));
      expect(ids).to.have.length(2);
      expect(new Set(ids).size).to.equal(2);
    });

    it("stores the head of every 64th message for ever", async () => {
      const { A, B, send } = await fixture();
      for (let i = 0; i < 130; i++) await send(toBeHex(i + 1));
      const lane = await laneOf(A, B);
      const ids = (await sentMessages(A, B)).map((message) => messageHash(lane.networkId, lane, message));
      const route = packRoute(lane);
      expect(await A.gateway.checkpoint(route, 1)).to.equal(chainHeads(laneId(lane), ids.slice(0, 64)));
      expect(await A.gateway.checkpoint(route, 2)).to.equal(chainHeads(laneId(lane), ids.slice(0, 128)));
      expect(await A.gateway.checkpoint(route, 3)).to.equal(`0x${"00".repeat(32)}`);
    });

    it("refuses value (G6)", async () => {
      const { A, B } = await fixture();
      const call = A.gateway.connect(A.user).sendMessage(interop(B, RECIPIENT), "0x", [], { value: 1 });
      await expect(call).to.be.revertedWithCustomError(A.gateway, "GatewayUnexpectedValue").withArgs(1);
    });

    it("refuses a recipient that is not canonical (G8, G9)", async () => {
      const { A, B } = await fixture();
      const good = interop(B, RECIPIENT);
      const reference = B.chainId.toString(16).padStart(4, "0");
      const bad = [
        "0x",
        `${good}00`,
        good.slice(0, -2),
        `0x000100000300${reference}14${good.slice(-40)}`,
        `0x000100000014${good.slice(-40)}`,
        `0x0001000002${reference}00`,
        `0x0001000002${reference}14${"00".repeat(20)}`,
        `0x0002000002${reference}14${good.slice(-40)}`,
        `0x0001000102${reference}14${good.slice(-40)}`,
        `0x0001000002${reference}15${good.slice(-40)}ff`,
        `0x0001000009${"01".repeat(9)}14${good.slice(-40)}`,
        `0x000100000000`,
      ];
      for (const recipient of bad) {
        await expect(A.gateway.connect(A.user).sendMessage(recipient, "0x", []))
          .to.be.revertedWithCustomError(A.gateway, "GatewayInvalidRecipient")
          .withArgs(recipient);
      }
    });

    it("refuses an unknown, the own and a closed destination (G10)", async () => {
      const { A, B } = await fixture();
      const to = (chainId: bigint) => A.gateway.connect(A.user).sendMessage(interop({ chainId }, RECIPIENT), "0x", []);
      await expect(to(999n)).to.be.revertedWithCustomError(A.gateway, "GatewayUnknownRollup").withArgs(999);
      await expect(to(A.chainId)).to.be.revertedWithCustomError(A.gateway, "GatewayUnknownRollup").withArgs(A.chainId);
      await A.gateway.connect(A.registry).closeLane(B.chainId);
      await expect(to(B.chainId)).to.be.revertedWithCustomError(A.gateway, "GatewayUnknownRollup").withArgs(B.chainId);
    });

    it("supports exactly minGasLimit, and answers for selector zero (G2, G5, G18)", async () => {
      const { A, B, send } = await fixture();
      expect(await A.gateway.supportsAttribute("0x00000000")).to.equal(false);
      expect(await A.gateway.supportsAttribute(MIN_GAS_LIMIT)).to.equal(true);
      expect(await A.gateway.supportsAttribute("0x4cbb573a")).to.equal(false);
      await send("0x", [minGasLimit(1_234_567n)]);
      expect((await sentMessages(A, B))[0]?.gasLimit).to.equal(1_234_567n);
      const unsupported = [["0x4cbb573a"], ["0x"], ["0x39f87b"], [minGasLimit(1n), "0xdeadbeef"]];
      const named = ["0x4cbb573a", "0x00000000", "0x00000000", "0xdeadbeef"];
      for (const [index, attributes] of unsupported.entries()) {
        await expect(send("0x", attributes))
          .to.be.revertedWithCustomError(A.gateway, "UnsupportedAttribute")
          .withArgs(named[index]);
      }
      await expect(send("0x", [minGasLimit(1n), minGasLimit(1n)]))
        .to.be.revertedWithCustomError(A.gateway, "GatewayDuplicateAttribute")
        .withArgs(MIN_GAS_LIMIT);
      for (const malformed of [MIN_GAS_LIMIT, `${minGasLimit(1n)}00`]) {
        await expect(send("0x", [malformed]))
          .to.be.revertedWithCustomError(A.gateway, "GatewayMalformedAttribute")
          .withArgs(malformed);
      }
    });

    it("refuses more gas than the destination can give and more payload than a batch can carry", async () => {
      const { A, send } = await fixture();
      await expect(send("0x", [minGasLimit(PRICES.maxGasLimit + 1n)]))
        .to.be.revertedWithCustomError(A.gateway, "GatewayGasLimitTooHigh")
        .withArgs(PRICES.maxGasLimit + 1n, PRICES.maxGasLimit);
      await expect(send("0x", [minGasLimit(2n ** 256n - 1n)])).to.be.revertedWithCustomError(
        A.gateway,
        "GatewayGasLimitTooHigh",
      );
      await expect(send(hexlify(new Uint8Array(32_769))))
        .to.be.revertedWithCustomError(A.gateway, "GatewayPayloadTooLong")
        .withArgs(32_769, 32_768);
      await send(hexlify(randomBytes(32_768)));
    });
  });

  describe("prices and lanes", () => {
    it("refuses prices that do not fit or shares above one", async () => {
      const { A, B } = await fixture();
      const set = (change: Partial<typeof PRICES>) =>
        A.gateway.connect(A.feeController).setPrices(B.chainId, { ...PRICES, ...change });
      for (const change of [
        { basePrice: 2n ** 32n },
        { pricePerByte: 2n ** 24n },
        { pricePerKGas: 2n ** 24n },
        { fundShare: 1001n },
        { fundShare: 600n, burnShare: 401n },
        { maxGasLimit: 2n ** 26n },
        { maxGasLimit: 2n ** 255n },
      ]) {
        await expect(set(change)).to.be.revertedWithCustomError(A.gateway, "GatewayInvalidPrices");
      }
      await set({ fundShare: 600n, burnShare: 400n });
      const { prices } = await A.gateway.outLane(B.chainId);
      expect(prices.fundShare + prices.burnShare).to.equal(1000n);
      await expect(A.gateway.connect(A.feeController).setPrices(5, PRICES))
        .to.be.revertedWithCustomError(A.gateway, "GatewayUnknownRollup")
        .withArgs(5);
    });

    it("starts new lanes only in a higher incarnation, keeping prices and what is accrued (R10)", async () => {
      const { A, B, user, credit, send } = await fixture();
      await credit(user, 10n ** 12n);
      await send();
      const before = await A.gateway.outLane(B.chainId);
      const gateway = await B.gateway.getAddress();
      const admit = (chainId: bigint, ownIncarnation: bigint, incarnation: bigint, address = gateway) =>
        A.gateway.connect(A.registry).openLane({ chainId, ownIncarnation, incarnation, gateway: address });
      for (const call of [
        admit(B.chainId, 1n, 1n),
        admit(B.chainId, 2n, 0n),
        admit(B.chainId, 0n, 2n),
        admit(B.chainId, 1n, 2n ** 14n),
        admit(0n, 1n, 1n),
        admit(2n ** 63n, 1n, 1n),
        admit(A.chainId, 1n, 1n),
        admit(5n, 1n, 1n, `0x${"00".repeat(20)}`),
      ]) {
        await expect(call).to.be.revertedWithCustomError(A.gateway, "GatewayInvalidAdmission");
      }
      await expect(A.gateway.connect(A.user).closeLane(B.chainId)).to.be.revertedWithCustomError(
        A.gateway,
        "GatewayUnauthorized",
      );
      await admit(B.chainId, 1n, 2n);
      const after = await A.gateway.outLane(B.chainId);
      expect(after.nonce).to.equal(0);
      expect(after.head)
        .to.equal(laneId(await laneOf(A, B)))
        .and.not.to.equal(before.head);
      expect(after.accrued).to.equal(before.accrued).and.not.to.equal(0n);
      expect(after.prices).to.deep.equal(before.prices);
      await openLanes(B, A, 2n, 1n);
      expect((await B.gateway.outLane(A.chainId)).head).to.equal(laneId(await laneOf(B, A)));
    });
  });

  it("packs and unpacks every header it emits (vectors are shared with the sdk)", async () => {
    const { A, send } = await fixture();
    const receipt = await (await send(concat(["0x01", "0x02"]))).wait();
    const log = receipt?.logs
      .map((entry) => A.gateway.interface.parseLog(entry))
      .find((entry) => entry?.name === "MessageAccepted");
    const header = BigInt(String(log?.args.header));
    expect(packHeader(unpackHeader(header))).to.equal(header);
  });
});
