import { expect } from "chai";
import { ethers } from "ethers";
import { openRollup } from "../helpers/rollup.ts";

const HISTORY = "0x0000F90827F1C53a10cb7A02335B175320002935";
/** Runtime code of EIP-2935, from the EIP's text. */
const HISTORY_CODE =
  "0x3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500";

describe("EvmStack", () => {
  async function fixture() {
    const rollup = await openRollup("rollupA");
    return { rollup, stack: await rollup.ethers.deployContract("EvmStack", []) };
  }

  describe("blockNumber", () => {
    it("is the block's own number", async () => {
      const { rollup, stack } = await fixture();
      expect(await stack.blockNumber({ blockTag: "latest" })).to.be.within(
        await rollup.ethers.provider.getBlockNumber(),
        (await rollup.ethers.provider.getBlockNumber()) + 1,
      );
    });
  });

  describe("blockHash", () => {
    it("gives the last 256 hashes", async () => {
      const { rollup, stack } = await fixture();
      await rollup.networkHelpers.mine(300);
      const head = await rollup.ethers.provider.getBlockNumber();
      for (const number of [head - 1, head - 100, head - 254]) {
        expect(await stack.blockHash(number)).to.equal((await rollup.ethers.provider.getBlock(number))?.hash);
      }
    });

    it("gives 0 for the current and for later blocks", async () => {
      const { rollup, stack } = await fixture();
      const head = await rollup.ethers.provider.getBlockNumber();
      for (const number of [head + 1, head + 2, ethers.MaxUint256])
        expect(await stack.blockHash(number)).to.equal(ethers.ZeroHash);
    });

    it("asks the history contract beyond 256 blocks", async () => {
      const { rollup, stack } = await fixture();
      await rollup.networkHelpers.mine(600);
      await rollup.networkHelpers.setCode(HISTORY, HISTORY_CODE);
      const number = 20;
      const hash = (await rollup.ethers.provider.getBlock(number))?.hash ?? "";
      await rollup.networkHelpers.setStorageAt(HISTORY, number % 8191, hash);
      expect(await stack.blockHash(number)).to.equal(hash);
    });

    it("gives 0 where the history contract is missing, refuses or answers with something that is no hash", async () => {
      const { rollup, stack } = await fixture();
      await rollup.networkHelpers.mine(600);
      const revertsWithAWord = "0x600160005260206000fd";
      const returns64Bytes = "0x600160005260406000f3";
      for (const code of ["0x", revertsWithAWord, returns64Bytes, "0xfe"]) {
        await rollup.networkHelpers.setCode(HISTORY, code);
        expect(await stack.blockHash(20), code).to.equal(ethers.ZeroHash);
      }
    });
  });
});

describe("ArbitrumStack", () => {
  async function fixture() {
    const rollup = await openRollup("rollupB");
    const mock = await rollup.ethers.deployContract("ArbSysMock", []);
    await rollup.networkHelpers.setCode(
      "0x0000000000000000000000000000000000000064",
      await rollup.ethers.provider.getCode(mock),
    );
    await rollup.networkHelpers.mine(300);
    return { rollup, mock, stack: await rollup.ethers.deployContract("ArbitrumStack", []) };
  }

  it("counts and hashes the rollup's own blocks, not those that the EVM shows", async () => {
    const { rollup, mock, stack } = await fixture();
    const own = await stack.blockNumber();
    expect(own).to.equal(await mock.arbBlockNumber());
    expect(own).to.be.greaterThan(BigInt(await rollup.ethers.provider.getBlockNumber()) + 999_999n);
    const hash = ethers.keccak256(
      ethers.AbiCoder.defaultAbiCoder().encode(["string", "uint256"], ["arbitrum block", own - 1n]),
    );
    expect(await stack.blockHash(own - 1n)).to.equal(hash);
  });

  it("gives 0 instead of reverting for blocks out of reach", async () => {
    const { stack } = await fixture();
    const own = await stack.blockNumber();
    for (const number of [own + 1n, own - 300n, 0n, ethers.MaxUint256])
      expect(await stack.blockHash(number)).to.equal(ethers.ZeroHash);
  });
});
