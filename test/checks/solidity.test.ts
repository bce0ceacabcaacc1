import { expect } from "chai";
import { documented } from "../../scripts/checks/documented.ts";
import { layers } from "../../scripts/checks/layers.ts";
import { names } from "../../scripts/checks/names.ts";
import { sizes } from "../../scripts/checks/sizes.ts";
import { countCodeLines } from "../../scripts/checks/solidity.ts";
import { problemsIn, solidity } from "./folder.ts";

const statements = (count: number): string => Array.from({ length: count }, () => "        x += 1;").join("\n");
const functionOf = (lines: number): string => `    function f() external {\n${statements(lines - 2)}\n    }`;
const contractOf = (body: string): string => solidity(`contract Counter {\n    uint256 private x;\n\n${body}\n}`);

describe("checks of Solidity", () => {
  describe("layers", () => {
    const library = solidity("library Bits {}");

    it("lets a contract use its folder, libraries and interfaces of others", async () => {
      const files = {
        "contracts/libraries/Bits.sol": library,
        "contracts/guardians/IGuardianSet.sol": solidity("interface IGuardianSet {}"),
        "contracts/messaging/Base.sol": solidity("contract Base {}"),
        "contracts/messaging/Gateway.sol": solidity(
          'import {Bits} from "../libraries/Bits.sol";\nimport {IGuardianSet} from "../guardians/IGuardianSet.sol";\nimport {Base} from "./Base.sol";\nimport {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";\ncontract Gateway is Base {}',
        ),
      };
      expect(await problemsIn(layers, files)).to.deep.equal([]);
    });

    it("refuses another folder's contract", async () => {
      const files = {
        "contracts/guardians/GuardianSet.sol": solidity("contract GuardianSet {}"),
        "contracts/messaging/Gateway.sol": solidity(
          'import {GuardianSet} from "../guardians/GuardianSet.sol";\ncontract Gateway is GuardianSet {}',
        ),
      };
      const [problem, ...others] = await problemsIn(layers, files);
      expect(problem).to.contain("contracts/messaging/Gateway.sol imports contracts/guardians/GuardianSet.sol");
      expect(others).to.deep.equal([]);
    });

    it("refuses a library that looks up, even at an interface of ours", async () => {
      const files = {
        "contracts/messaging/IGateway.sol": solidity("interface IGateway {}"),
        "contracts/libraries/Bits.sol": solidity(
          'import {IGateway} from "../messaging/IGateway.sol";\nlibrary Bits {}',
        ),
      };
      expect(await problemsIn(layers, files)).to.have.lengthOf(1);
    });

    it("refuses a mock outside mocks", async () => {
      const files = {
        "contracts/mocks/IMock.sol": solidity("interface IMock {}"),
        "contracts/token/Era.sol": solidity('import {IMock} from "../mocks/IMock.sol";\ncontract Era is IMock {}'),
      };
      expect(await problemsIn(layers, files)).to.have.lengthOf(1);
    });
  });

  describe("sizes", () => {
    it("accepts a function of 40 lines and refuses one of 41", async () => {
      expect(await problemsIn(sizes, { "contracts/token/Counter.sol": contractOf(functionOf(40)) })).to.deep.equal([]);
      expect(await problemsIn(sizes, { "contracts/token/Counter.sol": contractOf(functionOf(41)) })).to.deep.equal([
        "contracts/token/Counter.sol:7 Counter.f has 41 lines, the limit is 40",
      ]);
    });

    it("counts code lines of a contract, not its comments", async () => {
      const variables = (count: number): string =>
        Array.from({ length: count }, (_, index) => `    // why\n    uint256 private v${index};\n`).join("\n");
      // The contract's own three lines are its signature, one variable and its closing brace.
      expect(await problemsIn(sizes, { "contracts/token/Counter.sol": contractOf(variables(347)) })).to.deep.equal([]);
      expect(await problemsIn(sizes, { "contracts/token/Counter.sol": contractOf(variables(348)) })).to.deep.equal([
        "contracts/token/Counter.sol:4 Counter has 351 code lines, the limit is 350",
      ]);
    });

    it("lets arithmetic be longer with a reason, and nothing else", async () => {
      const reasoned = `// sizes: one pass over the trie, splitting it would hide the order\n${contractOf(functionOf(60))}`;
      const bare = `// sizes:\n${contractOf(functionOf(60))}`;
      expect(await problemsIn(sizes, { "contracts/libraries/Trie.sol": reasoned })).to.deep.equal([]);
      expect(await problemsIn(sizes, { "contracts/libraries/Trie.sol": bare })).to.have.lengthOf(1);
      expect(await problemsIn(sizes, { "contracts/messaging/Gateway.sol": reasoned })).to.have.lengthOf(1);
    });

    it("refuses runtime code above EIP-170", async () => {
      const artifact = (bytes: number): string =>
        JSON.stringify({
          contractName: "Big",
          sourceName: "contracts/token/Big.sol",
          abi: [],
          bytecode: "0x00",
          deployedBytecode: `0x${"00".repeat(bytes)}`,
        });
      const files = (bytes: number): Record<string, string> => ({
        "contracts/token/Big.sol": solidity("contract Big {}"),
        "artifacts/contracts/token/Big.sol/Big.json": artifact(bytes),
      });
      expect(await problemsIn(sizes, files(24_576))).to.deep.equal([]);
      expect(await problemsIn(sizes, files(24_577))).to.deep.equal([
        "Big has 24577 bytes of runtime code, the limit is 24576",
      ]);
    });

    it("knows comment signs inside strings from comments", () => {
      expect(countCodeLines("a = \"// no\"; // yes\n/* one\n two */\n\nb = '/*';\nc;")).to.equal(3);
    });
  });

  describe("names", () => {
    it("refuses one name for two contracts, tests included", async () => {
      const files = {
        "contracts/token/Era.sol": solidity("contract Era {}"),
        "test/token/Era.t.sol": solidity("contract Era {}"),
      };
      expect(await problemsIn(names, files)).to.deep.equal([
        "Era is declared in contracts/token/Era.sol and test/token/Era.t.sol: rename one",
      ]);
    });
  });

  describe("documented", () => {
    const documentedBy = async (doc: string, mutability = ""): Promise<readonly string[]> =>
      await problemsIn(documented, {
        "contracts/token/IEra.sol": solidity(
          `interface IEra {\n    ${doc}\n    function f() external${mutability};\n}`,
        ),
      });

    it("asks for what a function does and when it reverts", async () => {
      expect(await documentedBy("/// @notice Burns. Reverts with EraEmpty() when nothing is left.")).to.deep.equal([]);
      expect(await documentedBy("/// @notice What is left, in wei.", " view")).to.deep.equal([]);
    });

    it("refuses a function without NatSpec", async () => {
      expect(await documentedBy("// just a comment", " view")).to.deep.equal([
        "contracts/token/IEra.sol:6 IEra.f has no @notice or @dev",
      ]);
    });

    it("refuses a state-changing function that is silent about reverts", async () => {
      expect(await documentedBy("/// @notice Burns.")).to.have.lengthOf(1);
    });
  });
});
