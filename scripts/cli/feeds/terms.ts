import { parseUnits } from "ethers";
import { z } from "zod";
import type { Address, Hex } from "../../../sdk/src/bytes.ts";
import { feedArgument, feedId, type FeedSite, type FeedTerms } from "../../../sdk/src/feeds.ts";
import { IFeeds__factory } from "../../../typechain-types/factories/contracts/data/IFeeds__factory.js";
import { checkedAddress } from "../accounts.ts";
import { UsageError } from "../command.ts";
import { parsed, readFileAs, type FileKind } from "../json-file.ts";
import { address, era, span } from "../options.ts";
import type { RollupDescription } from "../network.ts";
import { publicationAddress } from "../publications/contracts.ts";

/** A feed by its terms, on the rollup on which its values are reported. */
export interface Feed {
  readonly id: Hex;
  readonly terms: FeedTerms;
  readonly site: FeedSite;
  readonly rollup: RollupDescription;
}

const TERMS: FileKind = { code: "CLI_FEED", what: "feed", shownIn: "docs/how-to/feeds.md" };
const MOST_REPORTERS = 31;
const MOST_DECIMALS = 36;
const MOST_BYTES = 31;

const seconds = parsed((given) => Number(span(given)));
const reporter = parsed((given): Address => checkedAddress("reporter", address(given)));
const count = z.int().min(3).max(MOST_REPORTERS);

const schema = z
  .strictObject({
    description: z
      .string()
      .min(1)
      .refine((text) => Buffer.byteLength(text) <= MOST_BYTES, `at most ${MOST_BYTES} bytes`),
    decimals: z.int().min(0).max(MOST_DECIMALS),
    reporters: z.array(reporter).min(3).max(MOST_REPORTERS),
    threshold: count,
    confirmations: count,
    maxDeviation: parsed(share),
    outlierDeviation: parsed(share),
    period: seconds,
    maxAge: seconds,
    exitDelay: seconds,
    stake: parsed(era),
  })
  // Their order is no choice: ascending, so that the same terms are the same feed.
  .transform((terms) => ({
    ...terms,
    reporters: [...terms.reporters].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)),
  }));

/** Reads a feed's terms. Throws CLI_FEED_UNREADABLE, CLI_FEED_INVALID, CLI_NO_PUBLICATIONS. */
export function readFeed(file: string, rollup: RollupDescription): Feed {
  const terms = readFileAs(TERMS, schema, file);
  const site = { chainId: BigInt(rollup.chainId), feeds: publicationAddress(rollup, "Feeds") };
  return { id: feedId(terms), terms, site, rollup };
}

export function feedsOf({ site }: Feed, runner: Parameters<typeof IFeeds__factory.connect>[1]) {
  return IFeeds__factory.connect(site.feeds, runner);
}

/** The terms as every call takes them. */
export function wordsOf({ terms }: Feed) {
  return feedArgument(terms);
}

/** A value as people write it, such as 2000.5, with the feed's decimals. */
export function readValue({ decimals }: Pick<FeedTerms, "decimals">, given: string): bigint {
  const fitting = new RegExp(`^\\d{1,38}(\\.\\d{1,${Math.max(1, decimals)}})?$`).test(given);
  const value = fitting && (decimals > 0 || !given.includes(".")) ? parseUnits(given, decimals) : 0n;
  if (value > 0n && value < 2n ** 128n) return value;
  throw new UsageError(`"${given}" is not a value (more than nothing, at most ${decimals} digits after the point)`);
}

/** Part of a value such as 5% or 0.25%; the result is in basis points. */
function share(given: string): number {
  const [, whole = "", fraction = ""] = /^(\d{1,3})(?:\.(\d{1,2}))?%$/.exec(given) ?? [];
  const points = Number(whole + fraction.padEnd(2, "0"));
  if (whole !== "" && points > 0 && points <= 65_535) return points;
  throw new UsageError(`"${given}" is not a part of a value (such as 5% or 0.25%)`);
}
