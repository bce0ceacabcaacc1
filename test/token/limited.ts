import { createEconomy, deliverFrom, ETHER, remember, transfer } from "../helpers/economy.ts";
import type { Economy, EconomyRollup } from "../helpers/economy.ts";

/** Capacity and share of rollup B's ceiling on rollup C. */
export const SMALL = 100n * ETHER;
export const SMALL_SHARE = 150n * ETHER;

/** Two rollups, the first of which is home, and the way back to the start. */
export async function createPair(): Promise<{
  readonly net: Economy;
  readonly a: EconomyRollup;
  readonly b: EconomyRollup;
  restore(this: void): Promise<void>;
}> {
  const net = await createEconomy(["rollupA", "rollupB"]);
  const [a, b] = net.rollups as [EconomyRollup, EconomyRollup]; // CAST: two names, two rollups
  return { net, a, b, restore: await remember(net) };
}

/** Three rollups; a user of B has ERA, of which C takes little. */
export interface LimitedEconomy {
  readonly net: Economy;
  readonly home: EconomyRollup;
  readonly b: EconomyRollup;
  readonly c: EconomyRollup;
  /** Takes everything back to the start. */
  restore(this: void): Promise<void>;
}

export async function createLimitedEconomy(): Promise<LimitedEconomy> {
  const net = await createEconomy(["rollupA", "rollupB", "rollupC"]);
  const [home, b, c] = net.rollups as [EconomyRollup, EconomyRollup, EconomyRollup]; // CAST: three names, three rollups
  await transfer(home, b, home.holder, b.user, 10_000n * ETHER);
  await deliverFrom(net, home, b);
  await c.rollupRegistry.setCeiling(b.chainId, SMALL_SHARE, SMALL);
  return { net, home, b, c, restore: await remember(net) };
}

/** Lets seconds pass; the table of guardians does not expire on the way. */
export async function later({ connection, guardianSet }: EconomyRollup, seconds: number): Promise<void> {
  await connection.networkHelpers.time.increase(seconds);
  await guardianSet.rotate();
}

export async function serial({ guardianSet }: EconomyRollup): Promise<number> {
  return Number(await guardianSet.currentSerial());
}
