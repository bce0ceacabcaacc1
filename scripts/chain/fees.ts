/** Limits of what a sender may bid. All amounts in wei per gas. */
export interface FeeLimits {
  /** Never bid more than this in total (base fee and tip), whatever a node says. */
  readonly ceiling: bigint;
  /** What a transaction that only frees a blocked nonce may bid. At least `ceiling`; default: its double. */
  readonly unblockCeiling?: bigint;
  /** Tip when the node suggests less, and most tip when it suggests more. */
  readonly minTip: bigint;
  readonly maxTip: bigint;
}

/** EIP-1559 bid of one transaction. */
export interface Bid {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** Rise that every known node accepts for a replacement: geth and reth ask for 10 %, erigon and others for 12.5 %. */
const BUMP_NUMERATOR = 9n;
const BUMP_DENOMINATOR = 8n;

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function most(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/**
 * A bid that stays valid while the base fee doubles, cut at the ceiling. Undefined while the base fee and the tip
 * together are above the ceiling: such a transaction could not be mined now.
 */
export function marketBid(
  limits: FeeLimits,
  ceiling: bigint,
  market: { readonly baseFee: bigint; readonly suggestedTip: bigint | undefined },
): Bid | undefined {
  const tip = most(limits.minTip, least(limits.maxTip, market.suggestedTip ?? limits.minTip));
  if (market.baseFee + tip > ceiling) return undefined;
  return { maxFeePerGas: least(ceiling, 2n * market.baseFee + tip), maxPriorityFeePerGas: tip };
}

/** The least bid that replaces `old`, at least `market` where there is one. Undefined if that is above the ceiling. */
export function bumpedBid(old: Bid, market: Bid | undefined, ceiling: bigint): Bid | undefined {
  const raise = (value: bigint): bigint => (value * BUMP_NUMERATOR) / BUMP_DENOMINATOR + 1n;
  const maxFeePerGas = most(raise(old.maxFeePerGas), market?.maxFeePerGas ?? 0n);
  const maxPriorityFeePerGas = most(raise(old.maxPriorityFeePerGas), market?.maxPriorityFeePerGas ?? 0n);
  if (maxFeePerGas > ceiling || maxPriorityFeePerGas > maxFeePerGas) return undefined;
  return { maxFeePerGas, maxPriorityFeePerGas };
}
