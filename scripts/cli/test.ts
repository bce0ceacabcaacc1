import { spawn } from "node:child_process";
import os from "node:os";
import path from "node:path";
import PQueue from "p-queue";
import { writeAbis } from "../checks/abis.ts";
import { CommandError } from "./command.ts";
import { testLanes } from "./test-lanes.ts";

export interface TestResult {
  readonly passed: number;
  readonly failed: number;
  readonly ok: boolean;
}

export interface TestSelection {
  readonly files?: readonly string[];
  readonly grep?: string | undefined;
  /** Sees Hardhat's output as it comes. */
  readonly onOutput: (piece: string) => void;
}

/** Hardhat's closing lines over both runners: "41 passing (40 mocha, 1 solidity)". */
const TOTALS = /^(\d+) (passing|failing) \(/gm;
const COLOURS = /\u001b\[[0-9;]*m/g;

/**
 * Builds, then runs the mocha tests and Hardhat's Solidity tests: all of them in lanes side by side (one after the other where there
 * is one processor), or the named ones in one process. A lane's output comes whole, behind that of the lane before it.
 */
export async function runTests(root: string, selection: TestSelection): Promise<TestResult> {
  const { files = [], grep, onOutput } = selection;
  await buildContracts(root, onOutput);
  const lanes = files.length === 0 ? testLanes(root) : [files];
  const writers = takeTurns(lanes.length, onOutput);
  const queue = new PQueue({ concurrency: os.availableParallelism() > 1 ? lanes.length : 1 });
  const filter = grep === undefined ? [] : ["--grep", grep];
  const results = await queue.addAll(
    lanes.map((lane, index) => async (): Promise<TestResult> => {
      const pieces: string[] = [];
      const exitCode = await runHardhat(root, ["test", "--no-compile", ...filter, ...lane], (piece) => {
        pieces.push(piece);
        writers[index]?.write(piece);
      });
      writers[index]?.end();
      return summarise(pieces.join(""), exitCode, files.length === 0 && grep === undefined);
    }),
  );
  return {
    passed: results.reduce((sum, { passed }) => sum + passed, 0),
    failed: results.reduce((sum, { failed }) => sum + failed, 0),
    ok: results.every(({ ok }) => ok),
  };
}

/** Writers to one output: what the second one writes waits until the first one has ended, and so on. */
export function takeTurns(
  count: number,
  write: (piece: string) => void,
): { write: (piece: string) => void; end: () => void }[] {
  const waiting = Array.from({ length: count }, (): string[] => []);
  const ended = new Set<number>();
  let turn = 0;
  return waiting.map((pieces, index) => ({
    write(piece) {
      if (index === turn) write(piece);
      else pieces.push(piece);
    },
    end() {
      ended.add(index);
      while (ended.has(turn)) {
        turn += 1;
        for (const piece of waiting[turn] ?? []) write(piece);
      }
    },
  }));
}

/** Counts what Hardhat reports. A whole run without a single test is a failure, and so is a run that broke off. */
export function summarise(output: string, exitCode: number, whole: boolean): TestResult {
  const totals = { passing: 0, failing: 0 };
  for (const [, count, verdict] of output.replace(COLOURS, "").matchAll(TOTALS)) {
    totals[verdict === "passing" ? "passing" : "failing"] = Number(count);
  }
  const nothingRan = whole && totals.passing + totals.failing === 0;
  const ok = exitCode === 0 && totals.failing === 0 && !nothingRan;
  return { passed: totals.passing, failed: ok ? 0 : Math.max(1, totals.failing), ok };
}

/** Tests import the bindings and ABIs that a build writes. */
export async function buildContracts(root: string, onOutput: (piece: string) => void): Promise<void> {
  if ((await runHardhat(root, ["build", "--quiet"], onOutput)) !== 0) {
    throw new CommandError(
      "CLI_BUILD_FAILED",
      "the contracts do not build (the compiler's message is above)",
      "No test ran",
      "mend the source and run this again",
    );
  }
  writeAbis(root);
}

/** Runs Hardhat in the folder `root` under this very Node and resolves to its exit code. */
export function runHardhat(
  root: string,
  args: readonly string[],
  onOutput: (piece: string) => void,
  environment: Readonly<Record<string, string>> = {},
): Promise<number> {
  const entry = path.join(root, "node_modules/hardhat/dist/src/cli.js");
  const colour = process.stdout.isTTY ? { FORCE_COLOR: "1" } : {};
  const child = spawn(process.execPath, [entry, ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...colour, ...environment, HARDHAT_DISABLE_TELEMETRY: "true" },
  });
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", onOutput);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}
