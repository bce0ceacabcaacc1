import { HDNodeWallet, Mnemonic } from "ethers";
import type { Endpoint } from "../../scripts/chain/endpoint.ts";
import { createEndpoint } from "../../scripts/chain/endpoint.ts";
import type { PoolOptions, RpcPool } from "../../scripts/chain/pool.ts";
import { createPool } from "../../scripts/chain/pool.ts";
import type { Anvil, AnvilOptions } from "../../scripts/devnet/anvil.ts";
import { DEV_MNEMONIC, startAnvil } from "../../scripts/devnet/anvil.ts";
import type { Faults } from "../../scripts/devnet/faults.ts";
import type { FaultyProxy } from "../../scripts/devnet/faulty-proxy.ts";
import { startFaultyProxy } from "../../scripts/devnet/faulty-proxy.ts";

/** After which the endpoints of a test rollup give up: far above what a busy machine needs for an answer. */
export const ENDPOINT_TIMEOUT_MS = 1_000;

/** A real node with faulty-capable endpoints in front of it. */
export interface TestRollup {
  readonly node: Anvil;
  readonly proxies: readonly FaultyProxy[];
  readonly blockTimeMs: number;
  /** A fresh pool over the first `count` proxies, closed with the rollup. */
  pool(count?: number, options?: Partial<PoolOptions>): RpcPool;
  endpoints(count?: number, timeoutMs?: number): Endpoint[];
  heal(): void;
  close(): Promise<void>;
}

export async function startRollup(options: Partial<AnvilOptions> = {}): Promise<TestRollup> {
  const node = await startAnvil({ name: "test", chainId: 8101, ...options });
  const proxies = await Promise.all([1, 2, 3].map((seed) => startFaultyProxy({ upstream: node.url, seed })));
  const opened: Endpoint[] = [];
  const blockTimeMs = (options.blockTime ?? 0.1) * 1_000;
  const endpoints: TestRollup["endpoints"] = (count = 3, timeoutMs = ENDPOINT_TIMEOUT_MS) => {
    const some = proxies.slice(0, count).map(({ url }) => createEndpoint({ url, timeoutMs }));
    opened.push(...some);
    return some;
  };
  return {
    node,
    proxies,
    blockTimeMs,
    endpoints,
    pool: (count = 3, poolOptions = {}) =>
      createPool({
        rollup: "test",
        chainId: BigInt(node.chainId),
        blockTimeMs,
        hedgeMs: 150,
        endpoints: endpoints(count),
        ...poolOptions,
      }),
    heal: () => proxies.forEach((proxy) => proxy.heal()),
    async close() {
      opened.forEach((endpoint) => endpoint.close());
      await Promise.all(proxies.map((proxy) => proxy.close()));
      await node.stop();
    },
  };
}

/** Account number `index` of the public development mnemonic. */
export function devWallet(index: number): HDNodeWallet {
  return HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(DEV_MNEMONIC), `m/44'/60'/0'/0/${index}`);
}

export async function mine(node: Anvil, blocks: number): Promise<void> {
  await node.rpc("anvil_mine", `0x${blocks.toString(16)}`);
}

/** The code of what the promise rejects with. */
export async function codeThrownBy(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof Error && "code" in error ? String(error.code) : `not rejected with a code: ${String(error)}`;
}

/** The faults of NEEDS 9, by name. */
export const FAULTS: Readonly<Record<string, Partial<Faults>>> = {
  slow: { delayMs: 250 },
  hung: { hang: true },
  gone: { cut: true },
  stale: { frozenAt: 2 },
  "of another chain": { chainId: 4242 },
  "forging block hashes": { lies: ["blockHash"] },
  "forging state roots": { lies: ["stateRoot"] },
  "forging logs": { lies: ["logs"] },
  "forging receipts": { lies: ["receipts"] },
  "answering errors": { errors: 1 },
  "answering HTTP 503": { httpStatus: 503 },
  "dropping logs": { dropLogs: 1 },
};
