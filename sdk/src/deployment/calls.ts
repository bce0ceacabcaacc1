import { Interface } from "ethers";
import { ZERO_HASH, type Address, type Hex } from "../bytes.ts";
import { MetalayerError } from "../errors.ts";
import { asHex, type Addresses } from "./addresses.ts";
import type { AdminCall } from "./plan.ts";

/** Largest transaction of a deployment, below the 2^24 that rollups with EIP-7825 allow. */
export const MAX_TRANSACTION_GAS = 12_000_000n;

const MANAGER = new Interface(["function execute(address target, bytes data)", "function multicall(bytes[] data)"]);
const TIMELOCK = new Interface([
  "function scheduleBatch(address[] targets, uint256[] values, bytes[] payloads, bytes32 predecessor, bytes32 salt, uint256 delay)",
  "function executeBatch(address[] targets, uint256[] values, bytes[] payloads, bytes32 predecessor, bytes32 salt)",
  "function hashOperationBatch(address[] targets, uint256[] values, bytes[] payloads, bytes32 predecessor, bytes32 salt) view returns (bytes32)",
]);

/** A transaction that somebody sends. */
export interface Transaction {
  readonly to: Address;
  readonly data: Hex;
}

/**
 * The calls as transactions to the AccessManager by an administrator without delay: several calls in each, all or nothing, in order.
 * Calls that only the timelock may make are left out: an administrator of the manager cannot make them.
 */
export function managerTransactions(at: Addresses, calls: readonly AdminCall[]): Transaction[] {
  const possible = calls.filter(({ target }) => target !== at.RollupTimelock);
  return chunks(possible).map((chunk) => {
    const data = chunk.map(({ target, data }) =>
      target === at.AccessManager ? data : MANAGER.encodeFunctionData("execute", [target, data]),
    );
    return { to: at.AccessManager, data: asHex(MANAGER.encodeFunctionData("multicall", [data])) };
  });
}

/** Those of the calls that anybody may make, as transactions of their own. */
export function openTransactions(calls: readonly AdminCall[]): Transaction[] {
  return calls.filter(({ open }) => open === true).map(({ target, data }) => ({ to: target, data }));
}

/** One decision of the governor for one rollup's timelock. */
export interface TimelockBatch {
  readonly timelock: Address;
  readonly targets: readonly Address[];
  readonly payloads: readonly Hex[];
  readonly predecessor: Hex;
  readonly salt: Hex;
  readonly delay: bigint;
  /** By the governor. */
  readonly schedule: Transaction;
  /** By anyone, after the delay. */
  readonly execute: Transaction;
}

/** The calls as one batch for the rollup's timelock. Throws `DEPLOYMENT_NOTHING_TO_DO` for none. */
export function timelockBatch(
  at: Addresses,
  calls: readonly AdminCall[],
  delay: bigint,
  salt: Hex = ZERO_HASH,
): TimelockBatch {
  if (calls.length === 0)
    throw new MetalayerError("DEPLOYMENT_NOTHING_TO_DO", "no setting differs: there is nothing to decide");
  const timelock = at.RollupTimelock;
  const targets = calls.map(({ target }) => target);
  const payloads = calls.map(({ data }) => data);
  const operation = [targets, targets.map(() => 0n), payloads, ZERO_HASH, salt];
  const encode = (method: string, args: readonly unknown[]): Transaction => ({
    to: timelock,
    data: asHex(TIMELOCK.encodeFunctionData(method, args)),
  });
  return {
    timelock,
    targets,
    payloads,
    predecessor: ZERO_HASH,
    salt,
    delay,
    schedule: encode("scheduleBatch", [...operation, delay]),
    execute: encode("executeBatch", operation),
  };
}

function chunks(calls: readonly AdminCall[]): AdminCall[][] {
  const result: AdminCall[][] = [];
  let gas = MAX_TRANSACTION_GAS;
  for (const call of calls) {
    gas += call.gas;
    if (gas > MAX_TRANSACTION_GAS) {
      result.push([]);
      gas = call.gas;
    }
    result.at(-1)?.push(call);
  }
  return result;
}
