import { readFileSync } from "node:fs";
import { expect } from "chai";
import { AbiCoder, id, parseEther } from "ethers";
import { countCodeLines } from "../../scripts/checks/solidity.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import { appAddress } from "../../sdk/src/omni.ts";
import { OmniCounter__factory, OmniToken__factory } from "../../typechain-types/index.js";
import { interop } from "../helpers/network.ts";
import { deliverTo, omniNetwork, type OmniNetwork, type OmniSite } from "../helpers/omni.ts";
import { deliverAllPending } from "../helpers/pending.ts";

const SALT = id("an example") as Hex; // CAST: a hash
const coder = AbiCoder.defaultAbiCoder();

/** One of the examples on all rollups, with arguments of its own on each, from one transaction. */
async function everywhere(
  bytecode: string,
  argsOn: (site: OmniSite, at: (site: OmniSite) => string, omni: OmniNetwork) => Promise<string>,
) {
  const omni = await omniNetwork();
  const owner = { chainId: omni.a.chainId, address: omni.ownerAddress };
  // CAST: a contract's code
  const at = (site: OmniSite) => appAddress(site.address, { owner, salt: SALT, creationCode: bytecode as Hex });
  const placements = await Promise.all(
    omni.sites.map(async (site) => ({
      chainId: site.chainId,
      args: await argsOn(site, at, omni),
      initialCall: "0x",
      gasLimit: 4_000_000n,
    })),
  );
  await omni.a.deployer.connect(omni.owner).deploy(SALT, bytecode, placements);
  await deliverAllPending(omni.net);
  return { ...omni, at };
}

describe("example applications on all rollups", () => {
  for (const name of ["OmniCounter", "OmniToken"]) {
    it(`${name} has less than 30 lines of code`, () => {
      expect(countCodeLines(readFileSync(`contracts/examples/${name}.sol`, "utf8"))).to.be.lessThan(30);
    });
  }
});

describe("OmniCounter, an example application", () => {
  const deploy = () =>
    everywhere(OmniCounter__factory.bytecode, async ({ address }) => coder.encode(["address"], [address]));

  it("counts everywhere what is counted on any rollup", async () => {
    const { net, sites, at } = await deploy();
    const counters = sites.map((site) => OmniCounter__factory.connect(at(site), site.rollup.user));
    for (const [index, counter] of counters.entries()) {
      await counter.increment(sites.filter((_, other) => other !== index).map(({ chainId }) => chainId));
      await deliverAllPending(net);
      expect(await Promise.all(counters.map((each) => each.count()))).to.deep.equal(sites.map(() => BigInt(index + 1)));
    }
  });

  it("EXPLOITS 32 counts for no fake peer: neither another sender, nor without the gateway", async () => {
    const omni = await deploy();
    const { a, b, at } = omni;
    const counter = OmniCounter__factory.connect(at(b), b.rollup.user);
    await a.rollup.gateway.connect(a.rollup.user).sendMessage(interop(b.rollup, at(b)), "0x", []);
    expect(await deliverTo(omni, a, b, { from: 1n })).to.have.length(1);
    const sender = interop(a.rollup, at(a));
    await expect(counter.receiveMessage(SALT, sender, "0x"))
      .to.be.revertedWithCustomError(counter, "ERC7786RecipientUnauthorizedGateway")
      .withArgs(await b.rollup.user.getAddress(), sender);
    expect(await counter.count()).to.equal(0n);
  });
});

describe("OmniToken, an example application", () => {
  const SUPPLY = parseEther("1000");

  /** All supply on A, with the owner's account there. */
  async function deploy() {
    const omni = await everywhere(OmniToken__factory.bytecode, async (site, at, { a, sites, ownerAddress }) => {
      const account = await site.deployer.accountOf(a.chainId, ownerAddress);
      const others = sites.filter((other) => other !== site);
      const links = others.map((other) => [site.rollup.gateway.target, interop(other.rollup, at(other))]);
      const supply = site === a ? SUPPLY : 0n;
      return coder.encode(["address", "uint256", "tuple(address,bytes)[]"], [account, supply, links]);
    });
    const { a, b, owner } = omni;
    const [onA, onB] = [a, b].map((site) => OmniToken__factory.connect(omni.at(site), site.rollup.user));
    if (onA === undefined || onB === undefined) throw new Error("two tokens");
    const { interface: abi } = onA;
    const call = (site: OmniSite, data: string) =>
      a.deployer
        .connect(owner)
        .execute([{ chainId: site.chainId, target: omni.at(site), data, gasLimit: 300_000n }], false);
    await call(a, abi.encodeFunctionData("transfer", [omni.ownerAddress, SUPPLY]));
    return { ...omni, onA, onB, abi, call };
  }

  it("moves between rollups, and its supply stays what it was", async () => {
    const omni = await deploy();
    const { a, b, onA, onB, ownerAddress } = omni;
    await onA.crosschainTransfer(interop(b.rollup, ownerAddress), 7n);
    expect([await onA.totalSupply(), await onB.totalSupply()]).to.deep.equal([SUPPLY - 7n, 0n]);
    await deliverTo(omni, a, b, { from: 1n });
    expect(await onB.balanceOf(ownerAddress)).to.equal(7n);
    await onB.crosschainTransfer(interop(a.rollup, ownerAddress), 3n);
    await deliverTo(omni, b, a);
    expect([await onA.totalSupply(), await onB.totalSupply()]).to.deep.equal([SUPPLY - 4n, 4n]);
  });

  it("is an ERC-7802 token for the bridge that its owner names on each rollup, and for nobody before", async () => {
    const omni = await deploy();
    const { a, b, onB, abi, call, ownerAddress } = omni;
    expect(await onB.supportsInterface("0x33331994")).to.equal(true);
    await expect(onB.crosschainMint(ownerAddress, 5n))
      .to.be.revertedWithCustomError(onB, "OwnableUnauthorizedAccount")
      .withArgs(ownerAddress);
    await call(b, abi.encodeFunctionData("setBridge", [ownerAddress]));
    await deliverTo(omni, a, b, { from: 1n });
    await expect(onB.crosschainMint(ownerAddress, 5n))
      .to.emit(onB, "CrosschainMint")
      .withArgs(ownerAddress, 5n, ownerAddress);
    await expect(onB.crosschainBurn(ownerAddress, 2n))
      .to.emit(onB, "CrosschainBurn")
      .withArgs(ownerAddress, 2n, ownerAddress);
    expect(await onB.totalSupply()).to.equal(3n);
  });

  it("EXPLOITS 32 mints for no fake peer", async () => {
    const omni = await deploy();
    const { a, b, c, onB, ownerAddress } = omni;
    const forged = coder.encode(["bytes", "bytes", "uint256"], ["0x", ownerAddress, SUPPLY]);
    for (const site of [a, c]) {
      await site.rollup.gateway.connect(site.rollup.user).sendMessage(interop(b.rollup, omni.at(b)), forged, []);
    }
    expect([await deliverTo(omni, a, b, { from: 1n }), await deliverTo(omni, c, b)].flat()).to.have.length(2);
    expect(await onB.totalSupply()).to.equal(0n);
  });
});
