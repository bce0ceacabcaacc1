import { readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { finalitySchema } from "../chain/finality.ts";
import { writeJsonAtomically } from "./files.ts";
import { identitySchema } from "./processes.ts";

const urlSchema = z.url({ protocol: /^https?$/ });

export const devnetRollupSchema = z.strictObject({
  name: z.string().min(1),
  chainId: z.int().positive(),
  blockTimeMs: z.number().positive(),
  finality: finalitySchema,
  /** The node itself, anvil's own methods included. */
  nodeUrl: urlSchema,
  webSocketUrl: z.url({ protocol: /^wss?$/ }),
  /** What guardians, relayers and users are to use: faulty-capable endpoints, or the node itself. */
  rpc: z.array(urlSchema).min(1),
  /** How many of them a guardian needs to agree. */
  agree: z.int().positive(),
  node: identitySchema,
  /** Block of the deployment, and the addresses of the contracts by name. */
  fromBlock: z.int().min(0).default(0),
  contracts: z.record(z.string(), z.string()).default({}),
});

export const devnetServiceSchema = z.strictObject({
  kind: z.enum(["endpoints", "guardian", "relayer", "watch"]),
  name: z.string().min(1),
  url: urlSchema.optional(),
  process: identitySchema,
});

/** What a running local network tells those who want to use it. */
export const devnetStateSchema = z.strictObject({
  version: z.literal(1),
  startedAt: z.iso.datetime(),
  /** False until every step of the start is done. */
  ready: z.boolean(),
  networkId: z.string().optional(),
  /** Seconds; what suits programs if left out. */
  votingPeriod: z.int().positive().optional(),
  rollups: z.array(devnetRollupSchema).min(1),
  services: z.array(devnetServiceSchema),
  /** Files made for it (settings, keys), by what they are. */
  files: z.record(z.string(), z.string()).default({}),
});

export type DevnetRollup = z.infer<typeof devnetRollupSchema>;
export type DevnetService = z.infer<typeof devnetServiceSchema>;
export type DevnetState = z.infer<typeof devnetStateSchema>;

/** Where the network of this checkout lives. */
export function devnetFolder(root: string): string {
  return path.join(root, ".metalayer/devnet");
}

export function statePath(folder: string): string {
  return path.join(folder, "state.json");
}

export function processFolder(folder: string): string {
  return path.join(folder, "processes");
}

/** The running network's description, or undefined if there is none. Throws DEVNET_STATE if it cannot be understood. */
export function findDevnet(folder: string): DevnetState | undefined {
  const file = statePath(folder);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
  try {
    return devnetStateSchema.parse(JSON.parse(text));
  } catch (cause) {
    const message = `${file} is not understood; run ./metalayer devnet stop, then start again.`;
    throw new MetalayerError("DEVNET_STATE", message, { file }, { cause });
  }
}

/** The running network's description. Throws DEVNET_NOT_RUNNING or DEVNET_STATE. */
export function readDevnet(folder: string): DevnetState {
  const state = findDevnet(folder);
  if (state !== undefined) return state;
  throw new MetalayerError(
    "DEVNET_NOT_RUNNING",
    "No local network is running; start one with ./metalayer devnet start.",
    {
      folder,
    },
  );
}

export function writeDevnet(folder: string, state: DevnetState): void {
  writeJsonAtomically(statePath(folder), devnetStateSchema.parse(state));
}
