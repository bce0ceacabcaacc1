import { eraText } from "../format.ts";

/** Votes in whole and parts of a vote: one for each ERA deposited, two for each under a term. */
export function votesText(wei: bigint): string {
  return eraText(wei).replace("ERA", "votes");
}
