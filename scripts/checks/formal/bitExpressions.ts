import type { AstNode } from "./compiler.ts";
import { nodeOf, nodesOf, textOf } from "./compiler.ts";

/** A term of SMT-LIB: Bool, or a word of 256 bits whatever the width of the type. */
export interface Value {
  readonly type: string;
  readonly term: string;
}

export type Environment = ReadonlyMap<unknown, Value>;

interface Scope {
  readonly environment: Map<unknown, Value>;
  readonly checked: boolean;
  readonly declared: ReadonlyMap<unknown, AstNode>;
  readonly call: (target: AstNode, inputs: readonly Value[]) => readonly Value[];
  readonly demand: (claim: string) => void;
}

export const bits = (value: bigint): string => `(_ bv${BigInt.asUintN(256, value)} 256)`;
export const not = (term: string): string => `(not ${term})`;

const COMPARISONS: Readonly<Record<string, string>> = { "<": "bvult", "<=": "bvule", ">": "bvugt", ">=": "bvuge" };
const WORDS: Readonly<Record<string, string>> = { "&": "bvand", "|": "bvor", "^": "bvxor" };
const ARITHMETIC: Readonly<Record<string, string>> = { "+": "bvadd", "-": "bvsub", "*": "bvmul" };

export function typeOf(node: AstNode): string {
  const types = node["typeDescriptions"];
  if (typeof types !== "object" || types === null || !("typeString" in types)) throw new Error("bits: no type");
  return textOf(types.typeString);
}

/** Bits of an unsigned type; bytes32 is one of 256, a wrapped type as wide as any. */
export function widthOf(type: string): number {
  const digits = /^uint(\d+)$/.exec(type)?.[1];
  return digits === undefined ? 256 : Number(digits);
}

/** Expressions of Solidity over unsigned integers, bytes32 and bool, as terms of SMT-LIB. */
export class BitExpressions {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  /** A statement's expression; what it requires, if it is a `require`. */
  statement(node: AstNode): string | undefined {
    if (node.nodeType === "Assignment") {
      this.#assign(node);
      return undefined;
    }
    const name = textOf(callee(node)?.["name"]);
    const [argument] = nodesOf(node["arguments"]);
    if (argument === undefined || (name !== "assert" && name !== "require")) throw unknown(node);
    const { term } = this.one(argument);
    if (name === "require") return term;
    this.#scope.demand(term);
    return undefined;
  }

  one(node: AstNode): Value {
    const [value] = this.list(node);
    if (value === undefined) throw unknown(node);
    return value;
  }

  list(node: AstNode): readonly Value[] {
    switch (node.nodeType) {
      case "TupleExpression":
        return nodesOf(node["components"]).flatMap((part) => this.list(part));
      case "FunctionCall":
        return this.#call(node);
      default:
        return [this.#simple(node)];
    }
  }

  #simple(node: AstNode): Value {
    const type = typeOf(node);
    const constant = /^int_const (\d+)$/.exec(type)?.[1];
    if (constant !== undefined) return { type, term: bits(BigInt(constant)) };
    switch (node.nodeType) {
      case "Literal":
        return { type, term: textOf(node["value"]) };
      case "Identifier":
        return this.#named(node);
      case "MemberAccess":
        return this.#member(node);
      case "UnaryOperation": {
        const { term } = this.one(nodeOf(node["subExpression"]));
        if (node["operator"] === "!") return { type, term: not(term) };
        if (node["operator"] === "~" && widthOf(type) === 256) return { type, term: `(bvnot ${term})` };
        throw unknown(node);
      }
      case "Conditional": {
        const [when, yes, no] = ["condition", "trueExpression", "falseExpression"].map((field) =>
          this.one(nodeOf(node[field])),
        );
        return { type, term: `(ite ${when?.term} ${yes?.term} ${no?.term})` };
      }
      case "BinaryOperation":
        return this.#binary(node, type);
      default:
        throw unknown(node);
    }
  }

