import path from "node:path";
import { createOutput } from "../cli/output.ts";
import { proveBits } from "./formal/bits.ts";
import type { Sources } from "./formal/compiler.ts";
import { z3Version } from "./formal/compiler.ts";
import type { Property } from "./formal/properties.ts";
import { readProperties, seed } from "./formal/properties.ts";
import type { Answer } from "./formal/smtchecker.ts";
import { proveBySmtChecker } from "./formal/smtchecker.ts";

/** For one question to z3. None of those asked takes a tenth of it on an idle machine. */
const SECONDS = 30;

const NO_SOLVER = `Error: z3 is missing, so nothing can be proved. On Debian and Ubuntu: apt-get update && apt-get install -y z3`;

interface Row {
  readonly property: Property;
  readonly answer: Answer;
  readonly seeded: Answer;
  readonly seconds: number;
}

/**
 * `npm run prove [-- part of a name …]`: proves the accounting that the contracts run with (docs/assurance.md), and that each
 * proof fails once its bug is put into the library. Exit code 1 if a proof does not close or a bug is not found.
 */
async function main(argv: readonly string[]): Promise<number> {
  const root = path.resolve(import.meta.dirname, "../..");
  const output = createOutput(false);
  const version = z3Version();
  if (version === undefined) {
    output.line(NO_SOLVER);
    return 1;
  }
  const asked = argv.filter((word) => !word.startsWith("-"));
  const properties = readProperties(root).filter(
    ({ contract, name }) => asked.length === 0 || asked.some((part) => `${contract}.${name}`.includes(part)),
  );
  const rows = properties.map((property) => {
    const row = check(root, property);
    output.line(describe(row));
    return row;
  });
  const failed = rows.filter(({ answer, seeded }) => answer.verdict !== "proved" || seeded.verdict !== "refuted");
  for (const { property, answer, seeded } of failed) {
    output.line(`${property.contract}.${property.name} (${property.statement}): ${answer.verdict}, ${answer.detail}`);
    output.line(`  with "${property.seeded.to}" in ${property.seeded.library}: ${seeded.verdict}, ${seeded.detail}`);
  }
  output.line(`${rows.length} properties, each with a bug that its proof finds; ${version}`);
  output.line(`${rows.length - failed.length} passed, ${failed.length} failed`);
  return rows.length > 0 && failed.length === 0 ? 0 : 1;
}

function check(root: string, property: Property): Row {
  const started = performance.now();
  const answer = prove(root, property, new Map());
  const seeded = prove(root, property, seed(root, property));
  return { property, answer, seeded, seconds: (performance.now() - started) / 1000 };
}

function describe({ property, answer, seeded, seconds }: Row): string {
  const verdict = answer.verdict === "proved" ? `proved, ${answer.detail}` : answer.verdict.toUpperCase();
  const bug = seeded.verdict === "refuted" ? "its bug is found" : `ITS BUG IS NOT FOUND (${seeded.verdict})`;
  return [
    `${property.contract}.${property.name}`.padEnd(46),
    property.engine.padEnd(5),
    verdict.padEnd(19),
    bug,
    `${seconds.toFixed(1)} s`.padStart(8),
  ].join(" ");
}

const prove = (root: string, property: Property, changed: Sources): Answer =>
  (property.engine === "bits" ? proveBits : proveBySmtChecker)(root, property, changed, SECONDS);

process.exitCode = await main(process.argv.slice(2));
