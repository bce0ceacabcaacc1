import { expect } from "chai";
import fc from "fast-check";
import type { Hex } from "../../sdk/src/bytes.ts";
import { ZERO_HASH } from "../../sdk/src/bytes.ts";
import type { LaneFact } from "../../sdk/src/fact.ts";
import { factLeaves, factProof, headFactHash, laneFactHash, networkRoot, rootFromFact } from "../../sdk/src/fact.ts";
import { forAll, FUZZ_SEED } from "../helpers/fuzz.ts";
import { example, hash, uint } from "./arbitraries.ts";
import { refusalCode } from "./refusal.ts";
import * as reference from "./reference.ts";

const classes = fc.constantFrom(0 as const, 1 as const);

const laneFact: fc.Arbitrary<LaneFact> = fc
  .tuple(classes, hash, uint(60), fc.integer({ min: 1, max: 1024 }), fc.array(hash, { minLength: 4, maxLength: 4 }))
  .map(([factClass, laneId, from, count, [a, b, c, d]]) => ({
    class: factClass,
    laneId,
    from,
    to: from + BigInt(count),
    headBefore: a ?? ZERO_HASH,
    headAt: b ?? ZERO_HASH,
    batchRoot: c ?? ZERO_HASH,
    srcBlockHash: factClass === 1 ? (d ?? ZERO_HASH) : ZERO_HASH,
  }))
  .filter((fact) => fact.class === 0 || fact.srcBlockHash !== ZERO_HASH);

const headFact = fc.record({
  class: classes,
  chainId: uint(256),
  incarnation: uint(256),
  anchorIndex: uint(64),
  number: uint(64),
  blockHash: hash,
  stateRoot: hash,
});

const factSet: fc.Arbitrary<Hex[]> = fc.uniqueArray(hash, { minLength: 1, maxLength: 20 });

describe(`sdk facts (seed ${FUZZ_SEED})`, () => {
  const sample = example(laneFact.filter((fact) => fact.class === 0));

  describe("laneFactHash", () => {
    it("is the plain typed hash", () => {
      forAll(laneFact, (fact) => {
        expect(laneFactHash(fact)).to.equal(reference.laneFactHash(fact));
      });
    });

    it("refuses an empty, backward or oversize range, and nonces past 64 bits", () => {
      expect(refusalCode(() => laneFactHash({ ...sample, to: sample.from }))).to.equal("FACT_INVALID");
      expect(refusalCode(() => laneFactHash({ ...sample, from: 9n, to: 8n }))).to.equal("FACT_INVALID");
      expect(refusalCode(() => laneFactHash({ ...sample, to: sample.from + 1025n }))).to.equal("FACT_INVALID");
      expect(refusalCode(() => laneFactHash({ ...sample, from: (1n << 64n) - 1n, to: 1n << 64n }))).to.equal(
        "VALUE_OUT_OF_RANGE",
      );
    });

    it("refuses a final fact with a source block, a fast one without, and an unknown class", () => {
      expect(refusalCode(() => laneFactHash({ ...sample, srcBlockHash: sample.headAt }))).to.equal("FACT_INVALID");
      expect(refusalCode(() => laneFactHash({ ...sample, class: 1 }))).to.equal("FACT_INVALID");
      // CAST: the type forbids what untyped callers may pass.
      expect(refusalCode(() => laneFactHash({ ...sample, class: 2 as 1 }))).to.equal("FACT_INVALID");
    });
  });

  describe("headFactHash", () => {
    it("is the plain typed hash", () => {
      forAll(fc.tuple(hash, headFact), ([networkId, fact]) => {
        expect(headFactHash(networkId, fact)).to.equal(reference.headFactHash(networkId, fact));
      });
    });
  });

  describe("networkRoot", () => {
    it("is the plain root over the ascending facts, whatever their order", () => {
      forAll(factSet, (facts) => {
        expect(networkRoot(facts)).to.equal(reference.networkRoot(facts));
        expect(networkRoot([...facts].reverse())).to.equal(networkRoot(facts));
      });
    });

    it("EXPLOITS 37: refuses a fact given twice, also in another case", () => {
      forAll(factSet, (facts) => {
        const [first = ZERO_HASH] = facts;
        const shouted: Hex = `0x${first.slice(2).toUpperCase()}`;
        expect(refusalCode(() => networkRoot([...facts, first]))).to.equal("FACT_DUPLICATE");
        expect(refusalCode(() => networkRoot([...facts, shouted]))).to.equal("FACT_DUPLICATE");
      });
    });

    it("refuses an empty set", () => {
      expect(refusalCode(() => networkRoot([]))).to.equal("TREE_LEAF_COUNT");
    });
  });

  describe("factProof", () => {
    it("leads every fact to the root, at its place among the ascending facts", () => {
      forAll(factSet, (facts) => {
        for (const fact of facts) {
          const proof = factProof(facts, fact);
          expect(factLeaves(facts)[proof.index]).to.equal(fact);
          expect(rootFromFact(fact, proof)).to.equal(networkRoot(facts));
        }
      });
    });

    it("leads no other hash there, and refuses to prove it", () => {
      forAll(fc.tuple(factSet, hash), ([facts, stranger]) => {
        fc.pre(!facts.includes(stranger));
        const [fact = ZERO_HASH] = facts;
        expect(rootFromFact(stranger, factProof(facts, fact))).to.not.equal(networkRoot(facts));
        expect(refusalCode(() => factProof(facts, stranger))).to.equal("FACT_UNKNOWN");
      });
    });
  });
});
