import type { Block } from "../chain/blocks.ts";
import { watchHeads } from "../chain/heads.ts";
import type { RpcPool } from "../chain/pool.ts";
import { delay } from "../chain/tasks.ts";

export interface NewestHeadOptions {
  readonly pool: RpcPool;
  readonly webSocketUrl: string | undefined;
  readonly signal: AbortSignal;
  readonly onError: (error: unknown) => void;
}

const RETRY_MS = 100;

/** Does `task` for every new head as it comes. Heads that come meanwhile are skipped, except the newest; a failed one is tried again. */
export async function onNewestHead(options: NewestHeadOptions, task: (block: Block) => Promise<void>): Promise<void> {
  const { pool, webSocketUrl, signal, onError } = options;
  let newest: Block | undefined;
  let rouse = (): void => undefined;
  const onHead = ({ block }: { readonly block: Block }): void => {
    newest = block;
    rouse();
  };
  const watching = watchHeads({
    pool,
    signal,
    onHead,
    onError,
    ...(webSocketUrl === undefined ? {} : { webSocketUrl }),
  });
  signal.addEventListener("abort", () => rouse(), { once: true });
  while (!signal.aborted) {
    const block = newest;
    newest = undefined;
    if (block === undefined) {
      await new Promise<void>((resolve) => (rouse = resolve));
      continue;
    }
    try {
      await task(block);
    } catch (error) {
      if (signal.aborted) break;
      onError(error);
      newest ??= block;
      await delay(RETRY_MS, signal).catch(() => undefined);
    }
  }
  await watching;
}
