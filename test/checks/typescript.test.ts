import { expect } from "chai";
import { layers } from "../../scripts/checks/layers.ts";
import { leftovers } from "../../scripts/checks/leftovers.ts";
import { sizes } from "../../scripts/checks/sizes.ts";
import { problemsIn } from "./folder.ts";

const lines = (count: number): string => "  run();\n".repeat(count);

describe("checks of TypeScript", () => {
  describe("layers", () => {
    it("lets the relayer use the sdk and the shared chain code", async () => {
      const content =
        'import { a } from "../../sdk/src/a.ts";\nimport { b } from "../chain/b.ts";\nimport pino from "pino";\n';
      expect(await problemsIn(layers, { "scripts/relayer/tick.ts": content })).to.deep.equal([]);
    });

    it("refuses the relayer the guardian's code, in every form of import", async () => {
      for (const form of [
        'import { a } from "../guardian/a.ts"',
        'export { a } from "../guardian/a.ts"',
        'import("../guardian/a.ts")',
      ]) {
        const problems = await problemsIn(layers, { "scripts/relayer/tick.ts": `${form};\n` });
        expect(problems, form).to.have.lengthOf(1);
        expect(problems[0]).to.contain("scripts/relayer/tick.ts:1 imports scripts/guardian/a.ts");
      }
    });

    it("keeps the sdk free of Node, of our other folders and of the process", async () => {
      for (const line of [
        'import fs from "node:fs";',
        'import { a } from "../../scripts/chain/a.ts";',
        "setTimeout(run, 5);",
        "const url = process.env.URL;",
      ]) {
        expect(await problemsIn(layers, { "sdk/src/client.ts": `${line}\n` }), line).to.have.lengthOf(1);
      }
      expect(await problemsIn(layers, { "sdk/src/client.ts": "// process.env is the caller's\n" })).to.deep.equal([]);
    });

    it("refuses a barrel, except the sdk's public entry", async () => {
      const content = 'export * from "./a.ts";\n';
      expect(await problemsIn(layers, { "scripts/chain/index.ts": content })).to.have.lengthOf(1);
      expect(await problemsIn(layers, { "sdk/src/index.ts": content })).to.deep.equal([]);
    });

    it("refuses a command that loads its work for every --help", async () => {
      const eager = 'import { relay } from "../../relayer/relayer.ts";\n';
      const lazy =
        'import type { R } from "../../relayer/relayer.ts";\nconst run = () => import("../../relayer/relayer.ts");\n';
      expect(await problemsIn(layers, { "scripts/cli/commands/relay.ts": eager })).to.have.lengthOf(1);
      expect(await problemsIn(layers, { "scripts/cli/commands/relay.ts": lazy })).to.deep.equal([]);
    });
  });

  describe("sizes", () => {
    it("accepts a file of 300 lines and refuses one of 301", async () => {
      expect(await problemsIn(sizes, { "scripts/chain/pool.ts": lines(300) })).to.deep.equal([]);
      expect(await problemsIn(sizes, { "scripts/chain/pool.ts": lines(301) })).to.deep.equal([
        "scripts/chain/pool.ts has 301 lines, the limit is 300",
      ]);
    });

    it("accepts a function of 60 lines and refuses one of 61, whatever its form", async () => {
      for (const open of ["function work() {", "const work = () => {", "class A { work() {"]) {
        const close = open.startsWith("class") ? "}}" : "}";
        const of = (length: number): string => `${open}\n${lines(length - 2)}${close}\n`;
        expect(await problemsIn(sizes, { "scripts/chain/pool.ts": of(60) }), open).to.deep.equal([]);
        expect(await problemsIn(sizes, { "scripts/chain/pool.ts": of(61) }), open).to.deep.equal([
          "scripts/chain/pool.ts:1 work has 61 lines, the limit is 60",
        ]);
      }
    });

    it("takes a describe block for a chapter, but not a test", async () => {
      const chapter = `describe("a", () => {\n${lines(100)}});\n`;
      const test = `it("a", () => {\n${lines(100)}});\n`;
      expect(await problemsIn(sizes, { "test/a.test.ts": chapter })).to.deep.equal([]);
      expect(await problemsIn(sizes, { "test/a.test.ts": test })).to.have.lengthOf(1);
    });

    it("keeps the relayer thin as a whole, comments not counted", async () => {
      const part = `${lines(200)}// why\n`;
      const files = { "scripts/relayer/a.ts": part, "scripts/relayer/b.ts": part, "scripts/relayer/c.ts": part };
      expect(await problemsIn(sizes, files)).to.deep.equal([]);
      expect(await problemsIn(sizes, { ...files, "scripts/relayer/d.ts": "run();\n" })).to.deep.equal([
        "scripts/relayer has 601 code lines together, the limit is 600",
      ]);
    });
  });

  describe("leftovers", () => {
    // In pieces, so that the check does not find them in this file.
    const planted = {
      "contracts/token/Era.sol": "// TO" + "DO: later",
      "scripts/chain/pool.ts": "// place" + "holder",
      "test/a.test.ts": "it.on" + 'ly("a", run);',
      "docs/a.md": "cd /ho" + "me/me/metalayer",
    };
    for (const [file, line] of Object.entries(planted)) {
      it(`finds ${JSON.stringify(line)} in ${file}`, async () => {
        expect(await problemsIn(leftovers, { [file]: `${line}\n` })).to.have.lengthOf(1);
      });
    }
  });
});
