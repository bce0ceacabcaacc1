import type { Address } from "../../../sdk/src/bytes.ts";
import { answerSlot, feedId, reportDigest, unpackAnswer, type FeedTerms } from "../../../sdk/src/feeds.ts";
import { Random } from "./random.ts";
import { sampleUint } from "./samples.ts";

/** Ids of feeds, what their reporters sign, and where and how the newest answer lies; all for one contract. */
export function feedVectors(): unknown {
  const random = new Random("feeds");
  const site = { chainId: 8101n, feeds: random.address() };
  const cases = Array.from({ length: 12 }, () => {
    const terms = termsOf(random);
    const feed = feedId(terms);
    const word = random.pick([random.hash(), random.hash(), `0x${"ff".repeat(32)}`] as const);
    const answer = unpackAnswer(word);
    return { terms, feed, slot: answerSlot(feed), word, answer, digest: reportDigest(site, feed, answer) };
  });
  return { site, cases };
}

function termsOf(random: Random): FeedTerms {
  const reporters = Array.from({ length: random.between(3, 32) }, (): Address => random.address());
  return {
    description: random.pick(["ETH / USD", "x", "thirty-one bytes of description"]),
    decimals: random.between(0, 37),
    reporters: reporters.sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)),
    threshold: random.between(3, 32),
    confirmations: random.between(3, 32),
    maxDeviation: random.between(1, 2 ** 16),
    outlierDeviation: random.between(1, 2 ** 16),
    period: random.between(1, 2 ** 32),
    maxAge: random.between(1, 2 ** 32),
    exitDelay: random.between(1, 2 ** 32),
    stake: sampleUint(random, 128),
  };
}
