import type { Ledger, LedgerLines } from "../chain/ledger.ts";
import { LEDGER_LINES } from "../chain/ledger.ts";
import type { DemoReport } from "../demo/demo.ts";
import { runDemo } from "../demo/demo.ts";
import type { Chapter, Check } from "../demo/world.ts";
import { CHAPTERS } from "../demo/world.ts";
import { findDevnet, devnetFolder } from "../devnet/state.ts";
import type { Context } from "./command.ts";
import { eraText } from "./format.ts";
import type { Output } from "./output.ts";
import { stepReporter } from "./steps.ts";

interface Choice {
  readonly rollups: number;
  readonly guardians: number;
  readonly keep: boolean;
}

/** The answer is "no" (exit code 1) if any check of the demo failed. */
export async function demoCommand(context: Context, choice: Choice): Promise<false | undefined> {
  const { root, output, signal } = context;
  const steps = stepReporter(output);
  const playing = showChapters(output);
  let report: DemoReport;
  try {
    report = await runDemo({
      ...{ root, signal, ...choice, onStep: steps.on },
      onNote: (chapter, text) => playing.note(chapter, text),
      onCount: (sent, delivered) => playing.count(sent, delivered),
    });
    await playing.end(report.ok);
  } catch (error) {
    await playing.end(false);
    throw error;
  } finally {
    await steps.finished();
  }
  await showReport(output, report);
  if (choice.keep) showNetwork(context);
  output.result(report);
  return report.ok ? undefined : false;
}

/** What happens in the chapters, which overlap, as it happens. */
function showChapters(output: Output) {
  const started = performance.now();
  const seconds = (): string => `${((performance.now() - started) / 1_000).toFixed(0).padStart(3)} s`;
  let progress: ReturnType<Output["progress"]> | undefined;
  const open = (): ReturnType<Output["progress"]> => (progress ??= output.progress("Chapters"));
  return {
    note(chapter: Chapter, text: string): void {
      void open().then((line) => line.note(`  ${seconds()}  [${CHAPTERS[chapter].slice(0, 1)}] ${text}`));
    },
    count(sent: number, delivered: number): void {
      void open().then((line) => line.live(`Chapters: ${sent} messages sent, ${delivered} delivered`));
    },
    async end(ok: boolean): Promise<void> {
      const line = await progress;
      if (ok) line?.done("Chapters");
      else line?.fail("Chapters");
    },
  };
}

async function showReport(output: Output, report: DemoReport): Promise<void> {
  output.line();
  output.line("Time from source block to destination block, as one observer sees both:");
  await output.table(
    ["class", "from", "source blocks", "messages", "p50", "p95"],
    report.latencies.map((row) => [
      row.class,
      row.source ?? "all rollups",
      row.sourceBlockMs === undefined ? "" : `${row.sourceBlockMs / 1_000} s`,
      row.count,
      `${(row.p50 / 1_000).toFixed(2)} s`,
      `${(row.p95 / 1_000).toFixed(2)} s`,
    ]),
  );
  const { gas, ledger, checks } = report;
  if (gas !== undefined)
    await output.table(
      ["gas", "mean of", "gas each"],
      [
        ["send, fee paid", `${gas.sends} transactions`, gas.perSend],
        ["delivery", `${gas.deliveries} messages in ${gas.transactions} transactions`, gas.perDelivery],
      ],
    );
  if (ledger !== undefined) await showLedger(output, ledger);
  showChecks(output, checks);
  const failed = checks.filter(({ ok }) => !ok);
  output.line(
    failed.length === 0
      ? `All ${checks.length} checks passed in ${report.seconds.toFixed(0)} s: ${report.messages} messages, nothing lost, nothing doubled.`
      : `${failed.length} of ${checks.length} checks FAILED: ${failed.map(({ what }) => what).join("; ")}.`,
  );
}

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

async function showLedger(output: Output, { rows, total, sum, difference }: Ledger): Promise<void> {
  const shown = rows.length <= MOST_COLUMNS ? rows : [];
  output.line("Where all ERA is:");
  await output.table(
    ["", ...shown.map(({ name }) => name), "all rollups"],
    LEDGER_LINES.map((line) => [LINE_NAMES[line], ...shown.map((row) => eraText(row[line])), eraText(total[line])]),
  );
  output.line(`Sum: ${eraText(sum)}; difference to what was minted: ${difference} wei.`);
}

function showChecks(output: Output, checks: readonly Check[]): void {
  for (const chapter of Object.keys(CHAPTERS)) {
    const own = checks.filter((check) => check.chapter === chapter);
    if (own.length > 0) output.line(CHAPTERS[own[0]?.chapter ?? "pairs"]);
    for (const { what, ok, detail } of own)
      output.line(`  ${ok ? "ok    " : "FAILED"}  ${what}${detail === "" ? "" : `: ${detail}`}`);
  }
}

function showNetwork({ root, output }: Context): void {
  const state = findDevnet(devnetFolder(root));
  output.line("The network keeps running:");
  for (const { name, chainId, nodeUrl, contracts } of state?.rollups ?? [])
    output.line(
      `  ${name}  chain id ${chainId}  ${nodeUrl}  gateway ${contracts["MetalayerGateway"] ?? ""}  ERA ${contracts["Era"] ?? ""}`,
    );
  output.line("Next:");
  output.line("  ./metalayer transfer --from rollupA --to rollupB --amount 10 --wait 1m");
  output.line("  ./metalayer quote");
  output.line("  ./metalayer devnet status");
  output.line("  ./metalayer devnet stop");
}
