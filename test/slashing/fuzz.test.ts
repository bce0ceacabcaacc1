import { expect } from "chai";
import { Random } from "../../scripts/checks/vectors/random.ts";
import type { Evidence, SourceBlock } from "../../sdk/src/evidence.ts";
import { accuseHeads, accuseLane, accuseLanes } from "../../sdk/src/evidenceBuild.ts";
import { CLASS_FAST, CLASS_FINAL, type HeadFact, type LaneFact } from "../../sdk/src/fact.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { stageOf, type Stage } from "./charges.ts";
import { blockOf, evidenceData, include, inventedFact, trueFact } from "./world.ts";

const ROUNDS = 12;
const SENT = 150;

/** Evidence against a lie, and the same evidence against the truth. */
interface Pair {
  readonly lie: Evidence | undefined;
  readonly truth: Evidence | undefined;
}

interface Home {
  readonly anchor: HeadFact;
  readonly header: Hex;
  readonly sourceBlock: SourceBlock;
}

type Maker = (stage: Stage, random: Random, home: Home) => Pair;

const signed = <T extends LaneFact | HeadFact>({ world }: Stage, fact: T) => ({
  fact,
  inclusion: include(world.net, fact, { signers: [0] }),
});
const someFact = ({ world, truth }: Stage, random: Random, most = 64): LaneFact => {
  const from = random.between(0, SENT - 10);
  const to = random.between(from + 1, Math.min(from + most, SENT) + 1);
  return trueFact(world.lane, truth, BigInt(from), BigInt(to));
};
const withHashes = (stage: Stage, fact: LaneFact) => ({
  ...signed(stage, fact),
  hashes: stage.truth.hashes(fact.from, fact.to),
});

/** The same evidence, about another fact. */
function about(stage: Stage, evidence: Evidence | undefined, fact: LaneFact): Evidence | undefined {
  if (evidence === undefined || !("lane" in evidence || evidence.kind === "laneRoot")) return undefined;
  return { ...evidence, ...signed(stage, fact) };
}

function conflicts(stage: Stage, one: LaneFact, other: LaneFact, lie: LaneFact, hashes?: readonly Hex[]): Pair {
  const known = withHashes(stage, one);
  const found = accuseLanes(known, { ...signed(stage, lie), ...(hashes === undefined ? {} : { hashes }) });
  if (found?.kind !== "laneConflict") return { lie: found, truth: undefined };
  const facts = found.facts.map((fact) => (fact === one ? signed(stage, one) : signed(stage, other)));
  const [a, b] = facts;
  if (a === undefined || b === undefined) throw new Error("two facts");
  return { lie: found, truth: { ...found, facts: [a.fact, b.fact], inclusions: [a.inclusion, b.inclusion] } };
}

