import { expect } from "chai";
import { hexlify, randomBytes, toBeHex, toUtf8Bytes, keccak256 } from "ethers";
import { encodeBatches, TAG_CLAIM, TAG_HASH, TAG_MESSAGE, type BatchEntry } from "../../sdk/src/batch.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { CLASS_FAST, CLASS_FINAL, networkRoot } from "../../sdk/src/fact.ts";
import { RecipientMock__factory, type RecipientMock } from "../../typechain-types/index.js";
import {
  attest,
  createTestNetwork,
  deliver,
  interop,
  openLanes,
  prepareDelivery,
  TERMS,
  type DeliveryOptions,
  type TestNetwork,
  type TestRollup,
} from "../helpers/network.ts";

const MODE = {
  accept: 0,
  revert: 1,
  wrongSelector: 2,
  shortReturn: 3,
  returnBomb: 4,
  revertBomb: 5,
  eatGas: 6,
  reenter: 7,
  once: 8,
};
const OTHER_FACT = keccak256(toUtf8Bytes("another lane's fact")) as Hex; // CAST: ethers returns hex
const MIN_GAS_LIMIT = "0x39f87ba1";

interface Fixture {
  readonly net: TestNetwork;
  readonly A: TestRollup;
  readonly B: TestRollup;
  readonly recipient: RecipientMock;
  /** Sends `count` messages from A's user to the recipient. */
  readonly send: (count?: number, options?: { to?: string; gas?: bigint; payload?: string }) => Promise<void>;
  readonly relay: (options?: DeliveryOptions) => ReturnType<typeof deliver>;
  readonly id: (index: number) => Promise<Hex>;
}

async function fixture(): Promise<Fixture> {
  const net = await createTestNetwork(["rollupA", "rollupB"]);
  const [A, B] = net.rollups as [TestRollup, TestRollup]; // CAST: two rollups were asked for
  const recipient = await new RecipientMock__factory(B.deployer).deploy();
  const address = await recipient.getAddress();
  const send: Fixture["send"] = async (count = 1, options = {}) => {
    const attributes = options.gas === undefined ? [] : [`${MIN_GAS_LIMIT}${toBeHex(options.gas, 32).slice(2)}`];
    for (let i = 0; i < count; i++) {
      const to = interop(B, options.to ?? address);
      await A.gateway.connect(A.user).sendMessage(to, options.payload ?? hexlify(randomBytes(20)), attributes);
    }
  };
  const relay: Fixture["relay"] = (options = {}) => deliver(net, A, B, options);
  const id: Fixture["id"] = async (index) => {
    const { proven } = await prepareDelivery(net, A, B);
    return proven.leaves[index] as Hex; // CAST: callers name sent messages
  };
  return { net, A, B, recipient, send, relay, id };
}

const onlyEntry =
  (keep: (index: number) => boolean, leaves: readonly Hex[]) =>
  (entry: BatchEntry, index: number): BatchEntry =>
    keep(index) ? entry : { tag: TAG_HASH, messageHash: leaves[index] as Hex }; // CAST: one leaf an entry

