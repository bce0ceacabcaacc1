import { z } from "zod";
import type { Hex } from "../../sdk/src/bytes.ts";
import { ZERO_HASH } from "../../sdk/src/bytes.ts";
import type { FactClass } from "../../sdk/src/fact.ts";
import { CLASS_FAST, CLASS_FINAL } from "../../sdk/src/fact.ts";

/** What guardians and those who ask them for signatures say to each other: JSON, whole numbers as decimal strings. */

const hex = (bytes: number): z.ZodType<Hex, Hex> =>
  z.custom<Hex>((value) => typeof value === "string" && new RegExp(`^0x[0-9a-f]{${2 * bytes}}$`).test(value), {
    message: `must be 0x and ${2 * bytes} lower-case hex digits`,
  });
const hash = hex(32);
const point = hex(33);
const uint = z
  .string()
  .regex(/^(0|[1-9]\d{0,19})$/)
  .transform(BigInt);

const factClass = z.union([z.literal(CLASS_FINAL), z.literal(CLASS_FAST)]);

/** A lane fact without what the guardian knows by itself (the lane's id) and with the number of its source block. */
export const laneFactSchema = z
  .strictObject({
    kind: z.literal("lane"),
    class: factClass,
    srcChainId: uint,
    dstChainId: uint,
    from: uint,
    to: uint,
    headBefore: hash,
    headAt: hash,
    batchRoot: hash,
    srcBlockHash: hash,
    /** Number of that block, only to find it; 0 for `final`. */
    srcBlockNumber: uint,
  })
  .refine((fact) => (fact.class === CLASS_FAST) === (fact.srcBlockHash !== ZERO_HASH), {
    message: "a fast fact, and no other, names its source block",
  });

export const headFactSchema = z.strictObject({
  kind: z.literal("head"),
  class: factClass,
  chainId: uint,
  anchorIndex: uint,
  number: uint,
  blockHash: hash,
  stateRoot: hash,
});

export const factSchema = z.discriminatedUnion("kind", [laneFactSchema, headFactSchema]);

export type LaneFactRequest = z.output<typeof laneFactSchema>;
export type HeadFactRequest = z.output<typeof headFactSchema>;
export type FactRequest = z.output<typeof factSchema>;

/** Most facts that a request may hold in any configuration: one tree. */
export const MAX_FACTS = 1_024;

export const commitRequestSchema = z.strictObject({
  /** Who asks, as it likes to be called: one session at a time per name and address, so several for several names. */
  coordinator: z.string().min(1).max(64),
  root: hash,
  facts: z.array(factSchema).min(1).max(MAX_FACTS),
});

export const commitResponseSchema = z.strictObject({
  session: z.string().min(1).max(128),
  key: point,
  R: point,
  S: point,
});

export const signRequestSchema = z.strictObject({
  session: z.string().min(1).max(128),
  entries: z
    .array(z.strictObject({ key: point, R: point, S: point }))
    .min(1)
    .max(256),
});

export const signResponseSchema = z.strictObject({ partial: hash });

/** Every answer but 200. `facts` names the facts that are refused, by their place in the request. */
export const refusalSchema = z.object({
  code: z.string(),
  message: z.string(),
  facts: z.array(z.object({ index: z.int(), code: z.string(), message: z.string() })).optional(),
});

export type CommitRequest = z.output<typeof commitRequestSchema>;
export type CommitResponse = z.output<typeof commitResponseSchema>;
export type SignRequest = z.output<typeof signRequestSchema>;
export type Refusal = z.output<typeof refusalSchema>;

export const infoSchema = z.object({
  key: point,
  networkId: hash,
  rollups: z.array(
    z.object({
      chainId: uint,
      name: z.string(),
      state: z.enum(["ready", "syncing", "halted"]),
      reason: z.string().optional(),
      finalBlock: z.int().optional(),
    }),
  ),
});

export type GuardianInfo = z.output<typeof infoSchema>;

/** A request or answer as JSON text. */
export function toWire(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? inner.toString() : inner));
}

export function isFast(fact: { readonly class: FactClass }): boolean {
  return fact.class === CLASS_FAST;
}
