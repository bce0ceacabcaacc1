import type { ContractTransactionReceipt } from "ethers";
import { encodeAttestation } from "../attestation.ts";
import { encodeBatches, type Batch } from "../batch.ts";
import type { Hex } from "../bytes.ts";
import { MetalayerError } from "../errors.ts";
import { readDeliveryAttempts, type SentMessage } from "../events.ts";
import { CLASS_FAST, CLASS_FINAL, factProof, networkRoot } from "../fact.ts";
import { buildBatch, proveRange, type LaneRange, type ProvenRange } from "../lane.ts";
import { chainHeads } from "../message.ts";
import { explainRevert, revertReason } from "../reverts.ts";
import { laneId } from "../route.ts";
import { MAX_LEAVES } from "../tree.ts";
import type { TestNetwork } from "./network.ts";
import type { TestRollup } from "./rollup.ts";

/** How the test relayer treats the messages that it finds. */
export interface DeliveryOptions {
  /** `final` (default), or `fast` for recipients that have opted in. */
  readonly class?: "final" | "fast";
  /** Messages that the relayer ignores this time; they stay pending. */
  readonly drop?: (message: SentMessage) => boolean;
  /** Seconds that pass on every destination before anything is delivered. */
  readonly delay?: number;
  /** Delivers one by one in the order that this returns. */
  readonly reorder?: (messages: readonly SentMessage[]) => readonly SentMessage[];
  /** Relays everything a second time, as a competing relayer would. */
  readonly duplicate?: boolean;
  /** Gas beyond each message's own limit. */
  readonly gasBoost?: bigint;
}

/** A message whose recipient did not accept it; it stays pending. */
export interface FailedDelivery {
  readonly message: SentMessage;
  readonly data: Hex;
  /** The reason as people read it. */
  readonly reason: string;
}

/** What came of a delivery. */
export interface DeliveryReport {
  readonly delivered: readonly SentMessage[];
  readonly failed: readonly FailedDelivery[];
  readonly receipts: readonly ContractTransactionReceipt[];
}

/** Gas of one relay transaction that messages may ask for together. */
const RELAY_GAS = 12_000_000n;
/** Gas that an entry costs besides its own limit, and a byte of its payload. */
const ENTRY_GAS = 100_000n;
const BYTE_GAS = 48n;
const RELAY_OVERHEAD = 2_000_000n;

interface ProvenLane {
  readonly range: LaneRange;
  readonly proven: ProvenRange;
  readonly chosen: readonly SentMessage[];
}

/** Delivers these pending messages: proves their lanes, has the guardians sign once, relays on every destination. */
export async function deliverMessages(
  network: TestNetwork,
  pending: readonly SentMessage[],
  options: DeliveryOptions,
): Promise<DeliveryReport> {
  const chosen = pending.filter((message) => options.drop?.(message) !== true);
  if (chosen.length === 0) return { delivered: [], failed: [], receipts: [] };
  const lanes = await Promise.all(byLane(chosen).map((messages) => proveLane(network, messages, options)));
  const facts = [...new Set(lanes.map(({ proven }) => proven.factHash))];
  const root = networkRoot(facts);
  const signature = network.guardians.sign(root);
  if (options.delay !== undefined) for (const rollup of network.rollups) await rollup.passTime(options.delay);

  const outcome = { delivered: new Map<Hex, SentMessage>(), failed: new Map<Hex, FailedDelivery>() };
  const receipts: ContractTransactionReceipt[] = [];
  for (const { lane, messages } of relayOrder(lanes, options)) {
    const dst = network.rollup(lane.range.lane.dstChainId);
    const serial = await dst.acceptedSerial();
    const attestation = encodeAttestation({ root, serial, signature, bitmap: network.guardians.bitmap });
    const batch = batchOf(lane, messages, facts, options);
    for (let copy = 0; copy < (options.duplicate === true ? 2 : 1); copy++) {
      const receipt = await relay(dst, attestation, batch, messages, copy > 0);
      if (receipt === undefined) continue;
      receipts.push(receipt);
      collect(receipt, messages, outcome);
    }
  }
  return { delivered: [...outcome.delivered.values()], failed: [...outcome.failed.values()], receipts };
}

/** Messages of each lane, in ascending order, in groups that one lane fact can cover. */
function byLane(messages: readonly SentMessage[]): SentMessage[][] {
  const groups = new Map<string, SentMessage[]>();
  for (const message of messages) {
    const window = message.nonce / BigInt(MAX_LEAVES);
    const key = `${message.srcChainId}/${message.dstChainId}/${window}`;
    groups.set(key, [...(groups.get(key) ?? []), message]);
  }
  return [...groups.values()].map((group) => group.sort((a, b) => (a.nonce < b.nonce ? -1 : 1)));
}

