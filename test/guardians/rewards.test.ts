import { expect } from "chai";
import { ZeroAddress, type Signer } from "ethers";
import type { GuardianRewards, GuardianStaking } from "../../typechain-types/index.js";
import {
  createEconomy,
  DAY,
  EPOCH,
  ETHER,
  remember,
  SUPPLY,
  type Economy,
  type EconomyRollup,
} from "../helpers/economy.ts";

const YEAR = 365n * 86_400n;

describe("GuardianRewards", () => {
  let net: Economy;
  let a: EconomyRollup;
  let staking: GuardianStaking;
  let rewards: GuardianRewards;
  let holder: Signer;
  let operator: string;
  let restore: () => Promise<void>;

  before(async () => {
    net = await createEconomy(["rollupA"]);
    [a] = net.rollups as [EconomyRollup]; // CAST: one name, one rollup
    holder = a.holder;
    staking = a.staking.connect(holder);
    rewards = a.rewards.connect(holder);
    operator = a.connection.ethers.getAddress(net.guardians[0]?.operator ?? "");
    for (const account of [holder, a.user, a.relayer]) {
      await a.era.connect(account).approve(staking, 2n ** 256n - 1n);
      await a.era.connect(account).approve(rewards, 2n ** 256n - 1n);
      if (account !== holder) await a.era.connect(holder).transfer(account, 10_000n * ETHER);
    }
    restore = await remember(net);
  });

  afterEach(async () => restore());

  const time = () => a.connection.networkHelpers.time;
  const claimable = async (account: Signer, of = operator): Promise<bigint> => {
    return a.rewards.connect(account).claim.staticCall(of);
  };
  /** Nothing that was promised or is owed is missing, and nothing but dust is left over. */
  const expectCovered = async () => {
    const { pot, promised, owed } = await a.rewards.books();
    expect(await a.era.balanceOf(a.rewards)).to.equal(pot + promised + owed);
  };

  describe("a year", () => {
    for (const percent of [5n, 25n, 50n, 75n]) {
      it(`pays what the curve says with ${percent} % of the supply staked, within 8 % and 15 %`, async () => {
        const staked = (SUPPLY * percent) / 100n;
        await rewards.fund(120_000_000n * ETHER);
        await staking.stake(operator, staked);
        const expected = (staked * (await rewards.yearlyRate(staked, SUPPLY))) / ETHER;
        for (let month = 0; month < 12; month++) {
          await time().increase(Number(YEAR / 12n) - 1);
          await rewards.settle(operator, ZeroAddress);
        }
        const earned = await claimable(holder);
        const rate = (earned * 10_000n) / staked;
        expect(rate).to.be.greaterThanOrEqual(799n).and.to.be.lessThanOrEqual(1_500n);
        // A minute more or less in a year, and rounding.
        expect(earned).to.be.closeTo(expected, expected / 100_000n);
        await expectCovered();
      });
    }

    it("pays per second: the same whether it is settled once or every day", async () => {
      await rewards.fund(1_000_000n * ETHER);
      await staking.stake(operator, 1_000n * ETHER);
      const start = await time().latest();
      const fresh = await remember(net);
      await time().setNextBlockTimestamp(start + 30 * DAY);
      await rewards.settle(operator, await holder.getAddress());
      const once = await rewards.earned(operator, holder);
      await fresh();
      for (let day = 1; day <= 30; day++) {
        await time().setNextBlockTimestamp(start + day * DAY);
        await rewards.settle(operator, await holder.getAddress());
      }
      expect(await rewards.earned(operator, holder)).to.be.closeTo(once, 100n);
    });
  });

  describe("who earns", () => {
    beforeEach(async () => {
      await rewards.fund(1_000_000n * ETHER);
    });

    it("every share alike from the second it is there, leaving ones not", async () => {
      await staking.stake(operator, 3_000n * ETHER);
      await time().increase(DAY);
      await staking.connect(a.user).stake(operator, 3_000n * ETHER);
      await time().increase(DAY);
      const [one, two] = [await claimable(holder), await claimable(a.user)];
      expect(one).to.be.closeTo(2n * two, two / 1_000n);
      await staking.unstake(operator, 3_000n * ETHER);
      const left = await claimable(holder);
      await time().increase(10 * DAY);
      expect(await claimable(holder)).to.equal(left);
      expect(await claimable(a.user)).to.be.closeTo(12n * two - two, two / 10n);
      await expectCovered();
    });

    it("nobody whose operator has no weight in the newest table: it goes back to the pot", async () => {
      const idle = await a.user.getAddress();
      await staking.stake(idle, 3_000n * ETHER);
      await time().increase(10 * DAY);
      await rewards.settle(idle, await holder.getAddress());
      expect(await rewards.earned(idle, holder)).to.equal(0n);
      const { pot, promised, owed } = await rewards.books();
      expect([pot + promised, owed]).to.deep.equal([1_000_000n * ETHER, 0n]);
      await expect(rewards.claim(idle))
        .to.be.revertedWithCustomError(rewards, "RewardsNothing")
        .withArgs(idle, await holder.getAddress());
    });

    it("C8 a guardian that was taken out nothing more, whenever it is settled", async () => {
      await staking.stake(operator, 3_000n * ETHER);
      await time().increase(EPOCH);
      await rewards.settle(operator, await holder.getAddress());
      const before = await rewards.earned(operator, holder);
      expect(before).to.be.greaterThan(0n);
      await a.guardianSet.connect(a.slashing).convict(operator);
      await time().increase(10 * DAY);
      await rewards.settle(operator, await holder.getAddress());
      expect(await rewards.earned(operator, holder)).to.equal(before);
    });

    it("slashed stake earns only on what is left", async () => {
      await staking.stake(operator, 2_000n * ETHER);
      await time().increase(DAY);
      const whole = await claimable(holder);
      await a.staking.connect(a.slashing).slash(operator, 500_000n, ZeroAddress, 0n);
      await time().increase(DAY);
      expect(await claimable(holder)).to.be.closeTo(whole + whole / 2n, whole / 1_000n);
      await expectCovered();
    });
  });

  describe("the pot", () => {
    it("is all that is ever paid: when it is empty nothing accrues, and no debt is left when it is filled again", async () => {
      await staking.stake(operator, 1_000_000n * ETHER);
      await rewards.fund(10n * ETHER);
      await time().increase(DAY);
      expect(await claimable(holder)).to.be.closeTo(10n * ETHER, 10n ** 12n);
      await rewards.claim(operator);
      await time().increase(100 * DAY);
      await expect(rewards.claim(operator)).to.be.revertedWithCustomError(rewards, "RewardsNothing");
      await rewards.fund(1_000n * ETHER);
      await time().increase(60);
      // A minute's worth, not a hundred days'.
      expect(await claimable(holder)).to.be.lessThan(ETHER);
      await expectCovered();
    });

    it("is shared fairly while it runs dry, not taken by who comes first", async () => {
      const other = net.guardians[1]?.operator ?? "";
      await staking.stake(operator, 1_000_000n * ETHER);
      await staking.stake(other, 1_000_000n * ETHER);
      await rewards.fund(10n * ETHER);
      await time().increase(30 * DAY);
      await rewards.claim(operator);
      expect(await claimable(holder, other)).to.be.closeTo(5n * ETHER, 10n ** 15n);
      await expectCovered();
    });

    it("takes in the guardians' fees, which alone are paid when nobody funds it", async () => {
      await a.connection.networkHelpers.impersonateAccount(await a.fees.getAddress());
      await a.connection.networkHelpers.setBalance(await a.fees.getAddress(), 10n ** 20n);
      const fees = await a.connection.ethers.getSigner(await a.fees.getAddress());
      await staking.stake(operator, 1_000_000n * ETHER);
      await a.era.connect(holder).transfer(staking, 7n * ETHER);
      await a.staking.connect(fees).receiveFees(1n, 7n * ETHER);
      await expect(staking.releaseFees()).to.be.revertedWithCustomError(staking, "StakingUnauthorized");
      await expect(rewards.connect(a.user).collectFees())
        .to.emit(rewards, "FeesCollected")
        .withArgs(7n * ETHER)
        .and.to.emit(staking, "FeesReleased")
        .withArgs(7n * ETHER);
      expect([await staking.totalFees(), await staking.feesOf(1n)]).to.deep.equal([0n, 7n * ETHER]);
      await expect(rewards.collectFees()).not.to.emit(rewards, "FeesCollected");
      await time().increase(DAY);
      expect(await claimable(holder)).to.be.closeTo(7n * ETHER, 10n ** 12n);
      await expectCovered();
    });
  });

  describe("commission", () => {
    /** An operator with an account of its own, in the table. */
    const asOperator = async () => {
      await a.connection.networkHelpers.impersonateAccount(operator);
      await a.connection.networkHelpers.setBalance(operator, 10n ** 20n);
      return a.rewards.connect(await a.connection.ethers.getSigner(operator));
    };

    it("is the operator's part of what its pool earns, from seven days after it was announced", async () => {
      await rewards.fund(1_000_000n * ETHER);
      await staking.stake(operator, 3_000n * ETHER);
      const own = await asOperator();
      const startsAt = BigInt(await time().latest()) + 1n + 7n * 86_400n;
      await time().setNextBlockTimestamp(startsAt - 7n * 86_400n);
      await expect(own.setCommission(200_000))
        .to.emit(rewards, "CommissionChanging")
        .withArgs(operator, 200_000, startsAt);
      await time().setNextBlockTimestamp(startsAt);
      // What was earned before is not touched, although it is settled only now.
      await rewards.settle(operator, await holder.getAddress());
      expect(await rewards.earned(operator, operator)).to.equal(0n);
      expect((await rewards.rewardPool(operator)).commission).to.equal(200_000n);
      const before = await rewards.earned(operator, holder);
      await time().setNextBlockTimestamp(startsAt + 86_400n);
      await rewards.settle(operator, await holder.getAddress());
      const [cut, rest] = [await rewards.earned(operator, operator), (await rewards.earned(operator, holder)) - before];
      expect(cut * 4n).to.be.closeTo(rest, 10n);
      await expect(own.claim(operator)).to.emit(rewards, "RewardsClaimed");
      await expectCovered();
    });

    it("is at most half; a lower one holds for all of the time that is settled across its beginning", async () => {
      const own = await asOperator();
      await expect(own.setCommission(500_001))
        .to.be.revertedWithCustomError(rewards, "RewardsBadCommission")
        .withArgs(500_001, 500_000);
      await own.setCommission(500_000);
      await time().increase(7 * DAY);
      await rewards.fund(1_000_000n * ETHER);
      await staking.stake(operator, 3_000n * ETHER);
      await own.setCommission(0);
      await time().increase(8 * DAY);
      const before = await rewards.earned(operator, operator);
      await rewards.settle(operator, ZeroAddress);
      expect(await rewards.earned(operator, operator)).to.equal(before);
    });

    it("is not lost when the next one is announced after it has begun and before anybody settled", async () => {
      const own = await asOperator();
      await own.setCommission(200_000);
      await time().increase(8 * DAY);
      await own.setCommission(300_000);
      const { commission, nextCommission } = await rewards.rewardPool(operator);
      expect([commission, nextCommission]).to.deep.equal([200_000n, 300_000n]);
    });
  });

  describe("claim and compound", () => {
    beforeEach(async () => {
      await rewards.fund(1_000_000n * ETHER);
      await staking.stake(operator, 10_000n * ETHER);
      await time().increase(30 * DAY);
    });

    it("claim pays the caller once", async () => {
      const before = await a.era.balanceOf(holder);
      await rewards.claim(operator);
      const [event] = await rewards.queryFilter(rewards.filters.RewardsClaimed(), "latest");
      expect((await a.era.balanceOf(holder)) - before).to.equal(event?.args.amount);
      expect(event?.args.amount).to.be.greaterThan(100n * ETHER);
      await expect(rewards.claim.staticCall(operator)).to.be.revertedWithCustomError(rewards, "RewardsNothing");
      await expect(a.rewards.connect(a.user).claim(operator)).to.be.revertedWithCustomError(rewards, "RewardsNothing");
      await expectCovered();
    });

    it("compound stakes it in the caller's name", async () => {
      await rewards.compound(operator);
      const [event] = await rewards.queryFilter(rewards.filters.RewardsCompounded(), "latest");
      const amount = event?.args.amount ?? 0n;
      expect(await staking.sharesOf(operator, holder)).to.equal(10_000n * ETHER + amount);
      expect(await staking.totalStaked()).to.equal(10_000n * ETHER + amount);
      expect(await a.era.allowance(rewards, staking)).to.equal(0n);
      await expectCovered();
    });

    it("compound of less than one ERA waits", async () => {
      await rewards.claim(operator);
      await expect(rewards.compound(operator)).to.be.revertedWithCustomError(staking, "StakingAmountTooSmall");
    });
  });
});
