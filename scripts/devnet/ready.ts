import { MetalayerError } from "../../sdk/src/errors.ts";
import { delay } from "../chain/tasks.ts";
import type { Child } from "./children.ts";

const READY_MS = 40_000;

/** Waits until a program answers this address with success, and with what `isReady` wants if that is given. Throws DEVNET_PROCESS. */
export async function untilReady(
  child: Child,
  url: string,
  signal: AbortSignal | undefined,
  isReady: (answer: unknown) => boolean = () => true,
): Promise<void> {
  const deadline = performance.now() + READY_MS;
  for (;;) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) })
      .then(async (response): Promise<unknown> => (response.ok ? await response.json() : undefined))
      .catch(() => undefined);
    if (answer !== undefined && isReady(answer)) return;
    if (child.ended || performance.now() > deadline) {
      const message = `The program at ${url} did not become ready: ${child.output()}`;
      throw new MetalayerError("DEVNET_PROCESS", message, { url });
    }
    await delay(50, signal);
  }
}
