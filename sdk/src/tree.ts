import { concatBytes, fixedBytes, keccak, toHex, type Hex } from "./bytes.ts";
import { MetalayerError } from "./errors.ts";

/** Most leaves of a tree. */
export const MAX_LEAVES = 1_024;

const NODE_PREFIX = Uint8Array.of(0x01);

/** Hash of an inner node over its ordered children. */
export function nodeHash(left: Hex, right: Hex): Hex {
  return keccak(concatBytes([NODE_PREFIX, fixedBytes("left", left, 32), fixedBytes("right", right, 32)]));
}

/** Root over all leaves. Throws `TREE_LEAF_COUNT`. */
export function treeRoot(leaves: readonly Hex[]): Hex {
  return rootFromPart({ count: leaves.length, first: 0, part: leaves, siblings: [] });
}

/** Consecutive leaves of a tree, with the sibling hashes that lead to its root. */
export interface TreePart {
  /** Leaves of the whole tree. */
  readonly count: number;
  /** Index of the first leaf of the part. */
  readonly first: number;
  readonly part: readonly Hex[];
  readonly siblings: readonly Hex[];
}

/** Siblings that prove `length` leaves from `first`: bottom up, left before right. Throws `TREE_LEAF_COUNT` or `TREE_RANGE`. */
export function partSiblings(leaves: readonly Hex[], first: number, length: number): Hex[] {
  checkRange(leaves.length, first, length);
  const siblings: Hex[] = [];
  let level = leaves;
  let known = { from: first, to: first + length };
  while (level.length > 1) {
    for (const index of missing(level.length, known)) siblings.push(at(level, index));
    level = parents(level);
    known = above(known);
  }
  return siblings;
}

/** How many siblings a part needs. Throws `TREE_LEAF_COUNT` or `TREE_RANGE`. */
export function siblingCount(count: number, first: number, length: number): number {
  checkRange(count, first, length);
  let known = { from: first, to: first + length };
  let needed = 0;
  for (let width = count; width > 1; width = (width + 1) >> 1) {
    needed += missing(width, known).length;
    known = above(known);
  }
  return needed;
}

/**
 * The only root of which this can be a part. To verify, compare it with the expected root.
 * Throws `TREE_LEAF_COUNT`, `TREE_RANGE`, and `TREE_SIBLING_COUNT` unless exactly the needed siblings are given.
 */
export function rootFromPart({ count, first, part, siblings }: TreePart): Hex {
  const needed = siblingCount(count, first, part.length);
  if (siblings.length !== needed) {
    throw new MetalayerError("TREE_SIBLING_COUNT", `the part needs ${needed} siblings, not ${siblings.length}`, {
      needed,
      given: siblings.length,
    });
  }
  let taken = 0;
  let nodes = part.map((leaf) => toHex(fixedBytes("leaf", leaf, 32)));
  let known = { from: first, to: first + part.length };
  for (let width = count; width > 1; width = (width + 1) >> 1) {
    const [left, right] = sides(width, known);
    nodes = [
      ...(left === undefined ? [] : [at(siblings, taken++)]),
      ...nodes,
      ...(right === undefined ? [] : [at(siblings, taken++)]),
    ];
    nodes = parents(nodes);
    known = above(known);
  }
  return at(nodes, 0);
}

/**
 * Whether the part belongs to the tree with this root. False for anything malformed; never throws.
 *
 * @example
 * const leaves = ["11", "22", "33"].map((byte) => `0x${byte.repeat(32)}`);
 * const siblings = partSiblings(leaves, 1, 1);
 * verifyPart(treeRoot(leaves), { count: 3, first: 1, part: [leaves[1]], siblings })
 * // => true
 */
export function verifyPart(root: Hex, part: TreePart): boolean {
  try {
    return rootFromPart(part) === root.toLowerCase();
  } catch (error) {
    if (error instanceof MetalayerError) return false;
    throw error;
  }
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Indices beside the known span that the next level needs and that exist. */
function sides(width: number, known: Span): readonly [left: number | undefined, right: number | undefined] {
  return [
    known.from % 2 === 1 ? known.from - 1 : undefined,
    known.to % 2 === 1 && known.to < width ? known.to : undefined,
  ];
}

function missing(width: number, known: Span): number[] {
  return sides(width, known).filter((index) => index !== undefined);
}

function above(known: Span): Span {
  return { from: known.from >> 1, to: (known.to + 1) >> 1 };
}

/** The next level: pairs hashed, an odd last node unchanged. The first node must be a left child. */
function parents(nodes: readonly Hex[]): Hex[] {
  const level: Hex[] = [];
  for (let i = 0; i < nodes.length; i += 2) {
    const right = nodes[i + 1];
    level.push(right === undefined ? at(nodes, i) : nodeHash(at(nodes, i), right));
  }
  return level;
}

function checkRange(count: number, first: number, length: number): void {
  if (!Number.isInteger(count) || count < 1 || count > MAX_LEAVES) {
    throw new MetalayerError("TREE_LEAF_COUNT", `a tree has 1 to ${MAX_LEAVES} leaves, not ${count}`, { count });
  }
  if (!Number.isInteger(first) || !Number.isInteger(length) || first < 0 || length < 1 || first + length > count) {
    throw new MetalayerError("TREE_RANGE", `${length} leaves from ${first} are no part of ${count} leaves`, {
      count,
      first,
      length,
    });
  }
}

function at(hashes: readonly Hex[], index: number): Hex {
  const hash = hashes[index];
  if (hash === undefined) throw new MetalayerError("TREE_RANGE", `no hash at ${index}`, { index });
  return hash;
}
