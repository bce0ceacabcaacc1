import { expect } from "chai";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseBlock, parseReceiptOrNone, quantity, toQuantity } from "../../scripts/chain/blocks.ts";
import { bumpedBid, marketBid } from "../../scripts/chain/fees.ts";
import type { Sender } from "../../scripts/chain/sender.ts";
import { delay } from "../../scripts/chain/tasks.ts";
import { startAnvil } from "../../scripts/devnet/anvil.ts";
import { seededRandom } from "../../scripts/devnet/faults.ts";
import { until } from "../helpers/daemonNetwork.ts";
import { codeThrownBy, devWallet, startRollup } from "./rollup.ts";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { FEES, GWEI, keep, keyOf, mineAt, receiver, recording, setBaseFeeAndMine, useSenders } from "./senders.ts";

describe(`sender in a changing rollup (seed ${FUZZ_SEED})`, () => {
  const fixture = useSenders();

  describe("fees", () => {
    it("bumps by an eighth at least, never above the ceiling", () => {
      const random = seededRandom(FUZZ_SEED);
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
        const { signer, bids } = recording(devWallet(fixture.newAccount()));
        const sent = await fixture.open({ signer }, other).send(keep(keyOf(11, 0)));
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
      const { signer, bids } = recording(devWallet(fixture.newAccount()));
      const sender = fixture.open({ signer });
      const spike = holdBaseFee(1_000n * GWEI);
      spike.start();
      await until("the base fee is above the ceiling", async () => {
        const newest = parseBlock(await fixture.rollup.node.rpc("eth_getBlockByNumber", "latest", false));
        return newest.baseFee > FEES.ceiling;
      });
      const sends = [0, 1, 2, 3].map((i) => sender.send(keep(keyOf(12, i))));
      await until("the sender holds", () => sender.status().holding);
      await delay(300);
      expect(bids).to.deep.equal([]);
      expect(sender.status()).to.deep.equal({ queued: 4, inFlight: 0, holding: true });
      expect(await codeThrownBy(Promise.race([sends[0], delay(1)]))).to.contain("not rejected");
      spike.stop();
      await fixture.rollup.node.rpc("anvil_setNextBlockBaseFeePerGas", toQuantity(GWEI));
      const receipts = await Promise.all(sends.map(async (send) => (await send).wait()));
      expect(receipts.every(({ success }) => success)).to.equal(true);
      expect(bids.every((bid) => bid <= FEES.ceiling)).to.equal(true);
    });

    /** Keeps the base fee of every block at this value while it runs. */
    function holdBaseFee(baseFee: bigint): { start(): void; stop(): void } {
      let timer: NodeJS.Timeout | undefined;
      const set = (): void => void fixture.rollup.node.rpc("anvil_setNextBlockBaseFeePerGas", toQuantity(baseFee));
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
      const sender = fixture.open({ confirmations: 4 });
      const sent = await Promise.all([0, 1, 2].map((i) => sender.send(keep(keyOf(13, i)))));
      await until("all three are mined", async () => (await fixture.nonces(sender.address)).latest === 3);
      await fixture.rollup.node.rpc("anvil_reorg", 2, []);
      const receipts = await Promise.all(sent.map((tx) => tx.wait()));
      for (const { transactionHash, blockHash, blockNumber } of receipts) {
        const now = parseReceiptOrNone(await fixture.rollup.node.rpc("eth_getTransactionReceipt", transactionHash));
        expect(now?.blockHash).to.equal(blockHash);
        const head = parseBlock(await fixture.rollup.node.rpc("eth_getBlockByNumber", "latest", false));
        expect(head.number - blockNumber).to.be.at.least(3);
      }
    });

    it("C18: sends a mined transaction again, bytes unchanged, if a reorg drops it before the next one goes out", async () => {
      const other = await startRollup({ name: "manual" });
      try {
        await other.node.rpc("evm_setAutomine", false);
        const sender = fixture.open({}, other);
        const first = await sender.send(keep(keyOf(22, 0)));
        const { transactionHash, blockNumber } = await mineAt(other, GWEI, () => first.wait());
        const height = quantity(await other.node.rpc("eth_blockNumber"));
        await other.node.rpc("anvil_reorg", height - blockNumber + 1, []);
        expect(await other.node.rpc("eth_getTransactionCount", sender.address, "latest")).to.equal("0x0");
        const second = await sender.send(keep(keyOf(22, 1)));
        expect((await mineAt(other, GWEI, () => second.wait())).success).to.equal(true);
        expect(second.nonce).to.equal(1);
        expect(await other.node.rpc("eth_getTransactionReceipt", transactionHash)).to.not.equal(null);
      } finally {
        await other.close();
      }
    });

    it("C18: goes on after reorgs in the middle of a stream of calls", async () => {
      const sender = fixture.open({ confirmations: 3 });
      const all = Array.from({ length: 40 }, (_, i) => sender.send(keep(keyOf(14, i))).then((tx) => tx.wait()));
      for (const depth of [1, 2, 3]) {
        await delay(180);
        await fixture.rollup.node.rpc("anvil_reorg", depth, []);
      }
      await Promise.all(all);
      const kept = await Promise.all(Array.from({ length: 40 }, (_, i) => fixture.isKept(keyOf(14, i))));
      expect(kept.every(Boolean)).to.equal(true);
    });

    it("sends again what the node forgot in a restart", async () => {
      const folder = mkdtempSync(path.join(os.tmpdir(), "metalayer-test-"));
      const stateFile = path.join(folder, "state.json");
      const other = await startRollup({ blockTime: 0.5, stateFile, name: "restarted" });
      try {
        const sender = fixture.open({}, other);
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

  describe("an endpoint that lies, or stands still,", () => {
    /** A sender that asks the first endpoint as long as that answers. */
    async function openBehindFirst(): Promise<{ readonly sender: Sender; readonly callsOfFirst: () => number }> {
      const pool = fixture.rollup.pool(3, { rotateMs: 1e9 });
      await pool.probe();
      return { sender: fixture.open({ pool }), callsOfFirst: () => pool.endpoints[0]?.stats.calls ?? 0 };
    }

    it("about the account's nonce leaves no nonce open that would have to be paid for", async () => {
      const { sender, callsOfFirst } = await openBehindFirst();
      const [liar] = fixture.rollup.proxies;
      liar?.set({ lies: ["nonces"] });
      const sending = sender.send(keep(keyOf(22, 0)));
      await until("the liar was asked again and again", () => callsOfFirst() > 40);
      liar?.set({ cut: true });
      const sent = await sending;
      expect(sent.nonce).to.equal(0);
      expect((await sent.wait()).success).to.equal(true);
    });

    it("at an old block has no say about the account's nonce", async () => {
      const account = fixture.newAccount();
      const before = fixture.open({ signer: devWallet(account) });
      expect((await (await before.send(keep(keyOf(24, 0)))).wait()).success).to.equal(true);
      fixture.rollup.proxies[1]?.set({ frozenAt: 1 });
      const sent = await fixture
        .open({ signer: devWallet(account), pool: fixture.rollup.pool(2) })
        .send(keep(keyOf(24, 1)));
      expect(sent.nonce).to.equal(1);
      expect((await sent.wait()).success).to.equal(true);
    });

    it("about the height, and loses what it is given, holds nothing up once another one is asked", async () => {
      const { sender } = await openBehindFirst();
      const [liar] = fixture.rollup.proxies;
      liar?.set({ lies: ["head"], dropSends: 1 });
      const sent = await sender.send(keep(keyOf(23, 0)));
      liar?.set({ cut: true });
      expect((await sent.wait()).success).to.equal(true);
    });
  });
});
