import { expect } from "chai";
import { concat, solidityPacked, zeroPadBytes } from "ethers";
import {
  AggregatorMock__factory,
  CredulousGatewayMock__factory,
  RemoteExecutor__factory,
  TokenWithBridge__factory,
  type AggregatorMock,
  type CredulousGatewayMock,
  type TokenWithBridge,
} from "../../typechain-types/index.js";
import { gatewayFixture, MODE } from "../helpers/gateway.ts";
import { besideFirstGateways, deployGatewayCode } from "../helpers/gatewayCode.ts";
import {
  createTestNetwork,
  deliver,
  interop,
  prepareDelivery,
  type DeliveryOptions,
  type TestRollup,
} from "../helpers/network.ts";

/** What the aggregator's recipient needs beyond the default gas limit. */
const gasBoost = 400_000n;

interface End {
  readonly rollup: TestRollup;
  readonly aggregator: AggregatorMock;
  readonly others: readonly [CredulousGatewayMock, CredulousGatewayMock];
  readonly token: TokenWithBridge;
}

async function two() {
  const net = await createTestNetwork(["rollupA", "rollupB"]);
  const [A, B] = net.rollups as [TestRollup, TestRollup]; // CAST: two rollups were asked for
  return { net, A, B, user: await A.user.getAddress() };
}

/** A token on each of two rollups, linked over aggregators that want two of three gateways: ours and two others. */
async function aggregated() {
  const { net, A, B, user } = await two();
  const end = async (rollup: TestRollup): Promise<End> => {
    const aggregator = await new AggregatorMock__factory(rollup.user).deploy();
    const other = () => new CredulousGatewayMock__factory(rollup.user).deploy();
    const others = [await other(), await other()] as const;
    await aggregator.configure([rollup.gateway, ...others], 2);
    return { rollup, aggregator, others, token: await new TokenWithBridge__factory(rollup.user).deploy() };
  };
  const [a, b] = [await end(A), await end(B)];
  for (const [here, there] of [[a, b] as const, [b, a] as const]) {
    await here.aggregator.link(interop(there.rollup, await there.aggregator.getAddress()));
    await here.token.link(here.aggregator, interop(there.rollup, await there.token.getAddress()));
  }
  await a.token.mint(user, 1_000);
  const byOurs = (nonce: bigint, options: DeliveryOptions = {}) =>
    deliver(net, A, B, { part: { from: nonce, to: nonce + 1n }, gasBoost, ...options });
  /** Brings what was sent as the `nonce`th message over one of the other gateways. */
  const byOther = async (index: 0 | 1, nonce: bigint) => {
    const sent = await a.others[index].queryFilter(a.others[index].filters.MessageSent());
    const { sender, payload } = sent[Number(nonce)]?.args ?? { sender: "0x", payload: "0x" };
    return b.others[index].deliver(b.aggregator, sender, payload);
  };
  const send = (amount: number) => a.token.crosschainTransfer(interop(B, user), amount);
  return { net, A, B, user, a, b, send, byOurs, byOther };
}

