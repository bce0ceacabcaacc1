import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { z } from "zod";
import { delay } from "../chain/tasks.ts";
import { writeJsonAtomically } from "./files.ts";

/** A process as it can be found again: its number together with the moment of its start, since numbers are reused. */
export const identitySchema = z.strictObject({ pid: z.int().positive(), started: z.string().min(1) });

export type ProcessIdentity = z.infer<typeof identitySchema>;

export const recordSchema = z.strictObject({
  process: identitySchema,
  label: z.string(),
  /** Whose life it shares. Null: it lives until it is stopped. */
  owner: identitySchema.nullable(),
  /** Folders of its own, removed with it. */
  folders: z.array(z.string()),
});

export type ProcessRecord = z.infer<typeof recordSchema>;

/** When the process began, as a text that no later process with its number has. Undefined if there is none alive. */
export function startOf(pid: number): string | undefined {
  try {
    if (process.platform === "linux") {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      // From the third field on: the state (Z: ended, not yet collected); the 22nd is the start in ticks since boot.
      return fields[0] === "Z" || fields[19] === undefined ? undefined : `${bootId()}:${fields[19]}`;
    }
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim() || undefined;
  } catch {
    return undefined;
  }
}

function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

export function identify(pid: number): ProcessIdentity | undefined {
  const started = startOf(pid);
  return started === undefined ? undefined : { pid, started };
}

export function isAlive({ pid, started }: ProcessIdentity): boolean {
  return startOf(pid) === started;
}

/** Where processes that belong to no devnet folder (tests, demos) are recorded. */
export function defaultProcessFolder(): string {
  return path.join(os.tmpdir(), `metalayer-processes-${os.userInfo().uid}`);
}

function recordPath(folder: string, { process: { pid } }: ProcessRecord): string {
  return path.join(folder, `${pid}.json`);
}

/** Notes a process that was started, so that it can be ended even after whoever started it was killed. */
export function recordProcess(folder: string, record: ProcessRecord): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeJsonAtomically(recordPath(folder, record), record);
}

export function readRecords(folder: string): ProcessRecord[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names.filter((name) => name.endsWith(".json")).flatMap((name) => readRecord(path.join(folder, name)));
}

function readRecord(file: string): ProcessRecord[] {
  try {
    return [recordSchema.parse(JSON.parse(readFileSync(file, "utf8")))];
  } catch {
    // Taken away by another run meanwhile, or no record at all.
    return [];
  }
}

/** Asks the process to end, forces it after `graceMs`, and removes its record and folders. */
export async function endProcess(folder: string, record: ProcessRecord, graceMs = 3_000): Promise<void> {
  signalIfAlive(record.process, "SIGTERM");
  await untilGone(record.process, graceMs);
  signalIfAlive(record.process, "SIGKILL");
  await untilGone(record.process, 2_000);
  forgetProcess(folder, record);
}

async function untilGone(identity: ProcessIdentity, limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (isAlive(identity) && performance.now() < deadline) await delay(10);
}

/** Removes the record and the folders of a process that has ended. */
export function forgetProcess(folder: string, record: ProcessRecord): void {
  for (const own of record.folders) rmSync(own, { recursive: true, force: true });
  rmSync(recordPath(folder, record), { force: true });
}

function signalIfAlive(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch {
    // It ended in between.
  }
}

/** Ends everything whose owner is gone and removes what ended processes left behind. Returns how many it ended. */
export async function sweep(folder: string): Promise<number> {
  const records = readRecords(folder);
  const orphans = records.filter(({ process: own, owner }) => isAlive(own) && owner !== null && !isAlive(owner));
  await Promise.all(orphans.map((record) => endProcess(folder, record)));
  for (const record of records) if (!isAlive(record.process)) forgetProcess(folder, record);
  return orphans.length;
}
