import type { RpcPool } from "./pool.ts";
import { codeOf, isEndpointFault } from "./rpc-errors.ts";

export type BroadcastResult =
  | { readonly kind: "accepted" }
  /** Refused by a node. `maybeSent`: another one, asked before, may have taken it all the same. */
  | { readonly kind: "refused"; readonly error: unknown; readonly maybeSent: boolean }
  /** Nobody gave an answer: it may or may not be out there. */
  | { readonly kind: "unknown"; readonly error: unknown };

/** Hands a signed transaction to one node after the other until one answers. Sending the same bytes twice is harmless. */
export async function broadcast(pool: RpcPool, raw: string, signal?: AbortSignal): Promise<BroadcastResult> {
  let maybeSent = false;
  try {
    await pool.session(
      async (endpoint, inner) => {
        try {
          return await endpoint.request("eth_sendRawTransaction", [raw], { signal: inner });
        } catch (error) {
          if (isEndpointFault(error)) maybeSent = true;
          throw error;
        }
      },
      { signal, hedgeMs: false },
    );
    return { kind: "accepted" };
  } catch (error) {
    if (signal?.aborted === true) throw error;
    const code = codeOf(error);
    if (code === "TX_KNOWN") return { kind: "accepted" };
    if (code === "RPC_ALL_FAILED") return { kind: "unknown", error };
    return { kind: "refused", error, maybeSent };
  }
}
