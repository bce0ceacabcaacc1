import { existsSync, writeFileSync } from "node:fs";
import { z } from "zod";
import type { Hex } from "../../../sdk/src/bytes.ts";
import { roundAt, signReport, type FeedReport } from "../../../sdk/src/feeds.ts";
import type { Context } from "../command.ts";
import { UsageError } from "../command.ts";
import { readFileAs, type FileKind } from "../json-file.ts";
import { findNetwork, withRollups } from "../network.ts";
import { findWallet } from "../wallet.ts";
import { placeOf, type FeedOptions } from "./manage.ts";
import { openReportRecord } from "./record.ts";
import { readFeed, readValue } from "./terms.ts";

export interface ReportOptions extends Omit<FeedOptions, "dryRun"> {
  readonly record: string | undefined;
  readonly into: string | undefined;
}

/** A report as it travels from a reporter to who submits it. */
export interface SignedReport {
  readonly feed: Hex;
  readonly round: bigint;
  readonly report: FeedReport;
}

const REPORT: FileKind = { code: "CLI_REPORT", what: "report for a feed", shownIn: "docs/how-to/feeds.md" };
const word = z.custom<Hex>((value) => typeof value === "string" && /^0x[0-9a-fA-F]{64}$/.test(value), "not 32 bytes");
const amount = z
  .string()
  .regex(/^\d{1,39}$/, "not a whole number")
  .transform(BigInt);
const schema = z.object({
  feed: word,
  round: amount,
  report: z.object({ place: z.int().min(0).max(255), value: amount, observedAt: amount, r: word, vs: word }),
});

/** Signs what a reporter sees now, having written it down. Nothing is sent: whoever collects reports submits them. */
export async function reportCommand(
  context: Context,
  file: string,
  given: string,
  { record: kept, into, ...options }: ReportOptions,
): Promise<void> {
  if (kept === undefined) throw new UsageError("feed report needs --record <file>, which remembers what was signed");
  const { output, path } = context;
  const target = into === undefined ? undefined : path(into);
  if (target !== undefined && existsSync(target)) throw new UsageError(`${target} exists already`);
  const network = findNetwork(context, options.network);
  const feed = readFeed(path(file), network.rollup(options.on));
  const value = readValue(feed.terms, given);
  const wallet = await findWallet(context, network, options);
  placeOf(feed, wallet.address);
  // The rollup's clock is what counts: no reporter's own.
  const now = await withRollups([feed.rollup], async ([connection]) => {
    const block = await connection?.provider.getBlock("latest");
    return BigInt(block?.timestamp ?? 0);
  });
  const round = roundAt(feed.terms, now);
  const record = openReportRecord(path(kept));
  try {
    const noted = record.note(
      { site: feed.site, feed: feed.id, signer: wallet.address, round },
      { value, observedAt: now },
    );
    const report = await signReport(wallet, feed.site, feed.terms, noted);
    const signed: SignedReport = { feed: feed.id, round, report };
    const text = JSON.stringify(signed, (_, each: unknown) => (typeof each === "bigint" ? String(each) : each), 2);
    if (target !== undefined) writeFileSync(target, `${text}\n`);
    output.line(target === undefined ? text : `Reporter ${report.place} signed ${given} for round ${round}: ${target}`);
    output.result(signed);
  } finally {
    record.close();
  }
}

/** Reads what {@link reportCommand} wrote. Throws CLI_REPORT_UNREADABLE, CLI_REPORT_INVALID. */
export function readReport(file: string): SignedReport {
  return readFileAs(REPORT, schema, file);
}
