import { mkdtempSync, readdirSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Ledger } from "../chain/ledger.ts";
import type { Devnet } from "../devnet/devnet.ts";
import { networkSteps } from "../devnet/network-steps.ts";
import { startOf } from "../devnet/processes.ts";
import { rollupPresets } from "../devnet/rollups.ts";
import { startDevnet } from "../devnet/start.ts";
import { devnetFolder } from "../devnet/state.ts";
import { stopDevnet } from "../devnet/stop.ts";
import { auditLedger, auditMessages } from "./audit.ts";
import type { Chapter, FindingTable } from "./chapter.ts";
import { openWorld } from "./open.ts";
import { tryPart } from "./parts.ts";
import type { Check, Part, World } from "./world.ts";

export interface DemoOptions {
  readonly root: string;
  readonly chapter: Chapter;
  readonly rollups: number;
  /** Undefined: as many as the chapter wants. */
  readonly guardians: number | undefined;
  /** Leave the network running, where the other commands find it. */
  readonly keep: boolean;
  readonly signal: AbortSignal;
  readonly onStep: (step: string, phase: "started" | "done" | "failed", note?: string) => void;
  readonly onNote: (part: Part, text: string) => void;
  /** What there is to count, several times a second. */
  readonly onCount: (sent: number, delivered: number) => void;
}

export interface DemoRollup {
  readonly name: string;
  readonly chainId: bigint;
  readonly blockTimeMs: number;
  /** A contract that takes messages. */
  readonly mailbox: string;
}

export interface DemoReport {
  readonly ok: boolean;
  readonly seconds: number;
  readonly rollups: readonly DemoRollup[];
  readonly guardians: number;
  readonly messages: number;
  /** What the chapter measured, by name. */
  readonly figures: Readonly<Record<string, unknown>>;
  readonly tables: readonly FindingTable[];
  readonly ledger: Ledger | undefined;
  readonly checks: readonly Check[];
}

const USUAL_GUARDIANS = 5;
const PREFIX = "metalayer-demo-";

/** Removes what demos have left behind whose process was killed. */
async function sweepDemos(): Promise<void> {
  for (const name of readdirSync(os.tmpdir())) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && startOf(Number(pid)) === undefined) await stopDevnet(path.join(os.tmpdir(), name));
  }
}

/** Brings a network up, plays a chapter on it, and takes it down. Throws only if the network does not start, or when interrupted. */
export async function runDemo(options: DemoOptions): Promise<DemoReport> {
  const { root, keep, chapter, signal } = options;
  const started = performance.now();
  await sweepDemos();
  const folder = keep ? devnetFolder(root) : mkdtempSync(path.join(os.tmpdir(), `${PREFIX}${process.pid}-`));
  const given = { root, folder, rollups: rollupPresets(options.rollups), endpointsPerNode: 3, detached: keep, signal };
  const guardians = options.guardians ?? chapter.guardians?.least ?? USUAL_GUARDIANS;
  const weightOf = chapter.guardians?.weightOf;
  const weights = weightOf === undefined ? undefined : (index: number) => weightOf(index, guardians);
  const devnet = await startDevnet(
    { ...given, onProgress: options.onStep },
    networkSteps(guardians, { weightOf: weights }),
  );
  let isKept = false;
  try {
    const report = { ...(await play(devnet, options)), guardians };
    isKept = keep;
    return { ...report, seconds: (performance.now() - started) / 1_000 };
  } finally {
    if (!isKept) await devnet.stop();
  }
}

async function play(devnet: Devnet, options: DemoOptions): Promise<Omit<DemoReport, "guardians">> {
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
    return await playChapter(world, options);
  } finally {
    clearInterval(counting);
    ending.abort();
    await ended();
  }
}

/** The chapter, then what must hold after every one. */
async function playChapter(world: World, { chapter }: DemoOptions): Promise<Omit<DemoReport, "guardians">> {
  const played = await chapter.play(world);
  const messages = await tryPart(world, "ledger", () => auditMessages(world, played));
  const ledger = await tryPart(world, "ledger", () => auditLedger(world, played));
  const { figures, tables } = await played.conclude();
  const { checks, sites } = world;
  return {
    ok: checks.every(({ ok }) => ok),
    seconds: 0,
    rollups: sites.map(({ name, chainId, blockTimeMs, mailboxes }) => {
      return { name, chainId, blockTimeMs, mailbox: mailboxes.final };
    }),
    messages: messages ?? 0,
    figures,
    tables,
    ledger,
    checks,
  };
}
