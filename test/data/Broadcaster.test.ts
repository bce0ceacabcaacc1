import { expect } from "chai";
import { AbiCoder, hexlify, id, keccak256, toBeHex } from "ethers";
import { forAll, FUZZ_SEED } from "../helpers/fuzz.ts";
import fc from "fast-check";
import { toHex, type Address, type Hex } from "../../sdk/src/bytes.ts";
import { broadcastSlot, publicationHash, publicationTopics, readPublications } from "../../sdk/src/publication.ts";
import type { Broadcaster } from "../../typechain-types/index.js";
import { addressOf, NEWS } from "../helpers/publications.ts";
import { openRollup, type Rollup } from "../helpers/rollup.ts";

const coder = AbiCoder.defaultAbiCoder();

describe("Broadcaster", () => {
  let rollup: Rollup;
  let broadcaster: Broadcaster;
  let own: Address;
  let publisher: Address;

  before(async () => {
    rollup = await openRollup("rollupA");
    broadcaster = await rollup.ethers.deployContract("Broadcaster");
    own = await addressOf(broadcaster);
    publisher = await addressOf(rollup.deployer);
  });

  /** What stands in the slot that the standard names. */
  const stored = (message: string, by: string): Promise<string> =>
    rollup.ethers.provider.getStorage(own, keccak256(coder.encode(["bytes32", "address"], [message, by])));
  const now = async (): Promise<string> =>
    toBeHex((await rollup.ethers.provider.getBlock("latest"))?.timestamp ?? 0, 32);

  describe("broadcastMessage", () => {
    it("stores the block's time where ERC-7888 says, once for each publisher", async () => {
      const message = id("a message");
      expect(await broadcaster.broadcastTime(message, publisher)).to.equal(0n);
      await expect(broadcaster.broadcastMessage(message))
        .to.emit(broadcaster, "MessageBroadcast")
        .withArgs(message, publisher);
      expect(await stored(message, publisher)).to.equal(await now());
      await expect(broadcaster.broadcastMessage(message))
        .to.be.revertedWithCustomError(broadcaster, "BroadcasterKnownMessage")
        .withArgs(message, publisher);
      await broadcaster.connect(rollup.stranger).broadcastMessage(message);
      expect(await stored(message, rollup.stranger.address)).to.equal(await now());
      expect(await broadcaster.newestIndex(publisher)).to.equal(0n);
    });

    it("EXPLOITS 37: writes no publication, whatever its words are", async () => {
      const index = (await broadcaster.newestIndex(publisher)) + 1n;
      const message = publicationHash({ publisher, index, topic: NEWS, payload: "0x1234" });
      await broadcaster.broadcastMessage(message);
      expect(await broadcaster.broadcastTime(message, own)).to.equal(0n);
      await broadcaster.publish(NEWS, "0x1234");
      expect(await stored(message, own)).to.equal(await now());
    });
  });

  describe("publish", () => {
    it("counts from 1 for each publisher, and writes one ERC-7888 message in its own name", async () => {
      const { stranger } = rollup;
      for (const index of [1n, 2n]) {
        const said = { publisher: await addressOf(stranger), index, topic: NEWS, payload: "0xabcd" } as const;
        const message = publicationHash(said);
        expect(await broadcaster.connect(stranger).publish.staticCall(NEWS, "0xabcd")).to.equal(index);
        await expect(broadcaster.connect(stranger).publish(NEWS, "0xabcd"))
          .to.emit(broadcaster, "Published")
          .withArgs(stranger.address, NEWS, index, "0xabcd")
          .and.to.emit(broadcaster, "MessageBroadcast")
          .withArgs(message, own);
        expect(await stored(message, own)).to.equal(await now());
        expect(await broadcaster.newestIndex(stranger)).to.equal(index);
      }
    });

    it("takes up to 32,768 bytes and not one more", async () => {
      await broadcaster.publish(NEWS, hexlify(new Uint8Array(32_768).fill(1)));
      await expect(broadcaster.publish(NEWS, hexlify(new Uint8Array(32_769).fill(1))))
        .to.be.revertedWithCustomError(broadcaster, "BroadcasterPayloadTooLong")
        .withArgs(32_769n, 32_768n);
    });

    it("is found again by the sdk in its logs, with its hash", async () => {
      const filter = { address: own, topics: publicationTopics({ publisher, topic: NEWS }), fromBlock: 0 };
      const said = readPublications(await rollup.ethers.provider.getLogs(filter));
      expect(said.length).to.equal(Number(await broadcaster.newestIndex(publisher)));
      for (const { message } of said) expect(await broadcaster.broadcastTime(message, own)).to.not.equal(0n);
      const elsewhere = publicationTopics({ topic: id("silence") as Hex }); // CAST: ethers returns hex
      expect(await rollup.ethers.provider.getLogs({ ...filter, topics: elsewhere })).to.deep.equal([]);
    });
  });

  it(`a publication's hash and slot are what the page says (seed ${FUZZ_SEED})`, () => {
    const word = (size: number) => fc.uint8Array({ minLength: size, maxLength: size }).map(toHex);
    const some = fc.record({
      publisher: word(20),
      index: fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }),
      topic: word(32),
      payload: fc.uint8Array({ maxLength: 300 }).map(toHex),
    });
    const type = id("MetalayerPublication(address publisher,uint64 index,bytes32 topic,bytes32 payloadHash)");
    forAll(some, (said) => {
      const values = [type, said.publisher, said.index, said.topic, keccak256(said.payload)];
      const message = keccak256(coder.encode(["bytes32", "address", "uint64", "bytes32", "bytes32"], values));
      expect(publicationHash(said)).to.equal(message);
      const slot = keccak256(coder.encode(["bytes32", "address"], [message, said.publisher]));
      expect(broadcastSlot(publicationHash(said), said.publisher)).to.equal(slot);
    });
  });
});
