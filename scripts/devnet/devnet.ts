import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { FUNDED_ACCOUNTS } from "./accounts.ts";
import type { Anvil } from "./anvil.ts";
import { startAnvil } from "./anvil.ts";
import type { Child } from "./children.ts";
import { startChild } from "./children.ts";
import { endProcess } from "./processes.ts";
import type { RollupPreset } from "./rollups.ts";
import type { DevnetRollup, DevnetService, DevnetState } from "./state.ts";
import { processFolder, writeDevnet } from "./state.ts";
import { stopDevnet } from "./stop.ts";

export interface DevnetOptions {
  /** Repository, whose programs the services run. */
  readonly root: string;
  /** Everything that the network writes goes there, and is gone after a stop. */
  readonly folder: string;
  readonly rollups: readonly RollupPreset[];
  /** RPC endpoints in front of each node that can be made to fail; guardians need a majority. 0: the node itself. */
  readonly endpointsPerNode: number;
  /** Nodes keep their state in files, so that they can be started again. Default false. */
  readonly keepStates?: boolean;
  /** True: it runs until it is stopped. False: it ends with this process, however that ends. */
  readonly detached: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Told before and after each step. */
  readonly onProgress?: (step: string, phase: "started" | "done" | "failed", note?: string) => void;
}

/** Something done in order when a network starts: deploy, guardians, a relayer. Returns a note for people. */
export interface DevnetStep {
  readonly name: string;
  run(devnet: Devnet, signal: AbortSignal | undefined): Promise<string | undefined>;
}

/** One of our own programs, run as a process that ends with the network. */
export interface ServiceOptions {
  readonly kind: DevnetService["kind"];
  readonly name: string;
  /** Relative to the repository. */
  readonly script: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where it can be reached, for the description. */
  readonly url?: string;
}

/** A local network that is being started, or runs. */
export interface Devnet {
  readonly options: DevnetOptions;
  readonly state: DevnetState;
  readonly nodes: readonly Anvil[];
  /** Services by name; one that was started again under its name replaces the old one. */
  readonly services: ReadonlyMap<string, Child>;
  startNodes(): Promise<void>;
  /** Starts one more node beside those that run; nothing is deployed on it. */
  addNode(preset: RollupPreset): Promise<void>;
  /** Stops every node and starts it at its old place with its old state; only with `keepStates`. */
  restartNodes(): Promise<void>;
  startService(service: ServiceOptions): Promise<Child>;
  /** Changes the description and writes it. */
  update(change: (state: DevnetState) => DevnetState): void;
  /** Ends every process and removes every file of the network. */
  stop(): Promise<void>;
}

const SAVING_MS = 60_000;

export function createDevnet(options: DevnetOptions): Devnet {
  const presets = [...options.rollups];
  let nodes: readonly Anvil[] = [];
  const services = new Map<string, Child>();
  let state: DevnetState = {
    version: 1,
    startedAt: new Date().toISOString(),
    ready: false,
    rollups: [],
    services: [],
    files: {},
  };
  const update: Devnet["update"] = (change) => {
    state = change(state);
    writeDevnet(options.folder, state);
  };
  return {
    options,
    get state() {
      return state;
    },
    get nodes() {
      return nodes;
    },
    services,
    async startNodes() {
      nodes = await Promise.all(presets.map((preset) => startNode(options, preset)));
      update((old) => ({ ...old, rollups: nodes.map((node, index) => describeNode(node, presets[index])) }));
    },
    async addNode(preset) {
      const node = await startNode(options, preset);
      presets.push(preset);
      nodes = [...nodes, node];
      update((old) => ({ ...old, rollups: [...old.rollups, describeNode(node, preset)] }));
    },
    async restartNodes() {
      nodes = await restartAll(options, nodes, presets);
      const places = nodes.map((node) => node.record.process);
      update((old) => ({
        ...old,
        rollups: old.rollups.map((rollup, index) => ({ ...rollup, node: places[index] ?? rollup.node })),
      }));
    },
    async startService(service) {
      const child = await startProgram(options, service);
      services.set(service.name, child);
      const { kind, name, url } = service;
      const entry = { kind, name, process: child.record.process, ...(url === undefined ? {} : { url }) };
      update((old) => ({ ...old, services: [...old.services.filter((other) => other.name !== name), entry] }));
      return child;
    },
    update,
    async stop() {
      // Those that end with this process wait for its word; the rest is found by its records.
      await Promise.all([...services.values()].map((child) => child.stop()));
      await Promise.all(nodes.map((node) => node.stop()));
      await stopDevnet(options.folder);
    },
  };
}

/** Stops nodes and starts them again at their old places. */
async function restartAll(
  options: DevnetOptions,
  nodes: readonly Anvil[],
  presets: readonly RollupPreset[],
): Promise<readonly Anvil[]> {
  const ports = nodes.map(({ port }) => port);
  const folder = processFolder(options.folder);
  // Writing the state takes its time; nothing may cut it short.
  await Promise.all(nodes.map((node) => endProcess(folder, node.record, SAVING_MS).then(() => node.stop())));
  return Promise.all(presets.map((preset, index) => startNode(options, preset, ports[index])));
}

function startNode(options: DevnetOptions, preset: RollupPreset, port?: number): Promise<Anvil> {
  const { name, chainId, blockTime, slotsInAnEpoch } = preset;
  return startAnvil({
    name,
    chainId,
    blockTime,
    slotsInAnEpoch,
    accounts: FUNDED_ACCOUNTS,
    port,
    stateFile: options.keepStates === true ? path.join(options.folder, `${name}.state.json`) : undefined,
    processFolder: processFolder(options.folder),
    detachedLog: logFile(options, name),
  });
}

function logFile({ detached, folder }: DevnetOptions, name: string): string | undefined {
  return detached ? path.join(folder, `${name}.log`) : undefined;
}

function describeNode(node: Anvil, preset: RollupPreset | undefined): DevnetRollup {
  if (preset === undefined) throw new Error("a node per preset");
  const { name, chainId, blockTime, finality } = preset;
  return {
    name,
    chainId,
    blockTimeMs: blockTime * 1_000,
    finality,
    nodeUrl: node.url,
    webSocketUrl: node.webSocketUrl,
    rpc: [node.url],
    agree: 1,
    node: node.record.process,
    fromBlock: 0,
    contracts: {},
  };
}

/** What lets Node run our TypeScript. */
function typeScriptLoader(): string {
  return pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
}

async function startProgram(options: DevnetOptions, service: ServiceOptions): Promise<Child> {
  const { name, script, args, env = {} } = service;
  const child = await startChild({
    label: name,
    command: process.execPath,
    args: ["--max-semi-space-size=4", "--import", typeScriptLoader(), path.join(options.root, script), ...args],
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", HOME: options.folder, ...env },
    processFolder: processFolder(options.folder),
    detachedLog: logFile(options, name),
  });
  if (child.ended) throw new MetalayerError("DEVNET_PROCESS", `${name} ended at once: ${child.output()}`, { name });
  return child;
}
