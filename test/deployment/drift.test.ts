import { readFileSync } from "node:fs";
import { expect } from "chai";
import { ethers } from "ethers";
import { immutablesOf } from "../../sdk/src/deployment/code.ts";
import { filesBelow } from "../../scripts/checks/artifacts.ts";
import type { IRollupRegistry } from "../../typechain-types/contracts/messaging/RollupRegistry.ts";
import { artifacts, deployOn, namesOf, openNetwork } from "../helpers/deployedNetwork.ts";
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

  it("gives a batch for the timelock that undoes what can be undone", async () => {
    const { deployed, rollup, plan, administrator } = await fixture();
    const fees = await rollup.ethers.getContractAt("FeeController", plan.addresses.FeeController, administrator);
    const registry = await rollup.ethers.getContractAt("RollupRegistry", plan.addresses.RollupRegistry, administrator);
    const manager = await rollup.ethers.getContractAt("AccessManager", plan.addresses.AccessManager, administrator);
    await fees.setFund(ACCOUNT);
    await fees.setInboundTerms(OTHER, 0, 0);
    await registry.setCeiling(OTHER, 0, 0);
    await manager.grantRole(77, ACCOUNT, 0);
    await manager.setTargetClosed(plan.addresses.Era, true);
    const { calls } = await deployed.inspect();
    for (const { target, data } of calls) await administrator.sendTransaction({ to: target, data });
    expect((await deployed.inspect()).differences).to.deep.equal([]);
  });
});
