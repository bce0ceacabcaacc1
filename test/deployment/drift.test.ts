import { readFileSync } from "node:fs";
import { expect } from "chai";
import { ethers } from "ethers";
import { inspectRollup } from "../../sdk/src/deployment/inspect.ts";
import type { NetworkParameters, RollupParameters } from "../../sdk/src/deployment/parameters.ts";
import { planRollup } from "../../sdk/src/deployment/plan.ts";
import { providerReader } from "../../sdk/src/deployment/view.ts";
import { immutablesOf } from "../../sdk/src/deployment/code.ts";
import { filesBelow } from "../../scripts/checks/artifacts.ts";
import type { IRollupRegistry } from "../../typechain-types/contracts/messaging/RollupRegistry.ts";
import { artifacts, deployOn, namesOf, openNetwork } from "../helpers/deployedNetwork.ts";
import { RECOVERY_ROLE } from "../../sdk/src/deployment/roleSettings.ts";
import { DAY } from "../helpers/votes.ts";
import { ACCOUNT, MUTATIONS, NO_SETTING, operator, OTHER } from "../helpers/mutations.ts";

/** A rollup as read from the registry, with other values. */
function changed(rollup: object, change: Partial<IRollupRegistry.RollupStruct>): IRollupRegistry.RollupStruct {
  if (!(rollup instanceof ethers.Result)) throw new Error("not an answer of ethers");
  // CAST: the registry's struct, by its names
  return { ...(rollup.toObject() as unknown as IRollupRegistry.RollupStruct), ...change };
}

