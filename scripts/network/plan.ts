import type { Address } from "../../sdk/src/bytes.ts";
import type { FactClass } from "../../sdk/src/fact.ts";
import { CLASS_FAST, CLASS_FINAL } from "../../sdk/src/fact.ts";
import { KIND_BOUNTY } from "../../sdk/src/message.ts";
import type { Block } from "../chain/blocks.ts";
import type { Offer, StoredEntry } from "./lane-store.ts";
import type { Range } from "./range.ts";
import { bookedFor, rangeOf } from "./range.ts";
import type { TrackedLane } from "./tracked-lane.ts";
import type { Trouble } from "./trouble.ts";
import { waits } from "./trouble.ts";

/** One lane with what this relayer knows beside the chains: only what spares it useless work. */
export interface LaneWork extends TrackedLane {
  /** Nonces in a transaction that is under way. */
  readonly busy: Set<bigint>;
  readonly troubles: Map<bigint, Trouble>;
  /** Per class: the lane as a whole has to wait. */
  readonly holds: Map<FactClass, Trouble>;
}

export interface PlanInput {
  readonly finalNumber: number;
  readonly head: Block;
  readonly now: number;
  readonly minFee: bigint;
  readonly deliverUnfunded: boolean;
  readonly fast: boolean;
  /** Gas that a message is tried with at most beyond its own limit. */
  readonly maxGasBoost: bigint;
}

/**
 * What can be delivered of a lane now in this class: at most one fact per chunk of 64, so that relayers ask for equal facts, and
 * one more for those that have to be tried with as much more gas.
 */
export function planLane<W extends LaneWork>(
  work: W,
  factClass: FactClass,
  input: PlanInput,
): (Range & { readonly lane: W })[] {
  if (!work.isSurveyed) return [];
  return [...work.store.chunks()].flatMap((chunk) => {
    const byBoost = new Map<bigint, bigint[]>();
    for (const entry of chunk.entries) {
      if (classOf(work, entry, input) !== factClass) continue;
      const boost = boostOf(work, entry, input);
      byBoost.set(boost, [...(byBoost.get(boost) ?? []), entry.nonce]);
    }
    return [...byBoost].map(([boost, nonces]) => {
      return { ...rangeOf(work, chunk, factClass, nonces, input.head, boost), lane: work };
    });
  });
}

/** The class in which the message can be tried now; undefined if it cannot. */
function classOf(work: LaneWork, entry: StoredEntry, input: PlanInput): FactClass | undefined {
  const { nonce, id, message, block } = entry;
  const { now, finalNumber } = input;
  if (message === undefined || work.busy.has(nonce) || work.view.isClosed(nonce, id)) return undefined;
  if (waits(work.troubles.get(nonce), now) || !isWorthIt(work, entry, input)) return undefined;
  if (block <= finalNumber) return waits(work.holds.get(CLASS_FINAL), now) ? undefined : CLASS_FINAL;
  if (!input.fast || message.kind === KIND_BOUNTY || !takesFast(work, message.recipient)) return undefined;
  return work.view.isFastClosed(nonce) || waits(work.holds.get(CLASS_FAST), now) ? undefined : CLASS_FAST;
}

function takesFast({ fastLeft }: LaneWork, recipient: Address): boolean {
  return (fastLeft.get(recipient)?.left ?? 0n) > 0n;
}

/** Docs: decisions/003. A message that failed for lack of gas gets its own limit more, then thrice, seven times … up to the most. */
function boostOf(work: LaneWork, { nonce, message }: StoredEntry, { maxGasBoost }: PlanInput): bigint {
  const trouble = work.troubles.get(nonce);
  if (message === undefined || trouble?.kind !== "gas") return 0n;
  const limit = message.gasLimit > LEAST_BOOST ? message.gasLimit : LEAST_BOOST;
  const boost = limit * (2n ** BigInt(Math.min(trouble.attempts, 32)) - 1n);
  return boost < maxGasBoost ? boost : maxGasBoost;
}

const LEAST_BOOST = 25_000n;

/**
 * Paid well enough by its fee or by a bounty that is booked. The first bounty on its way is waited for, so that it can be earned, if it is worth
 * an own delivery; a smaller one keeps no message waiting.
 */
function isWorthIt(work: LaneWork, entry: StoredEntry, input: PlanInput): boolean {
  const { nonce, message } = entry;
  const { deliverUnfunded } = input;
  if (message === undefined) return false;
  // What pays for a call with its own limit has to be as much more as the gas is.
  const boost = boostOf(work, entry, input);
  const minFee = boost === 0n ? input.minFee : (input.minFee * (message.gasLimit + boost)) / (message.gasLimit || 1n);
  if (message.kind === KIND_BOUNTY) return deliverUnfunded || BigInt(`0x${message.payload.slice(130)}`) >= minFee;
  const booked = bookedFor(work, nonce);
  const isComing = ({ entry, amount }: Offer): boolean => amount >= input.minFee && !work.troubles.has(entry);
  if (booked === undefined && work.store.bountiesFor(nonce).some(isComing)) return false;
  return deliverUnfunded || message.fee + (booked ?? 0n) >= minFee;
}
