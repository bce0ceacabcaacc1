import type { Hex } from "../../sdk/src/bytes.ts";
import { headerOfBlock } from "../../sdk/src/header.ts";
import type { NodeProof } from "../../sdk/src/proofsPack.ts";
import { proveState } from "../../sdk/src/proofsPack.ts";
import type { Block } from "../chain/blocks.ts";
import { parseBlock, parseBlockOrNone, toQuantity } from "../chain/blocks.ts";
import type { Endpoint } from "../chain/endpoint.ts";
import { isEndpointFault } from "../chain/rpc-errors.ts";
import { HISTORY } from "./places.ts";
import { callTo, PROBER, runCode, word } from "./question.ts";

/** Blocks over which the pace is measured. */
const PACE_BLOCKS = 200;
/** A block so far back that calls see its hash, whichever block they run in. */
const PAST = 2;
const LOG_RANGES = [10_000, 5_000, 2_000, 1_000, 500, 100];

/** How far a tag lies below the newest block. */
export interface TagLag {
  readonly blocks: number;
  readonly seconds: number;
}

export interface BlockFacts {
  readonly head: Block;
  /** Mean over the last blocks; undefined on a chain with too few of them, or that stands still. */
  readonly blockTimeMs: number | undefined;
  /** Undefined where nodes do not know the tag or have no such block yet. */
  readonly tags: { readonly safe: TagLag | undefined; readonly finalized: TagLag | undefined };
  readonly gasLimit: bigint | undefined;
  /** Most blocks in one eth_getLogs; 0 if none of the tried ranges was answered. */
  readonly maxLogRange: number;
  /** Whether a block's fields hash to its hash as Ethereum's do: what a header fact and a proof against it need. */
  readonly ethereumHeaders: boolean;
  /** Whether eth_getProof gives a proof that holds against the state root. */
  readonly stateProofs: boolean;
  /** How many of its own blocks back a contract sees the hash: 0, 256, or 8,191 with EIP-2935; undefined while there are too few blocks. */
  readonly historyBlocks: number | undefined;
  /** Whether NUMBER counts the chain's own blocks; on Arbitrum it counts those of the parent. */
  readonly ownNumbers: boolean;
}

export async function readBlocks(endpoint: Endpoint, signal?: AbortSignal): Promise<BlockFacts> {
  const options = { signal };
  const raw = await endpoint.request("eth_getBlockByNumber", ["latest", false], options);
  const head = parseBlock(raw);
  const fields: Readonly<Record<string, unknown>> = Object.fromEntries(Object.entries(raw ?? {}));
  const { gasLimit } = fields;
  return {
    head,
    blockTimeMs: await blockTime(endpoint, head, signal),
    tags: {
      safe: await lagOf(endpoint, head, "safe", signal),
      finalized: await lagOf(endpoint, head, "finalized", signal),
    },
    gasLimit: typeof gasLimit === "string" ? BigInt(gasLimit) : undefined,
    maxLogRange: await logRange(endpoint, head, signal),
    ethereumHeaders: headerOfBlock(fields) !== undefined,
    stateProofs: await provesState(endpoint, head, signal),
    ...(await ownHistory(endpoint, signal)),
  };
}

async function blockTime(endpoint: Endpoint, head: Block, signal?: AbortSignal): Promise<number | undefined> {
  const count = Math.min(PACE_BLOCKS, head.number - 1);
  if (count < 2) return undefined;
  const number = toQuantity(head.number - count);
  const old = parseBlock(await endpoint.request("eth_getBlockByNumber", [number, false], { signal }));
  const seconds = head.timestamp - old.timestamp;
  return seconds > 0 ? Math.max(1, Math.round((seconds * 1_000) / count)) : undefined;
}

async function lagOf(
  endpoint: Endpoint,
  head: Block,
  tag: "safe" | "finalized",
  signal?: AbortSignal,
): Promise<TagLag | undefined> {
  const answer = await orElse(endpoint.request("eth_getBlockByNumber", [tag, false], { signal }), null);
  const block = parseBlockOrNone(answer);
  if (block === undefined) return undefined;
  return { blocks: Math.max(0, head.number - block.number), seconds: Math.max(0, head.timestamp - block.timestamp) };
}

async function logRange(endpoint: Endpoint, head: Block, signal?: AbortSignal): Promise<number> {
  for (const range of LOG_RANGES) {
    const filter = {
      address: PROBER,
      fromBlock: toQuantity(Math.max(0, head.number - range + 1)),
      toBlock: toQuantity(head.number),
    };
    const answer = await orElse(endpoint.request("eth_getLogs", [filter], { signal }), undefined);
    if (Array.isArray(answer)) return range;
  }
  return 0;
}

async function provesState(endpoint: Endpoint, head: Block, signal?: AbortSignal): Promise<boolean> {
  const params = [HISTORY, [`0x${word(0)}`], toQuantity(head.number)];
  const answer = await orElse(endpoint.request("eth_getProof", params, { signal }), undefined);
  try {
    // CAST: what does not have these fields is refused below.
    proveState(head.stateRoot as Hex, HISTORY, [`0x${word(0)}`], answer as NodeProof);
    return true;
  } catch {
    return false;
  }
}

/** What a contract learns of the chain's own blocks, asked at one moment. */
async function ownHistory(
  endpoint: Endpoint,
  signal?: AbortSignal,
): Promise<Pick<BlockFacts, "historyBlocks" | "ownNumbers">> {
  const seen = await orElse(endpoint.request("eth_call", runNumber(), { signal }), "0x");
  const head = parseBlock(await endpoint.request("eth_getBlockByNumber", ["latest", false], { signal }));
  const number = typeof seen === "string" && seen.length === 66 ? BigInt(seen) : -1n;
  const distance = BigInt(head.number) - number;
  const ownNumbers = number >= 0n && distance > -64n && distance < 64n;
  if (!ownNumbers) return { ownNumbers, historyBlocks: 0 };
  const past = head.number - PAST;
  if (past < 0) return { ownNumbers, historyBlocks: undefined };
  const [{ hash }, current, stored] = await Promise.all([
    endpoint.request("eth_getBlockByNumber", [toQuantity(past), false], { signal }).then(parseBlock),
    orElse(endpoint.request("eth_call", runBlockHash(past), { signal }), "0x"),
    orElse(endpoint.request("eth_call", callTo(HISTORY, `0x${word(past)}`).params, { signal }), "0x"),
  ]);
  if (current !== hash) return { ownNumbers, historyBlocks: 0 };
  return { ownNumbers, historyBlocks: stored === hash ? 8_191 : 256 };
}

/** Returns NUMBER. */
const runNumber = (): readonly unknown[] => runCode("0x4360005260206000f3").params;

/** Returns BLOCKHASH of the number. */
function runBlockHash(number: number): readonly unknown[] {
  return runCode(`0x7f${word(number)}4060005260206000f3`).params;
}

/** What a node refuses is a finding; that it does not answer is not. */
async function orElse(answer: Promise<unknown>, otherwise: unknown): Promise<unknown> {
  return answer.catch((error: unknown) => {
    if (isEndpointFault(error)) throw error;
    return otherwise;
  });
}
