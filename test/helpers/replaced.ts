import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import type { BaseWallet, TransactionRequest } from "ethers";
import type { Anvil } from "../../scripts/devnet/anvil.ts";
import { until } from "./daemonNetwork.ts";

const FEES = { maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 10n };

/** What is needed of a transaction that waits in a node's pool. */
export interface Pending {
  readonly hash: string;
  readonly to: string;
  readonly input: string;
  readonly nonce: string;
  readonly gas: string;
}

export interface Replaced<T> {
  readonly outcome: PromiseSettledResult<T>;
  readonly first: string;
  readonly second: string;
}

/**
 * Starts the action, puts a transaction at a higher fee in the place of what it sends, and makes blocks until the action has ended. `change`
 * says what else is different about that transaction.
 */
export async function replaced<T>(
  node: Anvil,
  wallet: BaseWallet,
  start: () => Promise<T>,
  change: (sent: Pending) => TransactionRequest = () => ({}),
): Promise<Replaced<T>> {
  await node.rpc("evm_setAutomine", false);
  let hasEnded = false;
  const ended = Promise.allSettled([start()]).finally(() => (hasEnded = true));
  let sent: Pending | undefined;
  await until("it is sent", async () => hasEnded || (sent = await pendingOn(node)) !== undefined);
  if (sent === undefined) throw new Error(`nothing was sent: ${JSON.stringify(await ended)}`);
  const { to, input: data, nonce, gas: gasLimit } = sent;
  const same = { type: 2, chainId: node.chainId, to, data, nonce: Number(nonce), gasLimit, ...FEES };
  const raw = await wallet.signTransaction({ ...same, ...change(sent) });
  const second = String(await node.rpc("eth_sendRawTransaction", raw));
  for (let left = 200; left > 0 && !hasEnded; left--) {
    await node.rpc("anvil_mine", "0x1");
    await delay(50);
  }
  await node.rpc("evm_setAutomine", true);
  expect(hasEnded, "it goes on waiting").to.equal(true);
  const [outcome] = await ended;
  return { outcome, first: sent.hash, second };
}

async function pendingOn(node: Anvil): Promise<Pending | undefined> {
  // CAST: the form that nodes with a pool give this answer
  const { pending } = (await node.rpc("txpool_content")) as { pending: Record<string, Record<string, Pending>> };
  return Object.values(pending).flatMap((ofOne) => Object.values(ofOne))[0];
}
