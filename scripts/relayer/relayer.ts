import type { Logger } from "pino";
import type { Block } from "../chain/blocks.ts";
import { softHead } from "../chain/finality.ts";
import type { TaskGroup } from "../chain/tasks.ts";
import { delay, loop } from "../chain/tasks.ts";
import type { Coordinator } from "../network/coordinator.ts";
import { onNewestHead } from "../network/newest-head.ts";
import { factOf } from "../network/range.ts";
import { refreshAll, survey } from "../network/tracked-lane.ts";
import { reasonOf, waits, worse } from "../network/trouble.ts";
import type { RelayerSettings } from "./config.ts";
import type { Delivery } from "./deliver.ts";
import { deliver } from "./deliver.ts";
import type { RelayerMetrics } from "./metrics.ts";
import { planLane } from "./plan.ts";
import type { Side } from "./side.ts";
import type { Upkeep } from "../upkeep/upkeep.ts";

/** Everything that a tick works with; all of it given from outside. */
export interface Relaying {
  readonly settings: RelayerSettings;
  readonly sides: readonly Side[];
  readonly coordinator: Coordinator;
  readonly upkeep: Upkeep;
  readonly metrics: RelayerMetrics;
  readonly log: Logger;
  /** Deliveries under way. */
  readonly tasks: TaskGroup;
  /** Milliseconds that only grow. */
  readonly now: () => number;
  readonly fail: (kind: string, where: string, error: unknown) => void;
}

const REFRESH_MS = 15_000;
const UPKEEP_MS = 2_000;
const IDLE_MS = 500;
/** How long the end waits for what is under way. */
export const DRAIN_MS = 10_000;

/** Reads what is new at one source. Destinations that do not answer are no reason to stop. */
export async function follow(relaying: Relaying, side: Side, block: Block, signal?: AbortSignal): Promise<void> {
  const { settings, now, fail } = relaying;
  await side.follower.follow(block, signal);
  const options = { isFirst: side.followedAt === 0, withFast: settings.fast, now: now() };
  const onError = (error: unknown): void => fail("unknown", side.rollup.name, error);
  await Promise.all(side.outbound.map((work) => survey(work, side.follower, work.dst, options).catch(onError)));
  side.followedAt = Date.now();
}

/** Plans, has signed, and starts to deliver what can be delivered now. Returns how many messages that is. */
export async function tick(relaying: Relaying, signal?: AbortSignal): Promise<number> {
  // One signature serves on every rollup whose table has the same guardians.
  const groups = new Map<string, Delivery[]>();
  for (const range of plan(relaying)) {
    const keys = range.lane.dst.table?.guardians.map(({ key, weight }) => `${key}:${weight}`).join() ?? "";
    groups.set(keys, [...(groups.get(keys) ?? []), range]);
  }
  let count = 0;
  for (const group of groups.values()) count += await relay(relaying, group, signal);
  return count;
}

/** Fast ones first, then fairly: the oldest of every lane before the second oldest of any. */
function plan({ sides, settings, now }: Relaying): Delivery[] {
  const at = now();
  const planned = sides.flatMap(({ outbound, follower: { head, finalNumber } }) =>
    outbound.flatMap((work) => {
      if (head === undefined || work.dst.table === undefined || waits(work.dst.hold, at)) return [];
      return planLane(work, { ...settings, finalNumber, head, now: at }).map((range, turn) => ({ range, turn }));
    }),
  );
  planned.sort((a, b) => b.range.fact.class - a.range.fact.class || a.turn - b.turn);
  return planned.slice(0, settings.maxFacts).map(({ range }) => range);
}

