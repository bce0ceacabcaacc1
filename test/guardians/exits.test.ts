import { expect } from "chai";
import { AbiCoder, keccak256, toBeHex, type Signer } from "ethers";
import {
  GuardianSetTimesMock__factory,
  GuardianStaking__factory,
  type GuardianStaking,
} from "../../typechain-types/index.js";
import {
  ETHER,
  EVIDENCE_WINDOW,
  GRACE,
  proxy,
  stakingWiring,
  UNBONDING,
  type EconomyRollup,
} from "../helpers/economy.ts";
import { BOOTSTRAP, stakingScene, type StakingScene } from "./stakingScene.ts";

/** Where the storage of staking begins: ERC-7201 of its namespace. */
const STAKING_STORAGE = BigInt("0xa8102c487671be71ea3a3f5d3d047aae83697fe7703cde6a2ecc7ac135e83400");

describe("GuardianStaking: exits", () => {
  let a: EconomyRollup;
  let staking: GuardianStaking;
  let staker: Signer;
  let operator: string;
  let restore: StakingScene["restore"];
  let rotate: StakingScene["rotate"];
  let time: StakingScene["time"];
  let weight: StakingScene["weight"];
  let tableWeight: StakingScene["tableWeight"];
  let exitOf: StakingScene["exitOf"];

  before(async () => {
    ({ a, staking, staker, operator, restore, rotate, time, weight, tableWeight, exitOf } = await stakingScene());
  });

  afterEach(async () => restore());

  describe("unstake", () => {
    beforeEach(async () => {
      await staking.stake(operator, 300n * ETHER);
      await rotate();
    });

    it("R16 loses weight at the next rotation, not before", async () => {
      await staking.unstake(operator, 200n * ETHER);
      expect(await tableWeight()).to.equal(BOOTSTRAP + 300n);
      expect(await weight()).to.equal(100n);
      await rotate();
      expect(await tableWeight()).to.equal(BOOTSTRAP + 100n);
    });

    it("tells from when it can be paid, and does not change that later", async () => {
      const id = await exitOf(200n * ETHER);
      const now = BigInt(await time().latest());
      const exit = await staking.exit(id);
      expect(exit.releaseAt).to.equal(now + BigInt(UNBONDING));
      expect([exit.account, exit.shares, exit.serial]).to.deep.equal([await staker.getAddress(), 200n * ETHER, 2n]);
      await a.staking.connect(a.deployer).setPeriods(2 * UNBONDING, EVIDENCE_WINDOW);
      expect((await staking.exit(id)).releaseAt).to.equal(exit.releaseAt);
    });

    it("R26 waits an evidence window after the last moment at which a table with this stake can be accepted", async () => {
      await a.guardianSet.setEpoch(30 * 86_400, GRACE);
      await a.guardianSet.forceRotation();
      const { validUntil } = await a.guardianSet.epoch();
      const id = await exitOf(200n * ETHER);
      expect((await staking.exit(id)).releaseAt).to.equal(validUntil + BigInt(EVIDENCE_WINDOW));
    });

    it("refuses nothing, and more shares than the caller has", async () => {
      const account = await staker.getAddress();
      for (const shares of [0n, 300n * ETHER + 1n]) {
        await expect(staking.unstake(operator, shares))
          .to.be.revertedWithCustomError(staking, "StakingInsufficientShares")
          .withArgs(a.connection.ethers.getAddress(operator), account, shares, 300n * ETHER);
      }
      await staking.unstake(operator, 300n * ETHER);
      await expect(staking.unstake(operator, 1n)).to.be.revertedWithCustomError(staking, "StakingInsufficientShares");
      await expect(staking.connect(a.user).unstake(operator, 1n)).to.be.revertedWithCustomError(
        staking,
        "StakingInsufficientShares",
      );
    });
  });

  describe("withdraw", () => {
    it("pays who asked for it, once, whoever calls, when the time has come", async () => {
      await staking.stake(operator, 300n * ETHER);
      const id = await exitOf(200n * ETHER);
      const { releaseAt } = await staking.exit(id);
      await time().setNextBlockTimestamp(releaseAt - 1n);
      await expect(staking.withdraw(id))
        .to.be.revertedWithCustomError(staking, "StakingNotReleased")
        .withArgs(id, releaseAt);
      await time().setNextBlockTimestamp(releaseAt);
      const before = await a.era.balanceOf(staker);
      await expect(staking.connect(a.user).withdraw(id))
        .to.emit(staking, "ExitPaid")
        .withArgs(id, a.connection.ethers.getAddress(operator), await staker.getAddress(), 200n * ETHER);
      expect((await a.era.balanceOf(staker)) - before).to.equal(200n * ETHER);
      expect(await staking.totalStaked()).to.equal(100n * ETHER);
      await expect(staking.withdraw(id)).to.be.revertedWithCustomError(staking, "StakingUnknownExit").withArgs(id);
      await expect(staking.withdraw(99n)).to.be.revertedWithCustomError(staking, "StakingUnknownExit").withArgs(99n);
    });

    it("works although nobody rotates any more: an expired table counts no stake", async () => {
      await staking.stake(operator, 300n * ETHER);
      await rotate();
      const id = await exitOf(300n * ETHER);
      await time().increase(UNBONDING);
      await staking.withdraw(id);
      expect(await a.era.balanceOf(staking)).to.equal(0n);
    });

    it("R26 stake that is leaving answers for its key like the rest", async () => {
      await staking.stake(operator, 400n * ETHER);
      const id = await exitOf(200n * ETHER);
      await losePool((tokens) => tokens / 2n);
      await time().increase(UNBONDING);
      await expect(staking.withdraw(id))
        .to.emit(staking, "ExitPaid")
        .withArgs(id, a.connection.ethers.getAddress(operator), await staker.getAddress(), 100n * ETHER);
      expect(await staking.tokensOf(operator, 200n * ETHER)).to.equal(100n * ETHER);
      expect(await weight()).to.equal(100n);
      // Who comes after the loss does not share it.
      await staking.stake(operator, 50n * ETHER);
      expect((await staking.pool(operator)).shares).to.equal(300n * ETHER);
      expect(await staking.tokensOf(operator, 100n * ETHER)).to.equal(50n * ETHER);
    });

    it("R16 is refused while a guardian set still accepts the table of the request, whatever its times say", async () => {
      const set = await new GuardianSetTimesMock__factory(a.deployer).deploy();
      await set.setEpoch({ serial: 5n, previous: 4n, start: 0n, graceUntil: 0n, validUntil: 0n });
      await set.setAccepting(true);
      const code = await new GuardianStaking__factory(a.deployer).deploy({ ...stakingWiring(a), guardianSet: set });
      const args = [a.manager, UNBONDING, EVIDENCE_WINDOW];
      const lone = GuardianStaking__factory.connect(await proxy(a.deployer, code, args), staker);
      await a.era.connect(staker).approve(lone, ETHER);
      await lone.stake(operator, ETHER);
      await lone.unstake(operator, ETHER);
      await time().increase(UNBONDING);
      await expect(lone.withdraw(1n)).to.be.revertedWithCustomError(lone, "StakingStillCounts").withArgs(1n, 5n);
      await set.setAccepting(false);
      await lone.withdraw(1n);
      expect(await lone.totalStaked()).to.equal(0n);
    });

    it("a pool that lost all, or nearly all, of its ERA takes no new stake that it could not count", async () => {
      await staking.stake(operator, 400n * ETHER);
      await losePool(() => 1n);
      await expect(staking.stake(operator, ETHER))
        .to.be.revertedWithCustomError(staking, "StakingAmountTooLarge")
        .withArgs(ETHER);
      await losePool(() => 0n);
      await expect(staking.stake(operator, ETHER))
        .to.be.revertedWithCustomError(staking, "StakingPoolEmpty")
        .withArgs(a.connection.ethers.getAddress(operator));
      expect(await weight()).to.equal(0n);
      const id = await exitOf(400n * ETHER);
      await time().increase(UNBONDING);
      await expect(staking.withdraw(id))
        .to.emit(staking, "ExitPaid")
        .withArgs(id, a.connection.ethers.getAddress(operator), await staker.getAddress(), 0n);
    });

    /** What a slashing will do: ERA of the pool is gone, its shares stay. */
    const losePool = async (left: (tokens: bigint) => bigint) => {
      const { tokens, shares } = await staking.pool(operator);
      const base = STAKING_STORAGE + 2n;
      const slot = keccak256(AbiCoder.defaultAbiCoder().encode(["address", "uint256"], [operator, base]));
      const word = toBeHex((shares << 128n) | left(tokens), 32);
      await a.connection.networkHelpers.setStorageAt(await staking.getAddress(), slot, word);
    };
  });
});
