import type { Hex } from "./bytes.ts";
import type { Difference, Evidence, Inclusion, SourceBlock } from "./evidence.ts";
import { headFactHash, laneFactHash, type HeadFact, type LaneFact } from "./fact.ts";
import { chainHeads, CHECKPOINT_INTERVAL, nextHead } from "./message.ts";
import type { Lane } from "./route.ts";
import { partSiblings, treeRoot } from "./tree.ts";

/** A lane as its home holds it. */
export interface LaneTruth {
  /** Messages sent. */
  readonly count: bigint;
  readonly headAt: (count: bigint) => Hex;
  /** Hashes of messages `from` to `to − 1`, which exist. */
  readonly hashes: (from: bigint, to: bigint) => readonly Hex[];
}

/** A lane fact with what is needed to judge it at home. */
export interface LaneCharge {
  readonly fact: LaneFact;
  readonly inclusion: Inclusion;
  readonly lane: Lane;
  readonly sourceBlock?: SourceBlock;
}

/** Messages whose hashes lead from the stored head below `position` to the next one; undefined if `position` itself is stored. */
export function provingRange(
  position: bigint,
  count: bigint,
): { readonly from: bigint; readonly to: bigint } | undefined {
  const from = position - (position % CHECKPOINT_INTERVAL);
  if (from === position || position === count) return undefined;
  const next = from + CHECKPOINT_INTERVAL;
  return { from, to: next < count ? next : count };
}

/** The evidence that shows a lane fact false at home; undefined if it is true. */
export function accuseLane(charge: LaneCharge, truth: LaneTruth): Evidence | undefined {
  const { fact } = charge;
  if (fact.to > truth.count) return { kind: "laneAhead", ...charge };
  const wrong = [
    { position: fact.from, claimed: fact.headBefore },
    { position: fact.to, claimed: fact.headAt },
  ].find(({ position, claimed }) => truth.headAt(position) !== claimed.toLowerCase());
  if (wrong !== undefined) {
    const range = provingRange(wrong.position, truth.count);
    const hashes = range === undefined ? [] : truth.hashes(range.from, range.to);
    return { kind: "laneHead", ...charge, position: wrong.position, hashes };
  }
  const hashes = truth.hashes(fact.from, fact.to);
  if (treeRoot(hashes) === fact.batchRoot.toLowerCase()) return undefined;
  return { kind: "laneRoot", fact, inclusion: charge.inclusion, hashes };
}

/** A lane fact with the hashes of its messages, if they are known. */
export interface ClaimedRange {
  readonly fact: LaneFact;
  readonly inclusion: Inclusion;
  readonly hashes?: readonly Hex[];
}

/** The evidence that two lane facts contradict each other; undefined if that cannot be shown with what is known. */
export function accuseLanes(one: ClaimedRange, two: ClaimedRange): Evidence | undefined {
  const [a, b] = laneFactHash(one.fact) < laneFactHash(two.fact) ? [one, two] : [two, one];
  const isSame = a.fact.class === b.fact.class && a.fact.srcBlockHash === b.fact.srcBlockHash;
  if (!isSame || a.fact.laneId !== b.fact.laneId) return undefined;
  const difference =
    endsDifference(a.fact, b.fact) ??
    leafDifference(a, b) ??
    withinDifference(a, b.fact) ??
    withinDifference(b, a.fact);
  if (difference === undefined) return undefined;
  return { kind: "laneConflict", facts: [a.fact, b.fact], inclusions: [a.inclusion, b.inclusion], difference };
}

/** The evidence that two head facts contradict each other; undefined if they do not. */
export function accuseHeads(
  networkId: Hex,
  facts: readonly [HeadFact, HeadFact],
  inclusions: readonly [Inclusion, Inclusion],
): Evidence | undefined {
  const [a, b] = facts;
  const isSame = a.chainId === b.chainId && a.incarnation === b.incarnation && a.anchorIndex === b.anchorIndex;
  const [hashA, hashB] = [headFactHash(networkId, a), headFactHash(networkId, b)];
  if (!isSame || hashA === hashB) return undefined;
  if (hashA < hashB) return { kind: "headConflict", facts, inclusions };
  return { kind: "headConflict", facts: [b, a], inclusions: [inclusions[1], inclusions[0]] };
}

function endsDifference(a: LaneFact, b: LaneFact): Difference | undefined {
  const ends = ({ from, to, headBefore, headAt }: LaneFact) => [
    { at: from, head: headBefore },
    { at: to, head: headAt },
  ];
  const differ = ends(a).some((x) => ends(b).some((y) => x.at === y.at && x.head !== y.head));
  const sameRange = a.from === b.from && a.to === b.to;
  return differ || (sameRange && a.batchRoot !== b.batchRoot) ? { by: "ends" } : undefined;
}

function leafDifference(a: ClaimedRange, b: ClaimedRange): Difference | undefined {
  if (a.hashes === undefined || b.hashes === undefined) return undefined;
  const [leavesA, leavesB] = [a.hashes, b.hashes];
  const end = a.fact.to < b.fact.to ? a.fact.to : b.fact.to;
  for (let nonce = a.fact.from > b.fact.from ? a.fact.from : b.fact.from; nonce < end; nonce++) {
    const [i, j] = [Number(nonce - a.fact.from), Number(nonce - b.fact.from)];
    const [leafA, leafB] = [leavesA[i], leavesB[j]];
    if (leafA === undefined || leafB === undefined || leafA === leafB) continue;
    const proofA = { leaf: leafA, siblings: partSiblings(leavesA, i, 1) };
    return { by: "leaf", nonce, a: proofA, b: { leaf: leafB, siblings: partSiblings(leavesB, j, 1) } };
  }
  return undefined;
}

/** One fact's own messages lead over another head at an end of the other. */
function withinDifference({ fact, hashes }: ClaimedRange, other: LaneFact): Difference | undefined {
  if (hashes === undefined || chainHeads(fact.headBefore, hashes) !== fact.headAt) return undefined;
  const inner = new Map<bigint, Hex>();
  hashes.slice(0, -1).reduce((head, hash, index) => {
    const next = nextHead(head, hash);
    inner.set(fact.from + BigInt(index + 1), next);
    return next;
  }, fact.headBefore);
  const { from, to, headBefore, headAt } = other;
  const differs = (nonce: bigint, head: Hex): boolean => inner.has(nonce) && inner.get(nonce) !== head;
  return differs(from, headBefore) || differs(to, headAt) ? { by: "within", hashes } : undefined;
}
