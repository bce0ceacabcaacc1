import { expect } from "chai";
import { readFileSync } from "node:fs";
import path from "node:path";
import { id } from "ethers";
import hre from "hardhat";
import type { EvidenceHarness } from "../../typechain-types/index.js";
import { Random } from "../../scripts/checks/vectors/random.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import { accuseLanes } from "../../sdk/src/evidenceBuild.ts";
import { CLASS_FAST, CLASS_FINAL, laneFactHash, type LaneFact } from "../../sdk/src/fact.ts";
import { chainHeads } from "../../sdk/src/message.ts";
import { partSiblings, treeRoot } from "../../sdk/src/tree.ts";
import { FUZZ_SEED } from "../helpers/fuzz.ts";

const ZERO: Hex = `0x${"00".repeat(32)}`;
const NO_INCLUSION = { attestation: "0x", proof: { index: 0, count: 1, siblings: [] } } as const;

/** A short lane of random messages, and facts about it of which some lie. */
function randomRange(random: Random, ids: readonly Hex[], lane: Hex): { fact: LaneFact; hashes: Hex[] } {
  const from = random.between(0, ids.length - 1);
  const to = random.between(from + 1, ids.length + 1);
  const hashes = ids.slice(from, to);
  let headBefore = chainHeads(lane, ids.slice(0, from));
  const lie = random.between(0, 5);
  if (lie === 1) hashes[random.between(0, hashes.length)] = random.hash();
  if (lie === 2) headBefore = random.hash();
  const isFast = random.between(0, 4) === 0;
  return {
    hashes,
    fact: {
      class: isFast ? CLASS_FAST : CLASS_FINAL,
      laneId: lane,
      from: BigInt(from),
      to: BigInt(to),
      headBefore,
      headAt: lie === 3 ? random.hash() : chainHeads(headBefore, hashes),
      batchRoot: lie === 4 ? random.hash() : treeRoot(hashes),
      srcBlockHash: isFast ? (id(String(random.between(0, 2))) as Hex) : ZERO, // CAST: ethers returns hex
    },
  };
}

describe("EvidenceLane and EvidenceHead", () => {
  let harness: EvidenceHarness;

  before(async () => {
    const { ethers } = await hre.network.create("rollupA");
    harness = await ethers.deployContract("EvidenceHarness");
  });

  it(`agree with the sdk about random facts (seed ${FUZZ_SEED})`, async function () {
    this.timeout(120_000);
    const random = new Random(`evidence ${FUZZ_SEED}`);
    let conflicts = 0;
    for (let run = 0; run < 150; run++) {
      const lane = random.hash();
      const ids = Array.from({ length: random.between(2, 9) }, () => random.hash());
      const [x, y] = [randomRange(random, ids, lane), randomRange(random, ids, lane)];
      const [a, b] = laneFactHash(x.fact) < laneFactHash(y.fact) ? [x, y] : [y, x];
      expect(await harness.hash(a.fact)).to.equal(laneFactHash(a.fact));
      const leads = chainHeads(a.fact.headBefore, a.hashes) === a.fact.headAt;
      const contradicts = leads && treeRoot(a.hashes) !== a.fact.batchRoot;
      expect(await harness.contradictsItself(a.fact, a.hashes)).to.equal(contradicts);
      const found = accuseLanes({ ...a, inclusion: NO_INCLUSION }, { ...b, inclusion: NO_INCLUSION });
      const ends = await harness.endsDiffer(a.fact, b.fact);
      const within =
        (await harness.differsWithin(a.fact, a.hashes, b.fact)) ||
        (await harness.differsWithin(b.fact, b.hashes, a.fact));
      const leaf = await anyLeafDiffers(harness, a, b);
      expect(ends || within || leaf, `run ${run}`).to.equal(found !== undefined);
      if (found !== undefined) conflicts += 1;
    }
    expect(conflicts).to.be.within(20, 149);
  });

  it("agree with the vectors of the sdk", async () => {
    const file = path.resolve(import.meta.dirname, "../vectors/evidence.json");
    // CAST: the file is what the generator writes
    const vectors = JSON.parse(readFileSync(file, "utf8")) as {
      walks: { head: Hex; hashes: Hex[]; steps: number; inner: Hex; end: Hex }[];
      headers: { fact: Record<string, string>; header: Hex; showsOtherRoot: boolean }[];
      facts: { fact: LaneFact; hash: Hex; readable: boolean }[];
    };
    for (const { head, hashes, steps, inner, end } of vectors.walks) {
      expect(await harness.walk(head, hashes, steps)).to.deep.equal([inner, end]);
    }
    for (const { fact, header, showsOtherRoot } of vectors.headers) {
      expect(await harness.showsOtherRoot(fact as never, header)).to.equal(showsOtherRoot); // CAST: decimal strings are numbers to ethers
    }
    for (const { fact, hash, readable } of vectors.facts) {
      expect(await harness.isReadable(fact)).to.equal(readable);
      expect(await harness.hash(fact)).to.equal(hash);
    }
  });

  it("never revert on a header of any length", async () => {
    const random = new Random("headers");
    const fact = { class: 0, chainId: 1, incarnation: 1, anchorIndex: 0, number: 0, blockHash: ZERO, stateRoot: ZERO };
    for (const length of [0, 1, 3, 36, 69, 90, 91, 122, 123, 600]) {
      expect(await harness.showsOtherRoot(fact, random.bytes(length))).to.equal(false);
    }
  });
});

async function anyLeafDiffers(
  harness: EvidenceHarness,
  a: { fact: LaneFact; hashes: Hex[] },
  b: { fact: LaneFact; hashes: Hex[] },
): Promise<boolean> {
  for (let nonce = a.fact.from; nonce < a.fact.to; nonce++) {
    const [i, j] = [Number(nonce - a.fact.from), Number(nonce - b.fact.from)];
    const [leafA, leafB] = [a.hashes[i], b.hashes[j]];
    if (leafA === undefined || leafB === undefined || j < 0) continue;
    const joined = (hashes: readonly Hex[], index: number): string =>
      `0x${partSiblings(hashes, index, 1)
        .map((hash) => hash.slice(2))
        .join("")}`;
    if (await harness.leavesDiffer(a.fact, b.fact, nonce, leafA, joined(a.hashes, i), leafB, joined(b.hashes, j)))
      return true;
  }
  return false;
}
