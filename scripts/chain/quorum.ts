import { MetalayerError } from "../../sdk/src/errors.ts";
import { bigQuantity } from "./blocks.ts";
import type { Endpoint, RpcCall } from "./endpoint.ts";
import { codeOf } from "./rpc-errors.ts";
import { abortedError, withDeadline } from "./tasks.ts";

/** Something to ask every endpoint. The answer must be plain data: what two honest nodes give must be equal. */
export interface Question<T> {
  /** For messages and logs. */
  readonly name: string;
  ask(endpoint: Endpoint, signal: AbortSignal): Promise<T>;
}

export interface QuorumOptions {
  readonly rollup: string;
  readonly chainId: bigint;
  /** All configured endpoints (n), each of another operator. */
  readonly endpoints: readonly Endpoint[];
  /** Identical answers needed. More than half of n, so that two different answers can never both be enough. */
  readonly k: number;
  /** How long to wait for an endpoint's answer to a question, in milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
}

export interface Agreement<T> {
  readonly answer: T;
  /** Labels of the endpoints that gave this answer. */
  readonly agreed: readonly string[];
  /** Those that had given another one, and those that had failed, when k agreed. The rest was not waited for. */
  readonly dissenting: readonly string[];
  readonly silent: readonly string[];
}

/** Confirms statements about one rollup on k of n independent endpoints. */
export interface Quorum {
  readonly rollup: string;
  readonly chainId: bigint;
  readonly k: number;
  readonly endpoints: readonly Endpoint[];
  /**
   * Asks all n endpoints at once. An endpoint that is silent, fails, or serves another chain counts against.
   * Throws QUORUM_NOT_REACHED when k identical answers cannot come any more.
   */
  agree<T>(question: Question<T>, signal?: AbortSignal): Promise<Agreement<T>>;
  /**
   * Each endpoint's own answer, in the order of the endpoints; undefined for one that gave none. Once k have answered the others
   * are waited for only a moment.
   */
  poll<T>(question: Question<T>, signal?: AbortSignal): Promise<readonly (T | undefined)[]>;
}

export function createQuorum(options: QuorumOptions): Quorum {
  const { rollup, chainId, endpoints, k } = options;
  const n = endpoints.length;
  const info = { rollup, k, n };
  if (!Number.isInteger(k) || k < 1 || k > n)
    throw new MetalayerError("CONFIG_QUORUM", `${rollup}: ${k} of ${n} RPC endpoints cannot be asked to agree.`, info);
  if (2 * k <= n)
    throw new MetalayerError("CONFIG_QUORUM", `${rollup}: ${k} of ${n} RPC endpoints are no majority.`, info);
  if (new Set(endpoints.map(({ url }) => new URL(url).href)).size !== n)
    throw new MetalayerError("CONFIG_QUORUM", `${rollup}: the same RPC URL is configured twice.`, info);
  return {
    rollup,
    chainId,
    k,
    endpoints,
    agree: (question, signal) => agree(options, question, signal),
    poll: (question, signal) => poll(options, question, signal),
  };
}

/** Asks with the endpoint's chain id in front, so that an endpoint that was moved to another chain has no vote. */
async function askOne<T>(
  options: QuorumOptions,
  endpoint: Endpoint,
  question: Question<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const { timeoutMs = 10_000 } = options;
  const onTimeout = (): Error =>
    new MetalayerError("RPC_TIMEOUT", `${endpoint.label} did not answer within ${timeoutMs} ms.`, {
      endpoint: endpoint.label,
    });
  const [chain, answer] = await withDeadline(timeoutMs, signal, onTimeout, (inner) =>
    Promise.all([endpoint.request("eth_chainId", [], { signal: inner }), question.ask(endpoint, inner)]),
  );
  const chainId = bigQuantity(chain);
  if (chainId === options.chainId) return answer;
  throw new MetalayerError("RPC_WRONG_CHAIN", `${endpoint.label} serves chain ${chainId}.`, {
    endpoint: endpoint.label,
    expected: options.chainId,
    actual: chainId,
  });
}

const POLL_GRACE_MS = 200;

