import type { Address } from "../../sdk/src/bytes.ts";
import type { RpcPool } from "../chain/pool.ts";
import type { RollupConfig } from "./config.ts";
import type { DeliveredQuery } from "./delivered.ts";
import { createDeliveredView, readDelivered } from "./delivered.ts";
import type { LaneFollower } from "./follower.ts";
import { viewCall, viewResult } from "./gateway.ts";
import type { LaneStore, StoredEntry } from "./lane-store.ts";

/** A lane as seen from both ends. */
export interface TrackedLane {
  readonly store: LaneStore;
  readonly view: ReturnType<typeof createDeliveredView>;
  /** Recipients of it that take `fast` messages from its source: how many more today, and when that was read. */
  readonly fastLeft: Map<Address, { readonly left: bigint; readonly at: number }>;
  /** Some recipient takes, or took, `fast` messages. */
  usesFast: boolean;
  /** What was sent before somebody began to look has been compared with what was delivered. */
  isSurveyed: boolean;
  isBeingSurveyed: boolean;
}

/** The rollup at which lanes end. */
export interface LaneEnd {
  readonly rollup: RollupConfig;
  readonly pool: RpcPool;
}

export interface LanePart {
  readonly lane: TrackedLane;
  readonly nonces: readonly bigint[];
  /** Also look for `fast` deliveries. Default: where the lane has such recipients. */
  readonly withFast?: boolean;
}

const FAST_POLICY_MS = 10_000;
const MOST_RECIPIENTS = 10_000;
const MOST_RELOADED = 64;

export function trackLane(store: LaneStore): TrackedLane {
  return {
    store,
    view: createDeliveredView(),
    fastLeft: new Map(),
    usesFast: false,
    isSurveyed: false,
    isBeingSurveyed: false,
  };
}

/** Messages that are kept and were not executed, oldest first. */
export function openEntries({ store, view }: TrackedLane): StoredEntry[] {
  return [...store.chunks()].flatMap(({ entries }) => entries.filter(({ nonce, id }) => !view.isClosed(nonce, id)));
}

function allNonces({ store }: TrackedLane): bigint[] {
  return [...store.chunks()].flatMap(({ entries }) => entries.map(({ nonce }) => nonce));
}

/** Reads what a destination has executed of these messages. */
export async function refresh(
  { pool, rollup }: LaneEnd,
  parts: readonly LanePart[],
  at: { readonly final: string } | "latest" = "latest",
  signal?: AbortSignal,
): Promise<void> {
  const queries = parts.map(({ lane, nonces, withFast }): DeliveredQuery => {
    const { store, view, usesFast } = lane;
    return { srcChainId: store.lane.srcChainId, view, nonces, withFast: withFast ?? usesFast };
  });
  await readDelivered(pool, rollup, queries, at, signal);
}

/** While history is read: what is executed already need not be kept. */
export async function pruneExecuted(lane: TrackedLane, dst: LaneEnd): Promise<void> {
  await refresh(dst, [{ lane, nonces: allNonces(lane), withFast: true }]);
  lane.store.forget(({ nonce, id }) => lane.view.isClosed(nonce, id));
  letGo(lane);
}

/**
 * Looks at everything that is kept of the lanes that end here: delivered by others, final for good (then it is forgotten), or
 * taken back by a reorg of the destination (then its contents are read again).
 */
export async function refreshAll(
  dst: LaneEnd & { readonly follower: LaneFollower },
  lanes: readonly { readonly lane: TrackedLane; readonly source: LaneFollower }[],
  signal?: AbortSignal,
): Promise<void> {
  const parts = lanes.map(({ lane }) => ({ lane, nonces: allNonces(lane) }));
  await refresh(dst, parts, "latest", signal);
  const { finalNumber } = dst.follower;
  if (finalNumber >= 0) {
    // A node without that state only keeps more in memory.
    await refresh(dst, parts, { final: `0x${finalNumber.toString(16)}` }, signal).catch(() => undefined);
  }
  for (const { lane, source } of lanes) {
    const { store, view } = lane;
    store.forget(({ nonce, id, block }) => block <= source.finalNumber && view.isDone(nonce, id));
    letGo(lane);
    const lost = openEntries(lane).filter(({ message }) => message === undefined);
    await source.reload(store, lost.slice(0, MOST_RELOADED), signal);
  }
}

/** Gives back the room of delivered messages. */
function letGo({ store, view }: TrackedLane): void {
  for (const { entries } of store.chunks()) {
    for (const entry of entries) if (view.isClosed(entry.nonce, entry.id)) entry.message = undefined;
  }
}

/** After new messages of a lane were read: what its destination says about them. One look at a time; a second one is spared. */
export async function survey(
  lane: TrackedLane,
  source: LaneFollower,
  dst: LaneEnd,
  options: { readonly withFast: boolean; readonly now: number },
): Promise<void> {
  if (lane.isBeingSurveyed) return;
  lane.isBeingSurveyed = true;
  try {
    // Of what was sent before somebody began to look, most was delivered.
    if (!lane.isSurveyed) await pruneExecuted(lane, dst);
    lane.isSurveyed = true;
    if (options.withFast) await refreshFast(lane, source, dst, options.now);
  } finally {
    lane.isBeingSurveyed = false;
  }
}

/** Asks which recipients of messages that are not final take `fast` ones. */
async function refreshFast(lane: TrackedLane, source: LaneFollower, dst: LaneEnd, now: number): Promise<void> {
  const { store, fastLeft } = lane;
  const wanted = new Set<Address>();
  for (const { message, block } of openEntries(lane)) {
    if (message === undefined || block <= source.finalNumber) continue;
    const known = fastLeft.get(message.recipient);
    if (known === undefined || now - known.at > FAST_POLICY_MS) wanted.add(message.recipient);
  }
  if (wanted.size === 0) return;
  const recipients = [...wanted];
  const { gateway } = dst.rollup.contracts;
  const calls = recipients.map((recipient) => viewCall(gateway, "fastPolicy", [recipient, store.lane.srcChainId]));
  const outcomes = await dst.pool.batch(calls);
  if (fastLeft.size > MOST_RECIPIENTS) fastLeft.clear();
  outcomes.forEach((outcome, index) => {
    const recipient = recipients[index];
    if (!outcome.ok || recipient === undefined) return;
    // CAST: the ABI says so.
    const [perDay, left] = viewResult("fastPolicy", outcome.result) as [bigint, bigint];
    fastLeft.set(recipient, { left, at: now });
    if (perDay > 0n) lane.usesFast = true;
  });
}
