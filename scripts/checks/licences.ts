import type { Check } from "./check.ts";
import { runAlone } from "./check.ts";
import { readLock } from "./lock.ts";

/** Licences under which anybody may use, change and ship the product with its dependencies. */
const FREE = new Set(
  "0BSD Apache-2.0 BlueOak-1.0.0 BSD-2-Clause BSD-3-Clause CC0-1.0 ISC MIT MPL-2.0 Python-2.0 Unlicense Zlib".split(
    " ",
  ),
);

export const licences: Check = {
  name: "licences",
  rule: "everything that runs with the product is under a free, non-viral licence",
  run(root) {
    const packages = Object.entries(readLock(root)).filter(
      ([place, { dev, link }]) => place.includes("node_modules/") && dev !== true && link !== true,
    );
    const problems = packages
      .filter(([, { license }]) => !isFree(license ?? ""))
      .map(([place, { license }]) => `${place} is under ${license ?? "no stated licence"}`);
    return { problems, note: `${packages.length} packages` };
  },
};

/** An SPDX expression is free if one side of each OR and both sides of each AND are. */
export function isFree(expression: string): boolean {
  const inner = expression.replace(/^\((.*)\)$/, "$1").trim();
  if (inner.includes(" OR ")) return inner.split(" OR ").some(isFree);
  if (inner.includes(" AND ")) return inner.split(" AND ").every(isFree);
  return FREE.has(inner);
}

await runAlone(import.meta, licences);