async function proveLane(
  network: TestNetwork,
  chosen: readonly SentMessage[],
  options: DeliveryOptions,
): Promise<ProvenLane> {
  const [first] = chosen;
  const last = chosen.at(-1);
  if (first === undefined || last === undefined) throw new MetalayerError("TESTKIT_EMPTY", "no messages to prove");
  const { srcChainId: src, dstChainId: dst } = first;
  const lane = await network.client.lane(src, dst);
  const all = await network.client.messages(src, dst, 0n, last.nonce + 1n);
  const before = all.slice(0, Number(first.nonce)).map(({ sendId }) => sendId);
  const range: LaneRange = {
    lane,
    headBefore: chainHeads(laneId(lane), before),
    messages: all.slice(Number(first.nonce)),
    ...(options.class === "fast"
      ? { class: CLASS_FAST, srcBlockHash: await network.rollup(src).latestBlockHash() }
      : { class: CLASS_FINAL }),
  };
  return { range, proven: proveRange(range), chosen };
}

/** Which messages go together in which transaction, and when. */
function relayOrder(
  lanes: readonly ProvenLane[],
  options: DeliveryOptions,
): { readonly lane: ProvenLane; readonly messages: readonly SentMessage[] }[] {
  if (options.reorder === undefined) {
    return lanes.flatMap((lane) => portions(lane.chosen).map((messages) => ({ lane, messages })));
  }
  const laneOf = new Map(lanes.flatMap((lane) => lane.chosen.map(({ sendId }) => [sendId, lane])));
  return options.reorder(lanes.flatMap(({ chosen }) => chosen)).map((message) => {
    const lane = laneOf.get(message.sendId);
    if (lane === undefined) {
      throw new MetalayerError("TESTKIT_REORDER", "reorder returned a message that it was not given", { message });
    }
    return { lane, messages: [message] };
  });
}

function portions(messages: readonly SentMessage[]): SentMessage[][] {
  const all: SentMessage[][] = [];
  let used = RELAY_GAS;
  for (const message of messages) {
    const need = gasOf(message);
    if (used + need > RELAY_GAS) {
      all.push([]);
      used = 0n;
    }
    all.at(-1)?.push(message);
    used += need;
  }
  return all;
}

function gasOf({ gasLimit, payload }: SentMessage): bigint {
  return gasLimit + ENTRY_GAS + BYTE_GAS * BigInt(payload.length / 2);
}

function batchOf(
  { range, proven }: ProvenLane,
  messages: readonly SentMessage[],
  facts: readonly Hex[],
  options: DeliveryOptions,
): Batch {
  const nonces = new Set(messages.map(({ nonce }) => nonce));
  const sorted = [...nonces].sort((a, b) => (a < b ? -1 : 1));
  return buildBatch(range, proven, {
    factProof: factProof(facts, proven.factHash),
    from: sorted[0] ?? 0n,
    to: (sorted.at(-1) ?? 0n) + 1n,
    gasBoost: options.gasBoost ?? 0n,
    hashOnly: ({ nonce }) => !nonces.has(nonce),
    claim: () => options.class !== "fast",
  });
}

/** The receipt, or nothing if a repetition had nothing to deliver. */
async function relay(
  dst: TestRollup,
  attestation: Hex,
  batch: Batch,
  messages: readonly SentMessage[],
  repeated: boolean,
): Promise<ContractTransactionReceipt | undefined> {
  const boost = batch.gasBoost * BigInt(messages.length);
  const gasLimit = RELAY_OVERHEAD + boost + messages.reduce((sum, message) => sum + (gasOf(message) * 65n) / 63n, 0n);
  try {
    const sent = await dst.gateway.relay(attestation, encodeBatches([batch]), { gasLimit });
    return (await sent.wait()) ?? undefined;
  } catch (error) {
    const reason = revertReason(error);
    if (repeated && reason === "GatewayNothingToDeliver()") return undefined;
    if (reason === undefined) throw error;
    throw new MetalayerError(
      "TESTKIT_RELAY",
      `rollup ${dst.chainId} refuses the delivery: ${reason}`,
      {},
      { cause: error },
    );
  }
}

function collect(
  receipt: ContractTransactionReceipt,
  messages: readonly SentMessage[],
  outcome: { readonly delivered: Map<Hex, SentMessage>; readonly failed: Map<Hex, FailedDelivery> },
): void {
  const known = new Map(messages.map((message) => [message.sendId, message]));
  for (const { receiveId, delivered, reason } of readDeliveryAttempts(receipt.logs)) {
    const message = known.get(receiveId);
    if (message === undefined) continue;
    if (!delivered) {
      outcome.failed.set(receiveId, { message, data: reason, reason: explainRevert(reason) });
    } else if (outcome.delivered.has(receiveId)) {
      throw new MetalayerError("TESTKIT_DELIVERED_TWICE", `delivered twice: ${receiveId}`, { message });
    } else {
      outcome.failed.delete(receiveId);
      outcome.delivered.set(receiveId, message);
    }
  }
}
