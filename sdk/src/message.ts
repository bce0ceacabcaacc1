import { checkUint, concatBytes, fixedBytes, fromHex, hashWords, keccak, type Address, type Hex } from "./bytes.ts";
import { MetalayerError } from "./errors.ts";
import { MESSAGE_TYPEHASH } from "./network.ts";
import { packRoute, type Route } from "./route.ts";

/** Kind of an ordinary message. */
export const KIND_MESSAGE = 0;
/** Kind of a bounty entry, written by the gateway itself on `requestRelay`. */
export const KIND_BOUNTY = 1;
/** Longest payload in bytes. */
export const MAX_PAYLOAD_LENGTH = 32_768;
/** Gas limit of a message without the attribute `minGasLimit`. */
export const DEFAULT_GAS_LIMIT = 200_000n;
/** The lane's head is stored for ever after every 64th message. */
export const CHECKPOINT_INTERVAL = 64n;

/** What a lane entry is. */
export type MessageKind = typeof KIND_MESSAGE | typeof KIND_BOUNTY;

/** What the packed header of a message holds. */
export interface MessageHeader {
  readonly kind: MessageKind;
  /** Position in the lane, from 0. */
  readonly nonce: bigint;
  /** Least gas that the recipient gets. */
  readonly gasLimit: bigint;
  /** Net fee in fee units (1e-9 ERA). */
  readonly fee: bigint;
}

/** A message in a lane. */
export interface Message extends MessageHeader {
  readonly sender: Address;
  readonly recipient: Address;
  readonly payload: Hex;
}

/** The header as one number. Throws `VALUE_OUT_OF_RANGE` or `MESSAGE_UNKNOWN_KIND`. */
export function packHeader(header: MessageHeader): bigint {
  if (header.kind !== KIND_MESSAGE && header.kind !== KIND_BOUNTY) {
    throw new MetalayerError("MESSAGE_UNKNOWN_KIND", `no kind of message: ${String(header.kind)}`, {
      kind: header.kind,
    });
  }
  return (
    (BigInt(header.kind) << 248n) |
    (checkUint("nonce", header.nonce, 64) << 184n) |
    (checkUint("gasLimit", header.gasLimit, 32) << 152n) |
    (checkUint("fee", header.fee, 64) << 88n)
  );
}

/** The header that a number stands for. Throws `MESSAGE_UNKNOWN_KIND` or `MESSAGE_HEADER_INVALID` if unused bits are set. */
export function unpackHeader(packed: bigint): MessageHeader {
  const kind = packed >> 248n;
  if (kind !== 0n && kind !== 1n)
    throw new MetalayerError("MESSAGE_UNKNOWN_KIND", `no kind of message: ${kind}`, { kind });
  if (packed & ((1n << 88n) - 1n)) {
    throw new MetalayerError("MESSAGE_HEADER_INVALID", "unused bits of a header are set", { packed });
  }
  return {
    kind: kind === 1n ? KIND_BOUNTY : KIND_MESSAGE,
    nonce: (packed >> 184n) & 0xffffffffffffffffn,
    gasLimit: (packed >> 152n) & 0xffffffffn,
    fee: (packed >> 88n) & 0xffffffffffffffffn,
  };
}

/**
 * The message's hash: its sendId on the source, its receiveId on the destination, its leaf in the batch tree.
 * Throws `MESSAGE_PAYLOAD_TOO_LONG` and as {@link packHeader}.
 */
export function messageHash(networkId: Hex, route: Route, message: Message): Hex {
  const payload = fromHex(message.payload);
  if (payload.length > MAX_PAYLOAD_LENGTH) {
    throw new MetalayerError(
      "MESSAGE_PAYLOAD_TOO_LONG",
      `a payload has at most ${MAX_PAYLOAD_LENGTH} bytes, not ${payload.length}`,
      { length: payload.length },
    );
  }
  return hashWords([
    MESSAGE_TYPEHASH,
    networkId,
    packRoute(route),
    packHeader(message),
    message.sender,
    message.recipient,
    keccak(payload),
  ]);
}

/** The lane's head after one more message. */
export function nextHead(head: Hex, hash: Hex): Hex {
  return keccak(concatBytes([fixedBytes("head", head, 32), fixedBytes("messageHash", hash, 32)]));
}

/** The lane's head after these messages, in order. */
export function chainHeads(headBefore: Hex, hashes: readonly Hex[]): Hex {
  return hashes.reduce(nextHead, headBefore);
}
