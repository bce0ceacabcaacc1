import { createHash } from "node:crypto";
import path from "node:path";
import { parseArgs } from "node:util";
import type { Output } from "../cli/output.ts";
import { createOutput } from "../cli/output.ts";
import { compile, nodeOf } from "./formal/compiler.ts";
import type { Mutation } from "./mutants/operators.ts";
import { lineOf, mutate, mutationsOf } from "./mutants/operators.ts";
import type { Compiled } from "./mutants/project.ts";
import { compileRoots, Project } from "./mutants/project.ts";
import type { Fate, Result, Results } from "./mutants/results.ts";
import { countOf, readResults, readText, writeResults } from "./mutants/results.ts";
import type { Target } from "./mutants/targets.ts";
import { TARGETS } from "./mutants/targets.ts";

/** A mutant that runs for ever is killed by the clock. */
const SECONDS_PER_MUTANT = 300;

interface Candidate {
  readonly target: Target;
  readonly content: Buffer;
  readonly mutation: Mutation;
}

/**
 * `npm run mutants [-- --count 160 --minutes 120 --seed 1 -- part of a file name …]`: changes the core contracts in one place at a time
 * and runs the tests that are to notice. Takes hours; every result is written at once to snapshots/mutants.json, and the next run
 * goes on from there. `--report` prints what is known and runs nothing.
 */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      count: { type: "string", default: "160" },
      minutes: { type: "string", default: "240" },
      seed: { type: "string", default: "1" },
      report: { type: "boolean", default: false },
    },
  });
  const root = path.resolve(import.meta.dirname, "../..");
  const output = createOutput(false);
  const targets = TARGETS.filter(
    ({ file }) => positionals.length === 0 || positionals.some((part) => file.includes(part)),
  );
  let results = fresh(root, readResults(root));
  if (!values.report) {
    const end = Date.now() + Number(values.minutes) * 60_000;
    const chosen = choose(root, targets, Number(values.count), Number(values.seed));
    results = run(root, chosen, results, end, output);
  }
  await report(results, output);
  return 0;
}

/** Without what is known of files that have changed since. */
function fresh(root: string, results: Results): Results {
  return Object.fromEntries(
    Object.entries(results).filter(([file, { source }]) => source === hashOf(readText(root, file))),
  );
}

/** The same for a seed: from each file in turn one more, so that any part of the list is spread over all files. */
function choose(root: string, targets: readonly Target[], count: number, seed: number): Candidate[] {
  const piles = targets.map((target) => {
    const content = readText(root, target.file);
    const { asts } = compile(root, target.file, new Map(), { outputSelection: { "*": { "": ["ast"] } } });
    const mutations = mutationsOf(nodeOf(asts.get(target.file)), content);
    return shuffle(mutations, seed).map((mutation) => ({ target, content, mutation }));
  });
  const longest = Math.max(...piles.map(({ length }) => length));
  const turns = Array.from({ length: longest }, (_, turn) => piles.flatMap((pile) => pile[turn] ?? []));
  return turns.flat().slice(0, count);
}

function run(root: string, chosen: readonly Candidate[], start: Results, end: number, output: Output): Results {
  const project = new Project(root);
  const originals = new Map<Target, ReadonlyMap<string, Compiled>>();
  let results = start;
  for (const candidate of chosen) {
    if (Date.now() > end) break;
    const { target, content, mutation } = candidate;
    const same = ({ start, to }: Result): boolean => start === mutation.start && to === mutation.to;
    const known = results[target.file]?.results ?? [];
    // A survivor is tried again: there may be more tests by now.
    if (known.some((result) => same(result) && result.fate !== "survived")) continue;
    const before = known.filter((result) => !same(result));
    const started = performance.now();
    const original = originals.get(target) ?? baseline(root, project, target);
    originals.set(target, original);
    const fate = fateOf(root, project, candidate, original);
    const line = lineOf(content, mutation);
    const seconds = Math.round((performance.now() - started) / 1000);
    const result: Result = { file: target.file, line, ...pick(mutation), fate, seconds };
    results = { ...results, [target.file]: { source: hashOf(content), results: [...before, result] } };
    writeResults(root, results);
    output.line(`${fate.padEnd(8)} ${target.file}:${line} ${shown(result)} (${seconds} s)`);
  }
  return results;
}

/** The unchanged code; its tests pass, or nothing that follows would mean anything. */
function baseline(root: string, project: Project, target: Target): ReadonlyMap<string, Compiled> {
  const codes = compileRoots(root, target.roots, new Map());
  if (codes === undefined) throw new Error(`${target.file} does not compile`);
  project.install(codes);
  const { passed, output } = project.test(target.tests, SECONDS_PER_MUTANT);
  project.restore();
  if (!passed) throw new Error(`the tests of ${target.file} fail without any change:\n${output.slice(-3000)}`);
  return codes;
}

function fateOf(root: string, project: Project, candidate: Candidate, original: ReadonlyMap<string, Compiled>): Fate {
  const { target, content, mutation } = candidate;
  const codes = compileRoots(root, target.roots, new Map([[target.file, mutate(content, mutation)]]));
  if (codes === undefined) return "invalid";
  const same = [...codes].every(([name, { bytecode }]) => original.get(name)?.bytecode.object === bytecode.object);
  if (same) return "equal";
  project.install(codes);
  const { passed } = project.test(target.tests, SECONDS_PER_MUTANT);
  project.restore();
  return passed ? "survived" : "killed";
}

async function report(results: Results, output: Output): Promise<void> {
  const row = (name: string, all: readonly Result[]): string[] => {
    const [killed, survived] = [countOf(all, "killed"), countOf(all, "survived")];
    const score = killed + survived === 0 ? "" : `${((100 * killed) / (killed + survived)).toFixed(0)} %`;
    return [name, `${killed + survived}`, `${killed}`, `${survived}`, `${countOf(all, "equal")}`, score];
  };
  const all = Object.entries(results).map(([file, { results: own }]) => [file, own] as const);
  await output.table(
    ["file", "mutants", "killed", "survived", "equal", "score"],
    [
      ...all.map(([file, own]) => row(file, own)),
      row(
        "all",
        all.flatMap(([, own]) => own),
      ),
    ],
  );
  for (const result of all.flatMap(([, own]) => own).filter(({ fate }) => fate === "survived")) {
    output.line(`survived ${result.file}:${result.line} ${shown(result)}`);
  }
}

/** Small and repeatable; nothing here needs to be unpredictable. */
function shuffle<T>(items: readonly T[], seed: number): T[] {
  const mixed = [...items];
  let state = seed * 2654435761 + 1;
  for (let i = mixed.length - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = state % (i + 1);
    [mixed[i], mixed[j]] = [at(mixed, j), at(mixed, i)];
  }
  return mixed;
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new Error("beyond the list");
  return item;
}

const hashOf = (content: Buffer): string => createHash("sha256").update(content).digest("hex").slice(0, 16);
const pick = ({ start, from, to }: Mutation): Pick<Result, "start" | "from" | "to"> => ({ start, from, to });
const shown = ({ from, to }: Pick<Result, "from" | "to">): string =>
  `"${short(from)}" → "${to === "{}" ? "" : short(to)}"`;
const short = (text: string): string => text.replace(/\s+/g, " ").slice(0, 60);

process.exitCode = await main();
