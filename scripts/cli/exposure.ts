import { FEE_UNIT_WEI } from "../../sdk/src/fees.ts";

/** What a rollup lets in from another one: docs/protocol/fees.md §4. Amounts in wei of ERA. */
export interface InboundLimit {
  readonly isHome: boolean;
  /** Of the bucket, which refills in a day. */
  readonly capacity: bigint;
  readonly level: bigint;
  /** Of the source's ceiling, which decays in 30 days; neither counts for home. */
  readonly share: bigint;
  readonly exposure: bigint;
  /** In fee units. */
  readonly feeLevel: bigint;
  readonly feeCapacity: bigint;
}

export interface Exposure {
  /** ERA that could come in at once, and within the next day. */
  readonly now: bigint;
  readonly day: bigint;
  /** Fees that could be credited within the next day, in wei. */
  readonly fees: bigint;
}

const DECAY_DAYS = 30n;

/** The most that could come in from one source if everything that it says were false. */
export function exposureOf(limit: InboundLimit): Exposure {
  const { isHome, capacity, level, share, exposure, feeLevel, feeCapacity } = limit;
  const room = share > exposure ? share - exposure : 0n;
  const byBucket = level + capacity;
  const byCeiling = room + share / DECAY_DAYS;
  return {
    now: isHome ? level : least(level, room),
    day: isHome ? byBucket : least(byBucket, byCeiling),
    fees: (feeLevel + feeCapacity) * FEE_UNIT_WEI,
  };
}

export function sumOf(exposures: readonly Exposure[]): Exposure {
  const none = { now: 0n, day: 0n, fees: 0n };
  return exposures.reduce((sum, { now, day, fees }) => {
    return { now: sum.now + now, day: sum.day + day, fees: sum.fees + fees };
  }, none);
}

/** One guardian of the table in force. */
export interface GuardianWeight {
  /** Whole ERA. */
  readonly weight: bigint;
  /** Wei that a conviction can reach. */
  readonly stake: bigint;
}

/** The fewest guardians that can do something together. */
export interface Coalition {
  readonly guardians: number;
  readonly weight: bigint;
  readonly stake: bigint;
}

/** The heaviest guardians that hold at least a third together (they can stop attestations), and more than two thirds (they can lie). */
export function coalitions(table: readonly GuardianWeight[]): {
  readonly toHalt: Coalition;
  readonly toLie: Coalition;
} {
  const total = table.reduce((sum, { weight }) => sum + weight, 0n);
  return {
    toHalt: heaviest(table, (weight) => 3n * weight >= total),
    toLie: heaviest(table, (weight) => 3n * weight > 2n * total),
  };
}

/** Among guardians of one weight those with the least stake, which is the cheapest way. */
function heaviest(table: readonly GuardianWeight[], isEnough: (weight: bigint) => boolean): Coalition {
  const order = [...table].sort((a, b) => compare(b.weight, a.weight) || compare(a.stake, b.stake));
  let found: Coalition = { guardians: 0, weight: 0n, stake: 0n };
  for (const { weight, stake } of order) {
    if (isEnough(found.weight) && found.guardians > 0) break;
    found = { guardians: found.guardians + 1, weight: found.weight + weight, stake: found.stake + stake };
  }
  return found;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
