import { expect } from "chai";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { bigQuantity, parseBlock, parseReceiptOrNone, quantity, toQuantity } from "../../scripts/chain/blocks.ts";
import { bumpedBid, marketBid } from "../../scripts/chain/fees.ts";
import type { SenderOptions, TxSigner, UnsignedTx } from "../../scripts/chain/sender-state.ts";
import type { Sender } from "../../scripts/chain/sender.ts";
import { createSender, createSenders } from "../../scripts/chain/sender.ts";
import { delay, loop } from "../../scripts/chain/tasks.ts";
import { startAnvil } from "../../scripts/devnet/anvil.ts";
import { seededRandom } from "../../scripts/devnet/faults.ts";
import type { TestRollup } from "./rollup.ts";
import { codeThrownBy, devWallet, mine, startRollup, until } from "./rollup.ts";

const GWEI = 10n ** 9n;
const FEES = { ceiling: 50n * GWEI, minTip: 1n, maxTip: 2n * GWEI };
/** Keeps each 32-byte key that it is called with; a second call with the same key reverts. */
const KEEPER = "0x00000000000000000000000000000000000000ee";
const KEEPER_CODE = "0x5f358054600c576001905500" + "5b5f5ffd";

/** A signer that notes what it bids. */
function recording(wallet: TxSigner): { signer: TxSigner; bids: bigint[] } {
  const bids: bigint[] = [];
  const signTransaction = (tx: UnsignedTx): Promise<string> => {
    bids.push(tx.maxFeePerGas);
    return wallet.signTransaction(tx);
  };
  return { signer: { address: wallet.address, signTransaction }, bids };
}

async function setBaseFeeAndMine({ node }: TestRollup, baseFee: bigint): Promise<void> {
  await node.rpc("anvil_setNextBlockBaseFeePerGas", toQuantity(baseFee));
  await mine(node, 1);
}

/** Mines a block every 40 ms, all at this base fee, until the work is done. */
async function mineAt<T>(rollup: TestRollup, baseFee: bigint, work: () => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const { signal } = controller;
  const mining = loop(() => setBaseFeeAndMine(rollup, baseFee), { everyMs: 40, signal, onError: () => undefined });
  try {
    return await work();
  } finally {
    controller.abort();
    await mining;
  }
}

const seed = Number(process.env["SEED"] ?? Date.now() % 1e9);

