import { openEntries } from "../network/tracked-lane.ts";
import type { Relaying } from "./relayer.ts";
import type { Work } from "./side.ts";

export type RelayerStatus = ReturnType<typeof statusOf>;

/** What a relayer knows of itself; `ready`: some rollup is followed and its guardians are known. */
// The type of what it returns says all.

export function statusOf({ sides, settings }: Relaying) {
  const rollups = sides.map(({ rollup, follower, followedAt, hold }) => {
    return { name: rollup.name, block: follower.head?.number, ageSeconds: since(followedAt), hold: hold?.reason };
  });
  const ready = sides.some(
    ({ table, followedAt, rollup }) =>
      table !== undefined && since(followedAt) < Math.max(30, 0.02 * rollup.blockTimeMs),
  );
  return {
    ready,
    rollups,
    lanes: sides.flatMap(({ outbound }) => outbound.map((work) => laneStatus(work, settings.deadAfter))),
  };
}

function laneStatus(work: Work, deadAfter: number) {
  const { src, dst, store, troubles, signedAt } = work;
  const open = openEntries(work);
  const healthy = open.find(({ nonce }) => !troubles.has(nonce));
  const dead = open.flatMap(({ nonce, id }) => {
    const trouble = troubles.get(nonce);
    return trouble !== undefined && trouble.attempts >= deadAfter ? [{ nonce, id, reason: trouble.reason }] : [];
  });
  return {
    src: src.rollup.name,
    dst: dst.rollup.name,
    sent: store.tip.nonce,
    // Not executed, as far as this relayer knows; those that fail wait for another attempt.
    open: open.length,
    failing: open.filter(({ nonce }) => troubles.has(nonce)).length,
    oldestSeconds: healthy === undefined ? 0 : since(healthy.seenAt),
    lastRootSeconds: since(signedAt),
    // Failed so often that they are tried once an hour.
    dead,
  };
}

/** Brings the gauges up to date. */
export function observe(relaying: Relaying): void {
  const { metrics, sides, coordinators } = relaying;
  const benched = Object.values(coordinators).flatMap((coordinator) => coordinator.benched());
  metrics.benched.set(new Set(benched).size);
  for (const { rollup, balance, account, costPerMessage, followedAt, pool } of sides) {
    const chain = rollup.name;
    metrics.balance.set({ chain, address: account }, Number(balance));
    if (costPerMessage > 0n) metrics.runway.set({ chain }, Number(balance / costPerMessage));
    metrics.headAge.set({ chain }, since(followedAt));
    metrics.rpcRequests.set({ chain }, pool.stats().requests);
  }
  for (const { src, dst, open, dead, oldestSeconds, lastRootSeconds } of statusOf(relaying).lanes) {
    metrics.queue.set({ src, dst }, open);
    metrics.dead.set({ src, dst }, dead.length);
    metrics.oldest.set({ src, dst }, oldestSeconds);
    metrics.rootAge.set({ src, dst }, lastRootSeconds);
  }
}

function since(wallClock: number): number {
  return (Date.now() - wallClock) / 1_000;
}
