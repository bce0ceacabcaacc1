import path from "node:path";
import { createOutput } from "../cli/output.ts";
import { abis, writeAbis } from "./abis.ts";
import { bytecode } from "./bytecode.ts";
import type { Check, Verdict } from "./check.ts";
import { documented } from "./documented.ts";
import { invariants } from "./invariants.ts";
import { layers } from "./layers.ts";
import { leftovers } from "./leftovers.ts";
import { licences } from "./licences.ts";
import { lock } from "./lock.ts";
import { names } from "./names.ts";
import { pack } from "./pack.ts";
import { readme } from "./readme.ts";
import { sizes } from "./sizes.ts";
import { storage } from "./storage.ts";
import { runTool, tools } from "./tools.ts";
import { upgrades } from "./upgrades.ts";
import { vectors } from "./vectors.ts";
import { warnings } from "./warnings.ts";

/** The other checks look at what this one makes. */
const build: Check = {
  name: "build",
  rule: "the contracts build",
  async run(root) {
    const verdict = await runTool(root, "hardhat/dist/src/cli.js", ["build", "--quiet"]);
    if (verdict.problems.length === 0) writeAbis(root);
    return verdict;
  },
};

const OWN: readonly Check[] = [
  layers,
  sizes,
  names,
  documented,
  leftovers,
  readme,
  invariants,
  abis,
  bytecode,
  storage,
  upgrades,
  warnings,
  licences,
  lock,
  vectors,
  pack,
];

interface Row extends Verdict {
  readonly check: Check;
  readonly seconds: number;
}

/** `npm run check [-- --write] [-- name …]`: all checks, or those named; one table; exit code 1 if any rule is broken. */
async function main(argv: readonly string[]): Promise<number> {
  const root = path.resolve(import.meta.dirname, "../..");
  const output = createOutput(false);
  const write = argv.includes("--write");
  const asked = argv.filter((word) => !word.startsWith("-"));
  const unknown = asked.filter((name) => ![...OWN, ...tools].some((check) => check.name === name));
  if (unknown.length > 0) {
    const all = [...OWN, ...tools].map(({ name }) => name).join(", ");
    output.line(`Error: there is no check named ${unknown.join(", ")}. The checks are ${all}.`);
    return 2;
  }
  const wanted = (checks: readonly Check[]): Check[] =>
    checks.filter(({ name }) => asked.length === 0 || asked.includes(name));
  const run = async (checks: readonly Check[]): Promise<Row[]> => {
    const rows: Row[] = [];
    for (const check of checks) rows.push(await time(root, check, write));
    return rows;
  };
  const built = await run([build]);
  // The tools are processes of their own: one of them runs beside our own checks.
  const [tooled, owned] = await Promise.all([run(wanted(tools)), run(wanted(OWN))]);
  const rows = [...built, ...owned, ...tooled];
  for (const { check, problems } of rows.filter((row) => row.problems.length > 0)) {
    output.line(`${check.name}: broken is "${check.rule}"`);
    for (const problem of problems) output.line(`  ${problem}`);
  }
  await output.table(
    ["check", "verdict", "seconds", "looked at"],
    rows.map(({ check, problems, seconds, note }) => [
      check.name,
      problems.length === 0 ? "ok" : "BROKEN",
      seconds.toFixed(1),
      note ?? "",
    ]),
  );
  const broken = rows.filter(({ problems }) => problems.length > 0).length;
  output.line(`${rows.length - broken} passed, ${broken} failed`);
  return broken === 0 ? 0 : 1;
}

/** A check that breaks down has not passed. */
async function time(root: string, check: Check, write: boolean): Promise<Row> {
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  try {
    const verdict = await check.run(root, { write });
    return { ...verdict, check, seconds: seconds() };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { problems: [problem], check, seconds: seconds() };
  }
}

process.exitCode = await main(process.argv.slice(2));
