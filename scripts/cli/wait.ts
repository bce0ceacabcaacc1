import type { MetalayerClient } from "../../sdk/src/client.ts";
import type { SentMessage } from "../../sdk/src/events.ts";
import { messageStatus, type MessageStatus } from "../../sdk/src/status.ts";
import { abortable, delay } from "../chain/tasks.ts";
import type { Context } from "./command.ts";
import { describeError } from "./errors.ts";
import type { Progress } from "./output.ts";

/** About what a rollup takes for a block: asking more often shows nothing new. */
const EVERY_MS = 1_000;

interface Limits {
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/**
 * Asks until an answer is the end, the time is over or the signal fires. Returns the newest answer, undefined if there was none. Nothing
 * that fails on the way is thrown: what is waited for has been sent, and whoever sent it has to be told so.
 */
export async function follow<T>(
  progress: Progress,
  ask: () => Promise<T>,
  isEnd: (answer: T) => boolean,
  { limitMs, signal }: Limits,
): Promise<T | undefined> {
  const deadline = performance.now() + limitMs;
  let newest: T | undefined;
  for (let hasFailed = false; ;) {
    try {
      newest = await abortable(ask(), signal);
      if (isEnd(newest)) return newest;
    } catch (error) {
      if (!hasFailed && !signal.aborted)
        progress.note(`An endpoint failed (${describeError(error).message}): asking on`);
      hasFailed = true;
    }
    const left = deadline - performance.now();
    if (left <= 0 || signal.aborted) return newest;
    await delay(Math.min(EVERY_MS, left), signal).catch(() => undefined);
  }
}

/** Why a wait ended without what was waited for: `late` if the time was over. */
export function endedText(signal: AbortSignal, late: string): string {
  return signal.aborted ? "Waiting was interrupted" : late;
}

/**
 * Follows a message until it is delivered, an attempt failed, or the time is over; of the destination's logs it reads those from block
 * `since` on. Returns the last state that is known.
 */
export async function waitForDelivery(
  { output, signal }: Pick<Context, "output" | "signal">,
  client: MetalayerClient,
  message: SentMessage,
  since: number | undefined,
  limitMs: number,
): Promise<MessageStatus["state"]> {
  const progress = await output.progress("Waiting for the delivery");
  let shown = "";
  const ask = async (): Promise<MessageStatus> => {
    const [src, dst] = [client.rollup(message.srcChainId), client.rollup(message.dstChainId)];
    const status = await messageStatus(message, src, dst, [], since);
    const text = `Waiting for the delivery (${status.state === "sent" ? "not final yet" : status.state})`;
    if (!hasEnded(status) && text !== shown) progress.update(text);
    shown = text;
    return status;
  };
  const status = await follow(progress, ask, hasEnded, { limitMs, signal });
  if (status?.state === "delivered") {
    progress.done(`Delivered in block ${status.delivery.blockNumber}`);
    return status.state;
  }
  const failed = status?.state === "failed" ? `The recipient failed: ${status.reason}` : undefined;
  progress.fail(failed ?? endedText(signal, "Not delivered in time"));
  output.line(`Next: ./metalayer status ${message.sendId}`);
  return status?.state ?? "sent";
}

const hasEnded = ({ state }: MessageStatus): boolean => state === "delivered" || state === "failed";
