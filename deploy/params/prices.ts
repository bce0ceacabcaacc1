import { z } from "zod";
import { between } from "./numbers.ts";

const MOST_GAS = 1n << 24n;

/** Of messages to a rollup; units as in docs/protocol/fees.md. */
export const prices = z
  .strictObject({
    basePrice: between(0n, 2n ** 32n - 1n, "millionths of ERA"),
    pricePerByte: between(0n, 2n ** 24n - 1n, "fee units"),
    pricePerKGas: between(0n, 2n ** 24n - 1n, "fee units"),
    fundShare: between(0n, 1_000n, "per mille"),
    burnShare: between(0n, 1_000n, "per mille"),
    maxGasLimit: between(200_000n, MOST_GAS, "gas").refine(
      (value) => value % 1_024n === 0n,
      "must be a multiple of 1,024",
    ),
  })
  .refine(
    ({ fundShare, burnShare }) => fundShare + burnShare <= 1_000n,
    "fundShare and burnShare are more than the whole fee",
  );

const range = (most: bigint, what: string) =>
  z
    .strictObject({ floor: between(1n, most, what), cap: between(1n, most, what) })
    .refine(({ floor, cap }) => floor <= cap, "floor is above cap");
/** How far a keeper may move them. */
export const priceBounds = z.strictObject({
  basePrice: range(2n ** 32n - 1n, "millionths of ERA"),
  pricePerByte: range(2n ** 24n - 1n, "fee units"),
  pricePerKGas: range(2n ** 24n - 1n, "fee units"),
  step: between(1n, 1_000n, "per mille"),
  interval: between(1n, 2n ** 32n - 1n, "seconds"),
});
/** What validating a rollup's state on request costs. */
export const statePrices = z.strictObject({
  headPrice: between(0n, 2n ** 32n - 1n, "millionths of ERA"),
  slotPrice: between(0n, 2n ** 32n - 1n, "millionths of ERA"),
});
