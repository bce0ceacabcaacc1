import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pino } from "pino";
import { toHex, uintBytes } from "../../sdk/src/bytes.ts";
import { guardianSchema } from "../../scripts/guardian/config.ts";
import { loadKey } from "../../scripts/guardian/keystore.ts";
import type { GuardianService } from "../../scripts/guardian/service.ts";
import { startGuardian } from "../../scripts/guardian/service.ts";
import { freePort } from "../../scripts/devnet/children.ts";
import type { AnvilNetwork } from "./daemonNetwork.ts";

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
  start(index: number): Promise<GuardianService>;
  stop(index: number): Promise<void>;
  close(): Promise<void>;
}

/** Settings, keys and empty records for every guardian of the network; none runs yet. */
export async function createFleet(
  network: AnvilNetwork,
  extra: Readonly<Record<string, unknown>> = {},
): Promise<Fleet> {
  const root = mkdtempSync(path.join(os.tmpdir(), "metalayer-guardians-"));
  const seats = await Promise.all(network.guardians.map((_, index) => createSeat(network, root, index, extra)));
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
    stop,
    async close() {
      await Promise.all(seats.map(({ index }) => stop(index)));
      rmSync(root, { recursive: true, force: true });
    },
  };
}

async function createSeat(
  network: AnvilNetwork,
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

function readText(file: string): string {
  return readFileSync(file, "utf8");
}
