import { expect } from "chai";
import { concat, dataLength, ZeroAddress } from "ethers";
import { hashText, ZERO_HASH, type Hex } from "../../sdk/src/bytes.ts";
import { lanePathProof } from "../../sdk/src/paths.ts";
import { chainHeads, messageHash } from "../../sdk/src/message.ts";
import { packRoute } from "../../sdk/src/route.ts";
import { LaneHeads__factory, StateRootSourceMock__factory } from "../../typechain-types/index.js";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { randomOf } from "../helpers/tries.ts";
import { A, B, PathWorld } from "./world.ts";

const SENT = 70;

describe("LaneHeads", () => {
  let world: PathWorld;
  let route: bigint;

  before(async function () {
    this.timeout(120_000);
    world = await PathWorld.open();
    route = packRoute(world.lane);
  });

  const heads = () => world.dst.laneHeads;
  const ids = async (): Promise<Hex[]> =>
    (await world.network.client.messages(A, B)).map((message) =>
      messageHash(world.lane.networkId, world.lane, message),
    );

  describe("constructor", () => {
    it("refuses to be without a gateway, and names the one that it asks", async () => {
      await expect(new LaneHeads__factory(world.dst.signer).deploy(ZeroAddress))
        .to.be.revertedWithCustomError(heads(), "LaneHeadsInvalidGateway")
        .withArgs(ZeroAddress);
      expect(await heads().gateway()).to.equal(await world.dst.gateway.getAddress());
    });
  });

  describe("recordHead", () => {
    it("refuses a lane in which nothing was sent", async () => {
      const { stateRoot, proof } = await world.headProof();
      await expect(heads().recordHead(world.source, stateRoot, proof))
        .to.be.revertedWithCustomError(heads(), "LaneHeadsOtherLane")
        .withArgs(A);
    });

    it("records what the sending gateway's storage holds, once", async () => {
      for (let i = 0; i < 3; i++) await world.send();
      const { stateRoot, proof } = await world.headProof();
      const { head, nonce } = await world.src.gateway.outLane(B);
      await expect(heads().recordHead(world.source, stateRoot, proof))
        .to.emit(heads(), "LaneHeadProven")
        .withArgs(world.sourceAddress, A, nonce, head);
      expect(await heads().headAt(world.source, route, nonce)).to.equal(head);
      await expect(heads().recordHead(world.source, stateRoot, proof)).to.not.emit(heads(), "LaneHeadProven");
    });

    it("keeps what one source says from those who believe another", async () => {
      const other = await new StateRootSourceMock__factory(world.dst.signer).deploy(A);
      const { nonce } = await world.src.gateway.outLane(B);
      expect(await heads().headAt(other, route, nonce)).to.equal(ZERO_HASH);
      const { stateRoot, proof } = await world.headProof();
      await expect(heads().recordHead(other, stateRoot, proof))
        .to.be.revertedWithCustomError(other, "RootSourceRefused")
        .withArgs(0n);
    });

    it("EXPLOITS 5, EXPLOITS 37: takes no proof with more, fewer or other bytes", async () => {
      await world.send();
      const { stateRoot, proof } = await world.headProof();
      const length = BigInt(dataLength(proof));
      await expect(heads().recordHead(world.source, stateRoot, concat([proof, "0x00"])))
        .to.be.revertedWithCustomError(heads(), "LaneHeadsProofRefused")
        .withArgs(length);
      await expect(heads().recordHead(world.source, stateRoot, "0x"))
        .to.be.revertedWithCustomError(heads(), "LaneHeadsProofRefused")
        .withArgs(0n);
      const earlier = await world.src.provider.getBlock("latest");
      await world.send();
      const later = await world.headProof();
      await expect(heads().recordHead(world.source, later.stateRoot, proof), `of block ${earlier?.number}`)
        .to.be.revertedWithCustomError(heads(), "LaneHeadsProofRefused")
        .withArgs(0n);
    });

    it(`EXPLOITS 21, C11: takes no proof with a damaged byte (seed ${FUZZ_SEED})`, async () => {
      const random = randomOf("lane heads");
      const { stateRoot, proof } = await world.headProof();
      const bytes = Buffer.from(proof.slice(2), "hex");
      for (let i = 0; i < 200; i++) {
        const changed = Buffer.from(bytes);
        const at = random.between(0, bytes.length);
        changed[at] = (changed[at] ?? 0) ^ (1 << random.between(0, 8));
        await expect(
          heads().recordHead.staticCall(world.source, stateRoot, `0x${changed.toString("hex")}`),
          `byte ${at}`,
        ).to.be.revertedWithCustomError(heads(), "LaneHeadsProofRefused");
      }
    });

    it("C12: knows no lane from a rollup that is not admitted, nor from one that was removed", async () => {
      const stranger = await new StateRootSourceMock__factory(world.dst.signer).deploy(9_999n);
      await expect(heads().recordHead(stranger, ZERO_HASH, "0x"))
        .to.be.revertedWithCustomError(heads(), "LaneHeadsUnknownRollup")
        .withArgs(9_999n);
      const here = await new StateRootSourceMock__factory(world.dst.signer).deploy(B);
      await expect(heads().recordHead(here, ZERO_HASH, "0x"))
        .to.be.revertedWithCustomError(heads(), "LaneHeadsUnknownRollup")
        .withArgs(B);
    });
  });

  describe("recordCheckpoint", () => {
    it("records a head of long ago, which stays provable for ever", async function () {
      this.timeout(120_000);
      const { nonce } = await world.src.gateway.outLane(B);
      for (let i = Number(nonce); i < SENT; i++) await world.send();
      const { stateRoot, proof } = await world.checkpointProof(1n);
      expect(await world.src.gateway.checkpoint(route, 0n)).to.equal(ZERO_HASH);
      const at64 = await world.src.gateway.checkpoint(route, 1n);
      await expect(heads().recordCheckpoint(world.source, 1n, stateRoot, proof))
        .to.emit(heads(), "LaneHeadProven")
        .withArgs(world.sourceAddress, A, 64n, at64);
      await expect(heads().recordCheckpoint(world.source, 1n, stateRoot, proof)).to.not.emit(heads(), "LaneHeadProven");
    });

    it("refuses checkpoints that are not there yet, however large their number", async () => {
      for (const index of [0n, 2n, 2n ** 255n]) {
        const { stateRoot, proof } = await world.checkpointProof(index);
        await expect(heads().recordCheckpoint(world.source, index, stateRoot, proof))
          .to.be.revertedWithCustomError(heads(), "LaneHeadsOtherLane")
          .withArgs(A);
      }
    });
  });

  describe("includes", () => {
    it("every message of the lane at its own place, and none at another", async () => {
      const messages = await world.network.client.messages(A, B);
      const all = await ids();
      for (const nonce of [0, 1, 31, 62, 63]) {
        const proof = lanePathProof(world.lane, messages, BigInt(nonce), 64n);
        const id = all[nonce] ?? ZERO_HASH;
        expect(await heads().includes(world.source, route, nonce, id, proof), `message ${nonce}`).to.equal(true);
        for (const other of [nonce + 1, nonce - 1, 2 ** 40]) {
          if (other >= 0) expect(await heads().includes(world.source, route, other, id, proof)).to.equal(false);
        }
        expect(await heads().includes(world.source, route, nonce, hashText("another"), proof)).to.equal(false);
        expect(await heads().includes(world.source, route + (1n << 96n), nonce, id, proof)).to.equal(false);
        expect(await heads().includes(world.dst.gateway, route, nonce, id, proof)).to.equal(false);
      }
    });

    it("EXPLOITS 37, C10: no head for a message, no hash twice, none left out, and nothing beyond the lane", async () => {
      const messages = await world.network.client.messages(A, B);
      const all = await ids();
      const { headBefore, later } = lanePathProof(world.lane, messages, 10n, 64n);
      const id = all[10] ?? ZERO_HASH;
      const wrong: [string, bigint, Hex, Hex, Hex[]][] = [
        ["the head before as a message", 9n, headBefore, chainHeads(headBefore, []), [id, ...later]],
        ["a hash twice", 10n, id, headBefore, [later[0] ?? id, ...later]],
        ["a hash left out", 10n, id, headBefore, later.slice(1)],
        ["the last hash left out", 10n, id, headBefore, later.slice(0, -1)],
        ["two hashes changed", 10n, id, headBefore, [...later.slice(0, -2), ...later.slice(-2).reverse()]],
        ["nothing", 10n, ZERO_HASH, ZERO_HASH, []],
        ["a head after no message", 2n ** 256n - 1n, id, headBefore, []],
      ];
      for (const [title, nonce, hash, before, behind] of wrong) {
        const proof = { headBefore: before, later: behind };
        expect(await heads().includes(world.source, route, nonce, hash, proof), title).to.equal(false);
      }
    });
  });
});
