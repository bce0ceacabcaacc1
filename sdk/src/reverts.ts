import { AbiCoder, Interface, isError } from "ethers";
import { IEra__factory } from "../../typechain-types/factories/contracts/token/IEra__factory.js";
import { IMetalayerGateway__factory } from "../../typechain-types/factories/contracts/messaging/IMetalayerGateway__factory.js";
import { fromHex, toHex, type Hex } from "./bytes.ts";

/** How deep in an error revert data is looked for. */
const MOST_DEPTH = 6;

/** A recipient without code, out of gas, or with a bare `revert()` leaves no data. */
const NO_REASON = "no reason given (no code, out of gas, or a bare revert)";

const BUILT_IN = new Interface(["error Error(string message)", "error Panic(uint256 code)"]);
const PROTOCOL = [BUILT_IN, IMetalayerGateway__factory.createInterface(), IEra__factory.createInterface()] as const;

/**
 * Revert data as people read it, such as `EraLimitExceeded(8101, 5, 0)`. Knows Solidity's own errors and those of gateway and ERA;
 * give the interfaces of your contracts for theirs. Data that nobody knows comes back as hex.
 *
 * @example
 * explainRevert("0x08c379a0…"); // 'Error("paused")'
 */
export function explainRevert(data: Hex, interfaces: readonly Interface[] = []): string {
  if (data === "0x") return NO_REASON;
  for (const known of [...PROTOCOL, ...interfaces]) {
    const parsed = parseError(known, data);
    if (parsed !== undefined) return parsed;
  }
  return data;
}

/**
 * The reason in an error that a call, an estimate or a transaction threw, at whatever depth the node put the revert data; undefined if there
 * is none, as when the endpoint failed.
 */
export function revertReason(error: unknown, interfaces: readonly Interface[] = []): string | undefined {
  const own = isError(error, "CALL_EXCEPTION") && error.data ? error.data : undefined;
  const data = own ?? findData(error, MOST_DEPTH);
  return data === undefined ? undefined : explainRevert(toHex(fromHex(data)), interfaces);
}

function findData(error: unknown, depth: number): string | undefined {
  if (typeof error !== "object" || error === null || depth === 0) return undefined;
  for (const [key, value] of Object.entries(error)) {
    if (key === "data" && typeof value === "string" && /^0x([0-9a-f]{2}){4,}$/i.test(value)) return value;
    const inner = findData(value, depth - 1);
    if (inner !== undefined) return inner;
  }
  return error instanceof Error ? findData(error.cause, depth - 1) : undefined;
}

/** Reasons are cut to 256 bytes on chain, so an error's arguments may be incomplete: then its name stands alone. */
function parseError(known: Interface, data: Hex): string | undefined {
  const fragment = known.getError(data.slice(0, 10));
  if (fragment === null) return undefined;
  try {
    const values = AbiCoder.defaultAbiCoder().decode(fragment.inputs, `0x${data.slice(10)}`);
    return `${fragment.name}(${values.toArray().map(display).join(", ")})`;
  } catch {
    return fragment.name;
  }
}

function display(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(display).join(", ")}]`;
  return typeof value === "string" && !value.startsWith("0x") ? JSON.stringify(value) : String(value);
}
