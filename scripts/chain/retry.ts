import pRetry from "p-retry";
import { codeOf, isEndpointFault } from "./rpc-errors.ts";
import { abortedError, delay, doublingMs } from "./tasks.ts";

/**
 * What to do after a failure.
 * - `endpoint`: nobody gave a usable answer: try again soon, networks heal.
 * - `later`: the moment is wrong (fee above the ceiling, queue full, view just reorganised): try again, patiently.
 * - `never`: trying again changes nothing (revert, bad input, wrong rollup, empty wallet, a defect of our own).
 */
export type FailureClass = "endpoint" | "later" | "never";

const LATER: ReadonlySet<string> = new Set([
  "FEE_TOO_HIGH",
  "SENDER_QUEUE_FULL",
  "TASKS_FULL",
  "LOGS_UNCONFIRMED",
  "QUORUM_NOT_REACHED",
  "TX_UNDERPRICED",
  "TX_FEE_LOW",
]);

export function failureClass(error: unknown): FailureClass {
  const code = codeOf(error);
  if (code === "RPC_ALL_FAILED" || isEndpointFault(error)) return "endpoint";
  return code !== undefined && LATER.has(code) ? "later" : "never";
}

/** Bounds of the attempts after one class of failure. Delays double from `firstMs` up to `maxMs`, with jitter. */
export interface RetryBounds {
  readonly retries: number;
  readonly firstMs: number;
  readonly maxMs: number;
}

export type RetryPolicy = Readonly<Record<Exclude<FailureClass, "never">, RetryBounds>>;

export const DEFAULT_RETRIES: RetryPolicy = {
  endpoint: { retries: 6, firstMs: 100, maxMs: 5_000 },
  later: { retries: 10, firstMs: 250, maxMs: 15_000 },
};

export interface RetryOptions {
  readonly policy?: RetryPolicy;
  readonly signal?: AbortSignal | undefined;
  readonly onRetry?: (error: unknown, attempt: number) => void;
}

/** Delay before retry number `used` (1 is the first) of a class: exponential, between half and the whole of the step. */
export function backoffMs(bounds: RetryBounds, used: number): number {
  const step = doublingMs(bounds.firstMs, bounds.maxMs, used);
  return Math.round(step * (0.5 + Math.random() / 2));
}

/**
 * Runs `task` until it succeeds, the failure's class has used up its retries, or the signal fires (ABORTED). The last
 * failure is thrown unchanged.
 */
export async function retry<T>(task: (attempt: number) => Promise<T>, options: RetryOptions = {}): Promise<T> {
  const { signal, policy = DEFAULT_RETRIES } = options;
  const used = { endpoint: 0, later: 0 };
  const attempts = pRetry(task, {
    retries: policy.endpoint.retries + policy.later.retries,
    minTimeout: 0,
    ...(signal === undefined ? {} : { signal }),
    shouldRetry: async ({ error, attemptNumber }) => {
      const kind = failureClass(error);
      if (kind === "never" || used[kind] >= policy[kind].retries) return false;
      used[kind] += 1;
      options.onRetry?.(error, attemptNumber);
      await delay(backoffMs(policy[kind], used[kind]), signal);
      return true;
    },
  });
  return attempts.catch((error: unknown) => {
    throw signal?.aborted === true ? abortedError(signal) : error;
  });
}
