import type { ContractTransaction, TransactionReceipt } from "ethers";
import type { Connection } from "../connection.ts";
import { refusal, transact } from "../transactions.ts";
import type { Signing } from "../wallet.ts";

/** Sends a transaction and waits for its block; with `dryRun` only asks the rollup whether it would take it. Throws as {@link transact}. */
export async function submit(
  connection: Connection,
  { wallet, address }: Signing,
  what: string,
  transaction: ContractTransaction,
  dryRun: boolean,
): Promise<TransactionReceipt | undefined> {
  if (!dryRun) return transact(connection, what, () => wallet.sendTransaction(transaction));
  try {
    await connection.provider.call({ ...transaction, from: address });
    return undefined;
  } catch (error) {
    throw refusal(connection.name, what, error) ?? error;
  }
}
