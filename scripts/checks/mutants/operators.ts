import type { AstNode } from "../formal/compiler.ts";
import { nodeOf, nodesOf, rangeOf, textOf } from "../formal/compiler.ts";

/** One change of a source: bytes `start` to `end` become `to`. */
export interface Mutation {
  readonly start: number;
  readonly end: number;
  readonly from: string;
  readonly to: string;
}

/** What an operator is taken for: a boundary moved, a sense turned round, an operation swapped. */
const SWAPS: Readonly<Record<string, readonly string[]>> = {
  "+": ["-"],
  "-": ["+"],
  "*": ["/"],
  "/": ["*"],
  "%": ["/"],
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"],
  "==": ["!="],
  "!=": ["=="],
  "&&": ["||"],
  "||": ["&&"],
  "&": ["|"],
  "|": ["&"],
  "<<": [">>"],
  ">>": ["<<"],
  "+=": ["-=", "="],
  "-=": ["+=", "="],
};

/** All single changes of a file that the operators allow, from its syntax tree; nothing inside assembly, imports or types. */
export function mutationsOf(tree: AstNode, content: Buffer): Mutation[] {
  const found: Mutation[] = [];
  const text = (start: number, end: number): string => content.subarray(start, end).toString();
  const replace = (start: number, end: number, to: string): void => {
    found.push({ start, end, from: text(start, end), to });
  };
  const swap = (left: unknown, right: unknown, operator: string): void => {
    const gap = rangeOf(nodeOf(left))[1];
    const start = content.subarray(0, rangeOf(nodeOf(right))[0]).lastIndexOf(operator);
    if (start < gap) return;
    for (const to of SWAPS[operator] ?? []) replace(start, start + operator.length, to);
  };
  const visit = (node: AstNode): void => {
    const [start, end] = rangeOf(node);
    if (node.nodeType === "BinaryOperation") {
      swap(node["leftExpression"], node["rightExpression"], textOf(node["operator"]));
    } else if (node.nodeType === "Assignment") {
      swap(node["leftHandSide"], node["rightHandSide"], textOf(node["operator"]));
    } else if (node.nodeType === "IfStatement" || node.nodeType === "Conditional") {
      const [from, to] = rangeOf(nodeOf(node["condition"]));
      replace(from, to, `!(${text(from, to)})`);
      if (node.nodeType === "IfStatement") replace(from, to, "false");
    } else if (node.nodeType === "UnaryOperation" && node["operator"] === "!") {
      replace(start, start + 1, "");
    } else if (node.nodeType === "ExpressionStatement" || node.nodeType === "EmitStatement") {
      const semicolon = content.indexOf(";", end - 1);
      replace(start, semicolon + 1, "{}");
    } else if (node.nodeType === "Literal" && node["kind"] === "number") {
      replace(start, end, `(${text(start, end)} + 1)`);
    } else if (node.nodeType === "ModifierInvocation" && node["kind"] === "modifierInvocation") {
      replace(start, end, "");
    }
    for (const child of childrenOf(node)) visit(child);
  };
  for (const contract of nodesOf(tree["nodes"])) {
    for (const member of nodesOf(contract["nodes"])) {
      if (member.nodeType === "FunctionDefinition" || member["constant"] === true) visit(member);
    }
  }
  return found;
}

const SKIPPED = new Set(["InlineAssembly", "ElementaryTypeName", "UserDefinedTypeName", "RevertStatement"]);

function childrenOf(node: AstNode): AstNode[] {
  return Object.values(node)
    .flatMap((value: unknown): unknown[] => (Array.isArray(value) ? value : [value]))
    .filter(isNode)
    .filter(({ nodeType }) => !SKIPPED.has(nodeType));
}

function isNode(value: unknown): value is AstNode {
  return typeof value === "object" && value !== null && "nodeType" in value && "src" in value;
}

/** The file with the change. */
export function mutate(content: Buffer, { start, end, to }: Mutation): string {
  return Buffer.concat([content.subarray(0, start), Buffer.from(to), content.subarray(end)]).toString();
}

export const lineOf = (content: Buffer, { start }: Mutation): number =>
  content.subarray(0, start).toString().split("\n").length;
