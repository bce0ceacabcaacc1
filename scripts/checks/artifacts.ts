import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";

export interface Artifact {
  readonly contractName: string;
  readonly sourceName: string;
  /** The compiler's name for the source. */
  readonly inputSourceName: string;
  readonly buildInfoId: string;
  readonly abi: readonly unknown[];
  readonly bytecode: string;
  readonly deployedBytecode: string;
}

/** Files below `folder` whose name ends so, relative to `root`, sorted. A folder that does not exist has none. */
export function filesBelow(root: string, folder: string, ending: string): string[] {
  const start = path.join(root, folder);
  if (!existsSync(start)) return [];
  return readdirSync(start, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .filter((file) => !file.split(path.sep).includes("node_modules"))
    .sort();
}

/** The contracts that a deployment can put on a rollup: no interface, abstract contract, library or mock. */
export function deployables(root: string): Artifact[] {
  return filesBelow(root, "artifacts/contracts", ".json")
    .filter((file) => !file.startsWith(path.join("artifacts/contracts/mocks")))
    .map((file) => readJson(path.join(root, file)))
    .filter(isArtifact)
    .filter((artifact) => artifact.bytecode !== "0x" && !isLibrary(root, artifact))
    .sort((a, b) => a.contractName.localeCompare(b.contractName));
}

function isLibrary(root: string, { contractName, sourceName }: Artifact): boolean {
  const source = path.join(root, sourceName);
  return !existsSync(source) || new RegExp(`^library ${contractName}\\b`, "m").test(readFileSync(source, "utf8"));
}

export function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, "utf8"));
}

function isArtifact(value: unknown): value is Artifact {
  return typeof value === "object" && value !== null && "contractName" in value && "deployedBytecode" in value;
}
