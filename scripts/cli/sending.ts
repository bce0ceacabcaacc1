import type {
  TransactionReceipt,
  TransactionReceiptParams,
  TransactionResponse,
  TransactionResponseParams,
} from "ethers";
import { isError, makeError, Network, Transaction } from "ethers";
import type { RpcPool } from "../chain/pool.ts";
import { PoolProvider } from "../chain/provider.ts";
import type { Patience, Sent } from "./sent.ts";
import { handOver, PATIENCE, receiptOf } from "./sent.ts";
import { noteStanding } from "./standing.ts";

/** The reason in an error of a transaction that used all its gas, which leaves no data. */
export const OUT_OF_GAS = "out of gas";

/** With what is needed to find out why it reverted. */
interface Sending extends Sent {
  readonly to: string | null;
  readonly data: string;
  readonly value: bigint;
  readonly gasLimit: bigint;
}

/**
 * The provider of a command, which must not lose sight of what it sends: whoever takes a transaction that was sent for
 * one that was not pays twice. ethers forgets a transaction whose answer was lost, and its own polling ends the process
 * when one poll fails.
 */
export class SendingProvider extends PoolProvider {
  readonly #pool: RpcPool;
  readonly #network: Network;
  readonly #patience: Patience;
  readonly #sent = new Map<string, Sending>();

  constructor(pool: RpcPool, patience: Partial<Patience> = {}) {
    super(pool);
    this.#pool = pool;
    this.#network = Network.from(pool.chainId);
    this.#patience = { ...PATIENCE, ...patience };
  }

  /** Returns when a node has it. Throws the node's refusal, CLI_NOT_MINED, CLI_UNCERTAIN. */
  override async broadcastTransaction(raw: string): Promise<TransactionResponse> {
    const transaction = Transaction.from(raw);
    const { hash, from } = transaction;
    if (hash === null || from === null) throw new Error("a wallet sends what it has signed");
    const { nonce, to, data, value, gasLimit } = transaction;
    const sent = { hash, from, nonce, to, data, value, gasLimit };
    await handOver(this.#pool, sent, raw, this.#patience);
    this.#sent.set(hash, sent);
    // CAST: as ethers' own method has it; a signed transaction has all that a response is made of.
    const params = transaction as unknown as TransactionResponseParams;
    return this._wrapTransactionResponse(params, this.#network);
  }

  /**
   * A transaction that was sent here has none before it is in a block, so this waits: a response's wait() ends with its
   * first look and never polls. Throws CLI_NOT_MINED, CLI_UNCERTAIN, and CALL_EXCEPTION with the reason if it reverted.
   */
  override async getTransactionReceipt(hash: string): Promise<TransactionReceipt | null> {
    const sent = this.#sent.get(hash);
    if (sent === undefined) return super.getTransactionReceipt(hash);
    const raw = await receiptOf(this.#pool, sent, this.#patience);
    // CAST: what a node answers, as ethers' own method has it.
    const receipt = this._wrapTransactionReceipt(raw as TransactionReceiptParams, this.#network);
    if (receipt.status === 0) throw await this.#reverted(sent, receipt);
    noteStanding({ rollup: this.#pool.rollup, hash });
    return receipt;
  }

  /** A receipt has no reason; the same call after its block most often has the same one. */
  async #reverted(sent: Sending, receipt: TransactionReceipt): Promise<Error> {
    const { from, to, data, gasLimit } = sent;
    const isOutOfGas = receipt.gasUsed >= gasLimit;
    return makeError("the transaction reverted", "CALL_EXCEPTION", {
      action: "sendTransaction",
      data: isOutOfGas ? null : await this.#replayed(sent, receipt.blockNumber),
      reason: isOutOfGas ? OUT_OF_GAS : null,
      invocation: null,
      revert: null,
      transaction: { from, to, data },
      receipt,
    });
  }

  async #replayed({ from, to, data, value, gasLimit }: Sending, block: number): Promise<string | null> {
    try {
      await this.call({ from, to, data, value, gasLimit, blockTag: block });
      return null;
    } catch (error) {
      return isError(error, "CALL_EXCEPTION") ? error.data : null;
    }
  }
}
