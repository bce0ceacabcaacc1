import { AbiCoder, recoverAddress, Signature, type Signer } from "ethers";
import {
  checkUint,
  concatBytes,
  fixedBytes,
  fromHex,
  hashText,
  hashWords,
  keccak,
  toAddress,
  toHex,
  type Address,
  type Hex,
} from "./bytes.ts";
import { MetalayerError } from "./errors.ts";
import { mappingSlot } from "./proofsRead.ts";

const TERMS = [
  "string description",
  "uint8 decimals",
  "address[] reporters",
  "uint8 threshold",
  "uint8 confirmations",
  "uint16 maxDeviation",
  "uint16 outlierDeviation",
  "uint32 period",
  "uint32 maxAge",
  "uint32 exitDelay",
  "uint128 stake",
].join(",");
const FEED_TYPEHASH = hashText(`MetalayerFeed(${TERMS})`);
const DOMAIN_TYPEHASH = hashText("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
const REPORT_TYPEHASH = hashText("Report(bytes32 feed,uint64 round,uint128 value,uint64 observedAt)");
const [NAME, VERSION] = ["Metalayer Feeds", "1"];
/** EIP-712's types of a report, as wallets take them. */
const REPORT_TYPES = {
  Report: [
    { name: "feed", type: "bytes32" },
    { name: "round", type: "uint64" },
    { name: "value", type: "uint128" },
    { name: "observedAt", type: "uint64" },
  ],
};
/** Of `_answers` in Feeds. */
const ANSWERS_POSITION = 2n;
const BASIS_POINTS = 10_000n;

/** What a feed is: docs/protocol/feeds.md §1. Times in seconds, distances in basis points, stake in wei of ERA. */
export interface FeedTerms {
  readonly description: string;
  readonly decimals: number;
  /** Ascending; a reporter's place is its position here. */
  readonly reporters: readonly Address[];
  readonly threshold: number;
  readonly confirmations: number;
  readonly maxDeviation: number;
  readonly outlierDeviation: number;
  readonly period: number;
  readonly maxAge: number;
  readonly exitDelay: number;
  readonly stake: bigint;
}

/** The Feeds contract that a report is for. */
export interface FeedSite {
  readonly chainId: bigint;
  readonly feeds: Address;
}

/** What a reporter saw, and when. */
export interface Observation {
  readonly value: bigint;
  readonly observedAt: bigint;
}

/** A signed observation, as `submit` takes it. */
export interface FeedReport extends Observation {
  readonly place: number;
  readonly r: Hex;
  readonly vs: Hex;
}

/** One round's result. Round 0 is none. */
export interface FeedAnswer extends Observation {
  readonly round: bigint;
}

/** Why a report does not count. */
export type ReportFault = "SIGNER" | "STANDING" | "VALUE" | "TIME" | "REPEATED";

/** What reports from anywhere come to: those to submit in order, and what was wrong with the others. */
export interface AssembledRound {
  readonly round: bigint;
  readonly reports: readonly FeedReport[];
  readonly answer: FeedAnswer;
  readonly refused: readonly { readonly report: FeedReport; readonly fault: ReportFault }[];
  /** Two values by one reporter: whoever brings them to `convict` is paid. */
  readonly contradictions: readonly (readonly [FeedReport, FeedReport])[];
}

/** Id of a feed, whether its terms are valid or not. */
export function feedId(terms: FeedTerms): Hex {
  const { description, decimals, reporters, threshold, confirmations, maxDeviation, outlierDeviation } = terms;
  const { period, maxAge, exitDelay, stake } = terms;
  const quorum = [decimals, [...reporters], threshold, confirmations];
  const words = [description, ...quorum, maxDeviation, outlierDeviation, period, maxAge, exitDelay, stake];
  const encoded = AbiCoder.defaultAbiCoder().encode(["bytes32", `tuple(${TERMS})`], [FEED_TYPEHASH, words]);
  return keccak(fromHex(encoded));
}

/** Terms as the contracts take them. */
export function feedArgument(terms: FeedTerms): FeedTerms & { reporters: Address[] } {
  return { ...terms, reporters: [...terms.reporters] };
}

/** The round that a time belongs to. */
export function roundAt({ period }: Pick<FeedTerms, "period">, time: bigint): bigint {
  return time / BigInt(period);
}

/** What a reporter signs (EIP-712). Throws `VALUE_OUT_OF_RANGE`. */
export function reportDigest({ chainId, feeds }: FeedSite, feed: Hex, report: FeedAnswer): Hex {
  const domain = hashWords([DOMAIN_TYPEHASH, hashText(NAME), hashText(VERSION), chainId, feeds]);
  const words = [checkUint("round", report.round, 64), checkUint("value", report.value, 128)];
  const struct = hashWords([REPORT_TYPEHASH, feed, ...words, checkUint("observedAt", report.observedAt, 64)]);
  return keccak(concatBytes([fromHex("0x1901"), fromHex(domain), fromHex(struct)]));
}

/**
 * Signs what was observed for the round of its time. Write down feed, round and value before the report leaves: another value for the
 * same round costs the stake. Throws `FEED_NO_REPORTER` if the signer is none of the feed's, `VALUE_OUT_OF_RANGE`.
 */
export async function signReport(
  signer: Pick<Signer, "signTypedData">,
  site: FeedSite,
  terms: FeedTerms,
  { value, observedAt }: Observation,
): Promise<FeedReport> {
  const answer = { round: roundAt(terms, observedAt), value, observedAt };
  const feed = feedId(terms);
  const digest = reportDigest(site, feed, answer);
  const domain = { name: NAME, version: VERSION, chainId: site.chainId, verifyingContract: site.feeds };
  const signature = Signature.from(await signer.signTypedData(domain, REPORT_TYPES, { feed, ...answer }));
  const place = placeOf(terms, recoverAddress(digest, signature));
  if (place < 0) throw new MetalayerError("FEED_NO_REPORTER", "the signer is no reporter of this feed", { feed });
  const { r, yParityAndS } = signature;
  return { place, value, observedAt, r: word(r), vs: word(yParityAndS) };
}

/** Who signed a report for a round; nothing if it is no signature. */
export function reportSigner(site: FeedSite, feed: Hex, round: bigint, report: FeedReport): Address | undefined {
  try {
    const { value, observedAt, r, vs } = report;
    const signature = Signature.from({ r, yParityAndS: vs });
    return asAddress(recoverAddress(reportDigest(site, feed, { round, value, observedAt }), signature));
  } catch {
    return undefined;
  }
}

/** What a feed's rollup says about it now. */
export interface FeedState {
  readonly round: bigint;
  /** Time of its newest block. */
  readonly now: bigint;
  /** A bit for each place whose reports count: of `stateOf`. */
  readonly active: bigint;
}

/**
 * Puts reports that anyone may have sent into the form in which `submit` takes them, which is all or nothing: one report that does not count
 * would keep the round from being answered. Throws `FEED_TOO_FEW_REPORTS` below the threshold.
 */
export function assembleRound(
  site: FeedSite,
  terms: FeedTerms,
  state: FeedState,
  received: readonly FeedReport[],
): AssembledRound {
  const { round, now } = state;
  const feed = feedId(terms);
  const kept = new Map<number, FeedReport>();
  const refused: { report: FeedReport; fault: ReportFault }[] = [];
  const signed: FeedReport[] = [];
  for (const report of received) {
    const isSigned = placeOf(terms, reportSigner(site, feed, round, report) ?? "") === report.place;
    if (isSigned) signed.push(report);
    const fault = isSigned ? faultOf(terms, state, report, kept.has(report.place)) : "SIGNER";
    if (fault === undefined) kept.set(report.place, report);
    else refused.push({ report, fault });
  }
  const reports = [...kept.values()].sort((a, b) =>
    a.value < b.value ? -1 : a.value > b.value ? 1 : a.place - b.place,
  );
  const middle = reports[Math.floor((reports.length - 1) / 2)];
  if (middle === undefined || reports.length < terms.threshold) {
    throw new MetalayerError("FEED_TOO_FEW_REPORTS", `${reports.length} reports count, ${terms.threshold} are needed`, {
      feed,
      round,
      refused,
    });
  }
  const observedAt = reports.reduce((least, report) => (report.observedAt < least ? report.observedAt : least), now);
  const answer = { round, value: middle.value, observedAt };
  return { round, reports, answer, refused, contradictions: contradictionsIn(signed) };
}

/** Reports of a round further from its answer than the terms say: `submit` names them. */
export function outlying(
  { outlierDeviation }: Pick<FeedTerms, "outlierDeviation">,
  { answer, reports }: Pick<AssembledRound, "answer" | "reports">,
): FeedReport[] {
  return reports.filter(({ value }) => isBeyond(value, answer.value, outlierDeviation));
}

/** Whether an answer needs the confirmations: it is the first one, or too far from the one before. */
export function needsConfirmations(
  { maxDeviation }: Pick<FeedTerms, "maxDeviation">,
  before: FeedAnswer | undefined,
  value: bigint,
): boolean {
  return before === undefined || before.round === 0n || isBeyond(value, before.value, maxDeviation);
}

/** Slot of Feeds with a feed's newest answer, to be proven elsewhere; an automation's mask for the value is {@link ANSWER_VALUE_MASK}. */
export function answerSlot(feed: Hex): Hex {
  return mappingSlot(feed, ANSWERS_POSITION);
}

export const ANSWER_VALUE_MASK = (1n << 128n) - 1n;

/** The answer in a word of {@link answerSlot}. */
export function unpackAnswer(word: Hex | bigint): FeedAnswer {
  const packed = checkUint("word", BigInt(word), 256);
  const [round, observedAt] = [(packed >> 128n) & (2n ** 64n - 1n), packed >> 192n];
  return { value: packed & ANSWER_VALUE_MASK, round, observedAt };
}

/** The answer in a publication of a feed. Throws `HEX_LENGTH`, `VALUE_OUT_OF_RANGE`. */
export function decodeAnswer(payload: Hex): FeedAnswer {
  const bytes = fixedBytes("payload", payload, 96);
  const wordAt = (index: number): bigint => BigInt(toHex(bytes.subarray(32 * index, 32 * index + 32)));
  return {
    round: checkUint("round", wordAt(0), 64),
    value: checkUint("value", wordAt(1), 128),
    observedAt: checkUint("observedAt", wordAt(2), 64),
  };
}

function faultOf(
  { period, maxAge }: FeedTerms,
  { round, now, active }: FeedState,
  { place, value, observedAt }: FeedReport,
  isRepeated: boolean,
): ReportFault | undefined {
  if (((active >> BigInt(place)) & 1n) === 0n) return "STANDING";
  if (value === 0n) return "VALUE";
  const isTimely = observedAt / BigInt(period) === round && observedAt <= now && observedAt + BigInt(maxAge) >= now;
  if (!isTimely) return "TIME";
  return isRepeated ? "REPEATED" : undefined;
}

function contradictionsIn(signed: readonly FeedReport[]): (readonly [FeedReport, FeedReport])[] {
  const found = new Map<number, readonly [FeedReport, FeedReport]>();
  for (const second of signed) {
    const first = signed.find(({ place, value }) => place === second.place && value !== second.value);
    if (first !== undefined && !found.has(second.place)) found.set(second.place, [first, second]);
  }
  return [...found.values()];
}

function isBeyond(value: bigint, from: bigint, basisPoints: number): boolean {
  const distance = value > from ? value - from : from - value;
  return distance * BASIS_POINTS > from * BigInt(basisPoints);
}

function placeOf({ reporters }: FeedTerms, account: string): number {
  return reporters.findIndex((reporter) => reporter.toLowerCase() === account.toLowerCase());
}

const word = (hex: string): Hex => toHex(fixedBytes("word", hex, 32));
const asAddress = (hex: string): Address => toAddress(fixedBytes("address", hex, 20));
