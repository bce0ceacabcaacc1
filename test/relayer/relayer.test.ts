import { expect } from "chai";
import type { RelayerService } from "../../scripts/relayer/service.ts";
import { RecipientMock__factory } from "../../typechain-types/index.js";
import type { AnvilNetwork, AnvilRollup } from "../helpers/daemonNetwork.ts";
import { devWallet, reorg, sendMessages, startAnvilNetwork, until } from "../helpers/daemonNetwork.ts";
import type { Fleet } from "../helpers/guardianFleet.ts";
import { createFleet } from "../helpers/guardianFleet.ts";
import { startRelayer } from "../helpers/relayers.ts";

const BLOCK_MS = 250;

describe("relayer on real nodes, real guardians", function () {
  this.timeout(300_000);
  let network: AnvilNetwork;
  let fleet: Fleet;
  let [a, b, c] = [] as unknown as [AnvilRollup, AnvilRollup, AnvilRollup]; // CAST: set before any test runs
  const running: { stop: () => Promise<void> }[] = [];

  before(async () => {
    network = await startAnvilNetwork({ rollups: 3, blockTimeMs: BLOCK_MS, finalityBlocks: 8 });
    [a, b, c] = network.rollups as [AnvilRollup, AnvilRollup, AnvilRollup]; // CAST: three were asked for
    fleet = await createFleet(network, { requestsPerSecond: 10_000, burst: 10_000 });
    for (const { index } of fleet.seats) await fleet.start(index);
    for (const rollup of network.rollups) rollup.mineEvery(BLOCK_MS);
  });

  afterEach(async () => {
    for (const { stop } of running.splice(0)) await stop();
    for (const { proxies } of network.rollups) for (const proxy of proxies) proxy.heal();
  });

  after(async () => {
    await fleet.close();
    await network.close();
  });

  /** Runs until the test ends or `stop` is called. */
  function relay(options: Parameters<typeof startRelayer>[2] = {}): {
    service: RelayerService;
    stop: () => Promise<void>;
  } {
    const service = startRelayer(network, fleet, options);
    const stopping = new AbortController();
    const ended = service.run(stopping.signal);
    let stopped: Promise<void> | undefined;
    const stop = (): Promise<void> =>
      (stopped ??= (async () => {
        stopping.abort();
        await ended;
        await service.close();
      })());
    running.push({ stop });
    return { service, stop };
  }

  /** Sends messages and waits until the lane has them. */
  async function send(
    src: AnvilRollup,
    dst: AnvilRollup,
    payloads: readonly string[],
    options: { readonly account?: number; readonly recipient?: string } = {},
  ): Promise<void> {
    const { nonce } = await src.gateway.outLane(dst.chainId);
    await sendMessages(src, dst, payloads, options);
    await until("they are sent", async () => {
      return (await src.gateway.outLane(dst.chainId)).nonce >= nonce + BigInt(payloads.length);
    });
  }

  /** Every message of the lane was executed exactly once: as many events as messages, all about different ones. */
  async function expectExactlyOnce(src: AnvilRollup, dst: AnvilRollup): Promise<void> {
    const sent = await src.gateway.queryFilter(src.gateway.filters.MessageAccepted(undefined, dst.chainId));
    const ids = sent.map(({ args }) => args.sendId);
    let executed: string[] = [];
    // A node's state may be a moment ahead of its logs.
    await until("their events are there", async () => {
      const events = await dst.gateway.queryFilter(dst.gateway.filters.MessageDelivered());
      executed = events.map(({ args }) => args.receiveId).filter((id) => ids.includes(id));
      return executed.length >= ids.length;
    });
    expect(executed.length).to.equal(ids.length);
    expect(new Set(executed).size).to.equal(ids.length);
  }

  const isDelivered = async (src: AnvilRollup, dst: AnvilRollup): Promise<boolean> => {
    const { nonce } = await src.gateway.outLane(dst.chainId);
    for (let index = 0n; index << 8n < nonce; index++) {
      const word = await dst.gateway.deliveredWord(src.chainId, index);
      for (let n = index << 8n; n < nonce && n < (index + 1n) << 8n; n++) {
        if (!((word >> (n & 255n)) & 1n) && !(await dst.gateway.isDelivered(src.chainId, n))) return false;
      }
    }
    return true;
  };

  it("delivers on soft heads to recipients that opted in, between all pairs", async () => {
    relay();
    for (const src of network.rollups) {
      for (const dst of network.rollups) if (src !== dst) await send(src, dst, ["0x01", "0x02"]);
    }
    for (const src of network.rollups) {
      for (const dst of network.rollups) {
        if (src === dst) continue;
        await until(`${src.name} to ${dst.name}`, () => isDelivered(src, dst));
        expect(await dst.gateway.fastWord(src.chainId, 0n)).not.to.equal(0n);
        await expectExactlyOnce(src, dst);
      }
    }
  });

  it("delivers when final to everybody else", async () => {
    const plain = await new RecipientMock__factory(devWallet(4, b.provider)).deploy({ gasLimit: 3_000_000n });
    await plain.waitForDeployment();
    relay();
    const before = (await a.gateway.outLane(b.chainId)).nonce;
    await send(a, b, ["0x03"], { recipient: await plain.getAddress() });
    await until("it is delivered", async () => (await plain.received()) === 1n);
    const word = await b.gateway.deliveredWord(a.chainId, 0n);
    expect((word >> before) & 1n).to.equal(1n);
  });

  it("PEERS-E2E: catches up with everything that was sent while it was away, in one burst", async () => {
    const payloads = Array.from({ length: 150 }, (_, index) => `0x${(index + 4_096).toString(16)}`);
    await send(a, b, payloads);
    await send(c, b, payloads.slice(0, 70));
    await a.mine(20);
    relay();
    await until("all are delivered", async () => (await isDelivered(a, b)) && (await isDelivered(c, b)));
    await expectExactlyOnce(a, b);
    await expectExactlyOnce(c, b);
  });

  it("NEEDS 10: loses nothing with endpoints that drop half of the logs", async () => {
    for (const proxy of a.proxies.slice(0, 2)) proxy.set({ dropLogs: 0.5 });
    relay();
    for (let i = 0; i < 10; i++) await send(a, c, ["0x10", "0x11", "0x12"]);
    await until("all are delivered", () => isDelivered(a, c));
    await expectExactlyOnce(a, c);
  });

  const outages = { "is cut off": { cut: true }, hangs: { hang: true }, "answers errors": { errors: 1 }, "lags ten blocks": { lagBlocks: 10 }, "forges logs": { lies: ["logs" as const] } }; // prettier-ignore
  for (const [what, faults] of Object.entries(outages)) {
    it(`NEEDS 9: goes on while an endpoint of source and destination ${what}`, async () => {
      for (const { proxies } of [a, b]) proxies[0]?.set(faults);
      relay({ extra: { rpcTimeoutMs: 1_000 } });
      await send(a, b, ["0x20", "0x21"]);
      await until("they are delivered", () => isDelivered(a, b));
      await expectExactlyOnce(a, b);
    });
  }

  it("NEEDS 9: a rollup whose endpoints are all gone is nobody else's trouble, and is served when it is back", async () => {
    relay({ extra: { rpcTimeoutMs: 1_000 } });
    for (const proxy of b.proxies) proxy.set({ cut: true });
    await send(a, b, ["0x30"]);
    await send(a, c, ["0x31"]);
    await until("the others are served", () => isDelivered(a, c));
    for (const proxy of b.proxies) proxy.heal();
    await until("it is served again", () => isDelivered(a, b));
  });

  it("two at once deliver everything once, and take each other's deliveries for granted", async () => {
    const first = relay({ account: 1, extra: { name: "first" } });
    const second = relay({ account: 2, extra: { name: "second" } });
    const payloads = Array.from({ length: 10 }, (_, index) => `0x4${index}`);
    for (let i = 0; i < 8; i++) await send(b, c, payloads);
    await until("all are delivered", () => isDelivered(b, c));
    await expectExactlyOnce(b, c);
    for (const { service } of [first, second])
      expect(service.status().lanes.every(({ dead }) => dead.length === 0)).to.equal(true);
  });

  it("REVIEW R5: after a reorg of the source's soft head what is there now is delivered, once", async () => {
    relay();
    await until("it runs", async () => isDelivered(a, b));
    a.mineEvery(0);
    await sendMessages(a, b, ["0x50"]);
    await a.mine();
    await new Promise((resolve) => setTimeout(resolve, 150));
    await reorg(a, 1);
    a.mineEvery(BLOCK_MS);
    await send(a, b, ["0x51"], { account: 5 });
    await send(a, b, ["0x52"], { account: 5 });
    await until("it is delivered", () => isDelivered(a, b));
    const final = (await a.gateway.outLane(b.chainId)).nonce;
    await until("the final ones are", async () => {
      const sent = await a.gateway.queryFilter(a.gateway.filters.MessageAccepted(undefined, b.chainId));
      const events = await b.gateway.queryFilter(b.gateway.filters.MessageDelivered());
      const executed = new Set(events.map(({ args }) => args.receiveId));
      return BigInt(sent.length) === final && sent.every(({ args }) => executed.has(args.sendId));
    });
  });

  it("ends on its signal having finished what was under way", async () => {
    const { service, stop } = relay();
    await sendMessages(c, a, ["0x60", "0x61"]);
    await until(
      "it works on them",
      () => service.relaying.tasks.running > 0 || service.status().lanes.some(({ open }) => open > 0),
    );
    await stop();
    expect(service.relaying.tasks.running).to.equal(0);
    expect(service.relaying.sides.every(({ sender }) => sender.status().inFlight === 0)).to.equal(true);
  });

  it("tells its health, readiness and metrics", async () => {
    const { service } = relay();
    const url = await service.serve("127.0.0.1", 0);
    await until("it is ready", async () => (await fetch(new URL("/readyz", url))).status === 200);
    expect((await fetch(new URL("/healthz", url))).status).to.equal(200);
    await send(a, b, ["0x70"]);
    await until("it is delivered", () => isDelivered(a, b));
    const names = ["queue", "oldest_undelivered_seconds", "last_root_age_seconds", "balance_wei", "runway_messages", "failures_total", "rpc_requests"]; // prettier-ignore
    await until("it counts", async () => {
      const metrics = await (await fetch(new URL("/metrics", url))).text();
      return (
        names.every((name) => metrics.includes(`relayer_${name}`)) &&
        /relayer_delivered_total\{[^}]*\} [1-9]/.test(metrics)
      );
    });
  });
});
