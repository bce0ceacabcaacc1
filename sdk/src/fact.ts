import { hashWords, fixedBytes, toHex, ZERO_HASH, checkUint, type Hex } from "./bytes.ts";
import { MetalayerError } from "./errors.ts";
import { HEAD_FACT_TYPEHASH, LANE_FACT_TYPEHASH } from "./network.ts";
import { MAX_LEAVES, partSiblings, rootFromPart, treeRoot } from "./tree.ts";

/** Class of facts that the source's finality policy covers. */
export const CLASS_FINAL = 0;
/** Class of facts about a soft head. */
export const CLASS_FAST = 1;

/** How final a fact is. It belongs to the fact, never to the message. */
export type FactClass = typeof CLASS_FINAL | typeof CLASS_FAST;

/** "Messages `from` to `to − 1` of the lane have this batch root and lead from one head to the other." */
export interface LaneFact {
  readonly class: FactClass;
  readonly laneId: Hex;
  readonly from: bigint;
  /** One past the last nonce. */
  readonly to: bigint;
  readonly headBefore: Hex;
  readonly headAt: Hex;
  readonly batchRoot: Hex;
  /** Zero for `final`. */
  readonly srcBlockHash: Hex;
}

/** "The rollup's anchor has this block." */
export interface HeadFact {
  readonly class: FactClass;
  readonly chainId: bigint;
  readonly incarnation: bigint;
  readonly anchorIndex: bigint;
  readonly number: bigint;
  readonly blockHash: Hex;
  readonly stateRoot: Hex;
}

/** Hash of a lane fact. Throws `FACT_INVALID` for a fact that cannot be, and `VALUE_OUT_OF_RANGE`. */
export function laneFactHash(fact: LaneFact): Hex {
  checkClass(fact.class);
  const count = checkUint("to", fact.to, 64) - checkUint("from", fact.from, 64);
  if (count < 1n || count > BigInt(MAX_LEAVES)) {
    throw new MetalayerError("FACT_INVALID", `a lane fact covers 1 to ${MAX_LEAVES} messages, not ${count}`, { count });
  }
  if ((fact.class === CLASS_FINAL) !== (fact.srcBlockHash === ZERO_HASH)) {
    throw new MetalayerError("FACT_INVALID", "a fast fact, and no other, names its source block", { fact });
  }
  return hashWords([
    LANE_FACT_TYPEHASH,
    fact.class,
    fact.laneId,
    fact.from,
    fact.to,
    fact.headBefore,
    fact.headAt,
    fact.batchRoot,
    fact.srcBlockHash,
  ]);
}

/** Hash of a head fact. Throws `FACT_INVALID` or `VALUE_OUT_OF_RANGE`. */
export function headFactHash(networkId: Hex, fact: HeadFact): Hex {
  checkClass(fact.class);
  return hashWords([
    HEAD_FACT_TYPEHASH,
    networkId,
    fact.class,
    fact.chainId,
    fact.incarnation,
    checkUint("anchorIndex", fact.anchorIndex, 64),
    checkUint("number", fact.number, 64),
    fact.blockHash,
    fact.stateRoot,
  ]);
}

/** Place of one fact in a fact tree. */
export interface FactProof {
  readonly index: number;
  readonly count: number;
  readonly siblings: readonly Hex[];
}

/** Fact hashes as leaves: in ascending order. Throws `FACT_DUPLICATE`. */
export function factLeaves(hashes: readonly Hex[]): Hex[] {
  const leaves = hashes.map((hash) => toHex(fixedBytes("fact hash", hash, 32))).sort();
  const duplicate = leaves.find((leaf, index) => leaf === leaves[index + 1]);
  if (duplicate !== undefined) {
    throw new MetalayerError("FACT_DUPLICATE", `fact given twice: ${duplicate}`, { duplicate });
  }
  return leaves;
}

/** Root of the fact tree over a set of fact hashes in any order. Throws `FACT_DUPLICATE` or `TREE_LEAF_COUNT`. */
export function networkRoot(hashes: readonly Hex[]): Hex {
  return treeRoot(factLeaves(hashes));
}

/** Proof of one fact of the set. Throws `FACT_UNKNOWN` and as {@link networkRoot}. */
export function factProof(hashes: readonly Hex[], hash: Hex): FactProof {
  const leaves = factLeaves(hashes);
  const index = leaves.findIndex((leaf) => leaf === hash.toLowerCase());
  if (index < 0) throw new MetalayerError("FACT_UNKNOWN", `no such fact in the set: ${hash}`, { hash });
  return { index, count: leaves.length, siblings: partSiblings(leaves, index, 1) };
}

/** The network root to which a proof leads. Throws `TREE_RANGE`, `TREE_LEAF_COUNT` or `TREE_SIBLING_COUNT`. */
export function rootFromFact(hash: Hex, proof: FactProof): Hex {
  return rootFromPart({ count: proof.count, first: proof.index, part: [hash], siblings: proof.siblings });
}

function checkClass(factClass: number): void {
  if (factClass !== CLASS_FINAL && factClass !== CLASS_FAST) {
    throw new MetalayerError("FACT_INVALID", `no class of facts: ${factClass}`, { class: factClass });
  }
}
