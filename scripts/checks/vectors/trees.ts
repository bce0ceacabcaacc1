import {
  factLeaves,
  factProof,
  headFactHash,
  laneFactHash,
  networkRoot,
  type HeadFact,
} from "../../../sdk/src/fact.ts";
import { CLASS_FAST, CLASS_FINAL } from "../../../sdk/src/fact.ts";
import { proveRange } from "../../../sdk/src/lane.ts";
import { partSiblings, treeRoot } from "../../../sdk/src/tree.ts";
import { Random } from "./random.ts";
import { sampleRange, sampleUint } from "./samples.ts";

/** Whole trees, and parts of them with their siblings. */
export function treeVectors(): unknown {
  const random = new Random("trees");
  const counts = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 17, 31, 32, 33, 40, 64, 100];
  return {
    trees: counts.map((count) => {
      const leaves = Array.from({ length: count }, () => random.hash());
      const parts = Array.from({ length: Math.min(6, (count * (count + 1)) / 2) }, () => {
        const first = random.between(0, count);
        const length = random.between(1, count - first + 1);
        return { first, length, siblings: partSiblings(leaves, first, length) };
      });
      return { leaves, root: treeRoot(leaves), parts };
    }),
  };
}

/** Facts with their hashes, and fact trees with the proof of each fact. */
export function factVectors(): unknown {
  const random = new Random("facts");
  const laneFacts = ([CLASS_FINAL, CLASS_FAST, CLASS_FINAL, CLASS_FAST] as const).map((factClass, index) => {
    const { fact, factHash, leaves } = proveRange(sampleRange(random, factClass, 1 + 5 * index));
    if (laneFactHash(fact) !== factHash) throw new Error("a fact has two hashes");
    return { ...fact, leaves, factHash };
  });
  const headFacts = ([CLASS_FINAL, CLASS_FINAL, CLASS_FAST] as const).map((factClass) => {
    const networkId = random.hash();
    const fact: HeadFact = {
      class: factClass,
      chainId: 1n + sampleUint(random, 62),
      incarnation: random.pick([1n, 16_383n]),
      anchorIndex: sampleUint(random, 64),
      number: sampleUint(random, 64),
      blockHash: random.hash(),
      stateRoot: random.hash(),
    };
    return { networkId, ...fact, factHash: headFactHash(networkId, fact) };
  });
  const trees = [1, 2, 3, 5, 8, 17].map((count) => {
    const facts = Array.from({ length: count }, () => random.hash());
    const proofs = factLeaves(facts).map((fact) => ({ fact, ...factProof(facts, fact) }));
    return { facts, leaves: factLeaves(facts), networkRoot: networkRoot(facts), proofs };
  });
  return { laneFacts, headFacts, trees };
}
