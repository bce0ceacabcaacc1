import { readFileSync } from "node:fs";
import path from "node:path";
import { deployables, filesBelow } from "./artifacts.ts";
import type { Check } from "./check.ts";
import { runAlone } from "./check.ts";
import { countCodeLines, readSolidity } from "./solidity.ts";
import { readTypeScript } from "./typescript.ts";

const LIMITS = {
  contractCodeLines: 350,
  solidityFunctionLines: 40,
  typeScriptFileLines: 300,
  typeScriptFunctionLines: 60,
  relayerCodeLines: 600,
  /** EIP-170. */
  runtimeBytes: 24_576,
} as const;

/** Curve, trie and codec arithmetic may be longer, with the reason in the file: `// sizes: …`. Nothing else may. */
const EXEMPTION = /(?:\/\/|\*)\s*sizes: \S.{19,}/;
const EXEMPTIBLE = /^(contracts\/(libraries|mocks)|sdk\/src)\//;

export const sizes: Check = {
  name: "sizes",
  rule: "contracts, files and functions stay small enough to be read, bytecode fits EIP-170",
  run(root) {
    const files = ["sdk", "deploy", "scripts", "test"].flatMap((folder) => filesBelow(root, folder, ".ts"));
    const own = files.filter((file) => !file.startsWith("sdk/src/abi/") && !file.startsWith("sdk/dist/"));
    const problems = [
      ...solidityProblems(root),
      ...own.flatMap((file) => typeScriptProblems(root, file)),
      ...relayerProblems(root),
      ...bytecodeProblems(root),
    ];
    return { problems, note: `${own.length} TypeScript files` };
  },
};

function solidityProblems(root: string): string[] {
  return readSolidity(root, "contracts").flatMap(({ file, contracts }) => {
    if (exempt(root, file)) return [];
    return contracts.flatMap(({ name, kind, line, codeLines, functions }) => [
      ...(kind === "interface"
        ? []
        : over(`${file}:${line} ${name}`, "code lines", codeLines, LIMITS.contractCodeLines)),
      ...functions.flatMap((inner) =>
        over(`${file}:${inner.line} ${name}.${inner.name}`, "lines", inner.lines, LIMITS.solidityFunctionLines),
      ),
    ]);
  });
}

function typeScriptProblems(root: string, file: string): string[] {
  if (exempt(root, file)) return [];
  const { text, functions } = readTypeScript(root, file);
  return [
    ...over(file, "lines", text.trimEnd().split("\n").length, LIMITS.typeScriptFileLines),
    ...functions
      // A describe block is a chapter, not a function.
      .filter(({ argumentOf }) => !/^(describe|context)\b/.test(argumentOf))
      .flatMap(({ name, line, lines }) =>
        over(`${file}:${line} ${name}`, "lines", lines, LIMITS.typeScriptFunctionLines),
      ),
  ];
}

function relayerProblems(root: string): string[] {
  const total = filesBelow(root, "scripts/relayer", ".ts")
    .map((file) => countCodeLines(readFileSync(path.join(root, file), "utf8")))
    .reduce((sum, lines) => sum + lines, 0);
  return over("scripts/relayer", "code lines together", total, LIMITS.relayerCodeLines);
}

function bytecodeProblems(root: string): string[] {
  return deployables(root).flatMap(({ contractName, deployedBytecode }) =>
    over(contractName, "bytes of runtime code", deployedBytecode.length / 2 - 1, LIMITS.runtimeBytes),
  );
}

function exempt(root: string, file: string): boolean {
  return EXEMPTIBLE.test(file) && EXEMPTION.test(readFileSync(path.join(root, file), "utf8"));
}

function over(what: string, unit: string, value: number, limit: number): string[] {
  return value <= limit ? [] : [`${what} has ${value} ${unit}, the limit is ${limit}`];
}

await runAlone(import.meta, sizes);