async function poll<T>(
  options: QuorumOptions,
  question: Question<T>,
  signal: AbortSignal | undefined,
): Promise<readonly (T | undefined)[]> {
  const { endpoints, k } = options;
  const enough = new AbortController();
  const inner = signal === undefined ? enough.signal : AbortSignal.any([signal, enough.signal]);
  let answered = 0;
  let timer: NodeJS.Timeout | undefined;
  const asked = endpoints.map(async (endpoint) => {
    const answer = await askOne(options, endpoint, question, inner).catch(() => undefined);
    if (answer !== undefined) answered += 1;
    if (answered >= k) timer ??= setTimeout(() => enough.abort(), POLL_GRACE_MS);
    return answer;
  });
  const answers = await Promise.all(asked);
  clearTimeout(timer);
  return answers;
}

interface Ballot<T> {
  readonly answers: Map<string, { answer: T; labels: string[] }>;
  readonly silent: { label: string; code: string }[];
  open: number;
}

function agree<T>(options: QuorumOptions, question: Question<T>, signal?: AbortSignal): Promise<Agreement<T>> {
  const { endpoints, k } = options;
  const rest = new AbortController();
  const stop = (): void => rest.abort(signal?.reason);
  if (signal?.aborted === true) stop();
  signal?.addEventListener("abort", stop, { once: true });
  const ballot: Ballot<T> = { answers: new Map(), silent: [], open: endpoints.length };
  return new Promise<Agreement<T>>((resolve, reject) => {
    const count = (): void => {
      ballot.open -= 1;
      const most = Math.max(0, ...[...ballot.answers.values()].map(({ labels }) => labels.length));
      if (most < k && most + ballot.open >= k) return;
      signal?.removeEventListener("abort", stop);
      rest.abort();
      if (signal?.aborted === true) reject(abortedError(signal));
      else if (most >= k) resolve(agreement(ballot, k));
      else reject(refusal(options, question.name, ballot));
    };
    for (const endpoint of endpoints) {
      askOne(options, endpoint, question, rest.signal)
        .then((answer) => {
          const key = canonicalJson(answer);
          const same = ballot.answers.get(key);
          if (same === undefined) ballot.answers.set(key, { answer, labels: [endpoint.label] });
          else same.labels.push(endpoint.label);
        })
        .catch((error: unknown) => {
          ballot.silent.push({ label: endpoint.label, code: codeOf(error) ?? "UNEXPECTED" });
        })
        .finally(count);
    }
  });
}

function agreement<T>(ballot: Ballot<T>, k: number): Agreement<T> {
  const groups = [...ballot.answers.values()];
  const winner = groups.find(({ labels }) => labels.length >= k);
  if (winner === undefined) throw new Error("no answer reached k");
  return {
    answer: winner.answer,
    agreed: winner.labels,
    dissenting: groups.filter((group) => group !== winner).flatMap(({ labels }) => labels),
    silent: ballot.silent.map(({ label }) => label),
  };
}

function refusal(options: QuorumOptions, name: string, ballot: Ballot<unknown>): MetalayerError {
  const { rollup, k, endpoints } = options;
  const answers = [...ballot.answers.values()].map(({ labels }) => labels);
  const message =
    `${rollup}: fewer than ${k} of ${endpoints.length} RPC endpoints agree on ${name} ` +
    `(${answers.length} different answers, ${ballot.silent.length} without a usable one).`;
  return new MetalayerError("QUORUM_NOT_REACHED", message, { rollup, name, k, answers, silent: ballot.silent });
}

/** A question of plain JSON-RPC calls, sent as one batch; `read` picks what has to be equal out of the results. */
export function rpcQuestion<T>(
  name: string,
  calls: readonly RpcCall[],
  read: (results: readonly unknown[]) => T,
): Question<T> {
  return {
    name,
    async ask(endpoint, signal) {
      const outcomes = await endpoint.batch(calls, { signal });
      return read(
        outcomes.map((outcome) => {
          if (!outcome.ok) throw outcome.error;
          return outcome.result;
        }),
      );
    },
  };
}

/** JSON with sorted keys, bigints as tagged strings and without undefined members: equal data, equal text. */
export function canonicalJson(value: unknown): string {
  const ordered = JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner === "bigint") return { $bigint: inner.toString() };
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
  return ordered ?? "undefined";
}
