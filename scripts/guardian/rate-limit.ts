import { isIPv6 } from "node:net";

/** Token buckets by key. Throws nothing: `take` says whether there were so many left (default: one), and takes them then. */
export interface RateLimit {
  take(key: string, tokens?: number): boolean;
}

/** Whom an address stands for: of IPv6 one party has at least the 2^64 addresses of its network. */
export function partyOf(address: string): string {
  if (!isIPv6(address) || address.includes(".")) return address;
  const [head = [], tail] = address.split("::").map((part) => (part === "" ? [] : part.split(":")));
  const missing = tail === undefined ? 0 : 8 - head.length - tail.length;
  const groups = [...head, ...Array.from({ length: missing }, () => "0"), ...(tail ?? [])];
  return groups.slice(0, 4).join(":");
}

/** Keys kept at most; beyond that the fullest ones are forgotten, which harms nobody. */
const MOST_KEYS = 10_000;

export function createRateLimit(perSecond: number, burst: number, now = (): number => performance.now()): RateLimit {
  const buckets = new Map<string, { level: number; at: number }>();
  const refilled = ({ level, at }: { level: number; at: number }, time: number): number =>
    Math.min(burst, level + ((time - at) / 1_000) * perSecond);
  const forgetFull = (time: number): void => {
    for (const [key, bucket] of buckets) if (refilled(bucket, time) >= burst) buckets.delete(key);
    for (const key of buckets.keys()) {
      if (buckets.size <= MOST_KEYS) return;
      buckets.delete(key);
    }
  };
  return {
    take(key, tokens = 1) {
      const time = now();
      const level = refilled(buckets.get(key) ?? { level: burst, at: time }, time);
      if (buckets.size > MOST_KEYS) forgetFull(time);
      buckets.set(key, { level: level >= tokens ? level - tokens : level, at: time });
      return level >= tokens;
    },
  };
}

/** Places for work under way, of which one party has half at most: whoever makes its work last keeps nobody else out. */
export interface Shares {
  /** False if there is no place for this party now. */
  enter(party: string): boolean;
  leave(party: string): void;
}

export function createShares(most: number): Shares {
  const taken = new Map<string, number>();
  let total = 0;
  return {
    enter(party) {
      const own = taken.get(party) ?? 0;
      if (total >= most || own >= Math.ceil(most / 2)) return false;
      taken.set(party, own + 1);
      total += 1;
      return true;
    },
    leave(party) {
      const left = (taken.get(party) ?? 0) - 1;
      if (left > 0) taken.set(party, left);
      else taken.delete(party);
      total -= 1;
    },
  };
}