describe("drift check", () => {
  async function fixture() {
    const { rollups, parameters } = await openNetwork(["rollupA", "rollupB"]);
    const [first] = rollups;
    if (first === undefined) throw new Error("no rollup");
    const deployed = await deployOn(first, parameters);
    const { rollup, plan } = deployed;
    await rollup.networkHelpers.impersonateAccount(plan.addresses.RollupTimelock);
    await rollup.networkHelpers.setBalance(plan.addresses.RollupTimelock, 10n ** 20n);
    const administrator = await rollup.ethers.getSigner(plan.addresses.RollupTimelock);
    return { deployed, rollup, plan, administrator, parameters };
  }

  it("finds nothing in an untouched deployment", async () => {
    const { deployed } = await fixture();
    expect((await deployed.inspect()).differences).to.deep.equal([]);
  });

  it("names exactly what any single call of the administrator has changed", async () => {
    const { deployed, rollup, plan, administrator } = await fixture();
    const clean = await rollup.networkHelpers.takeSnapshot();
    for (const { contract, method, args, finds, before } of MUTATIONS) {
      await before?.(deployed);
      const abi = contract === "RollupTimelock" ? artifacts("RollupTimelock").abi : artifacts(contract as "Era").abi; // CAST: no row is about an implementation
      const target = new ethers.Contract(plan.addresses[contract], new ethers.Interface(abi), administrator);
      await (await target.getFunction(method).send(...args(deployed))).wait();
      const names = finds.map((name) => name.replace("OPERATOR", operator(deployed)));
      const found = namesOf((await deployed.inspect()).differences);
      // A contract behind which other code stands has no settings that could be compared.
      if (method === "upgradeToAndCall") expect(found, contract).to.include.members(names);
      else expect(found, `${contract}.${method}`).to.deep.equal([...names].sort());
      await clean.restore();
    }
  }).timeout(120_000);

  it("has a row for every function that only the administrator may call", () => {
    const rows = new Set(MUTATIONS.map(({ method }) => method));
    // Examples and the directory of roles are their users' own, not part of a deployment.
    const sources = filesBelow(process.cwd(), "contracts", ".sol").filter((file) => !/mocks|examples|roles/.test(file));
    const restricted = sources.flatMap((file) => {
      return [...readFileSync(file, "utf8").matchAll(/function (\w+)\([^{;]*\brestricted\b/g)].map(
        ([, name = ""]) => name,
      );
    });
    restricted.push("setSpoke", "setTallyReader", "setVotingDelay", "setVotingPeriod", "updateQuorumNumerator");
    expect(restricted).to.include.members(["setPrices", "admit", "pause"]);
    const pausedBelow = ["pause", "_authorizeUpgrade"];
    const missing = restricted.filter(
      (name) => !rows.has(name) && !NO_SETTING.has(name) && !pausedBelow.includes(name),
    );
    expect(missing).to.deep.equal([]);
  });

  it("names another admission, a re-admission and a pause", async () => {
    const { deployed, rollup, plan, administrator } = await fixture();
    const clean = await rollup.networkHelpers.takeSnapshot();
    const registry = await rollup.ethers.getContractAt("RollupRegistry", plan.addresses.RollupRegistry, administrator);
    const known = await registry.rollup(OTHER);
    await registry.admit(changed(known, { chainId: 999n }));
    expect(namesOf((await deployed.inspect()).differences)).to.deep.equal(["RollupRegistry.rollups"]);
    await clean.restore();

    await registry.admit(changed(known, { incarnation: 9n }));
    expect(namesOf((await deployed.inspect()).differences)).to.deep.equal([
      `MetalayerGateway.inLane(${OTHER}).incarnation`,
      `MetalayerGateway.outLane(${OTHER}).incarnation`,
      `RollupRegistry.rollup(${OTHER}).incarnation`,
    ]);
    await clean.restore();

    const gateway = await rollup.ethers.getContractAt(
      "MetalayerGateway",
      plan.addresses.MetalayerGateway,
      administrator,
    );
    const [pauser = ""] = plan.parameters.pausers;
    await rollup.networkHelpers.impersonateAccount(pauser);
    await rollup.networkHelpers.setBalance(pauser, 10n ** 20n);
    await gateway.connect(await rollup.ethers.getSigner(pauser)).pause([OTHER], 3_600);
    expect(namesOf((await deployed.inspect()).differences)).to.deep.equal([`MetalayerGateway.inLane(${OTHER}).paused`]);
  });

  it("names every contract of which a single byte or a single immutable differs", async () => {
    const { deployed, rollup, plan } = await fixture();
    for (const contract of plan.contracts) {
      const { name, address } = contract;
      const code = await rollup.ethers.provider.getCode(address);
      const artifact = artifacts(contract.artifact);
      const flipped = (place: number): string => {
        const byte = (parseInt(code.slice(2 + 2 * place, 4 + 2 * place), 16) ^ 1).toString(16).padStart(2, "0");
        return code.slice(0, 2 + 2 * place) + byte + code.slice(4 + 2 * place);
      };
      // The compiler's metadata at the end is data: changing it leaves the contract working.
      await rollup.networkHelpers.setCode(address, flipped(code.length / 2 - 10));
      expect(namesOf((await deployed.inspect()).differences), name).to.deep.equal([`${name}.code`]);

      const [first] = Object.values(artifact.immutableReferences ?? {}).flat();
      if (first !== undefined && immutablesOf(artifact, code).length > 0) {
        await rollup.networkHelpers.setCode(address, flipped(first.start + first.length - 1));
        const names = namesOf((await deployed.inspect()).differences);
        expect(names, name).to.include(`${name}.immutables`);
      }
      await rollup.networkHelpers.setCode(address, code);
    }
    expect((await deployed.inspect()).differences).to.deep.equal([]);
  }).timeout(120_000);

  it("EXPLOITS 32 names who is about to hold a role or to lose its delay, before it is in force", async () => {
    const { deployed, rollup, plan, administrator } = await fixture();
    const { deployer } = rollup;
    const manager = await rollup.ethers.getContractAt("AccessManager", plan.addresses.AccessManager, administrator);
    // Time enough for a deployer: the delay of granting is in force, the grant waits in it, and the delay is set back.
    await manager.grantRole(0, deployer, 0);
    await manager.connect(deployer).setGrantDelay(77, 100n * DAY);
    await rollup.networkHelpers.time.increase(6n * DAY);
    await manager.connect(deployer).grantRole(77, ACCOUNT, 0);
    await manager.connect(deployer).setGrantDelay(77, 0);
    await manager.connect(deployer).renounceRole(0, deployer);
    expect(await manager.hasRole(77, ACCOUNT)).to.deep.equal([false, 0n]);
    const found = await deployed.inspect();
    expect(namesOf(found.differences)).to.deep.equal(["AccessManager.members(role 77)", "GuardianSet.table"]);

    const { recovery } = plan.parameters;
    await manager.grantRole(RECOVERY_ROLE, recovery?.account ?? "", 0);
    const { differences, calls } = await deployed.inspect();
    const waiting = differences.find(({ name }) => name === "AccessManager.members(recovery)");
    expect(waiting?.actual).to.match(
      new RegExp(`^${recovery?.account} after ${recovery?.delay} s, after 0 s from \\d+$`),
    );
    for (const { target, data } of calls) await administrator.sendTransaction({ to: target, data });
    expect((await deployed.inspect()).differences).to.deep.equal([]);
    await rollup.networkHelpers.time.increase(101n * DAY);
    expect(await manager.hasRole(77, ACCOUNT)).to.deep.equal([false, 0n]);
    expect(await manager.hasRole(RECOVERY_ROLE, recovery?.account ?? "")).to.deep.equal([true, recovery?.delay]);
  });

  it("EXPLOITS 32 takes a contract's own address for no other one", async () => {
    // GovernanceExecutor that names its own address as home's timelock would obey whatever its deployer places at that address on home.
    const { rollups, parameters } = await openNetwork(["rollupA", "rollupB"]);
    const [, second] = rollups;
    if (second === undefined) throw new Error("no second rollup");
    const deployed = await deployOn(second, parameters);
    const { rollup, plan } = deployed;
    for (const contract of plan.contracts) {
      const { name, address } = contract;
      const code = await rollup.ethers.provider.getCode(address);
      const own = ethers.zeroPadValue(address, 32).slice(2).toLowerCase();
      for (const { start, length } of Object.values(artifacts(contract.artifact).immutableReferences ?? {}).flat()) {
        const [from, to] = [2 + 2 * start, 2 + 2 * (start + length)];
        // Names, hashes and what is its own address anyway are no places for an account.
        if (code.slice(from, to) === own || !code.slice(from).startsWith("0".repeat(24))) continue;
        await rollup.networkHelpers.setCode(address, code.slice(0, from) + own + code.slice(to));
        expect(namesOf((await deployed.inspect()).differences), name).to.include(`${name}.immutables`);
        break;
      }
      await rollup.networkHelpers.setCode(address, code);
    }
  }).timeout(120_000);

  it("EXPLOITS 32 names what only constructors decided: who vests, who claims, whom the deployer of applications obeys", async () => {
    const { deployed, rollup, plan, parameters } = await fixture();
    const [holder, team, list, reserve] = parameters.genesis;
    if (holder === undefined || team === undefined || list === undefined || reserve === undefined)
      throw new Error("four parts");
    const differing = async (genesis: NetworkParameters["genesis"]): Promise<string[]> => {
      const wanted = planRollup({ ...parameters, genesis }, plan.rollup.chainId, artifacts);
      return namesOf((await deployed.inspect(wanted)).differences);
    };
    const part = (index: number, ...names: string[]): string[] =>
      names.map((name) => `EraGenesis.part(${index}).${name}`);
    const [start, duration, root] = [1n, 2n, ethers.id("another list") as `0x${string}`]; // CAST: a hash
    for (const [genesis, differences] of [
      [[holder, { ...team, to: ACCOUNT }, list, reserve], part(1, "beneficiary")],
      [[holder, { ...team, vesting: { start, duration } }, list, reserve], part(1, "duration", "start")],
      [[holder, team, { ...list, airdrop: { root, deadline: 4_000_000_001n } }, reserve], part(2, "deadline", "root")],
      [[holder, team, { ...list, to: ACCOUNT }, reserve], part(2, "remainderTo")],
    ] as const) {
      expect(await differing(genesis)).to.deep.equal(differences);
    }
    // Whose the wallet is may hand it on.
    const genesis = await rollup.ethers.getContractAt("EraGenesis", plan.addresses.EraGenesis);
    const { holder: wallet } = await genesis.part(1);
    await rollup.networkHelpers.impersonateAccount(team.to);
    await rollup.networkHelpers.setBalance(team.to, 10n ** 18n);
    const vesting = await rollup.ethers.getContractAt("VestingWallet", wallet, await rollup.ethers.getSigner(team.to));
    await vesting.transferOwnership(ACCOUNT);
    expect(await differing(parameters.genesis)).to.deep.equal([]);

    const peer = ethers.solidityPackedKeccak256(["uint256", "uint256"], [OTHER, 0n]);
    await rollup.networkHelpers.setStorageAt(plan.addresses.OmniDeployer, peer, ethers.zeroPadValue(ACCOUNT, 32));
    expect(await differing(parameters.genesis)).to.deep.equal([`OmniDeployer.deployerOn(${OTHER}).deployer`]);
  });

  it("gives a batch for the timelock that undoes what can be undone", async () => {
    const { deployed, rollup, plan, administrator } = await fixture();
    const fees = await rollup.ethers.getContractAt("FeeController", plan.addresses.FeeController, administrator);
    const registry = await rollup.ethers.getContractAt("RollupRegistry", plan.addresses.RollupRegistry, administrator);
    const manager = await rollup.ethers.getContractAt("AccessManager", plan.addresses.AccessManager, administrator);
    await fees.setFund(ACCOUNT);
    await fees.setInboundTerms(OTHER, 0, 0);
    await registry.setCeiling(OTHER, 0, 0);
    await manager.grantRole(77, ACCOUNT, 0);
    const era = await rollup.ethers.getContractAt("Era", plan.addresses.Era, administrator);
    await era.setSource(77, plan.addresses.MetalayerGateway, ACCOUNT, 10n ** 18n, 10n ** 18n);
    await manager.setTargetClosed(plan.addresses.Era, true);
    const { calls } = await deployed.inspect();
    for (const { target, data } of calls) await administrator.sendTransaction({ to: target, data });
    expect((await deployed.inspect()).differences).to.deep.equal([]);
  });

  it("gives them in an order that works: what is lowered makes room for what is raised", async () => {
    const { rollups, parameters } = await openNetwork(["rollupA", "rollupB"]);
    const [home] = rollups;
    const [own, other] = parameters.rollups;
    if (home === undefined || own === undefined || other === undefined) throw new Error("two rollups");
    const named = (chainId: bigint): RollupParameters => ({ ...other, chainId, name: `rollup ${chainId}` });
    const network = (chainIds: readonly bigint[], terms: object): NetworkParameters => ({
      ...parameters,
      governance: { ...parameters.governance, notice: 100_000n, ...terms },
      rollups: [own, ...chainIds.map(named)],
    });
    const { rollup, plan } = await deployOn(home, network([1n, 2n, 3n], {}));
    await rollup.networkHelpers.impersonateAccount(plan.addresses.RollupTimelock);
    await rollup.networkHelpers.setBalance(plan.addresses.RollupTimelock, 10n ** 20n);
    const administrator = await rollup.ethers.getSigner(plan.addresses.RollupTimelock);
    for (const wanted of [
      // Another rollup in the place of one; then one more, which lowers the ceilings of all; then fewer again.
      network([4n, 2n, 3n], { votingDelay: 50_000n, votingPeriod: 40_000n }),
      network([5n, 4n, 2n, 3n], { votingDelay: 1_000n, votingPeriod: 90_000n }),
      network([6n, 2n], { votingDelay: 3_600n, votingPeriod: 86_400n }),
    ]) {
      const then = planRollup(wanted, own.chainId, artifacts);
      const inspect = () => inspectRollup(then, providerReader(rollup.ethers.provider));
      const { calls, differences } = await inspect();
      expect(namesOf(differences)).to.include.members(["EraGovernor.terms.votingDelay", "EraGovernor.spokes"]);
      for (const { target, data } of calls) await administrator.sendTransaction({ to: target, data });
      expect((await inspect()).differences).to.deep.equal([]);
    }
  }).timeout(60_000);
});
