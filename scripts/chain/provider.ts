import type { JsonRpcError, JsonRpcPayload, JsonRpcResult } from "ethers";
import { JsonRpcApiProvider, keccak256, Network } from "ethers";
import { MetalayerError } from "../../sdk/src/errors.ts";
import type { RpcCall, RpcOutcome } from "./endpoint.ts";
import type { RpcPool } from "./pool.ts";

/**
 * An ethers provider over the pool: contracts and wallets of ethers get timeouts, failover and counting. Calls made in
 * the same turn of the event loop share one HTTP request. A class only because ethers asks for one.
 */
export class PoolProvider extends JsonRpcApiProvider {
  readonly #pool: RpcPool;

  constructor(pool: RpcPool) {
    const network = Network.from(pool.chainId);
    super(network, { staticNetwork: network, pollingInterval: 50, cacheTimeout: -1, batchStallTime: 0 });
    this.#pool = pool;
    this._start();
  }

  override async _send(payload: JsonRpcPayload | JsonRpcPayload[]): Promise<(JsonRpcResult | JsonRpcError)[]> {
    const payloads = Array.isArray(payload) ? payload : [payload];
    const reads = payloads.filter(({ method }) => method !== "eth_sendRawTransaction");
    // A transaction goes alone: that a read beside it fails must not hide that it was sent.
    const sends = payloads.filter(({ method }) => method === "eth_sendRawTransaction");
    const [readAnswers, ...sendAnswers] = await Promise.all([
      this.#readAll(reads),
      ...sends.map((payload) => this.#sendRaw(toCall(payload))),
    ]);
    return [
      ...reads.map(({ id }, index) => toAnswer(id, readAnswers[index])),
      ...sends.map(({ id }, index) => toAnswer(id, sendAnswers[index])),
    ];
  }

  async #readAll(reads: readonly JsonRpcPayload[]): Promise<readonly RpcOutcome[]> {
    if (reads.length === 0) return [];
    try {
      return await this.#pool.batch(reads.map(toCall));
    } catch (error) {
      return reads.map(() => failed(error));
    }
  }

  async #sendRaw(call: RpcCall): Promise<RpcOutcome> {
    try {
      return { ok: true, result: await this.#pool.request(call.method, call.params) };
    } catch (error) {
      const outcome = failed(error);
      // Another endpoint, or an earlier attempt, had brought it there: sent is sent.
      const raw = call.params[0];
      const isKnown = !outcome.ok && outcome.error.code === "TX_KNOWN" && typeof raw === "string";
      return isKnown ? { ok: true, result: keccak256(raw) } : outcome;
    }
  }
}

function toCall({ method, params }: JsonRpcPayload): RpcCall {
  return { method, params: Array.isArray(params) ? params : [params] };
}

function failed(error: unknown): RpcOutcome {
  if (error instanceof MetalayerError) return { ok: false, error };
  return { ok: false, error: new MetalayerError("UNEXPECTED", String(error), {}, { cause: error }) };
}

function toAnswer(id: number, outcome: RpcOutcome | undefined): JsonRpcResult | JsonRpcError {
  if (outcome?.ok === true) return { id, result: outcome.result };
  const error = outcome?.error;
  const { nodeMessage, nodeCode, data } = error?.info ?? {};
  const message = typeof nodeMessage === "string" ? nodeMessage : (error?.message ?? "no answer");
  return { id, error: { code: typeof nodeCode === "number" ? nodeCode : -32000, message, data } };
}
