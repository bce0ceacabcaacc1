/** Token buckets by key. Throws nothing: `take` says whether there was one left. */
export interface RateLimit {
  take(key: string): boolean;
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
    take(key) {
      const time = now();
      const level = refilled(buckets.get(key) ?? { level: burst, at: time }, time);
      if (buckets.size > MOST_KEYS) forgetFull(time);
      buckets.set(key, { level: level >= 1 ? level - 1 : level, at: time });
      return level >= 1;
    },
  };
}
