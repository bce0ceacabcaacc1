import pRetry from "p-retry";
import type { Logger } from "pino";
import { request } from "undici";
import { toWire } from "../network/guardian-api.ts";
import { createTaskGroup } from "../chain/tasks.ts";
import type { WatchMetrics } from "./metrics.ts";

/**
 * - `LIE`: a false fact was attested. `CONTRADICTION`: two facts that cannot both be true.
 * - `CONVICTED`: its signers are convicted on a rollup.
 * - `OUT_OF_REACH`: a fact cannot be checked. `UNREADABLE`: an attestation cannot be read.
 * - `SUBMIT_FAILED`: a rollup does not take the evidence.
 */
export type AlertCode =
  | "WATCH_LIE"
  | "WATCH_CONTRADICTION"
  | "WATCH_CONVICTED"
  | "WATCH_OUT_OF_REACH"
  | "WATCH_UNREADABLE"
  | "WATCH_SUBMIT_FAILED";

export interface Alert {
  readonly code: AlertCode;
  readonly text: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Tells people: a line in the log, a metric, a webhook. */
export interface Alerts {
  raise(code: AlertCode, text: string, details?: Readonly<Record<string, unknown>>): void;
  /** Waits a little for webhooks under way. */
  close(): Promise<void>;
}

export interface AlertOptions {
  readonly log: Logger;
  readonly metrics: WatchMetrics;
  readonly webhook: string | undefined;
  readonly onAlert?: (alert: Alert) => void;
}

const ATTEMPTS = 4;
const TIMEOUT_MS = 3_000;
const FIRST_PAUSE_MS = 250;
const MOST_UNDER_WAY = 64;
const DRAIN_MS = 5_000;

export function createAlerts({ log, metrics, webhook, onAlert }: AlertOptions): Alerts {
  const tasks = createTaskGroup(MOST_UNDER_WAY);
  return {
    raise(code, text, details = {}) {
      metrics.alerts.inc({ code });
      log[code === "WATCH_OUT_OF_REACH" ? "warn" : "error"]({ code, ...details }, text);
      onAlert?.({ code, text, details });
      if (webhook === undefined) return;
      const body = toWire({ code, text, details, at: new Date().toISOString() });
      void tasks
        .run(() => post(webhook, body))
        .catch((error: unknown) => log.warn({ err: error }, `the webhook did not take ${code}`));
    },
    async close() {
      await tasks.drain(DRAIN_MS);
    },
  };
}

async function post(url: string, body: string): Promise<void> {
  const attempt = async (): Promise<void> => {
    const options = { headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS, signal: AbortSignal.timeout(TIMEOUT_MS) };
    const headers = { "content-type": "application/json" };
    const { statusCode, body: answer } = await request(url, { method: "POST", headers, body, ...options });
    await answer.dump();
    if (statusCode >= 300) throw new Error(`the webhook answered ${statusCode}`);
  };
  await pRetry(attempt, { retries: ATTEMPTS - 1, minTimeout: FIRST_PAUSE_MS });
}
