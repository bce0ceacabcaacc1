import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import path from "node:path";
import { createOutput } from "../cli/output.ts";
import { contractTests } from "../cli/test-lanes.ts";
import { buildContracts, runHardhat, summarise } from "../cli/test.ts";

const LEAST_PERCENT = 98;

/** What the tests need of the project. */
const COPIED = [
  "contracts",
  "deploy",
  "scripts",
  "sdk",
  "test",
  "hardhat.config.ts",
  "package.json",
  "tsconfig.json",
] as const;

/** Reaching a line takes fewer random runs than finding a fault; with one seed the figures are the same every time. */
const FEWER_RUNS = {
  METALAYER_FUZZ_SEED: "1",
  METALAYER_FUZZ_RUNS: "50",
  METALAYER_CAMPAIGN_STEPS: "120",
  METALAYER_ECONOMY_STEPS: "120",
};

export interface FileCoverage {
  readonly file: string;
  readonly lines: number;
  readonly uncovered: readonly number[];
}

/**
 * `npm run coverage`: the contracts' tests once more over instrumented contracts; mocks do not count. Gas differs under
 * instrumentation, so a failing test here is shown but judged by `npm test`; the lines it did not reach are missed.
 */
async function main(): Promise<number> {
  const root = path.resolve(import.meta.dirname, "../..");
  const output = createOutput(false);
  await buildContracts(root, output.write); // the ABIs that tests import
  const copy = copyProject(root);
  const lcov = path.join(copy, "coverage/lcov.info");
  const pieces: string[] = [];
  const args = ["--config", "scripts/checks/hardhat.coverage.ts", "--coverage", "test", ...contractTests(root)];
  const write = (piece: string): void => {
    pieces.push(piece);
    output.write(piece);
  };
  const exitCode = await runHardhat(copy, args, write, FEWER_RUNS);
  if (!existsSync(lcov)) {
    output.line(
      "Error: the tests broke off before Hardhat wrote its coverage (its message is above). Mend that first.",
    );
    return 1;
  }
  const lines = linesPercent(parseLcov(readFileSync(lcov, "utf8")));
  const statements = parseStatements(pieces.join(""));
  const { failed } = summarise(pieces.join(""), exitCode, true);
  if (failed > 0) output.line(`${failed} tests fail under instrumentation; npm test is what judges them`);
  output.line(
    `lines ${lines.toFixed(2)} %, statements ${statements.toFixed(2)} % of contracts/, at least ${LEAST_PERCENT} %`,
  );
  return lines >= LEAST_PERCENT && statements >= LEAST_PERCENT ? 0 : 1;
}

/**
 * Copies the project, so that instrumented artifacts and bindings stand where tests look for them and never where a
 * deployment does. What an earlier run has compiled stays.
 */
function copyProject(root: string): string {
  const copy = path.join(root, "coverage/project");
  mkdirSync(copy, { recursive: true });
  for (const name of [...COPIED, "coverage"]) rmSync(path.join(copy, name), { recursive: true, force: true });
  for (const name of COPIED) cpSync(path.join(root, name), path.join(copy, name), { recursive: true });
  const modules = path.join(copy, "node_modules");
  if (!existsSync(modules)) symlinkSync(path.join(root, "node_modules"), modules, "junction");
  return copy;
}

/** Reads the lines that Hardhat counted: `DA:<line>,<times run>` per file. */
export function parseLcov(lcov: string): FileCoverage[] {
  return lcov
    .split("end_of_record")
    .filter((record) => record.includes("SF:"))
    .map((record) => {
      const lines = [...record.matchAll(/^DA:(\d+),(\d+)/gm)].map(
        ([, line, times]) => [Number(line), Number(times)] as const,
      );
      const uncovered = lines.filter(([, times]) => times === 0).map(([line]) => line);
      return {
        file: /^SF:(.*)$/m.exec(record)?.[1] ?? "",
        lines: lines.length,
        uncovered: uncovered.sort((a, b) => a - b),
      };
    });
}

/** Nothing to cover means that nothing is missed; contracts without a single line reached are in the figures. */
export function linesPercent(files: readonly FileCoverage[]): number {
  const total = files.reduce((sum, { lines }) => sum + lines, 0);
  const missed = files.reduce((sum, { uncovered }) => sum + uncovered.length, 0);
  return total === 0 ? 100 : ((total - missed) * 100) / total;
}

/** Statements stand only in the table that Hardhat prints: its last row is "Total | lines | statements". */
export function parseStatements(output: string): number {
  const plain = output.replace(/\u001b\[[0-9;]*m/g, "");
  const [, , statements] = /\bTotal\b[^\d\n]*([\d.]+)[^\d\n]+([\d.]+)/.exec(plain) ?? [];
  if (statements === undefined) throw new Error("Hardhat printed no coverage table");
  return Number(statements);
}

if (process.argv[1] === import.meta.filename) process.exitCode = await main();
