import { expect } from "chai";
import { compile, nodeOf } from "../../scripts/checks/formal/compiler.ts";
import { lineOf, mutate, mutationsOf } from "../../scripts/checks/mutants/operators.ts";

const SOURCE = `// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;
contract Counter {
    uint256 private count;
    error Full(uint256 limit);
    modifier once() { _; }
    function add(uint256 by) external once returns (bool) {
        if (count + by > 10) revert Full(10);
        count += by;
        return !(by == 0);
    }
}
`;

/** The change as it stands in its line. */
function changes(source: string): string[] {
  const file = "Counter.sol";
  const settings = { outputSelection: { "*": { "": ["ast"] } } };
  const { asts } = compile(import.meta.dirname, file, new Map([[file, source]]), settings);
  const content = Buffer.from(source);
  return mutationsOf(nodeOf(asts.get(file)), content).map((mutation) => {
    const line = lineOf(content, mutation);
    return `${line}: ${mutate(content, mutation).split("\n")[line - 1]?.trim()}`;
  });
}

describe("mutants", () => {
  it("are every single change of operators, conditions, statements, numbers and modifiers, and no other", () => {
    expect(changes(SOURCE).sort()).to.deep.equal(
      [
        "7: function add(uint256 by) external  returns (bool) {",
        "8: if (!(count + by > 10)) revert Full(10);",
        "8: if (false) revert Full(10);",
        "8: if (count + by >= 10) revert Full(10);",
        "8: if (count + by <= 10) revert Full(10);",
        "8: if (count - by > 10) revert Full(10);",
        "8: if (count + by > (10 + 1)) revert Full(10);",
        "9: {}",
        "9: count -= by;",
        "9: count = by;",
        "10: return (by == 0);",
        "10: return !(by != 0);",
        "10: return !(by == (0 + 1));",
      ].sort(),
    );
  });

  it("change bytes, not characters", () => {
    const [line] = changes(SOURCE.replace("// SPDX", "// §§ ≤ SPDX").replace("count += by;", "")).filter((text) =>
      text.startsWith("10:"),
    );
    expect(line).to.match(/^10: return/);
  });
});
