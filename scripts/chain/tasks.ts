import { MetalayerError } from "../../sdk/src/errors.ts";

/** What a wait throws when its signal fires. The signal's reason is kept as the cause. */
export function abortedError(signal?: AbortSignal): MetalayerError {
  return new MetalayerError("ABORTED", "The operation was stopped.", {}, { cause: signal?.reason });
}

/** Waits `ms` milliseconds; rejects with ABORTED as soon as the signal fires. Leaves no timer and no listener behind. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(abortedError(signal));
      return;
    }
    const done = (): void => {
      signal?.removeEventListener("abort", stop);
      resolve();
    };
    const timer = setTimeout(done, ms);
    const stop = (): void => {
      clearTimeout(timer);
      reject(abortedError(signal));
    };
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/**
 * Runs `task` with a signal that fires at the deadline or with the outer signal, and stops waiting at that moment even
 * when the task ignores its signal. `onTimeout` makes the error that is thrown at the deadline.
 */
export function withDeadline<T>(
  ms: number,
  outer: AbortSignal | undefined,
  onTimeout: () => Error,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    if (outer?.aborted === true) {
      reject(abortedError(outer));
      return;
    }
    const controller = new AbortController();
    const fail = (error: Error): void => {
      release();
      controller.abort(error);
      reject(error);
    };
    const stop = (): void => fail(abortedError(outer));
    const timer = setTimeout(() => fail(onTimeout()), ms);
    const release = (): void => {
      clearTimeout(timer);
      outer?.removeEventListener("abort", stop);
    };
    outer?.addEventListener("abort", stop, { once: true });
    task(controller.signal).then(
      (value) => {
        release();
        resolve(value);
      },
      (error: unknown) => {
        release();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}

export interface LoopOptions {
  /** Pause between the end of one run and the start of the next, in milliseconds. */
  readonly everyMs: number;
  readonly signal: AbortSignal;
  /** Called for every failed run. If it throws, the loop ends with that error. */
  readonly onError: (error: unknown) => void;
}

/** Pause after so many failures in a row (1 is the first): doubles from `firstMs` up to `mostMs`. */
export function doublingMs(firstMs: number, mostMs: number, failures: number): number {
  return Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, 30));
}

/** Longest pause of a loop that would run more often, while its runs fail. */
const MOST_PAUSE_MS = 2_000;

/**
 * Runs `task` again and again until the signal fires. Two runs never overlap; a failed run does not end the loop, but
 * every further failure in a row doubles the pause, up to two seconds.
 */
export async function loop(task: (signal: AbortSignal) => Promise<void>, options: LoopOptions): Promise<void> {
  const { everyMs, signal } = options;
  let failures = 0;
  while (!signal.aborted) {
    try {
      await task(signal);
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      options.onError(error);
      failures += 1;
    }
    const pauseMs = doublingMs(everyMs, Math.max(everyMs, MOST_PAUSE_MS), Math.max(failures, 1));
    await delay(pauseMs, signal).catch(() => undefined);
  }
}

/** A loop that rests while there is nothing to do. */
export interface Worker {
  /** There may be something to do: the next run starts at once, or right after the one under way. */
  wake(): void;
  /** Resolves when the signal has fired and the run under way has ended. */
  readonly ended: Promise<void>;
}

/** Runs `task` again at once while it says that it found something to do, otherwise when it is woken or after `everyMs`. */
export function createWorker(task: () => Promise<boolean>, { everyMs, signal, onError }: LoopOptions): Worker {
  let alarm = new AbortController();
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      alarm = new AbortController();
      const found = await task().catch((error: unknown) => {
        onError(error);
        return false;
      });
      if (!found) await delay(everyMs, AbortSignal.any([signal, alarm.signal])).catch(() => undefined);
    }
  };
  const ended = run();
  return { wake: () => alarm.abort(), ended };
}

/** Work in flight that has to end before a process may exit. */
export interface TaskGroup {
  /** Starts the task unless the group is closed or full, and returns its promise. */
  run<T>(task: () => Promise<T>): Promise<T>;
  readonly running: number;
  /** Refuses new work and waits for what is running, at most `timeoutMs`. True if everything ended in time. */
  drain(timeoutMs: number): Promise<boolean>;
}

export function createTaskGroup(limit: number): TaskGroup {
  const tasks = new Set<Promise<unknown>>();
  let closed = false;
  return {
    run<T>(task: () => Promise<T>): Promise<T> {
      if (closed) return Promise.reject(new MetalayerError("TASKS_CLOSED", "No new work is taken after stop."));
      if (tasks.size >= limit)
        return Promise.reject(new MetalayerError("TASKS_FULL", `Already ${limit} tasks are running.`, { limit }));
      const promise = task();
      const tracked = promise.catch(() => undefined).finally(() => tasks.delete(tracked));
      tasks.add(tracked);
      return promise;
    },
    get running() {
      return tasks.size;
    },
    async drain(timeoutMs: number): Promise<boolean> {
      closed = true;
      const timeout = new AbortController();
      const expired = delay(timeoutMs, timeout.signal).then(
        () => false,
        () => true,
      );
      const finished = Promise.all([...tasks]).then(() => true);
      const inTime = await Promise.race([finished, expired]);
      timeout.abort();
      return inTime;
    },
  };
}

/** A promise with its handles outside. The rejection counts as handled: whoever awaits it still sees it. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

export function deferred<T>(): Deferred<T> {
  let resolve: Deferred<T>["resolve"] = () => undefined;
  let reject: Deferred<T>["reject"] = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

/** The promise's outcome, or ABORTED as soon as the signal fires: what is waited for goes on for others. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  const aborted = deferred<never>();
  const stop = (): void => aborted.reject(abortedError(signal));
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  return Promise.race([promise, aborted.promise]).finally(() => signal.removeEventListener("abort", stop));
}
