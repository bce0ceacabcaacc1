import { AsyncLocalStorage } from "node:async_hooks";

/** A transaction that is in a block and did what it should. */
export interface Standing {
  readonly rollup: string;
  readonly hash: string;
}

/** What the command under way has done; several may run in one process, and an error may end any of them anywhere. */
const runs = new AsyncLocalStorage<Map<string, Standing>>();

/** Runs a command and fills `standing` with the transactions that it has made, by their hashes. */
export function noting<T>(standing: Map<string, Standing>, task: () => Promise<T>): Promise<T> {
  return runs.run(standing, task);
}

export function noteStanding(made: Standing): void {
  runs.getStore()?.set(made.hash, made);
}

/** Undefined if there are none. */
export function standingText(standing: readonly Standing[]): string | undefined {
  if (standing.length === 0) return undefined;
  const list = standing.map(({ hash, rollup }) => `${hash} on ${rollup}`).join(", ");
  return `${standing.length === 1 ? "1 transaction" : `${standing.length} transactions`} before it ${standing.length === 1 ? "stands" : "stand"}: ${list}`;
}
