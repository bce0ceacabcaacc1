import { z } from "zod";
import { toQuantity } from "../chain/blocks.ts";

const share = z.number().min(0).max(1);

/** What a faulty proxy does wrong. With everything off it is an honest, quick endpoint. */
export const faultsSchema = z.strictObject({
  /** Connections are cut, as if the host were gone. */
  cut: z.boolean(),
  /** Requests are taken and never answered. */
  hang: z.boolean(),
  /** Requests reach the node late. */
  delayMs: z.number().min(0),
  /** Answers come late: what was asked for has been done by then. */
  lateAnswerMs: z.number().min(0),
  /** Methods whose calls reach the node and whose answers never come: the connection is cut instead. */
  loseAnswers: z.array(z.string()),
  /** Share of calls answered with an internal error. */
  errors: share,
  /** HTTP status instead of an answer; 0 for none. */
  httpStatus: z.int().min(0).max(599),
  /** Answers as if the newest blocks were not there yet. */
  lagBlocks: z.int().min(0),
  /** Answers as if this block were the newest for ever. */
  frozenAt: z.int().min(0).nullable(),
  /** Chain id that it claims. */
  chainId: z.int().positive().nullable(),
  /** What it forges. `head`: it claims to be a million blocks ahead; `nonces`: it counts a thousand transactions more of everybody; `transactions`: it has none. */
  lies: z.array(z.enum(["blockHash", "stateRoot", "logs", "receipts", "head", "nonces", "transactions"])),
  /** Share of logs left out of eth_getLogs. */
  dropLogs: share,
  /** Longest range of blocks that eth_getLogs accepts; 0 for any. */
  maxLogRange: z.int().min(0),
  /** Shares of transactions that are acknowledged but not passed on, and passed on twice. */
  dropSends: share,
  duplicateSends: share,
  /** Transactions are acknowledged at once and passed on after a random time up to this, so that they change order. */
  holdSendsMs: z.number().min(0),
});

export type Faults = z.infer<typeof faultsSchema>;
type Lie = Faults["lies"][number];

export const NO_FAULTS: Faults = {
  cut: false,
  hang: false,
  delayMs: 0,
  lateAnswerMs: 0,
  loseAnswers: [],
  errors: 0,
  httpStatus: 0,
  lagBlocks: 0,
  frozenAt: null,
  chainId: null,
  lies: [],
  dropLogs: 0,
  maxLogRange: 0,
  dropSends: 0,
  duplicateSends: 0,
  holdSendsMs: 0,
};

export interface Call {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** Where each method takes its block. */
const BLOCK_POSITION: Readonly<Record<string, number>> = {
  eth_call: 1,
  eth_estimateGas: 1,
  eth_getBalance: 1,
  eth_getBlockByNumber: 0,
  eth_getCode: 1,
  eth_getProof: 2,
  eth_getStorageAt: 2,
  eth_getTransactionCount: 1,
};

export function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

/** The call as a node answers it that knows nothing above block `head`. */
export function seenFrom(head: number, { method, params }: Call): Call {
  if (method === "eth_getLogs") return { method, params: [clampRange(head, params[0])] };
  const position = BLOCK_POSITION[method];
  if (position === undefined || position > params.length) return { method, params };
  const at = params[position];
  const isOpen = at === undefined || at === "latest" || at === "pending";
  const clamped = [...params.slice(0, position), toQuantity(head), ...params.slice(position + 1)];
  return { method, params: isOpen ? clamped : params };
}

function clampRange(head: number, filter: unknown): unknown {
  if (typeof filter !== "object" || filter === null || "blockHash" in filter) return filter;
  const clamp = (value: unknown): string =>
    toQuantity(typeof value === "string" && value.startsWith("0x") ? Math.min(Number(value), head) : head);
  return { ...filter, fromBlock: clamp(fieldOf(filter, "fromBlock")), toBlock: clamp(fieldOf(filter, "toBlock")) };
}

/** The answer without what lies above block `head`. */
export function hideAbove(head: number, { method, params }: Call, result: unknown): unknown {
  if (method === "eth_blockNumber") return toQuantity(head);
  if (method === "eth_getLogs" && Array.isArray(result))
    return Number(fieldOf(params[0], "fromBlock")) > head ? [] : result;
  const number = fieldOf(result, "blockNumber") ?? fieldOf(result, "number");
  return typeof number === "string" && Number(number) > head ? null : result;
}

/** Another value of the same form. */
function forge(value: unknown): unknown {
  if (typeof value !== "string" || value.length < 3) return value;
  return value.slice(0, -1) + (value.endsWith("0") ? "1" : "0");
}

const FORGERIES: Readonly<Record<Lie, { readonly methods: RegExp; readonly keys: readonly string[] }>> = {
  blockHash: {
    methods: /^eth_(getBlock|getLogs|getTransactionReceipt)/,
    keys: ["hash", "blockHash", "parentHash"],
  },
  stateRoot: { methods: /^eth_getBlock/, keys: ["stateRoot"] },
  logs: { methods: /^eth_get(Logs|TransactionReceipt)/, keys: ["data", "topics"] },
  receipts: { methods: /^eth_getTransactionReceipt/, keys: ["status", "gasUsed"] },
  head: { methods: /^eth_(blockNumber|getBlockByNumber)/, keys: [] },
  nonces: { methods: /^eth_getTransactionCount/, keys: [] },
  transactions: { methods: /^eth_getTransactionByHash/, keys: [] },
};

/** Lies about something else than the values of some keys. */
const INVENTIONS: Partial<Record<Lie, (call: Call, result: unknown) => unknown>> = {
  head: aheadOf,
  nonces: (_, result) => toQuantity(Number(result) + 1_000),
  transactions: () => null,
};

/** The answer with the lies in it. */
export function tell(lies: readonly Lie[], call: Call, result: unknown): unknown {
  let told = result;
  for (const lie of lies) {
    const { methods, keys } = FORGERIES[lie];
    const invented = INVENTIONS[lie];
    if (methods.test(call.method)) told = invented === undefined ? forgeKeys(told, keys) : invented(call, told);
  }
  return told;
}

function aheadOf({ method, params }: Call, result: unknown): unknown {
  if (method === "eth_blockNumber") return toQuantity(Number(result) + 1_000_000);
  if (params[0] !== "latest" || typeof result !== "object" || result === null) return result;
  return { ...result, number: toQuantity(Number(fieldOf(result, "number")) + 1_000_000) };
}

function forgeKeys(value: unknown, keys: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((inner: unknown) => forgeKeys(inner, keys));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]: [string, unknown]): [string, unknown] => {
    if (!keys.includes(key)) return [key, forgeKeys(inner, keys)];
    return [key, Array.isArray(inner) ? inner.map(forge) : forge(inner)];
  });
  return Object.fromEntries(entries);
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
