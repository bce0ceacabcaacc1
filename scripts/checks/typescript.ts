import { readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";

export interface TypeScriptSource {
  readonly file: string;
  readonly text: string;
  readonly imports: readonly TypeScriptImport[];
  readonly functions: readonly TypeScriptFunction[];
}

export interface TypeScriptImport {
  /** Path from the root for our own files, the given name for packages and Node's modules. */
  readonly from: string;
  readonly line: number;
  /** Gone when the program runs. */
  readonly typeOnly: boolean;
  /** `await import("…")`: loaded only when that line is reached. */
  readonly dynamic: boolean;
  /** `export * from`. */
  readonly everything: boolean;
}

export interface TypeScriptFunction {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
  /** The function that this one is an argument of: `describe`, `it`, `map`. */
  readonly argumentOf: string;
}

export function readTypeScript(root: string, file: string): TypeScriptSource {
  const text = readFileSync(path.join(root, file), "utf8");
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const imports: TypeScriptImport[] = [];
  const functions: TypeScriptFunction[] = [];
  const visit = (node: ts.Node): void => {
    const imported = importOf(node, tree);
    if (imported !== undefined) imports.push(imported);
    if (ts.isFunctionLike(node) && "body" in node && node.body !== undefined) functions.push(describe(node, tree));
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return { file, text, imports, functions };
}

function importOf(node: ts.Node, tree: ts.SourceFile): TypeScriptImport | undefined {
  const line = lineOf(node, tree);
  const base = { line, typeOnly: false, dynamic: false, everything: false };
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    const typeOnly = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
    return { ...base, from: resolve(tree.fileName, node.moduleSpecifier.text), typeOnly };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined && ts.isStringLiteral(node.moduleSpecifier)) {
    const from = resolve(tree.fileName, node.moduleSpecifier.text);
    return { ...base, from, typeOnly: node.isTypeOnly, everything: node.exportClause === undefined };
  }
  if (!ts.isCallExpression(node) || node.expression.kind !== ts.SyntaxKind.ImportKeyword) return undefined;
  const [argument] = node.arguments;
  if (argument === undefined || !ts.isStringLiteral(argument)) return undefined;
  return { ...base, from: resolve(tree.fileName, argument.text), dynamic: true };
}

const resolve = (file: string, given: string): string =>
  given.startsWith(".") ? path.join(path.dirname(file), given) : given;

function describe(node: ts.SignatureDeclaration, tree: ts.SourceFile): TypeScriptFunction {
  const line = lineOf(node, tree);
  const end = tree.getLineAndCharacterOfPosition(node.getEnd()).line + 1;
  const { parent } = node;
  const argumentOf = ts.isCallExpression(parent) ? parent.expression.getText(tree) : "";
  return { name: nameOf(node, tree), line, lines: end - line + 1, argumentOf };
}

function nameOf(node: ts.SignatureDeclaration, tree: ts.SourceFile): string {
  if (node.name !== undefined) return node.name.getText(tree);
  if (ts.isConstructorDeclaration(node)) return "constructor";
  const { parent } = node;
  return ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) ? parent.name.getText(tree) : "function";
}

const lineOf = (node: ts.Node, tree: ts.SourceFile): number =>
  tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
