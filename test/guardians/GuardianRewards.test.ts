import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { GuardianRewards__factory, type GuardianRewards } from "../../typechain-types/index.js";
import { createEconomy, SUPPLY, type EconomyRollup } from "../helpers/economy.ts";

const PERCENT = 10n ** 16n;

describe("GuardianRewards: wiring and curve", () => {
  let a: EconomyRollup;
  let rewards: GuardianRewards;

  before(async () => {
    const net = await createEconomy(["rollupA"]);
    [a] = net.rollups as [EconomyRollup]; // CAST: one name, one rollup
    rewards = a.rewards.connect(a.holder);
  });

  describe("yearlyRate", () => {
    it("falls in a straight line from 15 % to 8 % at three quarters of the supply, and no further", async () => {
      const rate = (percent: bigint) => rewards.yearlyRate((SUPPLY * percent) / 100n, SUPPLY);
      expect(await rate(0n)).to.equal(15n * PERCENT);
      expect(await rate(75n)).to.equal(8n * PERCENT);
      expect(await rate(100n)).to.equal(8n * PERCENT);
      expect(await rewards.yearlyRate(2n, 1n)).to.equal(8n * PERCENT);
      expect(await rewards.yearlyRate(1n, 0n)).to.equal(8n * PERCENT);
      expect(await rate(30n)).to.equal(122n * (PERCENT / 10n));
      let last = 16n * PERCENT;
      for (let percent = 0n; percent <= 75n; percent++) {
        expect(await rate(percent)).to.be.lessThan(last);
        last = await rate(percent);
      }
    });
  });

  it("is wired once, initialised once, and upgraded by the administrator alone", async () => {
    const parts = await Promise.all([a.era, a.staking, a.guardianSet].map((part) => part.getAddress()));
    for (let missing = 0; missing < parts.length; missing++) {
      // CAST: as many addresses as the constructor takes
      const wiring = parts.map((part, index) => (index === missing ? ZeroAddress : part)) as [string, string, string];
      await expect(new GuardianRewards__factory(a.deployer).deploy(...wiring))
        .to.be.revertedWithCustomError(rewards, "RewardsInvalidWiring")
        .withArgs(...wiring);
    }
    await expect(rewards.initialize(parts[0] ?? "")).to.be.revertedWithCustomError(rewards, "InvalidInitialization");
    await expect(rewards.upgradeToAndCall(parts[0] ?? "", "0x")).to.be.revertedWithCustomError(
      rewards,
      "AccessManagedUnauthorized",
    );
  });
});
