import { keccak256 } from "ethers";
import { MetalayerError } from "../../sdk/src/errors.ts";
import type { Receipt } from "./blocks.ts";
import { parseReceiptOrNone } from "./blocks.ts";
import type { BroadcastResult } from "./broadcast.ts";
import { broadcast } from "./broadcast.ts";
import type { Bid } from "./fees.ts";
import { bumpedBid, marketBid } from "./fees.ts";
import { codeOf } from "./rpc-errors.ts";
import type { ChainView, Entry, Item, SenderState } from "./sender-state.ts";
import { inNonceOrder, isAgreed, newestVersion, nextOwnNonce, observe, ownCount, sign } from "./sender-state.ts";

const SETTLED_KEPT = 64;
const STALE_VIEWS_IGNORED = 20;
const DISPLACED_AFTER_BLOCKS = 5;
const MOST_VERSIONS = 100;

/** One look at the chain and everything that follows from it. All that a sender does happens here, one step at a time. */
export async function step(state: SenderState, signal: AbortSignal): Promise<void> {
  const view = await observe(state, signal);
  // A node that lags would make settled transactions look dropped. A chain that really fell back is believed in the end.
  if (view.block < (state.view?.block ?? 0) && state.staleViews < STALE_VIEWS_IGNORED) {
    state.staleViews += 1;
    return;
  }
  state.staleViews = 0;
  if (view.latest > ownCount(state) && !(await isAgreed(state, view.latest, signal))) return;
  forgetHeightsAbove(state, view.block);
  if (view.latest !== state.view?.latest) state.progressAt = view.block;
  state.progressAt = Math.min(state.progressAt, view.block);
  const isNewBlock = view.block !== state.view?.block || view.latest !== state.view.latest;
  state.view = view;
  for (const nonce of state.occupied) if (nonce < view.latest) state.occupied.delete(nonce);
  if (isNewBlock) await settle(state, view, signal);
  reviveDropped(state, view);
  await rebroadcastLost(state, view, signal);
  await unblock(state, view, signal);
  await launch(state, view, signal);
}

/** A height that a node invented never comes: nothing waits for it any longer. */
function forgetHeightsAbove(state: SenderState, block: number): void {
  for (const entry of state.entries.values()) {
    entry.touchedAt = Math.min(entry.touchedAt, block);
    if (entry.missingSince !== undefined) entry.missingSince = Math.min(entry.missingSince, block);
  }
}

/** Finds the receipts of what is in the chain, and what was displaced by a transaction of somebody else's. */
async function settle(state: SenderState, view: ChainView, signal: AbortSignal): Promise<void> {
  const used = inNonceOrder(state.entries.values()).filter(({ nonce }) => nonce < view.latest);
  if (used.length === 0) return;
  const hashes = used.flatMap(({ versions }) => versions.map(({ hash }) => hash));
  const calls = hashes.map((hash) => ({ method: "eth_getTransactionReceipt", params: [hash] }));
  const outcomes = await state.options.pool.batch(calls, { signal });
  const receipts = new Map<string, Receipt>();
  for (const outcome of outcomes) {
    const receipt = outcome.ok ? parseReceiptOrNone(outcome.result) : undefined;
    if (receipt !== undefined) receipts.set(receipt.transactionHash, receipt);
  }
  for (const entry of used) {
    const receipt = entry.versions.map(({ hash }) => receipts.get(hash)).find((found) => found !== undefined);
    if (receipt !== undefined) settleMined(state, view, entry, receipt);
    else if (entry.item === undefined) state.entries.delete(entry.nonce);
    else settleMissing(state, view, entry, entry.item);
  }
}

function settleMined(state: SenderState, view: ChainView, entry: Entry, receipt: Receipt): void {
  entry.missingSince = undefined;
  entry.accepted = true;
  entry.item?.accepted.resolve();
  if (view.block - receipt.blockNumber + 1 < state.options.confirmations) return;
  state.entries.delete(entry.nonce);
  state.settled.set(entry.nonce, entry);
  for (const nonce of state.settled.keys()) if (nonce <= entry.nonce - SETTLED_KEPT) state.settled.delete(nonce);
  entry.item?.mined.resolve(receipt);
}

