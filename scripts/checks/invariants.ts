import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Check } from "./check.ts";
import { runAlone } from "./check.ts";

const FILE = "docs/invariants.md";
const ROW = /^\| (INV-\d+) \|/;
const TEST = /`(test\/[^`]+)` › ([^·|]+)/g;

/** Every invariant names a test, and every named test is there. */
export const invariants: Check = {
  name: "invariants",
  rule: "every invariant of docs/invariants.md names tests that exist",
  run(root) {
    const rows = readFileSync(path.join(root, FILE), "utf8")
      .split("\n")
      .filter((line) => ROW.test(line));
    return { problems: rows.flatMap((row) => problemsOf(root, row)), note: `${rows.length} invariants` };
  },
};

function problemsOf(root: string, row: string): string[] {
  const id = ROW.exec(row)?.[1] ?? "";
  const tests = [...row.matchAll(TEST)];
  if (tests.length === 0) return [`${FILE} names no test for ${id}`];
  return tests
    .filter(([, file = "", title = ""]) => !hasTest(path.join(root, file), title.trim()))
    .map(
      ([, file = "", title = ""]) => `${FILE} names for ${id} the test "${title.trim()}", which ${file} does not have`,
    );
}

function hasTest(file: string, title: string): boolean {
  return existsSync(file) && readFileSync(file, "utf8").includes(title);
}

await runAlone(import.meta, invariants);
