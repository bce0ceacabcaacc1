import { expect } from "chai";
import { ethers } from "ethers";
import type { Hex } from "../../sdk/src/bytes.ts";
import { CONTRACTS } from "../../sdk/src/deployment/addresses.ts";
import { managerTransactions, timelockBatch } from "../../sdk/src/deployment/calls.ts";
import { deployRollup } from "../../sdk/src/deployment/execute.ts";
import { planRollup } from "../../sdk/src/deployment/plan.ts";
import { createView, providerReader } from "../../sdk/src/deployment/view.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { deployerRoles, readRoles } from "../../deploy/roles.ts";
import { artifacts, deployOn, namesOf, openNetwork } from "../helpers/deployedNetwork.ts";

const SUPPLY = 10n ** 27n;
const MOST_GAS_OF_CONTRACTS = 25_000_000n;

async function code(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "none",
    (error: unknown) => (error instanceof MetalayerError ? error.code : String(error)),
  );
}

describe("deployment of a network", () => {
  describe("on three rollups", () => {
    async function fixture() {
      const network = await openNetwork(["rollupA", "rollupB", "rollupC"]);
      const deployed = [];
      for (const rollup of network.rollups) deployed.push(await deployOn(rollup, network.parameters));
      return { ...network, deployed };
    }

    it("leaves nothing that differs from the parameters", async () => {
      const { deployed } = await fixture();
      for (const { inspect } of deployed) expect(await inspect()).to.deep.equal({ differences: [], calls: [] });
    });

    it("gives every contract the same address on all of them, and each contract its own", async () => {
      const { deployed } = await fixture();
      const [first] = deployed;
      for (const { plan, rollup } of deployed) {
        expect(plan.addresses).to.deep.equal(first?.plan.addresses);
        for (const name of CONTRACTS)
          expect(await rollup.ethers.provider.getCode(plan.addresses[name]), name).not.to.equal("0x");
      }
      expect(new Set(Object.values(first?.plan.addresses ?? {})).size).to.equal(CONTRACTS.length + 3);
    });

    it("mints all ERA once, to the genesis holder, on the home rollup", async () => {
      const { deployed, parameters } = await fixture();
      for (const [index, { plan, rollup }] of deployed.entries()) {
        const era = await rollup.ethers.getContractAt("Era", plan.addresses.Era);
        expect(await era.totalSupply()).to.equal(index === 0 ? SUPPLY : 0n);
        expect(await era.balanceOf(parameters.genesisHolder)).to.equal(index === 0 ? SUPPLY : 0n);
      }
    });

    it("EXPLOITS 32: ends with a deployer that holds no role, and the timelock as the only administrator", async () => {
      const { deployed, parameters } = await fixture();
      for (const { plan, rollup } of deployed) {
        const view = createView(plan, providerReader(rollup.ethers.provider));
        expect(await deployerRoles(view)).to.deep.equal([]);
        const roles = new Map(
          (await readRoles(view)).map(({ contract, role, holders }) => [`${contract} ${role}`, holders]),
        );
        expect(roles.get("AccessManager administrator")).to.equal(plan.addresses.RollupTimelock);
        expect(roles.get("RollupTimelock administrator")).to.equal(plan.addresses.RollupTimelock);
        expect(roles.get("RollupTimelock proposer")).to.equal(ethers.getAddress(parameters.governor));
        expect(roles.get("RollupTimelock executor")).to.equal(ethers.ZeroAddress);
        const manager = await rollup.ethers.getContractAt("AccessManager", plan.addresses.AccessManager);
        await expect(manager.grantRole(0, rollup.deployer.address, 0))
          .to.be.revertedWithCustomError(manager, "AccessManagerUnauthorizedAccount")
          .withArgs(rollup.deployer.address, 0n);
      }
    });

    it("EXPLOITS 11, EXPLOITS 20: leaves no implementation and no proxy that can be initialised", async () => {
      const { deployed } = await fixture();
      const [first] = deployed;
      if (first === undefined) throw new Error("nothing deployed");
      const { plan, rollup } = first;
      const names = [
        "StateRootInbox",
        "RollupRegistry",
        "GuardianSet",
        "GuardianStaking",
        "GuardianRewards",
        "FeeController",
        "MetalayerGateway",
      ] as const;
      for (const name of names) {
        for (const address of [plan.addresses[name], plan.addresses[`${name}Code`]]) {
          const contract = new ethers.Contract(address, new ethers.Interface(artifacts(name).abi), rollup.stranger);
          const initialize = contract.getFunction("initialize");
          const args = initialize.fragment.inputs.map(({ type }) =>
            type === "address" ? rollup.stranger.address : 3_600n,
          );
          await expect(initialize.send(...args)).to.be.revertedWithCustomError(contract, "InvalidInitialization");
        }
      }
    });

    it("costs at most 25 million gas for a rollup without the stake of its guardians, and no transaction more than 2^24", async () => {
      const { deployed } = await fixture();
      for (const { rollup, plan } of deployed) {
        let core = 0n;
        const beside = new Set(
          plan.contracts.filter(({ name }) => /^Guardian(Staking|Rewards)/.test(name)).map((part) => part.salt),
        );
        const newest = await rollup.ethers.provider.getBlockNumber();
        for (let number = 1; number <= newest; number++) {
          const block = await rollup.ethers.provider.getBlock(number);
          for (const hash of block?.transactions ?? []) {
            const receipt = await rollup.ethers.provider.getTransactionReceipt(hash);
            expect(receipt?.gasUsed).to.be.lessThan(1n << 24n);
            const salt = (await rollup.ethers.provider.getTransaction(hash))?.data.slice(10, 74) ?? "";
            if (receipt?.to === plan.addresses.Create3Factory && !beside.has(`0x${salt}`)) core += receipt.gasUsed;
          }
        }
        expect(core).to.be.greaterThan(10_000_000n).and.to.be.lessThan(MOST_GAS_OF_CONTRACTS);
      }
    });

    it("changes nothing when it is run again", async () => {
      const { deployed } = await fixture();
      for (const { rollup, plan } of deployed) {
        expect(await deployRollup(plan, rollup.deployer)).to.deep.equal({ transactions: 0, gas: 0n });
      }
    });
  });

  describe("with a salt for each rollup", () => {
    it("is the same deployment at different addresses", async () => {
      const salts = (chainId: bigint): Hex => `0x${chainId.toString(16).padStart(64, "0")}`;
      const { rollups, parameters } = await openNetwork(["rollupA", "rollupB"], undefined, salts);
      const deployed = [];
      for (const rollup of rollups) deployed.push(await deployOn(rollup, parameters));
      const [a, b] = deployed;
      for (const name of CONTRACTS) expect(a?.plan.addresses[name], name).not.to.equal(b?.plan.addresses[name]);
      for (const { inspect } of deployed) expect((await inspect()).differences).to.deep.equal([]);
    });
  });

  describe("interrupted", () => {
    it("goes on from any number of transactions to the same end", async () => {
      const { rollups, parameters } = await openNetwork(["rollupA", "rollupB"]);
      const [rollup] = rollups;
      if (rollup === undefined) throw new Error("no rollup");
      const plan = planRollup(parameters, 8101n, artifacts);
      const clean = await rollup.networkHelpers.takeSnapshot();
      const { transactions } = await deployRollup(plan, rollup.deployer);
      await clean.restore();
      for (let stop = 0; stop < transactions; stop++) {
        const signer = rollup.deployer;
        let left = stop;
        // CAST: a signer whose sending ends
        const interrupted = Object.create(signer, {
          sendTransaction: {
            value: (request: ethers.TransactionRequest) =>
              left-- > 0 ? signer.sendTransaction(request) : Promise.reject(new Error("killed")),
          },
        }) as typeof signer;
        expect(await code(deployRollup(plan, interrupted))).to.equal("Error: killed");
        expect((await deployRollup(plan, signer)).transactions).to.equal(transactions - stop);
        await clean.restore();
      }
    }).timeout(120_000);
  });

  describe("wrong input", () => {
    it("refuses a key that is not the deployer's, and a chain that is not in the parameters", async () => {
      const { home, parameters } = await openNetwork(["rollupA"]);
      expect(await code(deployRollup(planRollup(parameters, 8101n, artifacts), home.stranger))).to.equal(
        "DEPLOYMENT_WRONG_DEPLOYER",
      );
      expect(() => planRollup(parameters, 4n, artifacts))
        .to.throw(MetalayerError)
        .with.property("code", "DEPLOYMENT_UNKNOWN_ROLLUP");
    });
  });

  describe("adding a rollup", () => {
    it("takes one batch of each existing rollup's timelock", async () => {
      const all = await openNetwork(["rollupA", "rollupB", "rollupC"], (home) => ({
        governor: home.stranger.address as Hex, // CAST: an address
        guardians: { epochLength: 2_592_000n, grace: 3_600n, minimumWeight: 10_000n, bootstrap: [] },
      }));
      const two = { ...all.parameters, rollups: all.parameters.rollups.slice(0, 2) };
      const existing = [];
      for (const rollup of all.rollups.slice(0, 2)) existing.push(await deployOn(rollup, two));
      const [, , third] = all.rollups;
      if (third === undefined) throw new Error("no third rollup");
      const added = await deployOn(third, all.parameters);
      expect((await added.inspect()).differences).to.deep.equal([]);

      for (const { rollup, plan, inspect } of existing) {
        const wanted = planRollup(all.parameters, plan.rollup.chainId, artifacts);
        const { differences, calls } = await inspect(wanted);
        expect(namesOf(differences)).to.include("RollupRegistry.rollup(8103).status");
        const batch = timelockBatch(plan.addresses, calls, two.timelockDelay);
        await rollup.stranger.sendTransaction({ ...batch.schedule });
        await rollup.networkHelpers.time.increase(two.timelockDelay);
        await rollup.deployer.sendTransaction({ ...batch.execute });
        expect((await inspect(wanted)).differences).to.deep.equal([]);
      }
    });

    it("refuses a batch without calls", async () => {
      const { parameters } = await openNetwork(["rollupA"]);
      const { addresses } = planRollup(parameters, 8101n, artifacts);
      expect(() => timelockBatch(addresses, [], 1n))
        .to.throw(MetalayerError)
        .with.property("code", "DEPLOYMENT_NOTHING_TO_DO");
    });
  });

  describe("long lists of settings", () => {
    it("are split so that no transaction passes the limit, in order, without the timelock's own calls", async () => {
      const { parameters } = await openNetwork(["rollupA"]);
      const { addresses } = planRollup(parameters, 8101n, artifacts);
      const call = (target: Hex, gas: bigint) => ({ target, data: "0x12345678" as const, gas });
      const calls = [
        ...Array.from({ length: 5 }, () => call(addresses.Era, 5_000_000n)),
        call(addresses.RollupTimelock, 1n),
      ];
      const transactions = managerTransactions(addresses, calls);
      expect(transactions.length).to.equal(3);
      expect(new Set(transactions.map(({ to }) => to))).to.deep.equal(new Set([addresses.AccessManager]));
    });
  });
});
