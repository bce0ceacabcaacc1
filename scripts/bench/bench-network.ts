import { mkdtempSync, readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Wallet } from "ethers";
import type { Hex } from "../../sdk/src/bytes.ts";
import { delay } from "../chain/tasks.ts";
import { closeConnection } from "../cli/connection.ts";
import type { Call } from "../demo/account.ts";
import { openWorld } from "../demo/open.ts";
import type { Site, World } from "../demo/world.ts";
import { devAccount } from "../devnet/accounts.ts";
import type { Child } from "../devnet/children.ts";
import { freePort } from "../devnet/children.ts";
import type { Devnet } from "../devnet/devnet.ts";
import { guardiansStep } from "../devnet/guardians.ts";
import { protocolStep } from "../devnet/protocol.ts";
import type { RelayerChoice } from "../devnet/relayer.ts";
import { startRelayer, untilRelayerReady } from "../devnet/relayer.ts";
import type { RollupPreset } from "../devnet/rollups.ts";
import { startDevnet } from "../devnet/start.ts";

export interface FieldOptions {
  readonly root: string;
  readonly rollups: number;
  /** Of all of them. */
  readonly blockTimeMs: number;
  /** Blocks between finality tags: final is twice as many below the newest. */
  readonly slotsInAnEpoch?: number;
  readonly guardians: number;
  readonly endpointsPerNode: number;
  /** Seconds of a guardian table. */
  readonly epochLength?: bigint;
  /** Nodes can be started again with their state. */
  readonly keepStates?: boolean;
  readonly signal: AbortSignal;
  readonly note: (text: string) => void;
}

/** A network of real processes, all of whose rollups make blocks alike, with everything that is needed to watch it. */
export interface Field {
  readonly devnet: Devnet;
  readonly world: World;
  close(): Promise<void>;
}

const FIRST_CHAIN_ID = 8_101;

export function evenPresets({ rollups, blockTimeMs, slotsInAnEpoch = 1 }: FieldOptions): RollupPreset[] {
  return Array.from({ length: rollups }, (_, index) => ({
    name: `rollup${String.fromCharCode("A".charCodeAt(0) + index)}`,
    chainId: FIRST_CHAIN_ID + index,
    blockTime: blockTimeMs / 1_000,
    slotsInAnEpoch,
    finality: { kind: "tag", tag: "finalized" },
  }));
}

/** Nodes, contracts and guardians; relayers are started by those who measure them. */
export async function openField(options: FieldOptions): Promise<Field> {
  const { root, guardians, endpointsPerNode, epochLength = 180n, keepStates = false, note } = options;
  const folder = mkdtempSync(path.join(os.tmpdir(), "metalayer-bench-"));
  const ending = new AbortController();
  const signal = AbortSignal.any([options.signal, ending.signal]);
  const given = { root, folder, rollups: evenPresets(options), endpointsPerNode, keepStates, detached: false, signal };
  const steps = [protocolStep(guardians, { epochLength }), guardiansStep(guardians)];
  const devnet = await startDevnet(given, steps);
  try {
    const { world, ended } = await openWorld(devnet, [], signal, (_, text) => note(text));
    return {
      devnet,
      world,
      async close() {
        ending.abort();
        await ended();
        world.sites.forEach(({ connection }) => closeConnection(connection));
        await devnet.stop();
      },
    };
  } catch (error) {
    await devnet.stop();
    throw error;
  }
}

/** A relayer's process, with what it says of itself. */
export interface RunningRelayer {
  readonly child: Child;
  readonly port: number;
  /** Wall clock at which it was started, in milliseconds. */
  readonly startedAt: number;
  metrics(): Promise<ReadonlyMap<string, number>>;
  memory(): Memory;
}

export interface Memory {
  readonly rssMb: number;
  readonly peakMb: number;
}

export async function runRelayer(devnet: Devnet, signal: AbortSignal, choice?: RelayerChoice): Promise<RunningRelayer> {
  const port = await freePort();
  const startedAt = Date.now();
  const child = await startRelayer(devnet, port, choice);
  await untilRelayerReady(child, port, signal);
  return {
    child,
    port,
    startedAt,
    metrics: () => readMetrics(port),
    memory: () => readMemory(child.pid),
  };
}

/** Sums of a relayer's counters and gauges over their labels, by name. */
async function readMetrics(port: number): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const sums = new Map<string, number>();
  for (const [, name, value] of text.matchAll(/^(\w+)(?:\{[^}]*\})? (\S+)$/gm)) {
    if (name !== undefined) sums.set(name, (sums.get(name) ?? 0) + Number(value));
  }
  return sums;
}

/** As Linux counts it; zeros elsewhere. */
export function readMemory(pid: number): Memory {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const kb = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? 0);
    return { rssMb: Math.round(kb("VmRSS") / 1_024), peakMb: Math.round(kb("VmHWM") / 1_024) };
  } catch {
    return { rssMb: 0, peakMb: 0 };
  }
}

/** Sends many transactions of one account as fast as the node takes them, in batches. Returns their hashes. */
export async function sendMany({ connection, node }: Site, account: number, calls: readonly Call[]): Promise<Hex[]> {
  const { key, address } = devAccount(account);
  const wallet = new Wallet(key);
  const first = Number(await node.rpc("eth_getTransactionCount", address, "pending"));
  const fees = {
    type: 2,
    chainId: connection.chainId,
    maxFeePerGas: 20_000_000_000n,
    maxPriorityFeePerGas: 1_000_000n,
  };
  const hashes: Hex[] = [];
  for (let at = 0; at < calls.length; at += BATCH) {
    const part = calls.slice(at, at + BATCH);
    const raws = await Promise.all(
      part.map(({ to, data, gas = 200_000n }, index) =>
        wallet.signTransaction({ ...fees, nonce: first + at + index, to, data, gasLimit: gas }),
      ),
    );
    const outcomes = await connection.pool.batch(
      raws.map((raw) => ({ method: "eth_sendRawTransaction", params: [raw] })),
    );
    for (const outcome of outcomes) {
      if (!outcome.ok) throw outcome.error;
      // CAST: a hash.
      hashes.push(outcome.result as Hex);
    }
  }
  return hashes;
}

const BATCH = 100;

/** Makes the rollups' blocks come at evenly spread moments, where block times are whole seconds. */
export async function spreadBlocks({ world }: Field): Promise<void> {
  const { sites, signal } = world;
  for (const { node, blockTimeMs } of sites) {
    if (blockTimeMs % 1_000 !== 0) return;
    await node.rpc("evm_setIntervalMining", blockTimeMs / 1_000);
    await delay(blockTimeMs / sites.length, signal);
  }
}
