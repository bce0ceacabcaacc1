import { z } from "zod";

/** A whole number as a number, a bigint, or a text. */
export const whole = z
  .union([z.bigint(), z.number().int(), z.string().regex(/^(\d+|0x[0-9a-fA-F]+)$/, "is not a whole number")])
  .transform((value) => BigInt(value));

/** One within a range; `what` it counts. */
export function between(least: bigint, most: bigint, what: string) {
  return whole.refine((value) => value >= least && value <= most, `must be from ${least} to ${most} ${what}`);
}
