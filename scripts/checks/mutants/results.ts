import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { readJson } from "../artifacts.ts";

const FILE = "snapshots/mutants.json";

/** `equal`: the compiler gives the same code. `invalid`: it refuses the change. Neither counts. */
export type Fate = "killed" | "survived" | "equal" | "invalid";

export interface Result {
  readonly file: string;
  readonly line: number;
  readonly start: number;
  readonly from: string;
  readonly to: string;
  readonly fate: Fate;
  readonly seconds: number;
}

/** What is known of a file, as long as it is the same file. */
export interface FileResults {
  readonly source: string;
  readonly results: readonly Result[];
}

export type Results = Readonly<Record<string, FileResults>>;

export function readResults(root: string): Results {
  const place = path.join(root, FILE);
  if (!existsSync(place)) return {};
  // CAST: this program wrote it.
  return readJson(place) as Results;
}

/** One line per mutant, so that a run's changes can be read. */
export function writeResults(root: string, results: Results): void {
  const files = Object.entries(results)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([file, { source, results: all }]) => {
      const lines = [...all].sort((a, b) => a.start - b.start || a.to.localeCompare(b.to));
      const rows = lines.map((result) => `      ${JSON.stringify(result)}`).join(",\n");
      return `  ${JSON.stringify(file)}: {\n    "source": ${JSON.stringify(source)},\n    "results": [\n${rows}\n    ]\n  }`;
    });
  writeFileSync(path.join(root, FILE), `{\n${files.join(",\n")}\n}\n`);
}

export const countOf = (results: readonly Result[], fate: Fate): number =>
  results.filter((result) => result.fate === fate).length;

export const readText = (root: string, file: string): Buffer => readFileSync(path.join(root, file));
