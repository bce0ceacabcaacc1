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
/** List of three prefix bytes, then 32, 32, 20 and 32 bytes: what the first fields begin with. */
const SHAPE: readonly (readonly [number, number])[] = [
  [0, 0xf9],
  [3, 0xa0],
  [36, 0xa0],
  [69, 0x94],
  [90, 0xa0],
];

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

/** The state root that a header commits to; undefined for bytes that are not shaped like Ethereum's header. */
export function stateRootOf(header: Hex): Hex | undefined {
  const bytes = fromHex(header);
  const isHeader = SHAPE.every(([at, value]) => bytes[at] === value) && bytes.length >= STATE_ROOT_OFFSET + 32;
  return isHeader ? toHex(bytes.subarray(STATE_ROOT_OFFSET, STATE_ROOT_OFFSET + 32)) : undefined;
}

/** A number as RLP has it: no leading zero bytes. */
function minimal(quantity: string): string {
  const digits = BigInt(quantity).toString(16);
  return digits === "0" ? "0x" : `0x${digits.padStart(digits.length + (digits.length % 2), "0")}`;
}
