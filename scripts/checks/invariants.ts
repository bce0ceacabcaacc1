import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Check } from "./check.ts";
import { runAlone } from "./check.ts";

interface Table {
  readonly file: string;
  /** A row, by its id. */
  readonly row: RegExp;
  /** What a row may say in the place of tests. */
  readonly excuse?: RegExp;
}

const TABLES: readonly Table[] = [
  { file: "docs/invariants.md", row: /^\| (INV-\d+) \|/ },
  {
    file: "docs/assurance.md",
    row: /^\| ((?:R|EXPLOITS |C)\d+) \|/,
    excuse: /\| (?:none yet|does not apply): \S[^|]*\|$/,
  },
];
const TEST = /`(test\/[^`]+)` › ([^·|]+)/g;

/** Every invariant and every attack names a test, and every named test is there. */
export const invariants: Check = {
  name: "invariants",
  rule: "every row of docs/invariants.md and docs/assurance.md names tests that exist",
  run(root) {
    const found = TABLES.map((table) => problemsOf(root, table));
    return { problems: found.flatMap(({ problems }) => problems), note: found.map(({ note }) => note).join(", ") };
  },
};

function problemsOf(root: string, table: Table): { readonly problems: string[]; readonly note: string } {
  const file = path.join(root, table.file);
  if (!existsSync(file)) return { problems: [`${table.file} is missing`], note: "" };
  const rows = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => table.row.test(line));
  const ids = rows.map((row) => table.row.exec(row)?.[1] ?? "");
  const twice = ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `${table.file} has ${id} twice`);
  const problems = [...twice, ...rows.flatMap((row) => problemsOfRow(root, table, row))];
  return { problems, note: `${rows.length} rows of ${path.basename(table.file)}` };
}

function problemsOfRow(root: string, { file, row, excuse }: Table, line: string): string[] {
  const id = row.exec(line)?.[1] ?? "";
  const tests = [...line.matchAll(TEST)];
  if (tests.length === 0) return excuse?.test(line) === true ? [] : [`${file} names no test for ${id}`];
  return tests
    .filter(([, test = "", title = ""]) => !hasTest(path.join(root, test), title.trim()))
    .map(
      ([, test = "", title = ""]) => `${file} names for ${id} the test "${title.trim()}", which ${test} does not have`,
    );
}

function hasTest(file: string, title: string): boolean {
  return existsSync(file) && readFileSync(file, "utf8").includes(title);
}

await runAlone(import.meta, invariants);