describe("MetalayerGateway, delivering", () => {
  describe("relay", () => {
    it("delivers a whole batch without proof bytes, once, with id, sender and payload (G12, G13, G21, M2)", async () => {
      const { A, B, recipient, send, relay, id } = await fixture();
      await send(1, { payload: "0xc0ffee" });
      await send(4);
      const sender = interop(A, await A.user.getAddress());
      const gateway = await B.gateway.getAddress();
      await expect(relay())
        .to.emit(B.gateway, "MessageDelivered")
        .withArgs(await id(0))
        .and.to.emit(recipient, "Received")
        .withArgs(gateway, await id(0), sender, "0xc0ffee", (gas: bigint) => gas > 190_000n && gas <= 200_000n);
      expect(await recipient.received()).to.equal(5);
      expect(await B.gateway.deliveredWord(A.chainId, 0)).to.equal(0b11111);
      await expect(relay()).to.be.revertedWithCustomError(B.gateway, "GatewayNothingToDeliver");
      expect(await recipient.received()).to.equal(5);
    });

    it("delivers parts in any order, by anyone, through several facts over the same messages", async () => {
      const { A, B, recipient, send, relay } = await fixture();
      await send(11);
      await relay({ part: { from: 7n, to: 8n }, otherFacts: [OTHER_FACT] });
      await relay({ from: 3n, to: 9n, part: { from: 4n, to: 8n } });
      expect(await B.gateway.deliveredWord(A.chainId, 0)).to.equal(0b00011110000);
      await relay({ from: 2n });
      await relay();
      expect(await recipient.received()).to.equal(11);
      for (let nonce = 0; nonce < 11; nonce++) expect(await B.gateway.isDelivered(A.chainId, nonce)).to.equal(true);
      expect(await B.gateway.isDelivered(A.chainId, 11)).to.equal(false);
    });

    it("delivers across bitmap words (nonce 255 and 256)", async () => {
      const { A, B, recipient, send, relay } = await fixture();
      await send(260);
      await relay({ from: 250n, to: 260n });
      expect(await recipient.received()).to.equal(10);
      expect(await B.gateway.deliveredWord(A.chainId, 0)).to.equal(0b111111n << 250n);
      expect(await B.gateway.deliveredWord(A.chainId, 1)).to.equal(0b1111);
      await expect(relay({ from: 250n, to: 260n })).to.be.revertedWithCustomError(B.gateway, "GatewayNothingToDeliver");
    });

    it("delivers several batches of several lanes under one attestation", async () => {
      const net = await createTestNetwork(["rollupA", "rollupB", "rollupC"]);
      const [A, B, C] = net.rollups as [TestRollup, TestRollup, TestRollup]; // CAST: three rollups were asked for
      const recipient = await new RecipientMock__factory(C.deployer).deploy();
      const to = interop(C, await recipient.getAddress());
      await A.gateway.connect(A.user).sendMessage(to, "0xaa", []);
      await B.gateway.connect(B.user).sendMessage(to, "0xbb", []);
      const fromA = await prepareDelivery(net, A, C);
      const fromB = await prepareDelivery(net, B, C, { otherFacts: [fromA.proven.factHash] });
      const both = await prepareDelivery(net, A, C, { otherFacts: [fromB.proven.factHash] });
      await C.gateway.connect(C.relayer).relay(both.attestation, encodeBatches([both.batch, fromB.batch]));
      expect(await recipient.received()).to.equal(2);
      // One already delivered batch does not hold up the other.
      await B.gateway.connect(B.user).sendMessage(to, "0xcc", []);
      const again = await prepareDelivery(net, A, C, {
        otherFacts: [(await prepareDelivery(net, B, C)).proven.factHash],
      });
      const more = await prepareDelivery(net, B, C, { otherFacts: [fromA.proven.factHash] });
      await C.gateway.connect(C.relayer).relay(again.attestation, encodeBatches([again.batch, more.batch]));
      expect(await recipient.received()).to.equal(3);
    });

    it("skips hash-only entries and delivers them later (one bad message does not cost the others)", async () => {
      const { net, A, B, recipient, send, relay } = await fixture();
      await send(6);
      const { proven } = await prepareDelivery(net, A, B);
      await relay({ edit: onlyEntry((index) => index % 2 === 0, proven.leaves) });
      expect(await B.gateway.deliveredWord(A.chainId, 0)).to.equal(0b010101);
      await relay({ edit: onlyEntry((index) => index % 2 === 1, proven.leaves) });
      expect(await recipient.received()).to.equal(6);
      await send(1);
      const more = await prepareDelivery(net, A, B);
      await expect(relay({ edit: onlyEntry(() => false, more.proven.leaves) })).to.be.revertedWithCustomError(
        B.gateway,
        "GatewayNothingToDeliver",
      );
    });

    it("delivers identical messages separately", async () => {
      const { recipient, send, relay, id } = await fixture();
      await send(2, { payload: "0x11" });
      await relay();
      expect(await recipient.received()).to.equal(2);
      expect(await recipient.receivedById(await id(0))).to.equal(1);
      expect(await recipient.receivedById(await id(1))).to.equal(1);
    });
  });

  describe("attestation", () => {
    it("is refused without a quorum, with a wrong serial, key, root or signature (I1, EXPLOITS 1, 9, 38)", async () => {
      const { net, A, B, send } = await fixture();
      await send(3);
      const good = await prepareDelivery(net, A, B);
      const root = networkRoot([good.proven.factHash]);
      const flip = (hex: Hex, byte: number): Hex => {
        const at = 2 + 2 * byte;
        const value = parseInt(hex.slice(at, at + 2), 16) ^ 1;
        return `${hex.slice(0, at)}${value.toString(16).padStart(2, "0")}${hex.slice(at + 2)}` as Hex; // CAST: still hex
      };
      const bad: Hex[] = [
        attest(net, root, [0, 1]),
        attest(net, root, [0]),
        attest(net, root, undefined, 2),
        attest(net, root, undefined, 0),
        "0x",
        good.attestation.slice(0, 66) as Hex, // CAST: the bare root, which no inbox has stored
        ...[33, 36, 67, 68, 99, 100, 131, 132].map((byte) => flip(good.attestation, byte)),
      ];
      for (const attestation of bad) {
        const call = B.gateway.connect(B.relayer).relay(attestation, good.batches);
        if (attestation.length === 66) {
          // The test's inbox is an account without code.
          await expect(call).to.be.revert(B.connection.ethers);
        } else {
          await expect(call).to.be.revertedWithCustomError(B.gateway, "GatewayAttestationRefused");
        }
      }
      await expect(
        B.gateway.connect(B.relayer).relay(attest(net, keccak256("0x01") as Hex), good.batches), // CAST: hex
      ).to.be.revertedWithCustomError(B.gateway, "GatewayRootMismatch");
    });

    it("binds every byte of the batch: no changed byte delivers anything (EXPLOITS 21, 37, I3, I5)", async () => {
      const { net, A, B, recipient, send } = await fixture();
      await send(3);
      const { attestation, batches } = await prepareDelivery(net, A, B, {
        otherFacts: [OTHER_FACT],
        part: { from: 1n, to: 3n },
      });
      const gasBoost = { first: 23, last: 26 };
      // 91 bytes of numbers and heads, one sibling of the batch tree, one of the fact tree; 75 bytes an entry
      const tags = [161, 236];
      for (let byte = 0; byte < (batches.length - 2) / 2; byte++) {
        const at = 2 + 2 * byte;
        const changed = (parseInt(batches.slice(at, at + 2), 16) ^ (1 << (byte % 8))).toString(16).padStart(2, "0");
        const mutated = `${batches.slice(0, at)}${changed}${batches.slice(at + 2)}`;
        const outcome = await B.gateway
          .connect(B.relayer)
          .relay.staticCall(attestation, mutated, { gasLimit: 16_000_000n })
          .then(() => "delivered", String);
        // The boost is the deliverer's own choice; too much of it is only refused for lack of gas.
        if (byte >= gasBoost.first && byte <= gasBoost.last)
          expect(outcome).to.match(/delivered|GatewayInsufficientGas/);
        // Claiming a bounty that is not there is the same message.
        else if (tags.includes(byte) && changed === "02") expect(outcome).to.equal("delivered");
        else
          expect(outcome, `byte ${byte} as ${changed}`).to.match(
            /GatewayRootMismatch|GatewayMalformedBatch|GatewayUnknownRollup/,
          );
      }
      expect(await recipient.received()).to.equal(0);
    });

    it("is worth nothing for another lane, direction or rollup (I5, I16)", async () => {
      const net = await createTestNetwork(["rollupA", "rollupB", "rollupC"]);
      const [A, B, C] = net.rollups as [TestRollup, TestRollup, TestRollup]; // CAST: three rollups were asked for
      await A.gateway.connect(A.user).sendMessage(interop(B, await B.user.getAddress()), "0x01", []);
      const toB = await prepareDelivery(net, A, B);
      await expect(C.gateway.connect(C.relayer).relay(toB.attestation, toB.batches)).to.be.revertedWithCustomError(
        C.gateway,
        "GatewayRootMismatch",
      );
      const asC = encodeBatches([{ ...toB.batch, srcChainId: C.chainId }]);
      await expect(B.gateway.connect(B.relayer).relay(toB.attestation, asC)).to.be.revertedWithCustomError(
        B.gateway,
        "GatewayRootMismatch",
      );
      const unknown = encodeBatches([{ ...toB.batch, srcChainId: 999n }]);
      await expect(B.gateway.connect(B.relayer).relay(toB.attestation, unknown))
        .to.be.revertedWithCustomError(B.gateway, "GatewayUnknownRollup")
        .withArgs(999);
    });
  });

  describe("malformed batches", () => {
    it("are refused with their offset and change nothing (I19)", async () => {
      const { net, A, B, send } = await fixture();
      await send(2);
      const { attestation, batches, batch } = await prepareDelivery(net, A, B);
      const bytes = batches.slice(2);
      const patched = (offset: number, hex: string): string =>
        `0x${bytes.slice(0, 2 * offset)}${hex}${bytes.slice(2 * offset + hex.length)}`;
      const entries = 91 + 1 + 4 + 1;
      const cases: Record<string, string> = {
        "unknown class": patched(0, "02"),
        "no entries": patched(21, "0000"),
        "more entries than messages": patched(21, "0003"),
        "first beyond count": patched(19, "0002"),
        "count above 1,024": patched(17, "0401"),
        "nonce beyond 2^48": patched(9, "ffffffffffffffff"),
        "unknown tag": patched(entries, "03"),
        "length past the end": patched(entries + 53, "ffff"),
        "bytes left over": `${batches}00`,
        truncated: `0x${bytes.slice(0, -2)}`,
        "header only": `0x${bytes.slice(0, 2 * 60)}`,
        "siblings past the end": patched(91, "ff"),
      };
      for (const [name, data] of Object.entries(cases)) {
        await expect(B.gateway.connect(B.relayer).relay(attestation, data), name).to.be.revertedWithCustomError(
          B.gateway,
          "GatewayMalformedBatch",
        );
      }
      await expect(B.gateway.connect(B.relayer).relay(attestation, "0x")).to.be.revertedWithCustomError(
        B.gateway,
        "GatewayNothingToDeliver",
      );
      expect(batch.entries).to.have.length(2);
    });
  });

  describe("failing recipients", () => {
    it("stay deliverable by anyone, block nobody, and may be retried with more gas (G14, G15, I9, C27, NEEDS 13)", async () => {
      const { A, B, recipient, send, relay, id } = await fixture();
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
      const { B, recipient, send, relay } = await fixture();
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
      const { net, A, B, recipient, send } = await fixture();
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

    it("get more than the committed gas if the deliverer gives it (R23)", async () => {
      const { recipient, send, relay } = await fixture();
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
      const { B, send, relay, id } = await fixture();
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

  describe("re-entrancy", () => {
    it("R11 a re-entrant delivery in the same bitmap word survives a failing outer one (EXPLOITS 27)", async () => {
      const { net, A, B, recipient, send, relay } = await fixture();
      await send(4);
      // The recipient of message 0 delivers messages 2 and 3 from inside, then the outer batch goes on with 1, 2, 3.
      const inner = await prepareDelivery(net, A, B, { part: { from: 2n, to: 4n } });
      const data = B.gateway.interface.encodeFunctionData("relay", [inner.attestation, inner.batches]);
      await recipient.setCall(await B.gateway.getAddress(), data);
      await recipient.setMode(MODE.once);
      await relay({ gasBoost: 1_000_000n });
      expect(await recipient.reentrySucceeded()).to.equal(true);
      expect(await recipient.received()).to.equal(4);
      expect(await B.gateway.deliveredWord(A.chainId, 0)).to.equal(0b1111);
    });

    it("R11 a failing outer message clears its own bit only", async () => {
      const { net, A, B, recipient, send } = await fixture();
      const outer = await new RecipientMock__factory(B.deployer).deploy();
      await send(1, { to: await outer.getAddress() });
      await send(3);
      const inner = await prepareDelivery(net, A, B, { part: { from: 1n, to: 4n } });
      const relay = B.gateway.interface.encodeFunctionData("relay", [inner.attestation, inner.batches]);
      const forwarder = await new RecipientMock__factory(B.deployer).deploy();
      await outer.setCall(await B.gateway.getAddress(), relay);
      await outer.setMode(MODE.reenter);
      // After the re-entry the outer call runs out of its gas: the inner deliveries are rolled back with it.
      await deliver(net, A, B, { part: { from: 0n, to: 1n }, gasBoost: 10_000n });
      expect(await B.gateway.deliveredWord(A.chainId, 0)).to.equal((await recipient.received()) === 0n ? 0 : 0b1110);
      await deliver(net, A, B, { part: { from: 0n, to: 1n }, gasBoost: 2_000_000n });
      expect(await outer.reentrySucceeded()).to.equal(true);
      expect(await B.gateway.deliveredWord(A.chainId, 0)).to.equal(0b1111);
      expect(await recipient.received()).to.equal(3);
      expect(await forwarder.received()).to.equal(0);
    });

    it("the message itself cannot be delivered again from inside (G16)", async () => {
      const { net, A, B, recipient, send, relay } = await fixture();
      await send(1);
      const same = await prepareDelivery(net, A, B);
      const data = B.gateway.interface.encodeFunctionData("relay", [same.attestation, same.batches]);
      await recipient.setCall(await B.gateway.getAddress(), data);
      await recipient.setMode(MODE.reenter);
      await relay({ gasBoost: 1_000_000n });
      expect(await recipient.reentrySucceeded()).to.equal(false);
      expect(await recipient.reentryResult()).to.equal(
        B.gateway.interface.getError("GatewayNothingToDeliver")?.selector,
      );
      expect(await recipient.received()).to.equal(1);
    });

    it("a recipient may send from inside receiveMessage (G16)", async () => {
      const { A, B, recipient, send, relay } = await fixture();
      await send(1);
      const data = B.gateway.interface.encodeFunctionData("sendMessage", [
        interop(A, await A.user.getAddress()),
        "0x99",
        [],
      ]);
      await recipient.setCall(await B.gateway.getAddress(), data);
      await recipient.setMode(MODE.reenter);
      await relay({ gasBoost: 1_000_000n });
      expect(await recipient.reentrySucceeded()).to.equal(true);
      expect((await B.gateway.outLane(A.chainId)).nonce).to.equal(1);
    });

    it("a fast delivery from inside closes the nonce for the outer final batch", async () => {
      const { net, A, B, recipient, send, relay } = await fixture();
      await recipient.call(
        B.gateway,
        B.gateway.interface.encodeFunctionData("setFastLimit", [await recipient.getAddress(), A.chainId, 100]),
      );
      await send(2);
      const fast = await prepareDelivery(net, A, B, { class: CLASS_FAST, part: { from: 1n, to: 2n } });
      const data = B.gateway.interface.encodeFunctionData("relay", [fast.attestation, fast.batches]);
      await recipient.setCall(await B.gateway.getAddress(), data);
      await recipient.setMode(MODE.once);
      await relay({ gasBoost: 1_000_000n });
      expect(await recipient.reentrySucceeded()).to.equal(true);
      expect(await recipient.received()).to.equal(2);
    });
  });

  describe("class fast", () => {
    it("reaches only recipients that opted in, within their own limit (DESIGN §4)", async () => {
      const { A, B, recipient, send, relay, id } = await fixture();
      await send(4);
      const address = await recipient.getAddress();
      const refused = B.gateway.interface.encodeErrorResult("GatewayFastRefused", [address, A.chainId]);
      await expect(relay({ class: CLASS_FAST, part: { from: 0n, to: 1n } }))
        .to.emit(B.gateway, "MessageFailed")
        .withArgs(await id(0), refused);
      await expect(B.gateway.connect(B.user).setFastLimit(address, A.chainId, 1))
        .to.be.revertedWithCustomError(B.gateway, "GatewayUnauthorized")
        .withArgs(await B.user.getAddress());
      await recipient.call(
        B.gateway,
        B.gateway.interface.encodeFunctionData("setFastAdmin", [await B.user.getAddress()]),
      );
      await B.gateway.connect(B.user).setFastLimit(address, A.chainId, 2);
      await relay({ class: CLASS_FAST });
      expect(await recipient.received()).to.equal(2);
      expect(await B.gateway.deliveredWord(A.chainId, 0)).to.equal(0);
      expect(await B.gateway.isDelivered(A.chainId, 0)).to.equal(true);
      expect(await B.gateway.isDelivered(A.chainId, 2)).to.equal(false);
      await B.connection.networkHelpers.time.increase(43_200);
      await relay({ class: CLASS_FAST });
      expect(await recipient.received()).to.equal(3);
      await B.gateway.connect(B.user).setFastLimit(address, A.chainId, 0);
      await B.connection.networkHelpers.time.increase(86_400);
      await relay({ class: CLASS_FAST });
      expect(await recipient.received()).to.equal(3);
      expect((await B.gateway.fastPolicy(address, A.chainId)).perDay).to.equal(0);
    });

    it("is not repeated by final, nor final by fast (I4)", async () => {
      const { A, B, recipient, send, relay } = await fixture();
      await recipient.call(
        B.gateway,
        B.gateway.interface.encodeFunctionData("setFastLimit", [await recipient.getAddress(), A.chainId, 100]),
      );
      await send(10);
      await relay({ class: CLASS_FAST, from: 0n, to: 9n, part: { from: 2n, to: 5n } });
      await expect(relay({ class: CLASS_FAST, part: { from: 2n, to: 5n } })).to.be.revertedWithCustomError(
        B.gateway,
        "GatewayNothingToDeliver",
      );
      await expect(relay({ class: CLASS_FINAL, part: { from: 3n, to: 4n } })).to.be.revertedWithCustomError(
        B.gateway,
        "GatewayNothingToDeliver",
      );
      await relay({ class: CLASS_FINAL });
      expect(await recipient.received()).to.equal(10);
      await expect(relay({ class: CLASS_FAST })).to.be.revertedWithCustomError(B.gateway, "GatewayNothingToDeliver");
    });

    it("R5 a reorganised source: the other message at that nonce is still delivered when final, and said so", async () => {
      const { net, A, B, recipient, send, relay, id } = await fixture();
      await recipient.call(
        B.gateway,
        B.gateway.interface.encodeFunctionData("setFastLimit", [await recipient.getAddress(), A.chainId, 100]),
      );
      const snapshot = await A.connection.networkHelpers.takeSnapshot();
      await send(2);
      const gone = await id(0);
      await deliver(net, A, B, { class: CLASS_FAST, part: { from: 0n, to: 1n } });
      await snapshot.restore();
      await send(2);
      const instead = await id(0);
      expect(instead).not.to.equal(gone);
      await expect(relay())
        .to.emit(B.gateway, "FastContradicted")
        .withArgs(A.chainId, 0, instead)
        .and.to.emit(B.gateway, "MessageDelivered")
        .withArgs(instead);
      expect(await recipient.receivedById(gone)).to.equal(1);
      expect(await recipient.receivedById(instead)).to.equal(1);
      expect(await recipient.received()).to.equal(3);
    });

    it("needs the block hash in the fact, and a fast fact is no final one", async () => {
      const { net, A, B, send } = await fixture();
      await send(1);
      const fast = await prepareDelivery(net, A, B, { class: CLASS_FAST });
      const asFinal = encodeBatches([{ ...fast.batch, class: CLASS_FINAL, srcBlockHash: `0x${"00".repeat(32)}` }]);
      await expect(B.gateway.connect(B.relayer).relay(fast.attestation, asFinal)).to.be.revertedWithCustomError(
        B.gateway,
        "GatewayRootMismatch",
      );
    });
  });

  describe("fees", () => {
    const credited = async ({ A }: Fixture) =>
      A.gateway.connect(A.feeController).addCredit(await A.user.getAddress(), 10n ** 15n);

    it("go to the deliverer and the guardians in the delivering transaction, once (C24, I21)", async () => {
      const f = await fixture();
      await credited(f);
      await f.send(3);
      const { proven, batch } = await prepareDelivery(f.net, f.A, f.B);
      const fee = batch.entries[0]?.tag === TAG_MESSAGE ? batch.entries[0].fee : 0n;
      expect(fee).to.be.greaterThan(0n);
      await f.relay();
      const relayer = await f.B.relayer.getAddress();
      const total = 3n * fee;
      const guardians = (total * TERMS.guardianShare) / 1000n;
      const earned = await f.B.gateway.earnings(1, relayer);
      expect(earned).to.deep.equal([total - guardians, guardians]);
      // A copycat earns nothing.
      const { attestation, batches } = await prepareDelivery(f.net, f.A, f.B);
      await expect(f.B.gateway.connect(f.B.user).relay(attestation, batches)).to.be.revertedWithCustomError(
        f.B.gateway,
        "GatewayNothingToDeliver",
      );
      const controller = f.B.gateway.connect(f.B.feeController);
      expect(await controller.collectEarnings.staticCall(1, relayer)).to.deep.equal([total - guardians, guardians]);
      await controller.collectEarnings(1, relayer);
      expect(await f.B.gateway.earnings(1, relayer)).to.deep.equal([0n, 0n]);
      expect(proven.leaves).to.have.length(3);
    });

    it("are not paid for a failed attempt", async () => {
      const f = await fixture();
      await credited(f);
      await f.recipient.setMode(MODE.revert);
      await f.send(1);
      await f.relay();
      expect(await f.B.gateway.earnings(1, await f.B.relayer.getAddress())).to.deep.equal([0n, 0n]);
    });

    it("R8 beyond the source's bucket wait in a queue; the message is delivered anyway", async () => {
      const f = await fixture();
      await credited(f);
      await f.B.gateway.connect(f.B.feeController).setInboundTerms(f.A.chainId, 300, 0);
      await f.send(2);
      const { batch } = await prepareDelivery(f.net, f.A, f.B);
      const fees = batch.entries.reduce((sum, entry) => sum + (entry.tag === TAG_MESSAGE ? entry.fee : 0n), 0n);
      const relayer = await f.B.relayer.getAddress();
      await expect(f.relay()).to.emit(f.B.gateway, "FeeQueued").withArgs(f.A.chainId, relayer, fees);
      expect(await f.recipient.received()).to.equal(2);
      expect(await f.B.gateway.queued(f.A.chainId, relayer)).to.equal(fees);
      await f.B.gateway.connect(f.B.feeController).setInboundTerms(f.A.chainId, 300, 10n ** 9n);
      expect((await f.B.gateway.inLane(f.A.chainId)).feeLevel).to.equal(0);
      await f.B.connection.networkHelpers.time.increase(86_400);
      await f.B.gateway.claimQueued(f.A.chainId, relayer);
      const [forDeliverer, forGuardians] = await f.B.gateway.earnings(1, relayer);
      expect(forDeliverer + forGuardians).to.equal(fees);
      expect(forGuardians).to.equal((fees * 300n) / 1000n);
      await expect(f.B.gateway.claimQueued(f.A.chainId, relayer))
        .to.be.revertedWithCustomError(f.B.gateway, "GatewayNothingQueued")
        .withArgs(f.A.chainId, relayer);
    });

    it("of fast deliveries have a line of their own and leave half of the bucket", async () => {
      const f = await fixture();
      await credited(f);
      await f.recipient.call(
        f.B.gateway,
        f.B.gateway.interface.encodeFunctionData("setFastLimit", [await f.recipient.getAddress(), f.A.chainId, 100]),
      );
      await f.send(2);
      await f.relay({ class: CLASS_FAST });
      const lane = await f.B.gateway.inLane(f.A.chainId);
      const [forDeliverer, forGuardians] = await f.B.gateway.earnings(1, await f.B.relayer.getAddress());
      expect(lane.fastCredited)
        .to.equal(forDeliverer + forGuardians)
        .and.to.be.greaterThan(0n);
      // With a bucket that is half empty nothing fast is taken any more.
      await f.B.gateway.connect(f.B.feeController).setInboundTerms(f.A.chainId, 300, 10n ** 9n * 72_000_000n);
      await f.send(1);
      await f.relay({ class: CLASS_FAST });
      expect((await f.B.gateway.inLane(f.A.chainId)).fastCredited).to.equal(lane.fastCredited);
      expect(await f.B.gateway.queued(f.A.chainId, await f.B.relayer.getAddress())).to.be.greaterThan(0n);
    });

    it("bounties are booked, earned with tag 2, and refunded when not earned (DESIGN §5)", async () => {
      const f = await fixture();
      await credited(f);
      await f.A.gateway.connect(f.A.feeController).setPrices(f.B.chainId, {
        basePrice: 0,
        pricePerByte: 0,
        pricePerKGas: 0,
        fundShare: 0,
        burnShare: 0,
        maxGasLimit: 1 << 20,
      });
      await f.send(2);
      const ids = [await f.id(0), await f.id(1)] as const;
      const refundTo = await f.B.user.getAddress();
      const request = (nonce: number, id: string) =>
        f.A.gateway.connect(f.A.user).requestRelay(f.B.chainId, nonce, id, 7_000, refundTo);
      await request(0, ids[0]);
      await request(1, ids[1]);
      await request(1, ids[1]);
      const relayer = await f.B.relayer.getAddress();
      await expect(f.relay({ part: { from: 2n, to: 4n } }))
        .to.emit(f.B.gateway, "BountyBooked")
        .withArgs(ids[0], f.A.chainId, 0, 7_000, refundTo);
      expect(await f.B.gateway.bounty(f.A.chainId, 1)).to.deep.equal([ids[1], 7_000n, refundTo]);
      await expect(f.B.gateway.refundBounty(f.A.chainId, 0))
        .to.be.revertedWithCustomError(f.B.gateway, "GatewayNoBounty")
        .withArgs(f.A.chainId, 0);
      // A second bounty for the same message goes back at once.
      await f.relay({ part: { from: 4n, to: 5n } });
      expect(await f.B.gateway.earnings(1, refundTo)).to.deep.equal([7_000n, 0n]);
      await expect(
        f.relay({
          part: { from: 0n, to: 1n },
          edit: (entry) => (entry.tag === TAG_MESSAGE ? { ...entry, tag: TAG_CLAIM } : entry),
        }),
      )
        .to.emit(f.B.gateway, "BountyPaid")
        .withArgs(ids[0], relayer, 7_000);
      expect(await f.B.gateway.earnings(1, relayer)).to.deep.equal([7_000n, 0n]);
      await f.relay({ part: { from: 1n, to: 2n } });
      await expect(f.B.gateway.refundBounty(f.A.chainId, 1))
        .to.emit(f.B.gateway, "BountyPaid")
        .withArgs(ids[1], refundTo, 7_000);
      expect(await f.B.gateway.earnings(1, refundTo)).to.deep.equal([14_000n, 0n]);
      await expect(f.B.gateway.refundBounty(f.A.chainId, 1)).to.be.revertedWithCustomError(
        f.B.gateway,
        "GatewayNoBounty",
      );
    });

    it("a bounty that names another message is not earned but refunded", async () => {
      const f = await fixture();
      await credited(f);
      await f.send(1);
      const wrong = keccak256("0x77");
      const refundTo = await f.B.user.getAddress();
      await f.A.gateway.connect(f.A.user).requestRelay(f.B.chainId, 0, wrong, 7_000, refundTo);
      await f.relay({ part: { from: 1n, to: 2n } });
      const claim = (entry: BatchEntry): BatchEntry =>
        entry.tag === TAG_MESSAGE ? { ...entry, tag: TAG_CLAIM } : entry;
      await expect(f.relay({ part: { from: 0n, to: 1n }, edit: claim })).not.to.emit(f.B.gateway, "BountyPaid");
      await expect(f.B.gateway.refundBounty(f.A.chainId, 0))
        .to.emit(f.B.gateway, "BountyPaid")
        .withArgs(wrong, refundTo, 7_000);
    });

    it("are never bounties in a fast batch: the entry fails and stays open", async () => {
      const f = await fixture();
      await credited(f);
      await f.send(1);
      const refundTo = await f.B.user.getAddress();
      await f.A.gateway.connect(f.A.user).requestRelay(f.B.chainId, 0, await f.id(0), 7_000, refundTo);
      const only = await prepareDelivery(f.net, f.A, f.B, { class: CLASS_FAST, part: { from: 0n, to: 1n } });
      const asBounty = prepareDelivery(f.net, f.A, f.B, { class: CLASS_FAST, part: { from: 1n, to: 2n } });
      // The sdk does not even encode it.
      const refusal = await asBounty.then(
        () => "encoded",
        (error: unknown) => (error instanceof MetalayerError ? error.code : "other"),
      );
      expect(refusal).to.equal("BATCH_BOUNTY_IN_FAST");
      // On chain: a message whose tag is changed to a bounty's is another message, hence another root.
      const tag = (only.batches.length - 2) / 2 - 75;
      const forged = `${only.batches.slice(0, 2 + 2 * tag)}01${only.batches.slice(4 + 2 * tag)}`;
      await expect(f.B.gateway.connect(f.B.relayer).relay(only.attestation, forged)).to.be.revert(
        f.B.connection.ethers,
      );
    });
  });

  describe("pause", () => {
    it("stops ordinary deliveries from a source, not governance, expires and cannot be chained (R9, C28)", async () => {
      const { net, A, B, recipient, send, relay } = await fixture();
      const week = 7 * 86_400;
      const pause = (duration: number) => B.gateway.connect(B.pauser).pause([A.chainId], duration);
      await expect(pause(week + 1))
        .to.be.revertedWithCustomError(B.gateway, "GatewayPauseTooLong")
        .withArgs(week + 1, week);
      await expect(pause(0)).to.be.revertedWithCustomError(B.gateway, "GatewayPauseTooLong");
      await expect(B.gateway.connect(B.user).pause([A.chainId], 1)).to.be.revertedWithCustomError(
        B.gateway,
        "AccessManagedUnauthorized",
      );
      await expect(B.gateway.connect(B.pauser).pause([5], 1)).to.be.revertedWithCustomError(
        B.gateway,
        "GatewayUnknownRollup",
      );
      await send(1);
      await send(1, { to: await B.executor.getAddress() });
      await pause(week);
      const { pausedUntil } = await B.gateway.inLane(A.chainId);
      await expect(relay({ part: { from: 0n, to: 1n } }))
        .to.be.revertedWithCustomError(B.gateway, "GatewayPaused")
        .withArgs(A.chainId, pausedUntil);
      // Governance's executor is still called (it is an account without code here, so the attempt itself fails).
      await expect(relay({ part: { from: 1n, to: 2n } })).to.emit(B.gateway, "MessageFailed");
      await expect(pause(1)).to.be.revertedWithCustomError(B.gateway, "GatewayPauseCoolingDown");
      await B.connection.networkHelpers.time.increase(week + 1);
      await deliver(net, A, B, { part: { from: 0n, to: 1n } });
      expect(await recipient.received()).to.equal(1);
      await expect(pause(1)).to.be.revertedWithCustomError(B.gateway, "GatewayPauseCoolingDown");
      await B.connection.networkHelpers.time.increase(week);
      await pause(1_000);
      await expect(B.gateway.connect(B.pauser).unpause(A.chainId)).to.be.revertedWithCustomError(
        B.gateway,
        "AccessManagedUnauthorized",
      );
      await expect(B.gateway.connect(B.deployer).unpause(A.chainId)).to.emit(B.gateway, "Unpaused").withArgs(A.chainId);
      expect((await B.gateway.inLane(A.chainId)).pausedUntil).to.equal(0);
    });
  });

  describe("incarnations", () => {
    it("R10 facts of an old incarnation deliver nothing in the new one, old records stay (C12)", async () => {
      const { net, A, B, recipient, send } = await fixture();
      await send(2);
      const old = await prepareDelivery(net, A, B);
      await deliver(net, A, B, { part: { from: 0n, to: 1n } });
      await openLanes(A, B, 2n, 1n);
      await openLanes(B, A, 1n, 2n);
      await expect(B.gateway.connect(B.relayer).relay(old.attestation, old.batches)).to.be.revertedWithCustomError(
        B.gateway,
        "GatewayRootMismatch",
      );
      expect(await B.gateway.isDelivered(A.chainId, 0)).to.equal(false);
      await send(1);
      await deliver(net, A, B);
      expect(await recipient.received()).to.equal(2);
    });

    it("a closed lane delivers nothing", async () => {
      const { A, B, send, relay } = await fixture();
      await send(1);
      await B.gateway.connect(B.registry).closeLane(A.chainId);
      await expect(relay()).to.be.revertedWithCustomError(B.gateway, "GatewayUnknownRollup").withArgs(A.chainId);
    });
  });

  describe("initialize and upgrades", () => {
    it("the implementation is locked, the proxy initialised once, upgrades need the administrator (EXPLOITS 11, 20, I17)", async () => {
      const { B } = await fixture();
      const user = await B.user.getAddress();
      await expect(B.gateway.initialize(user)).to.be.revertedWithCustomError(B.gateway, "InvalidInitialization");
      const slot = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";
      const stored = await B.connection.ethers.provider.getStorage(await B.gateway.getAddress(), slot);
      const implementation = B.gateway.attach(`0x${stored.slice(26)}`) as typeof B.gateway; // CAST: same contract
      await expect(implementation.initialize(user)).to.be.revertedWithCustomError(B.gateway, "InvalidInitialization");
      await expect(B.gateway.connect(B.user).upgradeToAndCall(`0x${stored.slice(26)}`, "0x"))
        .to.be.revertedWithCustomError(B.gateway, "AccessManagedUnauthorized")
        .withArgs(user);
    });
  });
});
