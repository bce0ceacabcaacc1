import type { Receipt } from "./blocks.ts";
import { bigQuantity, parseBlock, quantity } from "./blocks.ts";
import type { Bid, FeeLimits } from "./fees.ts";
import type { Endpoint } from "./endpoint.ts";
import type { RpcPool } from "./pool.ts";
import { createQuorum } from "./quorum.ts";
import type { Deferred } from "./tasks.ts";

/** The part of an ethers Wallet that is used; a remote signer fits too. */
export interface TxSigner {
  readonly address: string;
  signTransaction(transaction: UnsignedTx): Promise<string>;
}

export interface UnsignedTx extends Bid {
  readonly type: 2;
  readonly chainId: bigint;
  readonly nonce: number;
  readonly to: string;
  readonly data: string;
  readonly value: bigint;
  readonly gasLimit: bigint;
}

export interface TxRequest {
  readonly to: string;
  /** Hex. Default "0x". */
  readonly data?: string;
  readonly value?: bigint;
  /** Estimated, plus a quarter, when left out. */
  readonly gasLimit?: bigint;
  /** Ceiling of this transaction, wei per gas, when it is lower than the sender's. */
  readonly maxFeePerGas?: bigint;
  /** Doing it twice does no harm: if a foreign transaction took its nonce it is sent again instead of TX_DISPLACED. */
  readonly idempotent?: boolean;
  /** Takes it out of the queue. A transaction that was broadcast cannot be called back. */
  readonly signal?: AbortSignal;
}

/** A request on its way: queued, then held by an entry. */
export interface Item {
  readonly request: TxRequest;
  readonly gasLimit: bigint;
  readonly accepted: Deferred<void>;
  readonly mined: Deferred<Receipt>;
  /** The entry that carries it, once it has a nonce. */
  entry: Entry | undefined;
}

export interface Version {
  readonly hash: string;
  readonly raw: string;
  readonly bid: Bid;
}

/** A signed transaction and the nonce that it holds until something with that nonce is settled in the chain. */
export interface Entry {
  readonly nonce: number;
  /** Undefined for a transaction that only fills a gap. */
  readonly item: Item | undefined;
  /** Replacements, oldest first; any of them may be mined. */
  readonly versions: [Version, ...Version[]];
  /** False while no node has confirmed that it took it. */
  accepted: boolean;
  /** Height at which it was last broadcast. */
  touchedAt: number;
  /** Height at which its nonce was first seen used by something that is not known to be ours. */
  missingSince: number | undefined;
}

export interface SenderOptions {
  readonly pool: RpcPool;
  readonly signer: TxSigner;
  readonly fees: FeeLimits;
  /** Nonces used ahead of the chain at most. Default 16. */
  readonly maxInFlight?: number;
  /** Requests waiting for a nonce at most. Default 1,000. */
  readonly maxQueue?: number;
  /** Blocks, the transaction's own included, before it counts as mined. Default 1. */
  readonly confirmations?: number;
  /** Blocks without progress before a transaction is replaced or a gap filled. Default 3. */
  readonly patienceBlocks?: number;
  /** Pause between two looks at the chain while something is in flight. Default: a quarter of the block time. */
  readonly pollMs?: number;
  /** Failures of the loop itself; it goes on. */
  readonly onError?: (error: unknown) => void;
}

export interface SenderState {
  readonly options: Required<SenderOptions>;
  readonly queue: Item[];
  readonly entries: Map<number, Entry>;
  /** The last ones settled: sent again as they are if a reorg drops them. */
  readonly settled: Map<number, Entry>;
  /** Nonces found to be held by transactions of which nothing else is known. */
  readonly occupied: Set<number>;
  view: ChainView | undefined;
  staleViews: number;
  /** Height at which the account's nonce last moved, or at which waiting for it began; infinite while nothing waits. */
  progressAt: number;
  /** True while the market is above the fee ceiling and the queue waits. */
  holding: boolean;
}

