import type { Logger } from "pino";
import type { Hex } from "../../sdk/src/bytes.ts";
import { CLASS_FAST, CLASS_FINAL } from "../../sdk/src/fact.ts";
import { createTaskGroup } from "../chain/tasks.ts";
import type { Coordinator } from "../network/coordinator.ts";
import { createCoordinator } from "../network/coordinator.ts";
import { createGuardianClient } from "../network/guardian-client.ts";
import { createHealthServer } from "../network/health-server.ts";
import { reasonOf } from "../network/trouble.ts";
import { createUpkeep } from "../upkeep/upkeep.ts";
import type { RelayerConfig } from "./config.ts";
import { createRelayerMetrics } from "./metrics.ts";
import type { Relaying } from "./relayer.ts";
import { DRAIN_MS, run, runOnce } from "./relayer.ts";
import { createSides } from "./side.ts";
import type { RelayerStatus } from "./status.ts";
import { observe, statusOf } from "./status.ts";

/** A relayer that is ready to run. */
export interface RelayerService {
  readonly relaying: Relaying;
  /** Works until the signal fires. */
  run(signal: AbortSignal): Promise<void>;
  /** Delivers what can be delivered now. Returns how many messages. */
  once(signal?: AbortSignal): Promise<number>;
  status(): RelayerStatus;
  /** GET /healthz, /readyz (with the status) and /metrics, until `close`. Returns the address. */
  serve(host: string, port: number): Promise<string>;
  /** Waits a little for transactions under way and lets go of everything. */
  close(): Promise<void>;
}

export function createRelayer(config: RelayerConfig, secretKey: Hex, log: Logger): RelayerService {
  const { networkId, relayer: settings } = config;
  const metrics = createRelayerMetrics();
  const fail: Relaying["fail"] = (kind, where, error) => {
    metrics.failures.inc({ class: kind });
    const level = kind === "executed" || kind === "unprovable" ? "debug" : "warn";
    if (error !== undefined) log[level]({ kind, where }, reasonOf(error));
  };
  const onError = (where: string, error: unknown): void => fail("unknown", where, error);
  const sides = createSides(config, secretKey, onError);
  const client = createGuardianClient();
  const named = (name: string): Coordinator => createCoordinator({ networkId, name, client, urls: settings.guardians });
  const coordinators = { [CLASS_FINAL]: named(settings.name), [CLASS_FAST]: named(`${settings.name}-fast`) };
  const upkeep = createUpkeep({
    ...{ settings, networkId, sides, coordinator: named(`${settings.name}-upkeep`), onError },
    count: (what, dst, done) => metrics[what].inc({ dst }, done),
  });
  const parts = { settings, sides, coordinators, upkeep, metrics, log, fail };
  const relaying: Relaying = { ...parts, tasks: createTaskGroup(1_024), now: () => performance.now() };
  const server = createHealthServer({
    registry: metrics.registry,
    status: () => statusOf(relaying),
    observe: () => observe(relaying),
  });
  return {
    relaying,
    run: (signal) => run(relaying, signal),
    once: (signal) => runOnce(relaying, signal),
    status: () => statusOf(relaying),
    serve: (host, port) => server.listen({ host, port }),
    async close() {
      await Promise.all(sides.map(({ sender }) => sender.stop(DRAIN_MS)));
      await server.close();
      await client.close();
      for (const { pool } of sides) pool.close();
    },
  };
}
