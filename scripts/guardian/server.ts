import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import fastify from "fastify";
import type { z } from "zod";
import { MetalayerError } from "../../sdk/src/errors.ts";
import type { FactRequest, Refusal } from "../network/guardian-api.ts";
import { commitRequestSchema, signRequestSchema, toWire } from "../network/guardian-api.ts";
import type { GuardianSettings } from "./config.ts";
import type { Guardian } from "./guardian.ts";
import { FactsRefused } from "./guardian.ts";
import type { GuardianMetrics } from "./metrics.ts";
import { createRateLimit, createShares, partyOf } from "./rate-limit.ts";

export interface ServerParts {
  readonly guardian: Guardian;
  readonly metrics: GuardianMetrics;
  readonly settings: GuardianSettings;
  /** Sees every refusal and failure. */
  readonly onRefusal: (code: string, error: unknown, request: { readonly ip: string; readonly url: string }) => void;
  /** Brings gauges up to date before they are read. */
  readonly observe: () => void;
}

/** HTTP status of refusals; 422 for facts that are not confirmed and every other refusal of what was asked. */
const STATUS: Readonly<Record<string, number>> = {
  REQUEST_INVALID: 400,
  SESSION_UNKNOWN: 404,
  FACTS_TOO_MANY: 413,
  FST_ERR_CTP_BODY_TOO_LARGE: 413,
  RATE_LIMITED: 429,
  SESSIONS_FULL: 503,
  BUSY: 503,
  INTERNAL: 500,
};

/**
 * The guardian's HTTP interface:
 *   POST /v1/commit   facts and their root → session, key and nonce points
 *   POST /v1/sign     session and the session list → partial signature
 *   GET  /v1/info     key, network, state of every rollup
 *   GET  /healthz     200 while the process lives
 *   GET  /readyz      200 while it can sign about any rollup
 *   GET  /metrics     for Prometheus
 * Every refusal is JSON: `{code, message, facts?}`.
 */
export function createServer(parts: ServerParts): FastifyInstance {
  const { guardian, metrics, settings } = parts;
  const trustProxy = settings.trustedProxies.length > 0 && settings.trustedProxies;
  const limits = { bodyLimit: settings.maxBodyBytes, requestTimeout: 30_000 };
  const server = fastify({ ...limits, forceCloseConnections: "idle", trustProxy });
  const limit = createRateLimit(settings.requestsPerSecond, settings.burst);
  server.setErrorHandler((error, request, reply) => answerRefusal(parts, error, request, reply));
  server.setNotFoundHandler((request, reply) =>
    answerRefusal(parts, new MetalayerError("NOT_FOUND", "There is nothing here."), request, reply, 404),
  );
  server.addHook("onRequest", (request, _, done) => {
    const isLimited = request.url.startsWith("/v1/") && !limit.take(partyOf(request.ip));
    done(isLimited ? tooMany() : undefined);
  });
  const confirming = createShares(settings.concurrency);
  server.post("/v1/commit", async (request, reply) => {
    const body = parse(commitRequestSchema, request.body);
    const party = partyOf(request.ip);
    if (!limit.take(party, Math.min(effortOf(body.facts), settings.burst - 1))) throw tooMany();
    if (!confirming.enter(party)) throw new MetalayerError("BUSY", "Too many requests are being checked.");
    const done = metrics.confirmSeconds.startTimer();
    try {
      const answer = await guardian.commit(party, body, aborts(reply));
      return await send(reply, answer);
    } finally {
      confirming.leave(party);
      done();
    }
  });
  server.post("/v1/sign", async (request, reply) => {
    const answer = await guardian.sign(parse(signRequestSchema, request.body), aborts(reply));
    metrics.signatures.inc();
    return send(reply, answer);
  });
  server.get("/v1/info", (_, reply) => send(reply, guardian.info()));
  server.get("/healthz", (_, reply) => send(reply, { ok: true }));
  server.get("/readyz", (_, reply) => {
    const { rollups } = guardian.info();
    const ready = rollups.some(({ state }) => state === "ready");
    return send(reply.code(ready ? 200 : 503), { ready, rollups });
  });
  server.get("/metrics", async (_, reply) => {
    parts.observe();
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  return server;
}

function tooMany(): MetalayerError {
  return new MetalayerError("RATE_LIMITED", "Too many requests, or too large ones, from this address.");
}

const MESSAGES_PER_TOKEN = 64n;

/** What confirming these facts costs beside the request itself, in its tokens: their messages are read and hashed in one go. */
function effortOf(facts: readonly FactRequest[]): number {
  const counts = facts.map((fact) => (fact.kind === "lane" && fact.to > fact.from ? fact.to - fact.from : 0n));
  return Number(counts.reduce((sum, count) => sum + count, 0n) / MESSAGES_PER_TOKEN);
}

function send(reply: FastifyReply, value: unknown): FastifyReply {
  return reply.type("application/json").send(toWire(value));
}

/** Work for a caller who has gone away is given up. */
function aborts(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const checked = schema.safeParse(body);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  const where = issue?.path.join(".") ?? "";
  throw new MetalayerError("REQUEST_INVALID", `Not a valid request: ${where} ${issue?.message ?? ""}`.trim());
}

function answerRefusal(
  parts: ServerParts,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  status?: number,
): FastifyReply {
  const code = codeFor(error);
  parts.metrics.refusals.inc({ code });
  parts.onRefusal(code, error, { ip: request.ip, url: request.url });
  const message = code === "INTERNAL" || !(error instanceof Error) ? "This guardian failed." : error.message;
  const body: Refusal = { code, message, ...(error instanceof FactsRefused ? { facts: error.facts } : {}) };
  return send(reply.code(status ?? STATUS[code] ?? 422), body);
}

function codeFor(error: unknown): string {
  if (error instanceof MetalayerError) return error.code;
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return "INTERNAL";
  if (error.code === "FST_ERR_CTP_BODY_TOO_LARGE") return error.code;
  return error.code.startsWith("FST_ERR_CTP") ? "REQUEST_INVALID" : "INTERNAL";
}
