import type { Hex } from "../../sdk/src/bytes.ts";
import type { FactProof, HeadFact, LaneFact } from "../../sdk/src/fact.ts";
import type { Lane } from "../../sdk/src/route.ts";

interface Seen {
  /** The rollup on which it was used. */
  readonly chainId: bigint;
  readonly transactionHash: Hex;
  readonly factHash: Hex;
  /** Packed bytes, with signers as that rollup's table names them. */
  readonly attestation: Hex;
  readonly proof: FactProof;
  /** Timestamp of the block in which it was used, in seconds. */
  readonly attestedAt: number;
  /** When it was read here, by the wall clock, in ms. */
  readonly seenAt: number;
}

export interface SeenLane extends Seen {
  readonly kind: "lane";
  readonly fact: LaneFact;
  readonly lane: Lane;
  /** Hashes of all its messages, if the transaction named them all. */
  readonly hashes: readonly Hex[] | undefined;
}

export interface SeenHead extends Seen {
  readonly kind: "head";
  readonly fact: HeadFact;
}

/** A fact that guardians attested and somebody used on a rollup. */
export type SeenFact = SeenLane | SeenHead;

/** The rollup that the fact speaks about. */
export function homeOf(seen: SeenFact): bigint {
  return seen.kind === "lane" ? seen.lane.srcChainId : seen.fact.chainId;
}

/** What the fact says, in few words. */
export function textOf(seen: SeenFact): string {
  if (seen.kind === "head") return `anchor ${seen.fact.anchorIndex} of rollup ${seen.fact.chainId}`;
  const { from, to } = seen.fact;
  const { srcChainId, dstChainId } = seen.lane;
  return `messages ${from} to ${to - 1n} from rollup ${srcChainId} to ${dstChainId}`;
}
