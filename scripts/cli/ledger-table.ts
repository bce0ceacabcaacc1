import type { Ledger, LedgerLines } from "../chain/ledger.ts";
import { LEDGER_LINES } from "../chain/ledger.ts";
import { eraText } from "./format.ts";
import type { Output } from "./output.ts";

const LINE_NAMES: Readonly<Record<keyof LedgerLines, string>> = {
  supply: "supply after the next sweep",
  earned: "earned, not withdrawn",
  queued: "queued",
  inFlight: "in flight",
  bounties: "bounties",
  burntForGood: "burnt for good",
  lostToFast: "lost to fast (subtracted)",
};

/** Columns of all rollups fit on a screen for a few of them only; machines get all. */
const MOST_COLUMNS = 4;

/** Where all ERA is, rollup by rollup. */
export async function showLedger(output: Output, { rows, total, sum, difference }: Ledger): Promise<void> {
  const shown = rows.length <= MOST_COLUMNS ? rows : [];
  output.line("Where all ERA is:");
  await output.table(
    ["", ...shown.map(({ name }) => name), "all rollups"],
    LEDGER_LINES.map((line) => [LINE_NAMES[line], ...shown.map((row) => eraText(row[line])), eraText(total[line])]),
  );
  output.line(`Sum: ${eraText(sum)}; difference to what was minted: ${difference} wei.`);
}
