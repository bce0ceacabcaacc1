import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import solc from "solc";

/** A node of the compiler's syntax tree; which fields it has depends on its type. */
export interface AstNode {
  readonly nodeType: string;
  readonly src: string;
  readonly [field: string]: unknown;
}

export interface Message {
  readonly severity: string;
  readonly errorCode: string;
  readonly formattedMessage: string;
  readonly message: string;
  readonly sourceLocation?: { readonly file: string; readonly start: number; readonly end: number };
}

export interface Compiled {
  readonly messages: readonly Message[];
  /** Syntax trees with types, by source. */
  readonly asts: ReadonlyMap<string, AstNode>;
}

export type Sources = ReadonlyMap<string, string>;

/** Reads a source from what was changed in memory, from the project or from its packages. */
export function readSource(root: string, sources: Sources, name: string): string {
  const changed = sources.get(name);
  if (changed !== undefined) return changed;
  const file = [path.join(root, name), path.join(root, "node_modules", name)].find((place) => existsSync(place));
  if (file === undefined) throw new Error(`there is no source ${name}`);
  return readFileSync(file, "utf8");
}

/** Compiles `entry` with the given settings; throws if it does not compile. */
export function compile(
  root: string,
  entry: string,
  sources: Sources,
  settings: object,
  solve?: (query: string) => string,
): Compiled {
  const input = { language: "Solidity", sources: { [entry]: { content: readSource(root, sources, entry) } }, settings };
  const callbacks = {
    import: (name: string) => ({ contents: readSource(root, sources, name) }),
    smtSolver: (query: string) => ({ contents: solve?.(query) ?? "unknown" }),
  };
  // CAST: solc's bindings are untyped; standard JSON output is what its documentation says it is.
  const run = solc.compile as (input: string, callbacks: object) => string;
  // CAST: as above.
  const output = JSON.parse(run(JSON.stringify(input), callbacks)) as {
    errors?: Message[];
    sources?: Record<string, { ast?: AstNode }>;
  };
  const messages = output.errors ?? [];
  const broken = messages.find(({ severity }) => severity === "error");
  if (broken !== undefined) throw new Error(`${entry} does not compile: ${broken.formattedMessage}`);
  const asts = Object.entries(output.sources ?? {}).flatMap(([name, { ast }]) =>
    ast === undefined ? [] : [[name, ast] as const],
  );
  return { messages, asts: new Map(asts) };
}

/** Those of solc's own callback: they decide how z3 searches for invariants. */
const HORN_OPTIONS = [
  "rewriter.pull_cheap_ite=true",
  "fp.spacer.q3.use_qgen=true",
  "fp.spacer.mbqi=false",
  "fp.spacer.ground_pobs=false",
];

/** Asks z3, at most so long; what it prints. */
export function askZ3(query: string, seconds: number): string {
  const { stdout, error } = spawnSync("z3", ["-smt2", "-in", `-T:${seconds}`, ...HORN_OPTIONS], {
    input: query,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (error !== undefined) throw new Error(`z3 did not run: ${error.message}`);
  return stdout;
}

/** z3's version, or undefined if there is none. */
export function z3Version(): string | undefined {
  const { stdout, status } = spawnSync("z3", ["--version"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

export const nodesOf = (value: unknown): readonly AstNode[] => {
  if (!Array.isArray(value)) return [];
  // CAST: the compiler puts nodes, or null where a tuple leaves out a place, into its lists.
  return value as readonly AstNode[];
};

export function nodeOf(value: unknown): AstNode {
  if (typeof value !== "object" || value === null || !("nodeType" in value)) throw new Error("no syntax node");
  // CAST: checked just now.
  return value as AstNode;
}

export const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** Start and end of a node in bytes of its source. */
export function rangeOf({ src }: AstNode): readonly [number, number] {
  const [start = 0, length = 0] = src.split(":").map(Number);
  return [start, start + length];
}
