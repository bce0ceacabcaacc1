import { IMetalayerGateway__factory } from "../../typechain-types/factories/contracts/messaging/IMetalayerGateway__factory.js";
import { fixedBytes, fromHex, toHex, type Hex } from "./bytes.ts";
import { parseEvmAccount } from "./interop.ts";
import { unpackHeader, type Message } from "./message.ts";

const GATEWAY = IMetalayerGateway__factory.createInterface();

/** Topics of the gateway's events about messages, for `eth_getLogs`. */
export const GATEWAY_TOPICS = {
  sent: topic("MessageSent"),
  accepted: topic("MessageAccepted"),
  unfunded: topic("MessageUnfunded"),
  delivered: topic("MessageDelivered"),
  failed: topic("MessageFailed"),
} as const;

/** What is needed of a log; ethers' `Log` fits. */
export interface GatewayLog {
  readonly topics: readonly string[];
  readonly data: string;
  readonly blockNumber: number;
  readonly blockHash: string;
  readonly transactionHash: string;
}

/** Where a log stands. */
export interface LogPosition {
  readonly blockNumber: number;
  readonly blockHash: Hex;
  readonly transactionHash: Hex;
}

/** A message as the source's logs tell it. */
export interface SentMessage extends Message, LogPosition {
  readonly sendId: Hex;
  readonly srcChainId: bigint;
  readonly dstChainId: bigint;
  /** What it would have cost in fee units, if nobody paid. */
  readonly unfundedQuote?: bigint;
}

/** One attempt to deliver a message. */
export interface DeliveryAttempt extends LogPosition {
  readonly receiveId: Hex;
  readonly delivered: boolean;
  /** Revert data of the recipient, at most 256 bytes; empty if delivered. */
  readonly reason: Hex;
}

/**
 * Messages that a gateway accepted, in the order of its logs: `MessageSent`, `MessageAccepted` and `MessageUnfunded` joined by sendId.
 * A message of which one of the first two is missing is left out; other logs are ignored.
 */
export function readSentMessages(logs: readonly GatewayLog[]): SentMessage[] {
  const sent = new Map<string, GatewayLog>();
  const unfunded = new Map<string, bigint>();
  for (const log of logs) {
    const id = log.topics[1];
    if (id === undefined) continue;
    if (log.topics[0] === GATEWAY_TOPICS.sent) sent.set(id, log);
    if (log.topics[0] === GATEWAY_TOPICS.unfunded) unfunded.set(id, decode("MessageUnfunded", log).quote);
  }
  return logs.flatMap((log) => {
    if (log.topics[0] !== GATEWAY_TOPICS.accepted) return [];
    const accepted = decode("MessageAccepted", log);
    const match = sent.get(accepted.sendId);
    if (match === undefined) return [];
    const { sender, recipient, payload } = decode("MessageSent", match);
    const source = parseEvmAccount(toHex(fromHex(sender)));
    const quote = unfunded.get(accepted.sendId);
    return [
      {
        ...unpackHeader(accepted.header),
        sender: source.address,
        recipient: parseEvmAccount(toHex(fromHex(recipient))).address,
        payload: toHex(fromHex(payload)),
        sendId: word(accepted.sendId),
        srcChainId: source.chainId,
        dstChainId: accepted.dstChainId,
        ...position(log),
        ...(quote === undefined ? {} : { unfundedQuote: quote }),
      },
    ];
  });
}

/** Attempts to deliver messages, in the order of the destination's logs. Other logs are ignored. */
export function readDeliveryAttempts(logs: readonly GatewayLog[]): DeliveryAttempt[] {
  return logs.flatMap((log) => {
    const delivered = log.topics[0] === GATEWAY_TOPICS.delivered;
    if (!delivered && log.topics[0] !== GATEWAY_TOPICS.failed) return [];
    const reason = delivered ? "0x" : toHex(fromHex(decode("MessageFailed", log).reason));
    return [{ receiveId: word(log.topics[1] ?? ""), delivered, reason, ...position(log) }];
  });
}

interface EventArguments {
  readonly MessageSent: { readonly sender: string; readonly recipient: string; readonly payload: string };
  readonly MessageAccepted: { readonly sendId: string; readonly dstChainId: bigint; readonly header: bigint };
  readonly MessageUnfunded: { readonly quote: bigint };
  readonly MessageDelivered: { readonly receiveId: string };
  readonly MessageFailed: { readonly reason: string };
}

function topic(event: keyof EventArguments): Hex {
  return word(GATEWAY.getEvent(event).topicHash);
}

function decode<E extends keyof EventArguments>(event: E, log: GatewayLog): EventArguments[E] {
  // CAST: ethers decodes to the types of the ABI, which are these.
  return GATEWAY.decodeEventLog(event, log.data, log.topics).toObject() as EventArguments[E];
}

function position(log: GatewayLog): LogPosition {
  return {
    blockNumber: log.blockNumber,
    blockHash: word(log.blockHash),
    transactionHash: word(log.transactionHash),
  };
}

function word(hex: string): Hex {
  return toHex(fixedBytes("hash", hex, 32));
}
