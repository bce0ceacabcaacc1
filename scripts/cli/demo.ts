import type { DemoReport } from "../demo/demo.ts";
import { runDemo } from "../demo/demo.ts";
import type { Chapter } from "../demo/chapter.ts";
import { core } from "../demo/chapters/core/core.ts";
import { data } from "../demo/chapters/data/data.ts";
import { governance } from "../demo/chapters/governance/governance.ts";
import { guardians } from "../demo/chapters/guardians/guardians.ts";
import type { Check, Part } from "../demo/world.ts";
import { PARTS } from "../demo/world.ts";
import { findDevnet, devnetFolder } from "../devnet/state.ts";
import type { Context } from "./command.ts";
import { UsageError } from "./command.ts";
import { showLedger } from "./ledger-table.ts";
import type { Output } from "./output.ts";
import { stepReporter } from "./steps.ts";

/** In the order in which `all` plays them. */
const CHAPTERS: readonly Chapter[] = [core, guardians, governance, data];

interface Choice {
  readonly rollups: number;
  readonly guardians: number | undefined;
  readonly keep: boolean;
}

/** Plays a chapter, or all, each on a network of its own. The answer is "no" (exit code 1) if any check failed. */
export async function demoCommand(context: Context, name: string, choice: Choice): Promise<false | undefined> {
  const chosen = CHAPTERS.filter((chapter) => name === "all" || chapter.name === name);
  const [first, second] = chosen;
  if (first === undefined)
    throw new UsageError(`"${name}" is none of ${[...CHAPTERS.map((chapter) => chapter.name), "all"].join(", ")}`);
  if (second !== undefined && choice.keep) throw new UsageError("--keep goes with one chapter");
  const reports: DemoReport[] = [];
  for (const chapter of chosen) reports.push(await playChapter(context, chapter, choice));
  const [report] = reports;
  if (choice.keep && report !== undefined) showNetwork(context, report);
  const ok = reports.every((report) => report.ok);
  const documents = reports.map(({ figures, tables: _, ...report }) => ({ ...report, ...figures }));
  context.output.result(name === "all" ? { ok, chapters: documents } : documents[0]);
  return ok ? undefined : false;
}

async function playChapter(context: Context, chapter: Chapter, choice: Choice): Promise<DemoReport> {
  const { root, output, signal } = context;
  const steps = stepReporter(output);
  const playing = showParts(output, chapter);
  try {
    const report = await runDemo({
      ...{ root, signal, chapter, ...choice, onStep: steps.on },
      onNote: (part, text) => playing.note(part, text),
      onCount: (sent, delivered) => playing.count(sent, delivered),
    });
    await playing.end(report.ok);
    await steps.finished();
    await showReport(output, chapter, report);
    return report;
  } catch (error) {
    await playing.end(false);
    await steps.finished();
    throw error;
  }
}

/** The parts of a chapter as they are numbered: its own, then what is looked at after every chapter. */
function partsOf({ parts }: Chapter): readonly Part[] {
  return [...parts, "ledger"];
}

/** What happens in the parts, which overlap, as it happens. */
function showParts(output: Output, chapter: Chapter) {
  const started = performance.now();
  const seconds = (): string => `${((performance.now() - started) / 1_000).toFixed(0).padStart(3)} s`;
  const title = `Demo "${chapter.name}"`;
  let progress: ReturnType<Output["progress"]> | undefined;
  const open = (): ReturnType<Output["progress"]> => (progress ??= output.progress(title));
  return {
    note(part: Part, text: string): void {
      void open().then((line) => line.note(`  ${seconds()}  [${partsOf(chapter).indexOf(part) + 1}] ${text}`));
    },
    count(sent: number, delivered: number): void {
      void open().then((line) => line.live(`${title}: ${sent} messages sent, ${delivered} delivered`));
    },
    async end(ok: boolean): Promise<void> {
      const line = await progress;
      if (ok) line?.done(title);
      else line?.fail(title);
    },
  };
}

async function showReport(output: Output, chapter: Chapter, report: DemoReport): Promise<void> {
  output.line();
  for (const { title, head, rows } of report.tables) {
    if (title !== undefined) output.line(title);
    await output.table(head, rows);
  }
  const { ledger, checks } = report;
  if (ledger !== undefined) await showLedger(output, ledger);
  showChecks(output, chapter, checks);
  const failed = checks.filter(({ ok }) => !ok);
  output.line(
    failed.length === 0
      ? `All ${checks.length} checks passed in ${report.seconds.toFixed(0)} s: ${report.messages} messages.`
      : `${failed.length} of ${checks.length} checks FAILED: ${failed.map(({ what }) => what).join("; ")}.`,
  );
}

function showChecks(output: Output, chapter: Chapter, checks: readonly Check[]): void {
  for (const [index, part] of partsOf(chapter).entries()) {
    const own = checks.filter((check) => check.part === part);
    if (own.length > 0) output.line(`${index + 1}. ${PARTS[part]}`);
    for (const { what, ok, detail } of own)
      output.line(`  ${ok ? "ok    " : "FAILED"}  ${what}${detail === "" ? "" : `: ${detail}`}`);
  }
}

function showNetwork({ root, output }: Context, { rollups }: DemoReport): void {
  const state = findDevnet(devnetFolder(root));
  output.line("The network keeps running, guardians and relayer included:");
  for (const { name, chainId, nodeUrl, contracts } of state?.rollups ?? [])
    output.line(
      `  ${name}  chain id ${chainId}  ${nodeUrl}  gateway ${contracts["MetalayerGateway"] ?? ""}  ERA ${contracts["Era"] ?? ""}`,
    );
  output.line("Next:");
  const mailbox = rollups.find(({ name }) => name === "rollupB")?.mailbox ?? "0x…";
  output.line(`  ./metalayer send --from rollupA --to rollupB --recipient ${mailbox} --text hello --wait 1m`);
  output.line("  ./metalayer transfer --from rollupA --to rollupB --amount 10 --wait 1m");
  output.line("  ./metalayer status <sendId that these print>");
  output.line("  ./metalayer quote");
  output.line("  ./metalayer guardian status");
  output.line("  ./metalayer devnet status");
  output.line("  ./metalayer devnet stop");
}
