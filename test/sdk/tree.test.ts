import { expect } from "chai";
import fc from "fast-check";
import type { Hex } from "../../sdk/src/bytes.ts";
import { fromHex, hashText, toHex } from "../../sdk/src/bytes.ts";
import type { TreePart } from "../../sdk/src/tree.ts";
import { MAX_LEAVES, partSiblings, rootFromPart, siblingCount, treeRoot, verifyPart } from "../../sdk/src/tree.ts";
import { forAll, FUZZ_SEED } from "../helpers/fuzz.ts";
import { hash, part } from "./arbitraries.ts";
import { refusalCode } from "./refusal.ts";
import * as reference from "./reference.ts";

const leavesOf = (count: number): Hex[] => Array.from({ length: count }, (_, index) => hashText(`leaf ${index}`));

function partOf(leaves: readonly Hex[], first: number, length: number): TreePart {
  return {
    count: leaves.length,
    first,
    part: leaves.slice(first, first + length),
    siblings: partSiblings(leaves, first, length),
  };
}

/** Every part of every tree of up to `maxCount` leaves. */
function* allParts(maxCount: number): Generator<{ leaves: Hex[]; tree: string[][]; first: number; length: number }> {
  for (let count = 1; count <= maxCount; count++) {
    const leaves = leavesOf(count);
    const tree = reference.levels(leaves);
    for (let first = 0; first < count; first++) {
      for (let length = 1; length <= count - first; length++) yield { leaves, tree, first, length };
    }
  }
}

