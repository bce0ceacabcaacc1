import type { Ora } from "ora";

/**
 * Everything a command says. People get lines, tables and progress; with `--json` standard output carries exactly one
 * JSON document (a command that goes on: a line for each event) and the rest goes to standard error.
 */
export interface Output {
  readonly line: (text?: string) => void;
  /** Passes on another process's output as it comes. */
  readonly write: (piece: string) => void;
  readonly table: (head: readonly string[], rows: readonly (readonly Cell[])[]) => Promise<void>;
  /** Shows that a step is under way: a spinner on a terminal, one plain line at its start and end otherwise. */
  readonly progress: (text: string) => Promise<Progress>;
  /** The command's result for machines; ignored unless `--json` was given. Amounts are decimal strings. */
  readonly result: (value: unknown) => void;
  /** One of many results, a line of JSON each, of a command that goes on; ignored unless `--json` was given. */
  readonly event: (value: unknown) => void;
}

export interface Progress {
  readonly update: (text: string) => void;
  /** A line that stays. */
  readonly note: (text: string) => void;
  /** What changes too often for plain lines: only a terminal shows it. */
  readonly live: (text: string) => void;
  readonly done: (text?: string) => void;
  readonly fail: (text?: string) => void;
}

export type Cell = string | number | bigint;

/** Where a program writes to. Only a terminal gets spinners. */
export interface Streams {
  readonly out: TextStream;
  readonly err: TextStream;
}

type TextStream = Pick<NodeJS.WriteStream, "write"> & Partial<Pick<NodeJS.WriteStream, "isTTY">>;

export function createOutput(json: boolean, streams: Streams = { out: process.stdout, err: process.stderr }): Output {
  const people = json ? streams.err : streams.out;
  const line = (text = ""): void => void people.write(`${text}\n`);
  return {
    line,
    write: (piece) => void people.write(piece),
    table: async (head, rows) => line(await formatTable(head, rows)),
    progress: async (text) => (isTerminal(people) ? await spinner(text, people) : plainProgress(text, line)),
    result: (value) => {
      if (json) streams.out.write(`${toJson(value)}\n`);
    },
    event: (value) => {
      if (json) streams.out.write(`${toJson(value, 0)}\n`);
    },
  };
}

function isTerminal(stream: TextStream): stream is NodeJS.WriteStream {
  return stream.isTTY === true;
}

/** JSON in which bigints are decimal strings. */
export function toJson(value: unknown, indent = 2): string {
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? inner.toString() : inner), indent);
}

/** A table with numbers to the right; figures keep their exact value. */
export async function formatTable(head: readonly string[], rows: readonly (readonly Cell[])[]): Promise<string> {
  const { default: Table } = await import("cli-table3");
  const numeric = head.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] !== "string"));
  const table = new Table({
    head: [...head],
    colAligns: numeric.map((right) => (right ? "right" : "left")),
    style: { head: [], border: [], compact: true },
  });
  table.push(...rows.map((row) => row.map((cell) => (typeof cell === "string" ? cell : grouped(cell)))));
  return table.toString();
}

function grouped(value: number | bigint): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 3 });
}

function plainProgress(text: string, line: (text: string) => void): Progress {
  const started = performance.now();
  const seconds = (): string => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  line(`${text} …`);
  return {
    update: line,
    note: line,
    live: () => undefined,
    done: (end = text) => line(`${end}: done in ${seconds()}`),
    fail: (end = text) => line(`${end}: failed after ${seconds()}`),
  };
}

async function spinner(text: string, stream: NodeJS.WriteStream): Promise<Progress> {
  const { default: ora } = await import("ora");
  const spinning: Ora = ora({ text, stream }).start();
  return {
    update: (next) => void (spinning.text = next),
    note: (kept) => {
      spinning.clear();
      stream.write(`${kept}\n`);
      spinning.render();
    },
    live: (next) => void (spinning.text = next),
    done: (end) => void spinning.succeed(end),
    fail: (end) => void spinning.fail(end),
  };
}
