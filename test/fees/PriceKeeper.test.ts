import { expect } from "chai";
import { ethers } from "ethers";
import { boundsStruct } from "../../sdk/src/deployment/economySettings.ts";
import type { PriceBounds } from "../../sdk/src/deployment/parameters.ts";
import { deployOn, namesOf, openNetwork } from "../helpers/deployedNetwork.ts";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { OTHER } from "../helpers/mutations.ts";
import { randomSource } from "../invariant/campaign.ts";

const BOUNDS: PriceBounds = {
  basePrice: { floor: 1_000n, cap: 4_000n },
  pricePerByte: { floor: 2_000n, cap: 9_000n },
  pricePerKGas: { floor: 10_000n, cap: 40_000n },
  step: 200n,
  interval: 600n,
};
const NONE = boundsStruct(undefined);

async function fixture() {
  const { rollups, parameters } = await openNetwork(["rollupA", "rollupB"]);
  const [rollup] = rollups;
  if (rollup === undefined) throw new Error("no rollup");
  const deployed = await deployOn(rollup, parameters);
  const { addresses } = deployed.plan;
  const as = async (account: string) => {
    await rollup.networkHelpers.impersonateAccount(account);
    await rollup.networkHelpers.setBalance(account, 10n ** 20n);
    return rollup.ethers.getSigner(account);
  };
  const keeper = await as(parameters.priceKeeper ?? "");
  const governance = await as(addresses.RollupTimelock);
  const prices = await rollup.ethers.getContractAt("PriceKeeper", addresses.PriceKeeper, keeper);
  const gateway = await rollup.ethers.getContractAt("MetalayerGateway", addresses.MetalayerGateway);
  const fees = await rollup.ethers.getContractAt("FeeController", addresses.FeeController, governance);
  const manager = await rollup.ethers.getContractAt("AccessManager", addresses.AccessManager, governance);
  await prices.connect(governance).setBounds(OTHER, boundsStruct(BOUNDS));
  const current = async () => {
    const { basePrice, pricePerByte, pricePerKGas, fundShare, burnShare, maxGasLimit } = (await gateway.outLane(OTHER))
      .prices;
    return { basePrice, pricePerByte, pricePerKGas, fundShare, burnShare, maxGasLimit };
  };
  const start = await current();
  const move = (base: bigint, byte = start.pricePerByte, gas = start.pricePerKGas) =>
    prices.movePrices(OTHER, base, byte, gas);
  const later = async (seconds: bigint): Promise<unknown> => rollup.networkHelpers.time.increase(seconds);
  return {
    rollup,
    deployed,
    parameters,
    keeper,
    governance,
    prices,
    gateway,
    fees,
    manager,
    current,
    start,
    move,
    later,
  };
}

