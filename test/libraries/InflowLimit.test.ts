import { expect } from "chai";
import fc from "fast-check";
import type { Signer } from "ethers";
import hre from "hardhat";
import { InflowLimitHarness__factory, type InflowLimitHarness } from "../../typechain-types/index.js";
import { FUZZ_SEED as SEED } from "../helpers/fuzz.ts";
import { InflowModel, type Operation } from "./inflowModel.ts";

const ERA = 10n ** 18n;
const GWEI = 10n ** 9n;
const MAX = 2n ** 256n - 1n;
const START = 1_800_000_000n;
const DAY = 86_400n;

const TAG = 0xabcdefn;

const edges = [0n, 1n, GWEI - 1n, GWEI, GWEI + 1n, ERA - 1n, ERA, 2n ** 64n, 2n ** 128n, MAX - 1n, MAX];
const amount = fc.oneof(
  fc.constantFrom(...edges),
  fc.bigInt(0n, 2_000n * ERA),
  fc.bigInt(0n, 3n * GWEI),
  fc.bigInt(0n, MAX),
);
const setting = fc.oneof(fc.constantFrom(...edges), fc.bigInt(0n, 1_000n * ERA), fc.bigInt(0n, MAX));
const step = fc.oneof(fc.constant(0n), fc.bigInt(0n, 20n), fc.bigInt(0n, 3n * DAY), fc.bigInt(0n, 90n * DAY));
const operation = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("configure" as const), capacity: setting, share: setting }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("accept" as const), amount, exposed: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("release" as const), amount }) },
);

/** Operations at times that never go back, beginning with a setting in three of four sequences. */
const sequence = fc
  .tuple(fc.boolean(), setting, setting, fc.array(fc.tuple(operation, step), { minLength: 1, maxLength: 30 }))
  .map(([unset, capacity, share, steps]): Operation[] => {
    let time = START;
    const first: Operation[] = unset ? [] : [{ kind: "configure", capacity, share, time }];
    return first.concat(steps.map(([o, seconds]) => ({ ...o, time: (time += seconds) })));
  });

