import { expect } from "chai";
import { ethers } from "ethers";
import { openRollup } from "../helpers/rollup.ts";

const SALT = ethers.id("gateway");
const CREATE2_DEPLOYER = "0x4e59b44847b379578588920cA78FbF26c0B4956C";
const CREATE2_DEPLOYER_CODE =
  "0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3";

async function fixture() {
  const a = await openRollup("rollupA");
  const b = await openRollup("rollupB");
  const [factoryA, factoryB] = await Promise.all([
    a.ethers.deployContract("Create3Factory", []),
    b.ethers.deployContract("Create3Factory", []),
  ]);
  const code = (await a.ethers.getContractFactory("AnchorLog")).bytecode;
  const initCode = (heartbeat: number) =>
    code + ethers.AbiCoder.defaultAbiCoder().encode(["address", "uint256"], [a.deployer.address, heartbeat]).slice(2);
  return { a, b, factoryA, factoryB, initCode };
}

describe("Create3Factory", () => {
  describe("deploy", () => {
    it("creates the contract at the announced address and says so", async () => {
      const { a, factoryA, initCode } = await fixture();
      const predicted = await factoryA.addressOf(a.deployer.address, SALT);
      await expect(factoryA.deploy(SALT, initCode(60)))
        .to.emit(factoryA, "ContractDeployed")
        .withArgs(a.deployer.address, SALT, predicted);
      expect(await (await a.ethers.getContractAt("AnchorLog", predicted)).heartbeatSeconds()).to.equal(60n);
    });

    it("gives the same address for other code and arguments, and another one for another salt", async () => {
      const { a, factoryA, initCode } = await fixture();
      const before = await factoryA.addressOf(a.deployer.address, SALT);
      await factoryA.deploy(SALT, initCode(7));
      expect(await factoryA.addressOf(a.deployer.address, SALT)).to.equal(before);
      expect(await factoryA.addressOf(a.deployer.address, ethers.id("other"))).not.to.equal(before);
    });

    it("refuses a salt that the caller has used", async () => {
      const { a, factoryA, initCode } = await fixture();
      await factoryA.deploy(SALT, initCode(60));
      await expect(factoryA.deploy(SALT, initCode(61)))
        .to.be.revertedWithCustomError(factoryA, "FactoryAddressTaken")
        .withArgs(await factoryA.addressOf(a.deployer.address, SALT));
    });

    it("refuses empty code", async () => {
      const { factoryA } = await fixture();
      await expect(factoryA.deploy(SALT, "0x")).to.be.revertedWithCustomError(factoryA, "Create3EmptyBytecode");
    });

    it("passes the constructor's error on and leaves the address free", async () => {
      const { a, factoryA, initCode } = await fixture();
      const anchorLog = await a.ethers.getContractFactory("AnchorLog");
      await expect(factoryA.deploy(SALT, initCode(0)))
        .to.be.revertedWithCustomError(anchorLog, "AnchorInvalidHeartbeat")
        .withArgs(0n);
      await expect(factoryA.deploy(SALT, initCode(60))).to.emit(factoryA, "ContractDeployed");
    });

    it("EXPLOITS 32: nobody else can take an address that a deployer has announced", async () => {
      const { a, factoryA, initCode } = await fixture();
      const { stranger } = a;
      const announced = await factoryA.addressOf(a.deployer.address, SALT);
      await factoryA.connect(stranger).deploy(SALT, initCode(60));
      expect(await a.ethers.provider.getCode(announced)).to.equal("0x");
      await expect(factoryA.deploy(SALT, initCode(60)))
        .to.emit(factoryA, "ContractDeployed")
        .withArgs(a.deployer.address, SALT, announced);
    });
  });

  describe("address", () => {
    it("is the same on every rollup if the CREATE2 deployer creates it", async () => {
      const { a, b } = await fixture();
      const { bytecode } = await a.ethers.getContractFactory("Create3Factory");
      const predicted = ethers.getCreate2Address(CREATE2_DEPLOYER, ethers.ZeroHash, ethers.keccak256(bytecode));
      const contracts: string[] = [];
      for (const rollup of [a, b]) {
        await rollup.networkHelpers.setCode(CREATE2_DEPLOYER, CREATE2_DEPLOYER_CODE);
        await rollup.deployer.sendTransaction({
          to: CREATE2_DEPLOYER,
          data: ethers.concat([ethers.ZeroHash, bytecode]),
        });
        contracts.push(
          await (await rollup.ethers.getContractAt("Create3Factory", predicted)).addressOf(a.deployer.address, SALT),
        );
      }
      expect(contracts[0]).to.equal(contracts[1]);
    });

    it("depends on the factory: factories at different addresses give different ones", async () => {
      const { a, factoryA, factoryB } = await fixture();
      expect(await factoryA.getAddress()).not.to.equal(await factoryB.getAddress());
      expect(await factoryA.addressOf(a.deployer.address, SALT)).not.to.equal(
        await factoryB.addressOf(a.deployer.address, SALT),
      );
    });
  });
});
