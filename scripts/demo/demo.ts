import { mkdtempSync, readdirSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { MetalayerError } from "../../sdk/src/errors.ts";
import type { Ledger } from "../chain/ledger.ts";
import { closeConnection } from "../cli/connection.ts";
import type { Devnet } from "../devnet/devnet.ts";
import { networkSteps } from "../devnet/network-steps.ts";
import { startOf } from "../devnet/processes.ts";
import { rollupPresets } from "../devnet/rollups.ts";
import { startDevnet } from "../devnet/start.ts";
import { devnetFolder } from "../devnet/state.ts";
import { stopDevnet } from "../devnet/stop.ts";
import { auditLedger, auditMessages } from "./audit.ts";
import { era } from "./chapters/era.ts";
import { cutEndpoint, killInTheMiddle } from "./chapters/faults.ts";
import { heads } from "./chapters/heads.ts";
import type { PairMessages } from "./chapters/pairs.ts";
import { pairs } from "./chapters/pairs.ts";
import { refusal } from "./chapters/refusal.ts";
import type { FastLoss } from "./chapters/reorg.ts";
import { reorganise } from "./chapters/reorg.ts";
import type { GasFigures, Latency } from "./figures.ts";
import { gasFigures, latencies } from "./figures.ts";
import { openWorld } from "./open.ts";
import { fundSenders } from "./prepare.ts";
import type { Chapter, Check, World } from "./world.ts";

export interface DemoOptions {
  readonly root: string;
  readonly rollups: number;
  readonly guardians: number;
  /** Leave the network running, where the other commands find it. */
  readonly keep: boolean;
  readonly signal: AbortSignal;
  readonly onStep: (step: string, phase: "started" | "done" | "failed", note?: string) => void;
  readonly onNote: (chapter: Chapter, text: string) => void;
  /** What there is to count, several times a second. */
  readonly onCount: (sent: number, delivered: number) => void;
}

export interface DemoReport {
  readonly ok: boolean;
  readonly seconds: number;
  readonly rollups: readonly { readonly name: string; readonly chainId: bigint; readonly blockTimeMs: number }[];
  readonly guardians: number;
  readonly messages: number;
  readonly latencies: readonly Latency[];
  readonly gas: GasFigures | undefined;
  readonly fastLoss: { readonly sendId: string; readonly limitPerDay: number } | undefined;
  readonly ledger: Ledger | undefined;
  readonly checks: readonly Check[];
}

const PREFIX = "metalayer-demo-";

/** Removes what demos have left behind whose process was killed. */
async function sweepDemos(): Promise<void> {
  for (const name of readdirSync(os.tmpdir())) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && startOf(Number(pid)) === undefined) await stopDevnet(path.join(os.tmpdir(), name));
  }
}

/** Brings a network up, plays the chapters on it, and takes it down. Throws only if the network does not start, or when interrupted. */
export async function runDemo(options: DemoOptions): Promise<DemoReport> {
  const { root, keep, guardians, signal } = options;
  const started = performance.now();
  await sweepDemos();
  const folder = keep ? devnetFolder(root) : mkdtempSync(path.join(os.tmpdir(), `${PREFIX}${process.pid}-`));
  const given = { root, folder, rollups: rollupPresets(options.rollups), endpointsPerNode: 3, detached: keep, signal };
  const devnet = await startDevnet({ ...given, onProgress: options.onStep }, networkSteps(guardians));
  let isKept = false;
  try {
    const report = await play(devnet, options);
    isKept = keep;
    return { ...report, seconds: (performance.now() - started) / 1_000 };
  } finally {
    if (!isKept) await devnet.stop();
  }
}

async function play(devnet: Devnet, options: DemoOptions): Promise<DemoReport> {
  const ending = new AbortController();
  const signal = AbortSignal.any([options.signal, ending.signal]);
  const checks: Check[] = [];
  const { world, ended } = await openWorld(devnet, checks, signal, options.onNote);
  const counting = setInterval(() => {
    const sum = (of: "sent" | "delivered"): number =>
      world.sites.reduce((all, { observer }) => all + observer[of].size, 0);
    options.onCount(sum("sent"), sum("delivered"));
  }, 200);
  try {
    return await playChapters(world, options);
  } finally {
    clearInterval(counting);
    ending.abort();
    await ended();
    world.sites.forEach(({ connection }) => closeConnection(connection));
  }
}

async function playChapters(world: World, options: DemoOptions): Promise<DemoReport> {
  const attempt = <T>(chapter: Chapter, task: () => Promise<T>): Promise<T | undefined> =>
    tryChapter(world, chapter, task);
  await attempt("pairs", () => fundSenders(world));
  const reorg = await attempt("faults", () => reorganise(world));
  const underWay = pairs(world);
  const disturb = async <T>(task: () => Promise<T>): Promise<T> => {
    await underWay.measured.catch(() => undefined);
    return task();
  };
  const [sent = []] = await Promise.all([
    attempt("pairs", () => underWay.done),
    attempt("era", () => era(world)),
    attempt("refusal", () => disturb(() => refusal(world))),
    attempt("faults", () => disturb(() => killInTheMiddle(world))),
    attempt("faults", () => disturb(() => cutEndpoint(world))),
    attempt("faults", async () => reorg?.finish()),
    attempt("heads", () => heads(world)),
  ]);
  return conclude(world, options, sent, reorg?.loss);
}

/** A chapter that breaks off is a failed check; the others go on. */
async function tryChapter<T>(world: World, chapter: Chapter, task: () => Promise<T>): Promise<T | undefined> {
  try {
    return await task();
  } catch (error) {
    if (world.signal.aborted) throw error;
    const code = error instanceof MetalayerError ? `${error.code}: ` : "";
    world.check(
      chapter,
      "the chapter ran to its end",
      false,
      `${code}${error instanceof Error ? error.message : String(error)}`,
    );
    return undefined;
  }
}

async function conclude(
  world: World,
  { guardians }: DemoOptions,
  sent: readonly PairMessages[],
  loss: FastLoss | undefined,
): Promise<DemoReport> {
  const messages = await tryChapter(world, "ledger", () => auditMessages(world, loss));
  const ledger = await tryChapter(world, "ledger", () => auditLedger(world, loss));
  const gas = await tryChapter(world, "ledger", () => gasFigures(world, sent));
  const { checks, sites } = world;
  return {
    ok: checks.every(({ ok }) => ok),
    seconds: 0,
    rollups: sites.map(({ name, chainId, blockTimeMs }) => ({ name, chainId, blockTimeMs })),
    guardians,
    messages: messages ?? 0,
    latencies: latencies(world, sent),
    gas,
    fastLoss: loss === undefined ? undefined : { sendId: loss.message.message.sendId, limitPerDay: loss.limitPerDay },
    ledger,
    checks,
  };
}
