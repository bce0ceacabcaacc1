import { MetalayerError } from "../../sdk/src/errors.ts";

/** The parts of a block that decisions rest on. */
export interface Block {
  readonly number: number;
  readonly hash: string;
  readonly parentHash: string;
  readonly stateRoot: string;
  /** Seconds. */
  readonly timestamp: number;
  /** 0 on a rollup without EIP-1559. */
  readonly baseFee: bigint;
}

export interface Log {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
  readonly blockNumber: number;
  readonly blockHash: string;
  readonly transactionHash: string;
  readonly logIndex: number;
}

export interface Receipt {
  readonly transactionHash: string;
  readonly blockNumber: number;
  readonly blockHash: string;
  /** True if the transaction did what it should, false if it reverted. */
  readonly success: boolean;
  readonly gasUsed: bigint;
  readonly effectiveGasPrice: bigint;
  readonly contractAddress: string | undefined;
  readonly logs: readonly Log[];
}

type Fields = Readonly<Record<string, unknown>>;

function bad(what: string, value: unknown): MetalayerError {
  return new MetalayerError("RPC_BAD_RESPONSE", `A node sent ${what}.`, { value });
}

function fields(value: unknown, what: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw bad(`no ${what}`, value);
  return Object.fromEntries(Object.entries(value));
}

/** A JSON-RPC quantity that fits a number. Throws RPC_BAD_RESPONSE. */
export function quantity(value: unknown): number {
  const number = Number(bigQuantity(value));
  if (!Number.isSafeInteger(number)) throw bad("a number out of range", value);
  return number;
}

/** A JSON-RPC quantity of up to 256 bits. Throws RPC_BAD_RESPONSE. */
export function bigQuantity(value: unknown): bigint {
  if (typeof value !== "string" || !/^0x[0-9a-f]{1,64}$/i.test(value))
    throw bad("no quantity where one belongs", value);
  return BigInt(value);
}

export function toQuantity(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}

function bytes32(value: unknown): string {
  if (typeof value !== "string" || !/^0x[0-9a-f]{64}$/i.test(value)) throw bad("no 32-byte value", value);
  return value.toLowerCase();
}

function hexBytes(value: unknown): string {
  if (typeof value !== "string" || !/^0x([0-9a-f]{2})*$/i.test(value)) throw bad("no bytes", value);
  return value.toLowerCase();
}

/** Throws RPC_BAD_RESPONSE for anything that is not a block, null included. */
export function parseBlock(value: unknown): Block {
  const block = fields(value, "block");
  return {
    number: quantity(block["number"]),
    hash: bytes32(block["hash"]),
    parentHash: bytes32(block["parentHash"]),
    stateRoot: bytes32(block["stateRoot"]),
    timestamp: quantity(block["timestamp"]),
    baseFee: block["baseFeePerGas"] === undefined ? 0n : bigQuantity(block["baseFeePerGas"]),
  };
}

/** The block, or undefined where the node answered null: it does not know that block. */
export function parseBlockOrNone(value: unknown): Block | undefined {
  return value === null ? undefined : parseBlock(value);
}

export function parseLog(value: unknown): Log {
  const log = fields(value, "log");
  const topics: unknown = log["topics"];
  if (!Array.isArray(topics)) throw bad("a log without topics", value);
  return {
    address: hexBytes(log["address"]),
    topics: topics.map(bytes32),
    data: hexBytes(log["data"]),
    blockNumber: quantity(log["blockNumber"]),
    blockHash: bytes32(log["blockHash"]),
    transactionHash: bytes32(log["transactionHash"]),
    logIndex: quantity(log["logIndex"]),
  };
}

export function parseLogs(value: unknown): Log[] {
  if (!Array.isArray(value)) throw bad("no list of logs", value);
  return value.map(parseLog);
}

export function parseReceiptOrNone(value: unknown): Receipt | undefined {
  if (value === null) return undefined;
  const receipt = fields(value, "receipt");
  const contract = receipt["contractAddress"];
  return {
    transactionHash: bytes32(receipt["transactionHash"]),
    blockNumber: quantity(receipt["blockNumber"]),
    blockHash: bytes32(receipt["blockHash"]),
    success: quantity(receipt["status"]) === 1,
    gasUsed: bigQuantity(receipt["gasUsed"]),
    effectiveGasPrice: bigQuantity(receipt["effectiveGasPrice"]),
    contractAddress: typeof contract === "string" ? hexBytes(contract) : undefined,
    logs: parseLogs(receipt["logs"]),
  };
}
