import type { Endpoint } from "./endpoint.ts";

/** What the pool knows of one endpoint. */
export interface Health {
  readonly endpoint: Endpoint;
  /** Unknown until it has answered eth_chainId once; never used before that. */
  chain: "unknown" | "right" | "wrong";
  /** Newest block it reported, with that block's timestamp in seconds. */
  head: { readonly number: number; readonly timestamp: number } | undefined;
  /** Moving share of slow, failed or hung requests, 0 to 1. */
  errorRate: number;
  failuresInRow: number;
  /** Not preferred before this moment, in milliseconds of the pool's clock. */
  coolUntil: number;
  lastProbe: number;
}

export interface HealthRules {
  /** Blocks behind the best peer that still count as level. */
  readonly maxLag: number;
  /** A head younger than this is never called stale, however far ahead a peer claims to be. */
  readonly freshMs: number;
}

const WEIGHT_OF_LATEST = 0.25;
const MAX_ERROR_RATE = 0.5;
const MAX_COOL_MS = 15_000;

export function newHealth(endpoint: Endpoint): Health {
  return {
    endpoint,
    chain: "unknown",
    head: undefined,
    errorRate: 0,
    failuresInRow: 0,
    coolUntil: 0,
    lastProbe: -Infinity,
  };
}

export function recordSuccess(health: Health): void {
  health.failuresInRow = 0;
  health.errorRate *= 1 - WEIGHT_OF_LATEST;
}

/** A failure, a hang or an answer that came too late to be of use: rests longer each time. */
export function recordFailure(health: Health, now: number): void {
  health.failuresInRow += 1;
  health.errorRate = health.errorRate * (1 - WEIGHT_OF_LATEST) + WEIGHT_OF_LATEST;
  health.coolUntil = now + Math.min(250 * 2 ** Math.min(health.failuresInRow - 1, 10), MAX_COOL_MS);
}

/** Blocks behind the highest head that any endpoint of the right chain reported. 0 when it is not known. */
export function lagOf(health: Health, all: readonly Health[]): number {
  if (health.head === undefined) return 0;
  const heads = all.flatMap((peer) => (peer.chain === "right" && peer.head !== undefined ? [peer.head.number] : []));
  return Math.max(0, Math.max(health.head.number, ...heads) - health.head.number);
}

/**
 * Behind its peers, and its newest block is old by the wall clock. Lag alone would let one endpoint that invents a
 * head far ahead push out all honest ones; age alone would condemn rollups that make blocks only on demand.
 */
export function isStale(health: Health, all: readonly Health[], rules: HealthRules, wallClock: number): boolean {
  if (health.head === undefined || lagOf(health, all) <= rules.maxLag) return false;
  return Math.abs(wallClock - health.head.timestamp * 1000) > rules.freshMs;
}

/**
 * Endpoints in the order in which to ask them: the healthy ones first, in turn (`turn` moves the start on, so that
 * an endpoint that answers quickly but wrongly is not asked first for ever), then the rest from the least bad. Those
 * of another or of an unknown chain are left out.
 */
export function rank(
  all: readonly Health[],
  rules: HealthRules,
  clock: { readonly now: number; readonly wall: number; readonly turn: number },
): Health[] {
  const usable = all.filter((health) => health.chain === "right");
  const isHealthy = (health: Health): boolean =>
    health.coolUntil <= clock.now && health.errorRate < MAX_ERROR_RATE && !isStale(health, all, rules, clock.wall);
  const healthy = usable.filter(isHealthy);
  const start = healthy.length === 0 ? 0 : clock.turn % healthy.length;
  const others = usable
    .filter((health) => !healthy.includes(health))
    .sort((a, b) => lagOf(a, all) - lagOf(b, all) || a.errorRate - b.errorRate || a.coolUntil - b.coolUntil);
  return [...healthy.slice(start), ...healthy.slice(0, start), ...others];
}
