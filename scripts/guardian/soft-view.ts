import type { Hex } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import type { Lane } from "../../sdk/src/route.ts";
import { laneId } from "../../sdk/src/route.ts";
import { parseBlockOrNone, toQuantity } from "../chain/blocks.ts";
import type { Endpoint } from "../chain/endpoint.ts";
import { codeOf } from "../chain/rpc-errors.ts";
import { abortable, delay } from "../chain/tasks.ts";
import { viewCall } from "../network/gateway.ts";
import type { ChainedEntry, LanePoint } from "../network/lane-logs.ts";
import { entriesBetween } from "../network/lane-logs.ts";
import type { SourceContext } from "./final-view.ts";
import { pointOf } from "./final-view.ts";
import type { Link, RecordedBlock } from "./claims.ts";

/** Messages above the final ones, as of some soft head. Everything in it was verified by a hash chain to a head that k of n told. */
export interface SoftView {
  /** The lane's messages `from` to `to − 1` in the state of this block, with the head before them. */
  range(lane: Lane, block: RecordedBlock, from: bigint, to: bigint, signal?: AbortSignal): Promise<SoftRange>;
}

export interface SoftRange {
  readonly headBefore: Hex;
  readonly links: readonly Link[];
  /** Where the lane ends in this block. */
  readonly end: LanePoint;
}

interface SoftState {
  readonly context: SourceContext;
  /** Per lane the messages above its tip in the record. */
  readonly links: Map<Hex, readonly ChainedEntry[]>;
  /** States being confirmed, or confirmed a moment ago, by block and lane. */
  readonly points: Map<string, { readonly at: number; readonly point: Promise<LanePoint> }>;
  readonly now: () => number;
  /** Blocks up to which logs were read per lane. */
  readonly readTo: Map<Hex, number>;
}

const POINT_KEPT_MS = 100;
/** A block that one endpoint has just told may take this long to reach the others. */
const BLOCK_WAIT_MS = 1_500;

export function createSoftView(context: SourceContext, now = (): number => performance.now()): SoftView {
  const state: SoftState = { context, links: new Map(), points: new Map(), readTo: new Map(), now };
  return {
    async range(lane, block, from, to, signal) {
      const point = await confirmedPoint(state, lane, block, signal);
      if (to > point.nonce)
        throw refused("FACT_AHEAD", `the lane holds ${point.nonce} messages in that block, not ${to}`);
      const reached = await extend(state, lane, block, point, signal);
      return { ...cut(state, lane, reached, from, to), end: point };
    },
  };
}

/** Where the lane stands in this block: told alike by k of n endpoints that have the block in their chain. */
function confirmedPoint(
  state: SoftState,
  lane: Lane,
  block: RecordedBlock,
  signal: AbortSignal | undefined,
): Promise<LanePoint> {
  const { points, now } = state;
  const at = now();
  // Not for longer: the block may be reorganised away at any moment.
  for (const [key, known] of points) if (at - known.at > POINT_KEPT_MS) points.delete(key);
  const key = `${block.hash}:${laneId(lane)}`;
  const known = points.get(key);
  if (known !== undefined) return abortable(known.point, signal);
  const point = askPoint(state, lane, block, state.context.stopping);
  points.set(key, { at, point });
  point.catch(() => points.delete(key));
  return abortable(point, signal);
}

async function askPoint(
  { context }: SoftState,
  lane: Lane,
  block: RecordedBlock,
  signal: AbortSignal | undefined,
): Promise<LanePoint> {
  const final = context.record.finalBlock(context.rollup.chainId);
  if (final !== undefined && block.number <= final.number) {
    throw refused("BLOCK_FINAL", `block ${block.number} is final: ask for a final fact`);
  }
  const question = {
    name: `the lane to ${lane.dstChainId} in block ${block.hash}`,
    ask: (endpoint: Endpoint, inner: AbortSignal) => pointOn(context, endpoint, lane, block, inner),
  };
  const { answer } = await context.access.quorum.agree(question, signal);
  if (answer === null) throw refused("LANE_UNKNOWN", `no lane to ${lane.dstChainId} is open in this incarnation`);
  return answer;
}

