import { CHECKPOINT_INTERVAL } from "../../sdk/src/message.ts";
import type { Lane } from "../../sdk/src/route.ts";
import { packRoute } from "../../sdk/src/route.ts";
import type { Block } from "../chain/blocks.ts";
import { parseBlock, toQuantity } from "../chain/blocks.ts";
import type { RpcOutcome } from "../chain/endpoint.ts";
import type { RpcPool } from "../chain/pool.ts";
import { codeOf } from "../chain/rpc-errors.ts";
import type { RollupConfig } from "./config.ts";
import { LANE_OPEN, readOutLane, viewCall, viewResult } from "./gateway.ts";
import type { LaneGap, LanePoint } from "./lane-logs.ts";
import { entriesBetween } from "./lane-logs.ts";
import type { LaneStore, StoredEntry } from "./lane-store.ts";
import { createLaneStore } from "./lane-store.ts";

/**
 * Follows the lanes that begin at one rollup, up to its soft head. It never works with a window of logs: it knows from the
 * gateway's state how far each lane goes, so it sees what is missing, however long it was away, and reads that.
 */
export interface LaneFollower {
  readonly rollup: RollupConfig;
  readonly lanes: readonly LaneStore[];
  /** Block up to which everything is known; undefined before the first. */
  readonly head: Block | undefined;
  /** Newest final block's number as this observer sees it; -1 before there is one. */
  readonly finalNumber: number;
  /** Brings the lanes to this block. After an error the next call goes on from where this one stopped. */
  follow(block: Block, signal?: AbortSignal): Promise<void>;
  /** Reads the contents of messages that were let go. */
  reload(store: LaneStore, entries: readonly StoredEntry[], signal?: AbortSignal): Promise<void>;
}

export interface FollowerOptions {
  readonly rollup: RollupConfig;
  readonly pool: RpcPool;
  readonly lanes: readonly Lane[];
  /** Called after every step through a long history, so that what is done already need not be kept. */
  readonly onStep?: () => Promise<void>;
}

interface State {
  readonly options: FollowerOptions;
  readonly stores: readonly LaneStore[];
  head: Block | undefined;
  finalNumber: number;
  /** Logs were read up to here. */
  readTo: number;
}

/** Messages read in one step, so that a long history fits in memory. */
const STEP = 2_048n;

export function createLaneFollower(options: FollowerOptions): LaneFollower {
  const stores = options.lanes.map(createLaneStore);
  const state: State = { options, stores, head: undefined, finalNumber: -1, readTo: options.rollup.fromBlock - 1 };
  return {
    rollup: options.rollup,
    lanes: stores,
    get head() {
      return state.head;
    },
    get finalNumber() {
      return state.finalNumber;
    },
    follow: (block, signal) => follow(state, block, signal),
    reload: (store, entries, signal) => reload(state, store, entries, signal),
  };
}

async function follow(state: State, block: Block, signal: AbortSignal | undefined): Promise<void> {
  const { rollup, pool } = state.options;
  const { gateway } = rollup.contracts;
  const at = { blockHash: block.hash };
  const { finality } = rollup;
  const finalAt = finality.kind === "tag" ? finality.tag : toQuantity(Math.max(0, block.number - finality.blocks));
  const [final, ...states] = await pool.batch(
    [
      { method: "eth_getBlockByNumber", params: [finalAt, false] },
      ...state.stores.map(({ lane }) => viewCall(gateway, "outLane", [lane.dstChainId], at)),
    ],
    { signal },
  );
  const targets = state.stores.map((store, index) => targetOf(store, states[index]));
  const isBack = state.stores.some((store, index) => (targets[index]?.nonce ?? store.tip.nonce) < store.tip.nonce);
  if (isBack) takeBack(state);
  await fillUp(state, targets, block, signal).catch(async (error: unknown) => {
    if (codeOf(error) !== "LOGS_UNCONFIRMED") throw error;
    takeBack(state);
    await fillUp(state, targets, block, signal);
  });
  state.head = block;
  state.readTo = block.number;
  const finalNumber = final?.ok === true && final.result !== null ? parseBlock(final.result).number : -1;
  if (finality.kind === "tag" || block.number >= finality.blocks) {
    state.finalNumber = Math.max(state.finalNumber, Math.min(finalNumber, block.number));
  }
}

