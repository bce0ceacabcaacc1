import { checkUint, concatBytes, fixedBytes, fromHex, toAddress, toHex, type Address, type Hex } from "./bytes.ts";
import { MetalayerError } from "./errors.ts";

/** An account on a chain. */
export interface EvmAccount {
  readonly chainId: bigint;
  readonly address: Address;
}

/** Version 1, chain type eip155. */
const PREFIX = Uint8Array.of(0x00, 0x01, 0x00, 0x00);
const ADDRESS_LENGTH = 20;
const MAX_REFERENCE_LENGTH = 8;

/**
 * Canonical ERC-7930 bytes of an account. Throws `INTEROP_INVALID` for chain id or address zero, `VALUE_OUT_OF_RANGE` from 2^64.
 *
 * @example
 * formatEvmAccount({ chainId: 10n, address: "0x00000000000000000000000000000000000000A1" })
 * // => "0x00010000010a1400000000000000000000000000000000000000a1"
 */
export function formatEvmAccount({ chainId, address }: EvmAccount): Hex {
  const account = fixedBytes("address", address, ADDRESS_LENGTH);
  if (checkUint("chainId", chainId, 64) === 0n) refuse("the chain id is zero", { chainId });
  if (account.every((byte) => byte === 0)) refuse("the address is zero", { address });
  const digits = chainId.toString(16);
  const reference = fromHex(`0x${digits.length % 2 === 1 ? "0" : ""}${digits}`);
  return toHex(
    concatBytes([PREFIX, Uint8Array.of(reference.length), reference, Uint8Array.of(ADDRESS_LENGTH), account]),
  );
}

/**
 * The account that canonical ERC-7930 bytes name. Throws `INTEROP_INVALID` for everything that is not exactly what
 * {@link formatEvmAccount} writes: another version or chain type, a leading zero, bytes left over, a missing part.
 *
 * @example
 * parseEvmAccount("0x00010000010a1400000000000000000000000000000000000000a1").chainId
 * // => 10n
 */
export function parseEvmAccount(encoded: Hex): EvmAccount {
  const bytes = fromHex(encoded);
  const referenceLength = bytes[PREFIX.length] ?? 0;
  const referenceAt = PREFIX.length + 1;
  const addressAt = referenceAt + referenceLength + 1;
  const wrong =
    (PREFIX.some((byte, index) => bytes[index] !== byte) && "it is not version 1 of an EVM chain") ||
    ((referenceLength < 1 || referenceLength > MAX_REFERENCE_LENGTH) &&
      "the chain reference is not 1 to 8 bytes long") ||
    (bytes[referenceAt] === 0 && "the chain reference begins with zero") ||
    (bytes[addressAt - 1] !== ADDRESS_LENGTH && "the address is not 20 bytes long") ||
    (bytes.length !== addressAt + ADDRESS_LENGTH && "its length is wrong") ||
    (bytes.subarray(addressAt).every((byte) => byte === 0) && "the address is zero");
  if (wrong) refuse(wrong, { encoded });
  const chainId = BigInt(toHex(bytes.subarray(referenceAt, addressAt - 1)));
  return { chainId, address: toAddress(bytes.subarray(addressAt)) };
}

function refuse(reason: string, info: Readonly<Record<string, unknown>>): never {
  throw new MetalayerError("INTEROP_INVALID", `no canonical interoperable address: ${reason}`, info);
}
