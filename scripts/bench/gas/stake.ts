import { parseEther, type Signer } from "ethers";
import { addressOf, type GasNetwork } from "./network.ts";
import { costOf, row, type GasRow, type Subject } from "./row.ts";

const AMOUNT = parseEther("12345.678");
const DAY = 86_400;
/** Longer than any exit of the table's networks takes. */
const UNBONDING = 100 * DAY;

/** What guardians and delegators pay. Somebody staked, left and claimed before; the pool counts in the table. */
export const stake: Subject = {
  title: "Stake and rewards",
  async rows(networks) {
    const net = await networks(4);
    const { era, guardianRewards, guardianStaking, holder, operator: payer, user, passTime } = net.home;
    const operator = net.guardians[0]?.operator ?? "";
    await (await era.connect(holder).approve(guardianRewards, AMOUNT)).wait();
    await (await guardianRewards.connect(holder).fund(AMOUNT)).wait();
    for (const account of [holder, payer, user]) await equip(net, account);
    const as = (account: Signer) => ({
      staking: guardianStaking.connect(account),
      rewards: guardianRewards.connect(account),
    });
    for (const account of [holder, payer]) await (await as(account).staking.stake(operator, AMOUNT)).wait();
    await passTime(DAY);
    await (await as(payer).staking.unstake(operator, AMOUNT / 2n)).wait();
    await (await as(payer).rewards.claim(operator)).wait();
    await passTime(DAY);

    const more = await costOf(as(holder).staking.stake(operator, AMOUNT));
    const delegated = await costOf(as(user).staking.stake(operator, AMOUNT));
    await passTime(DAY);
    const claimed = await costOf(as(holder).rewards.claim(operator));
    await passTime(DAY);
    const compounded = await costOf(as(holder).rewards.compound(operator));
    const left = await costOf(as(holder).staking.unstake(operator, AMOUNT));
    await passTime(UNBONDING);
    const paid = await costOf(as(holder).staking.withdraw(2n));
    return [
      row("stake, more of it", more),
      row("delegation by a new account", delegated),
      row("claim of rewards", claimed),
      row("rewards put to the stake", compounded),
      row("exit, requested", left),
      row("exit, paid", paid),
    ] satisfies GasRow[];
  },
};

/** ERA, and the allowance for all of it. */
async function equip({ home }: GasNetwork, account: Signer): Promise<void> {
  const { era, guardianStaking, holder } = home;
  const all = 10n * AMOUNT;
  if (account !== holder) await (await era.connect(holder).transfer(await addressOf(account), all)).wait();
  await (await era.connect(account).approve(guardianStaking, all)).wait();
}
