import { expect } from "chai";
import { network } from "hardhat";
import { createNetwork } from "../../sdk/src/testkit/index.ts";

const NOBODY = `0x${"00".repeat(20)}`;
const DAY = 86_400n;

describe("Strongbox", () => {
  async function open() {
    const [a, b] = [await network.create("rollupA"), await network.create("rollupB")];
    const metalayer = await createNetwork({ rollups: [a, b] });
    const [onA, onB] = [metalayer.rollup(8101n), metalayer.rollup(8102n)];
    const [owner, stranger] = await b.ethers.getSigners();
    if (owner === undefined) throw new Error("twenty accounts exist");
    const manager = await b.ethers.deployContract("AccessManager", [owner]);
    const box = await b.ethers.deployContract("Strongbox", [onB.laneHeads, manager]);
    const send = async (payload: string) =>
      metalayer.client.send({ from: 8101n, to: 8102n, recipient: await box.getAddress(), payload });
    return { metalayer, onA, onB, owner, stranger, box, send };
  }

  it("keeps what came last from every sender", async () => {
    const { metalayer, onA, box, send } = await open();
    const { sender } = await send("0x01");
    await send("0x02");
    await metalayer.deliverAll();
    expect(await box.kept(await onA.interop(sender))).to.equal("0x02");
    expect(await box.count()).to.equal(2n);
  });

  it("C9: what was sent first comes last, if whoever delivers wants it so", async () => {
    const { metalayer, onA, box, send } = await open();
    const { sender } = await send("0x01");
    await send("0x02");
    await metalayer.deliver({ reorder: (messages) => [...messages].reverse() });
    expect(await box.kept(await onA.interop(sender))).to.equal("0x01");
  });

  it("keeps nothing in the days in which it may be stopped, if its administrator demands that", async () => {
    const { metalayer, onB, owner, stranger, box, send } = await open();
    const demand = { needed: 2n, quorum: true, delay: 3n * DAY, rootSource: NOBODY, vetoer: owner };
    await expect(box.connect(stranger).setDemand(8101n, demand)).to.be.revertedWithCustomError(
      box,
      "AccessManagedUnauthorized",
    );
    await box.setDemand(8101n, demand);
    const { sendId } = await send("0x01");
    await metalayer.deliverAll();
    await box.vetoMessage(sendId);
    await onB.passTime(Number(3n * DAY));
    expect(await box.count()).to.equal(0n);
    await expect(box.connect(stranger).liftVeto(sendId)).to.be.revertedWithCustomError(
      box,
      "AccessManagedUnauthorized",
    );
    await expect(box.liftVeto(sendId)).to.emit(box, "VetoLifted").withArgs(sendId);
  });
});
