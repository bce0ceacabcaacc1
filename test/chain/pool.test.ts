import { expect } from "chai";
import { Contract, parseEther } from "ethers";
import { parseBlock, quantity } from "../../scripts/chain/blocks.ts";
import { createEndpoint } from "../../scripts/chain/endpoint.ts";
import { finalBlock, softHead } from "../../scripts/chain/finality.ts";
import type { RpcPool } from "../../scripts/chain/pool.ts";
import { createPool } from "../../scripts/chain/pool.ts";
import { PoolProvider } from "../../scripts/chain/provider.ts";
import { nodeError } from "../../scripts/chain/rpc-errors.ts";
import { delay } from "../../scripts/chain/tasks.ts";
import type { TestRollup } from "./rollup.ts";
import { until } from "../helpers/daemonNetwork.ts";
import { codeThrownBy, devWallet, FAULTS, mine, startRollup } from "./rollup.ts";

/** Faults that a client can see by itself; forged contents are for k of n. */
const VISIBLE = Object.entries(FAULTS).filter(([, { lies, dropLogs }]) => lies === undefined && dropLogs === undefined);

describe("pool", () => {
  let rollup: TestRollup;
  const pools: RpcPool[] = [];

  before(async () => {
    rollup = await startRollup();
    await mine(rollup.node, 40);
  });
  after(() => rollup.close());
  afterEach(() => rollup.heal());

  const open = (...args: Parameters<TestRollup["pool"]>): RpcPool => {
    const pool = rollup.pool(...args);
    pools.push(pool);
    return pool;
  };
  const height = async (): Promise<number> => quantity(await rollup.node.rpc("eth_blockNumber"));

  describe("request", () => {
    for (const [name, faults] of VISIBLE) {
      for (const bad of [1, 2]) {
        it(`NEEDS 9: reads the newest block with ${bad} of 3 endpoints ${name}`, async () => {
          rollup.proxies.slice(0, bad).forEach((proxy) => proxy.set(faults));
          // A wall clock at which the frozen head is old: the node's own blocks are all of this moment.
          const pool = open(3, { wallClock: () => Date.now() + 3_600_000 });
          await pool.probe();
          for (let round = 0; round < 3; round++)
            expect(quantity(await pool.request("eth_blockNumber", []))).to.equal(await height());
        });
      }

      if (name === "slow") continue;

      it(`NEEDS 9: says so when all endpoints are ${name}, and works again once they heal`, async () => {
        rollup.proxies.forEach((proxy) => proxy.set(faults));
        const pool = open(3, { probeMs: 20 });
        if (name === "stale") expect(quantity(await pool.request("eth_blockNumber", []))).to.equal(2);
        else expect(await codeThrownBy(pool.request("eth_blockNumber", []))).to.equal("RPC_ALL_FAILED");
        rollup.heal();
        await until(
          "an endpoint answers again",
          async () => (await pool.request("eth_blockNumber", []).catch(() => "0x0")) !== "0x0",
        );
        await pool.probe();
        expect(quantity(await pool.request("eth_blockNumber", []))).to.equal(await height());
      });
    }

    it("NEEDS 9: an endpoint that begins to fail under way costs one short delay, later calls none", async () => {
      const pool = open(3, { hedgeMs: 500 });
      await pool.request("eth_blockNumber", []);
      rollup.proxies.slice(0, 2).forEach((proxy) => proxy.set({ hang: true }));
      for (let round = 0; round < 6; round++) await pool.request("eth_blockNumber", []);
      const started = performance.now();
      for (let round = 0; round < 10; round++) await pool.request("eth_blockNumber", []);
      // With the delay of a hedge in each it would be 5,000.
      expect(performance.now() - started).to.be.below(3_000);
    });

    it("NEEDS 9: an endpoint that had not introduced itself yet is asked when the first ones fail", async () => {
      rollup.proxies[1]?.set({ hang: true });
      rollup.proxies[2]?.set({ delayMs: 120 });
      const pool = open();
      await pool.request("eth_blockNumber", []);
      expect(pool.health().map(({ chain }) => chain)).to.deep.equal(["right", "unknown", "unknown"]);
      rollup.proxies[0]?.set({ cut: true });
      expect(quantity(await pool.request("eth_blockNumber", []))).to.equal(await height());
    });

    it("NEEDS 9: an endpoint that is moved to another chain while running is not asked any more", async () => {
      const pool = open(2, { probeMs: 10 });
      await pool.probe();
      rollup.proxies[0]?.set({ chainId: 999 });
      await pool.probe();
      expect(pool.health()[0]?.chain).to.equal("wrong");
      const before = rollup.proxies[0]?.stats().methods["eth_getBalance"] ?? 0;
      for (let round = 0; round < 5; round++) await pool.request("eth_getBalance", [devWallet(0).address, "latest"]);
      expect(rollup.proxies[0]?.stats().methods["eth_getBalance"] ?? 0).to.equal(before);
    });

    it("NEEDS 9: one endpoint that claims a head far ahead does not push out the honest ones", async () => {
      rollup.proxies[0]?.set({ lies: ["head"] });
      const pool = open(3, { rotateMs: 1 });
      await mine(rollup.node, 1);
      await pool.probe();
      const asked = new Set<number>();
      for (let round = 0; round < 30; round++) {
        asked.add(quantity(await pool.request("eth_blockNumber", [])));
        await delay(2);
      }
      expect(asked).to.include(await height());
      expect(pool.health().filter(({ stale }) => stale)).to.deep.equal([]);
    });

    it("passes a revert on at once instead of asking the next endpoint", async () => {
      const pool = open();
      const call = { data: "0x63deadbeef6000526004601cfd", from: devWallet(0).address };
      const error = await pool.request("eth_call", [call, "latest"]).catch((thrown: unknown) => thrown);
      expect(error).to.include({ code: "RPC_REVERTED" });
      expect(error).to.have.nested.property("info.data", "0xdeadbeef");
      expect(pool.stats().failures).to.equal(0);
    });

    it("stops with the signal", async () => {
      const pool = open();
      await pool.probe();
      rollup.proxies.forEach((proxy) => proxy.set({ hang: true }));
      const pending = pool.request("eth_blockNumber", [], { signal: AbortSignal.timeout(20) });
      expect(await codeThrownBy(pending)).to.equal("ABORTED");
    });

    it("does not let one rollup's dead endpoints delay another's (NEEDS 9, hyperlane-monorepo#1390)", async () => {
      const dead = createPool({
        rollup: "dead",
        chainId: 1n,
        blockTimeMs: 1_000,
        endpoints: [createEndpoint({ url: rollup.proxies[2]?.url ?? "", timeoutMs: 3_000 })],
      });
      rollup.proxies[2]?.set({ hang: true });
      const order: string[] = [];
      const failing = codeThrownBy(dead.request("eth_blockNumber", [])).finally(() => order.push("dead"));
      const alive = open(2);
      for (let round = 0; round < 20; round++) await alive.request("eth_blockNumber", []);
      order.push("alive");
      expect(order).to.deep.equal(["alive"]);
      expect(await failing).to.equal("RPC_ALL_FAILED");
      dead.close();
    });
  });

  describe("batch", () => {
    it("counts one request for many calls", async () => {
      const pool = open(1, { probeMs: 1e9 });
      await pool.probe();
      const before = pool.stats();
      const calls = Array.from({ length: 50 }, () => ({ method: "eth_blockNumber", params: [] }));
      const outcomes = await pool.batch(calls);
      expect(outcomes.every(({ ok }) => ok)).to.equal(true);
      expect(pool.stats().requests - before.requests).to.equal(1);
      expect(pool.stats().calls - before.calls).to.equal(50);
    });

    it("keeps the good answers where one call is refused", async () => {
      const outcomes = await open(1).batch([
        { method: "eth_chainId", params: [] },
        { method: "eth_call", params: [{ data: "0x60006000fd" }, "latest"] },
      ]);
      expect(outcomes.map(({ ok }) => ok)).to.deep.equal([true, false]);
    });
  });

  describe("endpoint", () => {
    it("refuses what is no URL of a node", () => {
      for (const url of ["", "ftp://a", "localhost:8545"])
        expect(() => createEndpoint({ url }))
          .to.throw()
          .with.property("code", "CONFIG_RPC_URL");
    });

    it("keeps the access key of a URL out of its label and errors", async () => {
      rollup.proxies[0]?.set({ httpStatus: 500 });
      const endpoint = createEndpoint({ url: `${rollup.proxies[0]?.url ?? ""}/v2/secret-key` });
      const error: unknown = await endpoint.request("eth_chainId", []).catch((thrown: unknown) => thrown);
      expect(error).to.have.property("code", "RPC_HTTP");
      expect(String(error) + JSON.stringify(error) + endpoint.label).to.not.contain("secret-key");
      endpoint.close();
    });

    it("refuses an endless answer", async () => {
      const endpoint = createEndpoint({ url: rollup.node.url, maxBytes: 100 });
      const code = await codeThrownBy(endpoint.request("eth_getBlockByNumber", ["latest", false]));
      expect(code).to.equal("RPC_BAD_RESPONSE");
      endpoint.close();
    });
  });

  describe("nodeError", () => {
    for (const [message, code, expected] of [
      ["execution reverted: no", 3, "RPC_REVERTED"],
      ["EVM error OutOfGas", -32603, "RPC_REVERTED"],
      ["out of gas", -32000, "RPC_REVERTED"],
      ["already known", -32000, "TX_KNOWN"],
      ["transaction already imported", -32003, "TX_KNOWN"],
      ["nonce too low: next nonce 5, tx nonce 3", -32000, "TX_NONCE_LOW"],
      ["replacement transaction underpriced", -32000, "TX_UNDERPRICED"],
      ["transaction underpriced: tip needed 1", -32000, "TX_FEE_LOW"],
      ["max fee per gas less than block base fee: address 0x", -32000, "TX_FEE_LOW"],
      ["insufficient funds for gas * price + value", -32000, "TX_FUNDS"],
      ["intrinsic gas too low", -32000, "TX_REJECTED"],
      ["query returned more than 10000 results", -32005, "RPC_RANGE_LIMIT"],
      ["Log response size exceeded.", -32602, "RPC_RANGE_LIMIT"],
      ["daily request count exceeded, request rate limited", -32005, "RPC_UNAVAILABLE"],
      ["header not found", -32000, "RPC_UNAVAILABLE"],
      ["missing trie node 1234 (path )", -32000, "RPC_UNAVAILABLE"],
      ["who knows", -32000, "RPC_REJECTED"],
      ["who knows", -32603, "RPC_UNAVAILABLE"],
    ] as const) {
      it(`takes "${message}" (${code}) for ${expected}`, () => {
        expect(nodeError("node", "eth_getLogs", { code, message }).code).to.equal(expected);
      });
    }
  });

  describe("finality", () => {
    it("finds head, depth and tag in one node's view", async () => {
      const pool = open();
      const head = await height();
      expect((await softHead(pool)).number).to.equal(head);
      expect((await finalBlock(pool, { kind: "depth", blocks: 5 })).number).to.equal(head - 5);
      expect((await finalBlock(pool, { kind: "tag", tag: "safe" })).number).to.equal(head - 1);
      expect((await finalBlock(pool, { kind: "tag", tag: "finalized" })).number).to.equal(head - 2);
      expect(await codeThrownBy(finalBlock(pool, { kind: "depth", blocks: 999_999 }))).to.equal("FINALITY_NONE");
    });
  });

  describe("PoolProvider", () => {
    it("serves ethers, reads and transactions, while an endpoint fails", async () => {
      rollup.proxies[0]?.set({ cut: true });
      const provider = new PoolProvider(open());
      const wallet = devWallet(3).connect(provider);
      const sent = await wallet.sendTransaction({ to: devWallet(4).address, value: parseEther("1") });
      const receipt = await sent.wait();
      expect(receipt?.status).to.equal(1);
      const raw = await rollup.node.rpc("eth_getBlockByNumber", "latest", false);
      expect((await provider.getBlock("latest"))?.hash).to.equal(parseBlock(raw).hash);
      provider.destroy();
    });

    it("hands revert data to ethers", async () => {
      const provider = new PoolProvider(open());
      await rollup.node.rpc(
        "anvil_setCode",
        "0x00000000000000000000000000000000000000aa",
        "0x63deadbeef6000526004601cfd",
      );
      const contract = new Contract(
        "0x00000000000000000000000000000000000000aa",
        ["function f() view returns (uint256)"],
        provider,
      );
      const error: unknown = await contract
        .getFunction("f")()
        .catch((thrown: unknown) => thrown);
      expect(error).to.include({ code: "CALL_EXCEPTION", data: "0xdeadbeef" });
      provider.destroy();
    });

    it("hands the pool's own error to who uses ethers: an endpoint that fails is no contract that refuses", async () => {
      rollup.proxies.forEach((proxy) => proxy.set({ loseAnswers: ["eth_call", "eth_estimateGas", "eth_getBalance"] }));
      const provider = new PoolProvider(open());
      const to = devWallet(4).address;
      for (const ask of [
        () => provider.call({ to }),
        () => provider.estimateGas({ to }),
        () => provider.getBalance(to),
        () => provider.send("eth_noSuchMethod", []),
      ])
        expect(await codeThrownBy(ask())).to.equal("RPC_ALL_FAILED");
      provider.destroy();
    });

    it("asks no second endpoint to send while the first is only slow", async () => {
      rollup.proxies.forEach((proxy) => proxy.set({ lateAnswerMs: 400 }));
      const provider = new PoolProvider(open());
      const wallet = devWallet(3).connect(provider);
      const sends = (): number =>
        rollup.proxies.reduce((sum, proxy) => sum + (proxy.stats().methods["eth_sendRawTransaction"] ?? 0), 0);
      const before = sends();
      await wallet.sendTransaction({ to: devWallet(4).address, value: 1n });
      expect(sends() - before).to.equal(1);
      provider.destroy();
    });
  });
});
