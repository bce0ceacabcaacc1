import { encodeBatches } from "../../sdk/src/batch.ts";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { factProof } from "../../sdk/src/fact.ts";
import type { RpcPool } from "../chain/pool.ts";
import type { Sender } from "../chain/sender.ts";
import type { Attested } from "./coordinator.ts";
import { gatewayInterface } from "./gateway.ts";
import type { Range } from "./range.ts";
import { batchOf } from "./range.ts";
import type { Simulation } from "./simulate.ts";
import { readOutcome, simulateRelay } from "./simulate.ts";
import type { GuardianTable } from "./tables.ts";
import { attestationFor } from "./tables.ts";

export interface RelayTarget {
  readonly pool: RpcPool;
  readonly sender: Sender;
  readonly account: Address;
  readonly gateway: Address;
  readonly table: GuardianTable;
  /** A transaction that would use more is not sent. */
  readonly maxTxGas: bigint;
}

/** What became of ranges that were to be relayed in one transaction. */
export type RelayOutcome =
  /** Nothing was sent: fewer messages at a time would fit. */
  | { readonly kind: "too-much" }
  /** Nothing was sent: the whole would revert. */
  | { readonly kind: "refused"; readonly error: string }
  /** Sent and mined, or not worth sending because every message fails. Messages in neither set were executed before. */
  | {
      readonly kind: "done";
      readonly receipt: { readonly success: boolean; readonly cost: bigint } | undefined;
      readonly delivered: ReadonlySet<Hex>;
      /** With the recipient's reason. */
      readonly failed: ReadonlyMap<Hex, string>;
    };

/** Simulates, leaves out what fails, sends, and reads from the receipt what happened. Throws what pool and sender throw. */
export async function relayRanges(
  target: RelayTarget,
  attested: Attested,
  ranges: readonly Range[],
): Promise<RelayOutcome> {
  const { sender, gateway, table, maxTxGas } = target;
  const { bytes } = attestationFor(table, attested);
  const hashes = attested.facts.map(({ hash }) => hash);
  const encode = (left: ReadonlySet<Hex>): Hex => {
    const batches = ranges.map((range) => batchOf(range, factProof(hashes, range.factHash), left));
    // CAST: ethers returns hex.
    return gatewayInterface.encodeFunctionData("relay", [bytes, encodeBatches(batches)]) as Hex;
  };
  const simulation = await simulate(target, ranges, encode(new Set()));
  if (simulation.kind === "reverts") {
    const isTooMuch = /InsufficientGas|without a reason/.test(simulation.error);
    return isTooMuch ? { kind: "too-much" } : { kind: "refused", error: simulation.error };
  }
  if (simulation.gasUsed > maxTxGas) return { kind: "too-much" };
  const failed = new Map(simulation.failed);
  if (simulation.delivered.size === 0) return { kind: "done", receipt: undefined, delivered: new Set(), failed };
  const data = encode(new Set(failed.keys()));
  const sent = await sender.send({ to: gateway, data, gasLimit: gasFor(ranges, simulation.gasUsed) });
  const { logs, success, gasUsed, effectiveGasPrice } = await sent.wait();
  const delivered = new Set<Hex>();
  for (const log of logs) readOutcome(log, gateway, delivered, failed);
  return { kind: "done", receipt: { success, cost: gasUsed * effectiveGasPrice }, delivered, failed };
}

function simulate(
  { pool, account, gateway, maxTxGas }: RelayTarget,
  ranges: readonly Range[],
  data: Hex,
): Promise<Simulation> {
  const messages = ranges.flatMap(({ lane, entries, nonces, gasBoost }) =>
    entries.flatMap(({ nonce, id, message }) => {
      if (message === undefined || !nonces.includes(nonce)) return [];
      return [{ id, srcChainId: lane.store.lane.srcChainId, message, gas: message.gasLimit + gasBoost }];
    }),
  );
  return simulateRelay(pool, { from: account, gateway, data, gas: maxTxGas + maxTxGas / 4n, messages });
}

/** What it used, some more for what changes until then, and what the greediest message must find left when it is called. */
function gasFor(ranges: readonly Range[], gasUsed: bigint): bigint {
  const limits = ranges.flatMap(({ entries, gasBoost }) =>
    entries.map(({ message }) => (message?.gasLimit ?? 0n) + gasBoost),
  );
  const greatest = limits.reduce((most, limit) => (limit > most ? limit : most), 0n);
  return gasUsed + gasUsed / 5n + (greatest * 64n) / 63n + 100_000n;
}

/** The ranges in their order, in parts of at most so many messages (or of one range). */
export function packed<R extends Range>(ranges: readonly R[], most: number): R[][] {
  const parts: R[][] = [];
  let room = 0;
  for (const range of ranges) {
    if (room < range.nonces.length) {
      parts.push([]);
      room = most;
    }
    parts.at(-1)?.push(range);
    room -= range.nonces.length;
  }
  return parts;
}

/** Two parts of about the same number of messages; one if there is only one message. */
export function halved<R extends Range>(ranges: readonly R[]): readonly (readonly R[])[] {
  const [only] = ranges;
  const middle = Math.ceil(ranges.length / 2);
  if (only === undefined || ranges.length > 1) return [ranges.slice(0, middle), ranges.slice(middle)];
  const half = Math.ceil(only.nonces.length / 2);
  const parts = [only.nonces.slice(0, half), only.nonces.slice(half)];
  return parts.filter(({ length }) => length > 0).map((nonces) => [{ ...only, nonces }]);
}