  #binary(node: AstNode, type: string): Value {
    const operator = textOf(node["operator"]);
    const left = this.one(nodeOf(node["leftExpression"])).term;
    const right = this.one(nodeOf(node["rightExpression"])).term;
    const pair = `${left} ${right}`;
    const comparison = COMPARISONS[operator];
    if (comparison !== undefined) return { type, term: `(${comparison} ${pair})` };
    if (operator === "==") return { type, term: `(= ${pair})` };
    if (operator === "!=") return { type, term: not(`(= ${pair})`) };
    if (operator === "&&") return { type, term: `(and ${pair})` };
    if (operator === "||") return { type, term: `(or ${pair})` };
    const word = WORDS[operator];
    if (word !== undefined) return { type, term: `(${word} ${pair})` };
    if (operator === "<<") return cut(type, `(bvshl ${pair})`);
    if (operator === ">>") return { type, term: `(bvlshr ${pair})` };
    return this.#arithmetic(operator, type, left, right, node);
  }

  /** Where Solidity checks, the operation must not overflow. */
  #arithmetic(operator: string, type: string, left: string, right: string, node: AstNode): Value {
    const word = ARITHMETIC[operator];
    if (word === undefined) throw unknown(node);
    const term = `(${word} ${left} ${right})`;
    if (this.#scope.checked) {
      if (operator === "*") throw unknown(node);
      this.#scope.demand(operator === "-" ? `(bvuge ${left} ${right})` : `(bvuge ${term} ${left})`);
      if (operator === "+" && widthOf(type) < 256) this.#scope.demand(`(= ${term} ${cut(type, term).term})`);
    }
    return cut(type, term);
  }

  #named(node: AstNode): Value {
    const id = node["referencedDeclaration"];
    const local = this.#scope.environment.get(id);
    if (local !== undefined) return local;
    const constant = this.#scope.declared.get(id);
    if (constant?.["constant"] !== true) throw unknown(node);
    return { ...this.one(nodeOf(constant["value"])), type: typeOf(node) };
  }

  #member(node: AstNode): Value {
    const type = typeOf(node);
    const width = /^type\(uint(\d+)\)$/.exec(typeOf(nodeOf(node["expression"])))?.[1];
    if (node["memberName"] === "max" && width !== undefined) {
      return { type, term: bits((1n << BigInt(width)) - 1n) };
    }
    return this.#named(node);
  }

  #call(node: AstNode): readonly Value[] {
    const inputs = nodesOf(node["arguments"]).map((argument) => this.one(argument));
    const type = typeOf(node);
    const target = callee(node);
    if (node["kind"] === "typeConversion" || ["wrap", "unwrap"].includes(textOf(target?.["memberName"]))) {
      const [value] = inputs;
      if (value === undefined) throw unknown(node);
      return [cut(type, value.term)];
    }
    const declaration = this.#scope.declared.get(target?.["referencedDeclaration"]);
    if (declaration?.nodeType !== "FunctionDefinition" || target === undefined) throw unknown(node);
    const wanted = nodesOf(nodeOf(declaration["parameters"])["parameters"]).length;
    // A function that is bound to a type takes what stands before the dot first.
    const self = inputs.length < wanted ? [this.one(nodeOf(target["expression"]))] : [];
    return this.#scope.call(declaration, [...self, ...inputs]);
  }

  #assign(node: AstNode): void {
    const target = nodeOf(node["leftHandSide"]);
    const values = this.list(nodeOf(node["rightHandSide"]));
    const places = target.nodeType === "TupleExpression" ? nodesOf(target["components"]) : [target];
    if (node["operator"] !== "=" || places.some(({ nodeType }) => nodeType !== "Identifier")) throw unknown(node);
    places.forEach((place, index) => {
      const value = values[index];
      if (value !== undefined) this.#scope.environment.set(place["referencedDeclaration"], value);
    });
  }
}

/** The value as its type holds it: higher bits are cut off. */
function cut(type: string, term: string): Value {
  const width = widthOf(type);
  return { type, term: width === 256 ? term : `(bvand ${term} ${bits((1n << BigInt(width)) - 1n)})` };
}

const callee = (node: AstNode): AstNode | undefined =>
  node.nodeType === "FunctionCall" ? nodeOf(node["expression"]) : undefined;

const unknown = (node: AstNode): Error => new Error(`bits: ${node.nodeType} ${textOf(node["operator"])} is not known`);
