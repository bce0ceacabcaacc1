import { expect } from "chai";
import type { Hex } from "../../sdk/src/bytes.ts";
import { CLASS_FAST, CLASS_FINAL } from "../../sdk/src/fact.ts";
import { KIND_BOUNTY, KIND_MESSAGE, nextHead } from "../../sdk/src/message.ts";
import type { Message } from "../../sdk/src/message.ts";
import type { Lane } from "../../sdk/src/route.ts";
import { laneId } from "../../sdk/src/route.ts";
import { hashText } from "../../sdk/src/bytes.ts";
import type { ChainedEntry } from "../../scripts/network/lane-logs.ts";
import { createLaneStore } from "../../scripts/network/lane-store.ts";
import { batchOf } from "../../scripts/network/range.ts";
import { trackLane } from "../../scripts/network/tracked-lane.ts";
import { waits, worse } from "../../scripts/network/trouble.ts";
import { relayerSchema } from "../../scripts/relayer/config.ts";
import type { LaneWork, PlanInput } from "../../scripts/network/plan.ts";
import { planLane } from "../../scripts/network/plan.ts";

const RECIPIENT = `0x${"aa".repeat(20)}` as const;
const LANE: Lane = {
  networkId: hashText("network"),
  srcChainId: 1n,
  dstChainId: 2n,
  srcIncarnation: 1n,
  dstIncarnation: 1n,
  srcGateway: `0x${"01".repeat(20)}`,
  dstGateway: `0x${"02".repeat(20)}`,
};
const HEAD = { number: 100, hash: hashText("head"), parentHash: hashText("p"), stateRoot: hashText("s"), timestamp: 0, baseFee: 0n }; // prettier-ignore
const INPUT: PlanInput = {
  finalNumber: 50,
  head: HEAD,
  now: 1_000,
  minFee: 0n,
  deliverUnfunded: true,
  fast: true,
  maxGasBoost: 1_000_000n,
};

/** Messages from nonce 0 on, in these blocks. */
function workWith(blocks: readonly number[], change: (nonce: bigint) => Partial<Message> = () => ({})): LaneWork {
  const store = createLaneStore(LANE);
  let head: Hex = laneId(LANE);
  const entries = blocks.map((block, index): ChainedEntry => {
    const nonce = BigInt(index);
    const id = hashText(`message ${index}`);
    head = nextHead(head, id);
    const said = {
      kind: KIND_MESSAGE,
      gasLimit: 1n,
      fee: 5n,
      sender: RECIPIENT,
      recipient: RECIPIENT,
      payload: "0x",
    } as const;
    return { dstChainId: 2n, nonce, id, block, head, message: { ...said, nonce, ...change(nonce) } };
  });
  store.append(entries);
  return { ...trackLane(store), isSurveyed: true, busy: new Set(), troubles: new Map(), holds: new Map() };
}

const planned = (work: LaneWork, input: Partial<PlanInput> = {}): [number, bigint, bigint, number][] =>
  ([CLASS_FINAL, CLASS_FAST] as const)
    .flatMap((factClass) => planLane(work, factClass, { ...INPUT, ...input }))
    .map(({ fact, nonces }) => [fact.class, fact.from, fact.to, nonces.length]);

const bountyFor = (nonce: bigint, amount: bigint, id = hashText(`message ${nonce}`)): Partial<Message> => {
  const words = [nonce, BigInt(id), amount].map((word) => word.toString(16).padStart(64, "0"));
  return { kind: KIND_BOUNTY, fee: 0n, payload: `0x${words.join("")}` };
};

