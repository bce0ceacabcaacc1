import type { Logger } from "pino";
import type { Hex } from "../../sdk/src/bytes.ts";
import type { Evidence } from "../../sdk/src/evidence.ts";
import { offenceOf } from "../../sdk/src/evidence.ts";
import { CLASS_FINAL } from "../../sdk/src/fact.ts";
import { doublingMs } from "../chain/tasks.ts";
import { reasonOf } from "../network/trouble.ts";
import type { Alerts } from "./alerts.ts";
import type { Charge } from "./charges.ts";
import { chargesFor } from "./charges.ts";
import { writeEvidence } from "./evidence-file.ts";
import { courtOf, judge } from "./judge.ts";
import type { WatchMetrics } from "./metrics.ts";
import type { Post } from "./post.ts";
import type { Progress } from "./prosecute.ts";
import { announce, pursue, simulate } from "./prosecute.ts";
import type { SeenFact } from "./seen.ts";
import { textOf } from "./seen.ts";
import { refusalOf } from "./standing.ts";

/** A charge on its way through one rollup. */
export interface OpenCharge {
  charge: Charge;
  progress: Progress | "refused";
  failures: number;
  /** By the clock of `now`. */
  notBefore: number;
  problem: string | undefined;
  /** A step of it is under way. */
  isBusy: boolean;
}

/** One lie, or one contradiction, with its charges on all rollups that can judge it. */
export interface Case {
  readonly key: string;
  readonly kind: Evidence["kind"];
  readonly about: string;
  readonly seen: readonly SeenFact[];
  /** When the lie was read, by the wall clock. */
  readonly openedAt: number;
  readonly charges: readonly OpenCharge[];
  /** Rollups that were told of the convictions. */
  readonly told: Set<bigint>;
  /** The file that holds the evidence, in a dry run. */
  readonly file: string | undefined;
}

export interface Office {
  readonly networkId: Hex;
  readonly posts: readonly Post[];
  readonly alerts: Alerts;
  readonly metrics: WatchMetrics;
  readonly log: Logger;
  readonly cases: Map<string, Case>;
  /** Evidence is written there and never submitted. */
  readonly dryRun: { readonly folder: string } | undefined;
  readonly now: () => number;
}

const MOST_CASES = 1_000;
const FIRST_RETRY_MS = 250;
const MOST_RETRY_MS = 30_000;
const LOOK_AGAIN_MS = 1_000;
/** Refusals in a row after which a rollup is left alone with this charge. */
const MOST_REFUSALS = 8;
const ALERT_AFTER = 3;
/** The rollup has moved on since the evidence was made. */
const OUTDATED = /^Slashing(WrongHashes|OutOfReach|NotFalse)/;

/** Opens a case unless there is one already, and says so. Throws what reading the signers throws. */
export async function openCase(
  office: Office,
  evidence: Evidence,
  seen: readonly SeenFact[],
  signal?: AbortSignal,
): Promise<void> {
  const { networkId, posts, cases, alerts } = office;
  const { fact, other } = offenceOf(networkId, evidence);
  const key = `${fact} ${other}`;
  if (cases.has(key)) return;
  const charges = await chargesFor(networkId, posts, evidence, seen, signal);
  const about = seen.map(textOf).join(" and ");
  const openedAt = Math.max(...seen.map(({ seenAt }) => seenAt));
  const { file, problems } = await rehearse(office, about, charges, signal);
  if (cases.has(key)) return;
  const open = charges.map((charge): OpenCharge => {
    const problem = problems.get(charge);
    const progress = office.dryRun === undefined ? "open" : problem === undefined ? "settled" : "refused";
    return { charge, progress, failures: 0, notBefore: 0, problem, isBusy: false };
  });
  cases.set(key, { key, kind: evidence.kind, about, seen, openedAt, charges: open, told: new Set(), file });
  if (cases.size > MOST_CASES) cases.delete(leastNeeded(cases));
  const code = evidence.kind.endsWith("Conflict") ? "WATCH_CONTRADICTION" : "WATCH_LIE";
  const rollups = charges.map(({ post }) => post.rollup.name);
  const [{ transactionHash, chainId } = { transactionHash: "", chainId: 0n }] = seen;
  const signers = charges[0]?.signers.length ?? 0;
  const details = { evidence: evidence.kind, fact, rollups: rollups.join(), signers, chainId, transactionHash, file };
  alerts.raise(code, `false attestation about ${about}`, details);
}

/**
 * The oldest case in which nothing is left to do; else the oldest from which nobody can lose stake; else the oldest. So no number of
 * later lies makes a watchtower forget one that is not settled yet.
 */
export function leastNeeded(cases: ReadonlyMap<string, Case>): string {
  const all = [...cases.values()];
  const isDone = ({ charges }: Case): boolean => charges.every(isOver);
  const isFast = ({ seen }: Case): boolean => seen.every(({ fact }) => fact.class !== CLASS_FINAL);
  return (all.find(isDone) ?? all.find(isFast) ?? all[0])?.key ?? "";
}

function isOver({ progress }: OpenCharge): boolean {
  return progress === "settled" || progress === "refused";
}

