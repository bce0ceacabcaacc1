import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { quantity } from "../chain/blocks.ts";
import { createEndpoint } from "../chain/endpoint.ts";
import { delay } from "../chain/tasks.ts";
import type { Child } from "./children.ts";
import { freePort, startChild } from "./children.ts";
import type { ProcessRecord } from "./processes.ts";
import { defaultProcessFolder, sweep } from "./processes.ts";

/** Known to everybody: for local networks only, never for anything of value. */
export const DEV_MNEMONIC = "test test test test test test test test test test test junk";

export interface AnvilOptions {
  /** For messages and records. */
  readonly name: string;
  readonly chainId: number;
  /** Seconds between blocks, fractions allowed. Left out: a block at once for every transaction. */
  readonly blockTime?: number | undefined;
  /** `safe` is this many blocks below the newest one, `finalized` twice as many. Default 1. */
  readonly slotsInAnEpoch?: number | undefined;
  /** Default: any free port. */
  readonly port?: number | undefined;
  /** Of a block. Default 60,000,000. */
  readonly gasLimit?: number | undefined;
  /** Rules of the EVM. Default prague. */
  readonly hardfork?: string | undefined;
  /** Of the first block, in wei. Default 1 gwei. */
  readonly baseFee?: bigint | undefined;
  /** Accounts of DEV_MNEMONIC that hold coins. Default 30. */
  readonly accounts?: number | undefined;
  /** File that the state is read from at the start and written to at a stop, so that the rollup lives on. */
  readonly stateFile?: string | undefined;
  readonly processFolder?: string | undefined;
  /** File for the node's output. With it the node outlives this process. */
  readonly detachedLog?: string | undefined;
}

export interface Anvil {
  readonly name: string;
  readonly chainId: number;
  readonly port: number;
  readonly url: string;
  readonly webSocketUrl: string;
  readonly pid: number;
  readonly record: ProcessRecord;
  /** Any JSON-RPC method, anvil's own included, with nothing in between. */
  rpc(method: string, ...params: readonly unknown[]): Promise<unknown>;
  stop(): Promise<void>;
}

const ARCHITECTURES: Readonly<Partial<Record<NodeJS.Architecture, string>>> = { x64: "amd64", arm64: "arm64" };

/** The native binary of the npm package for this platform: the package's own launcher costs a Node process more. */
export function anvilBinary(): string {
  const { platform, arch } = process;
  const require = createRequire(import.meta.url);
  try {
    return require.resolve(`@foundry-rs/anvil-${platform}-${ARCHITECTURES[arch] ?? arch}/bin/anvil`);
  } catch (cause) {
    const message = `There is no anvil for ${platform} on ${arch} in node_modules: run npm ci with optional packages.`;
    throw new MetalayerError("DEVNET_NO_ANVIL", message, { platform, arch }, { cause });
  }
}

/** Starts a node and waits until it answers. First ends what killed runs have left behind. */
export async function startAnvil(options: AnvilOptions): Promise<Anvil> {
  const processFolder = options.processFolder ?? defaultProcessFolder();
  await sweep(processFolder);
  // A port found free may be taken a moment later.
  for (let left = options.port === undefined ? 2 : 0; ; left--) {
    const port = options.port ?? (await freePort());
    const home = mkdtempSync(path.join(os.tmpdir(), "metalayer-anvil-"));
    const child = await startChild({
      label: `anvil ${options.name}`,
      command: anvilBinary(),
      args: anvilArguments(options, port),
      env: { HOME: home, PATH: process.env["PATH"] ?? "/usr/bin:/bin" },
      processFolder,
      folder: home,
      detachedLog: options.detachedLog,
    });
    try {
      return await whenReady(options, child, port);
    } catch (error) {
      await child.stop();
      rmSync(home, { recursive: true, force: true });
      if (left === 0) throw error;
    }
  }
}

function anvilArguments(options: AnvilOptions, port: number): string[] {
  const { chainId, blockTime, slotsInAnEpoch = 1, gasLimit = 60_000_000, baseFee, accounts = 30, stateFile } = options;
  const { hardfork = "prague" } = options;
  return [
    ...["--port", String(port), "--host", "127.0.0.1", "--chain-id", String(chainId), "--hardfork", hardfork],
    ...["--mnemonic", DEV_MNEMONIC, "--accounts", String(accounts), "--gas-limit", String(gasLimit)],
    ...["--slots-in-an-epoch", String(slotsInAnEpoch), "--order", "fees", "--no-request-size-limit", "--quiet"],
    // Without it every block's state goes to disk for good. 512 states are two minutes of 250 ms blocks.
    ...["--prune-history", "512"],
    ...(blockTime === undefined ? [] : ["--block-time", String(blockTime)]),
    ...(baseFee === undefined ? [] : ["--block-base-fee-per-gas", String(baseFee)]),
    ...(stateFile === undefined ? [] : ["--state", stateFile]),
  ];
}

async function whenReady(options: AnvilOptions, child: Child, port: number): Promise<Anvil> {
  const { name, chainId } = options;
  const url = `http://127.0.0.1:${port}`;
  const endpoint = createEndpoint({ url, timeoutMs: 30_000 });
  const deadline = performance.now() + 15_000;
  for (let isReady = false; !isReady;) {
    if (child.ended || performance.now() > deadline) {
      endpoint.close();
      throw new MetalayerError("DEVNET_NODE", `The node of ${name} did not start: ${child.output()}`, { name, port });
    }
    const answer = await endpoint.request("eth_chainId", [], { timeoutMs: 1_000 }).catch(() => undefined);
    isReady = answer !== undefined && quantity(answer) === chainId;
    if (!isReady) await delay(10);
  }
  return {
    name,
    chainId,
    port,
    url,
    webSocketUrl: `ws://127.0.0.1:${port}`,
    pid: child.pid,
    record: child.record,
    rpc: (method, ...params) => endpoint.request(method, params),
    async stop() {
      endpoint.close();
      await child.stop();
    },
  };
}