describe(`sdk tree (seed ${FUZZ_SEED})`, () => {
  describe("treeRoot", () => {
    it("is the plain root for every count up to 200 and for the largest tree", () => {
      for (const count of [...Array.from({ length: 200 }, (_, index) => index + 1), 1023, MAX_LEAVES]) {
        expect(treeRoot(leavesOf(count)), `${count} leaves`).to.equal(reference.root(leavesOf(count)));
      }
    });

    it("refuses no leaves and more than 1,024", () => {
      expect(refusalCode(() => treeRoot([]))).to.equal("TREE_LEAF_COUNT");
      expect(refusalCode(() => treeRoot(leavesOf(MAX_LEAVES + 1)))).to.equal("TREE_LEAF_COUNT");
    });
  });

  describe("partSiblings and rootFromPart", () => {
    it("prove every part of every tree of up to 40 leaves, with the siblings of the plain definition", () => {
      for (const { leaves, tree, first, length } of allParts(40)) {
        const name = `${length} from ${first} of ${leaves.length}`;
        const proof = partOf(leaves, first, length);
        expect(proof.siblings, name).to.deep.equal(reference.siblings(tree, first, length));
        expect(siblingCount(leaves.length, first, length), name).to.equal(proof.siblings.length);
        expect(rootFromPart(proof), name).to.equal(tree.at(-1)?.[0]);
      }
    });

    it("prove parts of big trees", () => {
      forAll(
        part(MAX_LEAVES),
        ({ count, first, length }) => {
          const leaves = leavesOf(count);
          expect(rootFromPart(partOf(leaves, first, length))).to.equal(treeRoot(leaves));
        },
        20,
      );
    });

    it("need nothing for the whole tree", () => {
      for (let count = 1; count <= 100; count++) expect(siblingCount(count, 0, count)).to.equal(0);
    });
  });

  describe("verifyPart", () => {
    it("EXPLOITS 21: refuses every flipped bit of every leaf and every sibling", () => {
      for (const { leaves, first, length } of allParts(9)) {
        const root = treeRoot(leaves);
        const proof = partOf(leaves, first, length);
        for (const list of ["part", "siblings"] as const) {
          proof[list].forEach((value, at) => {
            for (let byte = 0; byte < 32; byte++) {
              const damaged = proof[list].map((other, index) => (index === at ? flip(value, byte, byte % 8) : other));
              expect(verifyPart(root, { ...proof, [list]: damaged })).to.equal(false);
            }
          });
        }
      }
    });

    it("EXPLOITS 37: refuses positions outside of the tree, no leaves, and missing or surplus siblings", () => {
      for (const { leaves, first, length } of allParts(20)) {
        const root = treeRoot(leaves);
        const proof = partOf(leaves, first, length);
        expect(verifyPart(root, { ...proof, first: leaves.length - length + 1 })).to.equal(false);
        expect(verifyPart(root, { ...proof, first: -1 })).to.equal(false);
        expect(verifyPart(root, { ...proof, first: 2 ** 31 })).to.equal(false);
        expect(verifyPart(root, { ...proof, part: [] })).to.equal(false);
        expect(verifyPart(root, { ...proof, count: 0 })).to.equal(false);
        expect(verifyPart(root, { ...proof, siblings: [...proof.siblings, root] })).to.equal(false);
        expect(verifyPart(root, { ...proof, siblings: [root, ...proof.siblings] })).to.equal(false);
        if (proof.siblings.length > 0) {
          expect(verifyPart(root, { ...proof, siblings: [] })).to.equal(false);
          expect(verifyPart(root, { ...proof, siblings: proof.siblings.slice(1) })).to.equal(false);
        }
      }
    });

    it("refuses a part at any other position of its tree", () => {
      for (const { leaves, first, length } of allParts(16)) {
        const proof = partOf(leaves, first, length);
        for (let other = 0; other <= leaves.length - length; other++) {
          if (other !== first) expect(verifyPart(treeRoot(leaves), { ...proof, first: other })).to.equal(false);
        }
      }
    });

    it("C10: accepts no inner node as a leaf of a tree of known size, for 1 to 64 leaves", () => {
      for (let count = 2; count <= 64; count++) {
        const leaves = leavesOf(count);
        const root = treeRoot(leaves);
        const known = new Set<string>(leaves);
        const nodes = reference
          .levels(leaves)
          .flatMap((level, depth) => level.map((value, index) => ({ value, depth, index })));
        for (const { value, depth, index } of nodes.filter((inner) => !known.has(inner.value))) {
          const first = Math.min(index << depth, count - 1);
          // CAST: the reference computes with plain strings, which are 32-byte hashes here.
          const inner = value as Hex;
          const { siblings } = partOf(leaves, first, 1);
          expect(verifyPart(root, { count, first, part: [inner], siblings })).to.equal(false);
          expect(verifyPart(root, { count, first, part: [inner], siblings: siblings.slice(depth) })).to.equal(false);
          expect(verifyPart(root, { count, first, part: [inner], siblings: [] })).to.equal(false);
        }
      }
    });

    it("proves nothing that is not at that place of the tree", () => {
      const shuffled = fc.tuple(part(40), fc.array(hash, { maxLength: 12 }), hash);
      forAll(shuffled, ([{ count, first, length }, siblings, stranger]) => {
        const leaves = leavesOf(count);
        const values = [...leaves.slice(first, first + length - 1), stranger];
        expect(verifyPart(treeRoot(leaves), { count, first, part: values, siblings })).to.equal(false);
        const honest = partSiblings(leaves, first, length);
        expect(verifyPart(treeRoot(leaves), { count, first, part: values, siblings: honest })).to.equal(false);
      });
    });

    it("reads hashes in either case", () => {
      const leaves = leavesOf(5);
      const upper = (value: Hex): Hex => `0x${value.slice(2).toUpperCase()}`;
      const proof = partOf(leaves, 1, 2);
      const shouted = { ...proof, part: proof.part.map(upper), siblings: proof.siblings.map(upper) };
      expect(verifyPart(upper(treeRoot(leaves)), shouted)).to.equal(true);
      expect(treeRoot(leaves.slice(0, 1).map(upper))).to.equal(leaves[0]);
    });
  });
});

function flip(value: Hex, byte: number, bit: number): Hex {
  const bytes = fromHex(value);
  bytes[byte] = (bytes[byte] ?? 0) ^ (1 << bit);
  return toHex(bytes);
}