const MAKERS: Readonly<Record<string, Maker>> = {
  "a false head of a lane": (stage, random) => {
    const fact = someFact(stage, random);
    const wrong = random.between(0, 2) === 0 ? { headAt: random.hash() } : { headBefore: random.hash() };
    const lie = accuseLane({ ...signed(stage, { ...fact, ...wrong }), lane: stage.world.lane }, stage.truth);
    return { lie, truth: about(stage, lie, fact) };
  },
  "a false head of a lane in a soft block": (stage, random, { anchor, sourceBlock }) => {
    const fact = { ...someFact(stage, random), class: CLASS_FAST, srcBlockHash: anchor.blockHash } as const;
    const charge = { ...signed(stage, { ...fact, headAt: random.hash() }), lane: stage.world.lane, sourceBlock };
    const lie = accuseLane(charge, stage.truth);
    return { lie, truth: about(stage, lie, fact) };
  },
  "messages that the lane does not have": (stage, random) => {
    const fact = someFact(stage, random);
    const ahead = { ...fact, to: BigInt(SENT + random.between(1, 1_000)) };
    const lie = accuseLane(
      { ...signed(stage, { ...ahead, from: ahead.to - 1n }), lane: stage.world.lane },
      stage.truth,
    );
    return { lie, truth: about(stage, lie, fact) };
  },
  "a false batch root": (stage, random) => {
    const fact = someFact(stage, random);
    const lie = accuseLane(
      { ...signed(stage, { ...fact, batchRoot: random.hash() }), lane: stage.world.lane },
      stage.truth,
    );
    return { lie, truth: about(stage, lie, fact) };
  },
  "another block at an anchor": (stage, random, { anchor }) => {
    const wrong = random.pick<Partial<HeadFact>>([
      { blockHash: random.hash() },
      { number: 1_000_000n + random.uint(32) },
      { anchorIndex: 1n + random.uint(16) },
    ]);
    const fact = { ...anchor, ...wrong };
    return {
      lie: { kind: "head", ...signed(stage, fact) },
      truth: { kind: "head", ...signed(stage, anchor) },
    };
  },
  "another state root than the header's": (stage, random, { anchor, header }) => {
    const place = { anchorIndex: random.uint(30), chainId: 1n + random.uint(30), incarnation: 1n };
    const fact = { ...anchor, ...place };
    return {
      lie: { kind: "head", ...signed(stage, { ...fact, stateRoot: random.hash() }), header },
      truth: { kind: "head", ...signed(stage, fact), header },
    };
  },
  "two heads of one nonce": (stage, random) => {
    const fact = someFact(stage, random);
    const other = trueFact(stage.world.lane, stage.truth, fact.from, fact.from + 1n);
    return conflicts(stage, fact, other, { ...other, headBefore: random.hash() });
  },
  "two leaves of one nonce": (stage, random) => {
    const from = BigInt(random.between(2, SENT - 40));
    const [one, around] = [
      trueFact(stage.world.lane, stage.truth, from, from + 8n),
      trueFact(stage.world.lane, stage.truth, from - 1n, from + 9n),
    ];
    const hashes = [...stage.truth.hashes(around.from, around.to)];
    hashes[random.between(1, 9)] = random.hash();
    return conflicts(stage, one, around, inventedFact(around, hashes), hashes);
  },
  "a head within another's range": (stage, random) => {
    const one = trueFact(stage.world.lane, stage.truth, 5n, 45n);
    const inside = BigInt(random.between(6, 45));
    const other = trueFact(stage.world.lane, stage.truth, inside, inside + 50n);
    return conflicts(stage, one, other, { ...other, headBefore: random.hash() });
  },
  "two facts about one anchor": (stage, random, { anchor }) => {
    const wrong = random.pick<Partial<HeadFact>>([{ blockHash: random.hash() }, { stateRoot: random.hash() }]);
    const [a, b] = [anchor, { ...anchor, ...wrong }].map((fact) => signed(stage, fact));
    if (a === undefined || b === undefined) throw new Error("two facts");
    const lie = accuseHeads(stage.world.net.networkId, [a.fact, b.fact], [a.inclusion, b.inclusion]);
    const same = { kind: "headConflict", facts: [a.fact, a.fact], inclusions: [a.inclusion, a.inclusion] } as const;
    return { lie, truth: same };
  },
};

describe(`GuardianSlashing, random lies (seed ${FUZZ_SEED})`, () => {
  let stage: Stage;
  let home: Home;

  before(async () => {
    stage = await stageOf(SENT);
    const { a, connections } = stage.world;
    const [connection] = connections;
    if (connection === undefined) throw new Error("no rollup");
    await a.anchorLog.anchor();
    const { number } = await a.anchorLog.anchorAt(0);
    const { hash: blockHash, stateRoot, header } = await blockOf(connection, Number(number));
    const place = { class: CLASS_FINAL, chainId: a.chainId, incarnation: 1n, anchorIndex: 0n } as const;
    home = { anchor: { ...place, number, blockHash, stateRoot }, header, sourceBlock: { anchored: true, number: 0n } };
  });

  for (const [what, make] of Object.entries(MAKERS)) {
    it(`${what} is proven whatever it says, and the truth never is`, async () => {
      const random = new Random(`${what} ${FUZZ_SEED}`);
      const { a } = stage.world;
      const accepts = async (evidence: Evidence): Promise<boolean> =>
        a.signer.call({ to: a.guardianSlashing, data: evidenceData(a, evidence) }).then(
          () => true,
          () => false,
        );
      for (let round = 0; round < ROUNDS; round++) {
        const { lie, truth } = make(stage, random, home);
        if (lie === undefined || truth === undefined) throw new Error(`round ${round}: nothing to try`);
        expect(await accepts(lie), `round ${round}: the lie`).to.equal(true);
        expect(await accepts(truth), `round ${round}: the truth`).to.equal(false);
      }
    });
  }
});
