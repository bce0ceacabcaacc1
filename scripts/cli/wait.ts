import type { Hex } from "../../sdk/src/bytes.ts";
import type { MetalayerClient } from "../../sdk/src/client.ts";
import type { MessageStatus } from "../../sdk/src/status.ts";
import { delay } from "../chain/tasks.ts";
import type { Output } from "./output.ts";

const EVERY_MS = 250;

/** Follows a message until it is delivered, an attempt failed, or the time is over. Returns its last status. */
export async function waitForDelivery(
  output: Output,
  client: MetalayerClient,
  sendId: Hex,
  limitMs: number,
  signal: AbortSignal,
): Promise<MessageStatus> {
  const progress = await output.progress("Waiting for the delivery");
  const deadline = performance.now() + limitMs;
  try {
    for (let last = ""; ;) {
      const [status] = await client.status(sendId);
      if (status === undefined) throw new Error("a status per sendId");
      if (status.state === "delivered") {
        progress.done(`Delivered in block ${status.delivery.blockNumber}`);
        return status;
      }
      if (status.state === "failed" || performance.now() > deadline) {
        progress.fail(status.state === "failed" ? `The recipient failed: ${status.reason}` : `Not delivered in time`);
        output.line(`Next: ./metalayer status ${sendId}`);
        return status;
      }
      const text = `Waiting for the delivery (${status.state === "sent" ? "not final yet" : status.state})`;
      if (text !== last) progress.update(text);
      last = text;
      await delay(EVERY_MS, signal);
    }
  } catch (error) {
    progress.fail("Waiting ended");
    throw error;
  }
}
