import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Check } from "../../scripts/checks/check.ts";

/** Runs something over a temporary project that holds just these files; the folder is gone afterwards. */
export async function inFolder<T>(
  files: Readonly<Record<string, string>>,
  run: (root: string) => Promise<T> | T,
): Promise<T> {
  const root = mkdtempSync(path.join(tmpdir(), "metalayer-checks-"));
  try {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
      writeFileSync(path.join(root, name), content);
    }
    return await run(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** What a check says of a project that holds just these files. */
export async function problemsIn(check: Check, files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  return await inFolder(files, async (root) => (await check.run(root, { write: false })).problems);
}

export const solidity = (body: string): string =>
  `// SPDX-License-Identifier: MIT\npragma solidity ^0.8.28;\n\n${body}\n`;