describe(`sender (seed ${seed})`, () => {
  let rollup: TestRollup;
  let nextAccount = 0;
  const senders: Sender[] = [];

  before(async () => {
    rollup = await startRollup({ blockTime: 0.1, accounts: 40 });
    await rollup.node.rpc("anvil_setCode", KEEPER, KEEPER_CODE);
  });
  after(() => rollup.close());
  afterEach(async () => {
    rollup.heal();
    await Promise.all(senders.splice(0).map((sender) => sender.stop(0)));
  });

  /** A sender of an account that no other test uses. */
  const open = (options: Partial<SenderOptions> = {}, on: TestRollup = rollup): Sender => {
    const sender = createSender({ pool: on.pool(), signer: devWallet(nextAccount++), fees: FEES, ...options });
    senders.push(sender);
    return sender;
  };
  const nonces = async (address: string): Promise<{ latest: number; pending: number }> => ({
    latest: quantity(await rollup.node.rpc("eth_getTransactionCount", address, "latest")),
    pending: quantity(await rollup.node.rpc("eth_getTransactionCount", address, "pending")),
  });
  const isKept = async (key: string): Promise<boolean> =>
    bigQuantity(await rollup.node.rpc("eth_getStorageAt", KEEPER, key, "latest")) === 1n;
  const keyOf = (test: number, index: number): string => toQuantity((BigInt(test) << 64n) + BigInt(index) + 1n);
  const keep = (key: string) => ({ to: KEEPER, data: `0x${key.slice(2).padStart(64, "0")}`, gasLimit: 60_000n });
  const receiver = (test: number, index: number): string =>
    `0x${(BigInt(test) * 10_000n + BigInt(index) + 2n ** 152n).toString(16).padStart(40, "0")}`;

  describe("send", () => {
    it("mines in the order of the calls, several in one block", async () => {
      const sender = open();
      const sent = await Promise.all([0, 1, 2, 3, 4, 5].map((i) => sender.send(keep(keyOf(1, i)))));
      expect(sent.map(({ nonce }) => nonce)).to.deep.equal([0, 1, 2, 3, 4, 5]);
      const receipts = await Promise.all(sent.map((tx) => tx.wait()));
      expect(receipts.every(({ success }) => success)).to.equal(true);
      expect(new Set(receipts.map(({ blockNumber }) => blockNumber)).size).to.be.below(4);
    });

    it("tells of a revert by the receipt", async () => {
      const sender = open();
      await (await sender.send(keep(keyOf(2, 0)))).wait();
      expect((await (await sender.send(keep(keyOf(2, 0)))).wait()).success).to.equal(false);
    });

    it("NEEDS 7: 120 transfers through endpoints that drop, double, reorder and refuse: each is paid once", async () => {
      const sender = open({ maxInFlight: 24 });
      rollup.proxies[0]?.set({ dropSends: 0.3, errors: 0.1 });
      rollup.proxies[1]?.set({ holdSendsMs: 150, duplicateSends: 0.5 });
      rollup.proxies[2]?.set({ dropSends: 0.2, errors: 0.2, duplicateSends: 0.3 });
      const all = Array.from({ length: 120 }, (_, i) =>
        sender.send({ to: receiver(3, i), value: 7n, gasLimit: 21_000n }).then((tx) => tx.wait()),
      );
      const receipts = await Promise.all(all);
      expect(receipts.every(({ success }) => success)).to.equal(true);
      for (let i = 0; i < 120; i++)
        expect(await rollup.node.rpc("eth_getBalance", receiver(3, i), "latest")).to.equal("0x7");
      expect(sender.status()).to.deep.equal({ queued: 0, inFlight: 0, holding: false });
    });

    it("NEEDS 7: 150 calls with crashes of the sender at random points: all land, no nonce is stuck", async () => {
      const random = seededRandom(seed);
      const signer = devWallet(nextAccount++);
      rollup.proxies[0]?.set({ dropSends: 0.2, errors: 0.05 });
      rollup.proxies[1]?.set({ holdSendsMs: 80 });
      let missing = Array.from({ length: 150 }, (_, i) => keyOf(4, i));
      let crashes = 0;
      while (missing.length > 0) {
        const sender = createSender({ pool: rollup.pool(), signer, fees: FEES });
        const life = 1 + Math.floor(random() * 40);
        const sends = missing.slice(0, life).map((key) => sender.send(keep(key)).then((tx) => tx.wait()));
        const settled = Promise.allSettled(sends);
        if (crashes < 12) await delay(random() * 250);
        else await settled;
        await sender.stop(0);
        await settled;
        crashes += 1;
        expect(crashes).to.be.below(40);
        const kept = await Promise.all(missing.map(isKept));
        missing = missing.filter((_, i) => kept[i] === false);
      }
      rollup.heal();
      const last = open({ signer });
      expect((await (await last.send(keep(keyOf(4, 999)))).wait()).success).to.equal(true);
      const { latest, pending } = await nonces(signer.address);
      expect(pending).to.equal(latest);
    });

    it("waits out an outage of all endpoints and sends once", async () => {
      const sender = open();
      await (await sender.send(keep(keyOf(5, 0)))).wait();
      rollup.proxies.forEach((proxy) => proxy.set({ cut: true }));
      const pending = Promise.all(
        [1, 2, 3].map((i) => sender.send({ to: receiver(5, i), value: 1n, gasLimit: 21_000n })),
      );
      await delay(500);
      rollup.heal();
      await Promise.all((await pending).map((tx) => tx.wait()));
      for (const i of [1, 2, 3])
        expect(await rollup.node.rpc("eth_getBalance", receiver(5, i), "latest")).to.equal("0x1");
    });

    it("NEEDS 7: answers that get lost on the way back do not make it pay twice", async () => {
      const sender = open();
      await (await sender.send(keep(keyOf(6, 0)))).wait();
      // Each endpoint passes the transaction on and then answers too late for the client.
      rollup.proxies.forEach((proxy) => proxy.set({ delayMs: 410 }));
      const pending = Promise.all([1, 2].map((i) => sender.send({ to: receiver(6, i), value: 1n, gasLimit: 21_000n })));
      await delay(1_500);
      rollup.heal();
      await Promise.all((await pending).map((tx) => tx.wait()));
      for (const i of [1, 2]) expect(await rollup.node.rpc("eth_getBalance", receiver(6, i), "latest")).to.equal("0x1");
    });
  });

  describe("nonces that are not its own", () => {
    const foreign = (index: number, nonce: number, more: Partial<UnsignedTx> = {}): Promise<string> =>
      devWallet(index).signTransaction({
        type: 2,
        chainId: 8101n,
        nonce,
        to: receiver(7, index),
        value: 1n,
        gasLimit: 21_000n,
        maxFeePerGas: 40n * GWEI,
        maxPriorityFeePerGas: 2n * GWEI,
        data: "0x",
        ...more,
      });

    it("NEEDS 7: sends behind what an earlier run left in the pool", async () => {
      const account = nextAccount++;
      await rollup.node.rpc("eth_sendRawTransaction", await foreign(account, 0));
      const sent = await open({ signer: devWallet(account) }).send(keep(keyOf(7, 0)));
      expect(sent.nonce).to.equal(1);
      expect((await sent.wait()).success).to.equal(true);
    });

    it("NEEDS 7: fills the gap below what an earlier run left in the pool", async () => {
      const account = nextAccount++;
      for (const nonce of [2, 4]) await rollup.node.rpc("eth_sendRawTransaction", await foreign(account, nonce));
      const sender = open({ signer: devWallet(account) });
      const sent = await Promise.all([0, 1, 2, 3].map((i) => sender.send(keep(keyOf(8, i)))));
      await Promise.all(sent.map((tx) => tx.wait()));
      expect(await nonces(sender.address)).to.deep.equal({ latest: 6, pending: 6 });
    });

    it("NEEDS 8: displaces what blocks the account below the market, within its reserve", async () => {
      const other = await startRollup({ name: "manual" });
      try {
        await setBaseFeeAndMine(other, GWEI);
        await other.node.rpc("evm_setAutomine", false);
        const account = nextAccount++;
        const low = await foreign(account, 0, { maxFeePerGas: 2n * GWEI, maxPriorityFeePerGas: 1n });
        const lowHash = await other.node.rpc("eth_sendRawTransaction", low);
        const sent = await open({ signer: devWallet(account) }, other).send(keep(keyOf(9, 0)));
        expect(sent.nonce).to.equal(1);
        const receipt = await mineAt(other, 8n * GWEI, () => sent.wait());
        expect(receipt.success).to.equal(true);
        expect(await other.node.rpc("eth_getTransactionReceipt", lowHash)).to.equal(null);
      } finally {
        await other.close();
      }
    });

    it("rejects with TX_DISPLACED when a foreign transaction takes its nonce, and sends idempotent ones again", async () => {
      const account = nextAccount++;
      const sender = open({ signer: devWallet(account), patienceBlocks: 100 });
      // Lost on the way, so that the foreign one comes first.
      rollup.proxies.forEach((proxy) => proxy.set({ dropSends: 1 }));
      const once = await sender.send(keep(keyOf(10, 0)));
      const again = await sender.send({ ...keep(keyOf(10, 1)), idempotent: true });
      const codes = codeThrownBy(once.wait());
      await rollup.node.rpc("eth_sendRawTransaction", await foreign(account, 0));
      await rollup.node.rpc("eth_sendRawTransaction", await foreign(account, 1));
      await until(async () => (await nonces(sender.address)).latest === 2);
      rollup.heal();
      expect(await codes).to.equal("TX_DISPLACED");
      expect((await again.wait()).success).to.equal(true);
      expect(again.nonce).to.equal(2);
      expect(await isKept(keyOf(10, 0))).to.equal(false);
    });
  });

  describe("fees", () => {
    it("bumps by an eighth at least, never above the ceiling", () => {
      const random = seededRandom(seed);
      for (let round = 0; round < 1_000; round++) {
        const tip = BigInt(Math.floor(random() * 1e6));
        const old = { maxFeePerGas: tip + BigInt(Math.floor(random() * 1e9)), maxPriorityFeePerGas: tip };
        const ceiling = BigInt(Math.floor(random() * 2e9));
        const bid = bumpedBid(old, undefined, ceiling);
        if (bid === undefined) continue;
        expect(bid.maxFeePerGas * 1_000n >= old.maxFeePerGas * 1_125n).to.equal(true);
        expect(bid.maxPriorityFeePerGas * 1_000n >= old.maxPriorityFeePerGas * 1_125n).to.equal(true);
        expect(bid.maxFeePerGas <= ceiling && bid.maxPriorityFeePerGas <= bid.maxFeePerGas).to.equal(true);
      }
    });

    it("NEEDS 8: bids for a doubling, within the ceiling, and not at all above it", () => {
      const limits = { ceiling: 100n, minTip: 1n, maxTip: 5n };
      const bid = (baseFee: bigint, suggestedTip?: bigint) => marketBid(limits, 100n, { baseFee, suggestedTip });
      expect(bid(10n, 3n)).to.deep.equal({ maxFeePerGas: 23n, maxPriorityFeePerGas: 3n });
      expect(bid(80n, 3n)).to.deep.equal({ maxFeePerGas: 100n, maxPriorityFeePerGas: 3n });
      expect(bid(98n, 3n)).to.equal(undefined);
      // connext/monorepo#416: a fee oracle that answers garbage.
      expect(bid(10n, 10n ** 30n)).to.deep.equal({ maxFeePerGas: 25n, maxPriorityFeePerGas: 5n });
    });

    it("NEEDS 8: replaces what a rise of the base fee left behind, each time by an eighth or more", async () => {
      const other = await startRollup({ name: "manual" });
      try {
        await setBaseFeeAndMine(other, GWEI);
        await other.node.rpc("evm_setAutomine", false);
        const { signer, bids } = recording(devWallet(nextAccount++));
        const sent = await open({ signer }, other).send(keep(keyOf(11, 0)));
        const first = sent.hash;
        const receipt = await mineAt(other, 8n * GWEI, () => sent.wait());
        expect(receipt.success).to.equal(true);
        expect(receipt.transactionHash).to.equal(sent.hash).and.to.not.equal(first);
        bids.slice(1).forEach((bid, i) => expect(bid * 1_000n >= (bids[i] ?? 0n) * 1_125n).to.equal(true));
      } finally {
        await other.close();
      }
    });

    it("NEEDS 8: a base fee 1,000 times higher stops it at its ceiling, and it drains the queue afterwards", async () => {
      const { signer, bids } = recording(devWallet(nextAccount++));
      const sender = open({ signer });
      const spike = holdBaseFee(1_000n * GWEI);
      spike.start();
      await delay(150);
      const sends = [0, 1, 2, 3].map((i) => sender.send(keep(keyOf(12, i))));
      await until(() => sender.status().holding);
      await delay(300);
      expect(bids).to.deep.equal([]);
      expect(sender.status()).to.deep.equal({ queued: 4, inFlight: 0, holding: true });
      expect(await codeThrownBy(Promise.race([sends[0], delay(1)]))).to.contain("not rejected");
      spike.stop();
      await rollup.node.rpc("anvil_setNextBlockBaseFeePerGas", toQuantity(GWEI));
      const receipts = await Promise.all(sends.map(async (send) => (await send).wait()));
      expect(receipts.every(({ success }) => success)).to.equal(true);
      expect(bids.every((bid) => bid <= FEES.ceiling)).to.equal(true);
    });

    /** Keeps the base fee of every block at this value while it runs. */
    function holdBaseFee(baseFee: bigint): { start(): void; stop(): void } {
      let timer: NodeJS.Timeout | undefined;
      const set = (): void => void rollup.node.rpc("anvil_setNextBlockBaseFeePerGas", toQuantity(baseFee));
      return {
        start() {
          set();
          timer = setInterval(set, 20);
        },
        stop: () => clearInterval(timer),
      };
    }
  });

  describe("reorgs and restarts of the node", () => {
    it("C18: sends again what a reorg dropped, and counts it as mined only when it is deep enough", async () => {
      const sender = open({ confirmations: 4 });
      const sent = await Promise.all([0, 1, 2].map((i) => sender.send(keep(keyOf(13, i)))));
      await until(async () => (await nonces(sender.address)).latest === 3);
      await rollup.node.rpc("anvil_reorg", 2, []);
      const receipts = await Promise.all(sent.map((tx) => tx.wait()));
      for (const { transactionHash, blockHash, blockNumber } of receipts) {
        const now = parseReceiptOrNone(await rollup.node.rpc("eth_getTransactionReceipt", transactionHash));
        expect(now?.blockHash).to.equal(blockHash);
        const head = parseBlock(await rollup.node.rpc("eth_getBlockByNumber", "latest", false));
        expect(head.number - blockNumber).to.be.at.least(3);
      }
    });

    it("C18: goes on after reorgs in the middle of a stream of calls", async () => {
      const sender = open({ confirmations: 3 });
      const all = Array.from({ length: 40 }, (_, i) => sender.send(keep(keyOf(14, i))).then((tx) => tx.wait()));
      for (const depth of [1, 2, 3]) {
        await delay(180);
        await rollup.node.rpc("anvil_reorg", depth, []);
      }
      await Promise.all(all);
      const kept = await Promise.all(Array.from({ length: 40 }, (_, i) => isKept(keyOf(14, i))));
      expect(kept.every(Boolean)).to.equal(true);
    });

    it("sends again what the node forgot in a restart", async () => {
      const folder = mkdtempSync(path.join(os.tmpdir(), "metalayer-test-"));
      const stateFile = path.join(folder, "state.json");
      const other = await startRollup({ blockTime: 0.5, stateFile, name: "restarted" });
      try {
        const sender = open({}, other);
        const sent = await Promise.all(
          [0, 1, 2, 3].map((i) => sender.send({ to: receiver(15, i), value: 1n, gasLimit: 21_000n })),
        );
        await other.node.rpc("anvil_dropAllTransactions");
        await other.node.stop();
        const again = await startAnvil({
          name: "restarted",
          chainId: 8101,
          blockTime: 0.1,
          stateFile,
          port: other.node.port,
        });
        const receipts = await Promise.all(sent.map((tx) => tx.wait()));
        expect(receipts.every(({ success }) => success)).to.equal(true);
        await again.stop();
      } finally {
        await other.close();
        rmSync(folder, { recursive: true });
      }
    });
  });

  describe("refusals", () => {
    it("passes on what can never work and goes on with the next", async () => {
      const sender = open();
      const poor = codeThrownBy(sender.send({ to: KEEPER, value: 10n ** 30n, gasLimit: 21_000n }));
      const small = codeThrownBy(sender.send({ ...keep(keyOf(16, 0)), gasLimit: 100n }));
      const good = sender.send(keep(keyOf(16, 1)));
      expect(await poor).to.equal("TX_FUNDS");
      expect(await small).to.equal("TX_REJECTED");
      expect((await (await good).wait()).success).to.equal(true);
      expect((await good).nonce).to.equal(0);
    });

    it("estimates gas where none is given, and refuses a call that reverts", async () => {
      const sender = open();
      const { data } = keep(keyOf(17, 0));
      expect((await (await sender.send({ to: KEEPER, data })).wait()).success).to.equal(true);
      expect(await codeThrownBy(sender.send({ to: KEEPER, data }))).to.equal("RPC_REVERTED");
    });

    it("refuses a transaction whose own ceiling is below the market, without holding up the others", async () => {
      const sender = open();
      const cheap = codeThrownBy(sender.send({ ...keep(keyOf(18, 0)), maxFeePerGas: 1n }));
      const good = sender.send(keep(keyOf(18, 1)));
      expect(await cheap).to.equal("FEE_TOO_HIGH");
      expect((await (await good).wait()).success).to.equal(true);
    });

    it("bounds its queue, gives up an aborted request, and takes nothing after the stop", async () => {
      const sender = open({ maxQueue: 2 });
      rollup.proxies.forEach((proxy) => proxy.set({ hang: true }));
      const abort = new AbortController();
      const first = codeThrownBy(sender.send({ ...keep(keyOf(19, 0)), signal: abort.signal }));
      const second = codeThrownBy(sender.send(keep(keyOf(19, 1))));
      expect(await codeThrownBy(sender.send(keep(keyOf(19, 2))))).to.equal("SENDER_QUEUE_FULL");
      abort.abort();
      expect(await first).to.equal("ABORTED");
      expect(await sender.stop(0)).to.equal(true);
      expect(await second).to.equal("SENDER_STOPPED");
      expect(await codeThrownBy(sender.send(keep(keyOf(19, 3))))).to.equal("SENDER_STOPPED");
    });

    it("drains on stop", async () => {
      const sender = open();
      const sent = await sender.send(keep(keyOf(20, 0)));
      const mined = sent.wait();
      expect(await sender.stop(5_000)).to.equal(true);
      expect((await mined).success).to.equal(true);
    });
  });

  describe("createSenders", () => {
    it("gives one writer per rollup and key", async () => {
      const all = createSenders(() => ({ fees: FEES }));
      const pool = rollup.pool();
      const [a, b] = [devWallet(nextAccount++), devWallet(nextAccount++)];
      expect(all.get(pool, a)).to.equal(
        all.get(rollup.pool(), { address: a.address.toLowerCase(), signTransaction: (tx) => a.signTransaction(tx) }),
      );
      expect(all.get(pool, a)).to.not.equal(all.get(pool, b));
      expect(await all.stopAll()).to.equal(true);
    });
  });
});
