import type { Hex } from "../../sdk/src/bytes.ts";
import { publicationTopics, readPublications } from "../../sdk/src/publication.ts";
import { readSubscriptions, SUBSCRIPTION_TOPICS, type SubscribedEvent } from "../../sdk/src/subscription.ts";
import { quantity } from "../chain/blocks.ts";
import { createLogReader, type LogReader } from "../chain/logs.ts";
import { codeOf } from "../chain/rpc-errors.ts";
import { reasonOf, waits, worse, type Trouble } from "../network/trouble.ts";
import { isFailing, MOST_GAS, noteCalls, openDesk, readJobs, type Desk } from "./desk.ts";
import { latestHead } from "./heads.ts";
import type { Attempt, Believed, PublicationSite, Want } from "./publicationCall.ts";
import { arePaying, endsIn, prepareDelivery, stillOpen, withinGas } from "./publicationCall.ts";

export interface PublicationServiceOptions {
  readonly sites: readonly PublicationSite[];
  /** Least that a subscriber pays for a publication, in fee units. */
  readonly leastPrice: bigint;
  readonly onError: (where: string, error: unknown) => void;
  /** Milliseconds that only grow. */
  readonly now: () => number;
}

/** Brings publications to those who subscribed. What it remembers only spares it work: a new one begins from the chains. */
export interface PublicationService {
  /** Proves and delivers what the subscribers of one rollup can have now. Returns how many calls succeeded. */
  serve(dst: PublicationSite, signal?: AbortSignal): Promise<number>;
}

interface Job {
  readonly subscription: SubscribedEvent;
  readonly source: PublicationSite;
  readonly reader: LogReader;
  readonly wants: Map<Hex, Want>;
  /** It does not pay enough. */
  trouble: Trouble | undefined;
  /** When something was tried for it the last time, by the service's clock. */
  triedAt: number;
  /** First block of which something was given up, and when it is read again. */
  left: { readonly block: number; readonly until: number } | undefined;
}

/** Looked at in one visit; the others follow with the next ones. */
const MOST_LOOKS = 64;
/** Of one subscriber at a time. */
const MOST_WANTS = 256;
/** Refusals after which a publication keeps no newer one waiting, and for how long it is left. */
const [PATIENCE, LEFT_MS] = [3, 3_600_000];

export function createPublicationService(options: PublicationServiceOptions): PublicationService {
  const desks = new Map<PublicationSite, Desk<Job>>();
  return {
    async serve(dst, signal) {
      const address = dst.rollup.contracts.subscriptions;
      if (address === undefined) return 0;
      const desk = desks.get(dst) ?? openDesk<Job>(dst, address, Object.values(SUBSCRIPTION_TOPICS));
      desks.set(dst, desk);
      await readJobs(desk, readSubscriptions, (subscription) => openJob(options, subscription), signal);
      const paying = await payingOf(options, desk, dst, signal);
      let served = 0;
      for (const source of new Set(paying.map((job) => job.source))) {
        const jobs = paying.filter((job) => job.source === source);
        served += await serveFrom(options, { desk, jobs, source, dst, signal }).catch((error: unknown) => {
          options.onError(dst.rollup.name, error);
          return 0;
        });
      }
      return served;
    },
  };
}

function isOf({ chainId, incarnation, contracts }: PublicationSite["rollup"], { filter }: SubscribedEvent): boolean {
  const isSame = contracts.broadcaster?.toLowerCase() === filter.broadcaster.toLowerCase();
  return isSame && chainId === filter.chainId && incarnation === filter.incarnation;
}

/** Read from its start, so that whoever changes its terms, or may have lost what it got, is looked at anew. */
function openJob({ sites, leastPrice }: PublicationServiceOptions, subscription: SubscribedEvent): Job | undefined {
  const { price, gasLimit } = subscription.terms;
  if (price < leastPrice || gasLimit > MOST_GAS) return undefined;
  const source = sites.find(({ rollup }) => isOf(rollup, subscription));
  if (source === undefined) return undefined;
  const { broadcaster, publisher, topic } = subscription.filter;
  const topics = publicationTopics(topic === undefined ? { publisher } : { publisher, topic });
  const { fromBlock, maxLogRange: maxRange } = source.rollup;
  const options = { pool: source.pool, filter: { address: broadcaster, topics }, fromBlock, maxRange };
  const reader = createLogReader(options);
  return { subscription, source, reader, wants: new Map(), trouble: undefined, triedAt: 0, left: undefined };
}

/** Of as many as one visit looks at, those that pay enough. The next visit begins behind them. */
async function payingOf(
  { leastPrice, now }: PublicationServiceOptions,
  desk: Desk<Job>,
  dst: PublicationSite,
  signal: AbortSignal | undefined,
): Promise<Job[]> {
  const at = now();
  const looked = [...desk.jobs]
    .filter(([, { trouble, subscription }]) => !waits(trouble, at) && !isFailing(desk, subscription.subscriber, at))
    .slice(0, MOST_LOOKS);
  const subscriptions = looked.map(([, { subscription }]) => subscription);
  const verdicts = await arePaying(dst, subscriptions, leastPrice, signal);
  for (const [index, [id, job]] of looked.entries()) {
    job.trouble = verdicts[index] === true ? undefined : worse(job.trouble, "reverts", "it pays too little", at);
    desk.jobs.delete(id);
    desk.jobs.set(id, job);
  }
  return looked.flatMap(([, job]) => (job.trouble === undefined ? [job] : []));
}

