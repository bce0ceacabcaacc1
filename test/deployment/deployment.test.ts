import { expect } from "chai";
import { ethers } from "ethers";
import type { Hex } from "../../sdk/src/bytes.ts";
import { CONTRACTS, HOME_CONTRACTS, SPOKE_CONTRACTS } from "../../sdk/src/deployment/addresses.ts";
import { legOf, managerTransactions } from "../../sdk/src/deployment/calls.ts";
import { factoryCall, proposerOf } from "../../sdk/src/deployment/contracts.ts";
import { deployRollup } from "../../sdk/src/deployment/execute.ts";
import { GUARDIAN_REWARDS, WEI_PER_ERA } from "../../sdk/src/deployment/parameters.ts";
import { planRollup } from "../../sdk/src/deployment/plan.ts";
import { createView, providerReader } from "../../sdk/src/deployment/view.ts";
import { serviceSources } from "../../sdk/src/deployment/services.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { deployerRoles, readRoles } from "../../deploy/roles.ts";
import { artifacts, deployOn, namesOf, openNetwork } from "../helpers/deployedNetwork.ts";
import { shared } from "../helpers/shared.ts";

const SUPPLY = 10n ** 27n;
const MOST_GAS_OF_CORE = 25_000_000n;

async function code(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "none",
    (error: unknown) => (error instanceof MetalayerError ? error.code : String(error)),
  );
}

