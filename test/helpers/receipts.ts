import type { Anvil } from "../../scripts/devnet/anvil.ts";
import { until } from "./daemonNetwork.ts";

export interface Receipt {
  readonly logs: { topics: string[]; data: string }[];
}

/** Waits for the block with the transaction: a node answers with the hash before it has mined. */
export async function receiptOf(node: Anvil, hash: unknown): Promise<Receipt> {
  let receipt: Receipt | null = null;
  await until("the transaction is mined", async () => {
    receipt = (await node.rpc("eth_getTransactionReceipt", hash)) as Receipt | null; // CAST: JSON-RPC returns a receipt
    return receipt !== null;
  });
  return receipt ?? { logs: [] };
}
