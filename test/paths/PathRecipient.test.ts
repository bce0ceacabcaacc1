import { expect } from "chai";
import type { Demand } from "../../scripts/cli/paths/recipient.ts";
import { A, B, DAY, NOBODY, PathWorld, QUORUM } from "./world.ts";

const WEEK = BigInt(7 * DAY);

describe("PathRecipient", () => {
  describe("demand", () => {
    it("is the guardians' quorum alone unless something else is stated", async () => {
      const { box } = await PathWorld.open();
      expect(await box.demandOf(A)).to.deep.equal(Object.values(QUORUM));
    });

    it("is stated for each source, and told", async () => {
      const { box, dst, sourceAddress } = await PathWorld.open();
      const vetoer = await dst.signer.getAddress();
      const demand: Demand = { needed: 2n, quorum: true, delay: WEEK, rootSource: sourceAddress, vetoer };
      await expect(box.setDemand(A, demand)).to.emit(box, "DemandChanged").withArgs(A, Object.values(demand));
      expect(await box.demandOf(A)).to.deep.equal(Object.values(demand));
      expect(await box.demandOf(9_999n)).to.deep.equal(Object.values(QUORUM));
    });

    it("is refused if it could not be met or means nothing", async () => {
      const { box, sourceAddress: rootSource } = await PathWorld.open();
      const vetoer = rootSource;
      const wrong: [string, Partial<Demand>][] = [
        ["nothing", { needed: 0n }],
        ["no path", { quorum: false }],
        ["two of one", { needed: 2n }],
        ["three of two", { needed: 3n, rootSource }],
        ["time alone", { quorum: false, delay: WEEK, vetoer }],
        ["time or the quorum", { needed: 1n, delay: WEEK, vetoer }],
        ["time without a vetoer", { needed: 2n, delay: WEEK }],
        ["a vetoer without time", { vetoer }],
        ["more than a year", { needed: 2n, delay: 366n * BigInt(DAY), vetoer }],
      ];
      for (const [title, change] of wrong) {
        const demand = { ...QUORUM, ...change };
        await expect(box.setDemand(A, demand), title)
          .to.be.revertedWithCustomError(box, "PathInvalidDemand")
          .withArgs(A, Object.values(demand));
      }
      const elsewhere = { ...QUORUM, rootSource };
      await expect(box.setDemand(9_999n, elsewhere), "state roots of another rollup")
        .to.be.revertedWithCustomError(box, "PathInvalidDemand")
        .withArgs(9_999n, Object.values(elsewhere));
      await expect(box.setDemand(B, QUORUM), "itself").to.be.revertedWithCustomError(box, "PathInvalidDemand");
    });
  });

  describe("one of quorum", () => {
    it("executes what the gateway delivers, and takes no proof", async () => {
      const world = await PathWorld.open();
      const message = await world.send();
      const proof = await world.prove(message);
      await expect(world.execute(message, proof))
        .to.be.revertedWithCustomError(world.box, "PathProofRefused")
        .withArgs(message.sendId);
      await expect(world.execute(message))
        .to.be.revertedWithCustomError(world.box, "PathMissing")
        .withArgs(message.sendId, 0n, 1n);
      await world.deliver();
      expect(await world.box.executions(message.sendId)).to.equal(1n);
      await expect(world.execute(message))
        .to.be.revertedWithCustomError(world.box, "PathAlreadyExecuted")
        .withArgs(message.sendId);
    });
  });

  describe("two of quorum and proof", () => {
    it("holds what the quorum delivers until it is proven", async () => {
      const world = await PathWorld.open();
      await world.demand({ needed: 2n, proof: true });
      const message = await world.send();
      await world.deliver();
      expect(await world.dst.gateway.isDelivered(A, message.nonce)).to.equal(true);
      const [srcChainId, since, quorum, vetoed, executed] = await world.box.heldMessage(message.sendId);
      expect([srcChainId, since > 0n, quorum, vetoed, executed]).to.deep.equal([A, true, true, false, false]);
      await expect(world.execute(message))
        .to.be.revertedWithCustomError(world.box, "PathMissing")
        .withArgs(message.sendId, 1n, 2n);
      await expect(world.execute(message, await world.prove(message)))
        .to.emit(world.box, "MessageExecuted")
        .withArgs(message.sendId, A);
      expect(await world.box.total()).to.equal(1n);
    });

    it("holds what is proven until the quorum has delivered it, and is then shown the proof again", async () => {
      const world = await PathWorld.open();
      await world.demand({ needed: 2n, proof: true });
      const message = await world.send();
      const proof = await world.prove(message);
      await expect(world.execute(message, proof)).to.emit(world.box, "MessageHeld").withArgs(message.sendId, A);
      await expect(world.execute(message, proof))
        .to.be.revertedWithCustomError(world.box, "PathMissing")
        .withArgs(message.sendId, 1n, 2n);
      await world.deliver();
      expect(await world.box.total()).to.equal(0n);
      await world.execute(message, proof);
      expect(await world.box.total()).to.equal(1n);
    });
  });

  describe("one of quorum and proof", () => {
    it("goes on when all guardians of the rollup are gone: by the proof alone, in any order", async () => {
      const world = await PathWorld.open();
      await world.demand({ needed: 1n, proof: true });
      const messages = [await world.send("0x01"), await world.send("0x02"), await world.send("0x03")];
      for (const message of [...messages].reverse()) {
        await expect(world.execute(message, await world.prove(message)))
          .to.emit(world.box, "MessageExecuted")
          .withArgs(message.sendId, A);
      }
      expect(await world.box.total()).to.equal(3n);
      expect(await world.dst.gateway.isDelivered(A, 0n)).to.equal(false);
    });

    it("EXPLOITS 35, I4: executes once over both paths, whichever comes first, and the lane's record is complete", async () => {
      const world = await PathWorld.open();
      await world.demand({ needed: 1n, proof: true });
      const [first, second] = [await world.send("0x01"), await world.send("0x02")];
      const proof = await world.prove(first);
      await world.execute(first, proof);
      await world.deliver();
      for (const message of [first, second]) {
        expect(await world.box.executions(message.sendId)).to.equal(1n);
        expect(await world.dst.gateway.isDelivered(A, message.nonce)).to.equal(true);
        await expect(world.execute(message, await world.prove(message)))
          .to.be.revertedWithCustomError(world.box, "PathAlreadyExecuted")
          .withArgs(message.sendId);
      }
    });
  });

  describe("two of quorum, proof and delay", () => {
    async function held() {
      const world = await PathWorld.open();
      await world.demand({ needed: 2n, proof: true, delay: WEEK });
      const message = await world.send();
      return { world, message };
    }

    it("executes at once what has come by quorum and proof", async () => {
      const { world, message } = await held();
      await world.deliver();
      await world.execute(message, await world.prove(message));
      expect(await world.box.total()).to.equal(1n);
    });

    it("executes by the quorum alone after the delay", async () => {
      const { world, message } = await held();
      await world.deliver();
      await world.dst.passTime(7 * DAY - 60);
      await expect(world.execute(message)).to.be.revertedWithCustomError(world.box, "PathMissing");
      await world.dst.passTime(60);
      await world.execute(message);
      expect(await world.box.total()).to.equal(1n);
    });

    it("executes by the proof alone after the delay, which began when it was first shown", async () => {
      const { world, message } = await held();
      const proof = await world.prove(message);
      await world.dst.passTime(30 * DAY);
      await expect(world.execute(message, proof)).to.emit(world.box, "MessageHeld").withArgs(message.sendId, A);
      await world.dst.passTime(7 * DAY);
      await expect(world.execute(message), "time is no proof").to.be.revertedWithCustomError(world.box, "PathMissing");
      await world.execute(message, proof);
      expect(await world.box.total()).to.equal(1n);
    });

    it("executes with the quorum's delivery itself if the delay is over by then", async () => {
      const { world, message } = await held();
      await world.execute(message, await world.prove(message));
      await world.dst.passTime(7 * DAY);
      await world.deliver();
      expect(await world.box.executions(message.sendId)).to.equal(1n);
    });
  });

  it("takes messages from nobody but the gateway", async () => {
    const { box, dst, src } = await PathWorld.open();
    const sender = await src.interop(await src.signer.getAddress());
    await expect(box.receiveMessage(`0x${"11".repeat(32)}`, sender, "0x"))
      .to.be.revertedWithCustomError(box, "ERC7786RecipientUnauthorizedGateway")
      .withArgs(await dst.signer.getAddress(), sender);
    expect(await box.laneHeads()).to.equal(await dst.laneHeads.getAddress());
    expect(NOBODY).to.not.equal(await box.getAddress());
  });
});
