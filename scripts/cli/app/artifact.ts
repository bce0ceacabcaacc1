import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { Interface } from "ethers";
import { z } from "zod";
import type { Context } from "../command.ts";
import { CommandError } from "../command.ts";
import { readFileAs, type FileKind } from "../json-file.ts";

const KIND: FileKind = {
  code: "CLI_ARTIFACT",
  what: "Hardhat artifact",
  shownIn: "npx hardhat build writes such files",
};

/** An interface as a compiler gives it. */
export const abiSchema = z.array(z.looseObject({ type: z.string() })).transform((abi) => new Interface(abi));

const artifactSchema = z.object({
  contractName: z.string().min(1),
  sourceName: z.string(),
  abi: abiSchema,
  bytecode: z.string(),
});

/** A built contract. */
export type Artifact = z.output<typeof artifactSchema>;

/**
 * A built contract by its name, its fully qualified name or its artifact's file; names are looked for where the command was typed, then in
 * this project. Throws CLI_ARTIFACT_UNKNOWN, CLI_ARTIFACT_AMBIGUOUS, CLI_ARTIFACT_UNREADABLE, CLI_ARTIFACT_INVALID.
 */
export function findArtifact({ path: absolute, root }: Pick<Context, "path" | "root">, asked: string): Artifact {
  if (asked.endsWith(".json")) return readFileAs(KIND, artifactSchema, absolute(asked));
  const folders = [...new Set([absolute("artifacts"), path.join(root, "artifacts")])].filter(existsSync);
  for (const folder of folders) {
    const found = filesIn(folder, asked);
    const [file] = found;
    if (file === undefined) continue;
    if (found.length === 1) return readFileAs(KIND, artifactSchema, path.join(folder, file));
    const what = `${found.length} contracts are called ${asked}: ${found.map(qualified).join(", ")}`;
    throw new CommandError("CLI_ARTIFACT_AMBIGUOUS", what, "Nothing was sent", "name one of these");
  }
  const searched = folders.length === 0 ? "nothing is built yet" : `looked for below ${folders.join(" and ")}`;
  const next = "correct the name, build the contract (npx hardhat build), or name its artifact's file";
  const what = `there is no built contract "${asked}": ${searched}`;
  throw new CommandError("CLI_ARTIFACT_UNKNOWN", what, "Nothing was sent", next);
}

/** Artifacts of a name such as `Token`, or `contracts/Token.sol:Token`. */
function filesIn(folder: string, asked: string): string[] {
  const wanted = `${path.sep}${path.normalize(asked.replace(":", "/"))}.json`;
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => `${path.sep}${file}`.endsWith(wanted) && !file.startsWith("build-info"))
    .sort();
}

function qualified(file: string): string {
  return `${path.dirname(file).split(path.sep).join("/")}:${path.basename(file, ".json")}`;
}
