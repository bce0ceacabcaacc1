import { pushHeads } from "../../sdk/src/headSocket.ts";
import type { Block } from "./blocks.ts";
import { parseBlock } from "./blocks.ts";
import { softHead } from "./finality.ts";
import type { RpcPool } from "./pool.ts";
import { delay, loop } from "./tasks.ts";

export interface Head {
  readonly block: Block;
  /** Wall clock at this observer, in milliseconds. */
  readonly arrivedAt: number;
}

export interface HeadOptions {
  readonly pool: RpcPool;
  readonly signal: AbortSignal;
  /** Pause between two polls. Default: a quarter of the block time, between 50 and 1,000 ms. */
  readonly pollMs?: number;
  /** Where heads are pushed. Polling goes on at a tenth of the pace, so that a connection that died in silence shows. */
  readonly webSocketUrl?: string;
  /** Called once per head. Heads in between may be skipped; the number may fall or stay where the rollup reorganises. */
  readonly onHead: (head: Head) => void;
  /** An outage began or goes on; watching continues. */
  readonly onError?: (error: unknown) => void;
  readonly wallClock?: () => number;
}

const REMEMBERED = 64;

/** Watches for new heads until the signal fires. Survives outages of every endpoint. */
export async function watchHeads(options: HeadOptions): Promise<void> {
  const { pool, signal, onError = () => undefined, wallClock = Date.now } = options;
  const pollMs = options.pollMs ?? Math.min(1_000, Math.max(50, pool.blockTimeMs / 4));
  // An endpoint that lags, or an answer overtaken by a pushed head, brings up blocks that were already passed.
  let passed: string[] = [];
  const offer = (block: Block): void => {
    if (passed.includes(block.hash) || signal.aborted) return;
    passed = [...passed.slice(-REMEMBERED), block.parentHash, block.hash];
    options.onHead({ block, arrivedAt: wallClock() });
  };
  const push = { alive: false };
  const listening =
    options.webSocketUrl === undefined ? undefined : subscribe(options.webSocketUrl, signal, offer, push, onError);
  const polling = loop(
    async () => {
      offer(await softHead(pool, signal));
      // Pushed heads make polling a mere check; it returns to full pace the moment the connection is lost.
      for (let skipped = 0; push.alive && skipped < 9; skipped++) await delay(pollMs, signal);
    },
    { everyMs: pollMs, signal, onError },
  );
  await Promise.all([polling, listening]);
}

/** Keeps a subscription to new heads open; reconnects with growing pauses. */
function subscribe(
  url: string,
  signal: AbortSignal,
  offer: (block: Block) => void,
  push: { alive: boolean },
  onError: (error: unknown) => void,
): Promise<void> {
  const onHeader = (header: unknown): void => {
    const block = parseBlock(header);
    push.alive = true;
    offer(block);
  };
  const onEnd = (): void => {
    push.alive = false;
  };
  const fail = (error: unknown): void => {
    onError(new Error(`The WebSocket at ${new URL(url).host} failed.`, { cause: error }));
  };
  return pushHeads(onHeader, { open: () => new WebSocket(url), signal, delay, onEnd, onError: fail });
}
