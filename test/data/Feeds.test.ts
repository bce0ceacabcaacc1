import { expect } from "chai";
import { id, ZeroAddress } from "ethers";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import type { Hex } from "../../sdk/src/bytes.ts";
import { answerSlot, decodeAnswer, feedArgument, feedId, unpackAnswer, type FeedTerms } from "../../sdk/src/feeds.ts";
import { readPublications } from "../../sdk/src/publication.ts";
import { createNetwork, type TestRollup } from "../../sdk/src/testkit/index.ts";
import { Feeds__factory } from "../../typechain-types/index.js";
import { FeedDesk, feedTerms, groundOn, reporterKeys, STAKE, type FeedGround } from "../helpers/feeds.ts";
import { addressOf } from "../helpers/publications.ts";

const NOBODY = "0x00000000000000000000000000000000000000AA";
const DAY = 86_400;
const STANDING = { none: 0n, active: 1n, leaving: 2n, convicted: 3n };

describe("Feeds", () => {
  let home: NetworkConnection;
  let rollup: TestRollup;
  let ground: FeedGround;
  let serial = 0;

  before(async () => {
    home = await hre.network.create("rollupA");
    const network = await createNetwork({ rollups: [home, await hre.network.create("rollupB")] });
    rollup = network.rollup(8101n);
    ground = await groundOn(network, rollup);
  });

  /** A feed of its own for a test. */
  const open = (count: number, change: Partial<FeedTerms> = {}): Promise<FeedDesk> =>
    FeedDesk.open(ground, count, { description: `feed ${serial++}`, ...change });

  describe("create", () => {
    it("EXPLOITS 18, EXPLOITS 38: takes no terms in which one decides, anything is zero or somebody counts twice", async () => {
      const keys = reporterKeys(5);
      const [a, b, c] = feedTerms(keys).reporters;
      if (a === undefined || b === undefined || c === undefined) throw new Error("there are five");
      const bad: Partial<FeedTerms>[] = [
        ...[{ description: "" }, { description: "thirty-two bytes of description!" }, { decimals: 37 }],
        ...[{ reporters: [] }, { reporters: [b, a, c] }, { reporters: [a, b, b] }, { reporters: [ZeroAddress, a, b] }],
        ...[{ threshold: 0 }, { threshold: 2 }, { threshold: 6, confirmations: 6 }, { confirmations: 6 }],
        ...[{ confirmations: 2 }, { threshold: 4, confirmations: 3 }, { maxDeviation: 0 }, { outlierDeviation: 0 }],
        ...[{ period: 0 }, { maxAge: 0 }, { stake: 0n }, { exitDelay: DAY - 1, maxAge: 60 }],
        ...[{ exitDelay: 3 * DAY - 1 }, { reporters: feedTerms(reporterKeys(32)).reporters, threshold: 17 }],
        { reporters: feedTerms(reporterKeys(6)).reporters },
      ].map((change) => change as Partial<FeedTerms>); // CAST: the zero address is one
      for (const change of bad) {
        const terms = feedArgument(feedTerms(keys, change));
        await expect(ground.feeds.create(terms), JSON.stringify(Object.keys(change))).to.be.revertedWithCustomError(
          ground.feeds,
          "FeedsInvalidTerms",
        );
      }
      const most = feedTerms(reporterKeys(31), { description: "thirty-one bytes of description", decimals: 36 });
      await expect(ground.feeds.create(feedArgument(most))).to.emit(ground.feeds, "FeedCreated");
      const deploy = new Feeds__factory(ground.holder).deploy(NOBODY, ZeroAddress, NOBODY);
      await expect(deploy).to.be.revertedWithCustomError(ground.feeds, "FeedsInvalidWiring");
    });

    it("makes a feed of its terms once, for anyone, and gives nobody a right over it", async () => {
      const terms = feedTerms(reporterKeys(4), { description: "once" });
      const feed = feedId(terms);
      expect(await ground.feeds.idOf(feedArgument(terms))).to.equal(feed);
      expect((await ground.feeds.stateOf(feed)).created).to.equal(false);
      await expect(ground.feeds.create(feedArgument(terms))).to.emit(ground.feeds, "FeedCreated");
      expect(await ground.feeds.stateOf(feed)).to.deep.equal([true, 0n]);
      await expect(ground.feeds.create(feedArgument(terms)))
        .to.be.revertedWithCustomError(ground.feeds, "FeedsKnown")
        .withArgs(feed);
    });
  });

  describe("join, resign and withdraw", () => {
    it("take the stake of the reporter itself and pay it to the payee after the delay", async () => {
      const desk = await open(4);
      const { feeds, words, feed } = desk;
      expect(await feeds.stateOf(feed)).to.deep.equal([true, 0b1111n]);
      await expect(feeds.resign(words, 0)).to.be.revertedWithCustomError(feeds, "FeedsUnauthorized");
      await expect(desk.as(1).resign(words, 0)).to.be.revertedWithCustomError(feeds, "FeedsUnauthorized");
      await expect(desk.as(1).resign(words, 9)).to.be.revertedWithCustomError(feeds, "FeedsUnauthorized");
      await expect(desk.as(1).resign(words, 1)).to.emit(feeds, "ReporterLeft");
      expect(await feeds.stateOf(feed)).to.deep.equal([true, 0b1101n]);
      const { freeAt } = await feeds.seat(feed, 1);
      await expect(feeds.withdraw(words, 1)).to.be.revertedWithCustomError(feeds, "FeedsTooEarly").withArgs(freeAt);
      await expect(desk.as(1).join(words, 1, NOBODY))
        .to.be.revertedWithCustomError(feeds, "FeedsWrongStanding")
        .withArgs(feed, 1n, STANDING.leaving);
      await home.networkHelpers.time.setNextBlockTimestamp(freeAt);
      await expect(feeds.withdraw(words, 1))
        .to.emit(ground.era, "Transfer")
        .withArgs(feeds, desk.key(1).address, STAKE);
      await expect(feeds.withdraw(words, 1)).to.be.revertedWithCustomError(feeds, "FeedsWrongStanding");
      await desk.join(1, NOBODY);
      expect(await feeds.seat(feed, 1)).to.deep.equal([NOBODY, 0n, STANDING.active]);
      expect(await ground.era.balanceOf(NOBODY)).to.equal(0n);
    });

    it("refuse a feed that nobody created, a payee zero and a second stake", async () => {
      const desk = await open(4);
      const { feeds, words } = desk;
      const unknown = feedArgument(feedTerms(desk.keys, { description: "unknown" }));
      await expect(desk.as(0).join(unknown, 0, NOBODY)).to.be.revertedWithCustomError(feeds, "FeedsUnknown");
      await expect(desk.as(0).join(words, 0, ZeroAddress))
        .to.be.revertedWithCustomError(feeds, "FeedsInvalidAccount")
        .withArgs(ZeroAddress);
      await expect(desk.as(0).join(words, 0, NOBODY))
        .to.be.revertedWithCustomError(feeds, "FeedsWrongStanding")
        .withArgs(desk.feed, 0n, STANDING.active);
    });
  });

  describe("convict", () => {
    it("takes the stake of a reporter that signed two values for one round, also when it is leaving", async () => {
      for (const isLeaving of [false, true]) {
        const desk = await open(4);
        const { feeds, words, feed } = desk;
        const now = await desk.now();
        const pair = [await desk.report(2, 100n, now), await desk.report(2, 101n, now)] as const;
        if (isLeaving) await (await desk.as(2).resign(words, 2)).wait();
        const burnt = await rollup.feeController.burntForGood();
        const reward = STAKE / 20n;
        const accuser = desk.key(0).address;
        await expect(desk.as(0).convict(words, desk.roundOf(now), ...pair))
          .to.emit(feeds, "ReporterConvicted")
          .withArgs(feed, desk.key(2).address, desk.roundOf(now), accuser, reward);
        expect(await ground.era.balanceOf(accuser)).to.equal(reward);
        expect((await rollup.feeController.burntForGood()) - burnt).to.equal(STAKE - reward);
        expect(await feeds.stateOf(feed)).to.deep.equal([true, 0b1011n]);
        await expect(feeds.convict(words, desk.roundOf(now), ...pair))
          .to.be.revertedWithCustomError(feeds, "FeedsWrongStanding")
          .withArgs(feed, 2n, STANDING.convicted);
        await expect(feeds.withdraw(words, 2)).to.be.revertedWithCustomError(feeds, "FeedsWrongStanding");
        await expect(desk.as(2).join(words, 2, NOBODY)).to.be.revertedWithCustomError(feeds, "FeedsWrongStanding");
        await (await ground.era.connect(desk.key(0).connect(ground.provider)).transfer(ground.holder, reward)).wait();
      }
    });

    it("C7, C8: takes nothing for a second signature, another time, another round or another reporter", async () => {
      const desk = await open(4);
      const { feeds, words } = desk;
      const now = await desk.now();
      const round = desk.roundOf(now);
      const [one, later] = [await desk.report(2, 100n, now), await desk.report(2, 100n, now - 1n)];
      const other = await desk.report(2, 101n, now + 60n);
      const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
      const highS = (BigInt(one.vs) & ((1n << 255n) - 1n)) - order;
      const flipped = { ...one, value: 101n, vs: `0x${(-highS).toString(16).padStart(64, "0")}` };
      for (const second of [one, later, { ...(await desk.report(3, 101n, now)) }]) {
        await expect(feeds.convict(words, round, one, second)).to.be.revertedWithCustomError(
          feeds,
          "FeedsNoContradiction",
        );
      }
      for (const second of [other, flipped, { ...one, value: 7n }, { ...one, value: 7n, r: id("r"), vs: id("vs") }]) {
        await expect(feeds.convict(words, round, one, second)).to.be.revertedWithCustomError(feeds, "FeedsWrongSigner");
      }
      const beyond = { ...one, place: 200 };
      await expect(feeds.convict(words, round, beyond, { ...beyond, value: 7n })).to.be.revertedWithCustomError(
        feeds,
        "FeedsWrongStanding",
      );
      expect((await feeds.seat(desk.feed, 2)).standing).to.equal(STANDING.active);
    });
  });

  describe("submit", () => {
    it("answers with the median, of an even number with the lower one, and publishes it", async () => {
      const desk = await open(5, { confirmations: 3 });
      const { feeds, words, feed } = desk;
      const cases = [
        [[103n, 101n, 102n], 102n, 0b111n],
        [[101n, 104n, 102n, 103n], 102n, 0b1111n],
        [[105n, 101n, 103n, 102n, 104n], 103n, 0b11111n],
      ] as const;
      for (const [values, value, places] of cases) {
        await home.networkHelpers.time.increase(60);
        const now = await desk.now();
        const round = desk.roundOf(now);
        const earliest = now - (now % 60n);
        const reports = await desk.reports(values, now);
        const first = reports[0];
        if (first === undefined) throw new Error("there are three at least");
        reports[0] = await desk.report(first.place, first.value, earliest);
        const sent = await feeds.submit(words, round, reports);
        await expect(sent).to.emit(feeds, "RoundAnswered").withArgs(feed, round, value, earliest, places);
        await expect(sent).not.to.emit(feeds, "ReportOutlying");
        const receipt = await sent.wait();
        const [said] = readPublications(
          (receipt?.logs ?? []).filter(({ address }) => address === rollup.broadcaster.target),
        );
        expect(said?.publisher).to.equal(await addressOf(feeds));
        expect(said?.topic).to.equal(feed);
        expect(decodeAnswer(said?.payload ?? "0x")).to.deep.equal({ value, round, observedAt: earliest });
        const word = await ground.provider.getStorage(feeds, answerSlot(feed));
        expect(unpackAnswer(word as Hex)).to.deep.equal({ value, round, observedAt: earliest }); // CAST: ethers returns hex
        expect(await feeds.newestAnswer(feed)).to.deep.equal([value, round, earliest]);
      }
    });

    it("names reports far from the answer, which they do not move", async () => {
      const desk = await open(5, { confirmations: 3 });
      const { feeds, words, feed } = desk;
      const now = await desk.now();
      const reports = await desk.reports([100_000n, 102_000n, 97_999n, 2n ** 128n - 1n, 98_000n], now);
      const sent = await feeds.submit(words, desk.roundOf(now), reports);
      const round = desk.roundOf(now);
      await expect(sent).to.emit(feeds, "ReportOutlying").withArgs(feed, round, desk.key(2).address, 97_999n);
      await expect(sent)
        .to.emit(feeds, "ReportOutlying")
        .withArgs(feed, round, desk.key(3).address, 2n ** 128n - 1n);
      const receipt = await sent.wait();
      const { topicHash } = feeds.interface.getEvent("ReportOutlying");
      expect(receipt?.logs.filter(({ topics }) => topics[0] === topicHash)).to.have.length(2);
      expect((await feeds.newestAnswer(feed)).value).to.equal(100_000n);
    });

    it("keeps the newest 256 rounds, and of a round that did not come about nothing", async () => {
      const desk = await open(3, { period: 1, maxDeviation: 9_999 });
      const { feeds, feed } = desk;
      const rounds: bigint[] = [];
      for (const pass of [1, 5, 250, 2]) {
        await home.networkHelpers.time.increase(pass);
        await (await desk.submit([100n, 100n + BigInt(pass), 400n])).wait();
        rounds.push((await feeds.newestAnswer(feed)).round);
      }
      const newest = rounds.at(-1) ?? 0n;
      for (const [index, round] of rounds.entries()) {
        const { value } = await feeds.answerAt(feed, round);
        const isKept = newest - round < 256n;
        expect(value, `round ${round} of ${newest}`).to.equal(isKept ? [101n, 105n, 350n, 102n][index] : 0n);
      }
      expect(await feeds.answerAt(feed, 0n)).to.deep.equal([0n, 0n, 0n]);
      expect(await feeds.answerAt(feed, newest - 1n)).to.deep.equal([0n, 0n, 0n]);
      expect(await feeds.answerAt(feed, newest + 256n)).to.deep.equal([0n, 0n, 0n]);
    });
  });
});
