import type { Logger } from "pino";
import type { Hex } from "../../sdk/src/bytes.ts";
import type { FactClass } from "../../sdk/src/fact.ts";
import { CLASS_FAST, CLASS_FINAL } from "../../sdk/src/fact.ts";
import type { Block } from "../chain/blocks.ts";
import { softHead } from "../chain/finality.ts";
import type { TaskGroup } from "../chain/tasks.ts";
import { createWorker, delay, loop } from "../chain/tasks.ts";
import type { Coordinator } from "../network/coordinator.ts";
import { onNewestHead } from "../network/newest-head.ts";
import { factOf } from "../network/range.ts";
import { refreshAll, survey } from "../network/tracked-lane.ts";
import { reasonOf, waits, worse } from "../network/trouble.ts";
import type { RelayerSettings } from "./config.ts";
import type { Delivery } from "./deliver.ts";
import { deliver } from "./deliver.ts";
import type { RelayerMetrics } from "./metrics.ts";
import { planLane } from "../network/plan.ts";
import type { Side } from "./side.ts";
import type { Upkeep } from "../upkeep/upkeep.ts";

/** Everything that a tick works with; all of it given from outside. */
export interface Relaying {
  readonly settings: RelayerSettings;
  readonly sides: readonly Side[];
  /** One per class, so that what waits for finality keeps nothing fast waiting. */
  readonly coordinators: Readonly<Record<FactClass, Coordinator>>;
  readonly upkeep: Upkeep;
  readonly metrics: RelayerMetrics;
  readonly log: Logger;
  /** Deliveries under way. */
  readonly tasks: TaskGroup;
  /** Milliseconds that only grow. */
  readonly now: () => number;
  readonly fail: (kind: string, where: string, error: unknown) => void;
}

const CLASSES = [CLASS_FAST, CLASS_FINAL] as const;
const REFRESH_MS = 15_000;
const UPKEEP_MS = 2_000;
const IDLE_MS = 500;
/** How long the end waits for what is under way. */
export const DRAIN_MS = 10_000;

/** Reads what is new at one source, and what its destinations say about it. */
export async function follow(relaying: Relaying, side: Side, block: Block, signal?: AbortSignal): Promise<void> {
  await read(side, block, signal);
  await surveyAll(relaying, side, () => undefined);
}

async function read(side: Side, block: Block, signal: AbortSignal | undefined): Promise<void> {
  await side.follower.follow(block, signal);
  side.followedAt = Date.now();
}

/** Destinations that do not answer are no reason to stop. */
async function surveyAll({ settings, now, fail }: Relaying, side: Side, onLook: () => void): Promise<void> {
  const options = { withFast: settings.fast, now: now() };
  const onError = (error: unknown): void => fail("unknown", side.rollup.name, error);
  await Promise.all(
    side.outbound.map((work) => survey(work, side.follower, work.dst, options).then(onLook).catch(onError)),
  );
}

/** Plans, has signed, and starts to deliver what can be delivered now. Returns how many messages that is. */
export async function tick(relaying: Relaying, signal?: AbortSignal): Promise<number> {
  const counts = await Promise.all(CLASSES.map((factClass) => tickClass(relaying, factClass, signal)));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function tickClass(relaying: Relaying, factClass: FactClass, signal?: AbortSignal): Promise<number> {
  // One signature serves on every rollup whose table has the same guardians.
  const groups = new Map<string, Delivery[]>();
  for (const range of plan(relaying, factClass)) {
    const keys = range.lane.dst.table?.guardians.map(({ key, weight }) => `${key}:${weight}`).join() ?? "";
    groups.set(keys, [...(groups.get(keys) ?? []), range]);
  }
  let count = 0;
  for (const group of groups.values()) count += await relay(relaying, factClass, group, signal);
  return count;
}

/** Fairly: the oldest of every lane before the second oldest of any, and what has failed before after all of these. */
function plan({ sides, settings, now }: Relaying, factClass: FactClass): Delivery[] {
  const at = now();
  const planned = sides.flatMap(({ outbound, follower: { head, finalNumber } }) =>
    outbound.flatMap((work) => {
      if (head === undefined || work.dst.table === undefined || waits(work.dst.hold, at)) return [];
      const ranges = planLane(work, factClass, { ...settings, finalNumber, head, now: at });
      return ranges.map((range, turn) => ({ range, turn }));
    }),
  );
  const isRetry = ({ lane, nonces }: Delivery): boolean => nonces.every((nonce) => lane.troubles.has(nonce));
  planned.sort((a, b) => Number(isRetry(a.range)) - Number(isRetry(b.range)) || a.turn - b.turn);
  return planned.slice(0, settings.maxFacts).map(({ range }) => range);
}

/** One signature for all of these, then one delivery per destination, which goes on while the next tick runs. */
async function relay(
  relaying: Relaying,
  factClass: FactClass,
  ranges: readonly Delivery[],
  signal: AbortSignal | undefined,
): Promise<number> {
  const { coordinators, metrics, tasks, fail, upkeep } = relaying;
  const destinations = [...new Set(ranges.map(({ lane }) => lane.dst))];
  const tables = destinations.flatMap(({ table }) => (table === undefined ? [] : [table]));
  for (const { lane, nonces } of ranges) for (const nonce of nonces) lane.busy.add(nonce);
  const stop = metrics.attestSeconds.startTimer();
  try {
    const without = factClass === CLASS_FAST ? suspended(relaying) : undefined;
    const attested = await coordinators[factClass].attest(ranges.map(factOf), tables, signal, without);
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

/** Whom some rollup has convicted of a false `fast` fact: nobody asks them for another one (docs/decisions/014). */
function suspended({ sides }: Relaying): ReadonlySet<Hex> {
  return new Set(sides.flatMap((side) => [...side.suspended]));
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
  const { sides, tasks, upkeep, fail } = relaying;
  const workers = CLASSES.map((factClass) => {
    const task = async (): Promise<boolean> => (await tickClass(relaying, factClass, signal)) > 0;
    return createWorker(task, { everyMs: IDLE_MS, signal, onError: (error) => fail("unknown", "tick", error) });
  });
  const wake = (): void => workers.forEach((worker) => worker.wake());
  const loops = sides.flatMap((side) => {
    const { pool, rollup } = side;
    const onError = (error: unknown): void => fail("unknown", rollup.name, error);
    return [
      onNewestHead({ pool, webSocketUrl: rollup.webSocket, signal, onError }, async (block) => {
        await read(side, block, signal);
        wake();
        void surveyAll(relaying, side, wake);
      }),
      loop(() => lookAround(side, signal), { everyMs: REFRESH_MS, signal, onError }),
      loop(() => upkeep.visit(side, signal), { everyMs: UPKEEP_MS, signal, onError }),
    ];
  });
  await Promise.all([...workers.map(({ ended }) => ended), ...loops]);
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
