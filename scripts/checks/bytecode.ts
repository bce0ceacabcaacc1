import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import path from "node:path";
import { deployables } from "./artifacts.ts";
import type { Check } from "./check.ts";
import { runAlone } from "./check.ts";
import { asText, compareSnapshots } from "./snapshots.ts";

const FILE = "snapshots/bytecode.json";

/** A change of any byte that is sent to deploy a contract is seen in review: addresses depend on it. */
export const bytecode: Check = {
  name: "bytecode",
  rule: "the code that would be deployed is the code on record",
  run(root, { write }) {
    const entries = deployables(root).map(({ contractName, bytecode: creation, deployedBytecode: runtime }) => {
      const sha256 = createHash("sha256").update(bytesOf(creation)).digest("hex").slice(0, 16);
      return [contractName, { runtimeBytes: bytesOf(runtime).length, sha256 }] as const;
    });
    const wanted = new Map(entries.length === 0 ? [] : [[FILE, asText(Object.fromEntries(entries))]]);
    const present = existsSync(path.join(root, FILE)) ? [FILE] : [];
    return {
      problems: compareSnapshots(root, present, wanted, write),
      note: `${entries.length} contracts`,
    };
  },
};

/** Addresses of libraries, which a deployment fills in, as zeros. */
const bytesOf = (code: string): Buffer =>
  Buffer.from(code.slice(2).replace(/__\$[0-9a-f]{34}\$__/g, "0".repeat(40)), "hex");

await runAlone(import.meta, bytecode);
