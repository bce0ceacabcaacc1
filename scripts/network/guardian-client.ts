import { Agent, request } from "undici";
import type { z } from "zod";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { pointFromHex } from "../../sdk/src/schnorr.ts";
import type { CommitRequest, CommitResponse, GuardianInfo, Refusal, SignRequest } from "./guardian-api.ts";
import { commitResponseSchema, infoSchema, refusalSchema, signResponseSchema, toWire } from "./guardian-api.ts";

const MAX_ANSWER_BYTES = 1_000_000;

/** Speaks to guardians. One per process: it keeps connections open. */
export interface GuardianClient {
  /** Throws GUARDIAN_REFUSED with the refusal in `info`, GUARDIAN_UNREACHABLE, GUARDIAN_BAD_ANSWER. */
  commit(url: string, body: CommitRequest, signal?: AbortSignal): Promise<CommitResponse>;
  sign(url: string, body: SignRequest, signal?: AbortSignal): Promise<{ readonly partial: `0x${string}` }>;
  info(url: string, signal?: AbortSignal): Promise<GuardianInfo>;
  close(): Promise<void>;
}

export function createGuardianClient(timeoutMs = 3_000): GuardianClient {
  const agent = new Agent({
    connections: 4,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxResponseSize: MAX_ANSWER_BYTES,
  });
  const call = <T>(url: string, path: string, schema: z.ZodType<T>, body: unknown, signal?: AbortSignal): Promise<T> =>
    exchange(agent, new URL(path, url).href, schema, body, signal);
  return {
    commit: (url, body, signal) => call(url, "/v1/commit", commitResponseSchema, body, signal),
    sign: (url, body, signal) => call(url, "/v1/sign", signResponseSchema, body, signal),
    info: (url, signal) => call(url, "/v1/info", infoSchema, undefined, signal),
    close: () => agent.destroy(),
  };
}

/** The refusal that an error of the client carries. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof MetalayerError) || error.code !== "GUARDIAN_REFUSED") return undefined;
  return refusalSchema.safeParse(error.info["refusal"]).data;
}

/** Nonces with which no session could be opened, whoever else takes part: they name their author, as a wrong signature does. */
export function refuseBadNonces({ R, S }: CommitResponse, others: Iterable<CommitResponse>, url: string): void {
  const taken = [...others].flatMap((other) => [other.R, other.S]).map((point) => pointFromHex(point).x);
  const points = [R, S].map((point) => pointFromHex(point).x);
  if (new Set([...taken, ...points]).size === taken.length + 2) return;
  throw new MetalayerError("GUARDIAN_BAD_ANSWER", `${url} gave a nonce that is not its own.`);
}

async function exchange<T>(
  agent: Agent,
  url: string,
  schema: z.ZodType<T>,
  body: unknown,
  signal: AbortSignal | undefined,
): Promise<T> {
  const options = body === undefined ? { method: "GET" as const } : { method: "POST" as const, body: toWire(body) };
  const headers = { "content-type": "application/json" };
  const { statusCode, text } = await request(url, { ...options, headers, dispatcher: agent, signal: signal ?? null })
    .then(async (response) => ({ statusCode: response.statusCode, text: await response.body.text() }))
    .catch((cause: unknown) => {
      throw new MetalayerError(
        "GUARDIAN_UNREACHABLE",
        `The guardian at ${new URL(url).host} does not answer.`,
        { url },
        { cause },
      );
    });
  const answer = parse(text);
  const refusal = statusCode === 200 ? undefined : refusalSchema.safeParse(answer).data;
  if (refusal !== undefined) {
    const message = `The guardian at ${new URL(url).host} refuses: ${refusal.message}`;
    throw new MetalayerError("GUARDIAN_REFUSED", message, { url, code: refusal.code, refusal });
  }
  const checked = schema.safeParse(answer);
  if (checked.success && statusCode === 200) return checked.data;
  throw new MetalayerError("GUARDIAN_BAD_ANSWER", `The guardian at ${new URL(url).host} sent no valid answer.`, {
    url,
    status: statusCode,
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
