import { expect } from "chai";
import { network } from "hardhat";
import { createNetwork } from "../../sdk/src/testkit/index.ts";

describe("Mailbox", () => {
  async function open() {
    const [a, b] = [await network.create("rollupA"), await network.create("rollupB")];
    const metalayer = await createNetwork({ rollups: [a, b] });
    const [onA, onB] = [metalayer.rollup(8101n), metalayer.rollup(8102n)];
    const box = await b.ethers.deployContract("Mailbox", [onB.gateway]);
    const send = async (payload = "0x1234") =>
      metalayer.client.send({ from: 8101n, to: 8102n, recipient: await box.getAddress(), payload });
    return { b, metalayer, onA, onB, box, send };
  }

  it("takes what the gateway delivers, and tells from whom it came", async () => {
    const { metalayer, onA, onB, box, send } = await open();
    expect(await box.gateway()).to.equal(await onB.gateway.getAddress());
    const { sendId } = await send();
    await metalayer.deliverAll();
    expect(await box.count()).to.equal(1n);
    expect(await box.arrivals(sendId)).to.equal(1n);
    const sender = await onA.interop(await onA.signer.getAddress());
    const [arrived] = await box.queryFilter(box.filters.Arrived());
    expect([...(arrived?.args ?? [])]).to.deep.equal([sendId, sender, "0x1234"]);
  });

  it("takes nothing from anybody else", async () => {
    const { b, onA, box } = await open();
    const signer = await b.ethers.provider.getSigner(0);
    const sender = await onA.interop(signer.address);
    await expect(box.receiveMessage(`0x${"11".repeat(32)}`, sender, "0x"))
      .to.be.revertedWithCustomError(box, "ERC7786RecipientUnauthorizedGateway")
      .withArgs(signer.address, sender);
  });

  it("refuses while it is closed, and takes the same message once it is open again", async () => {
    const { metalayer, box, send } = await open();
    await expect(box.setClosed(true)).to.emit(box, "ClosedChanged").withArgs(true);
    const { sendId } = await send();
    const { failed } = await metalayer.deliver();
    expect(failed.map(({ message, data }) => [message.sendId, data])).to.deep.equal([
      [sendId, box.interface.encodeErrorResult("MailboxClosed", [sendId])],
    ]);
    await box.setClosed(false);
    await metalayer.deliverAll();
    expect(await box.arrivals(sendId)).to.equal(1n);
  });

  it("takes fast messages only from rollups that its owner has named", async () => {
    const { b, metalayer, box, send } = await open();
    const { sendId } = await send();
    expect((await metalayer.deliver({ class: "fast" })).delivered).to.have.lengthOf(0);
    await box.acceptFast(8101, 1);
    expect((await metalayer.deliver({ class: "fast" })).delivered.map((message) => message.sendId)).to.deep.equal([
      sendId,
    ]);
    await send();
    expect((await metalayer.deliver({ class: "fast" })).delivered, "beyond the daily limit").to.have.lengthOf(0);
    const stranger = await b.ethers.provider.getSigner(1);
    await expect(box.connect(stranger).acceptFast(8101, 1))
      .to.be.revertedWithCustomError(box, "OwnableUnauthorizedAccount")
      .withArgs(stranger.address);
    await expect(box.connect(stranger).setClosed(true))
      .to.be.revertedWithCustomError(box, "OwnableUnauthorizedAccount")
      .withArgs(stranger.address);
  });
});
