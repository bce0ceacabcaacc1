import { quantity } from "../chain/blocks.ts";
import { createEndpoint } from "../chain/endpoint.ts";
import { isAlive } from "./processes.ts";
import type { DevnetRollup, DevnetService, DevnetState } from "./state.ts";
import { readDevnet } from "./state.ts";

export interface RollupStatus extends DevnetRollup {
  readonly alive: boolean;
  /** Newest block, if the node answers. */
  readonly head: number | undefined;
  /** How many of its endpoints answer, with the right chain id. */
  readonly answering: number;
}

export interface ServiceStatus extends DevnetService {
  readonly alive: boolean;
}

export interface DevnetStatus {
  readonly startedAt: string;
  readonly ready: boolean;
  readonly networkId: string | undefined;
  readonly rollups: readonly RollupStatus[];
  readonly services: readonly ServiceStatus[];
  /** Completely started, every process alive, every endpoint answering. */
  readonly healthy: boolean;
}

/** Looks at the running network from outside. Throws DEVNET_NOT_RUNNING or DEVNET_STATE. */
export async function devnetStatus(folder: string, timeoutMs = 2_000): Promise<DevnetStatus> {
  const state: DevnetState = readDevnet(folder);
  const rollups = await Promise.all(state.rollups.map((rollup) => rollupStatus(rollup, timeoutMs)));
  const services = state.services.map((service) => ({ ...service, alive: isAlive(service.process) }));
  const rollupsHealthy = rollups.every(({ alive, head, answering, rpc }) => {
    return alive && head !== undefined && answering === rpc.length;
  });
  const healthy = state.ready && rollupsHealthy && services.every(({ alive }) => alive);
  return { startedAt: state.startedAt, ready: state.ready, networkId: state.networkId, rollups, services, healthy };
}

async function rollupStatus(rollup: DevnetRollup, timeoutMs: number): Promise<RollupStatus> {
  const ask = async (url: string, method: string): Promise<number | undefined> => {
    const endpoint = createEndpoint({ url, timeoutMs });
    const answer = await endpoint.request(method, []).catch(() => undefined);
    endpoint.close();
    return answer === undefined ? undefined : quantity(answer);
  };
  const [head, ...chainIds] = await Promise.all([
    ask(rollup.nodeUrl, "eth_blockNumber"),
    ...rollup.rpc.map((url) => ask(url, "eth_chainId")),
  ]);
  const answering = chainIds.filter((chainId) => chainId === rollup.chainId).length;
  return { ...rollup, alive: isAlive(rollup.node), head, answering };
}
