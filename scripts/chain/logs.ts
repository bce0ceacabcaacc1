import { MetalayerError } from "../../sdk/src/errors.ts";
import type { Block, Log } from "./blocks.ts";
import { parseBlockOrNone, parseLogs, toQuantity } from "./blocks.ts";
import type { Endpoint } from "./endpoint.ts";
import type { RpcPool } from "./pool.ts";
import { canonicalJson } from "./quorum.ts";
import { codeOf } from "./rpc-errors.ts";

export interface LogFilter {
  readonly address: string | readonly string[];
  readonly topics: readonly (string | null | readonly string[])[];
}

/** A stretch of the rollup's history, with all matching logs in order. */
export interface LogRange {
  readonly kind: "logs";
  readonly from: number;
  readonly to: number;
  readonly logs: readonly Log[];
}

/** Everything that was reported above block `to` belongs to a branch that is gone: forget it. Ranges follow again. */
export interface LogRollback {
  readonly kind: "rollback";
  readonly to: number;
}

export interface LogReaderOptions {
  readonly pool: RpcPool;
  readonly filter: LogFilter;
  /** First block of interest, such as the contract's own. */
  readonly fromBlock: number;
  /** Most blocks asked for at once. Halved when a node finds it too much, grown back later. Default 5,000. */
  readonly maxRange?: number;
  /** Blocks whose hashes are remembered to find the fork after a reorg. Default 512 positions. */
  readonly maxMarks?: number;
  /**
   * What to do about nodes that leave out logs: "none" where the caller sees gaps by itself (dense nonces), "second"
   * to take only what two endpoints tell alike, or a check of one's own. A range that fails it throws LOGS_UNCONFIRMED and is
   * read anew by the next call.
   */
  readonly confirm?: "none" | "second" | ((range: LogRange, signal?: AbortSignal) => Promise<boolean>);
}

/** Reads a filter's logs from history up to any block, in bounded pieces, and notices reorgs. */
export interface LogReader {
  /** Next block to be read. */
  readonly next: number;
  /**
   * The next piece up to `toBlock`, or undefined if that is read. Never loses its place: after an error the same piece
   * comes again. Throws LOGS_UNCONFIRMED, or what the pool throws: RPC_ALL_FAILED too when no node knows `toBlock`.
   */
  read(toBlock: number, signal?: AbortSignal): Promise<LogRange | LogRollback | undefined>;
  /** Goes back, so that everything from `block` on (or from a little earlier) is read again. */
  rewind(block: number): void;
}

interface Mark {
  readonly number: number;
  readonly hash: string;
}

interface ReaderState {
  readonly options: Required<LogReaderOptions>;
  /** Ends of the ranges read, oldest first, with the hash that the block had just before its range was read. */
  marks: Mark[];
  next: number;
  range: number;
}

interface Piece {
  readonly range: LogRange;
  readonly end: Block;
  readonly endpoint: string;
}

export function createLogReader(options: LogReaderOptions): LogReader {
  const full = { maxRange: 5_000, maxMarks: 512, confirm: "none" as const, ...options };
  const state: ReaderState = { options: full, marks: [], next: options.fromBlock, range: full.maxRange };
  return {
    get next() {
      return state.next;
    },
    read: (toBlock, signal) => readNext(state, toBlock, signal),
    rewind(block) {
      state.marks = state.marks.filter(({ number }) => number < block);
      state.next = (state.marks.at(-1)?.number ?? options.fromBlock - 1) + 1;
    },
  };
}

async function readNext(
  state: ReaderState,
  toBlock: number,
  signal: AbortSignal | undefined,
): Promise<LogRange | LogRollback | undefined> {
  const { pool, maxRange, maxMarks } = state.options;
  while (state.next <= toBlock) {
    const to = Math.min(toBlock, state.next + state.range - 1);
    try {
      // No hedging: a long range may take its time. A slow node is given up at the request's own limit.
      const piece = await pool.session((endpoint, inner) => readPiece(state, endpoint, to, inner), {
        signal,
        hedgeMs: false,
      });
      if (piece === "reorged") return await rollBack(state, signal);
      const range = await confirmed(state, piece, signal);
      state.marks = [...state.marks, { number: to, hash: piece.end.hash }].slice(-maxMarks);
      state.next = to + 1;
      state.range = Math.min(maxRange, state.range * 2);
      return range;
    } catch (error) {
      if (codeOf(error) !== "RPC_RANGE_LIMIT" || state.range === 1) throw error;
      state.range = Math.max(1, Math.floor(Math.min(state.range, to - state.next + 1) / 2));
    }
  }
  return undefined;
}

/**
 * One range from one node. The end's hash is taken before the logs are read: a reorg after that moment is found when
 * the next range does not continue from it.
 */
