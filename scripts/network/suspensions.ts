import { Interface } from "ethers";
import { guardianSlashingAbi } from "../../sdk/src/abi/GuardianSlashing.ts";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import type { RpcCall } from "../chain/endpoint.ts";
import { viewCall, viewResult } from "./gateway.ts";

const slashingInterface = new Interface(guardianSlashingAbi);

/** Until when operators are suspended from `fast` signing (docs/decisions/014), in the same order. */
export function suspensionCalls(guardianSlashing: Address, operators: readonly Address[]): RpcCall[] {
  return operators.map((operator) =>
    viewCall(guardianSlashing, "fastSuspendedUntil", [operator], "latest", slashingInterface),
  );
}

/** Seconds since 1970; 0: never was. */
export function readSuspension(result: unknown): bigint {
  // CAST: the ABI says so.
  return viewResult("fastSuspendedUntil", result, slashingInterface)[0] as bigint;
}

/** Keys of those that are suspended at this time. */
export function suspendedKeys(
  guardians: readonly { readonly key: Hex }[],
  until: readonly bigint[],
  now: bigint,
): ReadonlySet<Hex> {
  return new Set(guardians.flatMap(({ key }, index) => ((until[index] ?? 0n) > now ? [key] : [])));
}
