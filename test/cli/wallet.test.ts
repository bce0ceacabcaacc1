import { expect } from "chai";
import { parseEther } from "ethers";
import { findNetwork, withRollups } from "../../scripts/cli/network.ts";
import { devWallet, signOn } from "../../scripts/cli/wallet.ts";
import { EraVotes__factory } from "../../typechain-types/factories/contracts/token/EraVotes__factory.js";
import type { LocalNetwork } from "./localNetwork.ts";
import { startLocalNetwork } from "./localNetwork.ts";

const NAMED = [0xaan, 0xbbn].map((account) => `0x${account.toString(16).padStart(40, "0")}`);

describe("command line: wallet", () => {
  let network: LocalNetwork;

  before(async () => {
    network = await startLocalNetwork(2);
  });

  after(async () => network.close());

  it("signOn: has the gas for what an estimate did not see, a block of a later second", async () => {
    const description = findNetwork({ root: "", path: (file) => file }, network.file).rollup("rollupA");
    const [node] = network.nodes;
    await withRollups([description], async ([connection]) => {
      if (connection === undefined || node === undefined) throw new Error("a local network has a first rollup");
      const { wallet, address, contracts } = await signOn(connection, devWallet(0));
      const eraVotes = EraVotes__factory.connect(description.contracts.EraVotes ?? "", wallet);
      await (await contracts.era.approve(eraVotes, parseEther("5"))).wait();
      await (await eraVotes.deposit(parseEther("5"))).wait();
      const [first = "", second = ""] = NAMED;
      const receipt = await (await eraVotes.delegate(first)).wait();
      const block = await receipt?.getBlock();

      await node.rpc("anvil_setBlockTimestampInterval", 0);
      const call = await eraVotes.delegate.populateTransaction(second);
      const estimate = await connection.provider.estimateGas({ ...call, from: address });
      const prepared = await wallet.populateTransaction(call);
      await node.rpc("anvil_removeBlockTimestampInterval");
      await node.rpc("evm_setNextBlockTimestamp", (block?.timestamp ?? 0) + 1);
      const late = await (await wallet.sendTransaction(prepared)).wait();

      expect(late?.gasUsed, "the later second costs more than was estimated").to.be.greaterThan(estimate);
      expect(await eraVotes.delegates(address)).to.equal(second);
    });
  });
});
