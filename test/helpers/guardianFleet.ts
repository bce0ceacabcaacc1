import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pino } from "pino";
import { toHex, uintBytes, type Hex } from "../../sdk/src/bytes.ts";
import { guardianSchema } from "../../scripts/guardian/config.ts";
import { loadKey } from "../../scripts/guardian/keystore.ts";
import type { GuardianService } from "../../scripts/guardian/service.ts";
import { startGuardian } from "../../scripts/guardian/service.ts";
import { freePort } from "../../scripts/devnet/children.ts";
import type { RollupSettings } from "./daemonNetwork.ts";

/** One guardian's files and address, and the service while it runs in this process. */
export interface TestSeat {
  readonly index: number;
  readonly folder: string;
  readonly configFile: string;
  readonly keyFile: string;
  readonly recordFile: string;
  readonly url: string;
  service: GuardianService | undefined;
}

export interface Fleet {
  readonly seats: readonly TestSeat[];
  /** Runs a guardian in this process. */
  start(index: number): Promise<GuardianService>;
  /** Runs a guardian as a process of its own, until it answers. */
  spawn(index: number): Promise<ChildProcess>;
  /** Runs a guardian that is expected to refuse to start. Returns what it said. */
  spawnRefused(index: number): Promise<string>;
  stop(index: number): Promise<void>;
  close(): Promise<void>;
}

/** What of a network its guardians and relayers need. */
export interface FleetNetwork {
  readonly networkId: Hex;
  readonly rollups: readonly { readonly settings: RollupSettings }[];
  readonly guardians: readonly { readonly secret: bigint; readonly operator: { readonly address: string } }[];
}

/** Settings, keys and empty records for every guardian of the network; none runs yet. */
export async function createFleet(
  network: FleetNetwork,
  extra: Readonly<Record<string, unknown>> = {},
): Promise<Fleet> {
  const root = mkdtempSync(path.join(os.tmpdir(), "metalayer-guardians-"));
  const seats = await Promise.all(network.guardians.map((_, index) => createSeat(network, root, index, extra)));
  const children = new Set<ChildProcess>();
  const at = (index: number): TestSeat => {
    const seat = seats[index];
    if (seat === undefined) throw new Error(`no guardian ${index}`);
    return seat;
  };
  const stop = async (index: number): Promise<void> => {
    const seat = at(index);
    await seat.service?.close();
    seat.service = undefined;
  };
  return {
    seats,
    async start(index) {
      const seat = at(index);
      const config = guardianSchema.parse(JSON.parse(readText(seat.configFile)));
      const log = pino({ level: process.env["TEST_LOG"] ?? "silent", base: { guardian: index } }, pino.destination(2));
      seat.service = await startGuardian(config, await loadKey(seat.keyFile, undefined), log);
      return seat.service;
    },
    spawn: (index) => spawnGuardian(at(index), children),
    spawnRefused: async (index) => {
      const { child, errors } = launch(at(index), children);
      await new Promise((resolve) => child.once("exit", resolve));
      return `${child.exitCode}: ${errors()}`;
    },
    stop,
    async close() {
      await Promise.all([...children].map((child) => endChild(child)));
      await Promise.all(seats.map(({ index }) => stop(index)));
      rmSync(root, { recursive: true, force: true });
    },
  };
}

async function createSeat(
  network: FleetNetwork,
  root: string,
  index: number,
  extra: Readonly<Record<string, unknown>>,
): Promise<TestSeat> {
  const folder = mkdtempSync(path.join(root, `guardian-${index}-`));
  const file = (name: string): string => path.join(folder, name);
  const port = await freePort();
  const secretKey = toHex(uintBytes("secret", network.guardians[index]?.secret ?? 0n, 32));
  writeFileSync(file("key.json"), JSON.stringify({ secretKey }), { mode: 0o600 });
  const guardian = { keyFile: file("key.json"), recordFile: file("record.db"), port, logLevel: "warn", ...extra };
  const rollups = network.rollups.map(({ settings }) => settings);
  writeFileSync(file("config.json"), JSON.stringify({ networkId: network.networkId, rollups, guardian }));
  return {
    index,
    folder,
    configFile: file("config.json"),
    keyFile: file("key.json"),
    recordFile: file("record.db"),
    url: `http://127.0.0.1:${port}`,
    service: undefined,
  };
}

function launch(seat: TestSeat, children: Set<ChildProcess>): { child: ChildProcess; errors: () => string } {
  const script = path.resolve(import.meta.dirname, "../../scripts/guardian/index.ts");
  const args = ["--import", import.meta.resolve("tsx"), script, seat.configFile];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  child.stderr.on("data", (part: Buffer) => (errors += part.toString()));
  children.add(child);
  child.once("exit", () => children.delete(child));
  return { child, errors: () => errors };
}

async function spawnGuardian(seat: TestSeat, children: Set<ChildProcess>): Promise<ChildProcess> {
  const { child, errors } = launch(seat, children);
  for (const deadline = performance.now() + 60_000; ;) {
    const answer = await fetch(new URL("/healthz", seat.url)).catch(() => undefined);
    if (answer?.ok === true) return child;
    if (child.exitCode !== null || performance.now() > deadline) throw new Error(`guardian did not start: ${errors()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Ends a child process of a test and waits until it is gone. */
export function endChild(child: ChildProcess, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill(signal);
  return gone;
}

function readText(file: string): string {
  return readFileSync(file, "utf8");
}
