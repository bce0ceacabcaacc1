import { existsSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { computeAddress, encryptKeystoreJson } from "ethers";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { toAddress, toHex, fromHex, uintBytes } from "../../sdk/src/bytes.ts";
import type { Point } from "../../sdk/src/schnorr.ts";
import { pointToHex, publicKey } from "../../sdk/src/schnorr.ts";
import { loadSecretKey } from "../network/keys.ts";
import { openExclusively } from "./record-schema.ts";

export interface GuardianKey {
  readonly secretKey: bigint;
  readonly point: Point;
  /** The point, compressed. */
  readonly hex: Hex;
  /** The account that this key would have; nobody may ever use it as one. */
  readonly account: Address;
}

export function guardianKey(secretKey: bigint): GuardianKey {
  const point = publicKey(secretKey);
  const hex = pointToHex(point);
  return { secretKey, point, hex, account: toAddress(fromHex(computeAddress(hex))) };
}

/** Reads a key file; throws as {@link loadSecretKey}. */
export async function loadKey(file: string, password: string | undefined): Promise<GuardianKey> {
  return guardianKey(await loadSecretKey(file, password));
}

/** Writes a new key file that only its owner can read; encrypted if there is a password. Never overwrites one. */
export async function saveKey(file: string, secretKey: bigint, password: string | undefined): Promise<void> {
  const hex = toHex(uintBytes("secretKey", secretKey, 32));
  const { account } = guardianKey(secretKey);
  const text =
    password === undefined
      ? JSON.stringify({ secretKey: hex })
      : await encryptKeystoreJson({ address: account, privateKey: hex }, password);
  writeFileSync(file, `${text}\n`, { mode: 0o600, flag: "wx" });
}

/**
 * The mark beside a key file: held by one process at a time, and it counts the signatures of the key. A record that counts
 * fewer was restored from an older copy, or is another guardian's.
 */
export interface KeyMark {
  readonly sequence: number;
  /** True if the mark was made just now. */
  readonly isNew: boolean;
  advance(sequence: number): void;
  close(): void;
}

/** Throws GUARDIAN_LOCKED if another process has the key. */
export function openKeyMark(keyFile: string): KeyMark {
  const file = `${keyFile}.mark`;
  const isNew = !existsSync(file);
  const database = new DatabaseSync(file);
  openExclusively(database, file);
  database.exec(
    "CREATE TABLE IF NOT EXISTS mark (id INTEGER PRIMARY KEY CHECK (id = 1), sequence INTEGER NOT NULL) STRICT",
  );
  database.exec("INSERT OR IGNORE INTO mark VALUES (1, 0)");
  const update = database.prepare("UPDATE mark SET sequence = ? WHERE id = 1");
  let sequence = Number(database.prepare("SELECT sequence FROM mark").get()?.["sequence"] ?? 0);
  return {
    get sequence() {
      return sequence;
    },
    isNew,
    advance(next) {
      update.run(next);
      sequence = next;
    },
    close: () => database.close(),
  };
}
