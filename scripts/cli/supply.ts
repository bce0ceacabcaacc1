import { readLedger } from "../chain/ledger-reader.ts";
import type { Address } from "../../sdk/src/bytes.ts";
import { checkedAddress } from "./accounts.ts";
import type { Context } from "./command.ts";
import { ledgerSource } from "./connection.ts";
import { showLedger } from "./ledger-table.ts";
import { findNetwork, withRollups } from "./network.ts";

export interface SupplyOptions {
  readonly network: string | undefined;
  readonly deliverer: Address | undefined;
}

/** The ledger of all ERA over all rollups, from the chains alone. The answer is "no" (exit code 1) if it does not come out to the wei. */
export async function supplyCommand(context: Context, options: SupplyOptions): Promise<false | undefined> {
  const network = findNetwork(context, options.network);
  const others = options.deliverer === undefined ? [] : [checkedAddress("--deliverer", options.deliverer)];
  const ledger = await withRollups(network.rollups, (connections) =>
    readLedger(connections.map(ledgerSource), others, context.signal),
  );
  await showLedger(context.output, ledger);
  if (ledger.difference !== 0n) {
    context.output.line(
      "It does not come out: something could not be read, or a deliverer works through a contract (--deliverer).",
    );
  }
  const { rows, total, sum, difference } = ledger;
  context.output.result({ rollups: rows, total, sum, difference });
  return difference === 0n ? undefined : false;
}
