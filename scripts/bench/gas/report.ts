import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Output } from "../../cli/output.ts";
import type { GasRow } from "./row.ts";

const SNAPSHOT = "snapshots/gas.json";
const DOCUMENT = "docs/gas.md";
const BEGIN = "<!-- table: npm run gas -- --write -->";
const END = "<!-- end of table -->";

/** Rows of one subject. */
export interface Chapter {
  readonly title: string;
  readonly rows: readonly GasRow[];
}

/** `{name: gas}`, as `--json` prints it and snapshots/gas.json keeps it. Throws if two rows have one name. */
export function figuresOf(chapters: readonly Chapter[]): Record<string, number> {
  const figures: Record<string, number> = {};
  for (const { name, gas } of chapters.flatMap(({ rows }) => rows)) {
    if (figures[name] !== undefined) throw new Error(`two rows are called "${name}"`);
    figures[name] = gas;
  }
  return figures;
}

export async function printTable(output: Output, chapters: readonly Chapter[]): Promise<void> {
  for (const { title, rows } of chapters) {
    output.line(title);
    const cells = rows.map((row) => cellsOf(row));
    const widths = [1, 2, 4].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
    const aligned = cells.map(([name = "", gas = "", budget = "", peer = "", calldata = ""]) => [
      name,
      gas.padStart(widths[0] ?? 0),
      budget.padStart(widths[1] ?? 0),
      calldata.padStart(widths[2] ?? 0),
      peer,
    ]);
    await output.table(["what", "gas", "budget", "calldata / nonzero", "best measured peer"], aligned);
  }
  for (const line of overBudget(chapters)) output.line(line);
}

/** What differs from the committed snapshot and table, a line each. */
export function differences(chapters: readonly Chapter[]): string[] {
  const figures = figuresOf(chapters);
  const before = readSnapshot();
  const names = [...new Set([...Object.keys(before), ...Object.keys(figures)])];
  const changed = names.flatMap((name) => changeOf(name, before[name], figures[name]));
  if (changed.length > 0 || readFileSync(DOCUMENT, "utf8") === documentWith(chapters)) return changed;
  return [`${DOCUMENT} shows another table`];
}

/** Makes snapshot and document say what was measured; returns what changed. */
export function write(chapters: readonly Chapter[]): string[] {
  const changed = differences(chapters);
  writeFileSync(SNAPSHOT, `${JSON.stringify(figuresOf(chapters), null, 2)}\n`);
  writeFileSync(DOCUMENT, documentWith(chapters));
  return changed;
}

function changeOf(name: string, before: number | undefined, after: number | undefined): string[] {
  if (before === after) return [];
  if (before === undefined) return [`${name}: new, ${number(after)}`];
  if (after === undefined) return [`${name}: gone, was ${number(before)}`];
  const sign = after > before ? "+" : "−";
  return [`${name}: ${number(before)} → ${number(after)} (${sign}${number(Math.abs(after - before))})`];
}

function overBudget(chapters: readonly Chapter[]): string[] {
  return chapters
    .flatMap(({ rows }) => rows)
    .flatMap(({ name, gas, budget }) =>
      budget === undefined || gas <= budget ? [] : [`over budget by ${number(gas - budget)}: ${name}`],
    );
}

function readSnapshot(): Record<string, number> {
  // CAST: this program wrote it.
  return existsSync(SNAPSHOT) ? (JSON.parse(readFileSync(SNAPSHOT, "utf8")) as Record<string, number>) : {};
}

function documentWith(chapters: readonly Chapter[]): string {
  const text = readFileSync(DOCUMENT, "utf8");
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${DOCUMENT} has no place for the table: ${BEGIN} … ${END}`);
  return `${text.slice(0, begin + BEGIN.length)}\n\n${markdown(chapters)}\n\n${text.slice(end)}`;
}

function markdown(chapters: readonly Chapter[]): string {
  const head = ["| what | gas | budget | best measured peer | calldata / nonzero |", "|---|--:|--:|---|--:|"];
  const body = chapters.flatMap(({ title, rows }) => [
    `| **${title}** | | | | |`,
    ...rows.map((row) => `| ${cellsOf(row).join(" | ")} |`),
  ]);
  return [...head, ...body].join("\n");
}

function cellsOf({ name, gas, budget, peer, calldata }: GasRow): string[] {
  const bytes = calldata === undefined ? "" : `${number(calldata.bytes)} / ${number(calldata.nonzero)}`;
  return [name, number(gas), budget === undefined ? "" : number(budget), peer ?? "", bytes];
}

const number = (value: number | undefined): string => (value ?? 0).toLocaleString("en-US");
