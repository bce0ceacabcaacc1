import { bitmapOf, encodeAttestation } from "../../sdk/src/attestation.ts";
import { encodeBatches } from "../../sdk/src/batch.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import { CLASS_FAST, factProof } from "../../sdk/src/fact.ts";
import type { Receipt } from "../chain/blocks.ts";
import { codeOf } from "../chain/rpc-errors.ts";
import type { Attested } from "../network/coordinator.ts";
import { gatewayInterface } from "../network/gateway.ts";
import type { Simulation } from "../network/simulate.ts";
import { readOutcome, simulateRelay } from "../network/simulate.ts";
import type { GuardianTable } from "../network/tables.ts";
import type { Range, Trouble } from "./plan.ts";
import { batchOf, worse } from "./plan.ts";
import type { Relaying } from "./relayer.ts";
import type { Side, Work } from "./side.ts";
import { refresh } from "./side.ts";

/** A range of a lane that ends at the rollup to which it is delivered. */
export interface Delivery extends Range {
  readonly work: Work;
}

/** The attestation as this rollup reads it: who signed, by their places in its table. */
export function attestationFor(table: GuardianTable, { root, signature, signers }: Attested): { bytes: Hex; bitmap: bigint } {
  const bitmap = bitmapOf(table.guardians.filter(({ key }) => signers.includes(key)).map(({ index }) => index));
  return { bytes: encodeAttestation({ root, serial: table.serial, signature, bitmap }), bitmap };
}

/** Delivers attested messages to one rollup, in as many transactions as they need. Never throws: what fails has to wait. */
export async function deliver(relaying: Relaying, dst: Side, attested: Attested, ranges: readonly Delivery[]): Promise<void> {
  const { table } = dst;
  if (table === undefined) return;
  const { bytes } = attestationFor(table, attested);
  await Promise.all(packed(ranges, relaying.settings.maxMessages).map((part) => deliverPart(relaying, dst, attested, bytes, part)));
}

