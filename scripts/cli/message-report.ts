import type { Interface } from "ethers";
import type { MetalayerClient } from "../../sdk/src/client.ts";
import type { SentMessage } from "../../sdk/src/events.ts";
import type { MessageStatus } from "../../sdk/src/status.ts";
import { findSignature } from "./attested.ts";
import type { Connection } from "./connection.ts";
import { coinText, eraText, spanText, timeText, unitsText } from "./format.ts";
import type { Trial } from "./trial.ts";
import { tryDelivery } from "./trial.ts";

/** Everything known about a message that its report is made of. Read by {@link readFacts}, judged by {@link adviseOn}. */
export interface MessageFacts {
  readonly status: Exclude<MessageStatus, { state: "unknown" }>;
  readonly source: string;
  readonly destination: string;
  readonly sourceBlockMs: number;
  /** What a delivery would do now; undefined for a delivered message. */
  readonly trial: Trial | undefined;
  /** Whether a signature that covers it stands on the destination and is accepted there now. */
  readonly isAttested: boolean;
  /** True if the recipient takes messages from the source's soft head, and has some of its daily limit left. */
  readonly isFast: boolean;
  /** True if the message carries ERA: its recipient is the destination's Era. */
  readonly isTransfer: boolean;
  /** Wei of the destination's coin, for one delivery by oneself. */
  readonly deliveryCost: bigint;
}

export interface Advice {
  /** Where the message is and why it is there. */
  readonly explanation: string;
  /** What the reader can do now, and what it costs. Empty when there is nothing to do. */
  readonly next: readonly NextAction[];
}

export interface NextAction {
  readonly what: string;
  readonly command?: string;
  readonly cost?: string;
}

/** Gas of delivering one message beside its recipient's own gas, attestation included, and of a byte of payload. */
const DELIVERY_GAS = 100_000n;
const BYTE_GAS = 40n;

export async function readFacts(
  status: MessageFacts["status"],
  client: MetalayerClient,
  src: Connection,
  dst: Connection,
  others: readonly Interface[] = [],
): Promise<MessageFacts> {
  const { message } = status;
  const isOpen = status.state !== "delivered";
  const isFinal = status.state === "deliverable" || status.state === "failed";
  const [policy, fees, trial, signature] = await Promise.all([
    dst.contracts.gateway.fastPolicy(message.recipient, message.srcChainId),
    dst.provider.getFeeData(),
    isOpen ? tryDelivery(dst, message, others) : undefined,
    isFinal ? findSignature(client, dst, status) : undefined,
  ]);
  const gas = DELIVERY_GAS + gasOfCall(message, trial) + BYTE_GAS * BigInt(message.payload.length / 2);
  return {
    status,
    source: src.name,
    destination: dst.name,
    sourceBlockMs: src.description.blockTimeMs,
    trial,
    isAttested: signature !== undefined,
    isFast: policy.left > 0n,
    isTransfer: message.recipient.toLowerCase() === dst.description.contracts.Era.toLowerCase(),
    deliveryCost: gas * (fees.gasPrice ?? 0n),
  };
}

function gasOfCall({ gasLimit }: SentMessage, trial: Trial | undefined): bigint {
  return trial?.outcome === "needs-gas" ? trial.gas : gasLimit;
}

/** How far the message is: the client's state, or `attested` for a deliverable one whose signature is on chain already. */
export function stageOf({ status, isAttested }: MessageFacts): MessageStatus["state"] | "attested" {
  return status.state === "deliverable" && isAttested ? "attested" : status.state;
}

/** Where is my message, why is it stuck, and what can I do now. */
export function adviseOn(facts: MessageFacts): Advice {
  const { status, destination } = facts;
  switch (status.state) {
    case "delivered":
      return { explanation: `Delivered on ${destination} in block ${status.delivery.blockNumber}.`, next: [] };
    case "sent":
      return adviseOnSent(facts, status.blocksToFinality);
    case "deliverable":
      return adviseOnDeliverable(facts);
    case "failed":
      return adviseOnFailed(facts, status.attempts, status.reason);
  }
}

function adviseOnSent(facts: MessageFacts, blocks: number): Advice {
  const { source, sourceBlockMs, isFast } = facts;
  const rest = `${blocks} more ${blocks === 1 ? "block" : "blocks"} of ${source}, about ${spanText((blocks * sourceBlockMs) / 1_000)}`;
  const explanation = `In its lane on ${source}, not final yet: guardians sign after ${rest}.`;
  const fast = "The recipient also takes it from the soft head: a relayer may deliver it before.";
  return { explanation: isFast ? `${explanation} ${fast}` : explanation, next: [...openings(facts), wait(facts)] };
}

