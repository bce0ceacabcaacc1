import { AbiCoder, Interface } from "ethers";
import { IEra__factory } from "../../typechain-types/factories/contracts/token/IEra__factory.js";
import { IMetalayerGateway__factory } from "../../typechain-types/factories/contracts/messaging/IMetalayerGateway__factory.js";
import type { Hex } from "./bytes.ts";

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
