import { expect } from "chai";
import { TypedDataEncoder, Wallet } from "ethers";
import { readFileSync } from "node:fs";
import path from "node:path";
import hre from "hardhat";
import type { Hex } from "../../sdk/src/bytes.ts";
import {
  assembleRound,
  decodeAnswer,
  feedArgument,
  feedId,
  needsConfirmations,
  outlying,
  reportDigest,
  reportSigner,
  signReport,
  unpackAnswer,
  type FeedAnswer,
  type FeedSite,
  type FeedTerms,
} from "../../sdk/src/feeds.ts";
import { Feeds__factory } from "../../typechain-types/index.js";
import { feedTerms, reporterKeys } from "../helpers/feeds.ts";
import { refusalCode } from "./refusal.ts";

interface Vectors {
  readonly site: FeedSite;
  readonly cases: readonly {
    readonly terms: FeedTerms;
    readonly feed: Hex;
    readonly slot: Hex;
    readonly word: Hex;
    readonly answer: FeedAnswer;
    readonly digest: Hex;
  }[];
}

const TYPES = {
  Report: [
    { name: "feed", type: "bytes32" },
    { name: "round", type: "uint64" },
    { name: "value", type: "uint128" },
    { name: "observedAt", type: "uint64" },
  ],
};
const SITE: FeedSite = { chainId: 8101n, feeds: "0x00000000000000000000000000000000000000F1" };

