import type { Hex } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { messageHash, nextHead } from "../../sdk/src/message.ts";
import type { Lane } from "../../sdk/src/route.ts";
import { parseLogs, toQuantity } from "../chain/blocks.ts";
import type { Endpoint } from "../chain/endpoint.ts";
import type { RpcPool } from "../chain/pool.ts";
import { codeOf } from "../chain/rpc-errors.ts";
import type { LaneEntry } from "./gateway.ts";
import { entryTopics, readEntries } from "./gateway.ts";

/** A point of a lane: how many messages, and the head after them. */
export interface LanePoint {
  readonly nonce: bigint;
  readonly head: Hex;
}

/** A stretch of a lane between two points that are known to be on it. */
export interface LaneGap {
  readonly lane: Lane;
  readonly from: LanePoint;
  readonly to: LanePoint;
}

export interface ChainedEntry extends LaneEntry {
  /** Head of the lane after this message. */
  readonly head: Hex;
}

export interface EntrySearch {
  readonly pool: RpcPool;
  readonly gaps: readonly LaneGap[];
  /** Blocks in which all of these messages were sent. */
  readonly fromBlock: number;
  readonly toBlock: number;
  readonly maxRange: number;
  /** Also what the messages say; each is then checked against its hash. */
  readonly withContent: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The messages that fill the gaps, per gap in order. Logs are taken from one endpoint and need no second opinion: the hash
 * chain from one known head to the other proves that nothing is missing, added or changed. If it does not, the next
 * endpoint is asked. Throws LOGS_UNCONFIRMED when no endpoint's logs lead from one to the other, or what the pool throws.
 */
export async function entriesBetween(search: EntrySearch): Promise<ChainedEntry[][]> {
  if (search.gaps.every(isEmpty)) return search.gaps.map(() => []);
  const tried: string[] = [];
  const { pool, signal } = search;
  // A long range may take its time; for a short one the next endpoint is asked when the first is slow.
  const hedging = search.toBlock - search.fromBlock > HEDGED_BLOCKS ? { hedgeMs: false as const } : {};
  while (tried.length < pool.endpoints.length) {
    const { label, entries } = await pool.session(
      async (endpoint, inner) => ({ label: endpoint.label, entries: await entriesOn(search, endpoint, inner) }),
      { signal, except: tried, ...hedging },
    );
    const filled = fill(search, entries);
    if (filled !== undefined) return filled;
    tried.push(label);
  }
  const { fromBlock, toBlock } = search;
  const message = `${pool.rollup}: no endpoint's logs of blocks ${fromBlock} to ${toBlock} lead to the lanes' heads.`;
  throw new MetalayerError("LOGS_UNCONFIRMED", message, { rollup: pool.rollup, fromBlock, toBlock });
}

const HEDGED_BLOCKS = 256;

function isEmpty({ from, to }: LaneGap): boolean {
  return to.nonce <= from.nonce;
}

/** One endpoint's entries in the gaps, read in pieces until the last of every gap has been seen. */
async function entriesOn(
  search: EntrySearch,
  endpoint: Endpoint,
  signal: AbortSignal,
): Promise<Map<string, LaneEntry>> {
  const { gaps, toBlock, withContent } = search;
  const gateway = gaps[0]?.lane.srcGateway;
  const wanted = new Map(gaps.map((gap) => [gap.lane.dstChainId, gap]));
  const lasts = gaps.filter((gap) => !isEmpty(gap)).map(({ lane, to }) => keyOf(lane.dstChainId, to.nonce - 1n));
  const found = new Map<string, LaneEntry>();
  let range = search.maxRange;
  for (let from = search.fromBlock; from <= toBlock && gateway !== undefined;) {
    const to = Math.min(toBlock, from + range - 1);
    const filter = {
      address: gateway,
      topics: [entryTopics(withContent)],
      fromBlock: toQuantity(from),
      toBlock: toQuantity(to),
    };
    try {
      const logs = parseLogs(await endpoint.request("eth_getLogs", [filter], { signal }));
      for (const entry of readEntries(logs, gateway, withContent)) {
        const gap = wanted.get(entry.dstChainId);
        const isInside = gap !== undefined && entry.nonce >= gap.from.nonce && entry.nonce < gap.to.nonce;
        if (isInside) found.set(keyOf(entry.dstChainId, entry.nonce), entry);
      }
      if (lasts.every((key) => found.has(key))) break;
      from = to + 1;
    } catch (error) {
      if (codeOf(error) !== "RPC_RANGE_LIMIT" || to === from) throw error;
      range = Math.max(1, (to - from + 1) >> 1);
    }
  }
  return found;
}

function keyOf(dstChainId: bigint, nonce: bigint): string {
  return `${dstChainId}:${nonce}`;
}

/** The entries of every gap, or undefined if one is not filled exactly. */
function fill(
  { gaps, withContent }: EntrySearch,
  entries: ReadonlyMap<string, LaneEntry>,
): ChainedEntry[][] | undefined {
  const filled: ChainedEntry[][] = [];
  for (const gap of gaps) {
    const chained = chain(gap, entries, withContent);
    if (chained === undefined) return undefined;
    filled.push(chained);
  }
  return filled;
}

function chain(
  { lane, from, to }: LaneGap,
  entries: ReadonlyMap<string, LaneEntry>,
  withContent: boolean,
): ChainedEntry[] | undefined {
  const chained: ChainedEntry[] = [];
  let head = from.head;
  for (let nonce = from.nonce; nonce < to.nonce; nonce++) {
    const entry = entries.get(keyOf(lane.dstChainId, nonce));
    if (entry === undefined) return undefined;
    const { message } = entry;
    if (withContent && (message === undefined || messageHash(lane.networkId, lane, message) !== entry.id))
      return undefined;
    head = nextHead(head, entry.id);
    chained.push({ ...entry, head });
  }
  return head === to.head ? chained : undefined;
}
