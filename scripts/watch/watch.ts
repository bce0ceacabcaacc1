import { CLASS_FINAL } from "../../sdk/src/fact.ts";
import { createLogReader, type LogReader } from "../chain/logs.ts";
import type { Block, Log } from "../chain/blocks.ts";
import { softHead } from "../chain/finality.ts";
import { codeOf } from "../chain/rpc-errors.ts";
import { createWorker, delay, doublingMs, loop } from "../chain/tasks.ts";
import { laneBetween } from "../network/config.ts";
import { onNewestHead } from "../network/newest-head.ts";
import { reasonOf } from "../network/trouble.ts";
import type { Book } from "./book.ts";
import type { Office } from "./cases.ts";
import { openCase, stepCases } from "./cases.ts";
import type { WatchConfig } from "./config.ts";
import { judge } from "./judge.ts";
import type { Post } from "./post.ts";
import { postOf } from "./post.ts";
import type { SeenFact } from "./seen.ts";
import { homeOf, textOf } from "./seen.ts";
import type { Reading } from "./transactions.ts";
import { factsInside, factsOf, USE_TOPICS } from "./transactions.ts";

/** An attested fact that is to be judged. */
export interface WaitingFact {
  readonly seen: SeenFact;
  /** By the clock of `now`. */
  readonly since: number;
  notBefore: number;
  attempts: number;
  /** Why it could not be judged so far. */
  problem: string | undefined;
  /** It counts as suspect until it is judged. */
  isSuspect: boolean;
}

/** What one rollup's watching needs. */
export interface Lookout extends Reading {
  reader: LogReader | undefined;
  /** When its newest block was read, by the wall clock. */
  followedAt: number;
  /** Transactions that nobody can read, so that each is said once. */
  readonly unreadable: Set<string>;
}

export interface Watching extends Office {
  readonly config: WatchConfig;
  readonly lookouts: readonly Lookout[];
  readonly book: Book;
  waiting: WaitingFact[];
  judged: number;
}

/** Nothing more is read while so many facts wait. */
const MOST_WAITING = 5_000;
const JUDGED_AT_ONCE = 16;
const IDLE_MS = 250;
const STEP_MS = 200;
const FIRST_RETRY_MS = 200;
const MOST_RETRY_MS = 5_000;
/** What waits for a newer block only is looked at more often: a lie is to be caught in seconds. */
const MOST_EARLY_MS = 1_000;
const MOST_UNREADABLE = 1_000;

export function lookoutsOf(config: WatchConfig, posts: readonly Post[]): Lookout[] {
  return posts.map((post) => ({
    networkId: config.networkId,
    post,
    laneFrom(srcChainId) {
      const src = config.rollups.find(({ chainId }) => chainId === srcChainId);
      return src === undefined || src === post.rollup ? undefined : laneBetween(config, src, post.rollup);
    },
    reader: undefined,
    followedAt: 0,
    unreadable: new Set(),
  }));
}

/** Reads what was attested on one rollup up to this block. */
async function follow(watching: Watching, lookout: Lookout, block: Block, signal?: AbortSignal): Promise<void> {
  const reader = (lookout.reader ??= readerOf(watching, lookout, block));
  while (watching.waiting.length < MOST_WAITING) {
    const piece = await reader.read(block.number, signal);
    if (piece === undefined) break;
    // What a reorg has removed was signed all the same.
    if (piece.kind === "rollback") continue;
    try {
      for (const logs of byTransaction(piece.logs)) await readTransaction(watching, lookout, logs, signal);
    } catch (error) {
      reader.rewind(piece.from);
      throw error;
    }
  }
  lookout.followedAt = Date.now();
}

function readerOf({ config }: Watching, { post }: Lookout, block: Block): LogReader {
  const { rollup, access } = post;
  const { gateway, inbox } = rollup.contracts;
  const back = Math.ceil((config.watch.sinceSeconds * 1_000) / rollup.blockTimeMs);
  return createLogReader({
    pool: access.pool,
    filter: { address: inbox === undefined ? [gateway] : [gateway, inbox], topics: [USE_TOPICS] },
    fromBlock: Math.max(rollup.fromBlock, block.number - back),
    maxRange: rollup.maxLogRange,
    // An endpoint that leaves out logs would hide lies.
    confirm: access.pool.endpoints.length > 1 ? "second" : "none",
  });
}

