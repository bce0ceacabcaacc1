import type { Signer } from "ethers";
import { Era__factory, EraVotes__factory, type Era, type EraVotes } from "../../typechain-types/index.js";
import { openRollup, type Rollup, type RollupName } from "./rollup.ts";

export const ERA = 10n ** 18n;
export const DAY = 86_400n;
export const NOTICE = 12n * DAY;
export const PERIOD = 30n * DAY;

export interface VotesFixture {
  readonly rollup: Rollup;
  readonly era: Era;
  readonly votes: EraVotes;
  /** Accounts with 1,000 ERA each and an unlimited allowance for the votes. */
  readonly holders: readonly Signer[];
}

/** Deposits on one rollup that is home, so that there is ERA. */
export async function deployVotes(name: RollupName, count = 4): Promise<VotesFixture> {
  const rollup = await openRollup(name);
  const signers = await rollup.ethers.getSigners();
  const [deployer] = signers;
  if (deployer === undefined) throw new Error("no accounts");
  const { chainId } = await rollup.ethers.provider.getNetwork();
  const era = await new Era__factory(deployer).deploy(deployer, deployer, deployer, deployer, chainId, deployer);
  const votes = await new EraVotes__factory(deployer).deploy(era, NOTICE, PERIOD);
  const holders = signers.slice(2, 2 + count);
  for (const holder of holders) {
    await era.transfer(holder, 1_000n * ERA);
    await era.connect(holder).approve(votes, 2n ** 256n - 1n);
  }
  return { rollup, era, votes, holders };
}

/** The end of a term that is `count` whole periods away at least. */
export function lockEnd(now: number, count: bigint, period = PERIOD): bigint {
  return ((BigInt(now) + 60n) / period + 1n + count) * period;
}
