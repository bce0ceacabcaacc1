import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { Hex } from "../../sdk/src/bytes.ts";
import { fixedBytes, toHex } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";

/** Everything is append-only but `meta`, `blocks` and `halts`; only rows that nothing signed rests on are ever removed. */
const TABLES = `
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS blocks (chain TEXT PRIMARY KEY, number INTEGER NOT NULL, hash BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lanes (id INTEGER PRIMARY KEY, lane BLOB NOT NULL UNIQUE, chain TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS messages (
  lane INTEGER NOT NULL, nonce INTEGER NOT NULL, leaf BLOB NOT NULL, head BLOB NOT NULL, PRIMARY KEY (lane, nonce)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS signed_lanes (
  lane INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
  head_before BLOB NOT NULL, head_at BLOB NOT NULL, root BLOB NOT NULL, PRIMARY KEY (lane, first, last)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS signed_lanes_last ON signed_lanes (lane, last);
CREATE TABLE IF NOT EXISTS signed_soft (
  lane INTEGER NOT NULL, block BLOB NOT NULL, number INTEGER NOT NULL, nonce INTEGER NOT NULL, head BLOB NOT NULL,
  PRIMARY KEY (lane, block)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS signed_anchors (
  chain TEXT NOT NULL, incarnation INTEGER NOT NULL, anchor INTEGER NOT NULL,
  number INTEGER NOT NULL, hash BLOB NOT NULL, state_root BLOB NOT NULL, PRIMARY KEY (chain, incarnation, anchor)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS halts (chain TEXT PRIMARY KEY, code TEXT NOT NULL, reason TEXT NOT NULL, at TEXT NOT NULL) STRICT, WITHOUT ROWID;
`;

/**
 * Makes a database of one process: nobody else can even read it while it is open, and what was committed has reached the
 * disk. Throws GUARDIAN_LOCKED if another process has it.
 */
export function openExclusively(database: DatabaseSync, file: string): void {
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    database.exec("BEGIN EXCLUSIVE; COMMIT;");
  } catch (cause) {
    database.close();
    const message = `${file} is in use: another guardian runs with this key or record.`;
    throw new MetalayerError("GUARDIAN_LOCKED", message, { file }, { cause });
  }
}

export function createTables(database: DatabaseSync): void {
  database.exec(TABLES);
}

/** Runs `work` as one transaction: all of it is on disk when this returns, or nothing is. */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

export type Row = Readonly<Record<string, SQLOutputValue>>;

export function bytesOf(hash: Hex): Uint8Array {
  return fixedBytes("hash", hash, 32);
}

export function hexOf(value: SQLOutputValue | undefined): Hex {
  if (value instanceof Uint8Array) return toHex(value);
  throw new MetalayerError("RECORD_CORRUPT", "The guardian's record holds something else where a hash belongs.");
}

export function integerOf(value: SQLOutputValue | undefined): number {
  if (typeof value === "number") return value;
  throw new MetalayerError("RECORD_CORRUPT", "The guardian's record holds something else where a number belongs.");
}

export function textOf(value: SQLOutputValue | undefined): string {
  if (typeof value === "string") return value;
  throw new MetalayerError("RECORD_CORRUPT", "The guardian's record holds something else where a text belongs.");
}

/** A nonce, index or block number as the record counts it. */
export function countOf(value: bigint): number {
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw new MetalayerError("FACT_INVALID", `${value} is beyond what can be.`, { value });
}
