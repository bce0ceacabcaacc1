import { MetalayerError } from "../../sdk/src/errors.ts";
import type { Receipt } from "./blocks.ts";
import { bigQuantity, toQuantity } from "./blocks.ts";
import { withGasMargin } from "./gas-margin.ts";
import type { RpcPool } from "./pool.ts";
import type { Item, SenderOptions, SenderState, TxRequest, TxSigner } from "./sender-state.ts";
import { newestVersion } from "./sender-state.ts";
import { step } from "./sender-steps.ts";
import { abortable, abortedError, deferred, delay } from "./tasks.ts";

/** A transaction that a node has accepted. */
export interface SentTx {
  readonly nonce: number;
  /** Hash of the newest version; a replacement changes it. */
  readonly hash: string;
  /**
   * Resolves when the transaction is in a block with the configured confirmations, reverted or not. Rejects with
   * TX_DISPLACED if another transaction took its nonce, SENDER_STOPPED, or ABORTED (the transaction lives on).
   */
  wait(signal?: AbortSignal): Promise<Receipt>;
}

export interface SenderStatus {
  readonly queued: number;
  readonly inFlight: number;
  /** The market is above the fee ceiling; the queue waits for it to fall. */
  readonly holding: boolean;
}

/**
 * Sends the transactions of one key on one rollup. Nonces come from the chain whenever one is needed, so neither a
 * restart nor a foreign transaction of the same key leaves a gap; what gets lost is sent again, what gets stuck is
 * replaced, never above the fee ceiling.
 */
export interface Sender {
  readonly address: string;
  /**
   * Resolves when a node has accepted the transaction; order of calls is order of nonces. Rejects with
   * SENDER_QUEUE_FULL, SENDER_STOPPED, ABORTED, FEE_TOO_HIGH (own ceiling), TX_FUNDS, TX_REJECTED; when the gas
   * has to be estimated also RPC_REVERTED or RPC_ALL_FAILED. While no endpoint answers or the market is too dear, it waits.
   */
  send(request: TxRequest): Promise<SentTx>;
  status(): SenderStatus;
  /** Takes nothing more, waits for what is in flight at most `drainMs`, then lets go of it. True if all was mined. */
  stop(drainMs?: number): Promise<boolean>;
}

export function createSender(options: SenderOptions): Sender {
  const full: Required<SenderOptions> = {
    maxInFlight: 16,
    maxQueue: 1_000,
    confirmations: 1,
    patienceBlocks: 3,
    pollMs: Math.min(1_000, Math.max(50, options.pool.blockTimeMs / 4)),
    onError: () => undefined,
    ...options,
  };
  const state: SenderState = {
    options: full,
    queue: [],
    entries: new Map(),
    settled: new Map(),
    occupied: new Set(),
    view: undefined,
    staleViews: 0,
    progressAt: Infinity,
    holding: false,
  };
  const worker = createWorker(state);
  let stopped = false;
  const refuse = (): MetalayerError => new MetalayerError("SENDER_STOPPED", "The sender was stopped.");
  return {
    address: full.signer.address,
    async send(request) {
      if (stopped) throw refuse();
      if (state.queue.length >= full.maxQueue)
        throw new MetalayerError("SENDER_QUEUE_FULL", `Already ${full.maxQueue} transactions wait for a nonce.`);
      const item = createItem(request, request.gasLimit);
      if (request.gasLimit !== undefined) return enqueue(state, worker, item);
      const gasLimit = await estimateGas(full.pool, full.signer, request);
      if (stopped) throw refuse();
      return enqueue(state, worker, createItem(request, gasLimit));
    },
    status: () => ({ queued: state.queue.length, inFlight: state.entries.size, holding: state.holding }),
    async stop(drainMs = 0) {
      stopped = true;
      for (const item of state.queue.splice(0)) item.accepted.reject(refuse());
      const deadline = performance.now() + drainMs;
      while (state.entries.size > 0 && performance.now() < deadline) await delay(Math.min(50, full.pollMs));
      const drained = state.entries.size === 0;
      await worker.stop();
      for (const { item } of state.entries.values()) {
        item?.accepted.reject(refuse());
        item?.mined.reject(refuse());
      }
      return drained;
    },
  };
}

