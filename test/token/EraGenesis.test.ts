import { expect } from "chai";
import { encodeBytes32String, ethers, getCreateAddress } from "ethers";
import { airdropTree } from "../../sdk/src/airdrop.ts";
import type { Address } from "../../sdk/src/bytes.ts";
import { Era__factory, EraGenesis__factory } from "../../typechain-types/index.js";
import { openRollup } from "../helpers/rollup.ts";
import { ERA } from "../helpers/votes.ts";

type PartStruct = Parameters<EraGenesis__factory["deploy"]>[2][number];

const SUPPLY = 1_000_000_000n * ERA;
/** A twelfth of a year of 365.25 days. */
const MONTH = 2_629_800n;

async function fixture() {
  const rollup = await openRollup("rollupA");
  const [deployer, team, fund, alice, bob, stranger] = await rollup.ethers.getSigners();
  if (!deployer || !team || !fund || !alice || !bob || !stranger) throw new Error("not enough accounts");
  const { chainId } = await rollup.ethers.provider.getNetwork();
  const from = deployer.address;
  const genesisAddress = getCreateAddress({ from, nonce: (await deployer.getNonce()) + 1 });
  const era = await new Era__factory(deployer).deploy(from, from, from, from, chainId, genesisAddress);
  const begin = BigInt(await rollup.networkHelpers.time.latest());
  const list = airdropTree([
    { account: alice.address as Address, amount: 30n * ERA }, // CAST: an address
    { account: bob.address as Address, amount: 50n * ERA }, // CAST: an address
    { account: from as Address, amount: 20n * ERA }, // CAST: an address
  ]);
  const part = (name: string, amount: bigint, beneficiary: string): PartStruct => {
    const rest = { start: 0n, duration: 0n, root: ethers.ZeroHash, deadline: 0n };
    return { name: encodeBytes32String(name), amount, beneficiary, ...rest };
  };
  const deadline = begin + 90n * 86_400n;
  const parts = [
    { ...part("team", 150_000_000n * ERA, team.address), start: begin + 12n * MONTH, duration: 24n * MONTH },
    { ...part("airdrop", 70_000_000n * ERA, fund.address), root: list.root, deadline },
    part("fund", 780_000_000n * ERA, fund.address),
  ];
  // The part of GuardianRewards: test/deployment/deployment.test.ts, where the real one stands.
  const place = (changed: readonly PartStruct[] = parts) =>
    new EraGenesis__factory(deployer).deploy(era, stranger, [...changed]);
  return { rollup, era, team, fund, alice, bob, stranger, begin, list, parts, place, part, deadline };
}

async function placed() {
  const state = await fixture();
  const { rollup, place } = state;
  const genesis = await place();
  const holder = async (index: number): Promise<string> => (await genesis.part(index)).holder;
  const wallet = await rollup.ethers.getContractAt("VestingWallet", await holder(0));
  const airdrop = await rollup.ethers.getContractAt("EraAirdrop", await holder(1));
  return { ...state, genesis, wallet, airdrop, time: rollup.networkHelpers.time };
}

describe("EraGenesis", () => {
  it("gives every part to its holder in its own creation and keeps nothing", async () => {
    const { genesis, era, fund, wallet, airdrop, parts } = await placed();
    const holders = [await wallet.getAddress(), await airdrop.getAddress(), fund.address];
    expect(await genesis.partCount()).to.equal(3n);
    for (const [index, { name, amount }] of parts.entries()) {
      expect(await genesis.part(index)).to.deep.equal([name, amount, holders[index]]);
      expect(await era.balanceOf(holders[index] ?? "")).to.equal(amount);
    }
    expect(await era.balanceOf(genesis)).to.equal(0n);
    expect(genesis.interface.fragments.filter((one) => one.type === "function").length).to.equal(2);
  });

  it("refuses parts that are not exactly all ERA, by one wei either way", async () => {
    const { place, parts, rollup, era } = await fixture();
    for (const wrong of [1n, -1n]) {
      const sum = SUPPLY + wrong;
      const changed = parts.map((one, index) => (index === 2 ? { ...one, amount: BigInt(one.amount) + wrong } : one));
      const { interface: abi } = await rollup.ethers.getContractFactory("EraGenesis");
      const expected = wrong < 0n ? { interface: abi } : era;
      const failing = expect(place(changed)).to.be;
      if (wrong < 0n) await failing.revertedWithCustomError(expected, "GenesisWrongSum").withArgs(sum, SUPPLY);
      else await failing.revertedWithCustomError(expected, "ERC20InsufficientBalance");
    }
  });

  it("refuses a part of nothing, for nobody, of two kinds, or that ends before it begins", async () => {
    const { place, parts, rollup, begin } = await fixture();
    const factory = await rollup.ethers.getContractFactory("EraGenesis");
    for (const [index, change] of [
      [0, { amount: 0n }],
      [2, { beneficiary: ethers.ZeroAddress }],
      [1, { duration: 1n }],
      [1, { deadline: begin }],
    ] as const) {
      const changed = parts.map((one, place) => (place === index ? { ...one, ...change } : one));
      await expect(place(changed)).to.be.revertedWithCustomError(factory, "GenesisInvalidPart").withArgs(index);
    }
  });

  describe("vesting", () => {
    it("gives nothing until month 12, half at 24, all at 36, and a 24th of it in every month between", async () => {
      const { wallet, era, begin, team, time } = await placed();
      const total = 150_000_000n * ERA;
      const vested = wallet.getFunction("vestedAmount(address,uint64)");
      for (let month = 0n; month <= 40n; month++) {
        const running = month < 12n ? 0n : month > 36n ? 24n : month - 12n;
        expect(await vested(era, begin + month * MONTH), `month ${month}`).to.equal((total * running) / 24n);
      }
      expect(await vested(era, begin + 24n * MONTH)).to.equal(total / 2n);
      const release = () => wallet.getFunction("release(address)").send(era);
      await time.increaseTo(begin + 12n * MONTH - 10n);
      await release();
      expect(await era.balanceOf(team)).to.equal(0n);
      await time.increaseTo(begin + 36n * MONTH);
      await release();
      expect(await era.balanceOf(team)).to.equal(total);
    });
  });
});