/** One endpoint's view; waits a little for a block that has not arrived there. */
async function pointOn(
  { rollup }: SourceContext,
  endpoint: Endpoint,
  lane: Lane,
  block: RecordedBlock,
  signal: AbortSignal,
): Promise<LanePoint | null> {
  const calls = [
    { method: "eth_getBlockByNumber", params: [toQuantity(block.number), false] },
    viewCall(rollup.contracts.gateway, "outLane", [lane.dstChainId], { blockHash: block.hash }),
  ];
  for (const started = performance.now(); ;) {
    const [found, state] = await endpoint.batch(calls, { signal });
    const canonical = found?.ok === true ? parseBlockOrNone(found.result) : undefined;
    if (canonical?.hash === block.hash && state?.ok === true) return pointOf(lane, state.result) ?? null;
    if (found?.ok === false && codeOf(found.error) !== "RPC_UNAVAILABLE") throw found.error;
    if (performance.now() - started > BLOCK_WAIT_MS) {
      throw new MetalayerError("RPC_UNAVAILABLE", `${endpoint.label} does not have block ${block.hash} in its chain.`);
    }
    await delay(50, signal);
  }
}

interface Reached {
  readonly tip: LanePoint;
  /** From the tip on, without gap. */
  readonly links: readonly ChainedEntry[];
}

/** The lane's messages up to the point. A chain that does not fit any more is read anew from the final messages. */
async function extend(
  state: SoftState,
  lane: Lane,
  block: RecordedBlock,
  point: LanePoint,
  signal: AbortSignal | undefined,
): Promise<Reached> {
  const { rollup, access, record } = state.context;
  const id = laneId(lane);
  const tip = record.tip(id);
  const links = linksFrom(state, id, tip);
  if (isOn(tip, links, point)) return { tip, links };
  if (point.nonce < tip.nonce) throw refused("BLOCK_FINAL", `message ${point.nonce} is final: ask for a final fact`);
  const finalNumber = record.finalBlock(rollup.chainId)?.number ?? rollup.fromBlock - 1;
  const read = (from: LanePoint, fromBlock: number): Promise<readonly ChainedEntry[]> =>
    entriesBetween({
      pool: access.pool,
      gaps: [{ lane, from, to: point }],
      fromBlock,
      toBlock: block.number,
      maxRange: rollup.maxLogRange,
      withContent: false,
      signal,
    }).then(([entries]) => entries ?? []);
  const last = links.at(-1);
  const readTo = state.readTo.get(id) ?? finalNumber;
  let extended: readonly ChainedEntry[] | undefined;
  if (last !== undefined && point.nonce > last.nonce + 1n && block.number > readTo) {
    const end = { nonce: last.nonce + 1n, head: last.head };
    const more = await read(end, readTo + 1).catch((error: unknown) => {
      if (codeOf(error) !== "LOGS_UNCONFIRMED") throw error;
      return undefined;
    });
    extended = more === undefined ? undefined : [...links, ...more];
  }
  extended ??= await read(tip, finalNumber + 1);
  state.links.set(id, extended);
  state.readTo.set(id, block.number);
  return { tip, links: extended };
}

/** What is kept of the lane above its tip in the record, if it still continues from there. */
function linksFrom(state: SoftState, id: Hex, tip: LanePoint): readonly ChainedEntry[] {
  const kept = state.links.get(id) ?? [];
  const before = kept.findIndex(({ nonce }) => nonce === tip.nonce - 1n);
  const first = kept[0];
  if (first === undefined || first.nonce === tip.nonce) return kept;
  const isSame = before >= 0 && kept[before]?.head === tip.head;
  return isSame ? kept.slice(before + 1) : [];
}

function isOn(tip: LanePoint, links: readonly ChainedEntry[], point: LanePoint): boolean {
  if (point.nonce === tip.nonce) return point.head === tip.head;
  return links[Number(point.nonce - 1n - tip.nonce)]?.head === point.head;
}

/** Final messages come from the record, the others from what was read. */
function cut(
  { context }: SoftState,
  lane: Lane,
  { tip, links }: Reached,
  from: bigint,
  to: bigint,
): Omit<SoftRange, "end"> {
  const id = laneId(lane);
  const settled = from < tip.nonce ? context.record.range(id, from, to < tip.nonce ? to : tip.nonce) : undefined;
  const before = from === tip.nonce ? tip.head : links.find(({ nonce }) => nonce === from - 1n)?.head;
  const headBefore = settled?.headBefore ?? before;
  const rest = links.filter(({ nonce }) => nonce >= from && nonce < to);
  const all = [...(settled?.links ?? []), ...rest];
  if (headBefore === undefined || all.length !== Number(to - from)) {
    throw refused("FACT_RANGE", `messages ${from} to ${to} are not all known`);
  }
  return { headBefore, links: all };
}

export function refused(code: string, reason: string): MetalayerError {
  return new MetalayerError(code, `Not confirmed: ${reason}.`);
}
