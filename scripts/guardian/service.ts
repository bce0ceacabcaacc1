import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { quantity } from "../chain/blocks.ts";
import { delay } from "../chain/tasks.ts";
import type { RollupConfig } from "../network/config.ts";
import { laneBetween, openChain } from "../network/config.ts";
import { reasonOf } from "../network/trouble.ts";
import type { GuardianConfig } from "./config.ts";
import type { Source } from "./facts.ts";
import { createSource } from "./facts.ts";
import type { Guardian } from "./guardian.ts";
import { createGuardian, reconcile } from "./guardian.ts";
import type { GuardianKey } from "./keystore.ts";
import { openKeyMark } from "./keystore.ts";
import { createGuardianMetrics } from "./metrics.ts";
import { createProvenKeys } from "./proven-keys.ts";
import type { GuardianRecord } from "./record.ts";
import { openRecord } from "./record.ts";
import { createServer } from "./server.ts";
import { createSessions } from "./sessions.ts";
import { createSuspensions } from "./suspensions.ts";

/** A guardian that answers on its port. */
export interface GuardianService {
  readonly url: string;
  readonly guardian: Guardian;
  /** Ends when `close` was called. */
  close(): Promise<void>;
}

/**
 * Takes the key and the record for this process alone, starts following the rollups, and answers. Throws GUARDIAN_LOCKED,
 * KEY_NOT_DEDICATED, RECORD_FOREIGN, CONFIG_QUORUM, or what listening throws.
 */
export async function startGuardian(config: GuardianConfig, key: GuardianKey, log: Logger): Promise<GuardianService> {
  const { guardian: settings, networkId, rollups } = config;
  const access = rollups.map((rollup) => ({ rollup, access: openChain(rollup, settings.rpcTimeoutMs) }));
  await refuseUsedAccount(key, access);
  const mark = openKeyMark(settings.keyFile);
  let record: GuardianRecord | undefined;
  const stopping = new AbortController();
  let server: FastifyInstance | undefined;
  const release = async (): Promise<void> => {
    stopping.abort();
    await server?.close();
    for (const { access: own } of access) own.pool.close();
    record?.close();
    mark.close();
  };
  try {
    record = openRecord(settings.recordFile, { networkId, key: key.hex });
    reconcile(record, mark);
    const sources = createSources(config, access, record, stopping.signal);
    const sessions = createSessions(key.secretKey, { most: settings.maxSessions, lifeMs: settings.sessionMs });
    const provenKeys = createProvenKeys(access);
    const suspensions = createSuspensions(access);
    const own = { networkId, key, mark, record };
    const parts = { ...own, sources, provenKeys, suspensions, sessions, maxFacts: settings.maxFacts };
    const guardian = createGuardian(parts);
    const metrics = createGuardianMetrics();
    server = createServer({
      guardian,
      metrics,
      settings,
      onRefusal: (code, error, from) => {
        const level = code === "INTERNAL" || code === "RECORD_CONTRADICTION" ? "error" : "debug";
        log[level]({ code, ...from, err: code === "INTERNAL" ? error : undefined }, reasonOf(error));
      },
      observe: () => {
        metrics.sessions.set(sessions.count);
        for (const { context } of sources) {
          const labels = { chain: context.rollup.name };
          metrics.halted.set(labels, context.record.haltOf(context.rollup.chainId) === undefined ? 0 : 1);
          metrics.finalBlock.set(labels, context.record.finalBlock(context.rollup.chainId)?.number ?? 0);
          metrics.rpcRequests.set(labels, context.access.pool.stats().requests);
        }
      },
    });
    const url = await server.listen({ host: settings.host, port: settings.port });
    for (const halt of record.halts())
      log.error({ chain: String(halt.chainId), code: halt.code }, `halted: ${halt.reason}`);
    for (const source of sources) void follow(source, settings.followEveryMs, stopping.signal, log);
    void suspensions.follow(stopping.signal);
    log.info({ url, key: key.hex, networkId }, "guardian ready");
    return { url, guardian, close: release };
  } catch (error) {
    await release();
    throw error;
  }
}

function createSources(
  config: GuardianConfig,
  chains: readonly { readonly rollup: RollupConfig; readonly access: ReturnType<typeof openChain> }[],
  record: GuardianRecord,
  stopping: AbortSignal,
): Source[] {
  return chains.map(({ rollup, access }) => {
    const others = config.rollups.filter((other) => other !== rollup);
    const lanes = others.map((other) => laneBetween(config, rollup, other));
    return createSource({ rollup, access, record, lanes, stopping });
  });
}

/** Follows the final block, so that history is verified before anybody asks. */
async function follow(source: Source, everyMs: number, signal: AbortSignal, log: Logger): Promise<void> {
  const { rollup, record } = source.context;
  while (!signal.aborted) {
    let pause = everyMs;
    if (record.haltOf(rollup.chainId) === undefined) {
      await source.refresh(signal).catch((error: unknown) => {
        if (signal.aborted) return;
        if (!source.status().isSynced) pause = Math.min(1_000, everyMs);
        log.warn({ chain: rollup.name, err: error }, reasonOf(error));
      });
    }
    await delay(pause, signal).catch(() => undefined);
  }
}

/** A guardian's key signs attestations and nothing else: an account that has sent a transaction is no guardian (R32). */
async function refuseUsedAccount(
  key: GuardianKey,
  chains: readonly { readonly rollup: RollupConfig; readonly access: ReturnType<typeof openChain> }[],
): Promise<void> {
  await Promise.all(
    chains.map(async ({ rollup, access }) => {
      const params = [key.account, "latest"];
      const sent = await access.pool
        .request("eth_getTransactionCount", params, { timeoutMs: 2_000 })
        .catch(() => "0x0");
      if (quantity(sent) === 0) return;
      const message = `The guardian key has sent transactions on ${rollup.name} as ${key.account}: use a key of its own.`;
      throw new MetalayerError("KEY_NOT_DEDICATED", message, { chainId: rollup.chainId });
    }),
  );
}
