import { expect } from "chai";
import type { Signer } from "ethers";
import { provePossession } from "../../sdk/src/possession.ts";
import type { GuardianStaking } from "../../typechain-types/index.js";
import { createEconomy, EPOCH, ETHER, remember, type Economy, type EconomyRollup } from "../helpers/economy.ts";
import { NETWORK_ID, testGuardians } from "../helpers/network.ts";

const BOND = 10n * ETHER;
const WINDOW = 3_600n;
const JAIL = 86_400n;

describe("GuardianStaking: challenges", () => {
  let net: Economy;
  let a: EconomyRollup;
  let staking: GuardianStaking;
  let guardian: Signer;
  let operator: string;
  let restore: () => Promise<void>;

  before(async () => {
    net = await createEconomy(["rollupA"]);
    [a] = net.rollups as [EconomyRollup]; // CAST: one name, one rollup
    staking = a.staking.connect(a.holder);
    await a.era.connect(a.holder).approve(staking, 2n ** 256n - 1n);
    // A guardian with an account that can send transactions.
    guardian = a.relayer;
    operator = await guardian.getAddress();
    const key = testGuardians(9)[8];
    if (!key) throw new Error("no key");
    await a.guardianSet.register(operator, key.key, provePossession(key.secret, NETWORK_ID, operator as `0x${string}`)); // CAST: an address
    await a.guardianSet.admit(operator, 1_000n, 2n ** 40n);
    await a.guardianSet.forceRotation();
    await a.staking.connect(a.deployer).setChallengeTerms(BOND, WINDOW, JAIL);
    restore = await remember(net);
  });

  afterEach(async () => restore());

  const time = () => a.connection.networkHelpers.time;
  const weight = async (): Promise<bigint> => {
    const entries = await a.guardianSet.guardians(await a.guardianSet.currentSerial(), 0n, 256n);
    return entries.find((entry) => entry.operator === operator)?.weight ?? 0n;
  };
  const challenged = async (): Promise<bigint> => {
    await staking.challenge(operator);
    return (await staking.challengeOf(operator)).answerBy;
  };

  it("R13 are open to anyone for a bond, one at a time, against guardians that count", async () => {
    const challenger = await a.holder.getAddress();
    await time().setNextBlockTimestamp(2n ** 33n);
    await expect(staking.challenge(operator))
      .to.emit(staking, "Challenged")
      .withArgs(operator, challenger, BOND, 2n ** 33n + WINDOW);
    expect(await staking.totalBonds()).to.equal(BOND);
    expect(await a.era.balanceOf(staking)).to.equal(BOND);
    await expect(staking.challenge(operator))
      .to.be.revertedWithCustomError(staking, "StakingChallengeOpen")
      .withArgs(operator, 2n ** 33n + WINDOW);
    await expect(staking.challenge(challenger))
      .to.be.revertedWithCustomError(staking, "StakingNotInTable")
      .withArgs(challenger);
  });

  it("pay the guardian that answers in time", async () => {
    const answerBy = await challenged();
    const before = await a.era.balanceOf(operator);
    await time().setNextBlockTimestamp(answerBy);
    await expect(staking.connect(guardian).answer())
      .to.emit(staking, "ChallengeAnswered")
      .withArgs(operator, await a.holder.getAddress(), BOND);
    expect((await a.era.balanceOf(operator)) - before).to.equal(BOND);
    expect([await staking.totalBonds(), await a.era.balanceOf(staking)]).to.deep.equal([0n, 0n]);
    await expect(staking.closeChallenge(operator)).to.be.revertedWithCustomError(staking, "StakingNoChallenge");
    expect((await a.guardianSet.operatorInfo(operator)).jailed).to.equal(false);
  });

  it("R13 jail who does not answer: no weight from the next table on until it returns, and never a loss of stake", async () => {
    await staking.stake(operator, 500n * ETHER);
    const answerBy = await challenged();
    await expect(staking.closeChallenge(operator))
      .to.be.revertedWithCustomError(staking, "StakingChallengeOpen")
      .withArgs(operator, answerBy);
    const before = await a.era.balanceOf(a.holder);
    await time().setNextBlockTimestamp(answerBy + 1n);
    await expect(a.staking.connect(a.user).closeChallenge(operator))
      .to.emit(staking, "ChallengeUnanswered")
      .withArgs(operator, await a.holder.getAddress(), answerBy + 1n + JAIL)
      .and.to.emit(a.guardianSet, "GuardianJailed")
      .withArgs(operator, answerBy + 1n + JAIL);
    expect((await a.era.balanceOf(a.holder)) - before).to.equal(BOND);
    await expect(staking.connect(guardian).answer()).to.be.revertedWithCustomError(staking, "StakingNoChallenge");
    expect(await weight()).to.equal(1_000n);
    await a.guardianSet.rotate();
    expect(await weight()).to.equal(0n);
    expect((await staking.pool(operator)).tokens).to.equal(500n * ETHER);

    const asGuardian = a.guardianSet.connect(guardian);
    await expect(asGuardian.unjail())
      .to.be.revertedWithCustomError(a.guardianSet, "GuardianSetStillJailed")
      .withArgs(operator, answerBy + 1n + JAIL);
    await time().increaseTo(answerBy + 1n + JAIL);
    await expect(asGuardian.unjail()).to.emit(a.guardianSet, "GuardianUnjailed").withArgs(operator);
    await a.guardianSet.rotate();
    expect(await weight()).to.be.greaterThanOrEqual(1_000n);
    await expect(asGuardian.unjail())
      .to.be.revertedWithCustomError(a.guardianSet, "GuardianSetNotJailed")
      .withArgs(operator);
  });

  it("an answer after the window is none", async () => {
    const answerBy = await challenged();
    await time().setNextBlockTimestamp(answerBy + 1n);
    await expect(staking.connect(guardian).answer())
      .to.be.revertedWithCustomError(staking, "StakingAnswerTooLate")
      .withArgs(operator, answerBy);
  });

  it("R13 absence from attestations is nothing: only the staking contract jails", async () => {
    await expect(a.guardianSet.jail(operator, 1n))
      .to.be.revertedWithCustomError(a.guardianSet, "GuardianSetUnauthorized")
      .withArgs(await a.deployer.getAddress());
    await time().increase(EPOCH);
    await a.guardianSet.rotate();
    expect(await weight()).to.equal(1_000n);
  });

  it("terms are the administrator's, within bounds; a bond of nothing means no challenges", async () => {
    const admin = a.staking.connect(a.deployer);
    for (const [window, jailTime] of [
      [59, 0],
      [2_592_001, 0],
      [60, 31_536_001],
    ] as const) {
      await expect(admin.setChallengeTerms(1n, window, jailTime))
        .to.be.revertedWithCustomError(staking, "StakingBadChallengeTerms")
        .withArgs(1n, window, jailTime);
    }
    await expect(staking.setChallengeTerms(1n, 60, 0)).to.be.revertedWithCustomError(
      staking,
      "AccessManagedUnauthorized",
    );
    await expect(admin.setChallengeTerms(0n, 60, 0))
      .to.emit(staking, "ChallengeTermsSet")
      .withArgs(0n, 60, 0);
    await expect(staking.challenge(operator)).to.be.revertedWithCustomError(staking, "StakingChallengesClosed");
    expect(await staking.challengeTerms()).to.deep.equal([0n, 60n, 0n]);
  });

  it("EXPLOITS 31 a bond is neither stake nor fee: fees that were not paid in are not booked against it", async () => {
    await challenged();
    await a.connection.networkHelpers.impersonateAccount(await a.fees.getAddress());
    await a.connection.networkHelpers.setBalance(await a.fees.getAddress(), 10n ** 20n);
    const fees = await a.connection.ethers.getSigner(await a.fees.getAddress());
    await expect(a.staking.connect(fees).receiveFees(1n, 1n))
      .to.be.revertedWithCustomError(staking, "StakingFeesNotReceived")
      .withArgs(BOND, BOND + 1n);
  });
});
