import { expect } from "chai";
import { networkRoot, CLASS_FAST, factProof, laneFactHash, type LaneFact } from "../../sdk/src/fact.ts";
import { type Evidence } from "../../sdk/src/evidence.ts";
import { accuseLanes } from "../../sdk/src/evidenceBuild.ts";
import { partSiblings } from "../../sdk/src/tree.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import { attestAs, include, inventedFact, prove, trueFact, WRONG, type SigningOptions, type World } from "./world.ts";
import { laneCharges, stageOf, type Truth } from "./charges.ts";

type Conflict = Extract<Evidence, { readonly kind: "laneConflict" }>;

describe("GuardianSlashing, conflicting lane facts", () => {
  let world: World;
  let truth: Truth;
  let back: () => Promise<void>;
  const elsewhere: Hex = `0x${"77".repeat(32)}`;
  const { expectProof: expectStored } = laneCharges(() => ({ world, truth, back }));

  before(async () => ({ world, truth, back } = await stageOf(40)));

  beforeEach(async () => back());

  const fact = (from: bigint, to: bigint): LaneFact => trueFact(world.lane, truth, from, to);
  const hashes = (from: bigint, to: bigint) => truth.hashes(from, to);
  const swapped = (from: bigint, to: bigint, at: bigint): Hex[] =>
    hashes(from, to).map((hash, index) => (from + BigInt(index) === at ? WRONG : hash));

  function conflict(
    one: { readonly fact: LaneFact; readonly hashes?: readonly Hex[] },
    two: { readonly fact: LaneFact; readonly hashes?: readonly Hex[] },
    options: SigningOptions = {},
  ): Conflict | undefined {
    const ranges = [one, two].map((range) => ({ ...range, inclusion: include(world.net, range.fact, options) }));
    const [a, b] = ranges;
    const found = a === undefined || b === undefined ? undefined : accuseLanes(a, b);
    return found?.kind === "laneConflict" ? found : undefined;
  }

  async function expectProof(evidence: Conflict | undefined, by: string, rollup = world.b): Promise<void> {
    if (evidence === undefined) throw new Error("no conflict was found");
    expect(evidence.difference.by).to.equal(by);
    await expectStored(evidence, rollup);
  }

  const refuses = (evidence: Evidence) =>
    expect(prove(world.b, evidence)).to.be.revertedWithCustomError(world.b.guardianSlashing, "SlashingNoConflict");

  it("R2 R21 are two heads at one nonce, of either end, on any rollup", async () => {
    for (const [one, two] of [
      [fact(0n, 10n), { ...fact(5n, 10n), headAt: WRONG }],
      [fact(10n, 20n), { ...fact(10n, 15n), headBefore: WRONG }],
      [fact(10n, 20n), { ...fact(20n, 30n), headBefore: WRONG }],
      [fact(10n, 20n), { ...fact(0n, 10n), headAt: WRONG }],
    ] as const) {
      for (const rollup of [world.a, world.b])
        await expectProof(conflict({ fact: one }, { fact: two }), "ends", rollup);
    }
  });

  it("R21 are two roots of one range", async () => {
    await expectProof(conflict({ fact: fact(0n, 10n) }, { fact: { ...fact(0n, 10n), batchRoot: WRONG } }), "ends");
  });

  it("R21 are two leaves of one nonce in overlapping ranges without an end in common", async () => {
    const lie = inventedFact(fact(5n, 25n), swapped(5n, 25n, 12n));
    const evidence = conflict(
      { fact: fact(10n, 20n), hashes: hashes(10n, 20n) },
      { fact: lie, hashes: swapped(5n, 25n, 12n) },
    );
    await expectProof(evidence, "leaf");
  });

  it("R21 are two heads at one nonce, one of them inside a range", async () => {
    for (const [from, to] of [
      [5n, 25n],
      [15n, 35n],
    ] as const) {
      const lie = { ...fact(from, to), headBefore: elsewhere };
      const chained = inventedFact(lie, hashes(from, to));
      const evidence = conflict(
        { fact: chained, hashes: hashes(from, to) },
        { fact: fact(10n, 20n), hashes: hashes(10n, 20n) },
      );
      await expectProof(evidence, "within");
    }
  });

  it("may stand in one tree: then the second attestation is empty", async () => {
    const facts = [fact(0n, 10n), { ...fact(0n, 10n), headAt: WRONG }];
    const leaves = facts.map(laneFactHash);
    const attestation = attestAs(world.net, networkRoot(leaves), [0, 1, 2]);
    const ranges = facts.map((one, index) => ({
      fact: one,
      inclusion: { attestation, proof: factProof(leaves, leaves[index] ?? WRONG) },
    }));
    const [a, b] = ranges;
    const found = a === undefined || b === undefined ? undefined : accuseLanes(a, b);
    if (found?.kind !== "laneConflict") throw new Error("no conflict");
    const [first, second] = found.inclusions;
    await expectProof({ ...found, inclusions: [first, { ...second, attestation: "0x" }] }, "ends");
    await expect(prove(world.b, found)).to.be.revertedWithCustomError(
      world.b.guardianSlashing,
      "SlashingAlreadyProven",
    );
  });

  it("R5 contradict each other as fast facts only under the same block", async () => {
    const fast = (from: bigint, to: bigint, srcBlockHash: Hex): LaneFact => ({
      ...fact(from, to),
      class: CLASS_FAST,
      srcBlockHash,
    });
    const lie = { ...fast(0n, 10n, elsewhere), headAt: WRONG };
    await expectProof(conflict({ fact: fast(5n, 10n, elsewhere) }, { fact: lie }), "ends");
    expect(conflict({ fact: fast(5n, 10n, WRONG) }, { fact: lie })).to.equal(undefined);
    expect(conflict({ fact: fact(5n, 10n) }, { fact: lie })).to.equal(undefined);
    const pair = conflict({ fact: fast(5n, 10n, elsewhere) }, { fact: lie });
    if (pair === undefined) throw new Error("no conflict");
    for (const other of [fast(5n, 10n, WRONG), fact(5n, 10n)]) {
      const facts = laneFactHash(other) < laneFactHash(lie) ? ([other, lie] as const) : ([lie, other] as const);
      const inclusions = [include(world.net, facts[0]), include(world.net, facts[1])] as const;
      await refuses({ ...pair, facts, inclusions });
    }
  });

  it("C7 C8 are never two true facts, whatever is brought along", async () => {
    const pairs = [
      [fact(0n, 10n), fact(10n, 20n)],
      [fact(0n, 20n), fact(5n, 25n)],
      [fact(0n, 20n), fact(5n, 15n)],
      [fact(0n, 20n), fact(0n, 10n)],
    ] as const;
    for (const [one, two] of pairs) {
      expect(
        conflict({ fact: one, hashes: hashes(one.from, one.to) }, { fact: two, hashes: hashes(two.from, two.to) }),
      ).to.equal(undefined);
      const facts = laneFactHash(one) < laneFactHash(two) ? ([one, two] as const) : ([two, one] as const);
      const [a, b] = facts;
      const inclusions = [include(world.net, a), include(world.net, b)] as const;
      const proofOf = (range: LaneFact, nonce: bigint) => ({
        leaf: hashes(range.from, range.to)[Number(nonce - range.from)] ?? WRONG,
        siblings: partSiblings(hashes(range.from, range.to), Number(nonce - range.from), 1),
      });
      for (const difference of [
        { by: "ends" as const },
        { by: "within" as const, hashes: hashes(a.from, a.to) },
        { by: "within" as const, hashes: hashes(b.from, b.to) },
        { by: "within" as const, hashes: swapped(a.from, a.to, a.from) },
        { by: "leaf" as const, nonce: a.from, a: proofOf(a, a.from), b: proofOf(b, b.from) },
        { by: "leaf" as const, nonce: a.from, a: proofOf(a, a.from), b: { leaf: WRONG, siblings: [] } },
      ]) {
        await refuses({ kind: "laneConflict", facts, inclusions, difference });
      }
    }
  });

  it("C7 are no conflict in another order or with themselves", async () => {
    const pair = conflict({ fact: fact(0n, 10n) }, { fact: { ...fact(0n, 10n), headAt: WRONG } });
    if (pair === undefined) throw new Error("no conflict");
    const [a, b] = pair.facts;
    const [first, second] = pair.inclusions;
    await refuses({ ...pair, facts: [b, a], inclusions: [second, first] });
    await refuses({ ...pair, facts: [a, a], inclusions: [first, first] });
  });
});