describe("PriceKeeper", () => {
  describe("movePrices", () => {
    it("moves the three prices of a destination within the bounds and leaves shares and gas limit", async () => {
      const { prices, start, current, move, fees } = await fixture();
      const [base, byte, gas] = [start.basePrice + 400n, start.pricePerByte - 1_000n, start.pricePerKGas + 4_000n];
      const swept = await fees.swept(OTHER);
      await expect(move(base, byte, gas))
        .to.emit(prices, "PricesMoved")
        .withArgs(OTHER, base, byte, gas);
      const expected = { ...start, basePrice: base, pricePerByte: byte, pricePerKGas: gas };
      expect(await current()).to.deep.equal(expected);
      expect(await fees.swept(OTHER)).to.deep.equal(swept);
    });

    it("is the keeper's: neither strangers nor pauser nor governance's own account move anything here", async () => {
      const { prices, rollup, parameters, governance, start } = await fixture();
      for (const account of [rollup.stranger, await rollup.ethers.getImpersonatedSigner(parameters.pausers[0] ?? "")]) {
        await rollup.networkHelpers.setBalance(account.address, 10n ** 20n);
        await expect(prices.connect(account).movePrices(OTHER, start.basePrice + 1n, 1n, 1n))
          .to.be.revertedWithCustomError(prices, "AccessManagedUnauthorized")
          .withArgs(account.address);
      }
      await expect(prices.connect(governance).movePrices(OTHER, start.basePrice + 1n, 1n, 1n))
        .to.be.revertedWithCustomError(prices, "AccessManagedUnauthorized")
        .withArgs(governance.address);
    });

    it("EXPLOITS 33 is all that a stolen keeper's key can do: no other function of the protocol's own contracts", async () => {
      const { keeper, fees, gateway, prices, start, manager } = await fixture();
      await expect(fees.connect(keeper).setPrices(OTHER, start))
        .to.be.revertedWithCustomError(fees, "AccessManagedUnauthorized")
        .withArgs(keeper.address);
      await expect(gateway.connect(keeper).setPrices(OTHER, start))
        .to.be.revertedWithCustomError(gateway, "GatewayUnauthorized")
        .withArgs(keeper.address);
      await expect(prices.setBounds(OTHER, NONE))
        .to.be.revertedWithCustomError(prices, "AccessManagedUnauthorized")
        .withArgs(keeper.address);
      const selectors: string[] = [];
      fees.interface.forEachFunction(({ selector }) => selectors.push(selector));
      for (const selector of selectors) {
        const [allowed] = await manager.canCall(await prices.getAddress(), await fees.getAddress(), selector);
        expect(allowed, selector).to.equal(selector === fees.interface.getFunction("setPrices").selector);
      }
    });

    it("EXPLOITS 18 moves nothing without bounds", async () => {
      const { prices, governance, move, start } = await fixture();
      await expect(prices.connect(governance).setBounds(OTHER, NONE))
        .to.emit(prices, "BoundsChanged")
        .withArgs(OTHER, Object.values(NONE));
      await expect(move(start.basePrice + 1n))
        .to.be.revertedWithCustomError(prices, "KeeperNoBounds")
        .withArgs(OTHER);
      await expect(prices.movePrices(77n, 1n, 1n, 1n))
        .to.be.revertedWithCustomError(prices, "KeeperNoBounds")
        .withArgs(77n);
    });

    it("refuses a price outside its bounds, by one either way", async () => {
      const { prices, fees, start, later, current } = await fixture();
      for (const [name, range] of [
        ["basePrice", BOUNDS.basePrice],
        ["pricePerByte", BOUNDS.pricePerByte],
        ["pricePerKGas", BOUNDS.pricePerKGas],
      ] as const) {
        for (const [edge, beyond] of [
          [range.floor, range.floor - 1n],
          [range.cap, range.cap + 1n],
        ] as const) {
          const near = { ...start, [name]: edge };
          const to = { ...near, [name]: beyond };
          await fees.setPrices(OTHER, near);
          await later(BOUNDS.interval);
          await expect(prices.movePrices(OTHER, to.basePrice, to.pricePerByte, to.pricePerKGas))
            .to.be.revertedWithCustomError(prices, "KeeperOutOfBounds")
            .withArgs(OTHER, beyond, range.floor, range.cap);
          const inside = { ...near, [name]: edge === range.cap ? edge - 1n : edge + 1n };
          await prices.movePrices(OTHER, inside.basePrice, inside.pricePerByte, inside.pricePerKGas);
          expect((await current())[name]).to.equal(inside[name]);
        }
      }
    });

    it("refuses a step above the largest, by one, and takes the largest", async () => {
      const { prices, start, move, later } = await fixture();
      const most = (start.basePrice * BOUNDS.step) / 1_000n;
      for (const to of [start.basePrice + most + 1n, start.basePrice - most - 1n]) {
        await expect(move(to))
          .to.be.revertedWithCustomError(prices, "KeeperStepTooLarge")
          .withArgs(OTHER, start.basePrice, to, BOUNDS.step);
      }
      await move(start.basePrice + most);
      await later(BOUNDS.interval);
      await expect(move(start.basePrice + most)).to.be.revertedWithCustomError(prices, "KeeperUnchanged");
    });

    it("waits the interval between two moves, to the second, for each destination by itself", async () => {
      const { prices, rollup, start, move } = await fixture();
      await move(start.basePrice + 1n);
      const earliest = (await prices.movedAt(OTHER)) + BOUNDS.interval;
      const { time } = rollup.networkHelpers;
      await time.setNextBlockTimestamp(earliest - 1n);
      await expect(move(start.basePrice + 2n))
        .to.be.revertedWithCustomError(prices, "KeeperTooEarly")
        .withArgs(OTHER, earliest);
      await time.setNextBlockTimestamp(earliest);
      await move(start.basePrice + 2n);
      expect(await prices.movedAt(OTHER)).to.equal(earliest);
    });

    it("leads nowhere from a price of 0, and leaves alone what governance has put outside the bounds", async () => {
      const { prices, fees, start, current } = await fixture();
      await fees.setPrices(OTHER, { ...start, basePrice: 0n, pricePerByte: 1n });
      await expect(prices.movePrices(OTHER, BOUNDS.basePrice.floor, 1n, start.pricePerKGas))
        .to.be.revertedWithCustomError(prices, "KeeperStepTooLarge")
        .withArgs(OTHER, 0n, BOUNDS.basePrice.floor, BOUNDS.step);
      await prices.movePrices(OTHER, 0n, 1n, start.pricePerKGas + 1n);
      const { basePrice, pricePerByte, pricePerKGas } = await current();
      expect([basePrice, pricePerByte, pricePerKGas]).to.deep.equal([0n, 1n, start.pricePerKGas + 1n]);
    });

    it("does not bind governance, which sets any price at once", async () => {
      const { fees, start, current } = await fixture();
      await fees.setPrices(OTHER, { ...start, basePrice: 100_000n });
      expect((await current()).basePrice).to.equal(100_000n);
    });

    it(`never leaves the bounds, whatever a keeper tries as often as it can (seed ${FUZZ_SEED})`, async () => {
      const { prices, start, later, current } = await fixture();
      let last = start;
      const random = randomSource(FUZZ_SEED);
      for (let round = 0; round < 60; round++) {
        await later(BOUNDS.interval);
        const near = (price: bigint): bigint => (price * BigInt(850 + random(300))) / 1_000n;
        const to = [near(last.basePrice), near(last.pricePerByte), near(last.pricePerKGas)] as const;
        await prices.movePrices(OTHER, ...to).catch(() => undefined);
        const now = await current();
        for (const name of ["basePrice", "pricePerByte", "pricePerKGas"] as const) {
          expect(now[name] >= BOUNDS[name].floor && now[name] <= BOUNDS[name].cap, name).to.equal(true);
          const change = now[name] > last[name] ? now[name] - last[name] : last[name] - now[name];
          expect(change * 1_000n <= last[name] * BOUNDS.step, name).to.equal(true);
        }
        last = now;
      }
      expect(last).not.to.deep.equal(start);
    });
  });

  describe("setBounds", () => {
    it("is governance's, and refuses what would hold nothing", async () => {
      const { prices, governance, rollup } = await fixture();
      await expect(prices.connect(rollup.stranger).setBounds(OTHER, NONE))
        .to.be.revertedWithCustomError(prices, "AccessManagedUnauthorized")
        .withArgs(rollup.stranger.address);
      const good = boundsStruct(BOUNDS);
      for (const change of [
        { step: 0n },
        { step: 1_001n },
        { interval: 0n },
        { baseFloor: 0n },
        { byteFloor: 0n },
        { gasFloor: 0n },
        { baseFloor: BOUNDS.basePrice.cap + 1n },
        { byteFloor: BOUNDS.pricePerByte.cap + 1n },
        { gasFloor: BOUNDS.pricePerKGas.cap + 1n },
        { gasCap: 0n },
      ]) {
        const bad = { ...good, ...change };
        await expect(prices.connect(governance).setBounds(OTHER, bad))
          .to.be.revertedWithCustomError(prices, "KeeperInvalidBounds")
          .withArgs(OTHER, Object.values(bad));
      }
      expect(await prices.boundsOf(OTHER)).to.deep.equal(Object.values(good));
    });
  });

  it("prices that the keeper has moved are no drift; beyond the bounds of the parameters they are", async () => {
    const { deployed, prices, governance, parameters, fees, start } = await fixture();
    const own = parameters.rollups.find(({ chainId }) => chainId === OTHER)?.priceBounds;
    await prices.connect(governance).setBounds(OTHER, boundsStruct(own));
    await prices.movePrices(OTHER, start.basePrice - 200n, start.pricePerByte - 1n, start.pricePerKGas);
    expect((await deployed.inspect()).differences).to.deep.equal([]);
    await fees.setPrices(OTHER, { ...start, basePrice: (own?.basePrice.floor ?? 0n) - 1n });
    expect(namesOf((await deployed.inspect()).differences)).to.deep.equal([
      `MetalayerGateway.outLane(${OTHER}).basePrice`,
    ]);
  });

  it("refuses to be without the contracts that it asks", async () => {
    const { rollup, prices } = await fixture();
    const { address } = rollup.stranger;
    for (const args of [
      [address, ethers.ZeroAddress, address],
      [address, address, ethers.ZeroAddress],
    ]) {
      await expect(rollup.ethers.deployContract("PriceKeeper", args))
        .to.be.revertedWithCustomError(prices, "KeeperInvalidWiring")
        .withArgs(args[1], args[2]);
    }
  });
});
