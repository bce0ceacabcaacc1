import type { FastifyInstance } from "fastify";
import fastify from "fastify";
import type { Registry } from "prom-client";
import { toWire } from "./guardian-api.ts";

export interface HealthOptions {
  readonly registry: Registry;
  /** Answer of /readyz; 503 unless `ready`. */
  readonly status: () => { readonly ready: boolean };
  /** Brings gauges up to date before they are read. */
  readonly observe: () => void;
}

/** GET /healthz, /readyz and /metrics. */
export function createHealthServer({ registry, status, observe }: HealthOptions): FastifyInstance {
  const server = fastify();
  server.get("/healthz", () => ({ ok: true }));
  server.get("/readyz", (_, reply) => {
    const answer = status();
    return reply
      .code(answer.ready ? 200 : 503)
      .type("application/json")
      .send(toWire(answer));
  });
  server.get("/metrics", async (_, reply) => {
    observe();
    return reply.type(registry.contentType).send(await registry.metrics());
  });
  return server;
}
