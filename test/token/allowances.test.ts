import { expect } from "chai";
import { MaxUint256 } from "ethers";
import { createEconomy, ETHER, type Economy, type EconomyRollup } from "../helpers/economy.ts";
import { interop } from "../helpers/network.ts";

describe("ERA allowances", () => {
  let net: Economy;
  let a: EconomyRollup;
  let b: EconomyRollup;

  before(async () => {
    net = await createEconomy(["rollupA", "rollupB"]);
    [a, b] = net.rollups as [EconomyRollup, EconomyRollup]; // CAST: two names, two rollups
  });

  it("EXPLOITS 7 I25 given to the protocol's contracts are drawn by their owner alone, whoever calls with whatever", async () => {
    const victim = await a.holder.getAddress();
    const spenders = { gateway: a.gateway, fees: a.fees, staking: a.staking, era: a.era };
    for (const spender of Object.values(spenders)) await a.era.connect(a.holder).approve(spender, MaxUint256);
    const before = await a.era.balanceOf(victim);
    const thief = await a.user.getAddress();
    const [era, fees, staking] = [a.era.connect(a.user), a.fees.connect(a.user), a.staking.connect(a.user)];
    const zero = `0x${"00".repeat(32)}`;
    const noMoney = [
      fees.buyCredit(thief, ETHER),
      fees.buyCredit(victim, ETHER),
      fees.buyCreditWithPermit(thief, ETHER, 2n ** 40n, 27, zero, zero),
      staking.stake(thief, ETHER),
      staking.stake(victim, ETHER),
    ];
    for (const call of noMoney) {
      await expect(call).to.be.revertedWithCustomError(a.era, "ERC20InsufficientAllowance");
    }
    for (const call of [
      era.transferFrom(victim, thief, 1n),
      era.crosschainTransferFrom(victim, interop(b, thief), 1n),
      era.crosschainTransferFrom(victim, interop(b, victim), 1n),
    ]) {
      await expect(call).to.be.revertedWithCustomError(a.era, "ERC20InsufficientAllowance").withArgs(thief, 0, 1);
    }
    expect(await a.era.balanceOf(victim)).to.equal(before);
    for (const spender of Object.values(spenders)) {
      expect(await a.era.allowance(victim, spender)).to.equal(MaxUint256);
    }
    await a.fees.connect(a.holder).buyCredit(victim, ETHER);
    expect(await a.era.balanceOf(victim)).to.equal(before - ETHER);
  });
});
