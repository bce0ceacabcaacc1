import path from "node:path";

/** One rule of the house that a machine can hold. */
export interface Check {
  readonly name: string;
  /** What holds when it passes, as a sentence without a full stop. */
  readonly rule: string;
  run(root: string, options: CheckOptions): Promise<Verdict> | Verdict;
}

export interface CheckOptions {
  /** Write the committed snapshot or generated file anew instead of complaining that it differs. */
  readonly write: boolean;
}

export interface Verdict {
  /** One line per violation: where, what, and what to do. Empty means that the rule holds. */
  readonly problems: readonly string[];
  /** What was looked at, in a few words. */
  readonly note?: string;
}

/** Lets a file of this folder be started by itself: `tsx scripts/checks/sizes.ts [--write]`. */
export async function runAlone(module: ImportMeta, check: Check): Promise<void> {
  if (process.argv[1] !== module.filename) return;
  const root = path.resolve(import.meta.dirname, "../..");
  const { problems } = await check.run(root, { write: process.argv.includes("--write") });
  for (const problem of problems) process.stderr.write(`${check.name}: ${problem}\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
