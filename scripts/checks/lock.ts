import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Check } from "./check.ts";
import { runAlone } from "./check.ts";

export interface LockEntry {
  readonly version?: string;
  readonly resolved?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export const lock: Check = {
  name: "lock",
  rule: "the lock names no download address and leaves out no platform",
  run(root) {
    const packages = readLock(root);
    const problems = Object.entries(packages).flatMap(([place, entry]) => [
      ...(/^(https?|git|ssh)/.test(entry.resolved ?? "")
        ? [`${place} records the address ${entry.resolved}: omit-lockfile-registry-resolved=true belongs in .npmrc`]
        : []),
      ...Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })
        .filter((name) => !isLocked(packages, place, name))
        .map((name) => `${place} needs ${name}, which is not in the lock: npm ci refuses that`),
    ]);
    return { problems, note: `${Object.keys(packages).length} packages` };
  },
};

/** The entries of package-lock.json by their place in the tree; none if there is no lock. */
export function readLock(root: string): Readonly<Record<string, LockEntry>> {
  const file = path.join(root, "package-lock.json");
  if (!existsSync(file)) return {};
  // CAST: npm writes this file; its third format is what npm's documentation says it is.
  return (JSON.parse(readFileSync(file, "utf8")) as { packages: Record<string, LockEntry> }).packages;
}

/** As Node looks for it: in this package's own folder, then in every folder above. */
function isLocked(packages: Readonly<Record<string, LockEntry>>, place: string, name: string): boolean {
  for (let at = place; ; at = at.slice(0, Math.max(0, at.lastIndexOf("/node_modules/")))) {
    if (packages[`${at === "" ? "" : `${at}/`}node_modules/${name}`] !== undefined) return true;
    if (at === "") return false;
    if (!at.includes("/node_modules/")) {
      return packages[`node_modules/${name}`] !== undefined;
    }
  }
}

await runAlone(import.meta, lock);
