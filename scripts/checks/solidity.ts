import { readFileSync } from "node:fs";
import path from "node:path";
import solc from "solc";
import { filesBelow } from "./artifacts.ts";

/** What the checks need to know of a Solidity file, from the compiler's own parser. */
export interface SoliditySource {
  readonly file: string;
  /** Imported files: paths from the root for our own, the given names for packages. */
  readonly imports: readonly string[];
  readonly contracts: readonly SolidityContract[];
}

export interface SolidityContract {
  readonly name: string;
  readonly kind: "contract" | "interface" | "library";
  readonly abstract: boolean;
  readonly line: number;
  /** Lines that hold code: no blank lines, no comments. */
  readonly codeLines: number;
  readonly functions: readonly SolidityFunction[];
}

export interface SolidityFunction {
  readonly name: string;
  readonly visibility: string;
  readonly changesState: boolean;
  readonly line: number;
  /** From the signature to the closing brace. */
  readonly lines: number;
  /** NatSpec without its comment signs; empty if there is none. */
  readonly documentation: string;
}

interface Node {
  readonly nodeType: string;
  readonly src: string;
  readonly name: string;
  readonly nodes?: readonly Node[];
  readonly absolutePath?: string;
  readonly contractKind?: SolidityContract["kind"];
  readonly abstract?: boolean;
  readonly kind?: string;
  readonly visibility?: string;
  readonly stateMutability?: string;
  readonly documentation?: { readonly text: string };
}

interface ParserOutput {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly sources: Readonly<Record<string, { readonly ast: Node }>>;
}

/** Parses every .sol file below the folders. Files of packages are not read. */
export function readSolidity(root: string, ...folders: readonly string[]): SoliditySource[] {
  const files = folders.flatMap((folder) => filesBelow(root, folder, ".sol"));
  if (files.length === 0) return [];
  const contents = new Map(files.map((file) => [file, readFileSync(path.join(root, file))]));
  const output = parse(contents);
  for (const { severity, formattedMessage } of output.errors ?? []) {
    if (severity === "error") throw new Error(`Solidity does not parse: ${formattedMessage}`);
  }
  return files.map((file) => {
    const ast = output.sources[file]?.ast;
    if (ast === undefined) throw new Error(`the compiler gave no syntax tree for ${file}`);
    return describeSource(file, ast, contents.get(file) ?? Buffer.alloc(0));
  });
}

function parse(contents: ReadonlyMap<string, Buffer>): ParserOutput {
  const sources = Object.fromEntries([...contents].map(([file, content]) => [file, { content: content.toString() }]));
  const settings = { stopAfter: "parsing", outputSelection: { "*": { "": ["ast"] } } };
  const elsewhere = { contents: "// SPDX-License-Identifier: MIT\npragma solidity >=0.8.0;\n" };
  // CAST: solc's bindings are untyped; standard JSON output is what its documentation says it is.
  const compile = solc.compile as (input: string, callbacks: { import: () => typeof elsewhere }) => string;
  const input = JSON.stringify({ language: "Solidity", sources, settings });
  // CAST: as above.
  return JSON.parse(compile(input, { import: () => elsewhere })) as ParserOutput;
}

function describeSource(file: string, ast: Node, content: Buffer): SoliditySource {
  const nodes = ast.nodes ?? [];
  return {
    file,
    imports: nodes.filter(({ nodeType }) => nodeType === "ImportDirective").map((node) => node.absolutePath ?? ""),
    contracts: nodes
      .filter(({ nodeType }) => nodeType === "ContractDefinition")
      .map((node) => ({
        name: node.name,
        kind: node.contractKind ?? "contract",
        abstract: node.abstract ?? false,
        line: lineOf(node, content),
        codeLines: countCodeLines(textOf(node, content)),
        functions: (node.nodes ?? [])
          .filter(({ nodeType }) => nodeType === "FunctionDefinition")
          .map((inner) => describeFunction(inner, content)),
      })),
  };
}

function describeFunction(node: Node, content: Buffer): SolidityFunction {
  return {
    name: node.name === "" ? (node.kind ?? "") : node.name,
    visibility: node.visibility ?? "",
    changesState: node.stateMutability !== "view" && node.stateMutability !== "pure",
    line: lineOf(node, content),
    lines: textOf(node, content).split("\n").length,
    documentation: node.documentation?.text ?? "",
  };
}

/** The compiler's positions count bytes: "start:length:file". */
function range(node: Node): readonly [start: number, end: number] {
  const [start = 0, length = 0] = node.src.split(":").map(Number);
  return [start, start + length];
}

const textOf = (node: Node, content: Buffer): string => content.subarray(...range(node)).toString();
const lineOf = (node: Node, content: Buffer): number =>
  content.subarray(0, range(node)[0]).toString().split("\n").length;

/** Counts lines with code in Solidity or TypeScript; comment signs inside strings are text. */
export function countCodeLines(source: string): number {
  const withoutComments = source.replace(
    /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (comment, quoted: string | undefined) => quoted ?? comment.replace(/[^\n]/g, ""),
  );
  return withoutComments.split("\n").filter((line) => line.trim() !== "").length;
}