/** Its nonce is used, but not by it. A receipt may come late, so it gets some blocks' time before it is given up. */
function settleMissing(state: SenderState, view: ChainView, entry: Entry, item: Item): void {
  entry.missingSince ??= view.block;
  if (view.block - entry.missingSince < DISPLACED_AFTER_BLOCKS) return;
  state.entries.delete(entry.nonce);
  if (item.request.idempotent === true) {
    item.entry = undefined;
    state.queue.unshift(item);
    return;
  }
  const info = { nonce: entry.nonce, hashes: entry.versions.map(({ hash }) => hash) };
  const message = `Nonce ${entry.nonce} was used by another transaction; this one can no longer be mined.`;
  const error = new MetalayerError("TX_DISPLACED", message, info);
  item.accepted.reject(error);
  item.mined.reject(error);
}

/** After a reorg the account's nonce falls back: what was settled above it comes to life again, bytes unchanged. */
function reviveDropped(state: SenderState, view: ChainView): void {
  for (let nonce = view.latest; ; nonce++) {
    const entry = state.settled.get(nonce);
    if (entry === undefined) return;
    state.settled.delete(nonce);
    if (state.entries.has(nonce)) continue;
    entry.touchedAt = -1;
    entry.missingSince = undefined;
    state.entries.set(nonce, entry);
  }
}

/** Sends again what the node's pool does not hold: dropped, never arrived, or lost in a restart. Once per block. */
async function rebroadcastLost(state: SenderState, view: ChainView, signal: AbortSignal): Promise<void> {
  for (const entry of inNonceOrder(state.entries.values())) {
    const isLost = entry.nonce >= view.pending && entry.touchedAt < view.block;
    if (entry.nonce < view.latest || !(isLost || !entry.accepted)) continue;
    entry.touchedAt = view.block;
    const result = await broadcast(state.options.pool, newestVersion(entry).raw, signal);
    if (result.kind === "unknown") return;
    if (result.kind === "accepted") confirmAccepted(entry);
    else if (codeOf(result.error) === "TX_FEE_LOW") await replace(state, view, entry, signal);
    else if (!entry.accepted) giveUpUnlessSent(state, entry, result);
  }
}

function confirmAccepted(entry: Entry): void {
  entry.accepted = true;
  entry.item?.accepted.resolve();
}

/** A node refuses what no node is known to have taken. If it says that the nonce is used, the receipts will tell. */
function giveUpUnlessSent(state: SenderState, entry: Entry, result: BroadcastResult & { kind: "refused" }): void {
  if (result.maybeSent || ["TX_NONCE_LOW", "TX_UNDERPRICED"].includes(codeOf(result.error) ?? "")) return;
  state.entries.delete(entry.nonce);
  entry.item?.accepted.reject(result.error);
  entry.item?.mined.reject(result.error);
}

/**
 * Fills nonces that nobody holds below ours. When the account's next nonce has not been mined for some blocks: bids
 * more for it, or displaces what holds it if that is not ours (left by an earlier run of this key).
 */
async function unblock(state: SenderState, view: ChainView, signal: AbortSignal): Promise<void> {
  const { patienceBlocks } = state.options;
  const waited = view.block - state.progressAt;
  const own = nextOwnNonce(state);
  if (own <= view.latest && state.queue.length === 0) return;
  for (let nonce = Math.max(view.latest, view.pending); nonce < own && waited >= 1; nonce++) {
    if (!state.entries.has(nonce)) await fill(state, view, nonce, signal);
  }
  if (waited < patienceBlocks) return;
  const head = state.entries.get(view.latest);
  if (head === undefined) {
    const isHeld = view.pending > view.latest || state.occupied.has(view.latest);
    if (isHeld) await fill(state, view, view.latest, signal);
  } else if (view.block - head.touchedAt >= patienceBlocks) {
    await replace(state, view, head, signal);
  }
}

function ceilingOf(state: SenderState, item: Item | undefined): bigint {
  const { ceiling, unblockCeiling = 2n * ceiling } = state.options.fees;
  if (item === undefined) return unblockCeiling > ceiling ? unblockCeiling : ceiling;
  const own = item.request.maxFeePerGas ?? ceiling;
  return own < ceiling ? own : ceiling;
}

/** Replaces the newest version by a dearer one, never above the ceiling; there the old one is broadcast again. */
async function replace(state: SenderState, view: ChainView, entry: Entry, signal: AbortSignal): Promise<void> {
  const ceiling = ceilingOf(state, entry.item);
  const old = newestVersion(entry);
  const bid = bumpedBid(old.bid, marketBid(state.options.fees, ceiling, view), ceiling);
  entry.touchedAt = view.block;
  if (bid === undefined || entry.versions.length >= MOST_VERSIONS) {
    await broadcast(state.options.pool, old.raw, signal);
    return;
  }
  const version = await sign(state, entry.nonce, entry.item, bid, keccak256);
  // Kept before it is sent: whatever the answer, this version may be mined.
  entry.versions.push(version);
  const result = await broadcast(state.options.pool, version.raw, signal);
  if (result.kind === "accepted") confirmAccepted(entry);
}

