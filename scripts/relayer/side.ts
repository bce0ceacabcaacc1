import { Wallet } from "ethers";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { toAddress, fromHex } from "../../sdk/src/bytes.ts";
import type { RpcPool } from "../chain/pool.ts";
import type { Sender } from "../chain/sender.ts";
import { createSender } from "../chain/sender.ts";
import type { RollupConfig } from "../network/config.ts";
import { laneBetween, openChain } from "../network/config.ts";
import type { DeliveredQuery } from "../network/delivered.ts";
import { createDeliveredView, readDelivered } from "../network/delivered.ts";
import type { LaneFollower } from "../network/follower.ts";
import { createLaneFollower } from "../network/follower.ts";
import { viewCall, viewResult } from "../network/gateway.ts";
import type { GuardianTable } from "../network/tables.ts";
import type { RelayerConfig } from "./config.ts";
import type { LaneWork, Trouble } from "./plan.ts";

/** A lane between two rollups, as this relayer works on it. */
export interface Work extends LaneWork {
  readonly src: Side;
  readonly dst: Side;
  readonly view: ReturnType<typeof createDeliveredView>;
  /** Some recipient of it takes `fast` messages. */
  usesFast: boolean;
  /** When guardians last signed something about it, by the wall clock. */
  signedAt: number;
}

/** One rollup with everything that this relayer has there. */
export interface Side {
  readonly rollup: RollupConfig;
  readonly pool: RpcPool;
  readonly sender: Sender;
  readonly account: Address;
  readonly follower: LaneFollower;
  /** Lanes that begin here, and that end here. */
  readonly outbound: Work[];
  readonly inbound: Work[];
  /** Fast deliveries that a recipient still takes today, by source and recipient. */
  readonly fastLeft: Map<string, { left: bigint; readonly at: number }>;
  /** The guardians that this rollup accepts. */
  table: GuardianTable | undefined;
  /** Nothing is delivered here for the moment. */
  hold: Trouble | undefined;
  followedAt: number;
  refreshedAt: number;
  balance: bigint;
  /** What the last messages cost, in wei each. */
  costPerMessage: bigint;
}

const FAST_POLICY_MS = 10_000;

export function createSides(config: RelayerConfig, secretKey: Hex, onError: (side: string, error: unknown) => void): Side[] {
  const { gasPrice, rpcTimeoutMs } = config.relayer;
  const { ceilingGwei: ceiling, minTipGwei: minTip, maxTipGwei: maxTip } = gasPrice;
  const signer = new Wallet(secretKey);
  const sides: Side[] = config.rollups.map((rollup) => {
    const { pool } = openChain(rollup, rpcTimeoutMs);
    const lanes = config.rollups.filter((other) => other !== rollup).map((other) => laneBetween(config, rollup, other));
    const sender = createSender({ pool, signer, fees: { ceiling, minTip, maxTip }, onError: (error) => onError(rollup.name, error) });
    const onStep = async (): Promise<void> => refreshOutbound(side);
    const follower = createLaneFollower({ rollup, pool, lanes, onStep });
    const account = toAddress(fromHex(signer.address));
    const parts = { rollup, pool, sender, account, follower, outbound: [], inbound: [], fastLeft: new Map<string, never>() };
    const clocks = { followedAt: 0, refreshedAt: -Infinity, balance: 0n, costPerMessage: 0n };
    const side: Side = { ...parts, table: undefined, hold: undefined, ...clocks };
    return side;
  });
  for (const src of sides) for (const store of src.follower.lanes) join(sides, src, store);
  return sides;
}

function join(sides: readonly Side[], src: Side, store: LaneFollower["lanes"][number]): void {
  const dst = sides.find(({ rollup }) => rollup.chainId === store.lane.dstChainId);
  if (dst === undefined) return;
  const own = { view: createDeliveredView(), busy: new Set<bigint>(), troubles: new Map<bigint, Trouble>(), holds: new Map() };
  const work: Work = { src, dst, store, ...own, usesFast: false, signedAt: Date.now() };
  src.outbound.push(work);
  dst.inbound.push(work);
}

