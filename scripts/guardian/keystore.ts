import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { computeAddress, decryptKeystoreJson, encryptKeystoreJson, isKeystoreJson } from "ethers";
import { z } from "zod";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { toAddress, toHex, fromHex, uintBytes } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import type { Point } from "../../sdk/src/schnorr.ts";
import { pointToHex, publicKey } from "../../sdk/src/schnorr.ts";
import { openExclusively } from "./record-schema.ts";

/** A key in the clear, for development. */
const plainSchema = z.strictObject({ secretKey: z.string().regex(/^0x[0-9a-fA-F]{64}$/) });

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

/**
 * Reads a key file: an encrypted keystore (password needed) or, for development, `{"secretKey": "0x…"}`.
 * Throws KEY_FILE_UNREADABLE, KEY_FILE_EXPOSED unless only its owner may read it, KEY_PASSWORD, KEY_FILE_INVALID.
 */
export async function loadKey(file: string, password: string | undefined): Promise<GuardianKey> {
  const text = readGuarded(file);
  if (!isKeystoreJson(text)) {
    const parsed = plainSchema.safeParse(parseJson(text));
    if (parsed.success) return guardianKey(BigInt(parsed.data.secretKey));
    throw new MetalayerError("KEY_FILE_INVALID", `${file} holds neither a keystore nor a secret key.`, { file });
  }
  if (password === undefined)
    throw new MetalayerError("KEY_PASSWORD", `${file} is encrypted and no password was given.`, { file });
  try {
    const { privateKey } = await decryptKeystoreJson(text, password);
    return guardianKey(BigInt(privateKey));
  } catch (cause) {
    throw new MetalayerError("KEY_PASSWORD", `The password does not open ${file}.`, { file }, { cause });
  }
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

function readGuarded(file: string): string {
  try {
    const { mode } = statSync(file);
    if (process.platform !== "win32" && (mode & 0o077) !== 0)
      throw new MetalayerError("KEY_FILE_EXPOSED", `${file} can be read by others: chmod 600 it.`, { file });
    return readFileSync(file, "utf8");
  } catch (cause) {
    if (cause instanceof MetalayerError) throw cause;
    throw new MetalayerError("KEY_FILE_UNREADABLE", `The key file ${file} cannot be read.`, { file }, { cause });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
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
  database.exec("CREATE TABLE IF NOT EXISTS mark (id INTEGER PRIMARY KEY CHECK (id = 1), sequence INTEGER NOT NULL) STRICT");
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
