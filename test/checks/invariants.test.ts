import { expect } from "chai";
import { invariants } from "../../scripts/checks/invariants.ts";
import { problemsIn } from "./folder.ts";

describe("check of the tables of tests", () => {
  const test = { "test/a.test.ts": 'it("R1 refuses what is false", () => undefined);\n' };
  const named = "`test/a.test.ts` › R1 refuses what is false";
  const problems = async (invariant: string, attack: string): Promise<readonly string[]> =>
    problemsIn(invariants, {
      ...test,
      "docs/invariants.md": `| INV-1 | nothing false | ${invariant} |\n`,
      "docs/assurance.md": `| R1 | a lie | ${attack} |\n| EXPLOITS 2 | another | ${named} |\n`,
    });

  it("accepts rows that name tests, and attacks that say why they have none", async () => {
    for (const attack of [named, `${named} · ${named}`, "none yet: votes", "does not apply: there are no votes"]) {
      expect(await problems(named, attack), attack).to.deep.equal([]);
    }
  });

  it("refuses a row without a test, an invariant with an excuse, and a test that is gone", async () => {
    const gone = "`test/a.test.ts` › R1 refuses what is true";
    expect(await problems("none yet: votes", named)).to.deep.equal(["docs/invariants.md names no test for INV-1"]);
    for (const attack of ["", "later", "none yet: "]) {
      expect(await problems(named, attack), attack).to.deep.equal(["docs/assurance.md names no test for R1"]);
    }
    expect(await problems(named, `${named} · ${gone}`)).to.deep.equal([
      'docs/assurance.md names for R1 the test "R1 refuses what is true", which test/a.test.ts does not have',
    ]);
  });

  it("refuses an id that two rows have", async () => {
    expect(await problems(`${named} |\n| INV-1 | the same again | ${named}`, named)).to.deep.equal([
      "docs/invariants.md has INV-1 twice",
    ]);
  });

  it("refuses a page that is missing", async () => {
    expect(await problemsIn(invariants, test)).to.deep.equal([
      "docs/invariants.md is missing",
      "docs/assurance.md is missing",
    ]);
  });
});
