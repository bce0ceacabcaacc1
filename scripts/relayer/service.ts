import fastify from "fastify";
import type { Logger } from "pino";
import type { Hex } from "../../sdk/src/bytes.ts";
import { createTaskGroup } from "../chain/tasks.ts";
import { createCoordinator } from "../network/coordinator.ts";
import { toWire } from "../network/guardian-api.ts";
import { createGuardianClient } from "../network/guardian-client.ts";
import type { RelayerConfig } from "./config.ts";
import { guardianUrlMap } from "./config.ts";
import { createRelayerMetrics } from "./metrics.ts";
import type { Relaying } from "./relayer.ts";
import { run, runOnce } from "./relayer.ts";
import { createSides } from "./side.ts";
import { createUpkeep } from "./upkeep.ts";

/** A relayer that is ready to run. */
export interface RelayerService {
  readonly relaying: Relaying;
  /** Works until the signal fires. */
  run(signal: AbortSignal): Promise<void>;
  /** Delivers what can be delivered now. Returns how many messages. */
  once(signal?: AbortSignal): Promise<number>;
  status(): RelayerStatus;
  close(): Promise<void>;
}

export interface RelayerStatus {
  readonly ready: boolean;
  readonly rollups: readonly { readonly name: string; readonly block: number | undefined; readonly ageSeconds: number; readonly hold: string | undefined }[];
  readonly lanes: readonly { readonly src: string; readonly dst: string; readonly sent: bigint; readonly open: number; readonly waiting: number }[];
  /** Failed so often that they are tried once an hour. */
  readonly deadLetters: readonly { readonly src: string; readonly dst: string; readonly nonce: bigint; readonly id: Hex | undefined; readonly reason: string }[];
}

export function createRelayer(config: RelayerConfig, secretKey: Hex, log: Logger): RelayerService {
  const settings = config.relayer;
  const metrics = createRelayerMetrics();
  const fail = (kind: string, where: string, error: unknown): void => {
    metrics.failures.inc({ class: kind });
    const message = error instanceof Error ? error.message : String(error);
    if (error !== undefined) log[kind === "executed" || kind === "unprovable" ? "debug" : "warn"]({ kind, where }, message);
  };
  const sides = createSides(config, secretKey, (where, error) => fail("unknown", where, error));
  const client = createGuardianClient();
  const coordinator = createCoordinator({ networkId: config.networkId, name: settings.name, client, urls: guardianUrlMap(settings) });
  const upkeepCoordinator = createCoordinator({ networkId: config.networkId, name: `${settings.name}-upkeep`, client, urls: guardianUrlMap(settings) });
  const onError = (where: string, error: unknown): void => fail("unknown", where, error);
  const upkeep = createUpkeep({ settings, networkId: config.networkId, sides, coordinator: upkeepCoordinator, onError });
  const parts = { settings, sides, coordinator, upkeep, metrics, log, fail };
  const relaying: Relaying = { ...parts, tasks: createTaskGroup(1_024), now: () => performance.now() };
  return {
    relaying,
    run: (signal) => run(relaying, signal),
    once: (signal) => runOnce(relaying, signal),
    status: () => statusOf(relaying),
    async close() {
      await client.close();
      for (const { pool } of sides) pool.close();
    },
  };
}

function statusOf({ sides, settings }: Relaying): RelayerStatus {
  const works = sides.flatMap(({ outbound }) => outbound);
  const rollups = sides.map(({ rollup, follower, followedAt, hold }) => ({
    name: rollup.name,
    block: follower.head?.number,
    ageSeconds: (Date.now() - followedAt) / 1_000,
    hold: hold?.reason,
  }));
  const name = { src: "", dst: "" };
  const lanes = works.map(({ src, dst, store, view, troubles }) => {
    const open = [...store.chunks()].flatMap(({ entries }) => entries.filter(({ nonce, id }) => !view.isClosed(nonce, id)));
    return { ...name, src: src.rollup.name, dst: dst.rollup.name, sent: store.tip.nonce, open: open.length, waiting: troubles.size };
  });
  const deadLetters = works.flatMap(({ src, dst, store, troubles }) =>
    [...troubles].flatMap(([nonce, { attempts, reason }]) =>
      attempts < settings.deadAfter
        ? []
        : [{ src: src.rollup.name, dst: dst.rollup.name, nonce, id: store.entry(nonce)?.id, reason }],
    ),
  );
  const isFresh = sides.some(({ followedAt, rollup }) => Date.now() - followedAt < Math.max(30_000, 20 * rollup.blockTimeMs));
  return { ready: isFresh && sides.some(({ table }) => table !== undefined), rollups, lanes, deadLetters };
}

/** GET /healthz, /readyz (with the status) and /metrics. Returns its address and how to close it. */
export async function serve(service: RelayerService, host: string, port: number): Promise<{ url: string; close: () => Promise<void> }> {
  const server = fastify();
  const { metrics } = service.relaying;
  server.get("/healthz", () => ({ ok: true }));
  server.get("/readyz", (_, reply) => {
    const status = service.status();
    return reply.code(status.ready ? 200 : 503).type("application/json").send(toWire(status));
  });
  server.get("/metrics", async (_, reply) => {
    observe(service);
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  return { url: await server.listen({ host, port }), close: () => server.close() };
}

function observe({ relaying }: RelayerService): void {
  const { metrics, sides, settings, coordinator } = relaying;
  metrics.benched.set(coordinator.benched().length);
  for (const { rollup, balance, account, costPerMessage, followedAt, pool, outbound } of sides) {
    const chain = rollup.name;
    metrics.balance.set({ chain, address: account }, Number(balance));
    if (costPerMessage > 0n) metrics.runway.set({ chain }, Number(balance / costPerMessage));
    metrics.headAge.set({ chain }, (Date.now() - followedAt) / 1_000);
    metrics.rpcRequests.set({ chain }, pool.stats().requests);
    for (const { store, view, troubles, dst, signedAt } of outbound) {
      const lane = { src: chain, dst: dst.rollup.name };
      const open = [...store.chunks()].flatMap(({ entries }) => entries.filter(({ nonce, id }) => !view.isClosed(nonce, id)));
      const healthy = open.filter(({ nonce }) => !troubles.has(nonce));
      metrics.queue.set(lane, open.length);
      metrics.dead.set(lane, [...troubles.values()].filter(({ attempts }) => attempts >= settings.deadAfter).length);
      metrics.oldest.set(lane, healthy[0] === undefined ? 0 : (Date.now() - healthy[0].seenAt) / 1_000);
      metrics.rootAge.set(lane, (Date.now() - signedAt) / 1_000);
    }
  }
}