describe("relayer's plan", () => {
  it("makes one final fact per chunk of 64, which ends where the final messages end", () => {
    const work = workWith([...Array.from({ length: 130 }, () => 40), 60]);
    expect(planned(work)).to.deep.equal([
      [CLASS_FINAL, 0n, 64n, 64],
      [CLASS_FINAL, 64n, 128n, 64],
      [CLASS_FINAL, 128n, 130n, 2],
    ]);
  });

  it("makes a fast fact only for recipients that take some today, and none twice", () => {
    const work = workWith([40, 60, 61]);
    expect(planned(work)).to.deep.equal([[CLASS_FINAL, 0n, 1n, 1]]);
    work.fastLeft.set(RECIPIENT, { left: 2n, at: 0 });
    expect(planned(work)).to.deep.equal([[CLASS_FINAL, 0n, 1n, 1], [CLASS_FAST, 1n, 3n, 2]]); // prettier-ignore
    work.view.note(1n, hashText("another message"), true);
    expect(planned(work)).to.deep.equal([[CLASS_FINAL, 0n, 1n, 1], [CLASS_FAST, 2n, 3n, 1]]); // prettier-ignore
    expect(planned(work, { fast: false })).to.deep.equal([[CLASS_FINAL, 0n, 1n, 1]]);
  });

  it("leaves out what was executed, is under way, or failed a moment ago; what lies between goes as hash only", () => {
    const work = workWith([40, 40, 40, 40, 40]);
    work.view.note(0n, hashText("message 0"), false);
    work.busy.add(4n);
    work.troubles.set(2n, worse(undefined, "reverts", "no", INPUT.now));
    const [range] = planLane(work, CLASS_FINAL, INPUT);
    expect([range?.fact.from, range?.fact.to, range?.nonces]).to.deep.equal([1n, 4n, [1n, 3n]]);
    const proof = { index: 0, count: 1, siblings: [] };
    const batch = range === undefined ? undefined : batchOf(range, proof, new Set());
    expect(batch?.entries.map(({ tag }) => tag)).to.deep.equal([0, 255, 0]);
  });

  it("C16: a failing message, the first one of all too, keeps nothing from the others", () => {
    const work = workWith([40, 40, 40]);
    work.troubles.set(0n, worse(undefined, "reverts", "no", INPUT.now));
    expect(planned(work)).to.deep.equal([[CLASS_FINAL, 1n, 3n, 2]]);
    expect(planned(work, { now: INPUT.now + 2_001 })).to.deep.equal([[CLASS_FINAL, 0n, 3n, 3]]);
  });

  it("tries what may lack gas with more, in a range of its own, bounded, and only where the fee pays for it", () => {
    const work = workWith([40, 40, 40], (nonce) => ({ gasLimit: 50_000n, fee: nonce === 1n ? 40n : 10n }));
    const boosts = (change: Partial<PlanInput> = {}): (readonly [bigint, readonly bigint[]])[] =>
      planLane(work, CLASS_FINAL, { ...INPUT, now: 10_000_000, ...change }).map(({ gasBoost, nonces }) => [
        gasBoost,
        nonces,
      ]);
    let trouble = worse(undefined, "gas", "no reason", 0);
    work.troubles.set(1n, trouble);
    const strict = { minFee: 10n, deliverUnfunded: false };
    expect(boosts()).to.deep.equal([[0n, [0n, 2n]], [50_000n, [1n]]]); // prettier-ignore
    expect(boosts(strict)).to.deep.equal([[0n, [0n, 2n]], [50_000n, [1n]]]); // prettier-ignore
    work.troubles.set(1n, (trouble = worse(trouble, "gas", "no reason", 0)));
    expect(boosts(strict).at(-1)).to.deep.equal([150_000n, [1n]]);
    work.troubles.set(1n, (trouble = worse(trouble, "gas", "no reason", 0)));
    expect(boosts(strict)).to.deep.equal([[0n, [0n, 2n]]]);
    expect(boosts({ maxGasBoost: 200_000n }).at(-1)).to.deep.equal([200_000n, [1n]]);
    work.troubles.set(1n, worse(trouble, "reverts", "a reason", 0));
    expect(boosts()).to.deep.equal([[0n, [0n, 1n, 2n]]]);
  });

  it("waits longer with every failure in a row, and starts anew with another kind of failure", () => {
    let trouble = worse(undefined, "reverts", "no", 0);
    const delays = [trouble.notBefore];
    for (let i = 0; i < 15; i++) delays.push((trouble = worse(trouble, "reverts", "no", 0)).notBefore);
    expect(delays.slice(0, 4)).to.deep.equal([2_000, 4_000, 8_000, 16_000]);
    expect(delays.at(-1)).to.equal(3_600_000);
    expect(worse(trouble, "unknown", "else", 0).attempts).to.equal(1);
    expect([waits(undefined, 0), waits(trouble, 3_599_999), waits(trouble, 3_600_000)]).to.deep.equal([
      false,
      true,
      false,
    ]);
  });

  it("asks for the least fee unless it delivers unfunded messages too", () => {
    const work = workWith([40, 40], (nonce) => ({ fee: nonce === 0n ? 5n : 50n }));
    const strict = { minFee: 10n, deliverUnfunded: false };
    expect(planned(work, strict)).to.deep.equal([[CLASS_FINAL, 1n, 2n, 1]]);
    expect(planned(work, { minFee: 10n })).to.deep.equal([[CLASS_FINAL, 0n, 2n, 2]]);
  });

  it("delivers a bounty first and its message afterwards, claiming it", () => {
    const work = workWith([40, 40], (nonce) => (nonce === 1n ? bountyFor(0n, 20n) : { fee: 0n }));
    const strict = { minFee: 10n, deliverUnfunded: false };
    expect(planned(work, strict)).to.deep.equal([[CLASS_FINAL, 1n, 2n, 1]]);
    expect(planned(work)).to.deep.equal([[CLASS_FINAL, 1n, 2n, 1]]);
    work.view.note(1n, hashText("message 1"), false);
    const [range] = planLane(work, CLASS_FINAL, { ...INPUT, ...strict });
    const proof = { index: 0, count: 1, siblings: [] };
    expect(range === undefined ? [] : batchOf(range, proof, new Set()).entries.map(({ tag }) => tag)).to.deep.equal([
      2,
    ]);
  });
});

