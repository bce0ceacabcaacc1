import { isEndpointFault } from "./rpc-errors.ts";
import { abortedError } from "./tasks.ts";

export interface RaceOptions<C> {
  /** A candidate that has not answered after this many ms gets competition by the next one. Undefined: only failures do. */
  readonly hedgeMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onSuccess: (candidate: C) => void;
  /** It failed through its own fault, or was overtaken by a later candidate. */
  readonly onFailure: (candidate: C) => void;
  /** Nobody answered. */
  readonly onExhausted: (failures: readonly unknown[]) => void;
}

/**
 * Asks the candidates in order until one answers. The next one starts when one fails through its own fault, or when
 * the last one started is slower than `hedgeMs`. The first answer wins and the others are aborted. An error that is
 * the request's own fault (a revert, bad parameters) ends the race at once. Undefined if nobody answered.
 */
export function race<C, T>(
  candidates: readonly C[],
  task: (candidate: C, signal: AbortSignal) => Promise<T>,
  options: RaceOptions<C>,
): Promise<T | undefined> {
  const { signal, hedgeMs } = options;
  const controller = new AbortController();
  const waiting = [...candidates];
  const running = new Set<C>();
  const failures: unknown[] = [];
  return new Promise<T | undefined>((resolve, reject) => {
    let hedge: NodeJS.Timeout | undefined;
    const stop = (): void => finish(() => reject(abortedError(signal)));
    const finish = (settle: () => void): void => {
      clearTimeout(hedge);
      signal?.removeEventListener("abort", stop);
      settle();
      running.clear();
      controller.abort();
    };
    const giveUp = (): void => {
      options.onExhausted(failures);
      finish(() => resolve(undefined));
    };
    const fail = (candidate: C, error: unknown): void => {
      if (!running.delete(candidate)) return;
      if (!isEndpointFault(error)) {
        options.onSuccess(candidate);
        finish(() => reject(error instanceof Error ? error : new Error(String(error))));
        return;
      }
      options.onFailure(candidate);
      failures.push(error);
      if (waiting.length > 0) start();
      else if (running.size === 0) giveUp();
    };
    const win = (candidate: C, value: T): void => {
      if (!running.delete(candidate)) return;
      options.onSuccess(candidate);
      const order = candidates.indexOf(candidate);
      for (const slower of running) if (candidates.indexOf(slower) < order) options.onFailure(slower);
      finish(() => resolve(value));
    };
    const start = (): void => {
      clearTimeout(hedge);
      const candidate = waiting.shift();
      if (candidate === undefined) return;
      running.add(candidate);
      task(candidate, controller.signal).then(
        (value) => win(candidate, value),
        (error: unknown) => fail(candidate, error),
      );
      if (hedgeMs !== undefined && waiting.length > 0) hedge = setTimeout(start, hedgeMs);
    };
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted === true) stop();
    else if (waiting.length === 0) giveUp();
    else start();
  });
}
