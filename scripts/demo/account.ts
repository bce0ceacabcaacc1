import { keccak256, Wallet } from "ethers";
import type { Hex } from "../../sdk/src/bytes.ts";
import type { Receipt } from "../chain/blocks.ts";
import { parseReceiptOrNone, quantity } from "../chain/blocks.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { delay } from "../chain/tasks.ts";
import type { Connection } from "../cli/connection.ts";
import { devAccount } from "../devnet/accounts.ts";

const GWEI = 10n ** 9n;
const GAS = 600_000n;
const POLL_MS = 60;
const PATIENCE_MS = 30_000;

/** A call to be sent. */
export interface Call {
  readonly to: string | null;
  readonly data: string;
  readonly gas?: bigint;
}

/**
 * A development account on one rollup that sends many transactions at a time, in the order in which it was asked. Nobody else
 * may use the account meanwhile.
 */
export class Account {
  readonly address: Hex;
  readonly #connection: Connection;
  readonly #wallet: Wallet;
  #nonce: Promise<number>;

  constructor(connection: Connection, index: number) {
    const { address, key } = devAccount(index);
    this.address = address;
    this.#connection = connection;
    this.#wallet = new Wallet(key);
    this.#nonce = connection.pool.request("eth_getTransactionCount", [address, "pending"]).then(quantity);
    this.#nonce.catch(() => undefined);
  }

  /** Signs the next transaction without sending it. */
  async sign({ to, data, gas = GAS }: Call): Promise<Hex> {
    const nonce = await this.#take();
    const fees = { maxFeePerGas: 20n * GWEI, maxPriorityFeePerGas: GWEI / 10n };
    const { chainId } = this.#connection;
    const raw = await this.#wallet.signTransaction({ type: 2, chainId, nonce, to, data, gasLimit: gas, ...fees });
    // CAST: ethers gives hex.
    return raw as Hex;
  }

  /** Sends a transaction and does not wait for its block. */
  async send(call: Call): Promise<Hex> {
    const raw = await this.sign(call);
    await this.#connection.pool.request("eth_sendRawTransaction", [raw]);
    // CAST: ethers gives hex.
    return keccak256(raw) as Hex;
  }

  /** Sends transactions together and waits until all are in blocks. Throws DEMO_REVERTED, DEMO_NOT_MINED. */
  async execute(calls: readonly Call[], signal: AbortSignal): Promise<Receipt[]> {
    const hashes: Hex[] = [];
    for (const call of calls) hashes.push(await this.send(call));
    return Promise.all(hashes.map((hash) => receiptOf(this.#connection, hash, signal)));
  }

  async #take(): Promise<number> {
    const taken = this.#nonce;
    this.#nonce = taken.then((nonce) => nonce + 1);
    return taken;
  }
}

/** Waits for a transaction's receipt. Throws DEMO_REVERTED, DEMO_NOT_MINED. */
export async function receiptOf({ pool, name }: Connection, hash: Hex, signal: AbortSignal): Promise<Receipt> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const receipt = parseReceiptOrNone(await pool.request("eth_getTransactionReceipt", [hash], { signal }));
    if (receipt?.success === true) return receipt;
    if (receipt !== undefined)
      throw new MetalayerError("DEMO_REVERTED", `A transaction of the demo reverted on ${name}: ${hash}.`, { hash });
    if (performance.now() > deadline)
      throw new MetalayerError("DEMO_NOT_MINED", `${name} did not take a transaction of the demo: ${hash}.`, { hash });
    await delay(POLL_MS, signal);
  }
}
