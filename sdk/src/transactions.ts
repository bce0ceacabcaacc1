import { isError, type TransactionReceipt, type TransactionRequest, type TransactionResponse } from "ethers";
import { MetalayerError } from "./errors.ts";
import type { RollupHandle } from "./rollup.ts";

/**
 * Sends a transaction and waits until it is in a block, also at the higher fee that a wallet has raised it to meanwhile. Throws
 * `CLIENT_READ_ONLY`, and `CLIENT_NOT_MINED` if another transaction took its place; a revert comes as ethers' `CALL_EXCEPTION`.
 */
export async function sendMined(
  { gateway: { runner }, chainId }: RollupHandle,
  transaction: TransactionRequest,
): Promise<TransactionReceipt> {
  if (!runner?.sendTransaction) {
    throw new MetalayerError("CLIENT_READ_ONLY", `rollup ${chainId} was given without a signer`, { chainId });
  }
  // Not by the contract's own method: what that returns never looks for a replacement, and waits for ever if there is one.
  return mined(await runner.sendTransaction(transaction));
}

async function mined(sent: TransactionResponse): Promise<TransactionReceipt> {
  const { hash } = sent;
  try {
    const receipt = await sent.wait();
    if (receipt !== null) return receipt;
  } catch (error) {
    if (!isError(error, "TRANSACTION_REPLACED")) throw error;
    const { reason, replacement } = error;
    // The same call at another fee; whether it reverted is told by its own wait only.
    if (reason === "repriced") return mined(replacement);
    const info = { hash, replacement: replacement.hash, reason };
    const message = `transaction ${hash} was replaced by ${replacement.hash}`;
    throw new MetalayerError("CLIENT_NOT_MINED", message, info, { cause: error });
  }
  throw new MetalayerError("CLIENT_NOT_MINED", `transaction ${hash} is in no block`, { hash });
}
