import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { integer, optional, text, UsageError } from "./command.ts";

/** Options and parsers that several commands share. Loaded for every help text, hence without any library. */

/** Which network a command speaks to. */
export const networkOptions = {
  network: optional("--network <file>", "Description of a network (JSON). Without it: the running local network", text),
};

/** Whose decisions a command is about. */
export const daoOptions = {
  dao: optional(
    "--dao <name>",
    "A community's DAO: its name, its governor's address, or the file of ./metalayer dao create. Without it: the network's own governance",
    text,
  ),
};

/** Who pays for and signs a transaction. */
export const walletOptions = {
  keyFile: optional("--key-file <file>", "Keystore (password in METALAYER_PASSWORD), instead of METALAYER_KEY", text),
  account: optional("--account <index>", "Development account that signs; local networks only", integer(0, 29)),
};

export const rollup = text;

export const address = (given: string): Address => {
  // CAST: checked in the same line.
  if (/^0x[0-9a-fA-F]{40}$/.test(given)) return given as Address;
  throw new UsageError(`"${given}" is not an address (0x and 40 hex digits)`);
};

export const hash = (given: string): Hex => {
  // CAST: checked in the same line.
  if (/^0x[0-9a-fA-F]{64}$/.test(given)) return given.toLowerCase() as Hex;
  throw new UsageError(`"${given}" is neither a transaction hash nor a sendId (0x and 64 hex digits)`);
};

export const httpUrl = (given: string): string => {
  if (/^https?:\/\/[^\s/]+/.test(given) && URL.canParse(given)) return given;
  throw new UsageError(`"${given}" is not an address that begins with http:// or https://`);
};

export const bytes = (given: string): Hex => {
  // CAST: checked in the same line.
  if (/^0x([0-9a-fA-F]{2})*$/.test(given)) return given.toLowerCase() as Hex;
  throw new UsageError(`"${given}" is not a string of bytes (0x and an even number of hex digits)`);
};

const TOPIC_BYTES = 32;

/** A topic of publications: a word, as Solidity turns one into bytes32, or the 32 bytes themselves. */
export const topic = (given: string): Hex => {
  // CAST: checked in the same line.
  if (/^0x[0-9a-fA-F]{64}$/.test(given)) return given.toLowerCase() as Hex;
  const word = Buffer.from(given, "utf8");
  if (given !== "" && !given.startsWith("0x") && word.length <= TOPIC_BYTES)
    return `0x${word.toString("hex").padEnd(2 * TOPIC_BYTES, "0")}`;
  throw new UsageError(`"${given}" is not a topic (a word of at most 32 bytes, or 0x and 64 hex digits)`);
};

const LEAST_GUARDIANS = 4;
const MOST_GUARDIANS = 16;

/** How many guardians a local network starts. */
export const guardianCount = (given: string): number => {
  if (/^[0-3]$/.test(given)) {
    const reason = "each has to weigh less than a third, and more than two thirds have to sign";
    throw new UsageError(`${given} guardians can form no table: ${reason}, so at least ${LEAST_GUARDIANS} are needed`);
  }
  return integer(LEAST_GUARDIANS, MOST_GUARDIANS)(given);
};

/** A whole number, or 0x and 64 hex digits. */
const WORD = /^(0|[1-9]\d{0,76}|0x[0-9a-fA-F]{64})$/;

/** A storage slot. */
export const slot = (given: string): bigint => {
  if (WORD.test(given)) return BigInt(given);
  throw new UsageError(`"${given}" is not a storage slot (a whole number, or 0x and 64 hex digits)`);
};

/** What distinguishes applications of one owner and one code. */
export const salt = (given: string): Hex => {
  if (WORD.test(given)) return `0x${BigInt(given).toString(16).padStart(64, "0")}`;
  throw new UsageError(`"${given}" is not a salt (a whole number, or 0x and 64 hex digits)`);
};

const WEI_DIGITS = 18;

/** ERA as people write it, such as 12.5; the result is in wei. */
export const era = (given: string): bigint => {
  const [, whole = "", fraction = ""] = /^(\d{1,10})(?:\.(\d{1,18}))?$/.exec(given) ?? [];
  if (whole !== "") return BigInt(whole + fraction.padEnd(WEI_DIGITS, "0"));
  throw new UsageError(`"${given}" is not an amount of ERA (at most 18 digits after the point)`);
};

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** A span such as 30s, 15m, 12h, 7d; the result is in seconds. */
export const span = (given: string): bigint => {
  const [, count = "", unit = ""] = /^(\d{1,6})([smhd])$/.exec(given) ?? [];
  const seconds = SECONDS[unit];
  if (seconds !== undefined) return BigInt(count) * BigInt(seconds);
  throw new UsageError(`"${given}" is not a span of time (such as 30s, 15m, 12h, 7d)`);
};

/** Proposals are named by their number, or as the newest one. */
export const proposalName = (given: string): string => {
  if (given === "latest" || /^(\d{1,78}|0x[0-9a-fA-F]{64})$/.test(given)) return given;
  throw new UsageError(`"${given}" is not a proposal (its number, or "latest")`);
};
