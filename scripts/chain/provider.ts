import type { JsonRpcError, JsonRpcPayload, JsonRpcResult } from "ethers";
import { isError, JsonRpcApiProvider, Network } from "ethers";
import { MetalayerError } from "../../sdk/src/errors.ts";
import type { RpcCall, RpcOutcome } from "./endpoint.ts";
import type { RpcPool } from "./pool.ts";

/** What ethers is told of a failed call, with the pool's own error for {@link PoolProvider.getRpcError}. */
interface Failure extends JsonRpcError {
  readonly cause: MetalayerError;
}

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
    try {
      const outcomes = await this.#pool.batch(payloads.map(toCall));
      return payloads.map(({ id }, index) => toAnswer(id, outcomes[index]));
    } catch (error) {
      return payloads.map(({ id }) => toAnswer(id, failed(error)));
    }
  }

  /** Where no node answered, or ethers has no word for what it answered, the pool's error says more than ethers'. */
  override getRpcError(payload: JsonRpcPayload, answer: JsonRpcError): Error {
    const cause = "cause" in answer && answer.cause instanceof MetalayerError ? answer.cause : undefined;
    if (cause !== undefined && typeof cause.info["nodeCode"] !== "number") return cause;
    const error = super.getRpcError(payload, answer);
    return cause !== undefined && isError(error, "UNKNOWN_ERROR") ? cause : error;
  }
}

function toCall({ method, params }: JsonRpcPayload): RpcCall {
  return { method, params: Array.isArray(params) ? params : [params] };
}

function failed(error: unknown): RpcOutcome {
  if (error instanceof MetalayerError) return { ok: false, error };
  return { ok: false, error: new MetalayerError("UNEXPECTED", String(error), {}, { cause: error }) };
}

function toAnswer(id: number, outcome: RpcOutcome = failed("no answer")): JsonRpcResult | Failure {
  if (outcome.ok) return { id, result: outcome.result };
  const { error: cause } = outcome;
  const { nodeMessage, nodeCode, data } = cause.info;
  const message = typeof nodeMessage === "string" ? nodeMessage : cause.message;
  return { id, error: { code: typeof nodeCode === "number" ? nodeCode : -32000, message, data }, cause };
}
