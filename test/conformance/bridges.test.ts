import { expect } from "chai";
import type { BaseContract, ContractTransactionResponse } from "ethers";
import {
  CustodyERC1155__factory,
  CustodyERC20__factory,
  CustodyERC721__factory,
  FreeERC1155__factory,
  FreeERC20__factory,
  FreeERC721__factory,
  MintingBridge__factory,
  TokenForBridge__factory,
  TokenWithBridge__factory,
} from "../../typechain-types/index.js";
import {
  createTestNetwork,
  deliver,
  interop,
  prepareDelivery,
  type TestNetwork,
  type TestRollup,
} from "../helpers/network.ts";
import { deliverAllPending, deliverPending } from "../helpers/pending.ts";

interface Linkable extends BaseContract {
  link(gateway: string, counterpart: string): Promise<ContractTransactionResponse>;
}

/** One contract a rollup, each linked to all others through the gateway of its own rollup. */
async function linkAll(rollups: readonly TestRollup[], contracts: readonly Linkable[]): Promise<void> {
  for (const [i, rollup] of rollups.entries()) {
    for (const [j, other] of rollups.entries()) {
      if (i === j) continue;
      await contracts[i]?.link(
        await rollup.gateway.getAddress(),
        interop(other, (await contracts[j]?.getAddress()) ?? ""),
      );
    }
  }
}

async function fixture(): Promise<{ net: TestNetwork; rollups: [TestRollup, TestRollup, TestRollup]; user: string }> {
  const net = await createTestNetwork(["rollupA", "rollupB", "rollupC"]);
  const rollups = net.rollups as [TestRollup, TestRollup, TestRollup]; // CAST: three rollups were asked for
  return { net, rollups, user: await rollups[0].user.getAddress() };
}

