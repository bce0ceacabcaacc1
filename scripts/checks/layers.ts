import path from "node:path";
import { filesBelow } from "./artifacts.ts";
import type { Check } from "./check.ts";
import { runAlone } from "./check.ts";
import type { SoliditySource } from "./solidity.ts";
import { readSolidity } from "./solidity.ts";
import type { TypeScriptImport } from "./typescript.ts";
import { readTypeScript } from "./typescript.ts";

/** What the TypeScript of a folder may import of ours, besides itself. The longest folder that fits a file counts. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  "sdk/src": ["typechain-types"],
  deploy: ["sdk", "scripts/chain", "scripts/probe", "typechain-types"],
  "scripts/chain": ["sdk", "typechain-types"],
  "scripts/probe": ["sdk", "scripts/chain"],
  "scripts/network": ["sdk", "scripts/chain", "scripts/probe", "typechain-types"],
  "scripts/upkeep": ["sdk", "scripts/chain", "scripts/network", "typechain-types"],
  "scripts/relayer": ["sdk", "scripts/chain", "scripts/network", "scripts/upkeep", "typechain-types"],
  "scripts/guardian": ["sdk", "scripts/chain", "scripts/network", "typechain-types"],
  "scripts/watch": ["sdk", "scripts/chain", "scripts/network", "scripts/guardian", "typechain-types"],
  "scripts/devnet": ["sdk", "scripts/chain", "deploy", "typechain-types"],
  "scripts/bench": ["sdk", "scripts", "deploy", "test/helpers", "typechain-types"],
  "scripts/demo": ["sdk", "scripts", "deploy", "typechain-types"],
  "scripts/cli": ["sdk", "scripts", "deploy", "typechain-types"],
  "scripts/hardhat": ["scripts/cli"],
  "scripts/checks": ["sdk", "scripts/cli", "typechain-types"],
};

/** Folders of applications that inherit from the protocol's own contracts, and from which; nothing below knows them. */
const UPON: Readonly<Record<string, readonly string[]>> = { dao: ["governance"] };

/** What a file of a command may load at its top besides Node's modules: neither of them loads a library. */
const COMMAND_IMPORTS = ["scripts/cli/command.ts", "scripts/cli/options.ts"];

/** The sdk runs anywhere: it asks its caller for clock, files, settings and logs. */
const IMPURE = /\b(process\.|setTimeout\(|setInterval\(|console\.|require\()/;
const SDK_FORBIDDEN = /^(node:|hardhat|@nomicfoundation\/|fs$|path$|pino|undici|fastify)/;

export const layers: Check = {
  name: "layers",
  rule: "imports point only downwards, nobody but tests imports mocks, the sdk is pure",
  run(root) {
    const solidity = readSolidity(root, "contracts");
    const files = ["sdk/src", "deploy", "scripts"].flatMap((folder) => filesBelow(root, folder, ".ts"));
    const problems = [
      ...solidity.flatMap(solidityProblems),
      ...files.flatMap((file) => typeScriptProblems(root, file)),
    ];
    return { problems, note: `${solidity.length} Solidity and ${files.length} TypeScript files` };
  },
};

/** Written to be inherited by applications, of whatever folder. */
const BASES = ["contracts/paths/PathRecipient.sol"];

/** A contract may use its own folder, pure code, foreign standards, any contract of ours through its interface, and bases. */
function solidityProblems({ file, imports }: SoliditySource): string[] {
  const folder = topFolder(file);
  const pure = folder === "libraries" || folder === "interfaces";
  if (folder === "mocks") return [];
  return imports
    .filter((imported) => imported.startsWith("contracts/") && !BASES.includes(imported))
    .filter((imported) => {
      const target = topFolder(imported);
      if (target === "mocks") return true;
      if (target === folder || UPON[folder]?.includes(target) === true) return false;
      if (pure) return !(folder === "libraries" && target === "interfaces");
      return target !== "libraries" && target !== "interfaces" && !/^I[A-Z]/.test(path.basename(imported));
    })
    .map(
      (imported) =>
        `${file} imports ${imported}: ${folder} may use ${pure ? "nothing of ours" : "libraries, interfaces, I*.sol and bases"}`,
    );
}

const topFolder = (file: string): string => file.split("/")[1] ?? "";

function typeScriptProblems(root: string, file: string): string[] {
  const { imports, text } = readTypeScript(root, file);
  const problems = imports.flatMap((imported) => importProblems(file, imported));
  if (!file.startsWith("sdk/src/")) return problems;
  const impure = text.split("\n").findIndex((line) => IMPURE.test(line) && !/^\s*(\/\/|\*|\/\*)/.test(line));
  if (impure >= 0) problems.push(`${file}:${impure + 1} reaches into the process: its caller has to pass this in`);
  return problems;
}

function importProblems(file: string, { from, line, typeOnly, dynamic, everything }: TypeScriptImport): string[] {
  const at = `${file}:${line}`;
  const problems: string[] = [];
  if (everything && file !== "sdk/src/index.ts")
    problems.push(`${at} passes on everything of ${from}: name what it passes on`);
  const own = /^(contracts|sdk|deploy|scripts|test|typechain-types)\//.test(from);
  if (file.startsWith("sdk/src/") && !own && SDK_FORBIDDEN.test(from))
    problems.push(`${at} imports ${from}: the sdk must run anywhere`);
  if (
    file.startsWith("scripts/cli/commands/") &&
    !typeOnly &&
    !dynamic &&
    !COMMAND_IMPORTS.includes(from) &&
    !from.startsWith("node:")
  ) {
    problems.push(`${at} loads ${from} for every ./metalayer --help: import it inside run`);
  }
  const layer = layerOf(file);
  if (own && layer !== undefined && ![layer, ...(LAYERS[layer] ?? [])].some((allowed) => within(from, allowed))) {
    problems.push(`${at} imports ${from}: ${layer} may use ${LAYERS[layer]?.join(", ")}`);
  }
  return problems;
}

const within = (file: string, folder: string): boolean => file.startsWith(`${folder}/`);

function layerOf(file: string): string | undefined {
  const fitting = Object.keys(LAYERS).filter((folder) => within(file, folder));
  return fitting.sort((a, b) => b.length - a.length)[0];
}

await runAlone(import.meta, layers);
