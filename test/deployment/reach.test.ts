import { expect } from "chai";
import { Interface, type InterfaceAbi } from "ethers";
import { readFileSync } from "node:fs";
import path from "node:path";
import { deployables, filesBelow } from "../../scripts/checks/artifacts.ts";

const ROOT = process.cwd();

/** Sources of the protocol itself, without comments. */
function sources(): Map<string, string> {
  const files = filesBelow(ROOT, "contracts", ".sol").filter((file) => !file.includes("mocks"));
  return new Map(
    files.map((file) => [path.basename(file), withoutComments(readFileSync(path.join(ROOT, file), "utf8"))]),
  );
}

function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
}

function using(pattern: RegExp): string[] {
  return [...sources()].filter(([, source]) => pattern.test(source)).map(([name]) => name);
}

describe("what the contracts can reach", () => {
  it("EXPLOITS 13 I25 who calls addresses that users choose never draws allowances, and the other way round", () => {
    const anyCall = /\bcall\(|\.call[({]|delegatecall|functionCall|execute\{|sendValue/;
    const draws = /transferFrom|safeTransferFrom/i;
    expect(using(anyCall)).to.include("BoundedCall.sol");
    expect(using(draws)).to.include.members(["FeeController.sol", "GuardianStaking.sol"]);
    expect(using(anyCall).filter((name) => using(draws).includes(name))).to.deep.equal([]);
  });

  it("EXPLOITS 3 I7 the call to recipients has one place, whose selector no caller chooses", () => {
    // One place for recipients of messages, one for contracts that asked to be called; no other call has a gas limit of its own.
    expect(using(/\bcall\(callGas/)).to.have.members(["ReceiveCall.sol", "BoundedCall.sol"]);
    const source = sources().get("ReceiveCall.sol") ?? "";
    expect(source.match(/\bcall\(/g)).to.have.length(1);
    expect(source.match(/\bselector := |mstore\([^\n]*, selector\)/g)).to.deep.equal([
      "mstore(add(frame, 0x60), selector)",
    ]);
    expect(source).to.contain("uint256 selector = uint32(IERC7786Recipient.receiveMessage.selector);");
    expect(using(/import \{[^}]*\bReceiveCalls?\b/)).to.deep.equal(["GatewayInbound.sol"]);
    // The others call who asked for it itself, and nothing but this function of it.
    const asked = { "Automations.sol": "IAutomated\\.onCondition", "Subscriptions.sol": "ISubscriber\\.onPublication" };
    expect(using(/\bBoundedCall\.execute\b/)).to.deep.equal(["PaidCalls.sol"]);
    expect(using(/\busing BoundedCall\b|\{[^}]*\bBoundedCall as\b/)).to.deep.equal([]);
    expect(using(/import \{[^}]*\bPaidCalls\b/)).to.have.members(Object.keys(asked));
    for (const [name, selector] of Object.entries(asked)) {
      const text = sources().get(name) ?? "";
      expect(text.match(/\b_call\(/g)).to.have.length(1);
      expect(text).to.match(new RegExp(`bytes memory data = abi\\.encodeCall\\(\\s*${selector},`));
    }
  });

  it("EXPLOITS 16 EXPLOITS 12 no function of the protocol takes the rollup's own coin, so none can count it twice", () => {
    const payable = deployables(ROOT).flatMap(({ contractName, abi }) => {
      const names: string[] = [];
      // CAST: Hardhat writes ABIs
      new Interface(abi as InterfaceAbi).forEachFunction((fragment) => {
        if (fragment.payable) names.push(`${contractName}.${fragment.name}`);
      });
      return names;
    });
    const byOpenZeppelin =
      /^[A-Za-z]+\.(upgradeToAndCall|receiveMessage)$|^(\w*Timelock|\w*Governor|\w*Executor)\.\w+$|^\w*AccessManager\.execute$/;
    expect(payable.filter((name) => !byOpenZeppelin.test(name)).sort()).to.deep.equal(["MetalayerGateway.sendMessage"]);
    expect(using(/\bmsg\.value\b/)).to.deep.equal(["GatewayOutbound.sol"]);
  });
});
