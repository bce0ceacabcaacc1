import { expect } from "chai";
import { agreedBlock, agreedFinalBlock } from "../../scripts/chain/finality.ts";
import type { Quorum } from "../../scripts/chain/quorum.ts";
import { canonicalJson, createQuorum, rpcQuestion } from "../../scripts/chain/quorum.ts";
import { createEndpoint } from "../../scripts/chain/endpoint.ts";
import type { TestRollup } from "./rollup.ts";
import { receiptOf } from "../helpers/receipts.ts";
import { codeThrownBy, devWallet, FAULTS, mine, startRollup } from "./rollup.ts";

/** Init code that emits LOG1(topic 7, 32 bytes 0x2a) and leaves no code. */
const EMITS_A_LOG = "0x602a600052600760206000a1";

describe("quorum", () => {
  let rollup: TestRollup;
  let truth: { block: unknown; logs: unknown; receipt: unknown };
  let transactionHash: string;

  before(async () => {
    rollup = await startRollup();
    const wallet = devWallet(0);
    const raw = await wallet.signTransaction({
      type: 2,
      chainId: 8101,
      nonce: 0,
      data: EMITS_A_LOG,
      gasLimit: 100_000,
      maxFeePerGas: 10n ** 10n,
      maxPriorityFeePerGas: 10n ** 9n,
    });
    transactionHash = String(await rollup.node.rpc("eth_sendRawTransaction", raw));
    await receiptOf(rollup.node, transactionHash);
    await mine(rollup.node, 5);
    truth = {
      block: await rollup.node.rpc("eth_getBlockByNumber", "0x4", false),
      logs: await rollup.node.rpc("eth_getLogs", { fromBlock: "0x0", toBlock: "0x4" }),
      receipt: await rollup.node.rpc("eth_getTransactionReceipt", transactionHash),
    };
    expect(truth.logs).to.have.length(1);
  });
  after(() => rollup.close());
  afterEach(() => rollup.heal());

  const quorum = (k: number, n: number): Quorum =>
    createQuorum({ rollup: "test", chainId: 8101n, endpoints: rollup.endpoints(n), k, timeoutMs: 2_000 });

  const facts = () =>
    rpcQuestion(
      "a block, its logs and a receipt",
      [
        { method: "eth_getBlockByNumber", params: ["0x4", false] },
        { method: "eth_getLogs", params: [{ fromBlock: "0x0", toBlock: "0x4" }] },
        { method: "eth_getTransactionReceipt", params: [transactionHash] },
      ],
      ([block, logs, receipt]) => ({ block, logs, receipt }),
    );

  describe("agree", () => {
    for (const [name, faults] of Object.entries(FAULTS)) {
      it(`NEEDS 9: with one endpoint of three ${name}, the answer is the truth`, async () => {
        rollup.proxies[1]?.set(faults);
        expect((await quorum(2, 3).agree(facts())).answer).to.deep.equal(truth);
      });

      if (name === "slow") continue;

      it(`NEEDS 9, EXPLOITS 38: with one endpoint ${name} and another that forges, it refuses`, async () => {
        rollup.proxies[0]?.set(faults);
        rollup.proxies[2]?.set({ lies: name === "forging block hashes" ? ["stateRoot"] : ["blockHash"] });
        expect(await codeThrownBy(quorum(2, 3).agree(facts()))).to.equal("QUORUM_NOT_REACHED");
      });

      it(`NEEDS 9: with one endpoint of two ${name}, it refuses`, async () => {
        rollup.proxies[0]?.set(faults);
        expect(await codeThrownBy(quorum(2, 2).agree(facts()))).to.equal("QUORUM_NOT_REACHED");
      });
    }

    it("EXPLOITS 38: honest endpoints under attack and one liar left: refuses instead of failing over to the liar", async () => {
      rollup.proxies[0]?.set({ hang: true });
      rollup.proxies[1]?.set({ cut: true });
      rollup.proxies[2]?.set({ lies: ["logs", "receipts"] });
      expect(await codeThrownBy(quorum(2, 3).agree(facts()))).to.equal("QUORUM_NOT_REACHED");
    });

    it("refuses a split view: three endpoints, three answers", async () => {
      rollup.proxies[0]?.set({ lies: ["blockHash"] });
      rollup.proxies[1]?.set({ lies: ["stateRoot"] });
      expect(await codeThrownBy(quorum(2, 3).agree(facts()))).to.equal("QUORUM_NOT_REACHED");
    });

    it("does not wait for a hung endpoint once k have agreed", async () => {
      rollup.proxies[2]?.set({ hang: true });
      const started = performance.now();
      const { agreed } = await quorum(2, 3).agree(facts());
      expect(agreed).to.have.length(2);
      expect(performance.now() - started).to.be.below(1_500);
    });

    it("names who dissented", async () => {
      rollup.proxies[0]?.set({ lies: ["stateRoot"] });
      // The liar is heard before two agree.
      rollup.proxies[1]?.set({ delayMs: 400 });
      rollup.proxies[2]?.set({ delayMs: 400 });
      const { dissenting } = await quorum(2, 3).agree(facts());
      expect(dissenting).to.deep.equal([`127.0.0.1:${rollup.proxies[0]?.port}`]);
    });

    it("agrees on a known absence", async () => {
      const question = rpcQuestion(
        "no such block",
        [{ method: "eth_getBlockByNumber", params: ["0xffff", false] }],
        ([block]) => block,
      );
      expect((await quorum(2, 3).agree(question)).answer).to.equal(null);
    });

    it("stops with the signal", async () => {
      rollup.proxies.forEach((proxy) => proxy.set({ hang: true }));
      expect(await codeThrownBy(quorum(2, 3).agree(facts(), AbortSignal.timeout(30)))).to.equal("ABORTED");
    });
  });

  describe("configuration", () => {
    const build = (k: number, urls: readonly string[]) => (): Quorum =>
      createQuorum({ rollup: "test", chainId: 1n, k, endpoints: urls.map((url) => createEndpoint({ url })) });
    const three = ["http://a:1", "http://b:1", "http://c:1"];

    for (const [what, k, urls] of [
      ["no answer at all (0 of 3)", 0, three],
      ["less than a majority (1 of 3)", 1, three],
      ["half (1 of 2)", 1, three.slice(1)],
      ["more than there are (4 of 3)", 4, three],
      ["the same endpoint twice", 2, ["http://a:1", "http://A:1/", "http://b:1"]],
      ["no endpoint", 1, []],
    ] as const) {
      it(`refuses ${what}`, () => {
        expect(build(k, urls)).to.throw().with.property("code", "CONFIG_QUORUM");
      });
    }
  });

  describe("finality", () => {
    it("takes the newest block that k endpoints call final, whatever one claims", async () => {
      rollup.proxies[0]?.set({ lies: ["head"] });
      rollup.proxies[1]?.set({ delayMs: 10 });
      const block = await agreedFinalBlock(quorum(2, 3), { kind: "depth", blocks: 2 });
      expect(block.number).to.equal(4);
    });

    it("follows the node's tag", async () => {
      const block = await agreedFinalBlock(quorum(2, 3), { kind: "tag", tag: "finalized" });
      expect(block.number).to.equal(4);
    });

    it("has no final block before the depth is reached", async () => {
      const code = await codeThrownBy(agreedFinalBlock(quorum(2, 3), { kind: "depth", blocks: 1_000 }));
      expect(code).to.equal("FINALITY_NONE");
    });

    it("refuses when two of three are silent", async () => {
      rollup.proxies[0]?.set({ hang: true });
      rollup.proxies[1]?.set({ cut: true });
      const code = await codeThrownBy(agreedFinalBlock(quorum(2, 3), { kind: "depth", blocks: 2 }));
      expect(code).to.equal("QUORUM_NOT_REACHED");
    });

    it("does not agree on a block that nobody has", async () => {
      expect(await codeThrownBy(agreedBlock(quorum(2, 3), 9_999))).to.equal("QUORUM_NOT_REACHED");
    });
  });

  describe("canonicalJson", () => {
    it("is equal for equal data in another order and differs for other data", () => {
      expect(canonicalJson({ b: 1n, a: [{ d: 1, c: 2 }] })).to.equal(canonicalJson({ a: [{ c: 2, d: 1 }], b: 1n }));
      expect(canonicalJson({ a: 1n })).to.not.equal(canonicalJson({ a: "1" }));
      expect(canonicalJson([1, 2])).to.not.equal(canonicalJson([2, 1]));
      expect(canonicalJson(undefined)).to.not.equal(canonicalJson(null));
    });
  });
});