async function readPiece(
  state: ReaderState,
  endpoint: Endpoint,
  to: number,
  signal: AbortSignal,
): Promise<Piece | "reorged"> {
  const from = state.next;
  const [first, end] = await blocksAt(endpoint, [from, to], signal);
  if (first === undefined || end === undefined) throw behind(state, endpoint, to);
  const last = state.marks.at(-1);
  if (last !== undefined && last.number === from - 1 && last.hash !== first.parentHash) return "reorged";
  const logs = await logsBetween(state, endpoint, from, to, signal);
  const wrong = logs.find(
    ({ blockNumber, blockHash }) =>
      (blockNumber === to && blockHash !== end.hash) || (blockNumber === from && blockHash !== first.hash),
  );
  if (wrong !== undefined) throw behind(state, endpoint, to);
  return { range: { kind: "logs", from, to, logs }, end, endpoint: endpoint.label };
}

/** The node does not know this block (yet), or is changing its mind about it: another node may do better. */
function behind(state: ReaderState, endpoint: Endpoint, block: number): MetalayerError {
  const message = `${endpoint.label} has no settled view of block ${block} of ${state.options.pool.rollup}.`;
  return new MetalayerError("RPC_UNAVAILABLE", message, { endpoint: endpoint.label, block });
}

async function blocksAt(
  endpoint: Endpoint,
  numbers: readonly number[],
  signal?: AbortSignal,
): Promise<(Block | undefined)[]> {
  const calls = numbers.map((number) => ({ method: "eth_getBlockByNumber", params: [toQuantity(number), false] }));
  const outcomes = await endpoint.batch(calls, { signal });
  return outcomes.map((outcome) => {
    if (!outcome.ok) throw outcome.error;
    return parseBlockOrNone(outcome.result);
  });
}

async function logsBetween(
  state: ReaderState,
  endpoint: Endpoint,
  from: number,
  to: number,
  signal: AbortSignal,
): Promise<Log[]> {
  const filter = { ...state.options.filter, fromBlock: toQuantity(from), toBlock: toQuantity(to) };
  const logs = parseLogs(await endpoint.request("eth_getLogs", [filter], { signal }));
  const unique = new Map(logs.map((log) => [`${log.blockHash}:${log.logIndex}`, log]));
  return [...unique.values()]
    .filter(({ blockNumber }) => blockNumber >= from && blockNumber <= to)
    .sort((a, b) => a.blockNumber - b.blockNumber || a.logIndex - b.logIndex);
}

/** The range as the caller's rule accepts it: as it is, checked by the caller, or as two endpoints tell it alike. */
async function confirmed(state: ReaderState, piece: Piece, signal: AbortSignal | undefined): Promise<LogRange> {
  const { confirm, pool } = state.options;
  const { from, to } = piece.range;
  if (confirm === "none") return piece.range;
  if (confirm === "second") {
    const agreed = await twoAlike(state, piece, signal);
    if (agreed !== undefined) return { kind: "logs", from, to, logs: agreed };
  } else if (await confirm(piece.range, signal)) {
    return piece.range;
  }
  const message = `${pool.rollup}: the logs of blocks ${from} to ${to} are not confirmed.`;
  throw new MetalayerError("LOGS_UNCONFIRMED", message, { rollup: pool.rollup, from, to, endpoint: piece.endpoint });
}

/** Asks one endpoint after the other until two of them have given the same logs. */
async function twoAlike(
  state: ReaderState,
  piece: Piece,
  signal: AbortSignal | undefined,
): Promise<readonly Log[] | undefined> {
  const { pool } = state.options;
  const { from, to } = piece.range;
  const asked = [piece.endpoint];
  const seen = new Set([canonicalJson(piece.range.logs)]);
  while (asked.length < pool.endpoints.length) {
    const [label, logs] = await pool.session(
      async (endpoint, inner) => {
        const [end] = await blocksAt(endpoint, [to], inner);
        if (end?.hash !== piece.end.hash) throw behind(state, endpoint, to);
        return [endpoint.label, await logsBetween(state, endpoint, from, to, inner)] as const;
      },
      { signal, hedgeMs: false, except: asked },
    );
    const key = canonicalJson(logs);
    if (seen.has(key)) return logs;
    seen.add(key);
    asked.push(label);
  }
  return undefined;
}

/** Finds the newest mark that is still on the chain and goes back to it, or to the start. */
async function rollBack(state: ReaderState, signal: AbortSignal | undefined): Promise<LogRollback> {
  const { pool, fromBlock } = state.options;
  const marks = [...state.marks];
  const kept = await pool.session(
    async (endpoint, inner) => {
      for (let end = marks.length; end > 0; end -= 32) {
        const part = marks.slice(Math.max(0, end - 32), end);
        const blocks = await blocksAt(
          endpoint,
          part.map(({ number }) => number),
          inner,
        );
        const good = part.findLastIndex((mark, index) => blocks[index]?.hash === mark.hash);
        if (good !== -1) return Math.max(0, end - 32) + good + 1;
      }
      return 0;
    },
    { signal, hedgeMs: false },
  );
  state.marks = marks.slice(0, kept);
  state.next = (state.marks.at(-1)?.number ?? fromBlock - 1) + 1;
  return { kind: "rollback", to: state.next - 1 };
}
