import { secp256k1 } from "@noble/curves/secp256k1.js";
import { expect } from "chai";
import hre from "hardhat";
import { Random } from "../../scripts/checks/vectors/random.ts";
import { FIELD_PRIME, GROUP_ORDER, liftX, publicKey, type Point } from "../../sdk/src/schnorr.ts";
import { SignatureHarness__factory, type SignatureHarness } from "../../typechain-types/index.js";
import { FUZZ_SEED } from "../helpers/fuzz.ts";

describe("Secp256k1", () => {
  let harness: SignatureHarness;

  before(async () => {
    const { ethers } = await hre.network.create("rollupA");
    harness = await new SignatureHarness__factory(await ethers.provider.getSigner(0)).deploy();
  });

  async function sum(points: readonly Point[]): Promise<Point> {
    const [x, y] = await harness.sumPoints(points.map((point): [bigint, bigint] => [point.x, point.y]));
    return { x, y };
  }

  /** Sum of multiples of G by the curve library; (0, 0) for infinity. */
  function expected(multiples: readonly bigint[]): Point {
    const total = multiples.reduce((point, k) => point.add(secp256k1.Point.BASE.multiply(k)), secp256k1.Point.ZERO);
    if (total.is0()) return { x: 0n, y: 0n };
    const { x, y } = total.toAffine();
    return { x, y };
  }

  describe("isOnCurve", () => {
    const G = publicKey(1n);
    const good: readonly (readonly [string, Point])[] = [
      ["the generator", G],
      ["its negative", { x: G.x, y: FIELD_PRIME - G.y }],
      ["a point with a small x", liftX(1n)],
      ["the point of n − 1", publicKey(GROUP_ORDER - 1n)],
    ];
    const bad: readonly (readonly [string, Point])[] = [
      ["(0, 0)", { x: 0n, y: 0n }],
      ["x = 0", { x: 0n, y: 7n }],
      ["y = 0", { x: FIELD_PRIME - 7n, y: 0n }],
      ["x ≥ p, another encoding of a point", { x: liftX(1n).x + FIELD_PRIME, y: liftX(1n).y }],
      ["x = p", { x: FIELD_PRIME, y: 1n }],
      ["y = p", { x: G.x, y: FIELD_PRIME }],
      ["both all ones", { x: 2n ** 256n - 1n, y: 2n ** 256n - 1n }],
      ["y off by one", { x: G.x, y: G.y + 1n }],
      ["x off by one", { x: G.x + 1n, y: G.y }],
      ["coordinates swapped", { x: G.y, y: G.x }],
      ["a point of y² = x³ + 19", { x: 5n, y: 12n }],
      ["a point of y² = x³ − 125", { x: 5n, y: 0n }],
    ];
    for (const [name, point] of good) {
      it(`accepts ${name}`, async () => expect(await harness.isOnCurve(point.x, point.y)).to.equal(true));
    }
    for (const [name, point] of bad) {
      it(`C2 refuses ${name}`, async () => expect(await harness.isOnCurve(point.x, point.y)).to.equal(false));
    }
  });

  describe("add", () => {
    const n = GROUP_ORDER;
    const cases: Readonly<Record<string, readonly bigint[]>> = {
      "nothing: infinity": [],
      "one point": [5n],
      "two points": [5n, 9n],
      "R22 equal points: doubling": [5n, 5n],
      "R22 doubling in the middle: 2 + 3 + 5": [2n, 3n, 5n],
      "R22 opposite points: infinity": [5n, n - 5n],
      "R22 beyond infinity: K − K + L": [5n, n - 5n, 9n],
      "R22 subset sum: K1 + K2 − (K1 + K2)": [3n, 8n, n - 11n],
      "R22 infinity twice": [5n, n - 5n, 7n, n - 7n],
      "R22 four times the same": [4n, 4n, 4n, 4n],
    };
    for (const [name, multiples] of Object.entries(cases)) {
      it(name, async () => expect(await sum(multiples.map(publicKey))).to.deep.equal(expected(multiples)));
    }

    it(`agrees with the curve library on random sums full of coincidences (seed ${FUZZ_SEED})`, async () => {
      const random = new Random(`secp256k1 ${FUZZ_SEED}`);
      for (let round = 0; round < 60; round++) {
        // Few distinct multiples and their negatives: equal, opposite and infinite sums occur all the time.
        const multiples = Array.from({ length: random.between(1, 12) }, () => {
          const k = BigInt(random.between(1, 6));
          return random.between(0, 2) === 0 ? k : n - k;
        });
        expect(await sum(multiples.map(publicKey)), String(multiples)).to.deep.equal(expected(multiples));
      }
      for (let round = 0; round < 20; round++) {
        const multiples = Array.from({ length: random.between(1, 8) }, () => random.uint(255));
        expect(await sum(multiples.map(publicKey)), String(multiples)).to.deep.equal(expected(multiples));
      }
    });
  });

  describe("inverse", () => {
    it("gives the same by precompile and by powers, and it is the inverse", async () => {
      const random = new Random("inverse");
      const values = [1n, 2n, FIELD_PRIME - 1n, ...Array.from({ length: 10 }, () => random.uint(255))];
      for (const value of values) {
        const { asked, computed } = await harness.inverse(value);
        expect(asked).to.equal(computed);
        expect((asked * value) % FIELD_PRIME).to.equal(1n);
      }
    });
  });
});
