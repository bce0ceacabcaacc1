import { expect } from "chai";
import { parseLogs, quantity, toQuantity } from "../../scripts/chain/blocks.ts";
import type { LogRange, LogReader, LogReaderOptions } from "../../scripts/chain/logs.ts";
import { createLogReader } from "../../scripts/chain/logs.ts";
import { seededRandom } from "../../scripts/devnet/faults.ts";
import type { TestRollup } from "./rollup.ts";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { codeThrownBy, devWallet, mine, startRollup } from "./rollup.ts";

const EMITTER = "0x00000000000000000000000000000000000000ef";
/** Emits what it is called with: CALLDATACOPY, LOG1 with topic 7. */
const EMITTER_CODE = "0x365f5f376007365fa100";
const FILTER = { address: EMITTER, topics: [`0x${"7".padStart(64, "0")}`] };
describe(`log reader (seed ${FUZZ_SEED})`, () => {
  let rollup: TestRollup;
  let nonce = 0;
  let emitted = 0;

  before(async () => {
    rollup = await startRollup();
    await rollup.node.rpc("anvil_setCode", EMITTER, EMITTER_CODE);
    await rollup.node.rpc("evm_setAutomine", false);
    for (let block = 0; block < 60; block++) await emitBlock(block % 3);
  });
  after(() => rollup.close());
  afterEach(() => rollup.heal());

  /** One block with `count` logs, numbered through. */
  async function emitBlock(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await rollup.node.rpc("eth_sendRawTransaction", await emission(emitted++));
    await mine(rollup.node, 1);
  }

  function emission(value: number): Promise<string> {
    return devWallet(1).signTransaction({
      type: 2,
      chainId: 8101,
      nonce: nonce++,
      to: EMITTER,
      data: `0x${value.toString(16).padStart(64, "0")}`,
      gasLimit: 60_000,
      maxFeePerGas: 10n ** 11n,
      maxPriorityFeePerGas: 1n,
    });
  }

  const height = async (): Promise<number> => quantity(await rollup.node.rpc("eth_blockNumber"));
  const open = (options: Partial<LogReaderOptions> = {}, count = 3): LogReader =>
    createLogReader({ pool: rollup.pool(count), filter: FILTER, fromBlock: 1, ...options });

  /** Reads up to the block, applies roll-backs, and returns the values seen in order. */
  async function follow(
    reader: LogReader,
    to: number,
    seen: { block: number; value: number }[] = [],
  ): Promise<number[]> {
    for (;;) {
      const piece = await reader.read(to);
      if (piece === undefined) return seen.map(({ value }) => value);
      if (piece.kind === "rollback") seen.splice(0, seen.length, ...seen.filter(({ block }) => block <= piece.to));
      else seen.push(...piece.logs.map((log) => ({ block: log.blockNumber, value: Number(log.data) })));
    }
  }

  /** What the chain really holds. */
  async function truth(): Promise<number[]> {
    const logs = parseLogs(await rollup.node.rpc("eth_getLogs", { ...FILTER, fromBlock: "0x0", toBlock: "latest" }));
    return logs.map(({ data }) => Number(data));
  }

  it("NEEDS 10: catches up from history in bounded pieces", async () => {
    const expected = await truth();
    expect(expected).to.have.length(60);
    for (const maxRange of [1, 7, 5_000])
      expect(await follow(open({ maxRange }), await height())).to.deep.equal(expected);
  });

  it("halves its range where a node refuses, and grows it back", async () => {
    rollup.proxies.forEach((proxy) => proxy.set({ maxLogRange: 8 }));
    const reader = open({ maxRange: 64 });
    expect(await follow(reader, await height())).to.deep.equal(await truth());
    rollup.heal();
    expect((await reader.read(await height())) === undefined).to.equal(true);
  });

  it("starts where it is told", async () => {
    expect(await follow(open({ fromBlock: 31 }), await height())).to.deep.equal((await truth()).slice(30));
  });

  it("NEEDS 10: with an endpoint that drops every log, takes what two endpoints tell alike", async () => {
    rollup.proxies[0]?.set({ dropLogs: 1 });
    const pool = rollup.pool(3, { rotateMs: 1 });
    const reader = createLogReader({ pool, filter: FILTER, fromBlock: 1, maxRange: 5, confirm: "second" });
    expect(await follow(reader, await height())).to.deep.equal(await truth());
  });

  it("NEEDS 10: with an endpoint that forges logs, takes what two endpoints tell alike", async () => {
    rollup.proxies[1]?.set({ lies: ["logs"] });
    const pool = rollup.pool(3, { rotateMs: 1 });
    const reader = createLogReader({ pool, filter: FILTER, fromBlock: 1, maxRange: 5, confirm: "second" });
    expect(await follow(reader, await height())).to.deep.equal(await truth());
  });

  it("NEEDS 10: refuses rather than guesses when only two endpoints are there and differ", async () => {
    rollup.proxies[0]?.set({ dropLogs: 1 });
    const reader = open({ confirm: "second" }, 2);
    expect(await codeThrownBy(follow(reader, await height()))).to.equal("LOGS_UNCONFIRMED");
    expect(reader.next).to.equal(1);
    rollup.heal();
    expect(await follow(reader, await height())).to.deep.equal(await truth());
  });

  it("NEEDS 10: reads a range again when the caller finds a gap in it", async () => {
    rollup.proxies.forEach((proxy) => proxy.set({ dropLogs: 0.3 }));
    let next = 0;
    const isDense = async ({ from, to, logs }: LogRange): Promise<boolean> => {
      let count = 0;
      for (let block = from; block <= to; block++) count += (block - 1) % 3;
      const dense = logs.every(({ data }, i) => Number(data) === next + i) && logs.length === count;
      if (dense) next += count;
      return dense;
    };
    const reader = open({ maxRange: 5, fromBlock: 1, confirm: isDense });
    const values: number[] = [];
    let refused = 0;
    while (reader.next <= 60 && refused < 1_000) {
      const piece = await reader.read(60).catch(() => undefined);
      if (piece?.kind === "logs") values.push(...piece.logs.map(({ data }) => Number(data)));
      else refused += 1;
    }
    expect(refused).to.be.above(0);
    expect(values).to.deep.equal((await truth()).slice(0, 60));
  });

  it("does not take an endpoint's word for blocks that it does not have", async () => {
    rollup.proxies.forEach((proxy) => proxy.set({ frozenAt: 20 }));
    const reader = open();
    expect(await codeThrownBy(follow(reader, await height()))).to.equal("RPC_ALL_FAILED");
    rollup.proxies[2]?.heal();
    expect(await follow(reader, await height())).to.deep.equal(await truth());
  });

  it("rewinds", async () => {
    const reader = open({ maxRange: 10 });
    const all = await follow(reader, await height());
    reader.rewind(31);
    expect(reader.next).to.equal(31);
    expect(await follow(reader, await height())).to.deep.equal(all.slice(30));
  });

  it("NEEDS 10, C18: reorgs of depth 1 to 20 lose nothing that stayed and keep nothing that vanished", async () => {
    const random = seededRandom(FUZZ_SEED);
    const reader = open({ maxRange: 3 });
    const seen: { block: number; value: number }[] = [];
    await follow(reader, await height(), seen);
    let rollbacks = 0;
    for (let depth = 1; depth <= 20; depth++) {
      for (let block = 0; block < 4; block++) await emitBlock(Math.floor(random() * 3));
      await follow(reader, await height(), seen);
      // New blocks in place of old ones, with another transaction in one of them.
      nonce = quantity(await nonceBefore(depth));
      const replacement = [[await emission(100_000 + depth), Math.floor(random() * depth)]];
      await rollup.node.rpc("anvil_reorg", depth, replacement);
      await rollup.node.rpc("anvil_dropAllTransactions");
      nonce = quantity(await rollup.node.rpc("eth_getTransactionCount", devWallet(1).address, "latest"));
      await mine(rollup.node, 1);
      const before = seen.length;
      const values = await follow(reader, await height(), seen);
      if (seen.length < before) rollbacks += 1;
      expect(values, `depth ${depth}`).to.deep.equal(await truth());
    }
    expect(rollbacks).to.be.above(5);
  });

  async function nonceBefore(depth: number): Promise<unknown> {
    const block = toQuantity((await height()) - depth);
    return rollup.node.rpc("eth_getTransactionCount", devWallet(1).address, block);
  }
});
