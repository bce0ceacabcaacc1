import { expect } from "chai";
import { readFileSync } from "node:fs";
import path from "node:path";
import * as sdk from "../../sdk/src/index.ts";

const folder = path.resolve(import.meta.dirname, "../../sdk/src");

type Example = (...exports: unknown[]) => readonly [actual: unknown, expected: unknown];

/** Examples in the documentation of pure functions: statements, an expression, and behind `// =>` its value. */
function examplesOf(file: string): { readonly body: string; readonly expression: string; readonly value: string }[] {
  const text = readFileSync(path.join(folder, file), "utf8");
  return [...text.matchAll(/@example\n([\s\S]*?) \*\//g)].flatMap(([, block = ""]) => {
    const lines = block.split("\n").map((line) => line.replace(/^ \* ?/, "").trimEnd());
    const at = lines.findIndex((line) => line.startsWith("// => "));
    if (at < 1) return [];
    return [
      { body: lines.slice(0, at - 1).join("\n"), expression: lines[at - 1] ?? "", value: (lines[at] ?? "").slice(6) },
    ];
  });
}

describe("sdk documentation", () => {
  for (const file of ["interop.ts", "fees.ts", "tree.ts", "lane.ts"]) {
    const examples = examplesOf(file);
    it(`${file} has examples that hold`, () => {
      expect(examples).to.not.deep.equal([]);
      for (const { body, expression, value } of examples) {
        // CAST: the function returns the pair that its last line names. It is our own files' text, run with the package's exports.
        // eslint-disable-next-line @typescript-eslint/no-implied-eval
        const run = new Function(...Object.keys(sdk), `${body}\nreturn [${expression}, ${value}];`) as Example;
        const [actual, expected] = run(...Object.values(sdk));
        expect(actual, expression).to.deep.equal(expected);
      }
    });
  }
});
