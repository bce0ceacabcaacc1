import { expect } from "chai";
import type { UnsignedTx } from "../../scripts/chain/sender-state.ts";
import { createSender, createSenders } from "../../scripts/chain/sender.ts";
import { delay } from "../../scripts/chain/tasks.ts";
import { seededRandom } from "../../scripts/devnet/faults.ts";
import { until } from "../helpers/daemonNetwork.ts";
import { codeThrownBy, devWallet, ENDPOINT_TIMEOUT_MS, startRollup } from "./rollup.ts";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { FEES, GWEI, keep, KEEPER, keyOf, mineAt, receiver, setBaseFeeAndMine, useSenders } from "./senders.ts";

describe(`sender (seed ${FUZZ_SEED})`, () => {
  const fixture = useSenders();

  describe("send", () => {
    it("mines in the order of the calls, several in one block", async () => {
      const other = await startRollup({ name: "manual" });
      try {
        await setBaseFeeAndMine(other, GWEI);
        await other.node.rpc("evm_setAutomine", false);
        const sender = fixture.open({}, other);
        const sent = await Promise.all([0, 1, 2, 3, 4, 5].map((i) => sender.send(keep(keyOf(1, i)))));
        expect(sent.map(({ nonce }) => nonce)).to.deep.equal([0, 1, 2, 3, 4, 5]);
        const receipts = await mineAt(other, GWEI, () => Promise.all(sent.map((tx) => tx.wait())));
        expect(receipts.every(({ success }) => success)).to.equal(true);
        expect(new Set(receipts.map(({ blockNumber }) => blockNumber)).size).to.equal(1);
      } finally {
        await other.close();
      }
    });

    it("tells of a revert by the receipt", async () => {
      const sender = fixture.open();
      await (await sender.send(keep(keyOf(2, 0)))).wait();
      expect((await (await sender.send(keep(keyOf(2, 0)))).wait()).success).to.equal(false);
    });

    it("NEEDS 7: 120 transfers through endpoints that drop, double, reorder and refuse: each is paid once", async () => {
      const sender = fixture.open({ maxInFlight: 24 });
      fixture.rollup.proxies[0]?.set({ dropSends: 0.3, errors: 0.1 });
      fixture.rollup.proxies[1]?.set({ holdSendsMs: 150, duplicateSends: 0.5 });
      fixture.rollup.proxies[2]?.set({ dropSends: 0.2, errors: 0.2, duplicateSends: 0.3 });
      const all = Array.from({ length: 120 }, (_, i) =>
        sender.send({ to: receiver(3, i), value: 7n, gasLimit: 21_000n }).then((tx) => tx.wait()),
      );
      const receipts = await Promise.all(all);
      expect(receipts.every(({ success }) => success)).to.equal(true);
      for (let i = 0; i < 120; i++)
        expect(await fixture.rollup.node.rpc("eth_getBalance", receiver(3, i), "latest")).to.equal("0x7");
      expect(sender.status()).to.deep.equal({ queued: 0, inFlight: 0, holding: false });
    });

    it("NEEDS 7: 150 calls with crashes of the sender at random points: all land, no nonce is stuck", async () => {
      const random = seededRandom(FUZZ_SEED);
      const signer = devWallet(fixture.newAccount());
      fixture.rollup.proxies[0]?.set({ dropSends: 0.2, errors: 0.05 });
      fixture.rollup.proxies[1]?.set({ holdSendsMs: 80 });
      let missing = Array.from({ length: 150 }, (_, i) => keyOf(4, i));
      let crashes = 0;
      while (missing.length > 0) {
        const sender = createSender({ pool: fixture.rollup.pool(), signer, fees: FEES });
        const life = 1 + Math.floor(random() * 40);
        const sends = missing.slice(0, life).map((key) => sender.send(keep(key)).then((tx) => tx.wait()));
        const settled = Promise.allSettled(sends);
        if (crashes < 12) await delay(random() * 250);
        else await settled;
        await sender.stop(0);
        await settled;
        crashes += 1;
        expect(crashes).to.be.below(40);
        const kept = await Promise.all(missing.map(fixture.isKept));
        missing = missing.filter((_, i) => kept[i] === false);
      }
      fixture.rollup.heal();
      const last = fixture.open({ signer });
      expect((await (await last.send(keep(keyOf(4, 999)))).wait()).success).to.equal(true);
      const { latest, pending } = await fixture.nonces(signer.address);
      expect(pending).to.equal(latest);
    });

    it("NEEDS 7, NEEDS 9: 60 transfers over endpoints that lag by different amounts: each is paid once", async () => {
      const sender = fixture.open({ pool: fixture.rollup.pool(3, { rotateMs: 30, probeMs: 50 }), confirmations: 2 });
      fixture.rollup.proxies[0]?.set({ lagBlocks: 2 });
      fixture.rollup.proxies[1]?.set({ lagBlocks: 1, dropSends: 0.2 });
      const all = Array.from({ length: 60 }, (_, i) =>
        sender.send({ to: receiver(21, i), value: 3n, gasLimit: 21_000n }).then((tx) => tx.wait()),
      );
      await Promise.all(all);
      for (let i = 0; i < 60; i++)
        expect(await fixture.rollup.node.rpc("eth_getBalance", receiver(21, i), "latest")).to.equal("0x3");
      const { latest, pending } = await fixture.nonces(sender.address);
      expect(pending).to.equal(latest);
    });

    it("waits out an outage of all endpoints and sends once", async () => {
      const sender = fixture.open();
      await (await sender.send(keep(keyOf(5, 0)))).wait();
      fixture.rollup.proxies.forEach((proxy) => proxy.set({ cut: true }));
      const pending = Promise.all(
        [1, 2, 3].map((i) => sender.send({ to: receiver(5, i), value: 1n, gasLimit: 21_000n })),
      );
      await delay(500);
      fixture.rollup.heal();
      await Promise.all((await pending).map((tx) => tx.wait()));
      for (const i of [1, 2, 3])
        expect(await fixture.rollup.node.rpc("eth_getBalance", receiver(5, i), "latest")).to.equal("0x1");
    });

    for (const [which, count] of [
      ["every endpoint", 3],
      ["the first endpoint, while the second says that the nonce is used", 1],
    ] as const) {
      it(`NEEDS 7: answers that come too late from ${which} do not make it pay twice`, async () => {
        const sender = fixture.open({ pool: fixture.rollup.pool(3, { rotateMs: 1e9, hedgeMs: 1e6 }) });
        await (await sender.send(keep(keyOf(6, count)))).wait();
        fixture.rollup.proxies
          .slice(0, count)
          .forEach((proxy) => proxy.set({ lateAnswerMs: ENDPOINT_TIMEOUT_MS + 100 }));
        const pending = Promise.all(
          [1, 2].map((i) => sender.send({ to: receiver(6, 10 * count + i), value: 1n, gasLimit: 21_000n })),
        );
        await delay(3 * ENDPOINT_TIMEOUT_MS);
        fixture.rollup.heal();
        await Promise.all((await pending).map((tx) => tx.wait()));
        for (const i of [1, 2])
          expect(await fixture.rollup.node.rpc("eth_getBalance", receiver(6, 10 * count + i), "latest")).to.equal(
            "0x1",
          );
      });
    }
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
      const account = fixture.newAccount();
      await fixture.rollup.node.rpc("eth_sendRawTransaction", await foreign(account, 0));
      const sent = await fixture.open({ signer: devWallet(account) }).send(keep(keyOf(7, 0)));
      expect(sent.nonce).to.equal(1);
      expect((await sent.wait()).success).to.equal(true);
    });

    it("NEEDS 7: fills the gap below what an earlier run left in the pool", async () => {
      const account = fixture.newAccount();
      for (const nonce of [2, 4])
        await fixture.rollup.node.rpc("eth_sendRawTransaction", await foreign(account, nonce));
      const sender = fixture.open({ signer: devWallet(account) });
      const sent = await Promise.all([0, 1, 2, 3].map((i) => sender.send(keep(keyOf(8, i)))));
      await Promise.all(sent.map((tx) => tx.wait()));
      expect(await fixture.nonces(sender.address)).to.deep.equal({ latest: 6, pending: 6 });
    });

    it("NEEDS 8: displaces what blocks the account below the market, within its reserve", async () => {
      const other = await startRollup({ name: "manual" });
      try {
        await setBaseFeeAndMine(other, GWEI);
        await other.node.rpc("evm_setAutomine", false);
        const account = fixture.newAccount();
        const low = await foreign(account, 0, { maxFeePerGas: 2n * GWEI, maxPriorityFeePerGas: 1n });
        const lowHash = await other.node.rpc("eth_sendRawTransaction", low);
        const sent = await fixture.open({ signer: devWallet(account) }, other).send(keep(keyOf(9, 0)));
        expect(sent.nonce).to.equal(1);
        const receipt = await mineAt(other, 8n * GWEI, () => sent.wait());
        expect(receipt.success).to.equal(true);
        expect(await other.node.rpc("eth_getTransactionReceipt", lowHash)).to.equal(null);
      } finally {
        await other.close();
      }
    });

    it("rejects with TX_DISPLACED when a foreign transaction takes its nonce, and sends idempotent ones again", async () => {
      const account = fixture.newAccount();
      const sender = fixture.open({ signer: devWallet(account), patienceBlocks: 100 });
      // Lost on the way, so that the foreign one comes first.
      fixture.rollup.proxies.forEach((proxy) => proxy.set({ dropSends: 1 }));
      const once = await sender.send(keep(keyOf(10, 0)));
      const again = await sender.send({ ...keep(keyOf(10, 1)), idempotent: true });
      const codes = codeThrownBy(once.wait());
      await fixture.rollup.node.rpc("eth_sendRawTransaction", await foreign(account, 0));
      await fixture.rollup.node.rpc("eth_sendRawTransaction", await foreign(account, 1));
      await until("both foreign ones are mined", async () => (await fixture.nonces(sender.address)).latest === 2);
      fixture.rollup.heal();
      expect(await codes).to.equal("TX_DISPLACED");
      expect((await again.wait()).success).to.equal(true);
      expect(again.nonce).to.equal(2);
      expect(await fixture.isKept(keyOf(10, 0))).to.equal(false);
    });
  });

  describe("refusals", () => {
    it("passes on what can never work and goes on with the next", async () => {
      const sender = fixture.open();
      const poor = codeThrownBy(sender.send({ to: KEEPER, value: 10n ** 30n, gasLimit: 21_000n }));
      const small = codeThrownBy(sender.send({ ...keep(keyOf(16, 0)), gasLimit: 100n }));
      const good = sender.send(keep(keyOf(16, 1)));
      expect(await poor).to.equal("TX_FUNDS");
      expect(await small).to.equal("TX_REJECTED");
      expect((await (await good).wait()).success).to.equal(true);
      expect((await good).nonce).to.equal(0);
    });

    it("estimates gas where none is given, and refuses a call that reverts", async () => {
      const sender = fixture.open();
      const { data } = keep(keyOf(17, 0));
      expect((await (await sender.send({ to: KEEPER, data })).wait()).success).to.equal(true);
      expect(await codeThrownBy(sender.send({ to: KEEPER, data }))).to.equal("RPC_REVERTED");
    });

    it("refuses a transaction whose own ceiling is below the market, without holding up the others", async () => {
      const sender = fixture.open();
      const cheap = codeThrownBy(sender.send({ ...keep(keyOf(18, 0)), maxFeePerGas: 1n }));
      const good = sender.send(keep(keyOf(18, 1)));
      expect(await cheap).to.equal("FEE_TOO_HIGH");
      expect((await (await good).wait()).success).to.equal(true);
    });

    it("bounds its queue, gives up an aborted request, and takes nothing after the stop", async () => {
      const sender = fixture.open({ maxQueue: 2 });
      fixture.rollup.proxies.forEach((proxy) => proxy.set({ hang: true }));
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
      const sender = fixture.open();
      const sent = await sender.send(keep(keyOf(20, 0)));
      const mined = sent.wait();
      expect(await sender.stop(5_000)).to.equal(true);
      expect((await mined).success).to.equal(true);
    });
  });

  describe("createSenders", () => {
    it("gives one writer per rollup and key", async () => {
      const all = createSenders(() => ({ fees: FEES }));
      const pool = fixture.rollup.pool();
      const [a, b] = [devWallet(fixture.newAccount()), devWallet(fixture.newAccount())];
      expect(all.get(pool, a)).to.equal(
        all.get(fixture.rollup.pool(), {
          address: a.address.toLowerCase(),
          signTransaction: (tx) => a.signTransaction(tx),
        }),
      );
      expect(all.get(pool, a)).to.not.equal(all.get(pool, b));
      expect(await all.stopAll()).to.equal(true);
    });
  });
});
