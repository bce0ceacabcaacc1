import { MetalayerError } from "../../sdk/src/errors.ts";
import { createEndpoint } from "../chain/endpoint.ts";
import { delay } from "../chain/tasks.ts";
import { freePort } from "./children.ts";
import type { Devnet } from "./devnet.ts";

/** One process for all endpoints of the first nodes. */
const FIRST = "rpc-endpoints";

/** Puts endpoints that can be made to fail in front of every node that has none, all in one process, and waits until they answer. */
export async function startEndpoints(devnet: Devnet): Promise<void> {
  const { endpointsPerNode } = devnet.options;
  const bare = devnet.state.rollups.filter(({ rpc, nodeUrl }) => rpc.every((url) => url === nodeUrl));
  const ports = new Map<number, readonly number[]>();
  for (const { chainId } of bare)
    ports.set(chainId, await Promise.all(Array.from({ length: endpointsPerNode }, freePort)));
  const list = bare.flatMap(({ chainId, nodeUrl }) => {
    return (ports.get(chainId) ?? []).map((port) => ({ upstream: nodeUrl, port }));
  });
  const isFirst = bare.length === devnet.state.rollups.length;
  await runEndpoints(devnet, list, isFirst ? FIRST : `${FIRST}-${bare.map(({ name }) => name).join("-")}`);
  devnet.update((state) => ({
    ...state,
    rollups: state.rollups.map((rollup) => {
      const own = ports.get(rollup.chainId);
      if (own === undefined) return rollup;
      return {
        ...rollup,
        rpc: own.map((port) => `http://127.0.0.1:${port}`),
        agree: Math.floor(own.length / 2) + 1,
      };
    }),
  }));
}

/** Starts them again at their old places after they were killed; they are honest and quick then. */
export async function restartEndpoints(devnet: Devnet): Promise<void> {
  const list = devnet.state.rollups.flatMap(({ nodeUrl, rpc }) =>
    rpc.map((url) => ({ upstream: nodeUrl, port: Number(new URL(url).port) })),
  );
  await runEndpoints(devnet, list, FIRST);
}

async function runEndpoints(
  devnet: Devnet,
  list: readonly { readonly upstream: string; readonly port: number }[],
  name: string,
): Promise<void> {
  const child = await devnet.startService({
    kind: "endpoints",
    name,
    script: "scripts/devnet/proxies.ts",
    args: [JSON.stringify(list)],
  });
  const deadline = performance.now() + 40_000;
  for (const { port } of list)
    await untilItAnswers(`http://127.0.0.1:${port}`, () => !child.ended && performance.now() < deadline);
}

async function untilItAnswers(url: string, goOn: () => boolean): Promise<void> {
  const endpoint = createEndpoint({ url, timeoutMs: 1_000 });
  try {
    for (;;) {
      const answer = await endpoint.request("eth_chainId", []).catch(() => undefined);
      if (answer !== undefined) return;
      if (!goOn()) throw new MetalayerError("DEVNET_ENDPOINT", `The RPC endpoint ${url} did not start.`, { url });
      await delay(20);
    }
  } finally {
    endpoint.close();
  }
}
