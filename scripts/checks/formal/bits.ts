import type { AstNode, Sources } from "./compiler.ts";
import { askZ3, compile, nodeOf, nodesOf, textOf } from "./compiler.ts";
import type { Environment, Value } from "./bitExpressions.ts";
import { BitExpressions, bits, not, typeOf, widthOf } from "./bitExpressions.ts";
import type { Property } from "./properties.ts";
import { isolate } from "./properties.ts";
import type { Answer } from "./smtchecker.ts";

/** One way through a function: under which condition it is taken, and what it leaves. */
interface Path {
  readonly condition: string;
  readonly environment: Environment;
  readonly returned: readonly Value[] | undefined;
}

interface Obligation {
  readonly condition: string;
  readonly claim: string;
}

/**
 * Proves a property of words of 256 bits: follows every path of functions without loops and asks z3, for each assertion and
 * each checked operation, for numbers that break it. Throws at anything it does not know.
 */
export function proveBits(root: string, property: Property, changed: Sources, seconds: number): Answer {
  const sources = new Map([...changed, [property.file, isolate(root, property)]]);
  const { asts } = compile(root, property.file, sources, { outputSelection: { "*": { "": ["ast"] } } });
  const program = new Program([...asts.values()]);
  const target = program.functions.find((node) => textOf(node["name"]) === property.name);
  if (target === undefined) throw new Error(`there is no function ${property.name}`);
  const inputs = parametersOf(target, "parameters").map((parameter, index) => program.input(parameter, index));
  program.call(target, inputs, "true");
  if (program.obligations.length === 0) return { verdict: "open", detail: "nothing was asserted" };
  for (const { condition, claim } of program.obligations) {
    const query = [...program.declarations, `(assert (and ${condition} ${not(claim)}))`, "(check-sat)"].join("\n");
    const answer = askZ3(`(set-logic QF_BV)\n${query}\n`, seconds).trim();
    if (answer === "sat") return { verdict: "refuted", detail: "z3 found numbers that break it" };
    if (answer !== "unsat") return { verdict: "open", detail: `z3 said ${answer.slice(0, 80)}` };
  }
  return { verdict: "proved", detail: `${program.obligations.length} targets` };
}

class Program {
  readonly functions: readonly AstNode[];
  readonly declarations: string[] = [];
  readonly obligations: Obligation[] = [];
  readonly #declared: ReadonlyMap<unknown, AstNode>;

  constructor(roots: readonly AstNode[]) {
    const members = roots
      .flatMap((root) => nodesOf(root["nodes"]))
      .flatMap((node) => (node.nodeType === "ContractDefinition" ? nodesOf(node["nodes"]) : [node]));
    this.#declared = new Map(members.map((node) => [node["id"], node]));
    this.functions = members.filter(({ nodeType }) => nodeType === "FunctionDefinition");
  }

  /** A parameter that can be anything its type allows. */
  input(parameter: AstNode, index: number): Value {
    const type = typeOf(parameter);
    const name = `in${index}`;
    if (type === "bool") {
      this.declarations.push(`(declare-const ${name} Bool)`);
      return { type, term: name };
    }
    this.declarations.push(`(declare-const ${name} (_ BitVec 256))`);
    const width = widthOf(type);
    if (width < 256) this.declarations.push(`(assert (bvult ${name} ${bits(1n << BigInt(width))}))`);
    return { type, term: name };
  }

  /** What a function returns, as one value each over all its paths. */
  call(target: AstNode, inputs: readonly Value[], condition: string): readonly Value[] {
    const returns = parametersOf(target, "returnParameters");
    const environment = new Map<unknown, Value>();
    parametersOf(target, "parameters").forEach((parameter, index) => {
      const value = inputs[index];
      if (value !== undefined) environment.set(parameter["id"], value);
    });
    for (const result of returns) environment.set(result["id"], zeroOf(typeOf(result)));
    const paths = this.#run(statementsOf(target["body"]), { condition, environment, returned: undefined }, true);
    const results = paths.map((path) => ({
      condition: path.condition,
      values: path.returned ?? returns.map(({ id }) => found(path.environment.get(id))),
    }));
    return returns.map((result, index) => {
      const type = typeOf(result);
      const terms = results.map(({ condition: when, values }) => ({ when, term: found(values[index]).term }));
      const last = terms.at(-1)?.term ?? zeroOf(type).term;
      const term = terms.slice(0, -1).reduceRight((rest, { when, term: own }) => `(ite ${when} ${own} ${rest})`, last);
      return { type, term };
    });
  }

  #run(statements: readonly AstNode[], start: Path, checked: boolean): readonly Path[] {
    let paths: readonly Path[] = [start];
    for (const statement of statements) {
      paths = paths.flatMap((path) => (path.returned === undefined ? this.#step(statement, path, checked) : [path]));
    }
    return paths;
  }

  #step(statement: AstNode, path: Path, checked: boolean): readonly Path[] {
    const { condition } = path;
    const environment = new Map(path.environment);
    const expressions = new BitExpressions({
      environment,
      checked,
      declared: this.#declared,
      call: (target, inputs) => this.call(target, inputs, condition),
      demand: (claim) => this.obligations.push({ condition, claim }),
    });
    switch (statement.nodeType) {
      case "UncheckedBlock":
        return this.#run(nodesOf(statement["statements"]), path, false);
      case "Block":
        return this.#run(nodesOf(statement["statements"]), path, checked);
      case "Return": {
        const value = statement["expression"];
        const returned = value === null || value === undefined ? undefined : expressions.list(nodeOf(value));
        return [{ condition, environment, returned: returned ?? [] }];
      }
      case "VariableDeclarationStatement": {
        const names = nodesOf(statement["declarations"]);
        const values = expressions.list(nodeOf(statement["initialValue"]));
        // CAST: a place that is left out is null in the tree.
        names.forEach((name: AstNode | null, index) => {
          if (name !== null) environment.set(name["id"], found(values[index]));
        });
        return [{ condition, environment, returned: undefined }];
      }
      case "IfStatement": {
        const when = expressions.one(nodeOf(statement["condition"])).term;
        const other = statement["falseBody"];
        const yes = { condition: `(and ${condition} ${when})`, environment, returned: undefined };
        const no = { condition: `(and ${condition} ${not(when)})`, environment, returned: undefined };
        return [
          ...this.#run(statementsOf(statement["trueBody"]), yes, checked),
          ...(other === null || other === undefined ? [no] : this.#run(statementsOf(other), no, checked)),
        ];
      }
      case "ExpressionStatement": {
        const required = expressions.statement(nodeOf(statement["expression"]));
        const all = required === undefined ? condition : `(and ${condition} ${required})`;
        return [{ condition: all, environment, returned: undefined }];
      }
      default:
        throw new Error(`bits: ${statement.nodeType} is not known`);
    }
  }
}

const statementsOf = (body: unknown): readonly AstNode[] => {
  const node = nodeOf(body);
  return node.nodeType === "Block" ? nodesOf(node["statements"]) : [node];
};

const parametersOf = (node: AstNode, which: string): readonly AstNode[] => nodesOf(nodeOf(node[which])["parameters"]);

const zeroOf = (type: string): Value => ({ type, term: type === "bool" ? "false" : bits(0n) });

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("bits: a value is missing");
  return value;
}