describe("sdk: feeds", () => {
  const keys = reporterKeys(5);
  const terms = feedTerms(keys, { threshold: 3, confirmations: 4, maxAge: 100, period: 60 });
  const now = 1_790_000_050n;
  const round = now / 60n;
  /** Every reporter has its stake. */
  const ALL = 31n;

  describe("vectors", () => {
    const { site, cases } = readVectors();

    it("are what ethers' encoder of typed data says", () => {
      const domain = { name: "Metalayer Feeds", version: "1", chainId: site.chainId, verifyingContract: site.feeds };
      for (const { feed, answer, digest } of cases) {
        expect(TypedDataEncoder.hash(domain, TYPES, { feed, ...answer })).to.equal(digest);
      }
    });

    it("are what the contract says, wherever it stands", async () => {
      const { ethers, networkHelpers } = await hre.network.create("rollupA");
      const signer = await ethers.provider.getSigner(0);
      const anywhere = "0x00000000000000000000000000000000000000AA";
      const deployed = await new Feeds__factory(signer).deploy(anywhere, anywhere, anywhere);
      await networkHelpers.setCode(site.feeds, await ethers.provider.getCode(deployed));
      const feeds = Feeds__factory.connect(site.feeds, signer);
      for (const { terms: words, feed, slot, word, answer, digest } of cases) {
        expect(await feeds.idOf(feedArgument(words))).to.equal(feed);
        expect(await feeds.reportDigest(feed, answer.round, answer.value, answer.observedAt)).to.equal(digest);
        await networkHelpers.setStorageAt(site.feeds, slot, word);
        expect(await feeds.newestAnswer(feed)).to.deep.equal(
          [answer.value, answer.round, answer.observedAt].map(BigInt),
        );
      }
    });
  });

  describe("signReport", () => {
    it("signs for the round of its time, as one of the feed's reporters", async () => {
      for (const [place, key] of keys.entries()) {
        const report = await signReport(key, SITE, terms, { value: 7n, observedAt: now });
        expect(report.place).to.equal(place);
        expect(reportSigner(SITE, feedId(terms), round, report)).to.equal(key.address);
        expect(reportSigner(SITE, feedId(terms), round + 1n, report)).not.to.equal(key.address);
      }
      const stranger = new Wallet(`0x${"11".repeat(32)}`);
      const sign = () => signReport(stranger, SITE, terms, { value: 7n, observedAt: now });
      expect(await sign().catch((error: unknown) => error)).to.have.property("code", "FEED_NO_REPORTER");
    });

    it("refuses what does not fit", () => {
      const answer = { round, value: 1n, observedAt: now };
      const digest = (change: Partial<FeedAnswer>) => () => reportDigest(SITE, feedId(terms), { ...answer, ...change });
      for (const change of [{ round: 2n ** 64n }, { value: 2n ** 128n }, { observedAt: -1n }]) {
        expect(refusalCode(digest(change))).to.equal("VALUE_OUT_OF_RANGE");
      }
      expect(refusalCode(() => decodeAnswer("0x01"))).to.equal("HEX_LENGTH");
    });
  });

  describe("assembleRound", () => {
    const sign = (place: number, value: bigint, observedAt = now) =>
      signReport(keys[place] ?? Wallet.createRandom(), SITE, terms, { value, observedAt });

    it("sorts what counts, says why the rest does not, and finds who contradicts itself", async () => {
      const [a, b, c] = [await sign(0, 300n), await sign(1, 100n, now - 1n), await sign(2, 200n)];
      const [liar, old] = [await sign(2, 201n), await sign(3, 5n, now - 60n)];
      const [zero, forged] = [await sign(3, 0n), { ...(await sign(3, 250n)), value: 251n }];
      const assembled = assembleRound(SITE, terms, { round, now, active: ALL }, [a, zero, forged, old, c, liar, b, b]);
      expect(assembled.reports).to.deep.equal([b, c, a]);
      expect(assembled.answer).to.deep.equal({ round, value: 200n, observedAt: now - 1n });
      expect(assembled.refused.map(({ report, fault }) => [report, fault])).to.deep.equal([
        [zero, "VALUE"],
        [forged, "SIGNER"],
        [old, "SIGNER"],
        [liar, "REPEATED"],
        [b, "REPEATED"],
      ]);
      expect(assembled.contradictions).to.deep.equal([[liar, c]]);
      expect(outlying(terms, assembled)).to.deep.equal([b, a]);
    });

    it("leaves out whose reports do not count, and still finds who contradicts itself", async () => {
      const [a, b, c, d] = [await sign(0, 1n), await sign(1, 2n), await sign(2, 3n), await sign(3, 4n)];
      const other = await sign(3, 5n);
      const active = ALL & ~8n;
      const assembled = assembleRound(SITE, terms, { round, now, active }, [d, a, b, other, c]);
      expect(assembled.reports).to.deep.equal([a, b, c]);
      expect(assembled.refused).to.deep.equal([
        { report: d, fault: "STANDING" },
        { report: other, fault: "STANDING" },
      ]);
      expect(assembled.contradictions).to.deep.equal([[other, d]]);
      const none = () => assembleRound(SITE, terms, { round, now, active: 3n }, [a, b, c]);
      expect(refusalCode(none)).to.equal("FEED_TOO_FEW_REPORTS");
    });

    it("refuses too few, and times that the contract would refuse", async () => {
      const reports = [await sign(0, 1n), await sign(1, 1n), await sign(2, 1n)];
      const at = (time: bigint) => () => assembleRound(SITE, terms, { round, now: time, active: ALL }, reports);
      expect(at(now)().reports).to.have.length(3);
      expect(at(now + 100n)().reports).to.have.length(3);
      for (const time of [now - 1n, now + 101n]) expect(refusalCode(at(time))).to.equal("FEED_TOO_FEW_REPORTS");
    });
  });

  it("needsConfirmations: the first answer, and a jump", () => {
    const before = { round: 1n, value: 10_000n, observedAt: 1n };
    expect(needsConfirmations(terms, undefined, 1n)).to.equal(true);
    expect(needsConfirmations(terms, { ...before, round: 0n }, 10_000n)).to.equal(true);
    for (const value of [10_500n, 9_500n]) expect(needsConfirmations(terms, before, value)).to.equal(false);
    for (const value of [10_501n, 9_499n]) expect(needsConfirmations(terms, before, value)).to.equal(true);
  });

  it("unpackAnswer: the three parts of a word", () => {
    expect(unpackAnswer((3n << 192n) | (2n << 128n) | 1n)).to.deep.equal({ value: 1n, round: 2n, observedAt: 3n });
  });
});

function readVectors(): Vectors {
  const file = path.resolve(import.meta.dirname, "../vectors/feeds.json");
  // CAST: the check of vectors holds the file's shape; whole numbers are decimal strings, which ethers reads as well.
  return JSON.parse(readFileSync(file, "utf8")) as Vectors;
}