interface Visit {
  readonly desk: Desk<Job>;
  readonly jobs: readonly Job[];
  readonly source: PublicationSite;
  readonly dst: PublicationSite;
  readonly signal: AbortSignal | undefined;
}

/** One transaction at most: the next ones follow with the next visit. */
async function serveFrom({ leastPrice, now }: PublicationServiceOptions, visit: Visit): Promise<number> {
  const { desk, jobs, source, dst, signal } = visit;
  const believed = await believedState(source, dst, signal);
  if (believed === undefined) return 0;
  const at = now();
  for (const job of jobs) await readWants(job, believed.number, at, signal);
  const postpone = (attempts: readonly Attempt[], reason: string): void => {
    for (const { want } of attempts) want.trouble = worse(want.trouble, "reverts", reason, at);
  };
  const forget = (attempts: readonly Attempt[]): void => {
    for (const { subscription, want } of attempts) {
      jobs.find((job) => job.subscription === subscription)?.wants.delete(want.said.message);
    }
  };
  const route = { source, dst, believed, leastPrice, signal };
  const { open: wanted, done } = await stillOpen(route, withinGas(dueOf(jobs, at)));
  forget(done);
  const { call, attempts, refused } = await prepareDelivery(route, wanted);
  postpone(refused, "it does not accept the publication");
  for (const job of jobs) if (wanted.some(({ subscription }) => subscription === job.subscription)) job.triedAt = at;
  if (call === undefined) return 0;
  try {
    const sent = await dst.sender.send(call);
    const { logs } = await sent.wait(signal);
    const { delivered, failed } = endsIn(logs, attempts);
    forget(delivered);
    postpone(
      attempts.filter((attempt) => !delivered.includes(attempt)),
      "it was passed over or failed",
    );
    const failing = failed.map(({ subscription }) => subscription.subscriber);
    for (const called of new Set([...delivered, ...failed].map(({ subscription }) => subscription.subscriber))) {
      noteCalls(desk, called, failing.includes(called), at);
    }
    return delivered.length;
  } catch (error) {
    postpone(attempts, reasonOf(error));
    // Somebody else was first, or the terms changed.
    if (codeOf(error) === "RPC_REVERTED") return 0;
    throw error;
  }
}

/** One publication for each subscription in turn, first for that which waits for longest. */
function dueOf(jobs: readonly Job[], at: number): Attempt[] {
  return jobs
    .toSorted((a, b) => a.triedAt - b.triedAt)
    .flatMap(({ subscription, wants }) =>
      [...wants.values()]
        .filter(({ trouble }) => !waits(trouble, at))
        .map((want, turn) => ({ subscription, want, turn })),
    )
    .sort((a, b) => a.turn - b.turn);
}

async function believedState(
  source: PublicationSite,
  dst: PublicationSite,
  signal: AbortSignal | undefined,
): Promise<Believed | undefined> {
  if (source === dst) {
    const number = quantity(await dst.pool.request("eth_blockNumber", [], { signal }));
    return { anchorIndex: 0n, number, stateRoot: undefined };
  }
  const head = await latestHead(dst, source.rollup.chainId, signal);
  if (head === undefined) return undefined;
  return { anchorIndex: head.anchorIndex, number: Number(head.number), stateRoot: head.stateRoot };
}

/** Publications up to the believed block; a node that leaves some out is found by the next reading from the chains. */
async function readWants(job: Job, to: number, at: number, signal: AbortSignal | undefined): Promise<void> {
  const { wants, subscription, reader, left } = job;
  if (left !== undefined && left.until <= at) {
    reader.rewind(left.block);
    job.left = undefined;
  }
  for (;;) {
    if (wants.size >= MOST_WANTS) leaveRefused(job, at);
    if (wants.size >= MOST_WANTS) return;
    const piece = await reader.read(to, signal);
    if (piece === undefined) return;
    if (piece.kind === "rollback") {
      for (const [message, { said }] of wants) if (said.blockNumber > piece.to) wants.delete(message);
      continue;
    }
    for (const said of readPublications(piece.logs)) {
      const isNew = said.index >= subscription.terms.start && !wants.has(said.message);
      if (isNew) wants.set(said.message, { said, trouble: undefined });
    }
  }
}

/** What was refused again and again keeps no newer publication waiting. It is read again later. */
function leaveRefused(job: Job, at: number): void {
  for (const [message, { said, trouble }] of job.wants) {
    if (trouble === undefined || trouble.attempts < PATIENCE || !waits(trouble, at)) continue;
    job.wants.delete(message);
    const { block = said.blockNumber, until = at + LEFT_MS } = job.left ?? {};
    job.left = { block: Math.min(block, said.blockNumber), until };
  }
}
