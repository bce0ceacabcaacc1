import { mkdirSync } from "node:fs";
import path from "node:path";
import { Contract, JsonRpcProvider, Wallet } from "ethers";
import { operatorAccount } from "./accounts.ts";
import type { Child } from "./children.ts";
import { freePort } from "./children.ts";
import type { Devnet, DevnetStep } from "./devnet.ts";
import { writeJsonAtomically } from "./files.ts";
import { guardianKeyFile } from "./parameters.ts";
import { untilReady } from "./ready.ts";
import { daemonNetwork } from "./settings.ts";
import type { DevnetRollup } from "./state.ts";

/** Starts the guardians as processes of their own and lets their operators announce where they answer. */
export function guardiansStep(count: number): DevnetStep {
  return {
    name: "guardians",
    async run(devnet, signal) {
      const ports = await Promise.all(Array.from({ length: count }, freePort));
      const started = await Promise.all(ports.map((port, index) => startGuardian(devnet, index, port)));
      await announceAll(devnet.state.rollups, ports);
      await Promise.all(started.map((child, index) => untilGuardianReady(child, ports[index] ?? 0, signal)));
      return `${count} processes, each with ${devnet.state.rollups[0]?.rpc.length ?? 0} endpoints per rollup`;
    },
  };
}

/** Starts one guardian, or starts it again after it was killed: same key, same record, same port. */
export function startGuardian(devnet: Devnet, index: number, port: number): Promise<Child> {
  const name = `guardian${index + 1}`;
  const folder = path.join(devnet.options.folder, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = path.join(folder, "settings.json");
  const guardian = {
    keyFile: guardianKeyFile(devnet.options.folder, index),
    recordFile: path.join(folder, "record.db"),
    port,
    logLevel: "warn",
    followEveryMs: 1_000,
    requestsPerSecond: 500,
    burst: 1_000,
  };
  writeJsonAtomically(file, { ...daemonNetwork(devnet.state), guardian });
  const url = guardianUrl(port);
  return devnet.startService({ kind: "guardian", name, script: "scripts/guardian/index.ts", args: [file], url });
}

/** Waits until a guardian can sign about every rollup. */
export function untilGuardianReady(child: Child, port: number, signal: AbortSignal | undefined): Promise<void> {
  return untilReady(child, `${guardianUrl(port)}/v1/info`, signal, isReadyEverywhere);
}

function guardianUrl(port: number): string {
  return `http://127.0.0.1:${port}`;
}

/** Relayers find guardians by what their operators have announced on the rollup. */
export async function announceAll(rollups: readonly DevnetRollup[], ports: readonly number[]): Promise<void> {
  await Promise.all(
    rollups.map(async ({ chainId, nodeUrl, contracts }) => {
      const options = { staticNetwork: true, pollingInterval: 50, cacheTimeout: -1 };
      const provider = new JsonRpcProvider(nodeUrl, chainId, options);
      try {
        await Promise.all(
          ports.map(async (port, index) => {
            const operator = new Wallet(operatorAccount(index).key, provider);
            const set = new Contract(contracts["GuardianSet"] ?? "", ["function announce(string url)"], operator);
            // CAST: ethers makes a method of every function of the ABI.
            const announce = set["announce"] as (url: string) => Promise<{ wait(): Promise<unknown> }>;
            await (await announce(guardianUrl(port))).wait();
          }),
        );
      } finally {
        provider.destroy();
      }
    }),
  );
}

/** Whether a guardian's answer to `/v1/info` says that it can sign about every rollup. */
function isReadyEverywhere(info: unknown): boolean {
  if (typeof info !== "object" || info === null || !("rollups" in info) || !Array.isArray(info.rollups)) return false;
  return info.rollups.every((rollup: unknown) => {
    return typeof rollup === "object" && rollup !== null && "state" in rollup && rollup.state === "ready";
  });
}