function packed(ranges: readonly Delivery[], most: number): Delivery[][] {
  const parts: Delivery[][] = [];
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

async function deliverPart(relaying: Relaying, dst: Side, attested: Attested, attestation: Hex, ranges: Delivery[]): Promise<void> {
  const { settings, now } = relaying;
  const hashes = attested.facts.map(({ hash }) => hash);
  const encode = (left: ReadonlySet<Hex>): Hex => {
    const batches = ranges.map((range) => batchOf(range, factProof(hashes, range.factHash), left));
    // CAST: ethers returns hex.
    return gatewayInterface.encodeFunctionData("relay", [attestation, encodeBatches(batches)]) as Hex;
  };
  try {
    const simulation = await simulate(relaying, dst, ranges, encode(new Set()));
    const count = ranges.reduce((sum, { nonces }) => sum + nonces.length, 0);
    const isTooMuch =
      simulation.kind === "reverts" ? /InsufficientGas|without a reason/.test(simulation.error) : simulation.gasUsed > settings.maxTxGas;
    if (isTooMuch && count > 1) {
      const halves = halved(ranges);
      await Promise.all(halves.map((half) => deliverPart(relaying, dst, attested, attestation, half)));
      return;
    }
    if (simulation.kind === "reverts") return await refused(relaying, dst, ranges, simulation.error);
    await noteFailures(relaying, ranges, simulation.delivered, simulation.failed);
    if (simulation.delivered.size === 0) return;
    const left = new Set(simulation.failed.keys());
    const gasLimit = gasFor(ranges, simulation.gasUsed);
    const { gateway } = dst.rollup.contracts;
    const sent = await dst.sender.send({ to: gateway, data: encode(left), gasLimit });
    await settle(relaying, dst, ranges, await sent.wait());
  } catch (error) {
    const isPoor = codeOf(error) === "TX_FUNDS";
    relaying.fail(isPoor ? "underfunded" : "unknown", dst.rollup.name, error);
    dst.hold = worse(dst.hold, isPoor ? "underfunded" : "unknown", error instanceof Error ? error.message : "", now());
  }
}

function simulate({ settings }: Relaying, dst: Side, ranges: readonly Delivery[], data: Hex): Promise<Simulation> {
  const messages = ranges.flatMap(({ work, entries, nonces }) =>
    entries.flatMap(({ nonce, id, message }) =>
      message === undefined || !nonces.includes(nonce) ? [] : [{ id, srcChainId: work.store.lane.srcChainId, message }],
    ),
  );
  const gas = settings.maxTxGas + settings.maxTxGas / 4n;
  return simulateRelay(dst.pool, { from: dst.account, gateway: dst.rollup.contracts.gateway, data, gas, messages });
}

/** What it used, some more for what changes until then, and what the greediest message must find left when it is called. */
function gasFor(ranges: readonly Delivery[], gasUsed: bigint): bigint {
  const limits = ranges.flatMap(({ entries }) => entries.map(({ message }) => message?.gasLimit ?? 0n));
  const greatest = limits.reduce((most, limit) => (limit > most ? limit : most), 0n);
  return gasUsed + gasUsed / 5n + (greatest * 64n) / 63n + 100_000n;
}

function halved(ranges: readonly Delivery[]): Delivery[][] {
  const [only] = ranges;
  const middle = Math.ceil(ranges.length / 2);
  if (only === undefined || ranges.length > 1) return [ranges.slice(0, middle), ranges.slice(middle)];
  const half = Math.ceil(only.nonces.length / 2);
  return [[{ ...only, nonces: only.nonces.slice(0, half) }], [{ ...only, nonces: only.nonces.slice(half) }]];
}

/** The transaction as a whole would revert. */
async function refused(relaying: Relaying, dst: Side, ranges: readonly Delivery[], error: string): Promise<void> {
  const { now } = relaying;
  if (error === "GatewayNothingToDeliver") {
    relaying.fail("executed", dst.rollup.name, error);
    await refresh(dst, ranges.map(({ work, nonces }) => ({ work, nonces, withFast: true })));
    return;
  }
  relaying.fail("unknown", dst.rollup.name, error);
  // Another table may be in force.
  if (error === "GatewayAttestationRefused") dst.table = undefined;
  for (const { work, nonces, fact } of ranges) {
    const [single, ...more] = nonces;
    if (single !== undefined && more.length === 0) work.troubles.set(single, worse(work.troubles.get(single), "unknown", error, now()));
    else work.holds.set(fact.class, worse(work.holds.get(fact.class), "unknown", error, now()));
  }
}

/** Messages that fail wait and go as hash only; those of which nothing is heard were executed by somebody else. */
async function noteFailures(
  relaying: Relaying,
  ranges: readonly Delivery[],
  delivered: ReadonlySet<Hex>,
  failed: ReadonlyMap<Hex, string>,
): Promise<void> {
  for (const { work, entries, nonces } of ranges) {
    const silent: bigint[] = [];
    for (const { nonce, id } of entries) {
      if (!nonces.includes(nonce) || delivered.has(id)) continue;
      const reason = failed.get(id);
      if (reason === undefined) silent.push(nonce);
      else markFailed(relaying, work, nonce, reason);
    }
    if (silent.length > 0) await refresh(work.dst, [{ work, nonces: silent, withFast: true }]);
  }
}

function markFailed({ settings, now, fail, log }: Relaying, work: Work, nonce: bigint, reason: string): void {
  const trouble: Trouble = worse(work.troubles.get(nonce), "reverts", reason, now());
  work.troubles.set(nonce, trouble);
  fail("reverts", work.dst.rollup.name, undefined);
  const { srcChainId, dstChainId } = work.store.lane;
  const about = { src: Number(srcChainId), dst: Number(dstChainId), nonce: Number(nonce), id: work.store.entry(nonce)?.id, reason };
  log[trouble.attempts === settings.deadAfter ? "warn" : "debug"](about, "message fails");
}

/** What the mined transaction did, from its own events. */
async function settle(relaying: Relaying, dst: Side, ranges: readonly Delivery[], receipt: Receipt): Promise<void> {
  const { metrics } = relaying;
  metrics.transactions.inc({ dst: dst.rollup.name, outcome: receipt.success ? "done" : "reverted" });
  const delivered = new Set<Hex>();
  const failed = new Map<Hex, string>();
  for (const log of receipt.logs) readOutcome(log, dst.rollup.contracts.gateway, delivered, failed);
  for (const { work, fact, entries } of ranges) {
    for (const entry of entries) {
      if (!delivered.has(entry.id)) continue;
      work.view.note(entry.nonce, entry.id, fact.class === CLASS_FAST);
      work.troubles.delete(entry.nonce);
      entry.message = undefined;
      metrics.delivered.inc({ src: work.src.rollup.name, dst: dst.rollup.name, class: fact.class === CLASS_FAST ? "fast" : "final" });
    }
    work.holds.delete(fact.class);
  }
  dst.hold = undefined;
  if (delivered.size > 0) dst.costPerMessage = (receipt.gasUsed * receipt.effectiveGasPrice) / BigInt(delivered.size);
  if (!receipt.success) relaying.fail("executed", dst.rollup.name, "the transaction reverted: another relayer was first");
  await noteFailures(relaying, ranges, delivered, failed);
}
