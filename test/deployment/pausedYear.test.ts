import { expect } from "chai";
import hre from "hardhat";
import { createNetwork, type TestRollup } from "../../sdk/src/testkit/index.ts";
import { addressOf } from "../helpers/economy.ts";
import { DAY, ERA } from "../helpers/votes.ts";

const WEEK = 7n * DAY;
const AMOUNT = 1_000n * ERA;

/** Home and another rollup with messages both ways that are not delivered yet, a deposit, credit and stake on home. */
async function fixture() {
  const [first, second] = [await hre.network.create("rollupA"), await hre.network.create("rollupB")];
  const metalayer = await createNetwork({ rollups: [first, second] });
  const [home, other] = metalayer.rollups as [TestRollup, TestRollup]; // CAST: two were asked for
  const account = await home.signer.getAddress();
  const { era, eraVotes, feeController, guardianStaking, guardianSet } = home;
  for (const spender of [eraVotes, feeController, guardianStaking])
    await era.approve(await addressOf(spender), 10n * AMOUNT);
  await eraVotes.deposit(AMOUNT);
  await feeController.buyCredit(account, AMOUNT);
  const [operator = ""] = await guardianSet.candidates();
  await guardianStaking.stake(operator, AMOUNT);
  await era.crosschainTransfer(await other.interop(account), AMOUNT);
  return { metalayer, home, other, account, operator };
}

describe("a pauser that pauses whenever it can", () => {
  it("C28 I9 for a year loses nothing: who wants out gets out meanwhile, and what waited is delivered in the end", async () => {
    const { metalayer, home, other, account, operator } = await fixture();
    const { era, eraVotes, feeController, guardianStaking } = home;
    const shares = await guardianStaking.sharesOf(operator, account);
    const before = await era.balanceOf(account);
    const pause = async (): Promise<void> => {
      await (await other.gateway.pause([home.chainId], WEEK)).wait();
      await (await home.gateway.pause([other.chainId], WEEK)).wait();
    };
    const pass = async (seconds: bigint): Promise<void> => {
      for (const rollup of metalayer.rollups) await rollup.passTime(Number(seconds));
    };
    const arrived = (): Promise<bigint> => other.era.balanceOf(account);

    await pause();
    const refusal = await metalayer.deliverAll().then(
      () => "",
      (error: unknown) => String(error),
    );
    expect(refusal).to.contain("GatewayPaused");
    await feeController.withdrawCredit(AMOUNT);
    await eraVotes.withdraw(AMOUNT);
    const exitId = await guardianStaking.unstake.staticCall(operator, shares);
    await guardianStaking.unstake(operator, shares);
    let refused = 0;
    for (let week = 0; week < 52; week += 2) {
      await expect(other.gateway.pause([home.chainId], 1n)).to.be.revertedWithCustomError(
        other.gateway,
        "GatewayPauseCoolingDown",
      );
      refused += 1;
      await pass(2n * WEEK + 60n);
      await pause();
    }
    expect([refused, await arrived()]).to.deep.equal([26, 0n]);
    await eraVotes.pay(account);
    await guardianStaking.withdraw(exitId);
    expect((await era.balanceOf(account)) - before).to.equal(3n * AMOUNT);
    await pass(WEEK + 60n);
    for (const { guardianSet } of metalayer.rollups) await guardianSet.rotate();
    await metalayer.deliverAll();
    expect(await arrived()).to.equal(AMOUNT);
  });
});
