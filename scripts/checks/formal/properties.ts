import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { AstNode, Sources } from "./compiler.ts";
import { compile, nodeOf, nodesOf, rangeOf, textOf } from "./compiler.ts";

export const FOLDER = "scripts/checks/formal";

/**
 * How a property is proved. `bmc`: solc's SMTChecker inlines the calls of a function without loops, so that its answer
 * covers all inputs. `chc`: it finds an invariant over any sequence of calls. `bits`: `bits.ts` gives the same syntax tree
 * to z3 as words of 256 bits, which the SMTChecker knows only as integers.
 */
export type Engine = "bmc" | "chc" | "bits";

export interface Property {
  readonly file: string;
  readonly contract: string;
  readonly name: string;
  readonly statement: string;
  readonly engine: Engine;
  /** The change of a library that must make the proof fail. */
  readonly seeded: { readonly library: string; readonly from: string; readonly to: string };
}

interface Found {
  readonly property: Property;
  readonly node: AstNode;
}

/** All properties: the functions of the contracts in this folder that name a seeded bug. */
export function readProperties(root: string): Property[] {
  const files = readdirSync(path.join(root, FOLDER)).filter((file) => file.endsWith(".sol"));
  return files.map((file) => `${FOLDER}/${file}`).flatMap((file) => findIn(root, file).map(({ property }) => property));
}

/** The file with one property alone: the others are blanked, what they share stays. */
export function isolate(root: string, { file, name }: Property): string {
  const content = readFileSync(path.join(root, file));
  for (const { property, node } of findIn(root, file)) {
    if (property.name === name) continue;
    content.fill(" ", ...rangeOf(node));
  }
  return content.toString();
}

/** The library with the property's bug in it. */
export function seed(root: string, { name, seeded }: Property): Sources {
  const libraries = ["contracts/libraries", "contracts/guardians", "contracts/governance"];
  const file = libraries
    .map((folder) => `${folder}/${seeded.library}`)
    .find((place) => readdirSync(path.join(root, path.dirname(place))).includes(seeded.library));
  if (file === undefined) throw new Error(`${name} names ${seeded.library}, which is nowhere`);
  const source = readFileSync(path.join(root, file), "utf8");
  if (source.split(seeded.from).length !== 2) {
    throw new Error(`${name}: "${seeded.from}" does not stand exactly once in ${file}: mend @custom:seeded`);
  }
  return new Map([[file, source.replace(seeded.from, () => seeded.to)]]);
}

const trees = new Map<string, AstNode>();

function treeOf(root: string, file: string): AstNode {
  const known = trees.get(file);
  if (known !== undefined) return known;
  const { asts } = compile(root, file, new Map(), { outputSelection: { "*": { "": ["ast"] } } });
  const tree = nodeOf(asts.get(file));
  trees.set(file, tree);
  return tree;
}

function findIn(root: string, file: string): Found[] {
  return nodesOf(treeOf(root, file)["nodes"])
    .filter(({ nodeType }) => nodeType === "ContractDefinition")
    .flatMap((contract) =>
      nodesOf(contract["nodes"])
        .filter(({ nodeType }) => nodeType === "FunctionDefinition")
        .flatMap((node) => {
          const property = describe(file, textOf(contract["name"]), node);
          return property === undefined ? [] : [{ property, node }];
        }),
    );
}

function describe(file: string, contract: string, node: AstNode): Property | undefined {
  const documentation = node["documentation"];
  const text = documentation === undefined ? "" : textOf(nodeOf(documentation)["text"]);
  const [library, from, to] =
    /@custom:seeded (.*)/
      .exec(text)?.[1]
      ?.split(" -> ")
      .map((part) => part.trim()) ?? [];
  if (library === undefined || from === undefined || to === undefined) return undefined;
  const engine = /@custom:engine (\w+)/.exec(text)?.[1] ?? "bmc";
  if (engine !== "bmc" && engine !== "chc" && engine !== "bits") throw new Error(`there is no engine ${engine}`);
  return {
    file,
    contract,
    name: textOf(node["name"]),
    statement: /@notice (.*)/.exec(text)?.[1] ?? "",
    engine,
    seeded: { library, from, to },
  };
}
