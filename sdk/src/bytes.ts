import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { getAddress, toUtf8Bytes } from "ethers";
import { MetalayerError } from "./errors.ts";

/** Bytes as `0x` and an even number of hex digits. The sdk writes lower case and reads either. */
export type Hex = `0x${string}`;

/** 20 bytes. The sdk writes EIP-55 mixed case, as ethers does, and reads any case. */
export type Address = Hex;

/** 32 zero bytes. */
export const ZERO_HASH: Hex = `0x${"00".repeat(32)}`;

/** Keccak-256 of bytes. */
export function keccak(bytes: Uint8Array): Hex {
  return toHex(keccak_256(bytes));
}

/** Keccak-256 of the UTF-8 encoding of `text`. */
export function hashText(text: string): Hex {
  return keccak(toUtf8Bytes(text));
}

/** Bytes as lower-case hex. */
export function toHex(bytes: Uint8Array): Hex {
  return `0x${bytesToHex(bytes)}`;
}

/** Hex as bytes. Throws `HEX_INVALID`. */
export function fromHex(hex: string): Uint8Array {
  if (!/^0x(?:[0-9a-f]{2})*$/i.test(hex))
    throw new MetalayerError("HEX_INVALID", `not hex bytes: ${clip(hex)}`, { hex });
  return hexToBytes(hex.slice(2));
}

/** Hex as exactly `length` bytes. Throws `HEX_INVALID` or `HEX_LENGTH`. */
export function fixedBytes(name: string, hex: string, length: number): Uint8Array {
  const bytes = fromHex(hex);
  if (bytes.length !== length) {
    throw new MetalayerError("HEX_LENGTH", `${name} must be ${length} bytes, not ${bytes.length}`, { name, hex });
  }
  return bytes;
}

/** 20 bytes as an EIP-55 address. */
export function toAddress(bytes: Uint8Array): Address {
  return `0x${getAddress(toHex(bytes)).slice(2)}`;
}

/** A whole number below `2^bits` as it was given. Throws `VALUE_OUT_OF_RANGE`. */
export function checkUint(name: string, value: bigint | number, bits: number): bigint {
  const inRange = typeof value === "bigint" ? value >= 0n && value < 1n << BigInt(bits) : Number.isSafeInteger(value);
  if (!inRange || (typeof value === "number" && (value < 0 || value >= 2 ** bits))) {
    throw new MetalayerError("VALUE_OUT_OF_RANGE", `${name} must be a whole number below 2^${bits}, not ${value}`, {
      name,
      value,
      bits,
    });
  }
  return BigInt(value);
}

/** Big-endian encoding of a whole number in `length` bytes. Throws `VALUE_OUT_OF_RANGE`. */
export function uintBytes(name: string, value: bigint | number, length: number): Uint8Array {
  const hex = checkUint(name, value, 8 * length).toString(16);
  return fromHex(`0x${hex.padStart(2 * length, "0")}`);
}

/** Concatenation. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/**
 * Keccak-256 of Solidity's `abi.encode` of static values: numbers, 32-byte values and addresses, one word each.
 * Throws `VALUE_OUT_OF_RANGE` for a number of more than 256 bits and `HEX_LENGTH` for any other length of bytes.
 */
export function hashWords(words: readonly (bigint | number | Hex)[]): Hex {
  const encoded = new Uint8Array(32 * words.length);
  words.forEach((word, index) => {
    const bytes = typeof word === "string" ? wordBytes(word) : uintBytes("word", word, 32);
    encoded.set(bytes, 32 * index + 32 - bytes.length);
  });
  return keccak(encoded);
}

function wordBytes(hex: Hex): Uint8Array {
  const bytes = fromHex(hex);
  if (bytes.length !== 32 && bytes.length !== 20) {
    throw new MetalayerError("HEX_LENGTH", `a word is 32 bytes or an address, not ${bytes.length} bytes`, { hex });
  }
  return bytes;
}

function clip(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
