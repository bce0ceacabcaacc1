import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import solc from "solc";
import { storage } from "../../scripts/checks/storage.ts";
import { upgrades } from "../../scripts/checks/upgrades.ts";
import { warnings } from "../../scripts/checks/warnings.ts";
import { inFolder, solidity } from "./folder.ts";

const FILE = "contracts/token/Vault.sol";
const BUILD = "solc-0_8_37-test";

const BASES = `abstract contract Initializable {
    function _disableInitializers() internal {}
}

abstract contract UUPSUpgradeable is Initializable {
    function upgradeToAndCall(address to, bytes calldata data) external virtual {}
}
`;

interface Parts {
  readonly state?: string;
  readonly constructorBody?: string;
  readonly more?: string;
}

function vault({ state = "uint256 total;", constructorBody = "_disableInitializers();", more = "" }: Parts): string {
  return solidity(`${BASES}
contract Vault is UUPSUpgradeable {
    /// @custom:storage-location erc7201:metalayer.storage.Vault
    struct VaultStorage { ${state} }

    constructor() { ${constructorBody} }

    ${more}
}`);
}

/** Writes what Hardhat's build would leave behind for this one source. */
function build(root: string, source: string): void {
  const selection = {
    "*": {
      "": ["ast"],
      "*": ["abi", "evm.bytecode", "evm.deployedBytecode", "evm.methodIdentifiers", "storageLayout"],
    },
  };
  const name = `project/${FILE}`;
  const input = {
    language: "Solidity",
    sources: { [name]: { content: source } },
    settings: { outputSelection: selection },
  };
  // CAST: solc's bindings are untyped; standard JSON in, standard JSON out.
  const compile = solc.compile as (input: string) => string;
  // CAST: as above.
  const output = JSON.parse(compile(JSON.stringify(input))) as {
    contracts: Record<string, Record<string, { abi: unknown; evm: { bytecode: { object: string } } }>>;
  };
  const contract = output.contracts[name]?.["Vault"];
  const code = `0x${contract?.evm.bytecode.object ?? ""}`;
  const artifact = { contractName: "Vault", sourceName: FILE, inputSourceName: name, buildInfoId: BUILD };
  const files = {
    [FILE]: source,
    [`artifacts/${FILE}/Vault.json`]: { ...artifact, abi: contract?.abi, bytecode: code, deployedBytecode: code },
    [`artifacts/build-info/${BUILD}.json`]: {
      _format: "hh3-sol-build-info-1",
      id: BUILD,
      solcVersion: "0.8.37",
      input,
    },
    [`artifacts/build-info/${BUILD}.output.json`]: { _format: "hh3-sol-build-info-output-1", id: BUILD, output },
  };
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), typeof content === "string" ? content : JSON.stringify(content));
  }
}

async function upgradeProblems(parts: Parts): Promise<readonly string[]> {
  return await inFolder({}, async (root) => {
    build(root, vault(parts));
    return (await upgrades.run(root, { write: false })).problems;
  });
}

describe("checks of upgradeable contracts", () => {
  describe("upgrades", () => {
    it("accepts a closed implementation with immutables", async () => {
      expect(
        await upgradeProblems({
          constructorBody: "GATEWAY = msg.sender; _disableInitializers();",
          more: "address public immutable GATEWAY;",
        }),
      ).to.deep.equal([]);
    });

    it("refuses an implementation that anybody can initialise", async () => {
      expect(await upgradeProblems({ constructorBody: "" })).to.deep.equal([
        "Vault's constructor does not call _disableInitializers()",
      ]);
    });

    it("refuses state set where a proxy never sees it, and delegate calls", async () => {
      const assigned = await upgradeProblems({ more: "uint256 public limit = 5;" });
      expect(assigned).to.have.lengthOf(1);
      expect(assigned[0]).to.contain("state-variable-assignment");
      const delegated = await upgradeProblems({
        more: 'function run(address to) external { (bool ok, ) = to.delegatecall(""); require(ok); }',
      });
      expect(delegated).to.have.lengthOf(1);
      expect(delegated[0]).to.contain("delegatecall");
    });
  });

  describe("warnings", () => {
    it("refuses what the compiler warns of", async () => {
      await inFolder({}, async (root) => {
        build(root, vault({ more: "function f() external pure { uint256 unused; }" }));
        const [problem] = (await warnings.run(root, { write: false })).problems;
        expect(problem).to.contain("Unused local variable").and.to.contain("contracts/token/Vault.sol");
      });
    });
  });

  describe("storage", () => {
    it("records namespaces and sees a member that moved", async () => {
      await inFolder({}, async (root) => {
        build(root, vault({ state: "uint256 total; address owner;" }));
        expect((await storage.run(root, { write: false })).problems[0]).to.contain("Vault.json is missing");
        expect((await storage.run(root, { write: true })).problems).to.deep.equal([]);
        expect((await storage.run(root, { write: false })).problems).to.deep.equal([]);
        build(root, vault({ state: "address owner; uint256 total;" }));
        const [problem] = (await storage.run(root, { write: false })).problems;
        expect(problem).to.contain("Vault.json differs").and.to.contain("0:0 address owner");
      });
    });
  });
});
