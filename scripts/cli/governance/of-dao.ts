import { formatUnits } from "ethers";
import type { Connection } from "../connection.ts";
import { timeText } from "../format.ts";
import type { RollupDescription } from "../network.ts";
import { governanceOf } from "./contracts.ts";
import { votesText } from "./votes-text.ts";

// What differs where a command speaks to a community's DAO: the flag to type again, the unit of votes, the clock.

/** What to add to the next command. */
export function daoFlag({ dao }: RollupDescription): string {
  if (dao === undefined) return "";
  return ` --dao ${/^[\w.-]+$/.test(dao.name) ? dao.name : JSON.stringify(dao.name)}`;
}

/** Votes in the unit of whoever votes. */
export function voteText({ dao }: RollupDescription, votes: bigint): string {
  if (dao === undefined) return votesText(votes);
  return `${formatUnits(votes, dao.decimals).replace(/\.0$/, "")} ${dao.symbol}`;
}

/** A moment of the governor's clock. */
export function momentText({ dao }: RollupDescription, moment: bigint): string {
  return dao?.clock === "blocks" ? `block ${moment}` : timeText(moment);
}

/** Now, by the governor's clock. */
export async function momentOf(home: Connection): Promise<bigint> {
  const { description, provider } = home;
  if (description.dao?.clock === "blocks") return governanceOf(description, provider).eraGovernor.clock();
  return secondsOf(home);
}

/** Seconds since 1970, by the rollup's newest block. */
export async function secondsOf({ provider }: Connection): Promise<bigint> {
  return BigInt((await provider.getBlock("latest"))?.timestamp ?? 0);
}
