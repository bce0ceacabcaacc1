import { expect } from "chai";
import http from "node:http";
import { softHead } from "../../scripts/chain/finality.ts";
import type { Head } from "../../scripts/chain/heads.ts";
import { watchHeads } from "../../scripts/chain/heads.ts";
import { until } from "../helpers/daemonNetwork.ts";
import type { TestRollup } from "./rollup.ts";
import { startRollup } from "./rollup.ts";

const POLL_MS = 20;

describe("watchHeads", () => {
  let rollup: TestRollup;

  before(async () => {
    rollup = await startRollup({ blockTime: 0.1 });
  });
  after(() => rollup.close());
  afterEach(() => rollup.heal());

  /** Watches until `stop`, which resolves when nothing runs any more. */
  function watch(webSocketUrl?: string): { heads: Head[]; errors: unknown[]; stop(): Promise<void> } {
    const controller = new AbortController();
    const heads: Head[] = [];
    const errors: unknown[] = [];
    const done = watchHeads({
      pool: rollup.pool(3, { probeMs: 1e9 }),
      signal: controller.signal,
      pollMs: POLL_MS,
      onHead: (head) => heads.push(head),
      onError: (error) => errors.push(error),
      ...(webSocketUrl === undefined ? {} : { webSocketUrl }),
    });
    return {
      heads,
      errors,
      stop() {
        controller.abort();
        return done;
      },
    };
  }

  const expectGrowing = (heads: readonly Head[]): void => {
    heads.slice(1).forEach((head, i) => expect(head.block.number).to.be.above(heads[i]?.block.number ?? -1));
  };

  it("reports every head once, in order, with its time of arrival", async () => {
    const started = Date.now();
    const watching = watch();
    await until("eight heads came", () => watching.heads.length >= 8);
    await watching.stop();
    expectGrowing(watching.heads);
    const arrivals = [started, ...watching.heads.map(({ arrivedAt }) => arrivedAt), Date.now()];
    expect(arrivals).to.deep.equal([...arrivals].sort((a, b) => a - b));
  });

  it("survives an outage of all endpoints", async () => {
    const watching = watch();
    await until("two heads came", () => watching.heads.length >= 2);
    rollup.proxies.forEach((proxy) => proxy.set({ cut: true }));
    await until("an error was told", () => watching.errors.length > 0);
    const before = watching.heads.length;
    rollup.heal();
    await until("three more heads came", () => watching.heads.length >= before + 3);
    await watching.stop();
    expectGrowing(watching.heads);
  });

  it("reports the new branch after a reorg", async () => {
    const watching = watch();
    await until("four heads came", () => watching.heads.length >= 4);
    await rollup.node.rpc("anvil_reorg", 2, []);
    const pool = rollup.pool();
    await until("a head of the new branch came", async () => {
      const { hash } = await softHead(pool);
      return watching.heads.some(({ block }) => block.hash === hash);
    });
    await watching.stop();
  });

  it("takes pushed heads, and polls at a tenth of the pace meanwhile", async () => {
    const watching = watch(rollup.node.webSocketUrl);
    await until("three heads came", () => watching.heads.length >= 3);
    const before = rollup.proxies.reduce((sum, proxy) => sum + proxy.stats().requests, 0);
    const count = watching.heads.length;
    const started = performance.now();
    await until("six more heads came", () => watching.heads.length >= count + 6);
    const polled = rollup.proxies.reduce((sum, proxy) => sum + proxy.stats().requests, 0) - before;
    const atFullPace = (performance.now() - started) / POLL_MS;
    await watching.stop();
    expectGrowing(watching.heads);
    // Six heads may take long where blocks come late.
    expect(polled).to.be.below(Math.max(8, atFullPace / 4));
  });

  it("goes on by polling where the WebSocket fails or says nothing", async () => {
    const mute = http.createServer((_, response) => response.writeHead(500).end());
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    const address = mute.address();
    const port = typeof address === "object" ? address?.port : 0;
    const watching = watch(`ws://127.0.0.1:${port}`);
    await until("four heads came", () => watching.heads.length >= 4);
    await watching.stop();
    expect(watching.errors.length).to.be.above(0);
    mute.close();
  });
});
