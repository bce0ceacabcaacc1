import { readFileSync } from "node:fs";
import { z } from "zod";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import type { Lane } from "../../sdk/src/route.ts";
import { createEndpoint } from "../chain/endpoint.ts";
import type { FeeLimits } from "../chain/fees.ts";
import { finalitySchema } from "../chain/finality.ts";
import type { RpcPool } from "../chain/pool.ts";
import { createPool } from "../chain/pool.ts";
import type { Quorum } from "../chain/quorum.ts";
import { createQuorum } from "../chain/quorum.ts";
import { readCapabilities } from "../probe/capabilities.ts";

const hexOf = (bytes: number): z.ZodType<Hex> =>
  z.custom<Hex>(
    (value) => typeof value === "string" && new RegExp(`^0x[0-9a-fA-F]{${2 * bytes}}$`).test(value),
    `must be 0x and ${2 * bytes} hex digits`,
  );

export const addressSchema: z.ZodType<Address> = hexOf(20);
export const hashSchema: z.ZodType<Hex> = hexOf(32);
const chainIdSchema = z.int().positive().transform(BigInt);
const urlSchema = z.url({ protocol: /^https?$/ });

/** One rollup of the network, as an operator of a guardian or relayer knows it. */
const settingsSchema = z.strictObject({
  name: z.string().min(1).max(64),
  chainId: chainIdSchema,
  incarnation: z.int().min(1).max(16_383).default(1).transform(BigInt),
  /** RPC endpoints (n), each of another operator. */
  rpc: z.array(urlSchema).min(1).max(16),
  /** How many of them have to agree (k) before a guardian believes anything. Default: more than half. */
  agree: z.int().min(1).optional(),
  /** Where new heads are pushed; polling alone does as well, a little later. */
  webSocket: z.url({ protocol: /^wss?$/ }).optional(),
  /** What `./metalayer probe --write` found out: gives blockTimeMs, finality and maxLogRange where they are left out. */
  capabilities: z.string().optional(),
  blockTimeMs: z.number().positive(),
  finality: finalitySchema,
  /** Block of the gateway's deployment: history begins there. */
  fromBlock: z.int().min(0).default(0),
  /** Most blocks asked for at once in eth_getLogs. */
  maxLogRange: z.int().min(1).default(5_000),
  contracts: z.strictObject({
    gateway: addressSchema,
    guardianSet: addressSchema,
    inbox: addressSchema.optional(),
    anchorLog: addressSchema.optional(),
    guardianSlashing: addressSchema.optional(),
    broadcaster: addressSchema.optional(),
    subscriptions: addressSchema.optional(),
    automations: addressSchema.optional(),
    stateRequests: addressSchema.optional(),
  }),
});

export const rollupSchema = z.preprocess(completed, settingsSchema);

/** Adds what the capability file knows and the settings leave out. Throws what readCapabilities throws, and CONFIG_INVALID. */
function completed(given: unknown): unknown {
  const named = z.looseObject({ capabilities: z.string(), chainId: z.unknown() }).safeParse(given);
  if (!named.success) return given;
  const { capabilities: file, chainId: expected } = named.data;
  const { chainId, blockTimeMs, finality, maxLogRange } = readCapabilities(file);
  if (String(expected) === chainId) return { blockTimeMs, finality, maxLogRange, ...named.data };
  const message = `The capability file ${file} is of chain ${chainId}, not ${String(expected)}.`;
  throw new MetalayerError("CONFIG_INVALID", message, { file, chainId });
}

const gwei = z
  .number()
  .min(0)
  .max(1e9)
  .transform((value) => BigInt(Math.round(value * 1e9)));

/** What a transaction may cost. */
export const gasPriceSchema = z
  .strictObject({ ceilingGwei: gwei, minTipGwei: gwei, maxTipGwei: gwei })
  .default({ ceilingGwei: 500_000_000_000n, minTipGwei: 1_000_000n, maxTipGwei: 50_000_000_000n })
  .transform(({ ceilingGwei: ceiling, minTipGwei: minTip, maxTipGwei: maxTip }): FeeLimits => ({
    ceiling,
    minTip,
    maxTip,
  }));

/** The part that guardians and relayers share. Both may have their settings in one file. */
export const networkSchema = z.object({
  networkId: hashSchema,
  rollups: z
    .array(rollupSchema)
    .min(2)
    .max(256)
    .refine((rollups) => new Set(rollups.map(({ chainId }) => chainId)).size === rollups.length, {
      message: "a chain id is listed twice",
    }),
});

export type RollupConfig = z.infer<typeof rollupSchema>;
export type NetworkConfig = z.infer<typeof networkSchema>;

/** Reads and checks a JSON file of settings. Throws CONFIG_UNREADABLE or CONFIG_INVALID, which names every wrong setting. */
export function readConfig<T>(file: string, schema: z.ZodType<T>): T {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? "is no JSON" : "cannot be read";
    throw new MetalayerError("CONFIG_UNREADABLE", `The settings file ${file} ${reason}.`, { file }, { cause });
  }
  const checked = schema.safeParse(parsed);
  if (checked.success) return checked.data;
  const problems = checked.error.issues.map(({ path, message }) => `${path.join(".") || "(top)"}: ${message}`);
  throw new MetalayerError("CONFIG_INVALID", `The settings file ${file} is wrong: ${problems.join("; ")}.`, {
    file,
    problems,
  });
}

/** The lane between two rollups of the network. */
export function laneBetween(
  { networkId }: Pick<NetworkConfig, "networkId">,
  src: RollupConfig,
  dst: RollupConfig,
): Lane {
  return {
    networkId,
    srcChainId: src.chainId,
    dstChainId: dst.chainId,
    srcIncarnation: src.incarnation,
    dstIncarnation: dst.incarnation,
    srcGateway: src.contracts.gateway,
    dstGateway: dst.contracts.gateway,
  };
}

export interface ChainAccess {
  readonly pool: RpcPool;
  readonly quorum: Quorum;
}

/** Connections to one rollup. Throws CONFIG_QUORUM if the endpoints cannot form the quorum asked for. */
export function openChain(rollup: RollupConfig, timeoutMs = 5_000): ChainAccess {
  const { name, chainId, blockTimeMs, rpc, agree } = rollup;
  const endpoints = rpc.map((url) => createEndpoint({ url, timeoutMs }));
  const k = agree ?? Math.floor(rpc.length / 2) + 1;
  return {
    pool: createPool({ rollup: name, chainId, blockTimeMs, endpoints }),
    quorum: createQuorum({ rollup: name, chainId, endpoints, k, timeoutMs }),
  };
}