describe("relayer's plan, with bounties that others offer", () => {
  const strict = { minFee: 10n, deliverUnfunded: false };

  it("C16: delivers what is paid for although a bounty is on its way that nobody delivers, or that names another message", () => {
    const paid = (nonce: bigint): Partial<Message> => {
      if (nonce === 1n) return bountyFor(0n, 1n);
      return nonce === 2n ? bountyFor(0n, 1_000n, hashText("another")) : { fee: 10n };
    };
    const [range] = planLane(workWith([40, 40, 40], paid), CLASS_FINAL, { ...INPUT, ...strict });
    expect(range?.nonces).to.deep.equal([0n, 2n]);
  });

  it("takes no bounty for pay that names another message, and the greatest of those that are booked", () => {
    const work = workWith([40, 40, 40, 40], (nonce) => {
      if (nonce === 1n) return bountyFor(0n, 1_000n, hashText("another"));
      return nonce === 0n ? { fee: 0n } : bountyFor(0n, nonce === 2n ? 12n : 9n);
    });
    work.view.note(1n, hashText("message 1"), false);
    expect(planLane(work, CLASS_FINAL, { ...INPUT, ...strict }).flatMap(({ nonces }) => nonces)).to.deep.equal([2n]);
    work.view.note(2n, hashText("message 2"), false);
    work.view.note(3n, hashText("message 3"), false);
    expect(planLane(work, CLASS_FINAL, { ...INPUT, ...strict }).flatMap(({ nonces }) => nonces)).to.deep.equal([0n]);
    const dearer = { ...INPUT, ...strict, minFee: 13n };
    expect(planLane(work, CLASS_FINAL, dearer)).to.deep.equal([]);
  });
});

describe("what is kept of a lane", () => {
  it("is given back by chunks of which everything is done, however long ago the first failing one is", () => {
    const work = workWith(Array.from({ length: 64 * 50 }, () => 40));
    work.store.forget(({ nonce }) => nonce !== 3n);
    expect([...work.store.chunks()].length).to.equal(1);
    expect(work.store.entry(3n)?.nonce).to.equal(3n);
    expect(work.store.tip.nonce).to.equal(3_200n);
    expect(planned(work)).to.deep.equal([[CLASS_FINAL, 0n, 64n, 64]]);
  });

  it("C18: goes back to the last final message when the source is reorganised", () => {
    const work = workWith([40, 45, 60, 70]);
    const point = work.store.pointAt(50);
    expect(point.nonce).to.equal(2n);
    work.store.truncate(point.nonce);
    expect(work.store.tip).to.deep.equal(point);
    expect(planned(work)).to.deep.equal([[CLASS_FINAL, 0n, 2n, 2]]);
  });
});

describe("relayer's settings", () => {
  const contracts = { gateway: RECIPIENT, guardianSet: RECIPIENT };
  const rollup = (chainId: number): object => {
    const finality = { kind: "tag", tag: "finalized" };
    return { name: `r${chainId}`, chainId, rpc: ["http://localhost:1"], blockTimeMs: 1_000, finality, contracts };
  };
  const good = { networkId: hashText("n"), rollups: [rollup(1), rollup(2)], relayer: {} };

  it("have defaults for everything that can have one", () => {
    const { relayer } = relayerSchema.parse(good);
    expect([relayer.minFee, relayer.deliverUnfunded, relayer.fast, relayer.maxTxGas]).to.deep.equal([
      0n,
      true,
      true,
      16_000_000n,
    ]);
  });

  const wrong: readonly [string, object][] = [
    ["one rollup only", { rollups: [rollup(1)] }],
    ["a chain id twice", { rollups: [rollup(1), rollup(1)] }],
    ["no network", { networkId: "0x" }],
    ["a misspelt setting", { relayer: { minfee: "1" } }],
    ["a URL that is none", { rollups: [rollup(1), { ...rollup(2), rpc: ["localhost"] }] }],
    ["no URL", { rollups: [rollup(1), { ...rollup(2), rpc: [] }] }],
    [
      "an address that is none",
      { rollups: [rollup(1), { ...rollup(2), contracts: { ...contracts, gateway: "0x1" } }] },
    ],
    ["no finality", { rollups: [rollup(1), { ...rollup(2), finality: undefined }] }],
  ];
  for (const [what, change] of wrong) {
    it(`refuse ${what}`, () => {
      expect(relayerSchema.safeParse({ ...good, ...change }).success).to.equal(false);
    });
  }
});
