import { z } from "zod";

/** What follows from a proven lie, within the contract's bounds: docs/protocol/slashing.md §4. */
export function slashingSchema<Whole extends z.ZodType>(between: (least: bigint, most: bigint, what: string) => Whole) {
  return z.strictObject({
    fraction: between(100_000n, 1_000_000n, "millionths"),
    reporterShare: between(0n, 50_000n, "millionths"),
    incidentDelay: between(1n, 2_592_000n, "seconds"),
    foreignFreeze: between(1n, 2_592_000n, "seconds"),
    fastSuspension: between(1n, 31_536_000n, "seconds"),
  });
}
