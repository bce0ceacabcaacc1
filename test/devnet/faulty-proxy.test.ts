import { expect } from "chai";
import { parseBlock, quantity } from "../../scripts/chain/blocks.ts";
import { createEndpoint } from "../../scripts/chain/endpoint.ts";
import type { TestRollup } from "../chain/rollup.ts";
import { codeThrownBy, devWallet, mine, startRollup } from "../chain/rollup.ts";
import { receiptOf } from "../helpers/receipts.ts";

describe("faulty proxy", () => {
  let rollup: TestRollup;

  before(async () => {
    rollup = await startRollup();
    await mine(rollup.node, 10);
  });
  after(() => rollup.close());
  afterEach(() => rollup.heal());

  const ask = async (method: string, ...params: readonly unknown[]): Promise<unknown> => {
    const [endpoint] = rollup.endpoints(1);
    return endpoint?.request(method, params);
  };
  const control = async (body?: object): Promise<unknown> => {
    const url = `${rollup.proxies[0]?.url ?? ""}/control`;
    const init = body === undefined ? {} : { method: "PUT", body: JSON.stringify(body) };
    return (await fetch(url, init)).json();
  };

  it("is honest while nothing is set", async () => {
    const args = ["eth_getBlockByNumber", "0x5", false] as const;
    expect(await ask(...args)).to.deep.equal(await rollup.node.rpc(...args));
  });

  it("passes on the node's own errors with code and data", async () => {
    const call = { data: "0x63deadbeef6000526004601cfd" };
    const error: unknown = await ask("eth_call", call, "latest").catch((thrown: unknown) => thrown);
    expect(error).to.have.nested.property("info.data", "0xdeadbeef");
    expect(error).to.have.nested.property("info.nodeCode", 3);
  });

  it("lags as one node would: in heads, blocks, logs, counts and state alike", async () => {
    const wallet = devWallet(0);
    const fields = { type: 2, chainId: 8101, nonce: 0, to: devWallet(9).address, value: 5n, gasLimit: 21_000 };
    const raw = await wallet.signTransaction({ ...fields, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n });
    const hash = await rollup.node.rpc("eth_sendRawTransaction", raw);
    await receiptOf(rollup.node, hash);
    const head = quantity(await rollup.node.rpc("eth_blockNumber"));
    rollup.proxies[0]?.set({ lagBlocks: 1 });
    expect(quantity(await ask("eth_blockNumber"))).to.equal(head - 1);
    expect(parseBlock(await ask("eth_getBlockByNumber", "latest", false)).number).to.equal(head - 1);
    expect(await ask("eth_getBlockByNumber", `0x${head.toString(16)}`, false)).to.equal(null);
    expect(await ask("eth_getTransactionReceipt", hash)).to.equal(null);
    expect(await ask("eth_getTransactionCount", wallet.address, "latest")).to.equal("0x0");
    expect(await ask("eth_getLogs", { fromBlock: `0x${head.toString(16)}`, toBlock: "latest" })).to.deep.equal([]);
  });

  it("is set and read over HTTP, also while it is cut", async () => {
    await control({ cut: true, delayMs: 5 });
    expect(await codeThrownBy(ask("eth_chainId"))).to.equal("RPC_UNREACHABLE");
    expect(await control()).to.have.nested.property("faults.delayMs", 5);
    await control({ cut: false });
    expect(quantity(await ask("eth_chainId"))).to.equal(8_101);
    expect(await control())
      .to.have.nested.property("stats.methods.eth_chainId")
      .that.is.at.least(1);
  });

  it("refuses faults that it does not know", async () => {
    expect(await control({ dealyMs: 5 })).to.have.property("error");
    expect(await control({ errors: 2 })).to.have.property("error");
    expect(rollup.proxies[0]?.faults).to.include({ delayMs: 0, errors: 0 });
  });

  it("counts requests and calls", async () => {
    const endpoint = createEndpoint({ url: rollup.proxies[1]?.url ?? "" });
    const before = rollup.proxies[1]?.stats() ?? { requests: 0, calls: 0 };
    await endpoint.batch([1, 2, 3].map(() => ({ method: "eth_chainId", params: [] })));
    const after = rollup.proxies[1]?.stats() ?? { requests: 0, calls: 0 };
    expect([after.requests - before.requests, after.calls - before.calls]).to.deep.equal([1, 3]);
    endpoint.close();
  });
});
