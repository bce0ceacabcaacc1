import { keccak256 } from "ethers";
import type { Hex } from "../../sdk/src/bytes.ts";
import type { Offence } from "../../sdk/src/evidence.ts";
import { evidenceCall } from "../../sdk/src/evidenceCall.ts";
import { toQuantity } from "../chain/blocks.ts";
import type { Sender } from "../chain/sender.ts";
import type { Charge } from "./charges.ts";
import type { Post } from "./post.ts";
import type { Standing } from "./standing.ts";
import { addressOf, frozenUntil, slashingInterface, STATUS, standingOf } from "./standing.ts";
import { setInterface } from "./signers.ts";

/** Signers convicted in one transaction, and the gas of each and of the rest. */
const MOST_PLACES = 32;
const GAS_PER_PLACE = 140_000n;
const GAS_OVERHEAD = 200_000n;
/** Keys in one announcement. */
const MOST_KEYS = 8;

/** What has become of a charge. */
export type Progress = "open" | "convicted" | "settled";

/** Whether the rollup would take the evidence now. Throws RPC_REVERTED with the contract's reason, or what the pool throws. */
export async function simulate(charge: Charge, signal?: AbortSignal): Promise<void> {
  const { pool } = charge.post.access;
  const call = { from: ANYBODY, to: addressOf(charge.post), data: proofData(charge) };
  await pool.request("eth_call", [call, "latest"], { signal });
}

const ANYBODY = "0x000000000000000000000000000000000000dEaD";

/**
 * Does what can be done next about a charge: proves and convicts at once, so that both are in one block; then has a table formed without the
 * convicted; then settles what is due. Whoever else did a step first has spared it. Throws what the sender throws.
 */
export async function pursue(charge: Charge, sender: Sender, signal?: AbortSignal): Promise<Progress> {
  const standing = await standingOf(charge, signal);
  if (standing.convictions.some(({ status }) => status === STATUS.none)) {
    await proveAndConvict(charge, standing, sender, signal);
    return isConvicted(await standingOf(charge, signal)) ? "convicted" : "open";
  }
  if (!standing.isTableAccepted) await rotate(charge.post, sender, signal);
  const due = standing.convictions.filter(({ status, dueAt }) => status === STATUS.open && dueAt <= standing.now);
  // Only a proof of one's own is at hand to settle with.
  if (standing.isProven && due.length > 0)
    await settle(
      charge,
      due.map(({ operator }) => operator),
      sender,
      signal,
    );
  return standing.convictions.some(({ status }) => status === STATUS.open) ? "convicted" : "settled";
}

function isConvicted({ convictions }: Standing): boolean {
  return convictions.every(({ status }) => status !== STATUS.none);
}

async function proveAndConvict(
  charge: Charge,
  { isProven, convictions }: Standing,
  sender: Sender,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { offence, attestations, places } = charge;
  const to = addressOf(charge.post);
  const sent = [];
  if (!isProven) sent.push(await sender.send({ to, data: proofData(charge), ...optional(signal) }));
  const open = places.filter((_, index) => convictions[index]?.status === STATUS.none);
  for (let from = 0; from < open.length; from += MOST_PLACES) {
    const part = open.slice(from, from + MOST_PLACES);
    const data = encode("convict", [wire(offence), ...attestations, part]);
    // Given, not estimated: the proof need not be in a block yet.
    const gasLimit = GAS_OVERHEAD + GAS_PER_PLACE * BigInt(part.length);
    sent.push(await sender.send({ to, data, gasLimit, ...optional(signal) }));
  }
  await Promise.all(sent.map((transaction) => transaction.wait(signal)));
}

async function rotate({ rollup, access }: Post, sender: Sender, signal: AbortSignal | undefined): Promise<void> {
  const to = rollup.contracts.guardianSet;
  const data = setInterface.encodeFunctionData("rotate");
  const isPossible = await access.pool
    .request("eth_estimateGas", [{ from: sender.address, to, data }], { signal })
    .then(() => true)
    .catch(() => false);
  // Too few honest guardians: the rollup stays halted, as it has to.
  if (isPossible) await (await sender.send({ to, data, ...optional(signal) })).wait(signal);
}

async function settle(
  { post, offence, attestations }: Charge,
  operators: readonly string[],
  sender: Sender,
  signal: AbortSignal | undefined,
): Promise<void> {
  const to = addressOf(post);
  const hashes = attestations.map((attestation) => keccak256(attestation));
  const sent = [];
  for (const operator of operators) {
    const data = encode("settle", [operator, wire(offence), ...hashes]);
    sent.push(await sender.send({ to, data, ...optional(signal) }));
  }
  await Promise.all(sent.map((transaction) => transaction.wait(signal)));
}

/** Tells another rollup of those convicted here that are not frozen there. Returns how many keys it was told. */
export async function announce(charge: Charge, dst: Post, sender: Sender, signal?: AbortSignal): Promise<number> {
  const { signers, post } = charge;
  const signed = signers.map(({ key }) => key);
  const { until, now } = await frozenUntil(dst, signed, signal);
  const keys = signed.filter((_, index) => (until[index] ?? 0n) <= now);
  for (let from = 0; from < keys.length; from += MOST_KEYS) {
    const data = encode("announce", [dst.rollup.chainId, keys.slice(from, from + MOST_KEYS)]);
    await (await sender.send({ to: addressOf(post), data, ...optional(signal) })).wait(signal);
  }
  return keys.length;
}

function proofData({ evidence }: Charge): Hex {
  const { method, args } = evidenceCall(evidence);
  return encode(method, args);
}

function encode(method: string, args: readonly unknown[]): Hex {
  // CAST: ethers returns hex.
  return slashingInterface.encodeFunctionData(method, [...args]) as Hex;
}

function wire({ class: factClass, fact, other, subject, first, last }: Offence): readonly unknown[] {
  return [factClass, fact, other, subject, first, last];
}

function optional(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

/** Gas that proving would take, for people. */
export async function gasOf(charge: Charge, from: string, signal?: AbortSignal): Promise<bigint> {
  const call = { from, to: addressOf(charge.post), data: proofData(charge), gas: toQuantity(16_000_000) };
  return BigInt(String(await charge.post.access.pool.request("eth_estimateGas", [call], { signal })));
}