describe("several gateways between the same applications", () => {
  describe("G23: an aggregator of M of N gateways, ours one of them", () => {
    it("G23 G4 takes a transfer that any two of three gateways bring, once, whatever the third does", async () => {
      const { B, user, a, b, send, byOurs, byOther } = await aggregated();
      for (const amount of [100, 20, 3]) await send(amount);
      await byOurs(0n);
      await expect(byOther(0, 0n)).to.emit(b.token, "CrosschainFungibleTransferReceived");
      await byOther(1, 1n);
      await expect(byOurs(1n)).to.emit(b.token, "CrosschainFungibleTransferReceived");
      await byOther(0, 2n);
      await expect(byOther(1, 2n)).to.emit(b.token, "CrosschainFungibleTransferReceived");
      expect(await b.token.balanceOf(user)).to.equal(123);
      await byOther(1, 0n);
      await byOther(0, 1n);
      await expect(byOurs(2n)).to.emit(B.gateway, "MessageDelivered");
      expect(await b.token.balanceOf(user)).to.equal(123);
      expect((await a.token.totalSupply()) + (await b.token.totalSupply())).to.equal(1_000);
      expect(await b.aggregator.queryFilter(b.aggregator.filters.Executed())).to.have.lengthOf(3);
    });

    it("G23 EXPLOITS 38 brings nothing by one gateway alone: neither ours nor one that lies, however often", async () => {
      const { user, a, b, A, send, byOurs, byOther } = await aggregated();
      await send(0x309);
      await byOurs(0n);
      expect(await b.token.totalSupply()).to.equal(0);
      const [sent] = await a.others[0].queryFilter(a.others[0].filters.MessageSent());
      const invented = (sent?.args.payload ?? "").replace("0000000309", "0000000fff");
      expect(invented).not.to.equal(sent?.args.payload);
      const counterpart = interop(A, await a.aggregator.getAddress());
      for (let i = 0; i < 3; i++) await b.others[0].deliver(b.aggregator, counterpart, invented);
      expect(await b.token.totalSupply()).to.equal(0);
      await byOther(0, 0n);
      expect(await b.token.balanceOf(user)).to.equal(0x309);
    });

    it("G23 EXPLOITS 32 refuses whoever is no gateway, and any sender but its counterpart, through ours as well", async () => {
      const { net, A, B, user, a, b, send } = await aggregated();
      await send(10);
      const [sent] = await a.others[0].queryFilter(a.others[0].filters.MessageSent());
      const payload = sent?.args.payload ?? "0x";
      const counterpart = interop(A, await a.aggregator.getAddress());
      await expect(b.aggregator.receiveMessage(`0x${"11".repeat(32)}`, counterpart, payload))
        .to.be.revertedWithCustomError(b.aggregator, "AggregatorUnknownSource")
        .withArgs(user, counterpart);
      await A.gateway.connect(A.user).sendMessage(interop(B, await b.aggregator.getAddress()), payload, []);
      const reason = b.aggregator.interface.encodeErrorResult("AggregatorUnknownSource", [
        await B.gateway.getAddress(),
        interop(A, user),
      ]);
      const { proven } = await prepareDelivery(net, A, B);
      await expect(deliver(net, A, B, { part: { from: 1n, to: 2n }, gasBoost }))
        .to.emit(B.gateway, "MessageFailed")
        .withArgs(proven.leaves[1], reason.slice(0, 2 + 2 * 256));
    });

    it("G23 counts as delivered when the aggregator swallows its recipient's error, and anyone tries again there", async () => {
      const { net, A, B, user, a, b, send, byOurs, byOther } = await aggregated();
      await b.token.relink(b.others[0], interop(A, await a.token.getAddress()));
      await send(10);
      await byOther(0, 0n);
      const { proven } = await prepareDelivery(net, A, B);
      const tx = await byOurs(0n);
      await expect(tx).to.emit(B.gateway, "MessageDelivered").withArgs(proven.leaves[0]);
      const [sent] = await a.others[0].queryFilter(a.others[0].filters.MessageSent());
      const payload = sent?.args.payload ?? "0x";
      const [executed] = await b.aggregator.queryFilter(b.aggregator.filters.Executed());
      expect(executed?.args.ok).to.equal(false);
      await b.token.relink(b.aggregator, interop(A, await a.token.getAddress()));
      await b.aggregator.execute(payload);
      expect(await b.token.balanceOf(user)).to.equal(10);
      await expect(b.aggregator.execute(payload)).to.be.revertedWithCustomError(
        b.aggregator,
        "AggregatorNotExecutable",
      );
    });
  });

  describe("G24: moving from one gateway to another", () => {
    it("G24 C23 an upgrade of both gateways keeps their addresses and whatever is under way", async () => {
      const { net, A, B, recipient, send, relay, id } = await gatewayFixture();
      await send(1);
      await relay();
      await recipient.setMode(MODE.revert);
      await send(1);
      await relay({ part: { from: 1n, to: 2n } });
      await recipient.setMode(MODE.accept);
      await send(1);
      const signedBefore = await prepareDelivery(net, A, B);
      const before = { out: await A.gateway.outLane(B.chainId), in: await B.gateway.inLane(A.chainId) };
      for (const rollup of [A, B]) {
        const code = await (await deployGatewayCode(rollup)).getAddress();
        await expect(rollup.gateway.upgradeToAndCall(code, "0x")).to.emit(rollup.gateway, "Upgraded").withArgs(code);
      }
      expect({ out: await A.gateway.outLane(B.chainId), in: await B.gateway.inLane(A.chainId) }).to.deep.equal(before);
      const relayed = await B.gateway.relay(signedBefore.attestation, signedBefore.batches);
      await expect(relayed)
        .to.emit(B.gateway, "MessageDelivered")
        .withArgs(await id(1));
      await expect(relayed)
        .to.emit(B.gateway, "MessageDelivered")
        .withArgs(await id(2));
      await send(1);
      await relay();
      expect(await recipient.received()).to.equal(4);
      for (let i = 0; i < 4; i++) expect(await recipient.receivedById(await id(i))).to.equal(1);
    });

    it("G24 an application moves to other gateways: what is under way on the old link waits, and arrives over it", async () => {
      const { net, A, B, user } = await two();
      const [A2, B2] = await besideFirstGateways(A, B);
      const a = await new TokenWithBridge__factory(A.user).deploy();
      const b = await new TokenWithBridge__factory(B.user).deploy();
      const [atA, atB] = [interop(A, await a.getAddress()), interop(B, await b.getAddress())];
      await a.mint(user, 100);
      await a.link(A.gateway, atB);
      await b.link(B.gateway, atA);
      await a.crosschainTransfer(interop(B, user), 10);
      await a.relink(A2.gateway, atB);
      await b.relink(B2.gateway, atA);
      await a.crosschainTransfer(interop(B, user), 5);
      await expect(deliver(net, A2, B2)).to.emit(B2.gateway, "MessageDelivered");
      expect(await b.balanceOf(user)).to.equal(5);

      const refused = b.interface.encodeErrorResult("ERC7786RecipientUnauthorizedGateway", [
        await B.gateway.getAddress(),
        atA,
      ]);
      const { proven } = await prepareDelivery(net, A, B);
      await expect(deliver(net, A, B))
        .to.emit(B.gateway, "MessageFailed")
        .withArgs(proven.leaves[0], refused);
      expect(await B.gateway.isDelivered(A.chainId, 0)).to.equal(false);
      await b.relink(B.gateway, atA);
      await deliver(net, A, B);
      await b.relink(B2.gateway, atA);
      expect(await b.balanceOf(user)).to.equal(15);
      expect((await a.totalSupply()) + (await b.totalSupply())).to.equal(100);
    });

    it("G24 behind an aggregator of one of two, the old and the new gateway serve at once: nothing waits", async () => {
      const { net, A, B, user, a, b, send } = await aggregated();
      const [A2, B2] = await besideFirstGateways(A, B);
      for (const { aggregator, rollup } of [a, b]) await aggregator.configure([rollup.gateway], 1);
      await send(1);
      await a.aggregator.configure([A2.gateway], 1);
      await b.aggregator.configure([B.gateway, B2.gateway], 1);
      await send(20);
      await deliver(net, A2, B2, { gasBoost });
      await deliver(net, A, B, { gasBoost });
      expect(await b.token.balanceOf(user)).to.equal(21);
      await b.aggregator.configure([B2.gateway], 1);
      await send(300);
      await deliver(net, A2, B2, { from: 1n, gasBoost });
      expect(await b.token.balanceOf(user)).to.equal(321);
    });

    it("G24 a remote executor is led to another gateway by a decision over the old one, and obeys that one no more", async () => {
      const { net, A, B, user } = await two();
      const [A2, B2] = await besideFirstGateways(A, B);
      const controller = interop(A, user);
      const executor = await new RemoteExecutor__factory(B.user).deploy(B.gateway, controller);
      const to = interop(B, await executor.getAddress());
      const reconfigure = async (gateway: TestRollup["gateway"]) => {
        const call = executor.interface.encodeFunctionData("reconfigure", [await gateway.getAddress(), controller]);
        const leg = solidityPacked(["address", "uint256", "bytes"], [await executor.getAddress(), 0, call]);
        return concat([zeroPadBytes("0x0000", 32), leg]);
      };
      await A.gateway.connect(A.user).sendMessage(to, await reconfigure(B2.gateway), []);
      await A.gateway.connect(A.user).sendMessage(to, await reconfigure(B.gateway), []);
      await expect(deliver(net, A, B, { part: { from: 0n, to: 1n } }))
        .to.emit(executor, "CrosschainControllerSet")
        .withArgs(await B2.gateway.getAddress(), controller);
      await expect(deliver(net, A, B, { part: { from: 1n, to: 2n } })).to.emit(B.gateway, "MessageFailed");
      expect(await executor.gateway()).to.equal(await B2.gateway.getAddress());
      await A2.gateway.connect(A.user).sendMessage(to, await reconfigure(B.gateway), []);
      await expect(deliver(net, A2, B2)).to.emit(executor, "CrosschainControllerSet");
      // Under the old link again, the decision that was refused is still there for anyone to deliver.
      await expect(deliver(net, A, B, { part: { from: 1n, to: 2n } })).to.emit(B.gateway, "MessageDelivered");
    });
  });
});
