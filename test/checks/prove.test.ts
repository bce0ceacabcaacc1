import { expect } from "chai";
import path from "node:path";
import { isolate, readProperties, seed } from "../../scripts/checks/formal/properties.ts";
import { slice } from "../../scripts/checks/formal/slice.ts";

const root = path.resolve(import.meta.dirname, "../..");

describe("proofs", () => {
  const properties = readProperties(root);

  it("name a bug each that changes one place of a library in use", () => {
    for (const property of properties) {
      expect([...seed(root, property)], property.name).to.have.length(1);
      expect(property.statement, property.name).not.to.equal("");
    }
    expect(new Set(properties.map(({ contract, name }) => `${contract}.${name}`)).size).to.equal(properties.length);
  });

  it("are checked one by one: the other properties of a file are gone", () => {
    const [one, other] = properties.filter(({ contract }) => contract === "StakeProofs");
    if (one === undefined || other === undefined) throw new Error("there are no properties of stake");
    const alone = isolate(root, one);
    expect(alone).to.contain(`function ${one.name}(`);
    expect(alone).not.to.contain(`function ${other.name}(`);
  });

  it("see of a library only what they reach, letter by letter", () => {
    const file = "contracts/libraries/Sums.sol";
    const source = `// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;
library Sums {
    function one(uint256 a) internal pure returns (uint256) { return two(a) + 1; }
    function two(uint256 a) internal pure returns (uint256) { return a + 2; }
    function never(uint256 a) internal pure returns (uint256) { return a + 3; }
}
`;
    const seen = slice(root, file, new Map([[file, source]]), "Sums.one(5)");
    expect(seen).to.contain("return two(a) + 1;").and.to.contain("return a + 2;").and.not.to.contain("return a + 3;");
    expect(seen).to.have.length(source.length);
  });
});
