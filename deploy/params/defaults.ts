import { WEI_PER_ERA, type LimitParameters, type PriceParameters } from "../../sdk/src/deployment/parameters.ts";

/** Prices for rollups whose gas costs little: a message of 200 bytes and 200,000 gas costs about 0.007 ERA. */
export const DEFAULT_PRICES: PriceParameters = {
  basePrice: 2_000n,
  pricePerByte: 5_000n,
  pricePerKGas: 20_000n,
  fundShare: 100n,
  burnShare: 50n,
  maxGasLimit: 9_765n * 1_024n,
};

/** A captured rollup can take at most one percent of all ERA from all others together, a tenth of that at once from each. */
export const DEFAULT_LIMITS: LimitParameters = {
  ceiling: 10_000_000n * WEI_PER_ERA,
  eraCapacity: 1_000_000n * WEI_PER_ERA,
  feeCapacity: 10_000n * 10n ** 9n,
  guardianShare: 300n,
};