/** What one node said about the account and the market at one moment. */
export interface ChainView {
  readonly block: number;
  readonly baseFee: bigint;
  readonly suggestedTip: bigint | undefined;
  /** Transactions of the account in the chain. */
  readonly latest: number;
  /** The same plus those in the node's pool, as far as they follow without gap. */
  readonly pending: number;
}

export function newestVersion(entry: Entry): Version {
  return entry.versions.at(-1) ?? entry.versions[0];
}

export function inNonceOrder(entries: Iterable<Entry>): Entry[] {
  return [...entries].sort((a, b) => a.nonce - b.nonce);
}

/** One above the highest nonce that this process has signed and that is not settled; 0 if there is none. */
export function nextOwnNonce(state: SenderState): number {
  return Math.max(-1, ...state.entries.keys()) + 1;
}

/** The account's transactions of which this process knows: those of the last view, and its own. */
export function ownCount(state: SenderState): number {
  return Math.max(state.view?.latest ?? 0, nextOwnNonce(state), ...[...state.settled.keys()].map((nonce) => nonce + 1));
}

/**
 * Whether more than half of the endpoints that answer, and are not stale, tell of so many transactions of the account. Asked where
 * they are more than its own: a count that one endpoint invents would leave nonces open below it, and pay for filling them all.
 */
export async function isAgreed({ options }: SenderState, count: number, signal: AbortSignal): Promise<boolean> {
  const { pool, signer } = options;
  const { rollup, chainId } = pool;
  const health = pool.health();
  const endpoints = pool.endpoints.filter((_, index) => health[index]?.stale !== true);
  const quorum = createQuorum({ rollup, chainId, endpoints, k: Math.floor(endpoints.length / 2) + 1 });
  const ask = async (endpoint: Endpoint, inner: AbortSignal): Promise<number> =>
    quantity(await endpoint.request("eth_getTransactionCount", [signer.address, "latest"], { signal: inner }));
  const told = await quorum.poll({ name: "the account's nonce", ask }, signal);
  const answers = told.filter((answer) => answer !== undefined);
  return 2 * answers.filter((answer) => answer >= count).length > answers.length;
}

/** One request: the account's nonces, the height and the market, all from the same node. */
export async function observe(state: SenderState, signal: AbortSignal): Promise<ChainView> {
  const { pool, signer, maxInFlight } = state.options;
  const [block, latest, pending, tip] = await pool.batch(
    [
      { method: "eth_getBlockByNumber", params: ["latest", false] },
      { method: "eth_getTransactionCount", params: [signer.address, "latest"] },
      { method: "eth_getTransactionCount", params: [signer.address, "pending"] },
      { method: "eth_maxPriorityFeePerGas", params: [] },
    ],
    { signal },
  );
  if (block?.ok === false) throw block.error;
  if (latest?.ok === false) throw latest.error;
  const { number, baseFee } = parseBlock(block?.result);
  const count = quantity(latest?.result);
  const inPool = pending?.ok === true ? quantity(pending.result) : count;
  // A pool that claims far more than anybody may have put there is not believed: nonces would be left open below it.
  const plausible = inPool >= count && inPool - count <= 4 * maxInFlight;
  const suggestedTip = tip?.ok === true ? bigQuantity(tip.result) : undefined;
  return { block: number, baseFee, suggestedTip, latest: count, pending: plausible ? inPool : count };
}

/** Signs the next version for a nonce. */
export async function sign(
  state: SenderState,
  nonce: number,
  item: Item | undefined,
  bid: Bid,
  hashOf: (raw: string) => string,
): Promise<Version> {
  const { signer, pool } = state.options;
  const raw = await signer.signTransaction({
    type: 2,
    chainId: pool.chainId,
    nonce,
    to: item?.request.to ?? signer.address,
    data: item?.request.data ?? "0x",
    value: item?.request.value ?? 0n,
    gasLimit: item?.gasLimit ?? FILLER_GAS,
    ...bid,
  });
  return { hash: hashOf(raw), raw, bid };
}

/** Enough for a transfer of nothing to oneself; rollups that charge more for data get what they need from the margin. */
const FILLER_GAS = 100_000n;
