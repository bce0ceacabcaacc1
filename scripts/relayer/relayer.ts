import type { Logger } from "pino";
import type { FactClass } from "../../sdk/src/fact.ts";
import { watchHeads } from "../chain/heads.ts";
import type { Block } from "../chain/blocks.ts";
import { softHead } from "../chain/finality.ts";
import type { TaskGroup } from "../chain/tasks.ts";
import { createTaskGroup, delay } from "../chain/tasks.ts";
import type { Coordinator } from "../network/coordinator.ts";
import type { RelayerSettings } from "./config.ts";
import type { Delivery } from "./deliver.ts";
import { deliver } from "./deliver.ts";
import type { RelayerMetrics } from "./metrics.ts";
import type { PlanInput } from "./plan.ts";
import { factOf, planLane, worse } from "./plan.ts";
import type { Side } from "./side.ts";
import { fastKey, refreshAll, refreshFast } from "./side.ts";
import type { Upkeep } from "./upkeep.ts";

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
const IDLE_MS = 500;

/** Reads what is new at one source. */
export async function follow(relaying: Relaying, side: Side, block: Block, signal?: AbortSignal): Promise<void> {
  await side.follower.follow(block, signal);
  if (relaying.settings.fast) await refreshFast(side, relaying.now(), signal);
  side.followedAt = Date.now();
}

