import { expect } from "chai";
import { AbiCoder, id, ZeroAddress } from "ethers";
import { ERC1967Proxy__factory, OmniAccount__factory, OmniUpgradeMock__factory } from "../../typechain-types/index.js";
import { openLanes } from "../helpers/network.ts";
import {
  addressAt,
  callNumber,
  deployed,
  deliverTo,
  omniNetwork,
  setCall,
  type OmniNetwork,
  type OmniSite,
} from "../helpers/omni.ts";

const GAS = 300_000n;

/** The mock on all rollups, and calls of it in its owner's name. */
async function running() {
  const omni = await deployed();
  const { a, b, owner, apps } = omni;
  const [onA, onB, onC] = apps;
  if (onA === undefined || onB === undefined || onC === undefined) throw new Error("three rollups");
  const at = (site: OmniSite) => addressAt(omni, site);
  const callOf = ({ chainId }: OmniSite, target: string, data: string) => ({ chainId, target, data, gasLimit: GAS });
  const set = async (value: bigint, sites: readonly OmniSite[], supersede = false) => {
    const calls = sites.map((site) => callOf(site, at(site), setCall(value)));
    return a.deployer.connect(owner).execute(calls, supersede);
  };
  const account = await b.deployer.accountOf(a.chainId, omni.ownerAddress);
  return { ...omni, onA, onB, onC, at, set, callOf, account };
}

