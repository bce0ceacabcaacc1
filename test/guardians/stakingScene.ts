import type { Signer } from "ethers";
import type { GuardianStaking } from "../../typechain-types/index.js";
import { createEconomy, EPOCH, remember, type Economy, type EconomyRollup } from "../helpers/economy.ts";

/** Weight that every guardian of the scene has without stake. */
export const BOOTSTRAP = 1_000n;

/** One rollup with the staking contract, and a staker that holds ERA and has given its allowance. */
export interface StakingScene {
  readonly net: Economy;
  readonly a: EconomyRollup;
  readonly staker: Signer;
  /** Called by the staker. */
  readonly staking: GuardianStaking;
  readonly operator: string;
  readonly other: string;
  /** Back to the moment of the last call of {@link StakingScene.keep}, at first that of the start. */
  restore(this: void): Promise<void>;
  /** From now on this is the start. */
  keep(this: void): Promise<void>;
  time(this: void): EconomyRollup["connection"]["networkHelpers"]["time"];
  weight(this: void, of?: string): Promise<bigint>;
  rotate(this: void): Promise<void>;
  tableWeight(this: void, of?: string): Promise<bigint>;
  /** Starts an exit of the staker's shares and returns its id. */
  exitOf(this: void, shares: bigint, of?: string): Promise<bigint>;
}

export async function stakingScene(): Promise<StakingScene> {
  const net = await createEconomy(["rollupA"]);
  const [a] = net.rollups as [EconomyRollup]; // CAST: one name, one rollup
  const staker = a.holder;
  const staking = a.staking.connect(staker);
  const [operator, other] = net.guardians.map((guardian) => guardian.operator) as [string, string]; // CAST: four guardians
  await a.era.connect(staker).approve(staking, 2n ** 256n - 1n);
  let restore = await remember(net);
  const time = () => a.connection.networkHelpers.time;
  return {
    ...{ net, a, staker, staking, operator, other, time },
    restore: () => restore(),
    keep: async () => {
      restore = await remember(net);
    },
    weight: async (of = operator) => (await staking.weights([of]))[0] ?? -1n,
    rotate: async () => {
      await time().increase(EPOCH);
      await a.guardianSet.rotate();
    },
    tableWeight: async (of = operator) => {
      const entries = await a.guardianSet.guardians(await a.guardianSet.currentSerial(), 0n, 256n);
      return entries.find((entry) => entry.operator.toLowerCase() === of.toLowerCase())?.weight ?? 0n;
    },
    exitOf: async (shares, of = operator) => {
      await staking.unstake(of, shares);
      const [event] = await staking.queryFilter(staking.filters.ExitRequested(), "latest");
      return event?.args.exitId ?? 0n;
    },
  };
}