/** Where the lane stands; undefined if it is not open in this incarnation. */
function targetOf({ lane }: LaneStore, outcome: RpcOutcome | undefined): LanePoint | undefined {
  if (outcome?.ok === false) throw outcome.error;
  const { status, nonce, head, ownIncarnation, incarnation } = readOutLane(outcome?.result);
  const isOurs = ownIncarnation === lane.srcIncarnation && incarnation === lane.dstIncarnation;
  return status >= LANE_OPEN && isOurs ? { nonce, head } : undefined;
}

/** Forgets what is not final: the source was reorganised, or an endpoint told nonsense before. */
function takeBack(state: State): void {
  for (const store of state.stores) store.truncate(store.pointAt(state.finalNumber).nonce);
  state.readTo = Math.max(state.options.rollup.fromBlock - 1, state.finalNumber);
}

async function fillUp(
  state: State,
  targets: readonly (LanePoint | undefined)[],
  block: Block,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { rollup, pool, onStep } = state.options;
  for (;;) {
    const whole = state.stores.flatMap((store, index) => {
      const to = targets[index];
      return to === undefined ? [] : [{ store, gap: { lane: store.lane, from: store.tip, to } }];
    });
    const isComplete = whole.every(({ gap: { from, to } }) => to.nonce - from.nonce <= STEP);
    const gaps = isComplete
      ? whole.map(({ gap }) => gap)
      : await Promise.all(whole.map(({ gap }) => firstStep(state, gap, block, signal)));
    const fromBlock = state.readTo + 1;
    const { maxLogRange: maxRange } = rollup;
    const search = { pool, gaps, fromBlock, toBlock: block.number, maxRange, withContent: true, signal };
    const filled = await entriesBetween(search);
    whole.forEach(({ store }, index) => store.append(filled[index] ?? []));
    if (isComplete) return;
    // No lane misses anything before the block in which the shortest part ended.
    const ends = filled.flatMap((entries) => entries.at(-1)?.block ?? []);
    state.readTo = Math.max(state.readTo, Math.min(...ends, block.number) - 1);
    await onStep?.();
  }
}

async function firstStep(
  { options }: State,
  gap: LaneGap,
  block: Block,
  signal: AbortSignal | undefined,
): Promise<LaneGap> {
  if (gap.to.nonce - gap.from.nonce <= STEP) return gap;
  const index = (gap.from.nonce + STEP) / CHECKPOINT_INTERVAL;
  const { gateway } = options.rollup.contracts;
  const call = viewCall(gateway, "checkpoint", [packRoute(gap.lane), index], { blockHash: block.hash });
  const [head] = viewResult("checkpoint", await options.pool.request(call.method, call.params, { signal }));
  // CAST: the ABI says so.
  return { ...gap, to: { nonce: index * CHECKPOINT_INTERVAL, head: head as LanePoint["head"] } };
}

async function reload(
  { options }: State,
  store: LaneStore,
  entries: readonly StoredEntry[],
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const stored of entries) {
    if (stored.message !== undefined) continue;
    const head = store.entry(stored.nonce - 1n)?.head ?? store.chunkOf(stored.nonce)?.headBefore;
    if (head === undefined) continue;
    const gap = {
      lane: store.lane,
      from: { nonce: stored.nonce, head },
      to: { nonce: stored.nonce + 1n, head: stored.head },
    };
    const { pool, rollup } = options;
    const where = { fromBlock: stored.block, toBlock: stored.block, maxRange: rollup.maxLogRange };
    const [[found] = []] = await entriesBetween({ pool, gaps: [gap], ...where, withContent: true, signal });
    stored.message = found?.message;
  }
}
