import { z } from "zod";
import type { NetworkConfig } from "../network/config.ts";
import { networkSchema } from "../network/config.ts";

/** Settings of a guardian, beside the network's. */
export const guardianSettings = z.strictObject({
  /** Keystore, or `{"secretKey"}` for development. Readable by its owner only. */
  keyFile: z.string().min(1),
  /** Environment variable that holds the keystore's password. */
  passwordVariable: z.string().min(1).default("METALAYER_GUARDIAN_PASSWORD"),
  /** The record of everything signed. Never restore an older copy of it, never copy a running guardian's memory. */
  recordFile: z.string().min(1),
  host: z.string().min(1).default("127.0.0.1"),
  port: z.int().min(0).max(65_535).default(0),
  logLevel: z.enum(["silent", "error", "warn", "info", "debug"]).default("info"),
  rpcTimeoutMs: z.int().min(100).default(5_000),
  /** Final blocks are followed this often, so that the first request after a pause finds little to do. */
  followEveryMs: z.int().min(100).default(15_000),
  maxFacts: z.int().min(1).max(1_024).default(256),
  maxBodyBytes: z.int().min(1_024).default(1_000_000),
  /** Reverse proxies (addresses or networks) that are believed whom they ask for; else all their requests count as one address's. */
  trustedProxies: z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])).default([]),
  /** Requests a second from one address, and how many at once. Every 64 messages that a request is about count as one more, up to a burst. */
  requestsPerSecond: z.number().positive().default(100),
  burst: z.int().min(1).default(200),
  /** Requests whose facts are being confirmed at a time; half of them for one address. */
  concurrency: z.int().min(1).default(16),
  maxSessions: z.int().min(1).default(64),
  sessionMs: z.int().min(100).default(10_000),
});

export const guardianSchema = networkSchema.extend({ guardian: guardianSettings });

export type GuardianSettings = z.infer<typeof guardianSettings>;
export type GuardianConfig = NetworkConfig & { readonly guardian: GuardianSettings };
