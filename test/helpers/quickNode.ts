import { JsonRpcProvider, type Signer } from "ethers";
import hre from "hardhat";
import { startAnvil } from "../../scripts/devnet/anvil.ts";

const CALL_GAS = 1_000_000_000n;

/** Who deploys, and how to end. */
export interface QuickNode {
  readonly signer: Signer;
  close(this: void): Promise<void>;
}

/**
 * A node for campaigns of calls: as a process of its own it answers them in a third of the time, and reverts in a tenth. Under
 * coverage an in-process rollup, because a node keeps to EIP-170 and instrumented code does not.
 */
export async function quickNode(name: string): Promise<QuickNode> {
  if (hre.globalOptions.coverage) {
    const { ethers } = await hre.network.create({ network: "rollupA", override: { blockGasLimit: CALL_GAS } });
    return { signer: await ethers.provider.getSigner(0), close: async () => undefined };
  }
  const node = await startAnvil({ name, chainId: 8_109 });
  const options = { staticNetwork: true, pollingInterval: 10, cacheTimeout: -1, batchStallTime: 0 };
  const provider = new JsonRpcProvider(node.url, undefined, options);
  return {
    signer: await provider.getSigner(0),
    close: async () => {
      provider.destroy();
      await node.stop();
    },
  };
}
