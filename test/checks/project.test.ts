import { expect } from "chai";
import { constantName, writeAbis } from "../../scripts/checks/abis.ts";
import { abis } from "../../scripts/checks/abis.ts";
import { bytecode } from "../../scripts/checks/bytecode.ts";
import { linesPercent, parseLcov, parseStatements } from "../../scripts/checks/coverage.ts";
import { isFree, licences } from "../../scripts/checks/licences.ts";
import { lock } from "../../scripts/checks/lock.ts";
import { readme } from "../../scripts/checks/readme.ts";
import { inFolder, problemsIn, solidity } from "./folder.ts";

const lockOf = (packages: Record<string, unknown>): Record<string, string> => ({
  "package-lock.json": JSON.stringify({ packages: { "": {}, ...packages } }),
});

function built(code: string): Record<string, string> {
  const artifact = {
    contractName: "Era",
    sourceName: "contracts/token/Era.sol",
    abi: [{ type: "fallback" }],
    bytecode: "0x00",
  };
  return {
    "contracts/token/Era.sol": solidity("contract Era {}"),
    "artifacts/contracts/token/Era.sol/Era.json": JSON.stringify({ ...artifact, deployedBytecode: code }),
  };
}

describe("checks of the project", () => {
  describe("readme", () => {
    const base = {
      "package.json": '{"scripts":{"build":"x","test":"x"}}',
      "scripts/cli/commands/send.ts":
        'export const command = { name: "send", options: { to: { flags: "--to <address>", description: "" } } };\n',
    };
    const problems = async (line: string): Promise<readonly string[]> =>
      await problemsIn(readme, { ...base, "README.md": `${line}\n` });

    it("accepts what exists", async () => {
      const line =
        "[send](scripts/cli/commands/send.ts) in `scripts/cli/*`: `./metalayer send --to 0x1 --json`, `npm run build`, npm test";
      expect(await problems(line)).to.deep.equal([]);
    });

    const dead = {
      "`scripts/relayer/gone.ts`": "scripts/relayer/gone.ts",
      "see [here](docs/gone.md#top)": "docs/gone.md",
      "`./metalayer teleport`": "./metalayer teleport",
      "`./metalayer send --from 0x1`": "--from",
      "`npm run deploy`": "npm run deploy",
    };
    for (const [line, named] of Object.entries(dead)) {
      it(`refuses ${line}`, async () => {
        const [problem, ...others] = await problems(line);
        expect(problem).to.contain("README.md:1").and.to.contain(named);
        expect(others).to.deep.equal([]);
      });
    }
  });

  describe("lock", () => {
    it("accepts packages without addresses", async () => {
      const packages = {
        "node_modules/a": { version: "1.0.0", dependencies: { b: "1" } },
        "node_modules/a/node_modules/b": {},
      };
      expect(await problemsIn(lock, lockOf(packages))).to.deep.equal([]);
    });

    it("refuses a download address", async () => {
      const packages = { "node_modules/a": { resolved: "https://registry.example/a.tgz" } };
      expect(await problemsIn(lock, lockOf(packages))).to.have.lengthOf(1);
    });

    it("refuses a lock that leaves out another platform's package", async () => {
      const packages = { "node_modules/a": { optionalDependencies: { "a-darwin": "1" } } };
      expect(await problemsIn(lock, lockOf(packages))).to.deep.equal([
        "node_modules/a needs a-darwin, which is not in the lock: npm ci refuses that",
      ]);
    });
  });

  describe("licences", () => {
    it("reads SPDX expressions", () => {
      for (const free of ["MIT", "(MIT OR GPL-3.0)", "MIT AND ISC", "MIT OR Apache-2.0"])
        expect(isFree(free), free).to.equal(true);
      for (const other of ["GPL-3.0", "BUSL-1.1", "AGPL-3.0-only", "LZBL-1.2", "MIT AND GPL-3.0", "", "UNLICENSED"]) {
        expect(isFree(other), other).to.equal(false);
      }
    });

    it("judges what runs with the product, not what builds it", async () => {
      const packages = {
        "node_modules/a": { license: "GPL-3.0" },
        "node_modules/b": { license: "GPL-3.0", dev: true },
      };
      expect(await problemsIn(licences, lockOf(packages))).to.deep.equal(["node_modules/a is under GPL-3.0"]);
    });
  });

  describe("bytecode", () => {
    it("asks for a record, writes it, and sees a changed byte", async () => {
      await inFolder(built("0x600160020000"), async (root) => {
        expect((await bytecode.run(root, { write: false })).problems[0]).to.contain(
          "snapshots/bytecode.json is missing",
        );
        expect((await bytecode.run(root, { write: true })).problems).to.deep.equal([]);
        expect((await bytecode.run(root, { write: false })).problems).to.deep.equal([]);
        const record = '{\n  "Era": {\n    "runtimeBytes": 6,\n    "sha256": "0000000000000000"\n  }\n}\n';
        const changed = { ...built("0x600160020000"), "snapshots/bytecode.json": record };
        expect((await problemsIn(bytecode, changed))[0]).to.contain("differs (line 4");
      });
    });

    it("is content with a project that has no contracts yet", async () => {
      expect(await problemsIn(bytecode, {})).to.deep.equal([]);
    });
  });

  describe("abis", () => {
    it("names constants as TypeScript does", () => {
      expect(["MetalayerGateway", "Era", "ERC20Bridge", "ERA"].map(constantName)).to.deep.equal([
        "metalayerGatewayAbi",
        "eraAbi",
        "erc20BridgeAbi",
        "eraAbi",
      ]);
    });

    it("sees an ABI that is missing and accepts it once written", async () => {
      await inFolder(built("0x00"), async (root) => {
        expect((await abis.run(root, { write: false })).problems).to.have.lengthOf(1);
        writeAbis(root);
        expect((await abis.run(root, { write: false })).problems).to.deep.equal([]);
      });
    });
  });

  describe("coverage", () => {
    it("reads lines from lcov and statements from Hardhat's table", () => {
      const files = parseLcov(
        "TN:\nSF:a.sol\nDA:1,1\nDA:2,0\nend_of_record\nSF:b.sol\nDA:9,4\nDA:10,1\nend_of_record\n",
      );
      expect(files.map(({ uncovered }) => uncovered)).to.deep.equal([[2], []]);
      expect(linesPercent(files)).to.equal(75);
      expect(parseStatements("| \u001b[33mTotal\u001b[39m     | 97.50  | 98.25 |   |")).to.equal(98.25);
    });
  });
});