describe("OpenZeppelin's bridges over the gateway, unmodified, on three rollups", () => {
  describe("ERC20Crosschain", () => {
    async function tokens() {
      const base = await fixture();
      const contracts = await Promise.all(
        base.rollups.map((rollup) => new TokenWithBridge__factory(rollup.user).deploy()),
      );
      await linkAll(base.rollups, contracts);
      const [a, b, c] = contracts;
      if (a === undefined || b === undefined || c === undefined) throw new Error("three tokens were deployed");
      await a.mint(base.user, 1_000);
      return { ...base, a, b, c };
    }

    it("moves A to B to C to A with equal ids at both ends (G3, G7, G12)", async () => {
      const { net, rollups, user, a, b, c } = await tokens();
      const [A, B, C] = rollups;
      const receipt = await (await a.crosschainTransfer(interop(B, user), 600)).wait();
      const [sent] = await a.queryFilter(a.filters.CrosschainFungibleTransferSent());
      expect(receipt?.status).to.equal(1);
      await deliverPending(net, A, B);
      const [received] = await b.queryFilter(b.filters.CrosschainFungibleTransferReceived());
      expect(received?.args.receiveId)
        .to.equal(sent?.args.sendId)
        .and.not.to.equal(`0x${"00".repeat(32)}`);
      expect(received?.args.from).to.equal(interop(A, user));
      await b.crosschainTransfer(interop(C, user), 500);
      await deliverPending(net, B, C);
      await c.crosschainTransfer(interop(A, user), 400);
      await deliverPending(net, C, A);
      expect([await a.balanceOf(user), await b.balanceOf(user), await c.balanceOf(user)]).to.deep.equal([
        800n,
        100n,
        100n,
      ]);
      expect((await a.totalSupply()) + (await b.totalSupply()) + (await c.totalSupply())).to.equal(1_000);
    });

    it("refuses a replay and delivers two identical transfers separately (G13, EXPLOITS 35)", async () => {
      const { net, rollups, user, a, b } = await tokens();
      const [A, B] = rollups;
      await a.crosschainTransfer(interop(B, user), 10);
      await a.crosschainTransfer(interop(B, user), 10);
      await deliver(net, A, B);
      expect(await b.balanceOf(user)).to.equal(20);
      const again = await prepareDelivery(net, A, B);
      await expect(B.gateway.relay(again.attestation, again.batches)).to.be.revertedWithCustomError(
        B.gateway,
        "GatewayNothingToDeliver",
      );
      expect(await b.balanceOf(user)).to.equal(20);
    });

    it("refuses a payload like a transfer's from anybody but its counterpart (EXPLOITS 32, 40)", async () => {
      const { net, rollups, user, a, b } = await tokens();
      const [A, B] = rollups;
      await a.crosschainTransfer(interop(B, user), 10);
      const { batch } = await prepareDelivery(net, A, B);
      const payload = batch.entries[0]?.tag === 0 ? batch.entries[0].payload : "0x";
      await A.gateway.connect(A.user).sendMessage(interop(B, await b.getAddress()), payload, []);
      await expect(deliver(net, A, B)).to.emit(B.gateway, "MessageFailed");
      expect(await b.totalSupply()).to.equal(10);
    });

    it("waits when the receiving side reverts and arrives when it is mended (G14)", async () => {
      const { net, rollups, user, a } = await tokens();
      const [A, B] = rollups;
      const late = await new TokenWithBridge__factory(B.user).deploy();
      const early = await new TokenWithBridge__factory(A.user).deploy();
      await early.mint(user, 5);
      await early.link(await A.gateway.getAddress(), interop(B, await late.getAddress()));
      await early.crosschainTransfer(interop(B, user), 5);
      await expect(deliver(net, A, B)).to.emit(B.gateway, "MessageFailed");
      await late.link(await B.gateway.getAddress(), interop(A, await early.getAddress()));
      await deliverPending(net, A, B);
      expect(await late.balanceOf(user)).to.equal(5);
      expect(await a.totalSupply()).to.equal(1_000);
    });
  });

  it("BridgeERC20 (custody) and BridgeERC7802 (mint) interoperate and conserve", async () => {
    const { net, rollups, user } = await fixture();
    const [A, B, C] = rollups;
    const token = await new FreeERC20__factory(A.user).deploy();
    const custody = await new CustodyERC20__factory(A.user).deploy(token);
    const outsideB = await new TokenForBridge__factory(B.user).deploy();
    const mintB = await new MintingBridge__factory(B.user).deploy(outsideB);
    await outsideB.setBridge(mintB);
    const insideC = await new TokenWithBridge__factory(C.user).deploy();
    await linkAll(rollups, [custody, mintB, insideC]);
    await token.mint(user, 1_000);
    await token.approve(custody, 1_000);
    await custody.crosschainTransfer(interop(B, user), 700);
    await deliverAllPending(net);
    expect(await outsideB.balanceOf(user)).to.equal(700);
    await mintB.crosschainTransfer(interop(C, user), 300);
    await deliverAllPending(net);
    await insideC.crosschainTransfer(interop(A, user), 100);
    await deliverAllPending(net);
    expect(await token.balanceOf(user)).to.equal(400);
    expect(await token.balanceOf(custody)).to.equal((await outsideB.totalSupply()) + (await insideC.totalSupply()));
  });

  it("BridgeERC721 moves a token out and back", async () => {
    const { net, rollups, user } = await fixture();
    const [A, B, C] = rollups;
    const tokens = await Promise.all(rollups.map((rollup) => new FreeERC721__factory(rollup.user).deploy()));
    const [a, b, c] = tokens;
    if (a === undefined || b === undefined || c === undefined) throw new Error("three tokens were deployed");
    const bridges = await Promise.all(
      rollups.map(async (rollup, i) =>
        new CustodyERC721__factory(rollup.user).deploy(await (tokens[i] ?? a).getAddress()),
      ),
    );
    await linkAll(rollups, bridges);
    const [bridgeA, bridgeB, bridgeC] = bridges;
    if (bridgeA === undefined || bridgeB === undefined || bridgeC === undefined) throw new Error("three bridges");
    await a.mint(user, 7);
    await b.mint(bridgeB, 7);
    await c.mint(bridgeC, 7);
    await a.approve(bridgeA, 7);
    await bridgeA.crosschainTransferFrom(user, interop(B, user), 7);
    await deliverPending(net, A, B);
    expect(await b.ownerOf(7)).to.equal(user);
    await b.approve(bridgeB, 7);
    await bridgeB.crosschainTransferFrom(user, interop(C, user), 7);
    await deliverPending(net, B, C);
    await c.approve(bridgeC, 7);
    await bridgeC.crosschainTransferFrom(user, interop(A, user), 7);
    await deliverPending(net, C, A);
    expect(await a.ownerOf(7)).to.equal(user);
    expect(await c.ownerOf(7)).to.equal(await bridgeC.getAddress());
  });

  it("BridgeERC1155 moves several ids at once", async () => {
    const { net, rollups, user } = await fixture();
    const [A, B] = rollups;
    const a = await new FreeERC1155__factory(A.user).deploy();
    const b = await new FreeERC1155__factory(B.user).deploy();
    const bridgeA = await new CustodyERC1155__factory(A.user).deploy(a);
    const bridgeB = await new CustodyERC1155__factory(B.user).deploy(b);
    await linkAll([A, B], [bridgeA, bridgeB]);
    await a.mint(user, [1, 2], [10, 20]);
    // The bridge takes tokens only in transfers of its own: custody on B is filled by a transfer back from B.
    await a.setApprovalForAll(bridgeA, true);
    await b.setApprovalForAll(bridgeB, true);
    await b.mint(user, [1, 2], [10, 20]);
    const transfer = "crosschainTransferFrom(address,bytes,uint256[],uint256[])";
    await bridgeB[transfer](user, interop(A, user), [1, 2], [10, 20]);
    await expect(deliver(net, B, A)).to.emit(A.gateway, "MessageFailed"); // nothing in custody on A yet: it waits
    await bridgeA[transfer](user, interop(B, user), [1, 2], [4, 20]);
    await deliverPending(net, A, B);
    expect(await b.balanceOf(user, 1)).to.equal(4);
    expect(await b.balanceOf(user, 2)).to.equal(20);
    await bridgeA["crosschainTransferFrom(address,bytes,uint256,uint256)"](user, interop(B, user), 1, 6);
    await deliverPending(net, A, B);
    await deliverPending(net, B, A);
    expect(await a.balanceOf(user, 1)).to.equal(10);
    expect(await b.balanceOf(user, 1)).to.equal(10);
  });
});
