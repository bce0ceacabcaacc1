import type { AstNode, Sources } from "./compiler.ts";
import { compile, nodesOf, rangeOf, textOf } from "./compiler.ts";

/** Function, with its documentation, or import. */
interface Piece {
  readonly names: readonly string[];
  readonly range: readonly [number, number];
  readonly kind: "function" | "import";
}

/**
 * What of a library its callers reach: functions that nothing calls, and imports that nothing uses, are blanked. The compiler gives the
 * solver whatever it is given, and the solver takes its time over it. What stays is the library's, letter by letter.
 */
export function slice(root: string, file: string, sources: Sources, caller: string): string {
  const content = Buffer.from(sources.get(file) ?? "");
  const pieces = piecesOf(root, file, sources);
  const functions = pieces.filter(({ kind }) => kind === "function");
  const text = ({ range }: Piece): string => content.subarray(...range).toString();
  let kept = functions.filter((piece) => mentions(caller, piece));
  for (let before = -1; before !== kept.length;) {
    before = kept.length;
    const used = kept.map(text).join("\n");
    kept = functions.filter((piece) => kept.includes(piece) || mentions(used, piece));
  }
  for (const piece of functions) if (!kept.includes(piece)) content.fill(" ", ...piece.range);
  const rest = content.toString().replace(/^import [^;]*;/gm, "");
  for (const piece of pieces) {
    if (piece.kind === "import" && !mentions(rest, piece)) content.fill(" ", ...piece.range);
  }
  return content.toString();
}

/** A function stands before its arguments; the same word in a comment does not count. */
const mentions = (text: string, { names, kind }: Piece): boolean =>
  names.some((name) => new RegExp(`\\b${name}${kind === "function" ? "\\(" : "\\b"}`).test(text));

const known = new Map<string, readonly Piece[]>();

/** The same source, with or without its bug, is asked for by many properties. */
function piecesOf(root: string, file: string, sources: Sources): readonly Piece[] {
  const key = `${file}\n${sources.get(file) ?? ""}`;
  const pieces = known.get(key) ?? findPieces(root, file, sources);
  known.set(key, pieces);
  return pieces;
}

function findPieces(root: string, file: string, sources: Sources): Piece[] {
  const { asts } = compile(root, file, sources, { outputSelection: { "*": { "": ["ast"] } } });
  const tree = asts.get(file);
  if (tree === undefined) throw new Error(`the compiler gave no syntax tree for ${file}`);
  return nodesOf(tree["nodes"]).flatMap((node): Piece[] => {
    if (node.nodeType === "ImportDirective") return [{ names: importedBy(node), range: rangeOf(node), kind: "import" }];
    return nodesOf(node["nodes"])
      .filter(({ nodeType }) => nodeType === "FunctionDefinition")
      .map((inner) => ({ names: [textOf(inner["name"])], range: rangeOf(inner), kind: "function" as const }));
  });
}

function importedBy(node: AstNode): string[] {
  return nodesOf(node["symbolAliases"]).map(({ foreign }) => {
    // CAST: the name of what is imported, as the compiler's tree has it.
    return textOf((foreign as AstNode)["name"]);
  });
}
