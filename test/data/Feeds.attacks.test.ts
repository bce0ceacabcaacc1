import { expect } from "chai";
import fc from "fast-check";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import { assembleRound, type FeedReport, type FeedTerms } from "../../sdk/src/feeds.ts";
import { createNetwork, type TestNetwork } from "../../sdk/src/testkit/index.ts";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { FeedDesk, groundOn, type FeedGround } from "../helpers/feeds.ts";

const MOST = 2n ** 128n - 1n;

describe("Feeds under attack", () => {
  let home: NetworkConnection;
  let network: TestNetwork;
  let ground: FeedGround;
  let serial = 0;

  before(async () => {
    home = await hre.network.create("rollupA");
    network = await createNetwork({ rollups: [home, await hre.network.create("rollupB")] });
    ground = await groundOn(network, network.rollup(8101n));
  });

  /** A feed of its own for a test. */
  const open = (count: number, change: Partial<FeedTerms> = {}): Promise<FeedDesk> =>
    FeedDesk.open(ground, count, { description: `attacked ${serial++}`, ...change });

  /** Three good reports, and the round that they are for. */
  async function good(desk: FeedDesk) {
    const now = await desk.now();
    return { now, round: desk.roundOf(now), reports: await desk.reports([100n, 101n, 102n], now) };
  }

  /** The reports with another one at the end. */
  const withLast = (reports: readonly FeedReport[], last: FeedReport): FeedReport[] => [...reports.slice(0, -1), last];

  it("EXPLOITS 1, EXPLOITS 6: no signature but the reporter's own counts, for what it signed", async () => {
    const desk = await open(4, { confirmations: 3 });
    const { feeds, words } = desk;
    const { now, round, reports } = await good(desk);
    const last = await desk.report(2, 102n, now);
    const stranger = { ...(await desk.report(3, 102n, now)), place: 2 };
    const nothing = `0x${"00".repeat(32)}`;
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const half = (1n << 255n) - 1n;
    const wrong = [
      ...[stranger, { ...last, value: 103n }, { ...last, observedAt: now - 1n }, { ...last, r: last.vs }],
      ...[
        { ...last, r: nothing, vs: nothing },
        { ...last, vs: `0x${"ff".repeat(32)}` },
      ],
      { ...last, vs: `0x${((BigInt(last.vs) ^ (1n << 255n)) & ((1n << 256n) - 1n)).toString(16).padStart(64, "0")}` },
      { ...last, vs: `0x${(order - (BigInt(last.vs) & half)).toString(16).padStart(64, "0")}` },
    ];
    for (const report of wrong) {
      const call = feeds.submit(words, round, [...reports.slice(0, 2), report]);
      await expect(call).to.be.revertedWithCustomError(feeds, "FeedsWrongSigner");
    }
    await expect(feeds.submit(words, round, reports)).to.emit(feeds, "RoundAnswered");
  });

  it("C4: nobody counts twice, and nobody without stake", async () => {
    const desk = await open(5, { confirmations: 3 });
    const { feeds, words } = desk;
    const { now, round, reports } = await good(desk);
    const again = await desk.report(1, 105n, now);
    await expect(feeds.submit(words, round, withLast(reports, again)))
      .to.be.revertedWithCustomError(feeds, "FeedsRepeatedReporter")
      .withArgs(1n);
    await (await desk.as(2).resign(words, 2)).wait();
    for (const place of [2, 5, 31, 255]) {
      const report = { ...(await desk.report(2, 102n, now)), place };
      await expect(feeds.submit(words, round, withLast(reports, report)))
        .to.be.revertedWithCustomError(feeds, "FeedsNotReporting")
        .withArgs(BigInt(place));
    }
    await expect(feeds.submit(words, round, reports.slice(0, 2)))
      .to.be.revertedWithCustomError(feeds, "FeedsTooFewReports")
      .withArgs(2n, 3n);
    // Terms that nobody created, whatever they ask for, have nobody whose reports count.
    for (const terms of [
      { ...words, threshold: 0 },
      { ...words, threshold: 1, confirmations: 1 },
    ]) {
      const few = reports.slice(0, terms.threshold);
      await expect(feeds.submit(terms, round, few)).to.be.revertedWithCustomError(feeds, "FeedsUnknown");
    }
  });

  it("C16: who left, was convicted or never joined keeps no round from being answered by going on to report", async () => {
    const desk = await open(6, { threshold: 4, confirmations: 4 });
    const { feeds, words, terms, site } = desk;
    await (await desk.as(4).resign(words, 4)).wait();
    const lies = [await desk.report(5, 100n), await desk.report(5, 101n)] as const;
    await (await feeds.convict(words, desk.roundOf(lies[0].observedAt), ...lies)).wait();
    const now = await desk.now();
    const round = desk.roundOf(now);
    const received = await desk.reports([100n, 101n, 102n, 103n, 101n, 102n], now);
    await expect(feeds.submit(words, round, received)).to.be.revertedWithCustomError(feeds, "FeedsNotReporting");
    const { active } = await feeds.stateOf(desk.feed);
    const { reports } = assembleRound(site, terms, { round, now, active }, received);
    await expect(feeds.submit(words, round, [...reports]))
      .to.emit(feeds, "RoundAnswered")
      .withArgs(desk.feed, round, 101n, now, 15n);
  });

  it("C9, C12, EXPLOITS 19: a report is worth nothing on another feed, round, contract or rollup", async () => {
    const desk = await open(4, { confirmations: 3 });
    const twin = await open(4, { confirmations: 3 });
    const { feeds, words } = desk;
    const { round, reports } = await good(desk);
    await expect(feeds.submit(twin.words, round, reports)).to.be.revertedWithCustomError(feeds, "FeedsWrongSigner");
    const elsewhere = await groundOn(network, network.rollup(8102n));
    const far = await FeedDesk.open(elsewhere, 4, desk.terms);
    expect(far.feed).to.equal(desk.feed);
    const now = (await far.now()) < (await desk.now()) ? await far.now() : await desk.now();
    const foreign = await desk.reports([100n, 101n, 102n], now);
    await expect(far.feeds.submit(words, desk.roundOf(now), foreign)).to.be.revertedWithCustomError(
      far.feeds,
      "FeedsWrongSigner",
    );
    await (await feeds.submit(words, round, reports)).wait();
    for (const old of [round, round - 1n, 0n]) {
      await expect(feeds.submit(words, old, reports))
        .to.be.revertedWithCustomError(feeds, "FeedsOldRound")
        .withArgs(old, round);
    }
    await expect(feeds.submit(words, round + 1n, reports)).to.be.revertedWithCustomError(feeds, "FeedsObservationTime");
  });

  it("C24: no observation counts from the future, from too long ago or from another round", async () => {
    const desk = await open(4, { confirmations: 3, maxAge: 100, period: 1_000 });
    const { feeds, words } = desk;
    const start = ((await desk.now()) / 1_000n + 1n) * 1_000n;
    const round = start / 1_000n;
    const { time } = home.networkHelpers;
    const submitAt = async (now: bigint, observedAt: bigint) => {
      await time.setNextBlockTimestamp(now);
      const reports = await desk.reports([100n, 101n, 102n], observedAt);
      return feeds.submit(words, round, reports, { gasLimit: 2_000_000n });
    };
    const refused = [
      [start + 50n, start + 51n, start, start + 50n],
      [start + 60n, start - 1n, start, start + 60n],
      [start + 200n, start + 99n, start + 100n, start + 200n],
      [start + 1_050n, start + 1_000n, start + 950n, start + 999n],
    ] as const;
    for (const [now, observedAt, from, to] of refused) {
      await expect(submitAt(now, observedAt))
        .to.be.revertedWithCustomError(feeds, "FeedsObservationTime")
        .withArgs(observedAt, from, to);
    }
    await expect(submitAt(start + 1_060n, start + 960n)).to.emit(feeds, "RoundAnswered");
  });

  it("unsorted and zero values are refused", async () => {
    const desk = await open(4, { confirmations: 3 });
    const { feeds, words } = desk;
    const { now, round, reports } = await good(desk);
    const [a, b, c] = reports;
    if (a === undefined || b === undefined || c === undefined) throw new Error("there are three");
    await expect(feeds.submit(words, round, [a, c, b]))
      .to.be.revertedWithCustomError(feeds, "FeedsUnsorted")
      .withArgs(2n);
    const zero = await desk.report(3, 0n, now);
    await expect(feeds.submit(words, round, [zero, a, b]))
      .to.be.revertedWithCustomError(feeds, "FeedsZeroValue")
      .withArgs(3n);
  });

  it("a jump, and the first answer, need the confirmations", async () => {
    const desk = await open(5, { maxDeviation: 500, confirmations: 4 });
    const { feeds } = desk;
    const submit = async (value: bigint, count: number) => {
      await home.networkHelpers.time.increase(60);
      return desk.submit(Array.from({ length: count }, () => value));
    };
    await expect(submit(1_000n, 3))
      .to.be.revertedWithCustomError(feeds, "FeedsUnconfirmed")
      .withArgs(1_000n, 0n, 3n, 4n);
    await submit(1_000n, 4);
    await submit(1_050n, 3);
    for (const value of [1_103n, 997n, 1n, MOST]) {
      await expect(submit(value, 3))
        .to.be.revertedWithCustomError(feeds, "FeedsUnconfirmed")
        .withArgs(value, 1_050n, 3n, 4n);
    }
    await submit(998n, 3);
    await submit(MOST, 4);
    await submit(1n, 5);
    expect((await feeds.newestAnswer(desk.feed)).value).to.equal(1n);
  });

  it(`fewer liars than half of the reports never move the answer out of the honest range (seed ${FUZZ_SEED})`, async () => {
    const desk = await open(7, { threshold: 4, confirmations: 4, maxDeviation: 65_535 });
    const honest = fc.bigInt(1_000n, 2_000n);
    const lie = fc.oneof(fc.bigInt(1n, MOST), fc.constantFrom(1n, 999n, 2_001n, MOST));
    const rounds = fc.integer({ min: 4, max: 7 }).chain((count) =>
      fc.integer({ min: 0, max: Math.ceil(count / 2) - 1 }).chain((liars) =>
        fc.record({
          lies: fc.array(lie, { minLength: liars, maxLength: liars }),
          truths: fc.array(honest, { minLength: count - liars, maxLength: count - liars }),
          places: fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6], { minLength: count, maxLength: count }),
        }),
      ),
    );
    for (const { lies, truths, places } of fc.sample(rounds, { seed: FUZZ_SEED, numRuns: 25 })) {
      await home.networkHelpers.time.increase(60);
      const now = await desk.now();
      const values = [...lies, ...truths];
      const reports = await Promise.all(places.map((place, index) => desk.report(place, values[index] ?? 0n, now)));
      reports.sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0));
      await (await desk.feeds.submit(desk.words, desk.roundOf(now), reports)).wait();
      const { value } = await desk.feeds.newestAnswer(desk.feed);
      const text = `${values.join(", ")} of which ${lies.length} lies, seed ${FUZZ_SEED}`;
      // The least value that half of the reports do not exceed.
      const reference = values.filter((one) => 2 * values.filter((other) => other <= one).length >= values.length);
      expect(value, text).to.equal(reference.reduce((least, one) => (one < least ? one : least), MOST));
      expect(truths.some((one) => one <= value) && truths.some((one) => one >= value), text).to.equal(true);
    }
  });
});
