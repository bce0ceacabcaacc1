import { expect } from "chai";
import { encodeBatches } from "../../sdk/src/batch.ts";
import { RecipientMock__factory } from "../../typechain-types/index.js";
import { gatewayFixture, onlyEntry, OTHER_FACT } from "../helpers/gateway.ts";
import {
  createTestNetwork,
  deliver,
  interop,
  openLanes,
  prepareDelivery,
  type TestRollup,
} from "../helpers/network.ts";

describe("MetalayerGateway, delivering", () => {
  describe("relay", () => {
    it("delivers a whole batch without proof bytes, once, with id, sender and payload (G12, G13, G21, M2)", async () => {
      const { A, B, recipient, send, relay, id } = await gatewayFixture();
      await send(1, { payload: "0xc0ffee" });
      await send(4);
      const sender = interop(A, await A.user.getAddress());
      const gateway = await B.gateway.getAddress();
      await expect(relay())
        .to.emit(B.gateway, "MessageDelivered")
        .withArgs(await id(0))
        .and.to.emit(recipient, "Received")
        .withArgs(gateway, await id(0), sender, "0xc0ffee", (gas: bigint) => gas > 190_000n && gas <= 200_000n);
      expect(await recipient.received()).to.equal(5);
      expect(await B.gateway.deliveredWord(A.chainId, 0)).to.equal(0b11111);
      await expect(relay()).to.be.revertedWithCustomError(B.gateway, "GatewayNothingToDeliver");
      expect(await recipient.received()).to.equal(5);
    });

    it("delivers parts in any order, by anyone, through several facts over the same messages", async () => {
      const { A, B, recipient, send, relay } = await gatewayFixture();
      await send(11);
      await relay({ part: { from: 7n, to: 8n }, otherFacts: [OTHER_FACT] });
      await relay({ from: 3n, to: 9n, part: { from: 4n, to: 8n } });
      expect(await B.gateway.deliveredWord(A.chainId, 0)).to.equal(0b00011110000);
      await relay({ from: 2n });
      await relay();
      expect(await recipient.received()).to.equal(11);
      for (let nonce = 0; nonce < 11; nonce++) expect(await B.gateway.isDelivered(A.chainId, nonce)).to.equal(true);
      expect(await B.gateway.isDelivered(A.chainId, 11)).to.equal(false);
    });

    it("delivers across bitmap words (nonce 255 and 256)", async () => {
      const { A, B, recipient, send, relay } = await gatewayFixture();
      await send(260);
      await relay({ from: 250n, to: 260n });
      expect(await recipient.received()).to.equal(10);
      expect(await B.gateway.deliveredWord(A.chainId, 0)).to.equal(0b111111n << 250n);
      expect(await B.gateway.deliveredWord(A.chainId, 1)).to.equal(0b1111);
      await expect(relay({ from: 250n, to: 260n })).to.be.revertedWithCustomError(B.gateway, "GatewayNothingToDeliver");
    });

    it("delivers several batches of several lanes under one attestation", async () => {
      const net = await createTestNetwork(["rollupA", "rollupB", "rollupC"]);
      const [A, B, C] = net.rollups as [TestRollup, TestRollup, TestRollup]; // CAST: three rollups were asked for
      const recipient = await new RecipientMock__factory(C.deployer).deploy();
      const to = interop(C, await recipient.getAddress());
      await A.gateway.connect(A.user).sendMessage(to, "0xaa", []);
      await B.gateway.connect(B.user).sendMessage(to, "0xbb", []);
      const fromA = await prepareDelivery(net, A, C);
      const fromB = await prepareDelivery(net, B, C, { otherFacts: [fromA.proven.factHash] });
      const both = await prepareDelivery(net, A, C, { otherFacts: [fromB.proven.factHash] });
      await C.gateway.connect(C.relayer).relay(both.attestation, encodeBatches([both.batch, fromB.batch]));
      expect(await recipient.received()).to.equal(2);
      // One already delivered batch does not hold up the other.
      await B.gateway.connect(B.user).sendMessage(to, "0xcc", []);
      const again = await prepareDelivery(net, A, C, {
        otherFacts: [(await prepareDelivery(net, B, C)).proven.factHash],
      });
      const more = await prepareDelivery(net, B, C, { otherFacts: [fromA.proven.factHash] });
      await C.gateway.connect(C.relayer).relay(again.attestation, encodeBatches([again.batch, more.batch]));
      expect(await recipient.received()).to.equal(3);
    });

    it("skips hash-only entries and delivers them later (one bad message does not cost the others)", async () => {
      const { net, A, B, recipient, send, relay } = await gatewayFixture();
      await send(6);
      const { proven } = await prepareDelivery(net, A, B);
      await relay({ edit: onlyEntry((index) => index % 2 === 0, proven.leaves) });
      expect(await B.gateway.deliveredWord(A.chainId, 0)).to.equal(0b010101);
      await relay({ edit: onlyEntry((index) => index % 2 === 1, proven.leaves) });
      expect(await recipient.received()).to.equal(6);
      await send(1);
      const more = await prepareDelivery(net, A, B);
      await expect(relay({ edit: onlyEntry(() => false, more.proven.leaves) })).to.be.revertedWithCustomError(
        B.gateway,
        "GatewayNothingToDeliver",
      );
    });

    it("delivers identical messages separately", async () => {
      const { recipient, send, relay, id } = await gatewayFixture();
      await send(2, { payload: "0x11" });
      await relay();
      expect(await recipient.received()).to.equal(2);
      expect(await recipient.receivedById(await id(0))).to.equal(1);
      expect(await recipient.receivedById(await id(1))).to.equal(1);
    });
  });

  describe("incarnations", () => {
    it("R10 facts of an old incarnation deliver nothing in the new one, old records stay (C12)", async () => {
      const { net, A, B, recipient, send } = await gatewayFixture();
      await send(2);
      const old = await prepareDelivery(net, A, B);
      await deliver(net, A, B, { part: { from: 0n, to: 1n } });
      await openLanes(A, B, 2n, 1n);
      await openLanes(B, A, 1n, 2n);
      await expect(B.gateway.connect(B.relayer).relay(old.attestation, old.batches)).to.be.revertedWithCustomError(
        B.gateway,
        "GatewayRootMismatch",
      );
      expect(await B.gateway.isDelivered(A.chainId, 0)).to.equal(false);
      await send(1);
      await deliver(net, A, B);
      expect(await recipient.received()).to.equal(2);
    });

    it("a closed lane delivers nothing", async () => {
      const { A, B, send, relay } = await gatewayFixture();
      await send(1);
      await B.gateway.connect(B.registry).closeLane(A.chainId);
      await expect(relay()).to.be.revertedWithCustomError(B.gateway, "GatewayUnknownRollup").withArgs(A.chainId);
    });
  });

  describe("initialize and upgrades", () => {
    it("the implementation is locked, the proxy initialised once, upgrades need the administrator (EXPLOITS 11, 20, I17)", async () => {
      const { B } = await gatewayFixture();
      const user = await B.user.getAddress();
      await expect(B.gateway.initialize(user)).to.be.revertedWithCustomError(B.gateway, "InvalidInitialization");
      const slot = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";
      const stored = await B.connection.ethers.provider.getStorage(await B.gateway.getAddress(), slot);
      const implementation = B.gateway.attach(`0x${stored.slice(26)}`) as typeof B.gateway; // CAST: same contract
      await expect(implementation.initialize(user)).to.be.revertedWithCustomError(B.gateway, "InvalidInitialization");
      await expect(B.gateway.connect(B.user).upgradeToAndCall(`0x${stored.slice(26)}`, "0x"))
        .to.be.revertedWithCustomError(B.gateway, "AccessManagedUnauthorized")
        .withArgs(user);
    });
  });

  describe("pause", () => {
    it("stops ordinary deliveries from a source, not governance, expires and cannot be chained (R9, C28)", async () => {
      const { net, A, B, recipient, send, relay } = await gatewayFixture();
      const week = 7 * 86_400;
      const pause = (duration: number) => B.gateway.connect(B.pauser).pause([A.chainId], duration);
      await expect(pause(week + 1))
        .to.be.revertedWithCustomError(B.gateway, "GatewayPauseTooLong")
        .withArgs(week + 1, week);
      await expect(pause(0)).to.be.revertedWithCustomError(B.gateway, "GatewayPauseTooLong");
      await expect(B.gateway.connect(B.user).pause([A.chainId], 1)).to.be.revertedWithCustomError(
        B.gateway,
        "AccessManagedUnauthorized",
      );
      await expect(B.gateway.connect(B.pauser).pause([5], 1)).to.be.revertedWithCustomError(
        B.gateway,
        "GatewayUnknownRollup",
      );
      await send(1);
      await send(1, { to: await B.executor.getAddress() });
      await pause(week);
      const { pausedUntil } = await B.gateway.inLane(A.chainId);
      await expect(relay({ part: { from: 0n, to: 1n } }))
        .to.be.revertedWithCustomError(B.gateway, "GatewayPaused")
        .withArgs(A.chainId, pausedUntil);
      // Governance's executor is still called (it is an account without code here, so the attempt itself fails).
      await expect(relay({ part: { from: 1n, to: 2n } })).to.emit(B.gateway, "MessageFailed");
      await expect(pause(1)).to.be.revertedWithCustomError(B.gateway, "GatewayPauseCoolingDown");
      await B.connection.networkHelpers.time.increase(week + 1);
      await deliver(net, A, B, { part: { from: 0n, to: 1n } });
      expect(await recipient.received()).to.equal(1);
      await expect(pause(1)).to.be.revertedWithCustomError(B.gateway, "GatewayPauseCoolingDown");
      await B.connection.networkHelpers.time.increase(week);
      await pause(1_000);
      await expect(B.gateway.connect(B.pauser).unpause(A.chainId)).to.be.revertedWithCustomError(
        B.gateway,
        "AccessManagedUnauthorized",
      );
      await expect(B.gateway.connect(B.deployer).unpause(A.chainId)).to.emit(B.gateway, "Unpaused").withArgs(A.chainId);
      expect((await B.gateway.inLane(A.chainId)).pausedUntil).to.equal(0);
    });
  });
});