/** One signature for all of these, then one delivery per destination, which goes on while the next tick runs. */
async function relay(
  relaying: Relaying,
  ranges: readonly Delivery[],
  signal: AbortSignal | undefined,
): Promise<number> {
  const { coordinator, metrics, tasks, fail, upkeep } = relaying;
  const destinations = [...new Set(ranges.map(({ lane }) => lane.dst))];
  const tables = destinations.flatMap(({ table }) => (table === undefined ? [] : [table]));
  for (const { lane, nonces } of ranges) for (const nonce of nonces) lane.busy.add(nonce);
  const stop = metrics.attestSeconds.startTimer();
  try {
    const attested = await coordinator.attest(ranges.map(factOf), tables, signal);
    stop();
    for (const { code } of attested.refused) fail("unprovable", "guardians", code);
    const refused = new Map(attested.refused.map(({ fact, code }) => [fact.hash, code]));
    const good = ranges.filter(({ factHash }) => !refused.has(factHash));
    postpone(
      relaying,
      ranges.filter(({ factHash }) => refused.has(factHash)),
      `refused: ${[...refused.values()].join()}`,
    );
    for (const dst of destinations) {
      const own = good.filter(({ lane }) => lane.dst === dst);
      if (own.length === 0) continue;
      upkeep.noteSigners(dst, attested);
      for (const { lane } of own) lane.signedAt = Date.now();
      void tasks
        .run(() => deliver(relaying, dst, attested, own))
        .catch(() => undefined)
        .finally(() => release(own));
    }
    return good.reduce((sum, { nonces }) => sum + nonces.length, 0);
  } catch (error) {
    fail("unprovable", "guardians", error);
    postpone(relaying, ranges, reasonOf(error));
    return 0;
  }
}

function release(ranges: readonly Delivery[]): void {
  for (const { lane, nonces } of ranges) for (const nonce of nonces) lane.busy.delete(nonce);
}

/** Guardians do not confirm these now. */
function postpone({ now }: Relaying, ranges: readonly Delivery[], reason: string): void {
  for (const { lane, fact } of ranges) {
    lane.holds.set(fact.class, worse(lane.holds.get(fact.class), "unprovable", reason, now()));
  }
  release(ranges);
}

function lookAround(side: Side, signal: AbortSignal | undefined): Promise<void> {
  return refreshAll(
    side,
    side.inbound.map((lane) => ({ lane, source: lane.src.follower })),
    signal,
  );
}

/** Works until the signal fires, and until what is under way then has ended. One rollup's trouble is no other's. */
export async function run(relaying: Relaying, signal: AbortSignal): Promise<void> {
  const { sides, tasks, upkeep } = relaying;
  let wake = (): void => undefined;
  const loops = sides.flatMap((side) => {
    const { pool, rollup } = side;
    const onError = (error: unknown): void => relaying.fail("unknown", rollup.name, error);
    return [
      onNewestHead({ pool, webSocketUrl: rollup.webSocket, signal, onError }, async (block) => {
        await follow(relaying, side, block, signal);
        wake();
      }),
      loop(() => lookAround(side, signal), { everyMs: REFRESH_MS, signal, onError }),
      loop(() => upkeep.visit(side, signal), { everyMs: UPKEEP_MS, signal, onError }),
    ];
  });
  while (!signal.aborted) {
    const idle = new AbortController();
    wake = () => idle.abort();
    const count = await tick(relaying, signal).catch((error: unknown) => {
      relaying.fail("unknown", "tick", error);
      return 0;
    });
    if (count === 0) await delay(IDLE_MS, AbortSignal.any([signal, idle.signal])).catch(() => undefined);
  }
  await Promise.all(loops);
  await tasks.drain(DRAIN_MS);
}

/** Delivers what can be delivered now and ends. Returns how many messages it took on. */
export async function runOnce(relaying: Relaying, signal?: AbortSignal): Promise<number> {
  const { sides, tasks } = relaying;
  await Promise.all(
    sides.map(async (side) => {
      await relaying.upkeep.visit(side, signal);
      await follow(relaying, side, await softHead(side.pool, signal), signal);
    }),
  );
  await Promise.all(sides.map((side) => lookAround(side, signal)));
  let total = 0;
  for (let count = await tick(relaying, signal); count > 0; count = await tick(relaying, signal)) {
    total += count;
    while (tasks.running > 0) await delay(50, signal);
  }
  return total;
}
