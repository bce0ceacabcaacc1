import type { Logger } from "pino";
import type { Hex } from "../../sdk/src/bytes.ts";
import { ZERO_HASH } from "../../sdk/src/bytes.ts";
import { bigQuantity } from "../chain/blocks.ts";
import { loop } from "../chain/tasks.ts";
import { openRecord } from "../guardian/record.ts";
import { createHealthServer } from "../network/health-server.ts";
import { reasonOf } from "../network/trouble.ts";
import type { Alert } from "./alerts.ts";
import { createAlerts } from "./alerts.ts";
import { createBook } from "./book.ts";
import type { WatchConfig } from "./config.ts";
import { createWatchMetrics } from "./metrics.ts";
import { createPosts, stopSenders } from "./post.ts";
import type { Watching } from "./watch.ts";
import { lookoutsOf, run, runOnce } from "./watch.ts";

/** A watchtower that is ready to run. All it knows is on the rollups: it may end and begin again at any moment. */
export interface WatchService {
  readonly watching: Watching;
  /** Watches until the signal fires. */
  run(signal: AbortSignal): Promise<void>;
  /** Looks once at everything attested so far, and submits what there is to submit. */
  once(signal?: AbortSignal): Promise<void>;
  status(): WatchStatus;
  /** GET /healthz, /readyz (with the status) and /metrics, until `close`. Returns the address. */
  serve(host: string, port: number): Promise<string>;
  /** Waits a little for transactions and webhooks under way and lets go of everything. */
  close(): Promise<void>;
}

export type WatchStatus = ReturnType<typeof statusOf>;

export interface WatchOptions {
  readonly config: WatchConfig;
  /** Pays for evidence; undefined in a dry run. */
  readonly secretKey: Hex | undefined;
  readonly log: Logger;
  /** Where a dry run writes the evidence that it finds. */
  readonly dryRun?: { readonly folder: string };
  readonly onAlert?: (alert: Alert) => void;
}

const DRAIN_MS = 5_000;
const BALANCES_EVERY_MS = 15_000;

export function createWatch({ config, secretKey, log, dryRun, onAlert }: WatchOptions): WatchService {
  const { networkId, watch: settings } = config;
  const metrics = createWatchMetrics();
  // What is final is read anew from the rollups at every start: nothing has to survive.
  const record = openRecord(":memory:", { networkId, key: ZERO_HASH });
  const onError = (where: string, error: unknown): void => log.warn({ where }, reasonOf(error));
  const stopping = new AbortController();
  const posts = createPosts(config, record, dryRun === undefined ? secretKey : undefined, onError, stopping.signal);
  const { webhook } = settings;
  const alerts = createAlerts({ log, metrics, webhook, ...(onAlert === undefined ? {} : { onAlert }) });
  const parts = { config, networkId, posts, alerts, metrics, log, dryRun };
  const watching: Watching = {
    ...parts,
    lookouts: lookoutsOf(config, posts),
    book: createBook(networkId),
    cases: new Map(),
    waiting: [],
    judged: 0,
    now: () => performance.now(),
  };
  const server = createHealthServer({
    registry: metrics.registry,
    status: () => statusOf(watching),
    observe: () => observe(watching),
  });
  return {
    watching,
    async run(signal) {
      const balances = loop(() => readBalances(watching), {
        everyMs: BALANCES_EVERY_MS,
        signal,
        onError: () => undefined,
      });
      await Promise.all([run(watching, signal), balances]);
    },
    once: (signal) => runOnce(watching, signal),
    status: () => statusOf(watching),
    serve: (host, port) => server.listen({ host, port }),
    async close() {
      stopping.abort();
      await stopSenders(posts, DRAIN_MS);
      await alerts.close();
      await server.close();
      for (const { access } of posts) access.pool.close();
      record.close();
    },
  };
}

async function readBalances({ posts, metrics }: Watching): Promise<void> {
  for (const { sender, access, rollup } of posts) {
    if (sender === undefined) continue;
    const balance = bigQuantity(await access.pool.request("eth_getBalance", [sender.address, "latest"]));
    metrics.balance.set({ chain: rollup.name, address: sender.address }, Number(balance));
  }
}

/** What a watchtower knows of itself; `ready`: every rollup is followed. */
// The type of what it returns says all.

function statusOf({ lookouts, waiting, cases, judged, now }: Watching) {
  const rollups = lookouts.map(({ post, followedAt, reader }) => {
    return { name: post.rollup.name, next: reader?.next, ageSeconds: (Date.now() - followedAt) / 1_000 };
  });
  const ready = lookouts.every(
    ({ post, followedAt }) => Date.now() - followedAt < Math.max(30_000, 20 * post.rollup.blockTimeMs),
  );
  return {
    ready,
    rollups,
    judged,
    waiting: waiting.map(({ seen, problem, since }) => {
      return { fact: seen.factHash, problem, seconds: (now() - since) / 1_000 };
    }),
    cases: [...cases.values()].map(({ kind, about, charges, file }) => ({
      ...{ kind, about, file },
      charges: charges.map(({ charge, progress, problem }) => {
        const { signers, post } = charge;
        return { rollup: post.rollup.name, signers: signers.length, progress, problem };
      }),
    })),
  };
}

/** Brings the gauges up to date. */
function observe({ metrics, waiting, lookouts, cases, now }: Watching): void {
  metrics.waiting.set(waiting.length);
  metrics.oldest.set(Math.max(0, ...waiting.map(({ since }) => (now() - since) / 1_000)));
  for (const { post, followedAt } of lookouts) {
    const chain = post.rollup.name;
    metrics.headAge.set({ chain }, (Date.now() - followedAt) / 1_000);
    const open = [...cases.values()].flatMap(({ charges }) =>
      charges.filter(
        ({ charge, progress }) => charge.post === post && (progress === "open" || progress === "convicted"),
      ),
    );
    metrics.open.set({ chain }, open.length);
  }
}