function createItem(request: TxRequest, gasLimit = 0n): Item {
  return { request, gasLimit, accepted: deferred(), mined: deferred(), entry: undefined };
}

async function enqueue(state: SenderState, worker: Worker, item: Item): Promise<SentTx> {
  const { signal } = item.request;
  if (signal?.aborted === true) throw abortedError(signal);
  const leave = (): void => {
    const at = state.queue.indexOf(item);
    if (at === -1) return;
    state.queue.splice(at, 1);
    item.accepted.reject(abortedError(signal));
  };
  signal?.addEventListener("abort", leave, { once: true });
  if (state.queue.length === 0 && state.entries.size === 0) state.progressAt = Infinity;
  state.queue.push(item);
  worker.wake();
  try {
    await item.accepted.promise;
  } finally {
    signal?.removeEventListener("abort", leave);
  }
  let entry = item.entry;
  const current = (): NonNullable<Item["entry"]> => {
    entry = item.entry ?? entry;
    if (entry === undefined) throw new Error("an accepted transaction has an entry");
    return entry;
  };
  return {
    get nonce() {
      return current().nonce;
    },
    get hash() {
      return newestVersion(current()).hash;
    },
    wait: (waitSignal) => abortable(item.mined.promise, waitSignal),
  };
}

async function estimateGas(pool: RpcPool, signer: TxSigner, request: TxRequest): Promise<bigint> {
  const call = {
    from: signer.address,
    to: request.to,
    data: request.data ?? "0x",
    value: toQuantity(request.value ?? 0n),
  };
  return withGasMargin(bigQuantity(await pool.request("eth_estimateGas", [call], { signal: request.signal })));
}

interface Worker {
  /** There is something to do: do not wait for the next poll. */
  wake(): void;
  stop(): Promise<void>;
}

/** Runs steps one after the other while there is something queued or in flight, and sleeps otherwise. */
function createWorker(state: SenderState): Worker {
  const controller = new AbortController();
  const { signal } = controller;
  let running: Promise<void> | undefined;
  let isAwake = false;
  let rouse: () => void = () => undefined;
  const rest = async (): Promise<void> => {
    if (isAwake) return;
    const nap = new AbortController();
    rouse = () => nap.abort();
    await delay(state.options.pollMs, nap.signal).catch(() => undefined);
  };
  const run = async (): Promise<void> => {
    while (!signal.aborted && (state.queue.length > 0 || state.entries.size > 0)) {
      isAwake = false;
      try {
        await step(state, signal);
      } catch (error) {
        if (!signal.aborted) state.options.onError(error);
      }
      await rest();
    }
    running = undefined;
  };
  return {
    wake() {
      isAwake = true;
      rouse();
      if (!signal.aborted) running ??= run();
    },
    async stop() {
      controller.abort();
      rouse();
      await running;
    },
  };
}

/** The senders of one process: at most one per rollup and key, however often it is asked for. */
export interface Senders {
  get(pool: RpcPool, signer: TxSigner): Sender;
  stopAll(drainMs?: number): Promise<boolean>;
}

export function createSenders(settings: (pool: RpcPool) => Omit<SenderOptions, "pool" | "signer">): Senders {
  const senders = new Map<string, Sender>();
  return {
    get(pool, signer) {
      const key = `${pool.chainId}:${signer.address.toLowerCase()}`;
      const sender = senders.get(key) ?? createSender({ ...settings(pool), pool, signer });
      senders.set(key, sender);
      return sender;
    },
    async stopAll(drainMs) {
      const drained = await Promise.all([...senders.values()].map((sender) => sender.stop(drainMs)));
      return drained.every(Boolean);
    },
  };
}
