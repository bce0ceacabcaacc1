import { readFileSync, statSync } from "node:fs";
import { decryptKeystoreJson, isKeystoreJson } from "ethers";
import { z } from "zod";
import type { Hex } from "../../sdk/src/bytes.ts";
import { toHex, uintBytes } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";

/** A key in the clear, for development. */
const plainSchema = z.strictObject({ secretKey: z.string().regex(/^0x[0-9a-fA-F]{64}$/) });

/**
 * Reads a key file: an encrypted keystore (password needed) or, for development, `{"secretKey": "0x…"}`.
 * Throws KEY_FILE_UNREADABLE, KEY_FILE_EXPOSED unless only its owner may read it, KEY_PASSWORD, KEY_FILE_INVALID.
 */
export async function loadSecretKey(file: string, password: string | undefined): Promise<bigint> {
  const text = readGuarded(file);
  if (!isKeystoreJson(text)) {
    const parsed = plainSchema.safeParse(parseJson(text));
    if (parsed.success) return BigInt(parsed.data.secretKey);
    throw new MetalayerError("KEY_FILE_INVALID", `${file} holds neither a keystore nor a secret key.`, { file });
  }
  if (password === undefined)
    throw new MetalayerError("KEY_PASSWORD", `${file} is encrypted and no password was given.`, { file });
  try {
    const { privateKey } = await decryptKeystoreJson(text, password);
    return BigInt(privateKey);
  } catch (cause) {
    throw new MetalayerError("KEY_PASSWORD", `The password does not open ${file}.`, { file }, { cause });
  }
}

/** The key that pays for transactions: from its file, or else from the environment. Throws KEY_MISSING and as {@link loadSecretKey}. */
export async function loadAccountKey(
  settings: { readonly keyFile?: string | undefined; readonly keyVariable: string; readonly passwordVariable: string },
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Hex> {
  const { keyFile, keyVariable, passwordVariable } = settings;
  const given = environment[keyVariable];
  if (keyFile !== undefined) {
    const secret = await loadSecretKey(keyFile, environment[passwordVariable]);
    return toHex(uintBytes("secretKey", secret, 32));
  }
  if (given !== undefined && /^0x[0-9a-fA-F]{64}$/.test(given)) return `0x${given.slice(2)}`;
  throw new MetalayerError("KEY_MISSING", `No key: name a key file in the settings, or set ${keyVariable}.`);
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
