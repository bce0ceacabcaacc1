import { expect } from "chai";
import { ZeroAddress, type Signer } from "ethers";
import type { GuardianStaking } from "../../typechain-types/index.js";
import { EPOCH, ETHER, UNBONDING, type EconomyRollup } from "../helpers/economy.ts";
import { stakingScene } from "./stakingScene.ts";

const ALL = 1_000_000n;

describe("GuardianStaking: slashing", () => {
  let a: EconomyRollup;
  let staking: GuardianStaking;
  let slashing: GuardianStaking;
  let staker: Signer;
  let operator: string;
  let other: string;
  let restore: () => Promise<void>;

  before(async () => {
    const scene = await stakingScene();
    ({ a, staking, staker, restore } = scene);
    slashing = a.staking.connect(a.slashing);
    const { getAddress } = a.connection.ethers;
    [operator, other] = [getAddress(scene.operator), getAddress(scene.other)];
    await a.era.connect(staker).transfer(a.user, 1_000n * ETHER);
    await a.era.connect(a.user).approve(staking, 2n ** 256n - 1n);
    await scene.keep();
  });

  afterEach(async () => restore());

  it("is the slashing contract's alone, within fixed bounds", async () => {
    await expect(staking.slash(operator, ALL, ZeroAddress, 0n))
      .to.be.revertedWithCustomError(staking, "StakingUnauthorized")
      .withArgs(await staker.getAddress());
    for (const [fraction, reporter, share] of [
      [0n, operator, 0n],
      [ALL + 1n, operator, 0n],
      [ALL, operator, 50_001n],
      [ALL, ZeroAddress, 1n],
    ] as const) {
      await expect(slashing.slash(operator, fraction, reporter, share))
        .to.be.revertedWithCustomError(staking, "StakingBadSlash")
        .withArgs(fraction, share);
    }
  });

  it("R31 pays the reporter at most a twentieth and burns the rest for good, so a liar that reports itself loses 95 %", async () => {
    await staking.stake(operator, 400n * ETHER);
    const [supply, before] = [await a.era.totalSupply(), await a.era.balanceOf(operator)];
    const outcome = await slashing.slash.staticCall(operator, ALL, operator, 50_000n);
    expect(outcome).to.deep.equal([400n * ETHER, 20n * ETHER]);
    await expect(slashing.slash(operator, ALL, operator, 50_000n))
      .to.emit(staking, "Slashed")
      .withArgs(operator, 400n * ETHER, operator, 20n * ETHER)
      .and.to.emit(a.fees, "BurntForGood")
      .withArgs(await staking.getAddress(), 380n * ETHER);
    expect((await a.era.balanceOf(operator)) - before).to.equal(20n * ETHER);
    expect(supply - (await a.era.totalSupply())).to.equal(380n * ETHER);
    expect(await a.fees.burntForGood()).to.equal(380n * ETHER);
    expect([await staking.totalStaked(), await a.era.balanceOf(staking)]).to.deep.equal([0n, 0n]);
    expect(await a.era.allowance(staking, a.fees)).to.equal(0n);
  });

  it("R26 C8 hits operator, delegators and leavers pro rata, also at the edge of their window", async () => {
    await staking.stake(operator, 300n * ETHER);
    await staking.connect(a.user).stake(operator, 100n * ETHER);
    await staking.unstake(operator, 200n * ETHER);
    const { releaseAt } = await staking.exit(1n);
    await a.connection.networkHelpers.time.increaseTo(releaseAt - 1n);
    await slashing.slash(operator, ALL / 4n, ZeroAddress, 0n);
    expect(await staking.tokensOf(operator, 100n * ETHER)).to.equal(75n * ETHER);
    await expect(staking.withdraw(1n))
      .to.emit(staking, "ExitPaid")
      .withArgs(1n, operator, await staker.getAddress(), 150n * ETHER);
    expect(await staking.tokensOf(operator, await staking.sharesOf(operator, a.user))).to.equal(75n * ETHER);
    expect(await staking.totalStaked()).to.equal(150n * ETHER);
  });

  it("C8 EXPLOITS 17 a second slash takes from what is left, an empty pool gives nothing, other pools nothing ever", async () => {
    await staking.stake(operator, 100n * ETHER);
    await staking.stake(other, 100n * ETHER);
    await slashing.slash(operator, ALL / 2n, ZeroAddress, 0n);
    expect(await slashing.slash.staticCall(operator, ALL, ZeroAddress, 0n)).to.deep.equal([50n * ETHER, 0n]);
    await slashing.slash(operator, ALL, ZeroAddress, 0n);
    await expect(slashing.slash(operator, ALL, operator, 50_000n))
      .to.emit(staking, "Slashed")
      .withArgs(operator, 0n, operator, 0n);
    expect((await staking.pool(other)).tokens).to.equal(100n * ETHER);
    expect(await staking.totalStaked()).to.equal(100n * ETHER);
  });

  it("EXPLOITS 31 no exit is paid while the operator is frozen, and every one afterwards", async () => {
    await staking.stake(operator, 100n * ETHER);
    await staking.unstake(operator, 100n * ETHER);
    await a.connection.networkHelpers.time.increase(UNBONDING);
    const until = BigInt(await a.connection.networkHelpers.time.latest()) + BigInt(EPOCH);
    await a.guardianSet.connect(a.slashing).freeze(operator, until);
    await expect(staking.withdraw(1n))
      .to.be.revertedWithCustomError(staking, "StakingFrozen")
      .withArgs(operator, until);
    await a.connection.networkHelpers.time.setNextBlockTimestamp(until);
    await expect(staking.withdraw(1n)).to.emit(staking, "ExitPaid");
  });

  it("fees.md §2: anyone may burn its own ERA for good, nobody another's", async () => {
    const burner = a.fees.connect(staker);
    await expect(burner.burn(ETHER)).to.be.revertedWithCustomError(a.era, "ERC20InsufficientAllowance");
    await a.era.connect(staker).approve(a.fees, 3n * ETHER);
    const held = await a.fees.held();
    await burner.burn(2n * ETHER);
    await expect(burner.burn(ETHER))
      .to.emit(a.fees, "BurntForGood")
      .withArgs(await staker.getAddress(), ETHER);
    expect([await a.fees.burntForGood(), await a.fees.held()]).to.deep.equal([3n * ETHER, held]);
  });
});
