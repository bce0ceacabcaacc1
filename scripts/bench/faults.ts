import path from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { runFaults } from "./faults-run.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const STEPS_PER_MINUTE = 24;

interface Choice {
  readonly minutes: number;
  readonly seed: number;
  readonly json?: boolean;
}

async function faults({ minutes, seed, json = false }: Choice): Promise<boolean> {
  const stopping = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stopping.abort());
  const started = performance.now();
  const note = (text: string): void => {
    const seconds = ((performance.now() - started) / 1_000).toFixed(0).padStart(5);
    process.stderr.write(`${seconds} s  ${text}\n`);
  };
  note(`seed ${seed}`);
  const steps = Math.max(1, Math.round(minutes * STEPS_PER_MINUTE));
  const report = await runFaults({ root: ROOT, seed, steps, signal: stopping.signal, note });
  if (json) process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  for (const { what, ok, detail } of json ? [] : report.findings)
    process.stdout.write(`${ok ? "ok    " : "FAILED"}  ${what}${detail === "" ? "" : `: ${detail}`}\n`);
  if (!report.ok) note(`failed; again with: npm run faults -- --minutes ${minutes} --seed ${seed}`);
  return report.ok;
}

function numberAbove0(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("must be a number above 0");
}

await new Command("npm run faults --")
  .description("Kills, cuts, lies and reorganises by a random plan, then checks that nothing was lost or doubled.")
  .option("--minutes <n>", "how long faults come", numberAbove0, 10)
  .option("--seed <n>", "of the plan", numberAbove0, Date.now() % 1_000_000)
  .option("--json", "print the report for machines")
  .action(async (choice: Choice) => process.exit((await faults(choice)) ? 0 : 1))
  .parseAsync();