describe("InflowLimit", () => {
  let harness: InflowLimitHarness;

  before(async () => {
    const { ethers } = await hre.network.create("rollupA");
    const [deployer] = await ethers.getSigners();
    harness = await new InflowLimitHarness__factory(deployer as Signer).deploy(); // CAST: twenty accounts exist
  });

  const run = async (operations: readonly Operation[]) =>
    harness.run(
      TAG,
      operations.map((o) => ({
        kind: ["configure", "accept", "release"].indexOf(o.kind),
        first: o.kind === "configure" ? o.capacity : o.amount,
        second: o.kind === "configure" ? o.share : 0n,
        time: o.time,
        exposed: o.kind === "accept" && o.exposed,
      })),
    );

  const configure = (capacity: bigint, share: bigint, time = START): Operation => ({
    kind: "configure",
    capacity,
    share,
    time,
  });
  const accept = (amount_: bigint, time = START, exposed = true): Operation => ({
    kind: "accept",
    amount: amount_,
    time,
    exposed,
  });
  const release = (amount_: bigint, time = START): Operation => ({ kind: "release", amount: amount_, time });
  const last = <T>(items: readonly T[]): T => items[items.length - 1] as T; // CAST: never empty here

  it(`does what the plain reference does, for any operations and settings (seed ${SEED})`, async () => {
    await fc.assert(
      fc.asyncProperty(sequence, async (operations) => {
        const outcomes = await run(operations);
        const model = new InflowModel();
        operations.forEach((o, index) => {
          const outcome = last(outcomes.slice(0, index + 1));
          const exposed = o.kind === "accept" && o.exposed;
          expect(outcome.ok).to.equal(model.apply(o));
          expect(outcome.level).to.equal(model.levelAt(o.time) * GWEI);
          expect(outcome.exposure).to.equal(model.exposureAt(o.time) * GWEI);
          expect(outcome.available).to.equal(model.availableAt(o.time, exposed) * GWEI);
          expect(outcome.capacity).to.equal(model.capacity * ERA);
          expect(outcome.share).to.equal(model.share * ERA);
          expect(outcome.tag).to.equal(TAG);
        });
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it(`NEEDS 19 in any window no more comes in than capacity + rate × window (seed ${SEED})`, async () => {
    const bounded = fc.tuple(
      fc.bigInt(1n, 1_000n),
      fc.array(fc.tuple(fc.bigInt(0n, 500n * ERA), step), { minLength: 2, maxLength: 40 }),
    );
    await fc.assert(
      fc.asyncProperty(bounded, async ([capacity, steps]) => {
        let time = START;
        const accepts = steps.map(([a, seconds]) => accept(a, (time += seconds), false));
        const outcomes = (await run([configure(capacity * ERA, 0n), ...accepts])).slice(1);
        for (let from = 0; from < accepts.length; from++) {
          let inflow = 0n;
          for (let to = from; to < accepts.length; to++) {
            const o = accepts[to];
            if (o?.kind === "accept" && outcomes[to]?.ok) inflow += o.amount;
            const window = (o?.time ?? 0n) - (accepts[from]?.time ?? 0n);
            expect(inflow <= capacity * ERA + (capacity * ERA * window) / DAY).to.equal(true);
          }
        }
      }),
      { seed: SEED, numRuns: 60 },
    );
  });

  it("NEEDS 19 no pair of settings overflows, and the largest accept the whole supply at once", async () => {
    for (const capacity of edges) {
      for (const share of edges) {
        const late = START + 2n ** 39n;
        const outcome = last(
          await run([configure(capacity, share), accept(10n ** 27n), accept(MAX, late), release(MAX, late)]),
        );
        expect(outcome.exposure).to.equal(0n);
      }
    }
    const [, accepted] = await run([configure(MAX, MAX), accept(10n ** 27n)]);
    expect(accepted?.ok).to.equal(true);
  });

  it("NEEDS 19 a change of settings never adds level nor lowers exposure", async () => {
    const drained = [configure(100n * ERA, 1_000n * ERA), accept(100n * ERA)];
    expect(last(await run([...drained, configure(500n * ERA, 1_000n * ERA)])).level).to.equal(0n);
    expect(last(await run([...drained, configure(0n, 0n), configure(100n * ERA, 1_000n * ERA)])).level).to.equal(0n);
    const exposed = last(await run([...drained, configure(100n * ERA, 0n), configure(100n * ERA, 100n * ERA)]));
    expect(exposed.exposure).to.equal(100n * ERA);
    expect(exposed.available).to.equal(0n);
  });

  it("an unset word accepts nothing", async () => {
    const [one, none] = await run([accept(1n), accept(0n)]);
    expect(one?.ok).to.equal(false);
    expect(none?.ok).to.equal(true);
  });

  it("rounds against the receiver: a wei costs a gwei, and a sent amount counts in whole gwei", async () => {
    const outcome = last(await run([configure(ERA, ERA), accept(1n), release(GWEI - 1n)]));
    expect(outcome.level).to.equal(ERA - GWEI);
    expect(outcome.exposure).to.equal(GWEI);
  });

  it("the level refills linearly in one day, the exposure decays by one share in 30", async () => {
    const drained = [configure(90n * ERA, 90n * ERA), accept(90n * ERA)];
    const later = async (seconds: bigint) => last(await run([...drained, accept(0n, START + seconds)]));
    expect((await later(DAY / 3n)).level).to.equal(30n * ERA);
    expect((await later(DAY)).level).to.equal(90n * ERA);
    expect((await later(2n * DAY)).level).to.equal(90n * ERA);
    expect((await later(10n * DAY)).exposure).to.equal(60n * ERA);
    expect((await later(40n * DAY)).exposure).to.equal(0n);
  });

  it("R19 a flow in one direction only is never stuck: a full share is free again after 30 days", async () => {
    const outcomes = await run([
      configure(1_000n * ERA, 100n * ERA),
      accept(100n * ERA),
      accept(1n),
      accept(100n * ERA, START + 30n * DAY),
    ]);
    expect(outcomes.map((outcome) => outcome.ok)).to.deep.equal([true, true, false, true]);
  });

  it("sending frees what was accepted, never more", async () => {
    const operations = [configure(1_000n * ERA, 100n * ERA), accept(60n * ERA), release(200n * ERA)];
    const outcomes = await run([...operations, accept(100n * ERA), accept(GWEI)]);
    expect(outcomes.map((outcome) => outcome.ok)).to.deep.equal([true, true, true, true, false]);
  });

  it("a clock that stands still or goes back gives nothing", async () => {
    const outcome = last(await run([configure(ERA, ERA), accept(ERA), accept(0n, START - 5n), accept(0n, START)]));
    expect(outcome.level).to.equal(0n);
    expect(outcome.exposure).to.equal(ERA);
  });
});
