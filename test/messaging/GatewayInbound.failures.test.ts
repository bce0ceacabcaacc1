import { anyValue } from "@nomicfoundation/hardhat-ethers-chai-matchers/withArgs";
import { expect } from "chai";
import { encodeBatches, type Batch } from "../../sdk/src/batch.ts";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { KIND_MESSAGE, type Message } from "../../sdk/src/message.ts";
import { RecipientMock__factory } from "../../typechain-types/index.js";
import { MOST_OF_A_BLOCK } from "../helpers/gas.ts";
import { gatewayFixture, MODE, onlyEntry } from "../helpers/gateway.ts";
import { invent } from "../helpers/invented.ts";
import { prepareDelivery } from "../helpers/network.ts";

describe("MetalayerGateway, delivering", () => {
  describe("failing recipients", () => {
    it("stay deliverable by anyone, block nobody, and may be retried with more gas (G14, G15, I9, C27, NEEDS 13)", async () => {
      const { A, B, recipient, send, relay, id } = await gatewayFixture();
      await send(3);
      const bad = await new RecipientMock__factory(B.deployer).deploy();
      await bad.setMode(MODE.revert);
      await send(1, { to: await bad.getAddress() });
      await send(1, { to: await B.user.getAddress() });
      await send(2);
      const reason = bad.interface.encodeErrorResult("RecipientMockRefused", [0]);
      const first = relay();
      await expect(first)
        .to.emit(B.gateway, "MessageFailed")
        .withArgs(await id(3), reason)
        .and.to.emit(B.gateway, "MessageFailed")
        .withArgs(await id(4), "0x");
      expect(await recipient.received()).to.equal(5);
      expect(await B.gateway.deliveredWord(A.chainId, 0)).to.equal(0b1100111);
      await bad.setMode(MODE.accept);
      await expect(relay({ part: { from: 3n, to: 4n } }))
        .to.emit(B.gateway, "MessageDelivered")
        .withArgs(await id(3));
      expect(await bad.received()).to.equal(1);
    });

    it("cost a bounded amount: bombs, wrong and short answers, endless loops (C15, I8)", async () => {
      const { B, recipient, send, relay } = await gatewayFixture();
      for (const mode of [MODE.wrongSelector, MODE.shortReturn, MODE.returnBomb, MODE.revertBomb, MODE.eatGas]) {
        const bad = await new RecipientMock__factory(B.deployer).deploy();
        await bad.setMode(mode);
        await send(1, { to: await bad.getAddress(), gas: 100_000n });
      }
      await send(1);
      const receipt = await (await relay()).wait();
      const failed = receipt?.logs
        .map((log) => B.gateway.interface.parseLog(log))
        .filter((log) => log?.name === "MessageFailed");
      expect(failed).to.have.length(5);
      for (const log of failed ?? []) expect((String(log?.args.reason).length - 2) / 2).to.be.at.most(256);
      expect(receipt?.gasUsed).to.be.lessThan(900_000n);
      expect(await recipient.received()).to.equal(1);
    });

    it("never count as failed with less than their committed gas (G19, I10, C14)", async () => {
      const { net, A, B, recipient, send } = await gatewayFixture();
      await send(1, { gas: 500_000n });
      const { attestation, batches } = await prepareDelivery(net, A, B);
      const relay = (gasLimit: bigint) => B.gateway.connect(B.relayer).relay(attestation, batches, { gasLimit });
      let outcome = { refused: 0, delivered: 0 };
      for (let gas = 60_000n; gas <= 700_000n; gas += 16_000n) {
        const result = await relay(gas)
          .then((tx) => tx.wait())
          .catch((error: unknown) => error);
        if (result instanceof Error) {
          outcome = { ...outcome, refused: outcome.refused + 1 };
          expect(await recipient.received()).to.equal(0);
        } else {
          outcome = { ...outcome, delivered: outcome.delivered + 1 };
          break;
        }
      }
      expect(outcome.delivered).to.equal(1);
      expect(outcome.refused).to.be.greaterThan(20);
      const { args } = (await recipient.queryFilter(recipient.filters.Received()))[0] ?? { args: undefined };
      expect(args?.gas).to.be.greaterThan(490_000n);
    });

    it("get their committed gas, whatever stands before them in the call and however long their payload is (G19, I10, C14)", async () => {
      const { net, A, B, recipient } = await gatewayFixture();
      const sender = (await A.user.getAddress()) as Address; // CAST: an address
      const victim = (await recipient.getAddress()) as Address; // CAST: an address
      // BLAKE2's precompile takes all gas when its input is not 213 bytes long.
      const waste: Address = "0x0000000000000000000000000000000000000009";
      const same = { kind: KIND_MESSAGE, fee: 0n, sender, recipient: victim, gasLimit: 5_000_000n } as const;
      const long: Hex = `0x${"00".repeat(32_768)}`;
      const payload = (nonce: number): Hex => (nonce === 0 ? long : "0x");
      const messages: Message[] = Array.from({ length: 1_024 }, (_, n) => ({
        ...same,
        nonce: BigInt(n),
        payload: payload(n),
      }));
      // What is wasted first is more than call data costs at least: from there on the transaction's limit decides.
      messages[1] = { ...same, nonce: 1n, payload: "0x", recipient: waste };
      const { attestation, batch, proven } = await invent(net, A, B, messages);
      const only = (index: number, gasBoost = 0n): Batch => {
        return { ...batch, gasBoost, entries: batch.entries.map(onlyEntry((n) => n === index, proven.leaves)) };
      };
      // Batches of nothing but hashes fill memory, which makes every further word of it dearer.
      const before = [only(1), ...Array.from({ length: 3 }, () => only(-1))];
      const relay = (last: Batch, gasLimit: bigint) =>
        B.gateway.relay(attestation, encodeBatches([...before, last]), { gasLimit });
      // More gas than there can be is refused, and says how much there was. From it follows the least that is not refused: 63/64 of what the
      // transaction has more reach the gateway behind its proxy.
      let available = 0n;
      const noted = (value: bigint): boolean => ((available = value), true);
      await expect(relay(only(0, 4_000_000_000n), MOST_OF_A_BLOCK))
        .to.be.revertedWithCustomError(B.gateway, "GatewayInsufficientGas")
        .withArgs(proven.leaves[0], noted, anyValue);
      const required = (same.gasLimit * 64n) / 63n + 20_000n;
      const least = MOST_OF_A_BLOCK - ((available - required) * 64n) / 63n;
      await expect(relay(only(0), least - 200n))
        .to.be.revertedWithCustomError(B.gateway, "GatewayInsufficientGas")
        .withArgs(proven.leaves[0], anyValue, anyValue);
      await relay(only(0), least);
      const [received] = await recipient.queryFilter(recipient.filters.Received());
      expect(received?.args.gas ?? 0n).to.be.greaterThan(4_990_000n);
    });

    it("get more than the committed gas if the deliverer gives it (R23)", async () => {
      const { recipient, send, relay } = await gatewayFixture();
      await send(1, { gas: 30_000n });
      await relay();
      expect(await recipient.received()).to.equal(0);
      await relay({ gasBoost: 300_000n });
      const { args } = (await recipient.queryFilter(recipient.filters.Received()))[0] ?? { args: undefined };
      expect(args?.gas).to.be.greaterThan(300_000n);
    });
  });

  describe("illegal recipients", () => {
    it("are the protocol's own contracts: never called, for any of them (EXPLOITS 3, I7, C13)", async () => {
      const { B, send, relay, id } = await gatewayFixture();
      const own = [B.gateway, B.guardianSet, B.weights, B.manager, B.inbox, B.registry, B.feeController];
      const addresses = await Promise.all(own.map((contract) => contract.getAddress()));
      for (const address of addresses) await send(1, { to: address });
      const tx = relay();
      for (const [index, address] of addresses.entries()) {
        const reason = B.gateway.interface.encodeErrorResult("GatewayIllegalRecipient", [address]);
        await expect(tx)
          .to.emit(B.gateway, "MessageFailed")
          .withArgs(await id(index), reason);
      }
    });
  });
});
