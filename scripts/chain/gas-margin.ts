/** Two new entries in a history by time, each a slot of its own, where the estimate saw the entries of its own second changed. */
const NEW_ENTRIES = 2n * 22_100n;

/**
 * The gas limit for a transaction that was estimated at so much gas. What it meets in its own block may cost more: a later second, or
 * what others changed meanwhile. Gas that is not used is not paid for.
 */
export function withGasMargin(estimate: bigint): bigint {
  return estimate + estimate / 4n + NEW_ENTRIES;
}
