import { expect } from "chai";
import { AbiCoder, keccak256, toBeHex, ZeroAddress, type Signer } from "ethers";
import {
  GuardianSetTimesMock__factory,
  GuardianStaking__factory,
  type GuardianStaking,
} from "../../typechain-types/index.js";
import {
  createEconomy,
  EPOCH,
  ETHER,
  EVIDENCE_WINDOW,
  GRACE,
  proxy,
  remember,
  UNBONDING,
  type Economy,
  type EconomyRollup,
} from "../helpers/economy.ts";

const BOOTSTRAP = 1_000n;
/** Where the storage of staking begins: ERC-7201 of its namespace. */
const STAKING_STORAGE = BigInt("0xa8102c487671be71ea3a3f5d3d047aae83697fe7703cde6a2ecc7ac135e83400");

describe("GuardianStaking", () => {
  let net: Economy;
  let a: EconomyRollup;
  let staking: GuardianStaking;
  let staker: Signer;
  let operator: string;
  let other: string;
  let restore: () => Promise<void>;

  before(async () => {
    net = await createEconomy(["rollupA"]);
    [a] = net.rollups as [EconomyRollup]; // CAST: one name, one rollup
    staker = a.holder;
    staking = a.staking.connect(staker);
    [operator, other] = net.guardians.map((guardian) => guardian.operator) as [string, string]; // CAST: four guardians
    await a.era.connect(staker).approve(staking, 2n ** 256n - 1n);
    restore = await remember(net);
  });

  afterEach(async () => restore());

  const time = () => a.connection.networkHelpers.time;
  const weight = async (of = operator): Promise<bigint> => (await staking.weights([of]))[0] ?? -1n;
  const rotate = async () => {
    await time().increase(EPOCH);
    await a.guardianSet.rotate();
  };
  const tableWeight = async (of = operator): Promise<bigint> => {
    const entries = await a.guardianSet.guardians(await a.guardianSet.currentSerial(), 0n, 256n);
    return entries.find((entry) => entry.operator.toLowerCase() === of)?.weight ?? 0n;
  };
  /** Everything in one block, in this order. */
  const inOneBlock = async (...calls: (() => Promise<unknown>)[]) => {
    const { provider } = a.connection.ethers;
    await provider.send("evm_setAutomine", [false]);
    for (const call of calls) await call();
    await provider.send("evm_mine", []);
    await provider.send("evm_setAutomine", [true]);
  };
  const gas = { gasLimit: 2_000_000n };
  const exitOf = async (shares: bigint, of = operator): Promise<bigint> => {
    await staking.unstake(of, shares);
    const [event] = await staking.queryFilter(staking.filters.ExitRequested(), "latest");
    return event?.args.exitId ?? 0n;
  };

  describe("initialize", () => {
    it("happens once, never on the implementation, with all of the wiring", async () => {
      const authority = await a.manager.getAddress();
      await expect(staking.initialize(authority, UNBONDING, EVIDENCE_WINDOW)).to.be.revertedWithCustomError(
        staking,
        "InvalidInitialization",
      );
      const parts = [await a.era.getAddress(), await a.guardianSet.getAddress(), await a.fees.getAddress()] as const;
      for (let missing = 0; missing < 3; missing++) {
        // CAST: three addresses
        const wiring = parts.map((part, index) => (index === missing ? ZeroAddress : part)) as [string, string, string];
        await expect(new GuardianStaking__factory(a.deployer).deploy(...wiring))
          .to.be.revertedWithCustomError(staking, "StakingInvalidWiring")
          .withArgs(...wiring);
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
      const code = await new GuardianStaking__factory(a.deployer).deploy(a.era, a.guardianSet, a.fees);
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
      await halvePool();
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
      const code = await new GuardianStaking__factory(a.deployer).deploy(a.era, set, a.fees);
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

    /** What a slashing will do: half of the pool's ERA is gone, its shares stay. */
    const halvePool = async () => {
      const { tokens, shares } = await staking.pool(operator);
      const base = STAKING_STORAGE + 2n;
      const slot = keccak256(AbiCoder.defaultAbiCoder().encode(["address", "uint256"], [operator, base]));
      const word = toBeHex((shares << 128n) | (tokens / 2n), 32);
      await a.connection.networkHelpers.setStorageAt(await staking.getAddress(), slot, word);
    };
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
