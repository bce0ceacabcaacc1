import type { Hex } from "../../../../sdk/src/bytes.ts";
import { parseReceiptOrNone } from "../../../chain/blocks.ts";
import type { MessageClass, PairMessages } from "./pairs.ts";
import type { Site, World } from "../../world.ts";
import { deliveryOf, siteOf } from "../../world.ts";

/** Times between the arrival of the source's block and of the destination's block at one observer, in milliseconds. */
export interface Latency {
  readonly class: MessageClass;
  /** Undefined: from all rollups. */
  readonly source: string | undefined;
  readonly sourceBlockMs: number | undefined;
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
}

export interface GasFigures {
  readonly sends: number;
  /** Mean gas of a transaction that sends one message. */
  readonly perSend: number;
  readonly deliveries: number;
  readonly transactions: number;
  /** Mean gas of a delivery: its transaction's gas divided among its messages. */
  readonly perDelivery: number;
}

export function latencies(world: World, sent: readonly PairMessages[]): Latency[] {
  return sent.flatMap(({ class: name, messages }) => {
    const timed = messages.flatMap((seen) => {
      const delivery = deliveryOf(world, seen);
      return delivery === undefined
        ? []
        : [{ source: seen.message.srcChainId, ms: delivery.arrivedAt - seen.arrivedAt }];
    });
    const all = summarise(timed.map(({ ms }) => ms));
    const bySource = world.sites.map((site) => {
      const own = summarise(timed.filter(({ source }) => source === site.chainId).map(({ ms }) => ms));
      return { class: name, source: site.name, sourceBlockMs: site.blockTimeMs, ...own };
    });
    return [{ class: name, source: undefined, sourceBlockMs: undefined, ...all }, ...bySource];
  });
}

function summarise(values: readonly number[]): Pick<Latency, "count" | "p50" | "p95"> {
  const sorted = [...values].sort((a, b) => a - b);
  return { count: sorted.length, p50: percentile(sorted, 0.5), p95: percentile(sorted, 0.95) };
}

/** The smallest value that at least this share of the values does not exceed; 0 without values. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

/** What the messages of chapter 1 cost at both ends. */
export async function gasFigures(world: World, sent: readonly PairMessages[]): Promise<GasFigures> {
  const messages = sent.flatMap((each) => each.messages);
  const sends = await gasOf(
    world,
    messages.map(({ message }) => [message.srcChainId, message.transactionHash]),
  );
  const delivered = messages.flatMap((seen) => {
    const delivery = deliveryOf(world, seen);
    return delivery === undefined ? [] : [[seen.message.dstChainId, delivery.transactionHash] as const];
  });
  const relays = await gasOf(world, delivered);
  // A relay transaction may carry other messages too: all of them share its gas.
  const shares = [...relays.values()].flatMap(({ site, hash, gas }) => {
    const own = delivered.filter(([, transaction]) => transaction === hash).length;
    const all = [...site.observer.delivered.values()].filter(({ transactionHash }) => transactionHash === hash).length;
    return Array.from({ length: own }, () => gas / Math.max(1, all));
  });
  return {
    sends: messages.length,
    perSend: mean([...sends.values()].map(({ gas }) => gas)),
    deliveries: shares.length,
    transactions: relays.size,
    perDelivery: mean(shares),
  };
}

interface Spent {
  readonly site: Site;
  readonly hash: Hex;
  readonly gas: number;
}

async function gasOf(world: World, transactions: readonly (readonly [bigint, Hex])[]): Promise<Map<Hex, Spent>> {
  const unique = new Map(transactions.map(([chainId, hash]) => [hash, siteOf(world, chainId)]));
  const receipts = await Promise.all(
    [...unique].map(async ([hash, site]) => {
      const receipt = parseReceiptOrNone(await site.connection.pool.request("eth_getTransactionReceipt", [hash]));
      return receipt === undefined ? [] : [[hash, { site, hash, gas: Number(receipt.gasUsed) }] as const];
    }),
  );
  return new Map(receipts.flat());
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : Math.round(values.reduce((sum, value) => sum + value, 0) / values.length);
}