/** Reads what destinations have executed of these messages. */
export async function refresh(dst: Side, parts: readonly { work: Work; nonces: readonly bigint[]; withFast?: boolean }[], signal?: AbortSignal): Promise<void> {
  const queries = parts.map(({ work, nonces, withFast }): DeliveredQuery => {
    const { store, view, usesFast } = work;
    return { srcChainId: store.lane.srcChainId, view, nonces, withFast: withFast ?? usesFast };
  });
  await readDelivered(dst.pool, dst.rollup, queries, "latest", signal);
}

/** While a long history is read: what is executed already need not be kept. */
async function refreshOutbound(src: Side): Promise<void> {
  for (const work of src.outbound) {
    await refresh(work.dst, [{ work, nonces: noncesOf(work) }]);
    work.store.forget(({ nonce, id }) => work.view.isClosed(nonce, id));
    letGo(work);
  }
}

/** Looks at everything that is kept of the lanes that end here: delivered by others, final, taken back by a reorg. */
export async function refreshAll(dst: Side, signal?: AbortSignal): Promise<void> {
  await refresh(dst, dst.inbound.map((work) => ({ work, nonces: noncesOf(work) })), signal);
  const { finalNumber } = dst.follower;
  if (finalNumber >= 0) {
    const at = { final: `0x${finalNumber.toString(16)}` };
    const queries = dst.inbound.map((work): DeliveredQuery => {
      const { store, view, usesFast } = work;
      return { srcChainId: store.lane.srcChainId, view, nonces: noncesOf(work), withFast: usesFast };
    });
    // A node without that state only keeps more in memory.
    await readDelivered(dst.pool, dst.rollup, queries, at, signal).catch(() => undefined);
  }
  for (const work of dst.inbound) {
    const { store, view, src } = work;
    store.forget(({ nonce, id, block }) => block <= src.follower.finalNumber && view.isDone(nonce, id));
    letGo(work);
    const lost = [...store.chunks()].flatMap(({ entries }) =>
      entries.filter(({ nonce, id, message }) => message === undefined && !view.isClosed(nonce, id)),
    );
    await src.follower.reload(store, lost.slice(0, 64), signal);
  }
}

function noncesOf({ store }: Work): bigint[] {
  return [...store.chunks()].flatMap(({ entries }) => entries.map(({ nonce }) => nonce));
}

/** Gives back the room of delivered messages, and forgets why they failed before. */
function letGo({ store, view, troubles }: Work): void {
  for (const { entries } of store.chunks()) {
    for (const entry of entries) {
      if (!view.isClosed(entry.nonce, entry.id)) continue;
      entry.message = undefined;
      troubles.delete(entry.nonce);
    }
  }
  for (const nonce of troubles.keys()) if (store.entry(nonce) === undefined) troubles.delete(nonce);
}

/** Asks which recipients of messages that are not final take `fast` ones. */
export async function refreshFast(src: Side, now: number, signal?: AbortSignal): Promise<void> {
  await Promise.all(src.outbound.map((work) => refreshFastOf(work, now, signal)));
}

async function refreshFastOf(work: Work, now: number, signal?: AbortSignal): Promise<void> {
  const { src, dst, store } = work;
  const wanted = new Set<Address>();
  for (const { entries } of store.chunks()) {
    for (const { message, block } of entries) {
      if (message === undefined || block <= src.follower.finalNumber) continue;
      const known = dst.fastLeft.get(fastKey(src, message.recipient));
      if (known === undefined || now - known.at > FAST_POLICY_MS) wanted.add(message.recipient);
    }
  }
  if (wanted.size === 0) return;
  const { gateway } = dst.rollup.contracts;
  const recipients = [...wanted];
  const calls = recipients.map((recipient) => viewCall(gateway, "fastPolicy", [recipient, src.rollup.chainId]));
  const outcomes = await dst.pool.batch(calls, { signal });
  outcomes.forEach((outcome, index) => {
    const recipient = recipients[index];
    if (!outcome.ok || recipient === undefined) return;
    // CAST: the ABI says so.
    const [perDay, left] = viewResult("fastPolicy", outcome.result) as [bigint, bigint];
    if (dst.fastLeft.size > 10_000) dst.fastLeft.clear();
    dst.fastLeft.set(fastKey(src, recipient), { left, at: now });
    if (perDay > 0n) work.usesFast = true;
  });
}

export function fastKey(src: Side, recipient: Address): string {
  return `${src.rollup.chainId}:${recipient.toLowerCase()}`;
}
