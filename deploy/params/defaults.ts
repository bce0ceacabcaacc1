import {
  GOVERNANCE,
  GUARDIAN_REWARDS,
  WEI_PER_ERA,
  type GenesisPart,
  type GovernanceParameters,
  type LimitParameters,
  type PriceBounds,
  type PriceParameters,
  type StatePrices,
} from "../../sdk/src/deployment/parameters.ts";

/** Prices for rollups whose gas costs little: a message of 200 bytes and 200,000 gas costs about 0.007 ERA. */
export const DEFAULT_PRICES: PriceParameters = {
  basePrice: 2_000n,
  pricePerByte: 5_000n,
  pricePerKGas: 20_000n,
  fundShare: 100n,
  burnShare: 50n,
  maxGasLimit: 9_765n * 1_024n,
};

/** A keeper follows the costs of a rollup between a quarter and four times the default prices, by a fifth an hour at most. */
export const DEFAULT_BOUNDS: PriceBounds = {
  basePrice: { floor: 500n, cap: 8_000n },
  pricePerByte: { floor: 1_250n, cap: 20_000n },
  pricePerKGas: { floor: 5_000n, cap: 80_000n },
  step: 200n,
  interval: 3_600n,
};

/** An answer takes the gas of two to three deliveries, each of which is paid with about 0.007 ERA. */
export const DEFAULT_STATE_PRICES: StatePrices = { headPrice: 20_000n, slotPrice: 20_000n };

/** A captured rollup can take at most one percent of all ERA from all others together, a tenth of that at once from each. */
export const DEFAULT_LIMITS: LimitParameters = {
  ceiling: 10_000_000n * WEI_PER_ERA,
  eraCapacity: 1_000_000n * WEI_PER_ERA,
  feeCapacity: 10_000n * 10n ** 9n,
  guardianShare: 300n,
};

const DAY = 86_400n;
/** A twelfth of a year of 365.25 days. */
export const MONTH = 2_629_800n;

/** Nine days from a proposal to its effect on home, eleven elsewhere. */
export const DEFAULT_GOVERNANCE: GovernanceParameters = {
  votingDelay: DAY,
  votingPeriod: 6n * DAY,
  tallyWindow: DAY,
  proposalThreshold: 100_000n * WEI_PER_ERA,
  quorum: 400n,
  notice: 12n * DAY,
  lockPeriod: 30n * DAY,
};

/** Who is behind the parts of {@link genesisParts}; what nobody is named for belongs to governance. */
export interface GenesisAccounts {
  readonly team: GenesisPart["to"];
  readonly investors: GenesisPart["to"];
  readonly liquidity: GenesisPart["to"];
  readonly airdrop: NonNullable<GenesisPart["airdrop"]>;
  /** When it all begins, seconds since 1970. */
  readonly begin: bigint;
}

/** The usual split. Team and investors get nothing for twelve months, then a 24th every month. */
export function genesisParts({ team, investors, liquidity, airdrop, begin }: GenesisAccounts): GenesisPart[] {
  const vesting = { start: begin + 12n * MONTH, duration: 24n * MONTH };
  const million = 10n ** 6n * WEI_PER_ERA;
  return [
    { name: "team", amount: 150n * million, to: team, vesting },
    { name: "investors", amount: 120n * million, to: investors, vesting },
    { name: "airdrop", amount: 70n * million, to: GOVERNANCE, airdrop },
    { name: "guardian rewards reserve", amount: 200n * million, to: GUARDIAN_REWARDS },
    { name: "developer and user incentives", amount: 160n * million, to: GOVERNANCE },
    { name: "ecosystem fund", amount: 200n * million, to: GOVERNANCE },
    { name: "liquidity", amount: 100n * million, to: liquidity },
  ];
}

/** Everything to one account, for networks that are no economy. */
export function oneHolder(to: GenesisPart["to"]): GenesisPart[] {
  return [{ name: "everything", amount: 1_000n * 10n ** 6n * WEI_PER_ERA, to }];
}
