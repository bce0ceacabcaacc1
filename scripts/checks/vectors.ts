import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Check } from "./check.ts";
import { runAlone } from "./check.ts";
import { batchVectors } from "./vectors/batches.ts";
import { evidenceVectors } from "./vectors/evidence.ts";
import { feedVectors } from "./vectors/feeds.ts";
import { feeVectors } from "./vectors/fees.ts";
import { interopVectors } from "./vectors/interop.ts";
import { messageVectors } from "./vectors/messages.ts";
import { proofVectors } from "./vectors/proofs.ts";
import { signatureVectors } from "./vectors/signatures.ts";
import { factVectors, treeVectors } from "./vectors/trees.ts";

const FOLDER = "test/vectors";

/** Each file with what generates it: the sdk from fixed seeds. Whole numbers that may pass 2^53 are decimal strings. */
const FILES: Readonly<Record<string, () => unknown>> = {
  "messages.json": messageVectors,
  "trees.json": treeVectors,
  "facts.json": factVectors,
  "evidence.json": evidenceVectors,
  "batches.json": batchVectors,
  "feeds.json": feedVectors,
  "fees.json": feeVectors,
  "interop.json": interopVectors,
  "proofs.json": proofVectors,
  "signatures.json": signatureVectors,
};

/** The vectors that Solidity and TypeScript share. `--write` only after a change of the protocol's bytes. */
export const vectors: Check = {
  name: "vectors",
  rule: "the committed vectors are what the sdk computes",
  run(root, { write }) {
    const problems: string[] = [];
    mkdirSync(path.join(root, FOLDER), { recursive: true });
    for (const [name, generate] of Object.entries(FILES)) {
      const file = path.join(root, FOLDER, name);
      const content = `${JSON.stringify(generate(), bigintsAsStrings, 1)}\n`;
      if (write) writeFileSync(file, content);
      else if (readOrEmpty(file) !== content) problems.push(`${FOLDER}/${name} differs from what the sdk computes`);
    }
    return { problems, note: `${Object.keys(FILES).length} files` };
  },
};

function bigintsAsStrings(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

await runAlone(import.meta, vectors);
