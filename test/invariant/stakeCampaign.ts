import { ZeroAddress, type Signer } from "ethers";
import { provePossession } from "../../sdk/src/possession.ts";
import { createEconomy, deliverFrom, ETHER, transfer, type Economy, type EconomyRollup } from "../helpers/economy.ts";
import { NETWORK_ID, testGuardians, type TestGuardian } from "../helpers/network.ts";
import { randomSource } from "./campaign.ts";

const START = 200_000n * ETHER;
const BOND = 5n * ETHER;
const HOUR = 3_600;
const FOREVER = 2n ** 40n;
/** Waits in seconds: within an epoch, over an epoch, over an unbonding. */
const WAITS = [600, HOUR, 3 * HOUR, 86_400, 15 * 86_400];

/** What the campaign did and what came of it. */
export interface Step {
  readonly rollup: EconomyRollup;
  readonly action: string;
  readonly done: boolean;
}

/** Random actions of operators, delegators, proofs and time on the stake of three rollups. */
export class StakeCampaign {
  readonly net: Economy;
  readonly guardians: readonly TestGuardian[] = testGuardians(8);
  readonly #random: (below: number) => number;
  readonly #operators = new Map<EconomyRollup, readonly Signer[]>();

  private constructor(net: Economy, seed: number) {
    this.net = net;
    this.#random = randomSource(seed);
  }

  /** ERA on every rollup in three hands, eight operators that can act, of which four begin as guardians. */
  static async start(seed: number): Promise<StakeCampaign> {
    const net = await createEconomy(["rollupA", "rollupB", "rollupC"]);
    const campaign = new StakeCampaign(net, seed);
    const [home, ...spokes] = net.rollups as [EconomyRollup, ...EconomyRollup[]]; // CAST: three rollups
    await home.era.connect(home.holder).transfer(home.user, 4n * START);
    for (const spoke of spokes) {
      await transfer(home, spoke, home.holder, spoke.user, 4n * START);
      await deliverFrom(net, home, spoke);
    }
    for (const rollup of net.rollups) await campaign.#prepare(rollup);
    return campaign;
  }

  accounts(rollup: EconomyRollup): readonly Signer[] {
    return [rollup.user, rollup.relayer, rollup.pauser];
  }

  async #prepare(rollup: EconomyRollup): Promise<void> {
    const { networkHelpers, ethers } = rollup.connection;
    for (const account of this.accounts(rollup)) {
      if (account !== rollup.user) await rollup.era.connect(rollup.user).transfer(account, START);
      await rollup.era.connect(account).approve(rollup.staking, 2n ** 256n - 1n);
      await rollup.era.connect(account).approve(rollup.rewards, 2n ** 256n - 1n);
    }
    const operators: Signer[] = [];
    for (const [index, { operator, key, secret }] of this.guardians.entries()) {
      await networkHelpers.impersonateAccount(operator);
      await networkHelpers.setBalance(operator, 10n ** 24n);
      operators.push(await ethers.getSigner(operator));
      if (index < 4) continue;
      await rollup.guardianSet.register(operator, key, provePossession(secret, NETWORK_ID, operator));
    }
    this.#operators.set(rollup, operators);
    await rollup.guardianSet.setMinimumWeight(100n);
    await rollup.staking.connect(rollup.deployer).setChallengeTerms(BOND, 600, HOUR);
    await rollup.rewards.connect(rollup.user).fund(100n * ETHER);
  }

  /** One random action. What a contract refuses is no failure. */
  async step(): Promise<Step> {
    const rollup = this.#pick(this.net.rollups);
    const actions: Record<string, () => Promise<unknown>> = {
      ...this.#stakeActions(rollup),
      ...this.#setActions(rollup),
    };
    const action = this.#pick(Object.keys(actions));
    try {
      await actions[action]?.();
      return { rollup, action, done: true };
    } catch (error) {
      if (error instanceof Error && /reverted with custom error/.test(error.message)) {
        return { rollup, action: `${action} ${error.message.slice(-80)}`, done: false };
      }
      throw error;
    }
  }

  #stakeActions(rollup: EconomyRollup): Record<string, () => Promise<unknown>> {
    const { staking, rewards } = rollup;
    const account = this.#pick(this.accounts(rollup));
    const operator = this.#pick(this.guardians).operator;
    const own = staking.connect(account);
    const amount = ETHER + BigInt(this.#random(3_000)) * ETHER + BigInt(this.#random(1_000_000_007));
    const leave = async () => {
      const held = await Promise.all(this.guardians.map((each) => staking.sharesOf(each.operator, account)));
      const place = held.findIndex((shares, index) => shares > 0n && (index >= this.#random(8) || shares > amount));
      await own.unstake(this.guardians[place]?.operator ?? operator, (held[place] ?? 0n) / BigInt(1 + this.#random(3)));
    };
    return {
      stake: () => own.stake(operator, amount),
      stakeMore: () => own.stake(operator, amount),
      stakeFor: () => own.stakeFor(operator, rollup.user, amount),
      unstake: leave,
      leave,
      fund: () => rewards.connect(account).fund(amount / 100n),
      settle: () => rewards.settle(operator, account),
      claim: () => rewards.connect(account).claim(operator),
      compound: () => rewards.connect(account).compound(operator),
      challenge: () => own.challenge(operator),
      closeChallenge: () => own.closeChallenge(operator),
    };
  }

  #setActions(rollup: EconomyRollup): Record<string, () => Promise<unknown>> {
    const { guardianSet, staking, slashing } = rollup;
    const place = this.#random(this.guardians.length);
    const operator = this.guardians[place]?.operator ?? ZeroAddress;
    const acting = this.#operators.get(rollup)?.[place] ?? rollup.user;
    const proven = guardianSet.connect(slashing);
    const soon = async () => BigInt(await rollup.connection.networkHelpers.time.latest()) + BigInt(this.#pick(WAITS));
    const rotate = () => guardianSet.connect(rollup.user).rotate();
    return {
      rotate,
      rotateAgain: rotate,
      rotateOnceMore: rotate,
      wait: () => rollup.connection.networkHelpers.time.increase(this.#pick(WAITS)),
      waitAgain: () => rollup.connection.networkHelpers.time.increase(this.#pick(WAITS)),
      forceRotation: () => guardianSet.forceRotation(),
      join: () => guardianSet.connect(acting).join(ZeroAddress),
      resign: () => (this.#random(3) === 0 ? guardianSet.connect(acting).resign() : rotate()),
      admit: () => guardianSet.admit(operator, 1_000n, FOREVER),
      freeze: async () => proven.freeze(operator, await soon()),
      freezeForeign: async () => proven.freezeForeign(operator, await soon()),
      unfreeze: () => proven.unfreeze(operator),
      slash: () =>
        staking
          .connect(slashing)
          .slash(operator, 1n + BigInt(this.#random(1_000_000)), rollup.fund, BigInt(this.#random(50_000))),
      convict: () => (place === 7 && this.#random(4) === 0 ? proven.convict(operator) : rotate()),
      answer: () => staking.connect(acting).answer(),
      unjail: () => guardianSet.connect(acting).unjail(),
    };
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#random(items.length)] as T; // CAST: the index is below the length
  }
}
