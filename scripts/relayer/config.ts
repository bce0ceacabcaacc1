import { z } from "zod";
import type { Hex } from "../../sdk/src/bytes.ts";
import type { NetworkConfig } from "../network/config.ts";
import { gasPriceSchema, networkSchema } from "../network/config.ts";

const feeUnits = z
  .string()
  .regex(/^\d{1,19}$/)
  .transform(BigInt);
const guardianUrls = z
  .record(z.string().regex(/^0x[0-9a-f]{66}$/), z.url({ protocol: /^https?$/ }))
  // CAST: the pattern makes them hex.
  .transform((urls) => new Map(Object.entries(urls)) as ReadonlyMap<string, string> as ReadonlyMap<Hex, string>);

/** Settings of a relayer, beside the network's. */
export const relayerSettings = z.strictObject({
  /** Keystore, or `{"secretKey"}` for development; without it the variable below holds the key. */
  keyFile: z.string().min(1).optional(),
  keyVariable: z.string().min(1).default("METALAYER_RELAYER_KEY"),
  passwordVariable: z.string().min(1).default("METALAYER_RELAYER_PASSWORD"),
  /** How guardians shall call it: one signing session at a time per name and address. */
  name: z.string().min(1).max(40).default("relayer"),
  host: z.string().min(1).default("127.0.0.1"),
  /** Of health and metrics; none without it. */
  port: z.int().min(0).max(65_535).optional(),
  logLevel: z.enum(["silent", "error", "warn", "info", "debug"]).default("info"),
  rpcTimeoutMs: z.int().min(100).default(5_000),
  /** Least net fee in fee units (1e-9 ERA), or bounty, for which a message is delivered. */
  minFee: feeUnits.default(0n),
  /** Deliver messages below the least fee all the same. */
  deliverUnfunded: z.boolean().default(true),
  /** Deliver on soft heads to recipients that opted in. */
  fast: z.boolean().default(true),
  maxMessages: z.int().min(1).max(1_024).default(256),
  maxTxGas: z.int().min(500_000).default(16_000_000).transform(BigInt),
  /** Gas that a message which failed for lack of it is tried with at most, beyond its own limit. */
  maxGasBoost: z.int().min(0).max(4_294_967_295).default(1_000_000).transform(BigInt),
  maxFacts: z.int().min(1).max(256).default(64),
  gasPrice: gasPriceSchema,
  /** Call `rotate()` where it is due. */
  rotate: z.boolean().default(true),
  /** Anchor a rollup's own head, and attest it to the others, when the newest is so old; 0: never. */
  anchorEverySeconds: z.int().min(0).default(0),
  /** Bring publications to those who subscribed, if they pay the least fee or `deliverUnfunded` holds; needs attested heads. */
  publications: z.boolean().default(true),
  /** Execute automations that pay the least fee or all if `deliverUnfunded` holds; has heads attested for those that pay for it. */
  automations: z.boolean().default(true),
  /** Bring heads that were asked for, if what was paid is worth the least fee or `deliverUnfunded` holds. */
  requests: z.boolean().default(true),
  /** Store a signer set's sum key on a rollup after so many uses. */
  cacheSignersAfter: z.int().min(1).default(3),
  /** Guardians' addresses by compressed key, in place of those they announced. */
  guardians: guardianUrls.default(new Map()),
  /** Attempts after which a failing message counts as dead; it is tried once an hour from then on. */
  deadAfter: z.int().min(1).default(8),
});

export const relayerSchema = networkSchema.extend({ relayer: relayerSettings });

export type RelayerSettings = z.infer<typeof relayerSettings>;
export type RelayerConfig = NetworkConfig & { readonly relayer: RelayerSettings };