function adviseOnDeliverable(facts: MessageFacts): Advice {
  const { status, source, destination, isAttested } = facts;
  const explanation = isAttested
    ? `Final on ${source} and signed by the guardians, in a transaction on ${destination} that delivered others and left it out.`
    : `Final on ${source}; guardians sign it for whoever asks, and nobody has delivered it on ${destination} yet.`;
  if (status.pausedUntil > 0n) return paused(facts, explanation);
  return { explanation, next: [...openings(facts), wait(facts), deliver(facts)] };
}

function adviseOnFailed(facts: MessageFacts, attempts: number, reason: string): Advice {
  const { status, destination, isTransfer } = facts;
  const times = attempts === 1 ? "once" : `${attempts} times`;
  const explanation = `Attempted ${times} on ${destination}; the recipient failed: ${reason}. Nothing is lost: anyone can deliver it, at any time.`;
  if (status.pausedUntil > 0n) return paused(facts, explanation);
  const isOverLimit = isTransfer && reason.startsWith("EraLimitExceeded");
  return { explanation, next: isOverLimit ? overLimit(facts) : [...openings(facts), deliver(facts)] };
}

function paused({ status, source, destination }: MessageFacts, explanation: string): Advice {
  const until = timeText(status.pausedUntil);
  const text = `${explanation} ${destination} has paused deliveries from ${source} until ${until}.`;
  return { explanation: text, next: [{ what: `wait until ${until}; the pause ends by itself` }] };
}

/** What stands in the way of a delivery, if anything. */
function openings({ trial, status, destination }: MessageFacts): NextAction[] {
  const { recipient } = status.message;
  if (trial?.outcome === "no-contract")
    return [{ what: `there is no contract at the recipient ${recipient} on ${destination}: deploy it first` }];
  if (trial?.outcome === "refuses")
    return [{ what: `the recipient ${recipient} would refuse it now (${trial.reason}): mend that first` }];
  return [];
}

function wait({ status }: MessageFacts): NextAction {
  if (status.funded) return { what: "wait: its fee is paid, a relayer earns it by delivering" };
  const quote = status.message.unfundedQuote ?? 0n;
  return {
    what: "wait for a relayer that works without fee, or pay one: offer a bounty",
    command: `./metalayer retry ${status.message.sendId} --bounty <era>`,
    cost: `${unitsText(quote)} is the usual price`,
  };
}

function deliver({ status, trial, deliveryCost }: MessageFacts): NextAction {
  const boost = trial?.outcome === "needs-gas" ? ` --gas ${(trial.gas * 11n) / 10n}` : "";
  const isOpen = trial === undefined || trial.outcome === "accepts" || trial.outcome === "needs-gas";
  const what = `${isOpen ? "" : "then "}deliver it yourself${boost === "" ? "" : " with more gas than it commits to"}`;
  return {
    what,
    command: `./metalayer retry ${status.message.sendId}${boost}`,
    cost: `about ${coinText(deliveryCost)}`,
  };
}

function overLimit({ status, deliveryCost }: MessageFacts): NextAction[] {
  const retry = `./metalayer retry ${status.message.sendId}`;
  return [
    { what: "wait for the limit to refill, then deliver it", command: retry, cost: `about ${coinText(deliveryCost)}` },
    {
      what: "as its recipient: send it back to where it came from",
      command: `${retry} --return`,
      cost: `about ${coinText(2n * deliveryCost)}`,
    },
  ];
}

/** The facts of a message as a list of labels and values. */
export function detailsOf({
  status,
  source,
  destination,
  isTransfer,
}: MessageFacts): readonly (readonly [string, string])[] {
  const { message, funded } = status;
  const { sendId, nonce, sender, recipient, gasLimit, fee, blockNumber, transactionHash } = message;
  const amount = isTransfer ? transferAmount(message) : undefined;
  return [
    ["sendId", sendId],
    ["lane", `${source} → ${destination}, message ${nonce}`],
    ["from", `${sender}, block ${blockNumber}, transaction ${transactionHash}`],
    ["to", amount === undefined ? recipient : `${recipient} (Era): a transfer of ${eraText(amount)}`],
    ["gas", `${gasLimit} for the recipient at least`],
    ["fee", funded ? `${unitsText(fee)}, paid` : "not paid: deliverable at the price of gas alone"],
  ];
}

/** Wei of ERA that a transfer's payload carries: the third word of `(bytes from, bytes to, uint256 amount)`. */
function transferAmount({ payload }: SentMessage): bigint | undefined {
  return payload.length < 2 + 3 * 64 ? undefined : BigInt(`0x${payload.slice(2 + 2 * 64, 2 + 3 * 64)}`);
}
