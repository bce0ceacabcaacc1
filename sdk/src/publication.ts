import { IBroadcaster__factory } from "../../typechain-types/factories/contracts/data/IBroadcaster__factory.js";
import {
  checkUint,
  fixedBytes,
  fromHex,
  hashText,
  hashWords,
  keccak,
  toAddress,
  toHex,
  type Address,
  type Hex,
} from "./bytes.ts";
import { MetalayerError } from "./errors.ts";
import type { GatewayLog, LogPosition } from "./events.ts";
import { MAX_PAYLOAD_LENGTH } from "./message.ts";

const BROADCASTER = IBroadcaster__factory.createInterface();

/** Type hash of {@link publicationHash}. */
export const PUBLICATION_TYPEHASH = hashText(
  "MetalayerPublication(address publisher,uint64 index,bytes32 topic,bytes32 payloadHash)",
);

/** What a publisher said, once, to whoever listens: docs/protocol/publications.md §1. */
export interface Publication {
  readonly publisher: Address;
  /** Counts the publisher's publications from 1. */
  readonly index: bigint;
  readonly topic: Hex;
  readonly payload: Hex;
}

/** A publication as its rollup's logs tell it. */
export interface PublishedEvent extends Publication, LogPosition {
  readonly message: Hex;
}

/** The ERC-7888 message that the Broadcaster broadcasts in its own name. Throws `PUBLICATION_INVALID`, `VALUE_OUT_OF_RANGE`. */
export function publicationHash({ publisher, index, topic, payload }: Publication): Hex {
  const bytes = fromHex(payload);
  if (index === 0n || bytes.length > MAX_PAYLOAD_LENGTH) {
    throw new MetalayerError("PUBLICATION_INVALID", "a publication has an index from 1 and at most 32,768 bytes", {
      index,
      length: bytes.length,
    });
  }
  return hashWords([
    PUBLICATION_TYPEHASH,
    toAddress(fixedBytes("publisher", publisher, 20)),
    checkUint("index", index, 64),
    toHex(fixedBytes("topic", topic, 32)),
    keccak(bytes),
  ]);
}

/** ERC-7888: the slot in which a Broadcaster keeps the time of a message. */
export function broadcastSlot(message: Hex, publisher: Address): Hex {
  return hashWords([message, publisher]);
}

/** Topics of the Broadcaster's event about publications, for `eth_getLogs`; what is left out matches anything. */
export function publicationTopics(filter: { publisher?: Address; topic?: Hex } = {}): (Hex | null)[] {
  const { publisher, topic } = filter;
  const word = publisher === undefined ? null : (`0x${"00".repeat(12)}${publisher.slice(2).toLowerCase()}` as const);
  return [PUBLISHED, word, topic ?? null];
}

/** Publications in the order of a Broadcaster's logs. Other logs are ignored. */
export function readPublications(logs: readonly GatewayLog[]): PublishedEvent[] {
  return logs.flatMap((log) => {
    if (log.topics[0] !== PUBLISHED) return [];
    const decoded = BROADCASTER.decodeEventLog("Published", log.data, log.topics).toObject();
    const { publisher, topic, index, payload } = decoded as Decoded; // CAST: the types of the ABI
    const said = {
      publisher: toAddress(fixedBytes("publisher", publisher, 20)),
      index,
      topic: toHex(fixedBytes("topic", topic, 32)),
      payload: toHex(fromHex(payload)),
    };
    return [
      {
        ...said,
        message: publicationHash(said),
        blockNumber: log.blockNumber,
        blockHash: toHex(fixedBytes("hash", log.blockHash, 32)),
        transactionHash: toHex(fixedBytes("hash", log.transactionHash, 32)),
      },
    ];
  });
}

interface Decoded {
  readonly publisher: string;
  readonly topic: string;
  readonly index: bigint;
  readonly payload: string;
}

const PUBLISHED = toHex(fixedBytes("topic", BROADCASTER.getEvent("Published").topicHash, 32));