describe("EraAirdrop", () => {
  it("pays what the list says to the account on it, whoever claims, once", async () => {
    const { airdrop, era, alice, stranger, list } = await placed();
    const proof = [...list.proof(alice.address as Address)]; // CAST: an address
    await expect(airdrop.connect(stranger).claim(alice, 30n * ERA, proof))
      .to.emit(airdrop, "Claimed")
      .withArgs(alice, 30n * ERA);
    expect(await era.balanceOf(alice)).to.equal(30n * ERA);
    expect(await airdrop.isClaimed(alice)).to.equal(true);
    await expect(airdrop.claim(alice, 30n * ERA, proof))
      .to.be.revertedWithCustomError(airdrop, "AirdropAlreadyClaimed")
      .withArgs(alice);
  });

  it("EXPLOITS 18 pays nothing for another amount, another account, another proof, or an inner node", async () => {
    const { airdrop, alice, bob, stranger, list } = await placed();
    const proof = [...list.proof(alice.address as Address)]; // CAST: an address
    for (const [account, amount, given] of [
      [alice, 31n * ERA, proof],
      [stranger, 30n * ERA, proof],
      [bob, 50n * ERA, proof],
      [alice, 30n * ERA, []],
      [alice, 30n * ERA, [...proof, list.root]],
      [stranger, 0n, [list.root]],
    ] as const) {
      await expect(airdrop.claim(account, amount, [...given]))
        .to.be.revertedWithCustomError(airdrop, "AirdropNotListed")
        .withArgs(account, amount);
    }
  });

  it("ends at its deadline; the rest goes to the fund", async () => {
    const { airdrop, era, alice, fund, list, deadline, time } = await placed();
    const proof = [...list.proof(alice.address as Address)]; // CAST: an address
    await expect(airdrop.payRemainder()).to.be.revertedWithCustomError(airdrop, "AirdropNotEnded").withArgs(deadline);
    await time.increaseTo(deadline);
    await expect(airdrop.claim(alice, 30n * ERA, proof))
      .to.be.revertedWithCustomError(airdrop, "AirdropEnded")
      .withArgs(deadline);
    const before = await era.balanceOf(fund);
    await expect(airdrop.payRemainder())
      .to.emit(airdrop, "RemainderPaid")
      .withArgs(fund, 70_000_000n * ERA);
    expect(await era.balanceOf(fund)).to.equal(before + 70_000_000n * ERA);
    expect([await airdrop.root(), await airdrop.deadline(), await airdrop.remainderTo()]).to.deep.equal([
      list.root,
      deadline,
      fund.address,
    ]);
  });

  it("refuses missing settings and a deadline that has passed", async () => {
    const { airdrop, era, fund, list, begin, rollup } = await placed();
    const currency = await era.getAddress();
    for (const args of [
      [ethers.ZeroAddress, list.root, begin * 2n, fund.address],
      [currency, ethers.ZeroHash, begin * 2n, fund.address],
      [currency, list.root, begin, fund.address],
      [currency, list.root, begin * 2n, ethers.ZeroAddress],
    ] as const) {
      await expect(rollup.ethers.deployContract("EraAirdrop", [...args]))
        .to.be.revertedWithCustomError(airdrop, "AirdropInvalidSettings")
        .withArgs(...args);
    }
  });
});
