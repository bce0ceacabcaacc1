import { expect } from "chai";
import { KIND_BOUNTY, messageHash } from "../../sdk/src/message.ts";
import { NO_LANE_PROOF, pathMessage } from "../../sdk/src/paths.ts";
import { packRoute } from "../../sdk/src/route.ts";
import type { Demand } from "../../scripts/cli/paths/recipient.ts";
import { A, DAY, PathWorld } from "./world.ts";

const WEEK = BigInt(7 * DAY);

describe("PathRecipient, by whom it is called", () => {
  describe("vetoMessage", () => {
    async function held() {
      const world = await PathWorld.open();
      await world.demand({ needed: 2n, proof: true, delay: WEEK });
      const message = await world.send();
      await world.deliver();
      return { world, box: world.box, message, id: message.sendId };
    }

    it("stops a held message on every path, until the application lifts it", async () => {
      const { world, box, message, id } = await held();
      await expect(box.vetoMessage(id))
        .to.emit(box, "MessageVetoed")
        .withArgs(id, await world.dst.signer.getAddress());
      const proof = await world.prove(message);
      await world.dst.passTime(30 * DAY);
      for (const way of [NO_LANE_PROOF, proof]) {
        await expect(world.execute(message, way)).to.be.revertedWithCustomError(box, "PathVetoed").withArgs(id);
      }
      await expect(box.liftVeto(id)).to.emit(box, "VetoLifted").withArgs(id);
      await world.execute(message);
      expect(await box.executions(id)).to.equal(1n);
    });

    it("EXPLOITS 17: is in time for what was held before there was a vetoer: the delay begins when it is stated", async () => {
      const world = await PathWorld.open();
      await world.demand({ needed: 2n, proof: true });
      const message = await world.send();
      await world.deliver();
      await world.dst.passTime(30 * DAY);
      await world.demand({ needed: 2n, proof: true, delay: WEEK });
      await expect(world.execute(message)).to.be.revertedWithCustomError(world.box, "PathMissing");
      await world.dst.passTime(7 * DAY - 60);
      await expect(world.execute(message)).to.be.revertedWithCustomError(world.box, "PathMissing");
      await world.dst.passTime(60);
      await world.execute(message);
      expect(await world.box.total()).to.equal(1n);
    });

    it("stops also what the quorum delivers later", async () => {
      const world = await PathWorld.open();
      await world.demand({ needed: 2n, proof: true, delay: WEEK });
      const message = await world.send();
      await world.execute(message, await world.prove(message));
      await world.box.vetoMessage(message.sendId);
      await world.dst.passTime(30 * DAY);
      await world.deliver();
      expect(await world.box.total()).to.equal(0n);
    });

    it("is the vetoer's, of what is held and not executed", async () => {
      const { world, box, message, id } = await held();
      const stranger = world.network.rollups[1]?.signer;
      await box.setDemand(A, { ...(await stated(box)), vetoer: world.sourceAddress });
      await expect(box.vetoMessage(id))
        .to.be.revertedWithCustomError(box, "PathUnauthorized")
        .withArgs(await stranger?.getAddress());
      await expect(box.vetoMessage(`0x${"11".repeat(32)}`)).to.be.revertedWithCustomError(box, "PathNotHeld");
      await expect(box.liftVeto(id)).to.be.revertedWithCustomError(box, "PathNotHeld").withArgs(id);
      await world.execute(message, await world.prove(message));
      await expect(box.vetoMessage(id)).to.be.revertedWithCustomError(box, "PathAlreadyExecuted").withArgs(id);
    });

    const stated = async (box: PathWorld["box"]): Promise<Demand> => {
      const { needed, quorum, delay, rootSource, vetoer } = await box.demandOf(A);
      return { needed, quorum, delay, rootSource, vetoer };
    };
  });

  describe("executeMessage", () => {
    it("is for messages to this contract, from another rollup to this one, and for no bounty", async () => {
      const world = await PathWorld.open();
      await world.demand({ needed: 1n, proof: true });
      const message = await world.send();
      const good = pathMessage(world.lane, message);
      const wrong: [string, object][] = [
        ["a bounty", { header: pathMessage(world.lane, { ...message, kind: KIND_BOUNTY }).header }],
        ["to another rollup", { route: good.route + (1n << 128n) }],
        ["from another rollup", { route: good.route + (1n << 192n) }],
        ["from nobody", { sender: "0x" }],
      ];
      for (const [title, change] of wrong) {
        await expect(
          world.box.executeMessage({ ...good, ...change }, NO_LANE_PROOF),
          title,
        ).to.be.revertedWithCustomError(world.box, "PathOtherMessage");
      }
      const later = { ...world.lane, dstIncarnation: 2n };
      await expect(
        world.box.executeMessage(pathMessage(later, message), NO_LANE_PROOF),
        "to an incarnation that is not admitted",
      )
        .to.be.revertedWithCustomError(world.box, "PathLaneNotOpen")
        .withArgs(messageHash(later.networkId, later, message), packRoute(later), good.route);
      const elsewhere = await world.send("0x1234", world.sourceAddress);
      await expect(
        world.execute(elsewhere, await world.prove(elsewhere)),
        "to another contract",
      ).to.be.revertedWithCustomError(world.box, "PathProofRefused");
    });

    it("EXPLOITS 40, I5: binds every field of the message", async () => {
      const world = await PathWorld.open();
      await world.demand({ needed: 1n, proof: true });
      const message = await world.send();
      const proof = await world.prove(message);
      const changes = [
        { payload: "0x1235" as const },
        { sender: world.sourceAddress },
        { gasLimit: message.gasLimit - 1n },
        { fee: message.fee + 1n },
        { nonce: message.nonce + 1n },
      ];
      for (const change of changes) {
        await expect(
          world.execute({ ...message, ...change }, proof),
          JSON.stringify(Object.keys(change)),
        ).to.be.revertedWithCustomError(world.box, "PathProofRefused");
      }
      await world.execute(message, proof);
    });

    it("C14, I10: gives the application at least the gas that the message commits to", async () => {
      const world = await PathWorld.open();
      await world.demand({ needed: 1n, proof: true });
      const message = await world.send("0x01", undefined, 1_000_000n);
      const proof = await world.prove(message);
      const call = [pathMessage(world.lane, message), proof] as const;
      await expect(world.box.executeMessage(...call, { gasLimit: 900_000n })).to.be.revertedWithCustomError(
        world.box,
        "PathInsufficientGas",
      );
      await world.box.executeMessage(...call, { gasLimit: 1_500_000n });
      expect(await world.box.gasSeen()).to.be.greaterThan(990_000n);
    });

    it("I9: changes nothing if the application reverts, and works when it no longer does", async () => {
      const world = await PathWorld.open();
      await world.demand({ needed: 1n, proof: true });
      const message = await world.send();
      const proof = await world.prove(message);
      await world.box.setClosed(true);
      await expect(world.execute(message, proof)).to.be.revertedWithCustomError(world.box, "Closed");
      expect((await world.network.deliver()).failed).to.have.lengthOf(1);
      expect((await world.box.heldMessage(message.sendId)).executed).to.equal(false);
      await world.box.setClosed(false);
      await world.execute(message, proof);
      await world.deliver();
      expect(await world.box.executions(message.sendId)).to.equal(1n);
    });
  });
});
