import { HDNodeWallet, Mnemonic } from "ethers";
import type { Hex } from "../../sdk/src/bytes.ts";
import { startAnvil, DEV_MNEMONIC, type Anvil } from "../../scripts/devnet/anvil.ts";
import { openUrl, type Target } from "../../deploy/targets.ts";

/** A key of the accounts that local nodes fund. */
export function devKey(index: number): { readonly address: string; readonly key: Hex } {
  const wallet = HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(DEV_MNEMONIC), `m/44'/60'/0'/0/${index}`);
  return { address: wallet.address, key: wallet.privateKey as Hex }; // CAST: ethers returns hex
}

/** Hash of the node's first block. */
export async function genesisHash(node: Anvil): Promise<string> {
  // CAST: JSON-RPC returns a block
  const block = (await node.rpc("eth_getBlockByNumber", "0x0", false)) as { hash: string };
  return block.hash;
}

/** Nodes of their own, one for each chain id. */
export async function startNodes(chainIds: readonly bigint[], blockTime?: number): Promise<Anvil[]> {
  return Promise.all(
    chainIds.map((chainId) => startAnvil({ name: `rollup ${chainId}`, chainId: Number(chainId), blockTime })),
  );
}

export function targetsOf(nodes: readonly Anvil[], key?: Hex): Promise<Target[]> {
  return Promise.all(
    nodes.map(({ name, chainId, url }) =>
      openUrl({ name, chainId: BigInt(chainId), url, ...(key === undefined ? {} : { key }) }),
    ),
  );
}
