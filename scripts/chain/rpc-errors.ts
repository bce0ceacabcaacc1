import { MetalayerError } from "../../sdk/src/errors.ts";

/** The code of a MetalayerError, or undefined for any other thing that was thrown. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof MetalayerError ? error.code : undefined;
}

/**
 * Why a call failed, in the classes that decide what to do next.
 *
 * - RPC_TIMEOUT, RPC_UNREACHABLE, RPC_HTTP, RPC_BAD_RESPONSE: no usable answer; ask another endpoint.
 * - RPC_UNAVAILABLE: the node answered that it cannot serve this (behind, pruned, rate limit, internal error); the same.
 * - RPC_WRONG_CHAIN: the endpoint serves another rollup; never use it.
 * - RPC_RANGE_LIMIT: too many logs or blocks asked for; ask for less.
 * - RPC_REVERTED: the call reverted, or ran out of the gas that it was given; `info.data` carries revert data.
 * - TX_KNOWN, TX_NONCE_LOW: a node has this very transaction, or the nonce is used in the chain.
 * - TX_UNDERPRICED, TX_FEE_LOW: too little to replace what holds the nonce, or too little to be taken at all.
 * - TX_FUNDS, TX_REJECTED: the account cannot pay, or the transaction is not valid.
 * - RPC_REJECTED: the node refused the request for another reason; another node may think otherwise.
 */
export type RpcErrorCode =
  | "RPC_TIMEOUT"
  | "RPC_UNREACHABLE"
  | "RPC_HTTP"
  | "RPC_BAD_RESPONSE"
  | "RPC_UNAVAILABLE"
  | "RPC_WRONG_CHAIN"
  | "RPC_RANGE_LIMIT"
  | "RPC_REVERTED"
  | "RPC_REJECTED"
  | "TX_KNOWN"
  | "TX_NONCE_LOW"
  | "TX_UNDERPRICED"
  | "TX_FEE_LOW"
  | "TX_FUNDS"
  | "TX_REJECTED";

/** Codes after which the endpoint, not the request, is to blame. */
const ENDPOINT_FAULTS: ReadonlySet<string> = new Set([
  "RPC_TIMEOUT",
  "RPC_UNREACHABLE",
  "RPC_HTTP",
  "RPC_BAD_RESPONSE",
  "RPC_UNAVAILABLE",
  "RPC_WRONG_CHAIN",
]);

/** True if the endpoint gave no usable answer, so that the same request may succeed elsewhere or later. */
export function isEndpointFault(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && ENDPOINT_FAULTS.has(code);
}

/** Message patterns of geth, erigon, reth, nethermind, nitro, anvil, EDR and the large providers, first match wins. */
const PATTERNS: readonly (readonly [RpcErrorCode, RegExp])[] = [
  ["TX_KNOWN", /already known|already imported|known transaction|already exists|ALREADY_EXISTS/i],
  ["TX_NONCE_LOW", /nonce (is )?too low|nonce has already been used|OldNonce|invalid nonce.*expected|nonce too old/i],
  ["TX_UNDERPRICED", /replacement.*underpriced|could not replace|replacement fee too low|fee bump/i],
  [
    "TX_FEE_LOW",
    /underpriced|less than block base ?fee|fee cap less than|feetoolow|max fee per gas less|below.*base fee/i,
  ],
  ["TX_FUNDS", /insufficient funds|insufficient balance|enough funds|exceeds? .*balance/i],
  ["RPC_REVERTED", /execution reverted|vm exception|reverted|out of gas|evm error \w+$/i],
  ["RPC_UNAVAILABLE", /rate.?limit|too many requests|request count|compute units|throughput|capacity/i],
  ["RPC_RANGE_LIMIT", /block range|range.*(large|limit|exceed)|too many (results|logs|blocks)|query returned more/i],
  ["RPC_RANGE_LIMIT", /response size|results? (size|limit)|limit(ed)? to.*blocks|log.*(limit|exceed)/i],
  ["RPC_UNAVAILABLE", /header not found|unknown block|block not found|outofrange|missing trie node|not available/i],
  ["RPC_UNAVAILABLE", /pruned|historical state|timed? ?out|syncing|busy|internal error|temporarily/i],
  ["TX_REJECTED", /intrinsic gas|gas limit|invalid (chain id|sender|signature)|nonce too high|txpool|oversized/i],
];

/** JSON-RPC error numbers by which a node says that the fault is its own. */
const UNAVAILABLE_NUMBERS: ReadonlySet<number> = new Set([-32603, -32002, -32001, -32004, -32601, 429]);

interface NodeError {
  readonly code: number;
  readonly message: string;
  readonly data: unknown;
}

function readNodeError(raw: unknown): NodeError {
  const error = typeof raw === "object" && raw !== null ? raw : {};
  const code = "code" in error && typeof error.code === "number" ? error.code : 0;
  const message = "message" in error && typeof error.message === "string" ? error.message : "no message";
  return { code, message: message.slice(0, 500), data: "data" in error ? error.data : undefined };
}

/** Revert data, wherever the node put it. */
function revertData(data: unknown): string | undefined {
  if (typeof data === "string" && data.startsWith("0x")) return data;
  if (typeof data === "object" && data !== null && "data" in data) return revertData(data.data);
  return undefined;
}

function classify(method: string, error: NodeError): RpcErrorCode {
  if (error.code === 3) return "RPC_REVERTED";
  const known = PATTERNS.find(([, pattern]) => pattern.test(error.message));
  if (known !== undefined) return known[0];
  if (error.code === -32005) return method === "eth_getLogs" ? "RPC_RANGE_LIMIT" : "RPC_UNAVAILABLE";
  return UNAVAILABLE_NUMBERS.has(error.code) ? "RPC_UNAVAILABLE" : "RPC_REJECTED";
}

/** Turns the `error` member of a JSON-RPC answer into a coded error. Never throws. */
export function nodeError(endpoint: string, method: string, raw: unknown): MetalayerError {
  const error = readNodeError(raw);
  const info = { endpoint, method, nodeCode: error.code, nodeMessage: error.message, data: revertData(error.data) };
  return new MetalayerError(classify(method, error), `${endpoint} answered ${method} with: ${error.message}`, info);
}