/** In a dry run: what each rollup would say, and the evidence in a file. */
async function rehearse(
  { dryRun, networkId }: Office,
  about: string,
  charges: readonly Charge[],
  signal: AbortSignal | undefined,
): Promise<{ readonly file: string | undefined; readonly problems: ReadonlyMap<Charge, string> }> {
  const problems = new Map<Charge, string>();
  if (dryRun === undefined || charges.length === 0) return { file: undefined, problems };
  for (const charge of charges) {
    await simulate(charge, signal).catch((error: unknown) => problems.set(charge, refusalOf(error) ?? reasonOf(error)));
  }
  const submissions = charges.map(({ post, evidence }) => {
    return { chainId: post.rollup.chainId, rollup: post.rollup.name, evidence };
  });
  return { file: writeEvidence(dryRun.folder, { version: 1, networkId, about, submissions }), problems };
}

/** Begins the next step of every charge that is due; a rollup that stands still keeps no other waiting. True if something is left to do soon. */
export function stepCases(office: Office, signal?: AbortSignal): boolean {
  if (office.dryRun !== undefined) return false;
  const { now, log } = office;
  const charges = [...office.cases.values()].flatMap((own) => own.charges.map((open) => ({ own, open })));
  for (const { own, open } of charges) {
    if (isOver(open) || open.isBusy || open.notBefore > now()) continue;
    open.isBusy = true;
    void stepCharge(office, own, open, signal)
      .catch((error: unknown) => log.warn({ err: error }, reasonOf(error)))
      .finally(() => (open.isBusy = false));
  }
  return charges.some(({ open }) => open.progress === "open" || open.isBusy);
}

async function stepCharge(office: Office, own: Case, open: OpenCharge, signal: AbortSignal | undefined): Promise<void> {
  const { post } = open.charge;
  if (post.sender === undefined) return;
  const before = open.progress;
  try {
    open.progress = await pursue(open.charge, post.sender, signal);
    open.notBefore = office.now() + (open.progress === "open" ? FIRST_RETRY_MS : LOOK_AGAIN_MS);
    if (before === "open" && open.progress !== "open") noteConviction(office, own, open);
    if (open.progress !== "open") await tellOthers(office, own, open, signal);
    open.failures = 0;
    open.problem = undefined;
  } catch (error) {
    if (signal?.aborted === true) return;
    await setBack(office, own, open, error, signal);
  }
}

function noteConviction({ alerts, metrics }: Office, own: Case, { charge }: OpenCharge): void {
  const { post, signers, offence } = charge;
  const chain = post.rollup.name;
  const seconds = (Date.now() - own.openedAt) / 1_000;
  metrics.convictions.inc({ chain }, signers.length);
  metrics.secondsToFreeze.set({ chain }, seconds);
  const what = offence.class === CLASS_FINAL ? "frozen" : "suspended from fast signing";
  const details = { rollup: chain, seconds, fact: offence.fact, operators: signers.map(({ operator }) => operator) };
  alerts.raise(
    "WATCH_CONVICTED",
    `${signers.length} guardians ${what} on ${chain} after ${seconds.toFixed(1)} s`,
    details,
  );
}

/** Rollups that cannot judge the evidence themselves are told of the conviction. */
async function tellOthers(
  office: Office,
  own: Case,
  { charge }: OpenCharge,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { post, offence, evidence } = charge;
  if (offence.class !== CLASS_FINAL || post.sender === undefined) return;
  for (const dst of office.posts) {
    const { chainId } = dst.rollup;
    const there = own.charges.find((each) => each.charge.post === dst);
    const canJudge = courtOf(evidence) === undefined && there !== undefined && there.progress !== "refused";
    if (dst === post || canJudge || own.told.has(chainId)) continue;
    own.told.add(chainId);
    try {
      const count = await announce(charge, dst, post.sender, signal);
      office.log.info({ from: post.rollup.name, to: dst.rollup.name, keys: count }, "convictions announced");
    } catch (error) {
      const reason = refusalOf(error);
      // What the rollup refuses it refuses for ever; anything else is tried again.
      if (reason === undefined) own.told.delete(chainId);
      office.log.warn({ to: dst.rollup.name }, `not announced: ${reason ?? reasonOf(error)}`);
    }
  }
}

async function setBack(
  office: Office,
  own: Case,
  open: OpenCharge,
  error: unknown,
  signal: AbortSignal | undefined,
): Promise<void> {
  const reason = refusalOf(error);
  open.failures += 1;
  open.problem = reason ?? reasonOf(error);
  open.notBefore = office.now() + doublingMs(FIRST_RETRY_MS, MOST_RETRY_MS, open.failures);
  if (reason !== undefined && OUTDATED.test(reason)) await renew(office, own, open, signal);
  if (reason !== undefined && open.failures >= MOST_REFUSALS) open.progress = "refused";
  if (open.failures !== ALERT_AFTER) return;
  const { name } = open.charge.post.rollup;
  office.alerts.raise("WATCH_SUBMIT_FAILED", `${name} does not take the evidence about ${own.about}: ${open.problem}`, {
    rollup: name,
    fact: open.charge.offence.fact,
    reason: open.problem,
  });
}

/** Makes the evidence anew from what the rollup says now. */
async function renew(office: Office, own: Case, open: OpenCharge, signal: AbortSignal | undefined): Promise<void> {
  const [only, second] = own.seen;
  if (only === undefined || second !== undefined) return;
  const verdict = await judge(office.posts, only, signal).catch(() => undefined);
  if (verdict?.kind !== "false") return;
  const charges = await chargesFor(office.networkId, office.posts, verdict.evidence, own.seen, signal).catch(() => []);
  open.charge = charges.find(({ post }) => post === open.charge.post) ?? open.charge;
}
