import { mkdirSync } from "node:fs";
import path from "node:path";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { abortedError } from "../chain/tasks.ts";
import type { Devnet, DevnetOptions, DevnetStep } from "./devnet.ts";
import { createDevnet } from "./devnet.ts";
import { startEndpoints } from "./endpoints.ts";
import { takeLock } from "./lock.ts";
import { isAlive } from "./processes.ts";
import type { DevnetState } from "./state.ts";
import { findDevnet } from "./state.ts";
import { stopDevnet } from "./stop.ts";

const NODES: DevnetStep = {
  name: "nodes",
  async run(devnet) {
    await devnet.startNodes();
    return devnet.state.rollups.map(({ name, chainId }) => `${name} (${chainId})`).join(", ");
  },
};

const ENDPOINTS: DevnetStep = {
  name: "RPC endpoints",
  async run(devnet) {
    const { endpointsPerNode } = devnet.options;
    if (endpointsPerNode === 0) return "the nodes themselves";
    await startEndpoints(devnet);
    return `${endpointsPerNode} in front of each node`;
  },
};

/**
 * Starts nodes and endpoints, then takes the steps in order. If one fails or the signal fires, everything is stopped
 * again. Throws DEVNET_RUNNING, DEVNET_BUSY, ABORTED, or what the step threw.
 */
export async function startDevnet(options: DevnetOptions, steps: readonly DevnetStep[] = []): Promise<Devnet> {
  const { folder, onProgress = () => undefined, signal } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const release = takeLock(path.join(folder, "start.lock"));
  try {
    await clearLeftovers(folder);
    const devnet = createDevnet(options);
    for (const step of [NODES, ENDPOINTS, ...steps]) {
      if (signal?.aborted === true) throw abortedError(signal);
      onProgress(step.name, "started");
      const note = await step.run(devnet, signal).catch((error: unknown) => {
        onProgress(step.name, "failed");
        throw error;
      });
      onProgress(step.name, "done", note);
    }
    devnet.update((state) => ({ ...state, ready: true }));
    release();
    return devnet;
  } catch (error) {
    release();
    // A network that already ran is not ours to stop.
    if (!(error instanceof MetalayerError && error.code === "DEVNET_RUNNING")) await stopDevnet(folder);
    throw error;
  }
}

/** Ends what a killed start or a crash has left. */
async function clearLeftovers(folder: string): Promise<void> {
  const state = readableState(folder);
  const running = state?.rollups.filter(({ node }) => isAlive(node)) ?? [];
  if (running.length === 0 || state?.ready !== true) {
    await stopDevnet(folder, true);
    return;
  }
  const message = "A local network is already running; stop it with ./metalayer devnet stop.";
  throw new MetalayerError("DEVNET_RUNNING", message, { rollups: running.map(({ name }) => name) });
}

function readableState(folder: string): DevnetState | undefined {
  try {
    return findDevnet(folder);
  } catch {
    return undefined;
  }
}
