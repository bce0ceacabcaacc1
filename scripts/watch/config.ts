import { z } from "zod";
import type { NetworkConfig } from "../network/config.ts";
import { gasPriceSchema, networkSchema } from "../network/config.ts";

const DAY = 86_400;

/** Settings of a watchtower, beside the network's. */
export const watchSettings = z.strictObject({
  /** Keystore, or `{"secretKey"}` for development; without it the variable below holds the key. */
  keyFile: z.string().min(1).optional(),
  keyVariable: z.string().min(1).default("METALAYER_WATCH_KEY"),
  passwordVariable: z.string().min(1).default("METALAYER_WATCH_PASSWORD"),
  host: z.string().min(1).default("127.0.0.1"),
  /** Of health and metrics; none without it. */
  port: z.int().min(0).max(65_535).optional(),
  logLevel: z.enum(["silent", "error", "warn", "info", "debug"]).default("info"),
  rpcTimeoutMs: z.int().min(100).default(5_000),
  /** Attestations of so many seconds before the start are looked at; older stake has left. */
  sinceSeconds: z
    .int()
    .min(0)
    .default(14 * DAY),
  /** What two rollups' clocks may differ by. Only a block that is newer than the attestation by more is believed when it denies a fact. */
  clockSkewSeconds: z.int().min(0).default(1),
  /** A fact that could not be checked for so long is an alert. */
  patienceMs: z.int().min(100).default(30_000),
  /** Alerts are posted there as JSON. */
  webhook: z.url({ protocol: /^https?$/ }).optional(),
  gasPrice: gasPriceSchema,
});

export const watchSchema = networkSchema.extend({ watch: watchSettings });

export type WatchSettings = z.infer<typeof watchSettings>;
export type WatchConfig = NetworkConfig & { readonly watch: WatchSettings };