/** Uses up a nonce that blocks others, bidding until a node takes it or the ceiling for this is reached. */
async function fill(state: SenderState, view: ChainView, nonce: number, signal: AbortSignal): Promise<void> {
  const ceiling = ceilingOf(state, undefined);
  let bid: Bid | undefined = marketBid(state.options.fees, ceiling, view);
  while (bid !== undefined) {
    const version = await sign(state, nonce, undefined, bid, keccak256);
    const result = await broadcast(state.options.pool, version.raw, signal);
    if (result.kind !== "refused") {
      const accepted = result.kind === "accepted";
      const entry = { nonce, item: undefined, accepted, touchedAt: view.block, missingSince: undefined };
      state.entries.set(nonce, { ...entry, versions: [version] });
      state.occupied.delete(nonce);
      return;
    }
    if (!["TX_UNDERPRICED", "TX_FEE_LOW"].includes(codeOf(result.error) ?? "")) return;
    bid = bumpedBid(bid, undefined, ceiling);
  }
}

/** Gives nonces to waiting requests, in order, as long as the chain and the market let them pass. */
async function launch(state: SenderState, view: ChainView, signal: AbortSignal): Promise<void> {
  const { maxInFlight, fees } = state.options;
  state.holding = false;
  while (state.queue.length > 0 && [...state.entries.values()].every(({ accepted }) => accepted)) {
    let nonce = Math.max(view.latest, view.pending, nextOwnNonce(state));
    while (state.occupied.has(nonce)) nonce += 1;
    if (nonce - view.latest >= maxInFlight) return;
    const item = state.queue[0];
    if (item === undefined) return;
    const bid = marketBid(fees, ceilingOf(state, item), view);
    if (bid === undefined && marketBid(fees, fees.ceiling, view) === undefined) {
      state.holding = true;
      return;
    }
    state.queue.shift();
    if (bid === undefined) refuse(item, feeTooHigh(state, item, view));
    else if (!(await launchOne(state, view, { item, nonce, bid }, signal))) return;
  }
}

function refuse(item: Item, error: unknown): void {
  item.accepted.reject(error);
  item.mined.reject(error);
}

function feeTooHigh(state: SenderState, item: Item, view: ChainView): MetalayerError {
  const ceiling = ceilingOf(state, item);
  const message = `The base fee of ${state.options.pool.rollup} is above this transaction's ceiling.`;
  return new MetalayerError("FEE_TOO_HIGH", message, { ceiling, baseFee: view.baseFee });
}

/** Signs and sends one request. False when launching has to pause until the chain was looked at again. */
async function launchOne(
  state: SenderState,
  view: ChainView,
  { item, nonce, bid: first }: { readonly item: Item; readonly nonce: number; readonly bid: Bid },
  signal: AbortSignal,
): Promise<boolean> {
  let bid: Bid | undefined = first;
  while (bid !== undefined) {
    const version = await sign(state, nonce, item, bid, keccak256);
    const entry: Entry = {
      nonce,
      item,
      versions: [version],
      accepted: false,
      touchedAt: view.block,
      missingSince: undefined,
    };
    if (state.entries.size === 0) state.progressAt = view.block;
    item.entry = entry;
    state.entries.set(nonce, entry);
    const result = await broadcast(state.options.pool, version.raw, signal);
    if (result.kind === "accepted") confirmAccepted(entry);
    if (result.kind !== "refused") return result.kind === "accepted";
    // One of the nodes may have it: it keeps its nonce and the receipts will tell.
    if (result.maybeSent) return false;
    state.entries.delete(nonce);
    item.entry = undefined;
    const code = codeOf(result.error);
    if (code === "TX_FEE_LOW") {
      bid = bumpedBid(bid, undefined, ceilingOf(state, item));
      continue;
    }
    if (code !== "TX_NONCE_LOW" && code !== "TX_UNDERPRICED") {
      refuse(item, result.error);
      return true;
    }
    state.queue.unshift(item);
    if (code === "TX_UNDERPRICED") state.occupied.add(nonce);
    return code === "TX_UNDERPRICED";
  }
  state.queue.unshift(item);
  state.holding = true;
  return false;
}