describe("deployment of a network", () => {
  describe("on three rollups", () => {
    const fixture = shared(async () => {
      const network = await openNetwork(["rollupA", "rollupB", "rollupC"]);
      const deployed = [];
      for (const rollup of network.rollups) deployed.push(await deployOn(rollup, network.parameters));
      return { ...network, deployed, connections: network.rollups };
    });

    it("leaves nothing that differs from the parameters", async () => {
      const { deployed } = await fixture();
      for (const { inspect } of deployed) expect(await inspect()).to.deep.equal({ differences: [], calls: [] });
    });

    it("gives every contract the same address on all of them, and each contract its own", async () => {
      const { deployed } = await fixture();
      const [first] = deployed;
      for (const { plan, rollup } of deployed) {
        expect(plan.addresses).to.deep.equal(first?.plan.addresses);
        for (const { name } of plan.contracts)
          expect(await rollup.ethers.provider.getCode(plan.addresses[name]), name).not.to.equal("0x");
      }
      expect(new Set(Object.values(first?.plan.addresses ?? {})).size).to.equal(
        CONTRACTS.length + HOME_CONTRACTS.length + SPOKE_CONTRACTS.length + 1,
      );
    });

    it("mints all ERA once, on the home rollup, and gives every part to its holder", async () => {
      const { deployed, parameters } = await fixture();
      for (const [index, { plan, rollup }] of deployed.entries()) {
        const era = await rollup.ethers.getContractAt("Era", plan.addresses.Era);
        expect(await era.totalSupply()).to.equal(index === 0 ? SUPPLY : 0n);
        expect(await era.balanceOf(plan.addresses.EraGenesis)).to.equal(0n);
        expect(await era.balanceOf(rollup.deployer)).to.equal(0n);
      }
      const [home] = deployed;
      if (home === undefined) throw new Error("nothing deployed");
      const { plan, rollup } = home;
      const era = await rollup.ethers.getContractAt("Era", plan.addresses.Era);
      const genesis = await rollup.ethers.getContractAt("EraGenesis", plan.addresses.EraGenesis);
      const holders = [];
      for (const [index, { amount }] of parameters.genesis.entries()) {
        const { holder } = await genesis.part(index);
        expect(await era.balanceOf(holder)).to.equal(amount);
        holders.push(holder);
      }
      const [, team = "", list = ""] = holders;
      const wallet = await rollup.ethers.getContractAt("VestingWallet", team);
      expect([await wallet.owner(), await wallet.start(), await wallet.duration()]).to.deep.equal([
        ethers.getAddress(parameters.genesis[1]?.to ?? ""),
        parameters.genesis[1]?.vesting?.start,
        parameters.genesis[1]?.vesting?.duration,
      ]);
      const airdrop = await rollup.ethers.getContractAt("EraAirdrop", list);
      expect(await airdrop.remainderTo()).to.equal(plan.addresses.RollupTimelock);

      const reserve = parameters.genesis.find(({ to }) => to === GUARDIAN_REWARDS)?.amount;
      const rewards = await rollup.ethers.getContractAt("GuardianRewards", plan.addresses.GuardianRewards);
      expect((await rewards.books()).pot)
        .to.equal(reserve)
        .and.equal(50_000_000n * WEI_PER_ERA);
      const [, other] = deployed;
      if (other === undefined) throw new Error("one rollup only");
      const elsewhere = await other.rollup.ethers.getContractAt(
        "GuardianRewards",
        other.plan.addresses.GuardianRewards,
      );
      expect((await elsewhere.books()).pot).to.equal(0n);
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
        const proposer = proposerOf(parameters, plan.rollup.chainId, plan.addresses);
        expect(roles.get("RollupTimelock proposer")).to.equal(proposer);
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
        "GuardianSlashing",
        "FeeController",
        "MetalayerGateway",
      ] as const;
      for (const name of names) {
        for (const address of [plan.addresses[name], plan.addresses[`${name}Code`]]) {
          const contract = new ethers.Contract(address, new ethers.Interface(artifacts(name).abi), rollup.stranger);
          const initialize = contract.getFunction("initialize");
          const args = initialize.fragment.inputs.map(({ type, components }) => {
            if (components !== null) return components.map(() => 3_600n);
            return type === "address" ? rollup.stranger.address : 3_600n;
          });
          await expect(initialize.send(...args)).to.be.revertedWithCustomError(contract, "InvalidInitialization");
        }
      }
    });

    it("costs at most 38.5 million gas on home and 34 elsewhere without slashing and services, of it 25 beside governance and the stake of guardians, 5.5 for slashing, 13.5 for services, and no transaction more than 2^24", async () => {
      const { deployed, parameters } = await fixture();
      for (const { rollup, plan } of deployed) {
        const salts = new Map(plan.contracts.map((contract) => [factoryCall(contract), contract.name]));
        const gas = new Map<string, bigint>();
        const newest = await rollup.ethers.provider.getBlockNumber();
        for (let number = 1; number <= newest; number++) {
          const block = await rollup.ethers.provider.getBlock(number);
          for (const hash of block?.transactions ?? []) {
            const [receipt, sent] = await Promise.all([
              rollup.ethers.provider.getTransactionReceipt(hash),
              rollup.ethers.provider.getTransaction(hash),
            ]);
            expect(receipt?.gasUsed).to.be.lessThan(1n << 24n);
            const name = salts.get(sent?.data as Hex); // CAST: ethers returns hex
            if (name !== undefined) gas.set(name, receipt?.gasUsed ?? 0n);
          }
        }
        const sum = (names: readonly string[]) => names.reduce((total, name) => total + (gas.get(name) ?? 0n), 0n);
        const services = serviceSources(plan.addresses).map(({ name }): string => name);
        const all = sum(
          [...gas.keys()].filter((name) => !name.startsWith("GuardianSlashing") && !services.includes(name)),
        );
        const beside = [...gas.keys()].filter((name) => /^Guardian(Staking|Rewards)/.test(name));
        const slashing = sum([...gas.keys()].filter((name) => name.startsWith("GuardianSlashing")));
        const core = all - sum(["EraVotes", ...HOME_CONTRACTS, ...SPOKE_CONTRACTS, ...beside]);
        expect(slashing).to.be.lessThan(5_500_000n);
        expect(sum(services)).to.be.lessThan(13_500_000n);
        expect(gas.size).to.equal(plan.contracts.length);
        expect(all).to.be.lessThan(plan.rollup.chainId === parameters.home ? 38_500_000n : 34_000_000n);
        expect(core).to.be.greaterThan(10_000_000n).and.to.be.lessThan(MOST_GAS_OF_CORE);
      }
    });

    it("changes nothing when it is run again", async () => {
      const { deployed } = await fixture();
      for (const { rollup, plan } of deployed) {
        expect(await deployRollup(plan, rollup.deployer)).to.deep.equal({ transactions: 0, gas: 0n, servicesGas: 0n });
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
    it("takes one leg of each existing rollup's timelock", async () => {
      const all = await openNetwork(["rollupA", "rollupB", "rollupC"], () => ({
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
        const leg = await legOf(plan, providerReader(rollup.ethers.provider), calls);
        const proposer = proposerOf(two, plan.rollup.chainId, plan.addresses);
        await rollup.networkHelpers.impersonateAccount(proposer);
        await rollup.networkHelpers.setBalance(proposer, 10n ** 20n);
        const governance = await rollup.ethers.getSigner(proposer);
        await governance.sendTransaction({ to: leg.timelock, data: leg.schedule });
        await rollup.networkHelpers.time.increase(two.timelockDelay);
        await rollup.deployer.sendTransaction({ to: leg.timelock, data: leg.execute });
        expect((await inspect(wanted)).differences).to.deep.equal([]);
      }
    });

    it("refuses a leg without calls", async () => {
      const { home, parameters } = await openNetwork(["rollupA"]);
      const plan = planRollup(parameters, 8101n, artifacts);
      expect(await code(legOf(plan, providerReader(home.ethers.provider), []))).to.equal("GOVERNANCE_EMPTY_LEG");
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