function byTransaction(logs: readonly Log[]): Log[][] {
  const groups = new Map<string, Log[]>();
  for (const log of logs) groups.set(log.transactionHash, [...(groups.get(log.transactionHash) ?? []), log]);
  return [...groups.values()];
}

async function readTransaction(
  watching: Watching,
  lookout: Lookout,
  logs: readonly Log[],
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    take(watching, await factsOf(lookout, logs, signal));
  } catch (error) {
    sayUnreadable(watching, lookout, logs[0]?.transactionHash ?? "", error);
  }
}

/** Facts that were not seen before are to be judged. */
function take(watching: Watching, facts: readonly SeenFact[]): void {
  for (const seen of facts) {
    if (!watching.book.add(seen)) continue;
    const since = watching.now();
    watching.waiting.push({ seen, since, notBefore: 0, attempts: 0, problem: undefined, isSuspect: false });
  }
}

/** Once for each transaction. Any other error is thrown on. */
function sayUnreadable(watching: Watching, { unreadable, post }: Lookout, transaction: string, error: unknown): void {
  if (codeOf(error) !== "WATCH_UNREADABLE") throw error;
  if (unreadable.has(transaction)) return;
  if (unreadable.size > MOST_UNREADABLE) unreadable.clear();
  unreadable.add(transaction);
  watching.alerts.raise("WATCH_UNREADABLE", reasonOf(error), { rollup: post.rollup.name, transaction });
}

/**
 * A `fast` fact that is not true costs its signers little, and in a transaction's own call data it explains messages that a call
 * inside delivered under a final lie: so such a transaction is looked at from inside too.
 */
async function lookInside(watching: Watching, seen: SeenFact, signal: AbortSignal | undefined): Promise<void> {
  const lookout = watching.lookouts.find(({ post }) => post.rollup.chainId === seen.chainId);
  if (lookout === undefined || seen.kind === "head" || seen.fact.class === CLASS_FINAL) return;
  try {
    take(watching, await factsInside(lookout, seen, signal));
  } catch (error) {
    sayUnreadable(watching, lookout, seen.transactionHash, error);
  }
}

/** Judges what waits about one rollup (undefined: about rollups that are not configured), some at a time, oldest first. True if something was judged. */
export async function judgeWaiting(watching: Watching, home: Post | undefined, signal?: AbortSignal): Promise<boolean> {
  const at = watching.now();
  const due = watching.waiting
    .filter(({ seen, notBefore }) => notBefore <= at && postOf(watching.posts, homeOf(seen)) === home)
    .slice(0, JUDGED_AT_ONCE);
  const done = await Promise.all(due.map((waiting) => judgeOne(watching, waiting, signal)));
  const gone = new Set(due.filter((_, index) => done[index]));
  watching.waiting = watching.waiting.filter((waiting) => !gone.has(waiting));
  watching.judged += gone.size;
  return gone.size > 0;
}

async function judgeOne(watching: Watching, waiting: WaitingFact, signal: AbortSignal | undefined): Promise<boolean> {
  const { posts, book, metrics } = watching;
  const { seen } = waiting;
  try {
    const verdict = await judge(posts, seen, signal);
    if (verdict.kind === "early") {
      await postpone(watching, waiting, verdict.reason, MOST_EARLY_MS, signal);
      return false;
    }
    if (verdict.kind !== "true") await lookInside(watching, seen, signal);
    if (verdict.kind === "false") await openCase(watching, verdict.evidence, [seen], signal);
    await compare(watching, seen, verdict.kind === "true" ? book.compare(seen) : book.suspect(seen), signal);
    metrics.facts.inc({ chain: nameOf(watching, seen.chainId), verdict: verdict.kind });
    return true;
  } catch (error) {
    if (signal?.aborted !== true) await postpone(watching, waiting, reasonOf(error), MOST_RETRY_MS, signal);
    return false;
  }
}

