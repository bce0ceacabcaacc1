import { concat } from "ethers";
import { expect } from "chai";
import fc from "fast-check";
import { decodeBatches, encodeBatches, TAG_HASH } from "../../sdk/src/batch.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import { hashText, ZERO_HASH } from "../../sdk/src/bytes.ts";
import { factProof, networkRoot } from "../../sdk/src/fact.ts";
import type { LaneRange } from "../../sdk/src/lane.ts";
import { buildBatch, openBatch, proveRange } from "../../sdk/src/lane.ts";
import type { Message } from "../../sdk/src/message.ts";
import { chainHeads } from "../../sdk/src/message.ts";
import { laneId } from "../../sdk/src/route.ts";
import { forAll, FUZZ_SEED } from "../helpers/fuzz.ts";
import { example, hash, lane, message, part } from "./arbitraries.ts";
import { refusalCode } from "./refusal.ts";
import * as reference from "./reference.ts";

const range = fc
  .record({ lane, from: fc.bigInt({ min: 0n, max: 1n << 47n }), headBefore: hash })
  .chain(({ lane: inLane, from, headBefore }) =>
    fc
      .record({ class: fc.constantFrom(0 as const, 1 as const), span: part(20), block: hash })
      .chain(({ class: factClass, span, block }) =>
        fc.array(message, { minLength: span.count, maxLength: span.count }).map((messages) => ({
          span,
          range: {
            lane: inLane,
            class: factClass,
            headBefore,
            messages: messages.map((value, index): Message => {
              const kind = factClass === 1 ? 0 : value.kind;
              return { ...value, kind, nonce: from + BigInt(index) };
            }),
            ...(factClass === 1 ? { srcBlockHash: block === ZERO_HASH ? hashText("block") : block } : {}),
          } satisfies LaneRange,
        })),
      ),
  );

