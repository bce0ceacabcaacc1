import { expect } from "chai";
import { HDNodeWallet, JsonRpcProvider, Mnemonic } from "ethers";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { MetalayerClient } from "../../sdk/src/client.ts";
import { pushHeads } from "../../sdk/src/headSocket.ts";
import type { StreamedPublication, StreamOptions } from "../../sdk/src/stream.ts";
import type { TestRollup } from "../../sdk/src/testkit/index.ts";
import { delay } from "../../scripts/chain/tasks.ts";
import { DEV_MNEMONIC } from "../../scripts/devnet/anvil.ts";
import { startFaultyProxy, type FaultyProxy } from "../../scripts/devnet/faulty-proxy.ts";
import { startLocalNetwork, type LocalNetwork } from "../cli/localNetwork.ts";
import { until } from "../helpers/daemonNetwork.ts";
import { NEWS, SPORT } from "../helpers/publications.ts";

const POLL_MS = 50;

describe("a stream of publications from real nodes", function () {
  this.timeout(240_000);
  let local: LocalNetwork;
  let proxies: FaultyProxy[];
  let client: MetalayerClient;
  let rollups: readonly TestRollup[];
  const providers: JsonRpcProvider[] = [];
  const streams: { stop: () => Promise<void> }[] = [];

  before(async () => {
    local = await startLocalNetwork(2);
    ({ rollups } = local.metalayer);
    proxies = await Promise.all(local.nodes.map(({ url }) => startFaultyProxy({ upstream: url })));
    client = await MetalayerClient.connect(
      await Promise.all(
        rollups.map(async (rollup, index) => {
          const options = { staticNetwork: true, cacheTimeout: -1, batchMaxCount: 1 };
          const runner = new JsonRpcProvider(proxies[index]?.url, undefined, options);
          providers.push(runner);
          const [gateway, registry] = [await rollup.gateway.getAddress(), await rollup.rollupRegistry.getAddress()];
          return { runner, gateway, registry, inbox: await rollup.stateRootInbox.getAddress() };
        }),
      ),
    );
  });

  afterEach(async () => {
    for (const { stop } of streams.splice(0)) await stop();
    for (const proxy of proxies) proxy.heal();
  });

  after(async () => {
    for (const provider of providers) provider.destroy();
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await local.close();
  });

  const rollup = (index: number): TestRollup => rollups[index] as TestRollup; // CAST: two rollups run
  const publish = async (index: number, topic: Hex = NEWS, payload = "0x01"): Promise<bigint> => {
    const { broadcaster, signer } = rollup(index);
    await (await broadcaster.publish(topic, payload)).wait();
    return broadcaster.newestIndex(signer);
  };
  const mine = async (index: number, blocks = 2): Promise<void> => {
    await local.nodes[index]?.rpc("anvil_mine", `0x${blocks.toString(16)}`);
  };

  /** Collects what comes from now on. */
  async function listen(change: Partial<StreamOptions> & { topic?: Hex; publisher?: Address } = {}) {
    const { topic, publisher, ...options } = change;
    const stopping = new AbortController();
    const seen: StreamedPublication[] = [];
    const codes: string[] = [];
    const broadcasters = new Map<bigint, Address>();
    const from = new Map<bigint, number>();
    for (const { chainId, broadcaster, provider } of rollups) {
      broadcasters.set(chainId, (await broadcaster.getAddress()) as Address); // CAST: ethers returns an address
      from.set(chainId, (await provider.getBlockNumber()) + 1);
    }
    const filter = { broadcasters, ...(topic && { topic }), ...(publisher && { publisher }) };
    const ended = client.subscribe(filter, (said) => void seen.push(said), {
      trust: { finalFor: 8101n },
      delay,
      signal: stopping.signal,
      pollMs: POLL_MS,
      from,
      onError: (_, error) => codes.push(error instanceof Error && "code" in error ? String(error.code) : String(error)),
      ...options,
    });
    let stopped: Promise<void> | undefined;
    const stop = (): Promise<void> => (stopped ??= (stopping.abort(), ended));
    streams.push({ stop });
    const indexes = (index: number): bigint[] =>
      seen.filter(({ chainId }) => chainId === rollup(index).chainId).map((said) => said.index);
    return { seen, codes, indexes, stop, signal: stopping.signal };
  }

  it("brings those of all rollups in one stream, once they are final, in each rollup's order", async () => {
    const stream = await listen({ trust: { finalFor: 8102n } });
    const first = await publish(0);
    await publish(0, SPORT);
    await mine(0);
    await until("both came", () => stream.indexes(0).length === 2);
    expect(stream.indexes(0)).to.deep.equal([first, first + 1n]);
    const [said] = stream.seen;
    expect(said).to.include({ chainId: 8101n, publisher: await rollup(0).signer.getAddress(), topic: NEWS });
    const other = await listen({ trust: { finalFor: 8101n }, topic: SPORT });
    await publish(1, NEWS);
    const sport = await publish(1, SPORT);
    await mine(1);
    await until("the topic came", () => other.indexes(1).length === 1);
    expect(other.indexes(1)).to.deep.equal([sport]);
  });

  it("shows nothing that a reorganisation takes back, and what stands in its place", async () => {
    const stream = await listen({ trust: { finalFor: 8101n } });
    const { broadcaster } = rollup(1);
    const index = await publish(1, NEWS, "0xaa");
    const account = HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(DEV_MNEMONIC), "m/44'/60'/0'/0/5").address;
    const data = broadcaster.interface.encodeFunctionData("publish", [NEWS, "0xcc"]);
    const transaction = { from: account, to: await broadcaster.getAddress(), data, gas: "0x30d40" };
    await local.nodes[1]?.rpc("anvil_reorg", 1, [[transaction, 0]]);
    expect(await broadcaster.newestIndex(rollup(1).signer)).to.equal(index - 1n);
    await mine(1);
    await until("the other one came", () => stream.seen.length > 0);
    expect(stream.seen.map(({ publisher, payload }) => ({ publisher, payload }))).to.deep.equal([
      { publisher: account, payload: "0xcc" },
    ]);
    expect(stream.codes).to.not.include("STREAM_REORGED");
  });

  it("loses nothing and repeats nothing when the node is cut off", async () => {
    const stream = await listen();
    const first = await publish(1);
    await mine(1);
    await until("the first one came", () => stream.indexes(1).length === 1);
    proxies[1]?.set({ cut: true });
    for (let count = 0; count < 3; count++) await publish(1);
    await mine(1);
    await until("it was noticed", () => stream.codes.length > 0);
    proxies[1]?.heal();
    await until("all came", () => stream.indexes(1).length === 4);
    expect(stream.indexes(1)).to.deep.equal([first, first + 1n, first + 2n, first + 3n]);
  });

  it("sees that a node left something out, and reads it again", async () => {
    const stream = await listen();
    const first = await publish(1);
    await mine(1);
    await until("the first one came", () => stream.indexes(1).length === 1);
    proxies[1]?.set({ dropLogs: 1 });
    await publish(1);
    for (let round = 0; round < 3; round++) {
      const looked = proxies[1]?.stats().methods["eth_getLogs"] ?? 0;
      await mine(1);
      await until("it looked", () => (proxies[1]?.stats().methods["eth_getLogs"] ?? 0) > looked);
    }
    proxies[1]?.heal();
    await publish(1);
    await mine(1);
    await until("all came", () => stream.indexes(1).length === 3);
    expect(stream.indexes(1)).to.deep.equal([first, first + 1n, first + 2n]);
    expect(stream.codes).to.include("STREAM_GAP");
  });

  it("with heads of guardians brings what is proven in them, and nothing before", async () => {
    const stream = await listen({ trust: { attestedOn: 8101n } });
    const index = await publish(1, NEWS, "0x77");
    await mine(1, 5);
    const other = await listen({ trust: { finalFor: 8101n } });
    await publish(1);
    await mine(1);
    await until("final ones came", () => other.indexes(1).length > 0);
    expect(stream.indexes(1)).to.deep.equal([]);
    await local.metalayer.recordHead(8102n, 8101n);
    await until("the proven ones came", () => stream.indexes(1).length === 2);
    expect(stream.indexes(1)).to.deep.equal([index, index + 1n]);
  });

  it("hands a publication over again if the handler failed, and nothing else", async () => {
    const failures: bigint[] = [];
    const { broadcaster, chainId, provider } = rollup(1);
    const stopping = new AbortController();
    const handed: bigint[] = [];
    const broadcasters = new Map([[chainId, (await broadcaster.getAddress()) as Address]]); // CAST: ethers returns an address
    const ended = client.subscribe(
      { broadcasters },
      ({ index }) => {
        if (handed.length === 1 && failures.length < 2) {
          failures.push(index);
          throw new Error("not now");
        }
        handed.push(index);
      },
      {
        ...{ trust: { finalFor: 8101n }, delay, signal: stopping.signal, pollMs: POLL_MS },
        from: new Map([[chainId, (await provider.getBlockNumber()) + 1]]),
      },
    );
    streams.push({ stop: () => (stopping.abort(), ended) });
    const first = await publish(1);
    await publish(1);
    await publish(1);
    await mine(1);
    await until("all were taken", () => handed.length === 3);
    expect(handed).to.deep.equal([first, first + 1n, first + 2n]);
    expect(failures).to.deep.equal([first + 1n, first + 1n]);
  });

  it("is woken by pushed heads, and goes on by polling when the socket is gone", async () => {
    const sockets: WebSocket[] = [];
    const url = local.nodes[1]?.webSocketUrl ?? "";
    const open = (): WebSocket => {
      const socket = new WebSocket(url);
      sockets.push(socket);
      return socket;
    };
    let woken = 0;
    const stream = await listen({
      pollMs: 2_000,
      onHeads: (chainId, wake, signal) => {
        if (chainId !== 8102n) return;
        const count = (): void => {
          woken++;
          wake();
        };
        void pushHeads(count, { open, signal, delay });
      },
    });
    await until("the socket is open", () => sockets[0]?.readyState === WebSocket.OPEN);
    await publish(1);
    await mine(1);
    await until("it came", () => stream.indexes(1).length === 1);
    await until("the socket told of a head", () => woken > 0);
    for (const socket of sockets) socket.close();
    await until("it reconnected", () => sockets.length > 1);
    await publish(1);
    await mine(1);
    await until("the next one came", () => stream.indexes(1).length === 2);
  });
});