/** Plans, has signed, and starts to deliver what can be delivered now. Returns how many messages that is. */
export async function tick(relaying: Relaying, signal?: AbortSignal): Promise<number> {
  const ranges = plan(relaying);
  const groups = new Map<string, Delivery[]>();
  for (const range of ranges) {
    const keys = keysOf(range.work.dst);
    groups.set(keys, [...(groups.get(keys) ?? []), range]);
  }
  const counts = await Promise.all([...groups.values()].map((group) => relay(relaying, group, signal)));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Signer sets serve on every rollup whose table has the same guardians. */
function keysOf({ table }: Side): string {
  return table?.guardians.map(({ key, weight }) => `${key}:${weight}`).join() ?? "";
}

function plan({ sides, settings, now }: Relaying): Delivery[] {
  const at = now();
  const ranges = sides.flatMap((src) => {
    const { head, finalNumber } = src.follower;
    return src.outbound.flatMap((work) => {
      const { dst } = work;
      if (head === undefined || dst.table === undefined || (dst.hold?.notBefore ?? -Infinity) > at) return [];
      const takesFast = (recipient: `0x${string}`): boolean =>
        settings.fast && (dst.fastLeft.get(fastKey(src, recipient))?.left ?? 0n) > 0n;
      const { minFee, deliverUnfunded } = settings;
      const input: PlanInput = { finalNumber, head, now: at, minFee, deliverUnfunded, takesFast };
      return planLane(work, input).map((range): Delivery => ({ ...range, work }));
    });
  });
  // Fast ones first, then fairly: the oldest of every lane before the second oldest of any.
  const place = new Map<object, number>();
  const order = ranges.map((range) => {
    const turn = place.get(range.work) ?? 0;
    place.set(range.work, turn + 1);
    return { range, turn, fast: range.fact.class };
  });
  order.sort((a, b) => b.fast - a.fast || a.turn - b.turn);
  return order.slice(0, settings.maxFacts).map(({ range }) => range);
}

/** One signature for all of these, then one delivery per destination, which goes on while the next tick runs. */
async function relay(relaying: Relaying, ranges: readonly Delivery[], signal: AbortSignal | undefined): Promise<number> {
  const { coordinator, metrics, tasks, now, fail, upkeep } = relaying;
  const destinations = new Set(ranges.map(({ work }) => work.dst));
  const tables = [...destinations].flatMap(({ table }) => (table === undefined ? [] : [table]));
  for (const { work, nonces } of ranges) for (const nonce of nonces) work.busy.add(nonce);
  const release = (gone: readonly Delivery[]): void => {
    for (const { work, nonces } of gone) for (const nonce of nonces) work.busy.delete(nonce);
  };
  const hold = (gone: readonly Delivery[], reason: string): void => {
    for (const { work, fact } of gone) {
      const factClass: FactClass = fact.class;
      work.holds.set(factClass, worse(work.holds.get(factClass), "unprovable", reason, now()));
    }
    release(gone);
  };
  const stop = metrics.attestSeconds.startTimer();
  try {
    const attested = await coordinator.attest(ranges.map(factOf), tables, signal);
    stop();
    const refused = new Map(attested.refused.map(({ fact, code }) => [fact.hash, code]));
    const [bad, good] = [ranges.filter(({ factHash }) => refused.has(factHash)), ranges.filter(({ factHash }) => !refused.has(factHash))];
    hold(bad, `refused: ${attested.refused[0]?.code ?? ""}`);
    for (const { code } of attested.refused) fail("unprovable", "guardians", code);
    for (const { work } of good) work.signedAt = Date.now();
    for (const dst of destinations) {
      const own = good.filter(({ work }) => work.dst === dst);
      if (own.length === 0) continue;
      upkeep.noteSigners(dst, attested);
      void tasks.run(() => deliver(relaying, dst, attested, own).finally(() => release(own))).catch(() => release(own));
    }
    return good.reduce((sum, { nonces }) => sum + nonces.length, 0);
  } catch (error) {
    fail("unprovable", "guardians", error);
    hold(ranges, error instanceof Error ? error.message : "failed");
    return 0;
  }
}

/** Works until the signal fires, then finishes what is under way. One rollup's trouble is no other's. */
export async function run(relaying: Relaying, signal: AbortSignal): Promise<void> {
  const { sides, tasks } = relaying;
  let wake = (): void => undefined;
  const loops = sides.flatMap((side) => [
    followHeads(relaying, side, () => wake(), signal),
    repeat(relaying, side, REFRESH_MS, () => refreshAll(side, signal), signal),
    repeat(relaying, side, 2_000, () => relaying.upkeep.visit(side, signal), signal),
  ]);
  while (!signal.aborted) {
    const woken = new Promise<void>((resolve) => (wake = resolve));
    const count = await tick(relaying, signal).catch((error: unknown) => {
      relaying.fail("unknown", "tick", error);
      return 0;
    });
    const idle = new AbortController();
    if (count === 0) await Promise.race([woken, delay(IDLE_MS, AbortSignal.any([signal, idle.signal])).catch(() => undefined)]);
    idle.abort();
  }
  await Promise.all(loops);
  await tasks.drain(15_000);
  await Promise.all(sides.map(({ sender }) => sender.stop(10_000)));
}

/** Reads every new head as it comes; heads that come meanwhile are skipped but for the newest. */
async function followHeads(relaying: Relaying, side: Side, wake: () => void, signal: AbortSignal): Promise<void> {
  const { pool, rollup } = side;
  let newest: Block | undefined;
  let rouse = (): void => undefined;
  const onHead = ({ block }: { readonly block: Block }): void => {
    newest = block;
    rouse();
  };
  const onError = (error: unknown): void => relaying.fail("unknown", rollup.name, error);
  const socket = rollup.webSocket === undefined ? {} : { webSocketUrl: rollup.webSocket };
  const watching = watchHeads({ pool, signal, onHead, onError, ...socket });
  signal.addEventListener("abort", () => rouse(), { once: true });
  while (!signal.aborted) {
    const block = newest;
    newest = undefined;
    if (block === undefined) await new Promise<void>((resolve) => (rouse = resolve));
    else {
      await follow(relaying, side, block, signal).then(wake, async (error: unknown) => {
        if (signal.aborted) return;
        onError(error);
        newest ??= block;
        await delay(100, signal).catch(() => undefined);
      });
    }
  }
  await watching;
}

async function repeat(relaying: Relaying, side: Side, everyMs: number, task: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await task().catch((error: unknown) => {
      if (!signal.aborted) relaying.fail("unknown", side.rollup.name, error);
    });
    await delay(everyMs, signal).catch(() => undefined);
  }
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
  await Promise.all(sides.map((side) => refreshAll(side, signal)));
  let total = 0;
  for (let count = await tick(relaying, signal); count > 0; count = await tick(relaying, signal)) {
    total += count;
    while (tasks.running > 0) await delay(50, signal);
  }
  await Promise.all(sides.map(({ sender }) => sender.stop(10_000)));
  return total;
}