describe(`sdk lane (seed ${FUZZ_SEED})`, () => {
  const sampleLane = example(lane);

  describe("proveRange", () => {
    it("states heads, root and leaves as the plain reference computes them", () => {
      forAll(
        range,
        ({ range: value }) => {
          const { fact, factHash, leaves } = proveRange(value);
          const hashes = value.messages.map((one) => reference.messageHash(value.lane, one));
          expect(leaves).to.deep.equal(hashes);
          expect(fact.headAt).to.equal(hashes.reduce<string>(reference.nextHead, value.headBefore));
          expect(fact.batchRoot).to.equal(reference.root(hashes));
          expect(fact.laneId).to.equal(reference.laneId(value.lane));
          expect(factHash).to.equal(reference.laneFactHash(fact));
        },
        60,
      );
    });

    it("refuses a gap, a repetition and an empty range", () => {
      const [first, second] = sampleMessages(2);
      if (first === undefined || second === undefined) throw new Error("no samples");
      const prove = (messages: readonly Message[]) => () => proveRange(rangeOf(messages));
      expect(refusalCode(prove([first, { ...second, nonce: 2n }]))).to.equal("LANE_GAP");
      expect(refusalCode(prove([first, first]))).to.equal("LANE_GAP");
      expect(refusalCode(prove([]))).to.match(/^(FACT_INVALID|TREE_LEAF_COUNT)$/);
    });
  });

  describe("buildBatch and openBatch", () => {
    it("agree on fact, root, hashes and messages through the packed bytes", () => {
      forAll(
        fc.tuple(range, fc.uniqueArray(hash, { maxLength: 6 })),
        ([{ range: value, span }, others]) => {
          const proven = proveRange(value);
          const facts = [proven.factHash, ...others];
          const from = proven.fact.from + BigInt(span.first);
          const batch = buildBatch(value, proven, {
            factProof: factProof(facts, proven.factHash),
            from,
            to: from + BigInt(span.length),
            hashOnly: ({ nonce }) => nonce % 3n === 0n,
            claim: ({ nonce, kind }) => kind === 0 && nonce % 3n === 1n,
          });
          const [decoded] = decodeBatches(encodeBatches([batch]));
          if (decoded === undefined) throw new Error("nothing decoded");
          const opened = openBatch(value.lane, decoded);
          const given = value.messages.slice(span.first, span.first + span.length);
          expect(opened.fact).to.deep.equal(proven.fact);
          expect(opened.networkRoot).to.equal(networkRoot(facts));
          expect(opened.hashes).to.deep.equal(proven.leaves.slice(span.first, span.first + span.length));
          expect(opened.messages).to.deep.equal(given.filter(({ nonce }) => nonce % 3n !== 0n));
        },
        60,
      );
    });

    it("refuses a part outside of the range", () => {
      const value = rangeOf(sampleMessages(4));
      const proven = proveRange(value);
      const build = (from: bigint, to: bigint) => () =>
        buildBatch(value, proven, { factProof: factProof([proven.factHash], proven.factHash), from, to });
      for (const [from, to] of [
        [0n, 5n],
        [2n, 2n],
        [3n, 1n],
        [4n, 5n],
      ] as const) {
        expect(refusalCode(build(from, to))).to.equal("LANE_RANGE");
      }
      expect(build(3n, 4n)().entries).to.have.length(1);
    });
  });

  describe("openBatch", () => {
    it("C10: leads to no attested root for any inner node given as a message hash, whatever count it claims", () => {
      for (let count = 2; count <= 64; count++) {
        const value = rangeOf(sampleMessages(count));
        const proven = proveRange(value);
        const attested = networkRoot([proven.factHash]);
        const honest = buildBatch(value, proven, {
          factProof: factProof([proven.factHash], proven.factHash),
          hashOnly: () => true,
        });
        expect(openBatch(value.lane, honest).networkRoot).to.equal(attested);
        for (const level of reference.levels(proven.leaves).slice(1)) {
          // CAST: the reference computes with plain strings, which are 32-byte hashes here.
          const entries = level.map((node) => ({ tag: TAG_HASH, messageHash: node as Hex }) as const);
          const forged = openBatch(value.lane, { ...honest, count: level.length, entries });
          expect(forged.fact.batchRoot).to.equal(proven.fact.batchRoot);
          expect(forged.networkRoot).to.not.equal(attested);
        }
      }
    });

    it("C10: gives a 64-byte payload made of two hashes another leaf than their node", () => {
      const [left, right] = [hashText("left"), hashText("right")];
      const [first] = sampleMessages(1);
      if (first === undefined) throw new Error("no sample");
      const payload: Hex = `0x${concat([left, right]).slice(2)}`;
      const proven = proveRange(rangeOf([{ ...first, payload }]));
      expect(proven.fact.batchRoot).to.not.equal(reference.node(left, right));
      expect(proven.fact.headAt).to.equal(chainHeads(laneId(sampleLane), proven.leaves));
    });

    it("C10: takes no network root for a fact, nor a fact for a message", () => {
      const value = rangeOf(sampleMessages(3));
      const proven = proveRange(value);
      const attested = networkRoot([proven.factHash, hashText("other")]);
      const alone = buildBatch(value, proven, { factProof: { index: 0, count: 1, siblings: [] } });
      expect(openBatch(value.lane, alone).networkRoot).to.not.equal(attested);
      const entries = [{ tag: TAG_HASH, messageHash: proven.fact.batchRoot }] as const;
      expect(openBatch(value.lane, { ...alone, count: 1, entries }).networkRoot).to.not.equal(
        networkRoot([proven.factHash]),
      );
    });
  });

  function sampleMessages(count: number): Message[] {
    return fc
      .sample(message, { seed: 2, numRuns: count })
      .map((value, index) => ({ ...value, kind: 0, nonce: BigInt(index) }));
  }

  function rangeOf(messages: readonly Message[]): LaneRange {
    return { lane: sampleLane, class: 0, headBefore: laneId(sampleLane), messages };
  }
});