describe("OmniDeployer, calls", () => {
  describe("execute", () => {
    it("changes all instances of an application with one transaction, in its owner's name", async () => {
      const omni = await running();
      const { a, b, c, onA, onB, onC, set, account } = omni;
      const local = await a.deployer.accountOf(a.chainId, omni.ownerAddress);
      const tx = await set(5n, [a, b, c]);
      await expect(tx).to.emit(a.deployer, "CallSent").withArgs(local, b.chainId, onB, callNumber(1n), anyHash);
      expect(await onA.value()).to.equal(5n);
      expect([...(await deliverTo(omni, a, b)), ...(await deliverTo(omni, a, c))]).to.deep.equal([]);
      expect([await onB.value(), await onC.value()]).to.deep.equal([5n, 5n]);
      const [made] = await b.deployer.queryFilter(b.deployer.filters.CallMade());
      expect(made?.args).to.deep.equal([account, onB.target, callNumber(1n)]);
      expect(await a.deployer.callsSent(local, b.chainId, onB)).to.equal(callNumber(1n));
      expect(await b.deployer.callsDone(account, onB)).to.equal(callNumber(1n));
    });

    it("EXPLOITS 13 acts for nobody but its caller, and leaves everybody else without a say", async () => {
      const omni = await running();
      const { a, b, at, onA, onB, callOf } = omni;
      const stranger = a.deployer.connect(a.rollup.relayer);
      const unauthorized = "OwnableUnauthorizedAccount";
      await expect(stranger.execute([callOf(a, at(a), setCall(1n))], false))
        .to.be.revertedWithCustomError(onA, unauthorized)
        .withArgs(await a.deployer.accountOf(a.chainId, a.rollup.relayer));
      await stranger.execute([callOf(b, at(b), setCall(1n))], true);
      expect(await deliverTo(omni, a, b)).to.deep.equal([
        `${unauthorized}(${await b.deployer.accountOf(a.chainId, a.rollup.relayer)})`,
      ]);
      await expect(onB.connect(b.rollup.user).set(1n)).to.be.revertedWithCustomError(onB, unauthorized);
      expect(await onB.value()).to.equal(b.chainId);
    });

    it("makes calls in the order in which they were sent, whatever the order of delivery", async () => {
      const omni = await running();
      const { a, b, at, onB, set, account } = omni;
      await set(5n, [b]);
      await set(6n, [b]);
      expect(await deliverTo(omni, a, b, { from: 2n })).to.deep.equal([
        `OmniOutOfOrder(${account}, ${at(b)}, ${callNumber(2n)}, 0)`,
      ]);
      expect(await deliverTo(omni, a, b)).to.deep.equal([]);
      expect([await onB.value(), await b.deployer.callsDone(account, onB)]).to.deep.equal([6n, callNumber(2n)]);
    });

    it("C16 holds up calls behind one that fails until it succeeds, and calls of no other target", async () => {
      const omni = await running();
      const { a, b, onB, set, callOf } = omni;
      await onB.close(true);
      await set(5n, [b]);
      await set(6n, [b]);
      const era = b.address;
      await a.deployer
        .connect(omni.owner)
        .execute([callOf(b, era, b.deployer.interface.encodeFunctionData("gateway"))], false);
      const failed = await deliverTo(omni, a, b);
      expect(failed.map((reason) => reason.split("(")[0])).to.deep.equal(["OmniAppMockRefused", "OmniOutOfOrder"]);
      await onB.close(false);
      expect(await deliverTo(omni, a, b)).to.deep.equal([]);
      expect(await onB.value()).to.equal(6n);
    });

    it("EXPLOITS 36 never makes a call that a later one has superseded, and loses no message", async () => {
      const omni = await running();
      const { a, b, at, onB, set, account } = omni;
      await set(13n, [b]);
      await set(5n, [b]);
      await set(6n, [b], true);
      expect(await deliverTo(omni, a, b)).to.deep.equal([
        "OmniAppMockRefused(13)",
        `OmniOutOfOrder(${account}, ${at(b)}, ${callNumber(2n)}, 0)`,
      ]);
      expect(await onB.value()).to.equal(6n);
      await onB.connect(b.rollup.relayer).close(false);
      expect(await deliverTo(omni, a, b)).to.deep.equal([]);
      const overtaken = await b.deployer.queryFilter(b.deployer.filters.CallOvertaken());
      expect(overtaken.map(({ args }) => args)).to.deep.equal([
        [account, onB.target, callNumber(1n), callNumber(3n)],
        [account, onB.target, callNumber(2n), callNumber(3n)],
      ]);
      expect(await onB.value()).to.equal(6n);
      await set(7n, [b]);
      expect(await deliverTo(omni, a, b, { from: 4n })).to.deep.equal([]);
      expect(await onB.value()).to.equal(7n);
    });

    it("EXPLOITS 8 fails where no contract is, and works once it is", async () => {
      const omni = await omniNetwork();
      const { a, b, owner } = omni;
      const execute = a.deployer.connect(owner);
      const nobody = await b.rollup.relayer.getAddress();
      const call = { target: nobody, data: "0x", gasLimit: GAS };
      await expect(execute.execute([{ ...call, chainId: a.chainId }], false)).to.be.revertedWithCustomError(
        OmniAccount__factory.connect(ZeroAddress, owner),
        "AddressEmptyCode",
      );
      await execute.execute([{ ...call, chainId: b.chainId }], false);
      expect(await deliverTo(omni, a, b)).to.have.length(1);
      expect(await b.deployer.callsDone(await b.deployer.accountOf(a.chainId, owner), nobody)).to.equal(0n);
    });

    it("refuses no calls, too many, and rollups that it cannot reach", async () => {
      const { a, b, at, callOf, owner } = await running();
      const execute = a.deployer.connect(owner);
      const call = { ...callOf(a, at(b), "0x"), chainId: 999n };
      for (const count of [0, 65]) {
        await expect(
          execute.execute(
            Array.from({ length: count }, () => call),
            false,
          ),
        )
          .to.be.revertedWithCustomError(a.deployer, "OmniInvalidCount")
          .withArgs(count, 64n);
      }
      await expect(execute.execute([call], false))
        .to.be.revertedWithCustomError(a.rollup.gateway, "GatewayUnknownRollup")
        .withArgs(999n);
    });

    it("R10 C12 makes the calls of a rollup that began anew, whose lanes count from 1 again", async () => {
      const omni = await running();
      const { a, b, onB, set, account } = omni;
      const before = await a.rollup.connection.networkHelpers.takeSnapshot();
      for (const value of [5n, 6n, 7n]) await set(value, [b]);
      expect(await deliverTo(omni, a, b)).to.deep.equal([]);
      await before.restore();
      await begin(omni, [2n, 1n]);
      await set(8n, [b]);
      await set(9n, [b], true);
      expect(await deliverTo(omni, a, b, { to: 1n })).to.deep.equal([]);
      expect([await onB.value(), await b.deployer.callsDone(account, onB)]).to.deep.equal([
        8n,
        callNumber(1n, [2n, 1n]),
      ]);
      expect(await deliverTo(omni, a, b)).to.deep.equal([]);
      expect([await onB.value(), await b.deployer.callsDone(account, onB)]).to.deep.equal([
        9n,
        callNumber(2n, [2n, 1n]),
      ]);
      expect(await b.deployer.queryFilter(b.deployer.filters.CallOvertaken())).to.deep.equal([]);
    });

    it("R10 C12 makes calls on a rollup that began anew, and waits for none that the old one did not get", async () => {
      const omni = await running();
      const { a, b, at, onB, set, account } = omni;
      await set(5n, [b]);
      expect(await deliverTo(omni, a, b)).to.deep.equal([]);
      await set(6n, [b]);
      await begin(omni, [1n, 2n]);
      await set(7n, [b]);
      await set(8n, [b]);
      const [second, done] = [callNumber(2n, [1n, 2n]), callNumber(1n)];
      expect(await deliverTo(omni, a, b, { from: 1n }), "in the order of sending").to.deep.equal([
        `OmniOutOfOrder(${account}, ${at(b)}, ${second}, ${done})`,
      ]);
      expect(await deliverTo(omni, a, b)).to.deep.equal([]);
      expect([await onB.value(), await b.deployer.callsDone(account, onB)]).to.deep.equal([8n, second]);
    });

    it("upgrades an application on all rollups with two transactions", async () => {
      const omni = await omniNetwork("same");
      const { a, b, c, owner, ownerAddress, sites } = omni;
      const deployer = a.deployer.connect(owner);
      const account = await a.deployer.accountOf(a.chainId, ownerAddress);
      const everywhere = (args: string) =>
        sites.map(({ chainId }) => ({ chainId, args, initialCall: "0x", gasLimit: 2_000_000n }));
      const place = async (salt: string, code: string, args: string) => {
        const app = await deployer.deploy.staticCall(salt, code, everywhere(args));
        await deployer.deploy(salt, code, everywhere(args));
        return app;
      };
      const [coder, abi] = [AbiCoder.defaultAbiCoder(), OmniUpgradeMock__factory.createInterface()];
      const code = (version: bigint) =>
        place(
          id(`version ${version}`),
          OmniUpgradeMock__factory.bytecode,
          coder.encode(["address", "uint256"], [account, version]),
        );
      const first = await code(1n);
      const proxy = await place(
        id("proxy"),
        ERC1967Proxy__factory.bytecode,
        coder.encode(["address", "bytes"], [first, abi.encodeFunctionData("VERSION")]),
      );
      const second = await code(2n);
      const data = abi.encodeFunctionData("upgradeToAndCall", [second, "0x"]);
      await deployer.execute(
        sites.map(({ chainId }) => ({ chainId, target: proxy, data, gasLimit: GAS })),
        false,
      );
      for (const site of [b, c]) expect(await deliverTo(omni, a, site)).to.deep.equal([]);
      for (const { rollup } of sites) {
        expect(await OmniUpgradeMock__factory.connect(proxy, rollup.user).VERSION()).to.equal(2n);
        expect(await OmniUpgradeMock__factory.connect(first, rollup.user).VERSION()).to.equal(1n);
      }
    });
  });

  describe("accounts", () => {
    it("EXPLOITS 3 obey nobody but the deployer, and neither does their code", async () => {
      const { a, b, onB, account, owner } = await running();
      const code = await b.rollup.connection.ethers.provider.getCode(account);
      const implementation = `0x${code.slice(22, 62)}`;
      for (const address of [account, implementation]) {
        const contract = OmniAccount__factory.connect(address, b.rollup.user);
        expect(await contract.deployer()).to.equal(b.deployer.target);
        await expect(contract.execute(onB, setCall(1n)))
          .to.be.revertedWithCustomError(contract, "OmniAccountUnauthorized")
          .withArgs(await b.rollup.user.getAddress());
      }
      expect(await a.deployer.accountOf(a.chainId, owner)).not.to.equal(account);
    });
  });
});

/** Both rollups admit each other anew, in these incarnations. */
async function begin({ a, b }: OmniNetwork, [ofA, ofB]: readonly [bigint, bigint]): Promise<void> {
  await openLanes(a.rollup, b.rollup, ofA, ofB);
  await openLanes(b.rollup, a.rollup, ofB, ofA);
}

const anyHash = (value: string): boolean => /^0x[0-9a-f]{64}$/.test(value);
