import { expect } from "chai";
import { ethers } from "ethers";
import { openRollup } from "../helpers/rollup.ts";

const HEARTBEAT = 30;

async function fixture() {
  const rollup = await openRollup("rollupA");
  const stack = await rollup.ethers.deployContract("EvmStack", []);
  const log = await rollup.ethers.deployContract("AnchorLog", [await stack.getAddress(), HEARTBEAT]);
  return { rollup, stack, log };
}

async function mockedFixture() {
  const rollup = await openRollup("rollupB");
  const stack = await rollup.ethers.deployContract("StackMock", []);
  const log = await rollup.ethers.deployContract("AnchorLog", [await stack.getAddress(), HEARTBEAT]);
  return { rollup, stack, log };
}

describe("AnchorLog", () => {
  describe("constructor", () => {
    it("refuses no stack, no heartbeat, and one of more than a day", async () => {
      const { rollup, stack, log } = await fixture();
      expect([await log.stack(), await log.heartbeatSeconds()]).to.deep.equal([
        await stack.getAddress(),
        BigInt(HEARTBEAT),
      ]);
      const deploy = (stack: string, heartbeat: number) =>
        rollup.ethers.deployContract("AnchorLog", [stack, heartbeat]);
      await expect(deploy(ethers.ZeroAddress, 30))
        .to.be.revertedWithCustomError(log, "AnchorUnknownStack")
        .withArgs(ethers.ZeroAddress);
      for (const heartbeat of [0, 86_401]) {
        await expect(deploy(rollup.deployer.address, heartbeat))
          .to.be.revertedWithCustomError(log, "AnchorInvalidHeartbeat")
          .withArgs(heartbeat);
      }
    });
  });

  describe("anchor", () => {
    it("stores number and hash of the block before, for anyone", async () => {
      const { rollup, log } = await fixture();
      const { stranger } = rollup;
      const parent = await rollup.ethers.provider.getBlock("latest");
      await expect(log.connect(stranger).anchor()).to.emit(log, "Anchored").withArgs(0n, parent?.number, parent?.hash);
      const { number, blockHash } = await log.anchorAt(0);
      expect([number, blockHash]).to.deep.equal([BigInt(parent?.number ?? -1), parent?.hash]);
      expect(await log.count()).to.equal(1n);
    });

    it("refuses a second entry within the heartbeat, and takes it when that is over", async () => {
      const { rollup, log } = await fixture();
      await log.anchor();
      const { timestamp } = await log.anchorAt(0);
      await rollup.networkHelpers.time.setNextBlockTimestamp(timestamp + 29n);
      await expect(log.anchor())
        .to.be.revertedWithCustomError(log, "AnchorTooEarly")
        .withArgs(timestamp + 29n, timestamp + 30n);
      await rollup.networkHelpers.time.setNextBlockTimestamp(timestamp + 30n);
      await expect(log.anchor()).to.emit(log, "Anchored");
    });

    it("stores nothing if the stack knows no hash", async () => {
      const { stack, log } = await mockedFixture();
      await stack.set(77, ethers.ZeroHash);
      await expect(log.anchor()).to.be.revertedWithCustomError(log, "AnchorUnreadableBlock").withArgs(76n);
      expect(await log.count()).to.equal(0n);
    });

    it("stores the number that the stack counts, not the EVM's", async () => {
      const { stack, log } = await mockedFixture();
      await stack.set(5_000_000, ethers.id("block"));
      await expect(log.anchor()).to.emit(log, "Anchored").withArgs(0n, 4_999_999n, ethers.id("block"));
    });
  });

  describe("views", () => {
    it("are all zero before the first entry and beyond the last", async () => {
      const { log } = await fixture();
      expect(await log.latest()).to.deep.equal([0n, [0n, 0n, ethers.ZeroHash]]);
      await log.anchor();
      expect(await log.anchorAt(1)).to.deep.equal([0n, 0n, ethers.ZeroHash]);
      expect(await log.anchorAt(2n ** 64n - 1n)).to.deep.equal([0n, 0n, ethers.ZeroHash]);
    });

    it("R1: every entry stays readable for ever, long after its hash has left the reach of the EVM", async () => {
      const { rollup, log } = await fixture();
      const expected: (string | null | undefined)[] = [];
      for (let i = 0; i < 5; i++) {
        expected.push((await rollup.ethers.provider.getBlock("latest"))?.hash);
        await log.anchor();
        await rollup.networkHelpers.mine(9_000, { interval: 1 });
      }
      expect(await log.count()).to.equal(5n);
      for (const [index, hash] of expected.entries()) expect((await log.anchorAt(index)).blockHash).to.equal(hash);
      const [index, newest] = await log.latest();
      expect([index, newest.blockHash]).to.deep.equal([4n, expected[4]]);
    });

    it("R1: no function but anchor changes anything", async () => {
      const { log } = await fixture();
      const changing = log.interface.fragments.filter(
        (f) => ethers.FunctionFragment.isFragment(f) && f.stateMutability !== "view" && f.stateMutability !== "pure",
      );
      expect(changing.map((f) => f.format())).to.deep.equal(["anchor()"]);
    });
  });
});
