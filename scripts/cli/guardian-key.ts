import { existsSync } from "node:fs";
import { randomSecretKey } from "../../sdk/src/schnorr.ts";
import type { GuardianKey } from "../guardian/keystore.ts";
import { loadKey, saveKey } from "../guardian/keystore.ts";

/** The guardian's key in a file, made if there is no such file; encrypted if METALAYER_GUARDIAN_PASSWORD is set. */
export async function openOrMakeKey(
  file: string,
): Promise<{ readonly key: GuardianKey; readonly isNew: boolean; readonly isEncrypted: boolean }> {
  const password = process.env["METALAYER_GUARDIAN_PASSWORD"];
  const isNew = !existsSync(file);
  if (isNew) await saveKey(file, randomSecretKey(), password);
  return { key: await loadKey(file, password), isNew, isEncrypted: password !== undefined };
}

export function newKeyText(file: string, isEncrypted: boolean): string {
  return `New key in ${file}${isEncrypted ? "" : ", not encrypted: METALAYER_GUARDIAN_PASSWORD is not set"}`;
}
