import { concat } from "ethers";
import { expect } from "chai";
import fc from "fast-check";
import type { Batch } from "../../sdk/src/batch.ts";
import { decodeBatches, encodeBatches } from "../../sdk/src/batch.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import { fromHex, toHex, ZERO_HASH } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { forAll, FUZZ_SEED } from "../helpers/fuzz.ts";
import { batch, example } from "./arbitraries.ts";
import { refusalCode } from "./refusal.ts";
import * as reference from "./reference.ts";

describe(`sdk batches (seed ${FUZZ_SEED})`, () => {
  const final = example(
    batch.filter((value) => value.class === 0 && value.siblings.length > 0 && value.entries.length > 2),
  );
  const fast = example(batch.filter((value) => value.class === 1 && value.entries.length > 1));

  describe("encodeBatches", () => {
    it("writes the plain encoding of one or more batches", () => {
      forAll(fc.array(batch, { minLength: 1, maxLength: 3 }), (batches) => {
        expect(encodeBatches(batches)).to.equal(concat(batches.map(reference.encodeBatch)));
      });
    });

    const refusals: Record<string, [change: Partial<Batch>, code: string]> = {
      "no entries": [{ entries: [] }, "BATCH_RANGE"],
      "a part outside of the range": [{ first: final.count }, "BATCH_RANGE"],
      "more than 1,024 messages": [{ count: 1025 }, "BATCH_RANGE"],
      "a range past the last nonce": [{ from: (1n << 64n) - 1n }, "BATCH_RANGE"],
      "chain id 0": [{ srcChainId: 0n }, "BATCH_CHAIN_ID"],
      "chain id 2^63": [{ srcChainId: 1n << 63n }, "BATCH_CHAIN_ID"],
      "missing siblings": [{ siblings: [] }, "BATCH_SIBLING_COUNT"],
      "surplus siblings of the fact": [
        { factProof: { ...final.factProof, siblings: Array<Hex>(20).fill(ZERO_HASH) } },
        "BATCH_SIBLING_COUNT",
      ],
      "a fact outside of the tree": [{ factProof: { index: 3, count: 3, siblings: [] } }, "BATCH_FACT_INDEX"],
      "too much gas": [{ gasBoost: 1n << 32n }, "VALUE_OUT_OF_RANGE"],
      "a final batch with a source block": [{ srcBlockHash: final.headAt }, "BATCH_SOURCE_BLOCK"],
    };
    for (const [name, [change, code]] of Object.entries(refusals)) {
      it(`refuses ${name}`, () => {
        expect(refusalCode(() => encodeBatches([{ ...final, ...change }]))).to.equal(code);
      });
    }

    it("refuses nothing, and a bounty of class fast", () => {
      expect(refusalCode(() => encodeBatches([]))).to.equal("BATCH_EMPTY");
      const rest = fast.entries.slice(1);
      const bounty = { tag: 1, gasLimit: 0n, fee: 0n, sender: address, recipient: address, payload: "0x" } as const;
      expect(refusalCode(() => encodeBatches([{ ...fast, entries: [bounty, ...rest] }]))).to.equal(
        "BATCH_BOUNTY_IN_FAST",
      );
    });
  });

  describe("decodeBatches", () => {
    it("reads back what was written", () => {
      forAll(fc.array(batch, { minLength: 1, maxLength: 3 }), (batches) => {
        expect(decodeBatches(encodeBatches(batches))).to.deep.equal(batches);
      });
    });

    it("is canonical: bytes with one byte changed are refused, or mean something else and are written alike", () => {
      const tally = { refused: 0, different: 0 };
      for (const value of [final, fast]) {
        const good = encodeBatches([value]);
        fromHex(good).forEach((byte, at) => {
          for (const change of [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff]) {
            tally[judge(good, withByte(good, at, byte ^ change), value)]++;
          }
        });
      }
      expect(tally.refused).to.be.greaterThan(0);
      expect(tally.different).to.be.greaterThan(0);
    });

    it("refuses every truncation, and anything behind the last batch", () => {
      for (const value of [final, fast]) {
        const bytes = fromHex(encodeBatches([value]));
        for (let length = 0; length < bytes.length; length++) {
          expect(refusalCode(() => decodeBatches(toHex(bytes.subarray(0, length))))).to.match(/^BATCH_/);
        }
        for (let byte = 0; byte < 256; byte++) {
          const longer = new Uint8Array([...bytes, byte]);
          expect(refusalCode(() => decodeBatches(toHex(longer)))).to.match(/^BATCH_/);
        }
      }
    });

    it("refuses random bytes or reads exactly them", () => {
      forAll(
        fc.uint8Array({ maxLength: 400 }).map(toHex),
        (noise) => {
          const decoded = tryDecode(noise);
          if (decoded !== undefined) expect(encodeBatches(decoded)).to.equal(noise);
        },
        2_000,
      );
    });

    it("says at which byte the fault is", () => {
      const good = encodeBatches([final]);
      const second = concat([good, withByte(good, 0, 7)]);
      expect(faultOffset(`0x${second.slice(2)}`)).to.equal(good.length / 2 - 1);
    });

    it("takes the longest payload and refuses one byte more", () => {
      const entry = { tag: 0, gasLimit: 1n, fee: 2n, sender: address, recipient: address, payload: "0x" } as const;
      const factProof = { index: 0, count: 1, siblings: [] };
      const single = (length: number): Batch => ({
        ...final,
        count: 1,
        first: 0,
        siblings: [],
        factProof,
        entries: [{ ...entry, payload: `0x${"5a".repeat(length)}` }],
      });
      const longest = encodeBatches([single(32_768)]);
      expect(decodeBatches(longest)).to.deep.equal([single(32_768)]);
      expect(refusalCode(() => encodeBatches([single(32_769)]))).to.equal("BATCH_PAYLOAD_TOO_LONG");
      const lengthAt = 91 + 1 + 4 + 1 + 1 + 4 + 8 + 40;
      expect(refusalCode(() => decodeBatches(withByte(longest, lengthAt + 1, 1)))).to.equal("BATCH_PAYLOAD_TOO_LONG");
    });
  });

  const address = "0x00000000000000000000000000000000000000A1";

  function judge(good: Hex, mutated: Hex, original: Batch): "refused" | "different" {
    const decoded = tryDecode(mutated);
    if (decoded === undefined) return "refused";
    expect(decoded).to.not.deep.equal([original]);
    expect(encodeBatches(decoded)).to.equal(mutated).and.not.equal(good);
    return "different";
  }
});

function withByte(encoded: Hex, at: number, value: number): Hex {
  const bytes = fromHex(encoded);
  bytes[at] = value;
  return toHex(bytes);
}

function tryDecode(encoded: Hex): Batch[] | undefined {
  try {
    return decodeBatches(encoded);
  } catch (error) {
    if (error instanceof MetalayerError && error.code.startsWith("BATCH_")) return undefined;
    throw error;
  }
}

function faultOffset(encoded: Hex): unknown {
  try {
    return decodeBatches(encoded).length;
  } catch (error) {
    if (error instanceof MetalayerError) return error.info["offset"];
    throw error;
  }
}
