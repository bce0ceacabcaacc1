import { Interface, keccak256 } from "ethers";
import type { Address, Hex } from "../bytes.ts";
import { buildLeg, type CodeBinding, type Leg } from "../governance.ts";
import { asHex, type Addresses } from "./addresses.ts";
import type { AdminCall, RollupPlan } from "./plan.ts";
import type { ChainReader } from "./view.ts";

/** Largest transaction of a deployment, below the 2^24 that rollups with EIP-7825 allow. */
export const MAX_TRANSACTION_GAS = 12_000_000n;

const MANAGER = new Interface(["function execute(address target, bytes data)", "function multicall(bytes[] data)"]);

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
  const possible = calls.filter(({ target }) => target !== at.RollupTimelock && target !== at.EraGovernor);
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

/** How long a leg that ends differences stays valid, in seconds: time for a proposal, and some to spare. */
export const VALIDITY = 90n * 86_400n;

/**
 * The calls as one leg of the rollup, for a proposal: bound to the code that stands behind every target now, valid for 90 days.
 * Throws `GOVERNANCE_EMPTY_LEG` for none.
 */
export async function legOf(plan: RollupPlan, reader: ChainReader, calls: readonly AdminCall[]): Promise<Leg> {
  const targets = calls.map(({ target }) => target);
  return buildLeg({
    chainId: plan.rollup.chainId,
    timelock: plan.addresses.RollupTimelock,
    calls,
    bindings: await bindingsOf(reader, targets),
    expiry: (await reader.time()) + VALIDITY,
    delay: plan.parameters.timelockDelay,
  });
}

/** The code that stands behind accounts now, each account once. */
export async function bindingsOf(reader: ChainReader, accounts: readonly Address[]): Promise<CodeBinding[]> {
  const unique = [...new Set(accounts)];
  const codes = await Promise.all(unique.map((account) => reader.code(account)));
  return unique.map((account, index) => ({ account, codeHash: asHex(keccak256(codes[index] ?? "0x")) }));
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
