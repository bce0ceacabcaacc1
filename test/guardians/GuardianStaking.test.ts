import { expect } from "chai";
import { ZeroAddress, type Signer } from "ethers";
import { GuardianStaking__factory, type GuardianStaking } from "../../typechain-types/index.js";
import {
  EPOCH,
  ETHER,
  EVIDENCE_WINDOW,
  GRACE,
  stakingWiring,
  UNBONDING,
  type EconomyRollup,
} from "../helpers/economy.ts";
import { BOOTSTRAP, stakingScene, type StakingScene } from "./stakingScene.ts";

describe("GuardianStaking", () => {
  let a: EconomyRollup;
  let staking: GuardianStaking;
  let staker: Signer;
  let operator: string;
  let other: string;
  let restore: StakingScene["restore"];
  let rotate: StakingScene["rotate"];
  let time: StakingScene["time"];
  let weight: StakingScene["weight"];
  let tableWeight: StakingScene["tableWeight"];
  let exitOf: StakingScene["exitOf"];

  before(async () => {
    const scene = await stakingScene();
    ({ a, staking, staker, operator, other, restore, rotate, time, weight, tableWeight, exitOf } = scene);
  });

  afterEach(async () => restore());

  /** Everything in one block, in this order. */
  const inOneBlock = async (...calls: (() => Promise<unknown>)[]) => {
    const { provider } = a.connection.ethers;
    await provider.send("evm_setAutomine", [false]);
    for (const call of calls) await call();
    await provider.send("evm_mine", []);
    await provider.send("evm_setAutomine", [true]);
  };
  const gas = { gasLimit: 2_000_000n };
  describe("initialize", () => {
    it("happens once, never on the implementation, with all of the wiring", async () => {
      const authority = await a.manager.getAddress();
      await expect(staking.initialize(authority, UNBONDING, EVIDENCE_WINDOW)).to.be.revertedWithCustomError(
        staking,
        "InvalidInitialization",
      );
      for (const part of ["era", "guardianSet", "feeController", "slashing", "rewards"]) {
        const wiring = { ...stakingWiring(a), [part]: ZeroAddress };
        await expect(new GuardianStaking__factory(a.deployer).deploy(wiring), part).to.be.revertedWithCustomError(
          staking,
          "StakingInvalidWiring",
        );
      }
    });

    it("takes periods that cover grace and evidence, and no others", async () => {
      expect(await staking.periods()).to.deep.equal([BigInt(UNBONDING), BigInt(EVIDENCE_WINDOW)]);
      const admin = a.staking.connect(a.deployer);
      for (const [unbonding, window] of [
        [GRACE + 99, 100],
        [UNBONDING, 0],
        [0, 1],
      ] as const) {
        await expect(admin.setPeriods(unbonding, window))
          .to.be.revertedWithCustomError(staking, "StakingPeriodsTooShort")
          .withArgs(unbonding, GRACE, window);
      }
      await expect(admin.setPeriods(GRACE + 100, 100))
        .to.emit(staking, "PeriodsSet")
        .withArgs(GRACE + 100, 100);
    });

    it("only the administrator sets periods and upgrades", async () => {
      const account = await a.user.getAddress();
      const asUser = staking.connect(a.user);
      for (const call of [() => asUser.setPeriods(UNBONDING, 1), () => asUser.upgradeToAndCall(account, "0x")]) {
        await expect(call()).to.be.revertedWithCustomError(staking, "AccessManagedUnauthorized").withArgs(account);
      }
      const code = await new GuardianStaking__factory(a.deployer).deploy(stakingWiring(a));
      await a.staking.connect(a.deployer).upgradeToAndCall(code, "0x");
      expect(await staking.periods()).to.deep.equal([BigInt(UNBONDING), BigInt(EVIDENCE_WINDOW)]);
    });
  });

  describe("stake", () => {
    it("takes the ERA and gives shares to who paid", async () => {
      const account = await staker.getAddress();
      await expect(staking.stake(operator, 5n * ETHER))
        .to.emit(staking, "Staked")
        .withArgs(a.connection.ethers.getAddress(operator), account, 5n * ETHER, 5n * ETHER);
      expect(await staking.sharesOf(operator, account)).to.equal(5n * ETHER);
      expect(await staking.tokensOf(operator, 5n * ETHER)).to.equal(5n * ETHER);
      expect(await staking.tokensOf(other, 5n * ETHER)).to.equal(0n);
      expect(await staking.totalStaked()).to.equal(5n * ETHER);
      expect(await a.era.balanceOf(staking)).to.equal(5n * ETHER);
    });

    it("refuses nobody's pool, less than 1 ERA, more than there is, and ERA that was not allowed", async () => {
      await expect(staking.stake(ZeroAddress, ETHER)).to.be.revertedWithCustomError(staking, "StakingZeroOperator");
      await expect(staking.stake(operator, ETHER - 1n))
        .to.be.revertedWithCustomError(staking, "StakingAmountTooSmall")
        .withArgs(ETHER - 1n, ETHER);
      for (const amount of [2n ** 128n, 2n ** 256n - 1n]) {
        await expect(staking.stake(operator, amount))
          .to.be.revertedWithCustomError(staking, "StakingAmountTooLarge")
          .withArgs(amount);
      }
      await expect(staking.connect(a.user).stake(operator, ETHER)).to.be.revertedWithCustomError(
        a.era,
        "ERC20InsufficientAllowance",
      );
    });

    it("EXPLOITS 31 stake added in this epoch has no weight in the running table, and counts from the next", async () => {
      await staking.stake(operator, 300n * ETHER);
      expect(await tableWeight()).to.equal(BOOTSTRAP);
      await rotate();
      expect(await tableWeight()).to.equal(BOOTSTRAP + 300n);
    });

    it("EXPLOITS 31 stake has no weight in a table that is formed in the same block", async () => {
      await time().increase(EPOCH);
      await staking.stake(operator, 7n * ETHER);
      await inOneBlock(
        () => staking.stake(operator, 300n * ETHER, gas),
        () => a.guardianSet.rotate({ gasLimit: 8_000_000n }),
      );
      expect(await a.guardianSet.currentSerial()).to.equal(2n);
      expect(await tableWeight()).to.equal(BOOTSTRAP + 7n);
      await rotate();
      expect(await tableWeight()).to.equal(BOOTSTRAP + 307n);
    });

    it("EXPLOITS 31 who stakes and leaves in one block takes no weight from others", async () => {
      await staking.stake(operator, 300n * ETHER);
      await time().increase(EPOCH);
      await inOneBlock(
        () => staking.stake(operator, 400n * ETHER, gas),
        () => staking.unstake(operator, 400n * ETHER, gas),
        () => a.guardianSet.rotate({ gasLimit: 8_000_000n }),
      );
      expect(await tableWeight()).to.equal(BOOTSTRAP + 300n);
    });

    it("EXPLOITS 31 borrowed stake cannot be paid back in the same block", async () => {
      await staking.stake(operator, 300n * ETHER);
      const id = await exitOf(300n * ETHER);
      await expect(staking.withdraw(id)).to.be.revertedWithCustomError(staking, "StakingNotReleased");
    });
  });

  describe("weights", () => {
    it("are whole ERA in the order asked, 0 for who has none", async () => {
      await staking.stake(operator, 3n * ETHER - 1n);
      await staking.stake(other, 9n * ETHER);
      await time().increase(1);
      expect(await staking.weights([other, await staker.getAddress(), operator])).to.deep.equal([9n, 0n, 2n]);
      expect(await staking.weights([])).to.deep.equal([]);
    });

    it("are given for at most 256 operators", async () => {
      const many = Array.from({ length: 257 }, () => operator);
      expect((await staking.weights(many.slice(1))).length).to.equal(256);
      await expect(staking.weights(many))
        .to.be.revertedWithCustomError(staking, "StakingTooManyOperators")
        .withArgs(257n, 256n);
    });
  });

  describe("receiveFees", () => {
    const asController = async (): Promise<GuardianStaking> => {
      const { ethers, networkHelpers } = a.connection;
      const address = await a.fees.getAddress();
      await networkHelpers.impersonateAccount(address);
      await networkHelpers.setBalance(address, ETHER);
      return a.staking.connect(await ethers.getSigner(address));
    };

    it("is the FeeController's alone", async () => {
      await expect(staking.receiveFees(1n, 1n))
        .to.be.revertedWithCustomError(staking, "StakingUnauthorized")
        .withArgs(await staker.getAddress());
    });

    it("counts fees apart from stake, and only what is there beside the stake", async () => {
      await staking.stake(operator, 5n * ETHER);
      const controller = await asController();
      await expect(controller.receiveFees(1n, 1n))
        .to.be.revertedWithCustomError(staking, "StakingFeesNotReceived")
        .withArgs(5n * ETHER, 5n * ETHER + 1n);
      await a.era.connect(staker).transfer(staking, 10n);
      await expect(controller.receiveFees(3n, 4n)).to.emit(staking, "FeesReceived").withArgs(3n, 4n);
      await controller.receiveFees(3n, 6n);
      expect(await staking.totalFees()).to.equal(10n);
      expect(await staking.feesOf(3n)).to.equal(10n);
      expect(await staking.totalStaked()).to.equal(5n * ETHER);
      await expect(controller.receiveFees(3n, 1n)).to.be.revertedWithCustomError(staking, "StakingFeesNotReceived");
    });

    it("ERA sent here by mistake becomes neither stake nor weight", async () => {
      await staking.stake(operator, 5n * ETHER);
      await a.era.connect(staker).transfer(staking, 1_000n * ETHER);
      await time().increase(1);
      expect(await weight()).to.equal(5n);
      expect(await staking.tokensOf(operator, 5n * ETHER)).to.equal(5n * ETHER);
    });
  });
});
