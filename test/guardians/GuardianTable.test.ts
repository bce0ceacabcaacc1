import { secp256k1 } from "@noble/curves/secp256k1.js";
import { expect } from "chai";
import hre from "hardhat";
import { Random } from "../../scripts/checks/vectors/random.ts";
import { GROUP_ORDER, publicKey } from "../../sdk/src/schnorr.ts";
import { SignatureHarness__factory, type SignatureHarness } from "../../typechain-types/index.js";
import { FUZZ_SEED } from "../helpers/fuzz.ts";

describe("GuardianTable", () => {
  let harness: SignatureHarness;

  before(async () => {
    const { ethers } = await hre.network.create("rollupA");
    harness = await new SignatureHarness__factory(await ethers.provider.getSigner(0)).deploy();
  });

  /** Sum of the multiples chosen by the bitmap: its x-coordinate, 0 for infinity. */
  function expectedX(multiples: readonly bigint[], bitmap: bigint): bigint {
    const chosen = multiples.filter((_, index) => (bitmap >> BigInt(index)) & 1n);
    const total = chosen.reduce((point, k) => point.add(secp256k1.Point.BASE.multiply(k)), secp256k1.Point.ZERO);
    return total.is0() ? 0n : total.toAffine().x;
  }

  async function freeze(multiples: readonly bigint[], weightOf: (index: number) => bigint): Promise<void> {
    await harness.freeze(multiples.map((k, index) => ({ ...publicKey(k), weight: weightOf(index) })));
  }

  describe("write and read", () => {
    it("keeps keys and weights in order, behind a STOP byte and the sum of all keys", async () => {
      const multiples = [3n, 5n, 7n, 11n];
      await freeze(multiples, (index) => 10n ** BigInt(index));
      const entries = await harness.read();
      expect(entries.map(({ x, y, weight }) => [x, y, weight])).to.deep.equal(
        multiples.map((k, index) => [publicKey(k).x, publicKey(k).y, 10n ** BigInt(index)]),
      );
      const runner = harness.runner?.provider;
      const code = (await runner?.getCode(await harness.code())) ?? "";
      expect((code.length - 2) / 2).to.equal(1 + 64 + 4 * 72);
      expect(code.slice(0, 4)).to.equal("0x00");
      const total = publicKey(26n);
      expect([BigInt(`0x${code.slice(4, 68)}`), BigInt(`0x${code.slice(68, 132)}`)]).to.deep.equal([total.x, total.y]);
    });

    it("holds the greatest weights of 256 guardians, and finds each key", async () => {
      const multiples = Array.from({ length: 256 }, (_, index) => BigInt(index + 1));
      await freeze(multiples, () => 2n ** 64n - 1n);
      const { x, weight } = await harness.sumTable(2n ** 256n - 1n);
      expect(x).to.equal(expectedX(multiples, 2n ** 256n - 1n));
      expect(weight).to.equal(256n * (2n ** 64n - 1n));
      for (const bitmap of [1n << 255n, (1n << 256n) - 2n, (1n << 128n) - 1n, (1n << 129n) - 1n]) {
        expect((await harness.sumTable(bitmap)).x).to.equal(expectedX(multiples, bitmap));
      }
      expect(await harness.find(publicKey(256n).x)).to.deep.equal([true, 2n ** 64n - 1n]);
      expect(await harness.find(publicKey(257n).x)).to.deep.equal([false, 0n]);
      expect(await harness.find(0n)).to.deep.equal([false, 0n]);
      for (const index of [0n, 1n, 255n]) expect(await harness.keyAt(index)).to.equal(publicKey(index + 1n).x);
    });
  });

  describe("sum", () => {
    const n = GROUP_ORDER;
    const tables: Readonly<Record<string, readonly bigint[]>> = {
      "independent keys": [101n, 2_003n, 30_011n, 400_009n, 5_000_011n, 60_000_049n],
      "R22 keys K1, K2, K1 + K2 and their negatives": [3n, 8n, 11n, n - 11n, n - 19n],
      "R22 every sum of the others, total infinity": [1n, 2n, 3n, n - 6n],
      "R22 doubles: K, 2K, 4K, 8K, −8K": [1n, 2n, 4n, 8n, n - 8n],
    };
    for (const [name, multiples] of Object.entries(tables)) {
      it(`is right for every set of signers: ${name}`, async () => {
        await freeze(multiples, (index) => 1n << BigInt(10 * index));
        for (let bitmap = 0n; bitmap < 1n << BigInt(multiples.length); bitmap++) {
          const { x, weight } = await harness.sumTable(bitmap);
          expect(x, `bitmap ${bitmap}`).to.equal(expectedX(multiples, bitmap));
          const weights = multiples.map((_, index) => ((bitmap >> BigInt(index)) & 1n) << BigInt(10 * index));
          expect(weight).to.equal(weights.reduce((total, one) => total + one, 0n));
        }
      });
    }
  });

  describe("limitWeights", () => {
    /** The rule itself: the greatest C with 3·C < Σ min(w, C), found by search; the greatest weight if that needs no limit. */
    function capBySearch(weights: readonly bigint[]): bigint {
      const limited = (cap: bigint): bigint => weights.reduce((total, w) => total + (w < cap ? w : cap), 0n);
      const greatest = weights.reduce((a, b) => (a > b ? a : b), 0n);
      let cap = greatest;
      while (cap > 0n && 3n * cap >= limited(cap)) cap--;
      return cap;
    }

    async function check(weights: readonly bigint[]): Promise<void> {
      const result = await harness.limitWeights([...weights]);
      const positive = weights.filter((w) => w > 0n).length;
      expect(result.weighted).to.equal(BigInt(positive));
      const cap = positive < 4 ? 0n : capBySearch(weights);
      expect(result.cap, String(weights)).to.equal(cap);
      const limited = cap === 0n ? weights : weights.map((w) => (w < cap ? w : cap));
      expect([...result.limited]).to.deep.equal(limited);
      expect(result.total).to.equal(cap === 0n ? 0n : limited.reduce((a, b) => a + b, 0n));
      for (const w of cap === 0n ? [] : limited) expect(3n * w < result.total, String(weights)).to.equal(true);
    }

    it("R7 EXPLOITS 38 leaves nobody a third, and takes off no more than that: every table of 4 weights from 0 to 6", async () => {
      for (let code = 0; code < 7 ** 4; code++) {
        const weights = [0, 1, 2, 3].map((place) => BigInt(Math.floor(code / 7 ** place) % 7));
        // Order does not matter to the rule; ascending and one other order are enough.
        if (weights.every((w, index) => index === 0 || (weights[index - 1] ?? 0n) <= w)) {
          await check(weights);
          await check([...weights].reverse());
        }
      }
    });

    it(`does so for random tables with giants and dwarfs (seed ${FUZZ_SEED})`, async () => {
      const random = new Random(`tables ${FUZZ_SEED}`);
      for (let round = 0; round < 60; round++) {
        const weights = Array.from({ length: random.between(4, 12) }, () =>
          BigInt(random.pick([0, 1, 2, 50, 300, 1_000])),
        );
        await check(weights);
      }
    });

    it("cannot express 1-of-1, 1-of-2 or 2-of-3: fewer than four weights give no table", async () => {
      for (const weights of [[], [5n], [5n, 5n], [5n, 5n, 5n], [5n, 5n, 5n, 0n, 0n]]) {
        const { cap, total, weighted } = await harness.limitWeights(weights);
        expect([cap, total, weighted]).to.deep.equal([0n, 0n, BigInt(weights.filter((w) => w > 0n).length)]);
      }
    });

    it("does not overflow with the greatest weights", async () => {
      const max = 2n ** 64n - 1n;
      const { cap, total } = await harness.limitWeights(Array.from({ length: 256 }, () => max));
      expect([cap, total]).to.deep.equal([max, 256n * max]);
      expect((await harness.limitWeights([max, max, 1n, 1n])).cap).to.equal(1n);
    });
  });
});
