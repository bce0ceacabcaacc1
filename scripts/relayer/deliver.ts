import type { Hex } from "../../sdk/src/bytes.ts";
import { CLASS_FAST } from "../../sdk/src/fact.ts";
import { codeOf } from "../chain/rpc-errors.ts";
import type { Attested } from "../network/coordinator.ts";
import type { Range } from "../network/range.ts";
import type { RelayOutcome } from "../network/relay-transaction.ts";
import { halved, packed, relayRanges } from "../network/relay-transaction.ts";
import { mayLackGas } from "../network/simulate.ts";
import { refresh } from "../network/tracked-lane.ts";
import { reasonOf, worse } from "../network/trouble.ts";
import type { Relaying } from "./relayer.ts";
import type { Side, Work } from "./side.ts";

/** Messages of one of this relayer's lanes. */
export interface Delivery extends Range {
  readonly lane: Work;
}

/** Delivers attested messages to one rollup, in as many transactions as they need. Never throws: what fails has to wait. */
export async function deliver(
  relaying: Relaying,
  dst: Side,
  attested: Attested,
  ranges: readonly Delivery[],
): Promise<void> {
  const parts = packed(ranges, relaying.settings.maxMessages);
  await Promise.all(parts.map((part) => deliverPart(relaying, dst, attested, part)));
}

async function deliverPart(
  relaying: Relaying,
  dst: Side,
  attested: Attested,
  ranges: readonly Delivery[],
): Promise<void> {
  const { pool, sender, account, table, rollup } = dst;
  const { settings, now } = relaying;
  if (table === undefined) return;
  try {
    const target = { pool, sender, account, gateway: rollup.contracts.gateway, table, maxTxGas: settings.maxTxGas };
    const outcome = await relayRanges(target, attested, ranges);
    if (outcome.kind === "done") {
      await settle(relaying, dst, ranges, outcome);
      return;
    }
    const halves = outcome.kind === "too-much" ? halved(ranges) : [];
    if (halves.length > 1) {
      await Promise.all(halves.map((half) => deliverPart(relaying, dst, attested, half)));
    } else {
      await refused(relaying, dst, ranges, outcome.kind === "refused" ? outcome.error : "needs more gas than allowed");
    }
  } catch (error) {
    const kind = codeOf(error) === "TX_FUNDS" ? "underfunded" : "unknown";
    relaying.fail(kind, rollup.name, error);
    dst.hold = worse(dst.hold, kind, reasonOf(error), now());
  }
}

/** The transaction as a whole would revert. */
async function refused({ fail, now }: Relaying, dst: Side, ranges: readonly Delivery[], error: string): Promise<void> {
  const isExecuted = error === "GatewayNothingToDeliver";
  fail(isExecuted ? "executed" : "unknown", dst.rollup.name, error);
  if (isExecuted)
    return refresh(
      dst,
      ranges.map(({ lane, nonces }) => ({ lane, nonces, withFast: true })),
    );
  // Another table may be in force.
  if (error === "GatewayAttestationRefused") dst.table = undefined;
  for (const { lane, nonces, fact } of ranges) {
    const [single, ...more] = nonces;
    if (single === undefined || more.length > 0) {
      lane.holds.set(fact.class, worse(lane.holds.get(fact.class), "unknown", error, now()));
    } else {
      lane.troubles.set(single, worse(lane.troubles.get(single), "unknown", error, now()));
    }
  }
}

/** Notes what happened; messages of which nothing was heard were executed by somebody else. */
async function settle(
  relaying: Relaying,
  dst: Side,
  ranges: readonly Delivery[],
  { receipt, delivered, failed }: Extract<RelayOutcome, { kind: "done" }>,
): Promise<void> {
  const { metrics, fail } = relaying;
  for (const { lane, fact, entries, nonces } of ranges) {
    const silent: bigint[] = [];
    const name = fact.class === CLASS_FAST ? "fast" : "final";
    for (const entry of entries) {
      const { nonce, id } = entry;
      const reason = failed.get(id);
      if (delivered.has(id)) {
        lane.view.note(nonce, id, fact.class === CLASS_FAST);
        lane.troubles.delete(nonce);
        entry.message = undefined;
        metrics.delivered.inc({ src: lane.src.rollup.name, dst: dst.rollup.name, class: name });
      } else if (reason !== undefined) markFailed(relaying, lane, nonce, id, reason);
      else if (nonces.includes(nonce)) silent.push(nonce);
    }
    lane.holds.delete(fact.class);
    if (silent.length > 0) await refresh(dst, [{ lane, nonces: silent, withFast: true }]);
  }
  dst.hold = undefined;
  if (receipt === undefined) return;
  metrics.transactions.inc({ dst: dst.rollup.name, outcome: receipt.success ? "done" : "reverted" });
  if (delivered.size > 0) dst.costPerMessage = receipt.cost / BigInt(delivered.size);
  if (!receipt.success) fail("executed", dst.rollup.name, "the transaction reverted: another relayer was first");
}

function markFailed(relaying: Relaying, lane: Work, nonce: bigint, id: Hex, reason: string): void {
  const { settings, now, fail, log } = relaying;
  const kind = mayLackGas(reason) ? "gas" : "reverts";
  const trouble = worse(lane.troubles.get(nonce), kind, reason, now());
  lane.troubles.set(nonce, trouble);
  fail(kind, lane.dst.rollup.name, undefined);
  const about = { src: lane.src.rollup.name, dst: lane.dst.rollup.name, nonce: String(nonce), id, reason };
  log[trouble.attempts === settings.deadAfter ? "warn" : "debug"](about, "message fails");
}
