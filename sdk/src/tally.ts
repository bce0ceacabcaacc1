import type { Address, Hex } from "./bytes.ts";
import { ZERO_HASH } from "./bytes.ts";
import type { MetalayerClient } from "./client.ts";
import { ballotId, type Ballot } from "./governance.ts";
import { slotProof } from "./proofsPack.ts";
import { mappingSlot, type StateHead } from "./proofsRead.ts";

/** All votes of one rollup on a ballot, in units of 1e9 wei of votes. */
export interface Tally {
  readonly againstVotes: bigint;
  readonly forVotes: bigint;
  readonly abstainVotes: bigint;
}

/** A tally as an attested head proves it, with what the TallyReader on home takes. */
export interface ProvenTally {
  readonly tally: Tally;
  readonly head: StateHead;
  readonly proof: Hex;
}

/** Where the votes are and where they go. */
export interface TallyQuery {
  /** Chain id of the rollup where was voted. */
  readonly of: bigint;
  /** Its VoteCollector. */
  readonly collector: Address;
  /** Chain id of home. */
  readonly home: bigint;
  readonly ballot: Ballot;
  /** Default: the newest head of the rollup that home has recorded. */
  readonly anchorIndex?: bigint;
}

/** Storage slot in which a collector keeps its tally of a ballot. */
export function tallySlot(ballot: Ballot): Hex {
  return mappingSlot(ballotId(ballot), 0n);
}

/** What a collector's tally slot says. */
export function unpackTally(word: Hex): Tally {
  const part = (index: bigint): bigint => BigInt.asUintN(64, BigInt(word) >> (64n * index));
  return { againstVotes: part(0n), forVotes: part(1n), abstainVotes: part(2n) };
}

/** Reads and verifies a tally. Throws as {@link MetalayerClient.readState}. */
export async function readTally(
  client: Pick<MetalayerClient, "readState">,
  { of, collector, home, ballot, anchorIndex }: TallyQuery,
): Promise<ProvenTally> {
  const slots = [tallySlot(ballot)];
  const at = anchorIndex === undefined ? {} : { anchorIndex };
  const state = await client.readState({ of, attestedOn: home, account: collector, slots, ...at });
  const proof = slotProof(state.accountPart, state.slotParts);
  return { tally: unpackTally(state.values[0] ?? ZERO_HASH), head: state.head, proof };
}
