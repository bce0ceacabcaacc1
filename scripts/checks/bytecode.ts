import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import path from "node:path";
import { deployables } from "./artifacts.ts";
import type { Check } from "./check.ts";
import { runAlone } from "./check.ts";
import { asText, compareSnapshots } from "./snapshots.ts";

const FILE = "snapshots/bytecode.json";

/** A change of any deployed byte is seen in review. */
export const bytecode: Check = {
  name: "bytecode",
  rule: "the code that would be deployed is the code on record",
  run(root, { write }) {
    const entries = deployables(root).map(({ contractName, deployedBytecode }) => {
      const code = Buffer.from(deployedBytecode.slice(2).replace(/__\$[0-9a-f]{34}\$__/g, "0".repeat(40)), "hex");
      const hash = createHash("sha256").update(withoutMetadata(code)).digest("hex").slice(0, 16);
      return [contractName, { runtimeBytes: code.length, sha256: hash }] as const;
    });
    const wanted = new Map(entries.length === 0 ? [] : [[FILE, asText(Object.fromEntries(entries))]]);
    const present = existsSync(path.join(root, FILE)) ? [FILE] : [];
    return {
      problems: compareSnapshots(root, present, wanted, write),
      note: `${entries.length} contracts`,
    };
  },
};

/** The compiler's last bytes hash the sources' comments too; the two bytes at the end give their length. */
export function withoutMetadata(code: Buffer): Buffer {
  if (code.length < 2) return code;
  const length = code.readUInt16BE(code.length - 2) + 2;
  return length < code.length ? code.subarray(0, code.length - length) : code;
}

await runAlone(import.meta, bytecode);
