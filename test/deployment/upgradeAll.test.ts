import { expect } from "chai";
import { ethers, type Signer } from "ethers";
import { ZERO_HASH, type Address } from "../../sdk/src/bytes.ts";
import { CONTRACTS } from "../../sdk/src/deployment/addresses.ts";
import {
  GuardianSet__factory,
  MetalayerGateway__factory,
  RollupRegistry__factory,
  StateRootInbox__factory,
} from "../../typechain-types/index.js";
import { artifacts, deployOn, namesOf, openNetwork } from "../helpers/deployedNetwork.ts";

type Code = Extract<(typeof CONTRACTS)[number], `${string}Code`>;
type Proxied = Code extends `${infer P}Code` ? P : never;

const NAMES = CONTRACTS.flatMap((name) => {
  const found = /^(\w+)Code$/.exec(name);
  // CAST: every contract called XCode stands behind the proxy X.
  return found === null ? [] : [{ proxy: found[1] as Proxied, code: name as Code }];
});

/** A rollup of two, on which the timelock has put new code behind every proxy in one go, with no initialiser run. */
async function upgraded() {
  const { rollups, parameters } = await openNetwork(["rollupA", "rollupB"]);
  const [, rollup] = rollups;
  if (rollup === undefined) throw new Error("two rollups");
  const deployed = await deployOn(rollup, parameters);
  const { plan } = deployed;
  const timelock = await actAs(rollup, plan.addresses.RollupTimelock);
  const added = new Map<string, string>();
  for (const { proxy, code } of NAMES) {
    const old = plan.contracts.find(({ name }) => name === code);
    const sent = await rollup.stranger.sendTransaction({ data: old?.initCode ?? "0x" });
    const implementation = (await sent.wait())?.contractAddress ?? "";
    const target = new ethers.Contract(plan.addresses[proxy], ["function upgradeToAndCall(address, bytes)"], timelock);
    await target.getFunction("upgradeToAndCall").send(implementation, "0x");
    added.set(proxy, implementation);
  }
  return { rollup, deployed, plan, parameters, added };
}

async function actAs(rollup: Awaited<ReturnType<typeof openNetwork>>["home"], account: Address): Promise<Signer> {
  await rollup.networkHelpers.impersonateAccount(account);
  await rollup.networkHelpers.setBalance(account, 10n ** 20n);
  return rollup.ethers.getSigner(account);
}

describe("an upgrade of every contract at once", () => {
  it("EXPLOITS 29 C23 keeps every setting, role and limit although no initialiser ran: only the code is another", async () => {
    const { deployed, added } = await upgraded();
    expect(added.size).to.be.greaterThan(7);
    const { differences } = await deployed.inspect();
    const expected = [...added.keys()].map((name) => `${name}.implementation`).sort();
    expect(namesOf(differences)).to.deep.equal(expected);
  });

  it("EXPLOITS 18 zero still authorises nothing: no root, head, rollup, table, lane or delivery that nobody set", async () => {
    const { rollup, plan } = await upgraded();
    const { addresses } = plan;
    const inbox = StateRootInbox__factory.connect(addresses.StateRootInbox, rollup.stranger);
    const registry = RollupRegistry__factory.connect(addresses.RollupRegistry, rollup.stranger);
    const gateway = MetalayerGateway__factory.connect(addresses.MetalayerGateway, rollup.stranger);
    const set = GuardianSet__factory.connect(addresses.GuardianSet, rollup.stranger);
    const home = plan.parameters.home;
    for (const root of [ZERO_HASH, ethers.id("never attested"), ethers.ZeroHash.replace(/0$/, "1")])
      expect(await inbox.serialOf(root)).to.equal(0n);
    for (const unknown of [0n, 1n, 8_199n]) {
      expect((await registry.rollup(unknown)).status, `rollup ${unknown}`).to.equal(0n);
      expect((await gateway.inLane(unknown)).status, `lane of ${unknown}`).to.equal(0n);
    }
    for (const nonce of [0n, 255n, 2n ** 63n]) expect(await gateway.isDelivered(home, nonce)).to.equal(false);
    expect(await inbox.stateRootOf(home, 0n)).to.equal(ZERO_HASH);
    expect([await set.isAccepted(0), await set.isAccepted(77)]).to.deep.equal([false, false]);
    for (const bytes of ["0x", "0x00", `0x${"00".repeat(200)}`]) {
      await expect(gateway.relay(bytes, "0x")).to.be.revert(rollup.ethers);
      await expect(inbox.submit(bytes)).to.be.revert(rollup.ethers);
    }
  });

  it("EXPLOITS 20 EXPLOITS 11 leaves neither proxy nor old nor new code that anybody can initialise", async () => {
    const { rollup, plan, added } = await upgraded();
    for (const { proxy, code } of NAMES) {
      const places = [plan.addresses[proxy], plan.addresses[code], added.get(proxy) ?? ""];
      const abi = new ethers.Interface(artifacts(proxy).abi);
      const initialisers: ethers.FunctionFragment[] = [];
      abi.forEachFunction((each) => {
        if (/initiali[sz]e/i.test(each.name)) initialisers.push(each);
      });
      expect(initialisers.length, proxy).to.be.greaterThan(0);
      for (const place of places)
        for (const { inputs, name } of initialisers) {
          const args = inputs.map(filled);
          const contract = new ethers.Contract(place, abi, rollup.stranger);
          await expect(contract.getFunction(name).send(...args)).to.be.revertedWithCustomError(
            contract,
            "InvalidInitialization",
          );
        }
    }

    function filled({ type, components }: ethers.ParamType): unknown {
      if (components !== null) return components.map(() => 3_600n);
      return type === "address" ? rollup.stranger.address : 3_600n;
    }
  });
});
