import type { Hex } from "../../sdk/src/bytes.ts";
import { quantity, type Log } from "../chain/blocks.ts";
import { createLogReader, type LogReader } from "../chain/logs.ts";
import type { Station } from "../network/station.ts";
import { waits, worse, type Trouble } from "../network/trouble.ts";

/** Who asks for more gas than that, for one call or those of one transaction, is not served. */
export const MOST_GAS = 10_000_000n;

/** What a contract's logs say there is to do, followed to the newest block of its rollup. */
export interface Desk<T> {
  readonly site: Pick<Station, "rollup" | "pool">;
  readonly reader: LogReader;
  logs: Log[];
  /** Ids that logs named since jobs were opened the last time. */
  readonly changed: Set<string>;
  /** By the id in the first indexed word of the logs. */
  readonly jobs: Map<Hex, T>;
  /** Of contracts that accepted when they were asked and failed when they were called: gas for nothing, whichever of their jobs it was for. */
  readonly failures: Map<string, Trouble>;
}

export function openDesk<T>(site: Desk<T>["site"], address: string, topics: readonly string[]): Desk<T> {
  const { fromBlock, maxLogRange: maxRange } = site.rollup;
  const options = { pool: site.pool, filter: { address, topics: [topics] }, fromBlock, maxRange };
  return { site, reader: createLogReader(options), logs: [], changed: new Set(), jobs: new Map(), failures: new Map() };
}

/** Reads on, opens a job for whatever changed and is there, and forgets those that are not. */
export async function readJobs<T, Made>(
  desk: Desk<T>,
  read: (logs: readonly Log[]) => ReadonlyMap<Hex, Made>,
  open: (made: Made) => T | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  await readLogs(desk, signal);
  if (desk.changed.size === 0) return;
  const made = read(desk.logs);
  for (const [id, one] of made) {
    if (!desk.changed.has(id)) continue;
    const job = open(one);
    if (job === undefined) desk.jobs.delete(id);
    else desk.jobs.set(id, job);
  }
  for (const id of desk.jobs.keys()) if (!made.has(id)) desk.jobs.delete(id);
  desk.changed.clear();
}

/** Notes how calls of a contract ended that one visit made: each time that one of them failed it waits for longer. */
export function noteCalls({ failures }: Desk<unknown>, contract: string, isFailed: boolean, now: number): void {
  if (isFailed) failures.set(contract, worse(failures.get(contract), "reverts", "its call failed", now));
  else failures.delete(contract);
}

export function isFailing({ failures }: Desk<unknown>, contract: string, now: number): boolean {
  return waits(failures.get(contract), now);
}

/** After a reorg everything has changed: what was done may be undone as well. */
async function readLogs<T>(desk: Desk<T>, signal: AbortSignal | undefined): Promise<void> {
  const newest = quantity(await desk.site.pool.request("eth_blockNumber", [], { signal }));
  const note = (logs: readonly Log[]): void => {
    for (const { topics } of logs) desk.changed.add(topics[1] ?? "");
  };
  for (;;) {
    const piece = await desk.reader.read(newest, signal);
    if (piece === undefined) return;
    if (piece.kind === "logs") {
      desk.logs.push(...piece.logs);
      note(piece.logs);
    } else {
      note(desk.logs);
      desk.logs = desk.logs.filter((log) => log.blockNumber <= piece.to);
    }
  }
}