/** Contradictions are evidence wherever the truth is out of reach, and on rollups that cannot judge the lie itself. */
async function compare(
  watching: Watching,
  seen: SeenFact,
  found: ReturnType<Book["compare"]>,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const { evidence, seen: both } of found) {
    // In the order in which the evidence names them.
    const first = "facts" in evidence ? evidence.inclusions[0].attestation : seen.attestation;
    const ordered = both[0].attestation === first ? both : [both[1], both[0]];
    await openCase(watching, evidence, ordered, signal);
  }
}

/** Nothing is known yet: it is tried again, never guessed. What takes too long is said once. */
async function postpone(
  watching: Watching,
  waiting: WaitingFact,
  problem: string,
  mostMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { now, config, alerts, book } = watching;
  waiting.attempts += 1;
  waiting.problem = problem;
  waiting.notBefore = now() + doublingMs(FIRST_RETRY_MS, mostMs, waiting.attempts);
  if (waiting.isSuspect || now() - waiting.since < config.watch.patienceMs) return;
  waiting.isSuspect = true;
  const { seen } = waiting;
  const details = { rollup: nameOf(watching, seen.chainId), fact: seen.factHash, transaction: seen.transactionHash };
  alerts.raise("WATCH_OUT_OF_REACH", `${textOf(seen)} cannot be checked: ${problem}`, details);
  await compare(watching, seen, book.suspect(seen), signal).catch((error: unknown) =>
    watching.log.warn({ err: error }, reasonOf(error)),
  );
}

function nameOf({ posts }: Watching, chainId: bigint): string {
  return posts.find(({ rollup }) => rollup.chainId === chainId)?.rollup.name ?? String(chainId);
}

/** Watches until the signal fires. One rollup's trouble is no other's. */
export async function run(watching: Watching, signal: AbortSignal): Promise<void> {
  const { lookouts, log, posts } = watching;
  const onError =
    (where: string) =>
    (error: unknown): void => {
      if (!signal.aborted) log.warn({ where }, reasonOf(error));
    };
  // What cannot be judged because its rollup hangs holds up nothing about the others.
  const judges = [...posts, undefined].map((home) => {
    const task = (): Promise<boolean> => judgeWaiting(watching, home, signal);
    return createWorker(task, { everyMs: IDLE_MS, signal, onError: onError("judging") });
  });
  const step = (): Promise<void> => {
    stepCases(watching, signal);
    return Promise.resolve();
  };
  const stepping = loop(step, { everyMs: STEP_MS, signal, onError: onError("charges") });
  const following = lookouts.map((lookout) => {
    const { access, rollup } = lookout.post;
    const options = { pool: access.pool, webSocketUrl: rollup.webSocket, signal, onError: onError(rollup.name) };
    return onNewestHead(options, async (block) => {
      await follow(watching, lookout, block, signal);
      for (const each of judges) each.wake();
    });
  });
  await Promise.all([...judges.map(({ ended }) => ended), stepping, ...following]);
}

/** Reads and judges what is attested by now, and takes every case as far as to the convictions. */
export async function runOnce(watching: Watching, signal?: AbortSignal): Promise<void> {
  const { lookouts, config, now, posts } = watching;
  const deadline = now() + config.watch.patienceMs;
  const heads = await Promise.all(posts.map(({ access }) => softHead(access.pool, signal)));
  let isRead = false;
  while (!isRead || watching.waiting.length > 0) {
    if (!isRead) {
      await Promise.all(
        lookouts.map(async (lookout, index) => {
          const head = heads[index];
          if (head !== undefined) await follow(watching, lookout, head, signal);
        }),
      );
      isRead = lookouts.every(({ reader }, index) => (reader?.next ?? 0) > (heads[index]?.number ?? 0));
    }
    const judged = await Promise.all([...posts, undefined].map((home) => judgeWaiting(watching, home, signal)));
    if (judged.includes(true)) continue;
    if (watching.waiting.length > 0 && watching.waiting.every(({ isSuspect }) => isSuspect)) break;
    await delay(IDLE_MS, signal);
  }
  while (stepCases(watching, signal) && now() < deadline + config.watch.patienceMs) await delay(STEP_MS, signal);
}
