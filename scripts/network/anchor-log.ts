import { Interface } from "ethers";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import type { RpcCall } from "../chain/endpoint.ts";
import { viewCall, viewResult } from "./gateway.ts";

export const anchorLogInterface = new Interface([
  "function anchor() returns (uint64)",
  "function anchorAt(uint64) view returns (tuple(uint64 number, uint64 timestamp, bytes32 blockHash))",
  "function latest() view returns (uint64, tuple(uint64 number, uint64 timestamp, bytes32 blockHash))",
  "function heartbeatSeconds() view returns (uint256)",
]);

/** An entry of a rollup's AnchorLog. */
export interface Anchor {
  readonly number: bigint;
  /** Seconds, when it was stored. */
  readonly timestamp: bigint;
  /** Zero where there is no entry. */
  readonly hash: Hex;
}

export function anchorCall(anchorLog: Address, index: bigint, at: unknown): RpcCall {
  return viewCall(anchorLog, "anchorAt", [index], at, anchorLogInterface);
}

export function readAnchor(result: unknown): Anchor {
  return toAnchor(viewResult("anchorAt", result, anchorLogInterface)[0]);
}

export function latestAnchorCall(anchorLog: Address, at: unknown): RpcCall {
  return viewCall(anchorLog, "latest", [], at, anchorLogInterface);
}

export function readLatestAnchor(result: unknown): Anchor & { readonly index: bigint } {
  const [index, entry] = viewResult("latest", result, anchorLogInterface);
  // CAST: the ABI says so.
  return { index: index as bigint, ...toAnchor(entry) };
}

function toAnchor(entry: unknown): Anchor {
  // CAST: the ABI says so.
  const { number, timestamp, blockHash } = entry as { number: bigint; timestamp: bigint; blockHash: Hex };
  return { number, timestamp, hash: blockHash };
}
