import type { Hex } from "../../sdk/src/bytes.ts";
import { publicationTopics, readPublications } from "../../sdk/src/publication.ts";
import { readSubscriptions, SUBSCRIPTION_TOPICS, type SubscribedEvent } from "../../sdk/src/subscription.ts";
import { quantity } from "../chain/blocks.ts";
import { createLogReader, type LogReader } from "../chain/logs.ts";
import { codeOf } from "../chain/rpc-errors.ts";
import { reasonOf, waits, worse } from "../network/trouble.ts";
import { openDesk, readJobs, type Desk } from "./desk.ts";
import { latestHead } from "./heads.ts";
import type { Attempt, Believed, PublicationSite, Want } from "./publicationCall.ts";
import { deliveredIn, prepareDelivery, stillOpen, withinGas } from "./publicationCall.ts";

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
}

/** Of one subscriber at a time. */
const MOST_WANTS = 256;

export function createPublicationService(options: PublicationServiceOptions): PublicationService {
  const desks = new Map<PublicationSite, Desk<Job>>();
  return {
    async serve(dst, signal) {
      const address = dst.rollup.contracts.subscriptions;
      if (address === undefined) return 0;
      const desk = desks.get(dst) ?? openDesk<Job>(dst, address, Object.values(SUBSCRIPTION_TOPICS));
      desks.set(dst, desk);
      await readJobs(desk, readSubscriptions, (subscription) => openJob(options, subscription), signal);
      const sources = new Set([...desk.jobs.values()].map(({ source }) => source));
      let served = 0;
      for (const source of sources) {
        const jobs = [...desk.jobs.values()].filter((job) => job.source === source);
        served += await serveFrom(options, jobs, source, dst, signal).catch((error: unknown) => {
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
function openJob({ sites }: PublicationServiceOptions, subscription: SubscribedEvent): Job | undefined {
  const source = sites.find(({ rollup }) => isOf(rollup, subscription));
  if (source === undefined) return undefined;
  const { broadcaster, publisher, topic } = subscription.filter;
  const topics = publicationTopics(topic === undefined ? { publisher } : { publisher, topic });
  const { fromBlock, maxLogRange: maxRange } = source.rollup;
  const options = { pool: source.pool, filter: { address: broadcaster, topics }, fromBlock, maxRange };
  return { subscription, source, reader: createLogReader(options), wants: new Map() };
}

/** One transaction at most: the next ones follow with the next visit. */
async function serveFrom(
  { leastPrice, now }: PublicationServiceOptions,
  jobs: readonly Job[],
  source: PublicationSite,
  dst: PublicationSite,
  signal: AbortSignal | undefined,
): Promise<number> {
  const believed = await believedState(source, dst, signal);
  if (believed === undefined) return 0;
  for (const job of jobs) await readWants(job, believed.number, signal);
  const at = now();
  const open = jobs.flatMap(({ subscription, wants }) => [...wants.values()].map((want) => ({ subscription, want })));
  const due = open.filter(({ want }) => !waits(want.trouble, at));
  const postpone = (attempts: readonly Attempt[], reason: string): void => {
    for (const { want } of attempts) want.trouble = worse(want.trouble, "reverts", reason, at);
  };
  const forget = (attempts: readonly Attempt[]): void => {
    for (const { subscription, want } of attempts) {
      jobs.find((job) => job.subscription === subscription)?.wants.delete(want.said.message);
    }
  };
  const route = { source, dst, believed, leastPrice, signal };
  const { open: wanted, done } = await stillOpen(route, withinGas(due));
  forget(done);
  const { call, attempts, refused } = await prepareDelivery(route, wanted);
  postpone(refused, "it does not accept the publication, or pays too little");
  if (call === undefined) return 0;
  try {
    const sent = await dst.sender.send(call);
    const { logs } = await sent.wait(signal);
    const delivered = deliveredIn(logs, attempts);
    forget(delivered);
    postpone(
      attempts.filter((attempt) => !delivered.includes(attempt)),
      "it was passed over or failed",
    );
    return delivered.length;
  } catch (error) {
    postpone(attempts, reasonOf(error));
    // Somebody else was first, or the terms changed.
    if (codeOf(error) === "RPC_REVERTED") return 0;
    throw error;
  }
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
async function readWants(job: Job, to: number, signal: AbortSignal | undefined): Promise<void> {
  const { wants, subscription, reader } = job;
  while (wants.size < MOST_WANTS) {
    const piece = await reader.read(to, signal);
    if (piece === undefined) return;
    if (piece.kind === "rollback") {
      for (const [message, { said }] of wants) if (said.blockNumber > piece.to) wants.delete(message);
      continue;
    }
    for (const said of readPublications(piece.logs)) {
      if (said.index >= subscription.terms.start) wants.set(said.message, { said, trouble: undefined });
    }
  }
}
