import { encodeRlp } from "ethers";
import { fromHex, keccak, toHex, type Hex } from "./bytes.ts";

/** Fields of a header in their order, as `eth_getBlockByNumber` names them; those after the first fifteen came later, one fork after the other. */
const FIELDS = [
  "parentHash",
  "sha3Uncles",
  "miner",
  "stateRoot",
  "transactionsRoot",
  "receiptsRoot",
  "logsBloom",
  "difficulty",
  "number",
  "gasLimit",
  "gasUsed",
  "timestamp",
  "extraData",
  "mixHash",
  "nonce",
  "baseFeePerGas",
  "withdrawalsRoot",
  "blobGasUsed",
  "excessBlobGas",
  "parentBeaconBlockRoot",
  "requestsHash",
] as const;
const NUMBERS: ReadonlySet<string> = new Set([
  "difficulty",
  "number",
  "gasLimit",
  "gasUsed",
  "timestamp",
  "baseFeePerGas",
  "blobGasUsed",
  "excessBlobGas",
]);
const STATE_ROOT_OFFSET = 91;

/** The header of a block as JSON-RPC gives it; undefined if it does not hash to the block's hash, as with stacks that have other fields. */
export function headerOfBlock(block: Readonly<Record<string, unknown>>): Hex | undefined {
  const values: string[] = [];
  for (const field of FIELDS) {
    const value = block[field];
    if (typeof value !== "string") break;
    values.push(NUMBERS.has(field) ? minimal(value) : value);
  }
  const header = toHex(fromHex(encodeRlp(values)));
  return keccak(fromHex(header)) === block["hash"] ? header : undefined;
}

/** The state root in the header that hashes to `blockHash`; undefined for any other bytes. */
export function stateRootIn(blockHash: Hex, header: Hex): Hex | undefined {
  const bytes = fromHex(header);
  const length = bytes.length - 3;
  // A list of exactly these bytes, then parent hash, ommers' hash, beneficiary and state root.
  const prefixes: readonly (readonly [number, number])[] = [
    [0, 0xf9],
    [1, length >> 8],
    [2, length & 0xff],
    [3, 0xa0],
    [36, 0xa0],
    [69, 0x94],
    [90, 0xa0],
  ];
  const isHeader =
    bytes.length >= STATE_ROOT_OFFSET + 32 && prefixes.every(([offset, expected]) => bytes[offset] === expected);
  if (!isHeader || keccak(bytes) !== blockHash.toLowerCase()) return undefined;
  return toHex(bytes.subarray(STATE_ROOT_OFFSET, STATE_ROOT_OFFSET + 32));
}

/** A number as RLP has it: no leading zero bytes. */
function minimal(quantity: string): string {
  const digits = BigInt(quantity).toString(16);
  return digits === "0" ? "0x" : `0x${digits.padStart(digits.length + (digits.length % 2), "0")}`;
}
