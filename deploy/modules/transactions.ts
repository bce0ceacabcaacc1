import { buildModule } from "@nomicfoundation/ignition-core";
import type { Address, Hex } from "../../sdk/src/bytes.ts";

/** One transaction of a deployment. */
export interface Step {
  /** Unique in its module; the journal knows the transaction by it. */
  readonly name: string;
  readonly to: Address;
  readonly data: Hex;
}

export type TransactionsModule = ReturnType<typeof transactionsModule>;

/**
 * Ignition module of groups of transactions: those of a group go out together, the next group when all of them are confirmed.
 * A group is never larger than `inFlight`, because nodes hold only a few pending transactions of one account.
 */
export function transactionsModule(id: string, groups: readonly (readonly Step[])[], inFlight: number) {
  return buildModule(id, (m) => {
    let before: ReturnType<typeof m.send>[] = [];
    for (const group of groups.flatMap((steps) => slices(steps, inFlight))) {
      const after = before;
      before = group.map(({ name, to, data }) => m.send(name, to, 0n, data, { after }));
    }
    return {};
  });
}

function slices<T>(list: readonly T[], size: number): T[][] {
  const result: T[][] = [];
  for (let start = 0; start < list.length; start += size) result.push(list.slice(start, start + size));
  return result;
}
