import { expect } from "chai";
import type { ContractTransactionResponse, ParamType } from "ethers";
import { encodeBatches, TAG_BOUNTY, TAG_HASH, TAG_MESSAGE, type Batch, type BatchEntry } from "../../sdk/src/batch.ts";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { CLASS_FAST } from "../../sdk/src/fact.ts";
import { KIND_MESSAGE } from "../../sdk/src/message.ts";
import { nodeHash } from "../../sdk/src/tree.ts";
import { FreeERC20__factory, SilentRecipient__factory } from "../../typechain-types/index.js";
import { expectGas, MOST_OF_A_BLOCK } from "../helpers/gas.ts";
import { gatewayFixture, MODE, OTHER_FACT, type GatewayFixture } from "../helpers/gateway.ts";
import { besideFirstGateways } from "../helpers/gatewayCode.ts";
import { invent } from "../helpers/invented.ts";
import { deliver, interop, prepareDelivery, TERMS } from "../helpers/network.ts";

const gasUsed = async (tx: ContractTransactionResponse): Promise<bigint> => (await tx.wait())?.gasUsed ?? 0n;

/** The level of the tree above these nodes. */
const parents = (nodes: readonly Hex[]): Hex[] =>
  nodes.flatMap((node, index) => {
    const next = nodes[index + 1];
    if (index % 2 === 1) return [];
    return [next === undefined ? node : nodeHash(node, next)];
  });

describe("MetalayerGateway, attacked", () => {
  describe("one message, many proofs", () => {
    it("EXPLOITS 5 C7 is executed once under one id, however its fact, tree, part, class and signers are chosen", async () => {
      const { net, A, B, recipient, send, relay, id } = await gatewayFixture();
      await recipient.call(
        B.gateway,
        B.gateway.interface.encodeFunctionData("setFastLimit", [await recipient.getAddress(), A.chainId, 100]),
      );
      await send(5);
      await relay({ part: { from: 2n, to: 3n } });
      const part = { from: 2n, to: 3n };
      const others = [
        { part },
        { part, signers: [0, 1, 2] },
        { part, otherFacts: [OTHER_FACT] },
        { part, class: CLASS_FAST },
        { part, gasBoost: 7n },
        { from: 1n, part },
        { from: 2n, to: 4n, part },
        { from: 2n, to: 3n },
      ] as const;
      for (const options of others) {
        const { attestation, batches } = await prepareDelivery(net, A, B, options);
        await expect(B.gateway.relay(attestation, batches)).to.be.revertedWithCustomError(
          B.gateway,
          "GatewayNothingToDeliver",
        );
      }
      expect(await recipient.receivedById(await id(2))).to.equal(1);
      expect(await recipient.received()).to.equal(1);
    });

    it("EXPLOITS 35 is executed once although its batch stands in one call several times, among others", async () => {
      const { net, A, B, recipient, send } = await gatewayFixture();
      await send(3);
      const { attestation, batch } = await prepareDelivery(net, A, B, { otherFacts: [OTHER_FACT] });
      const again = await prepareDelivery(net, A, B, { otherFacts: [OTHER_FACT], part: { from: 1n, to: 2n } });
      await B.gateway.relay(attestation, encodeBatches([again.batch, batch, batch, again.batch, batch]));
      const delivered = await B.gateway.queryFilter(B.gateway.filters.MessageDelivered());
      expect(new Set(delivered.map(({ args }) => args.receiveId)).size)
        .to.equal(3)
        .and.to.equal(delivered.length);
      expect(await recipient.received()).to.equal(3);
    });

    it("C10 EXPLOITS 22 no inner node passes for a message, whatever number of messages the batch claims", async () => {
      const { net, A, B, send } = await gatewayFixture();
      await send(9);
      for (let count = 2n; count <= 9n; count++) {
        const { attestation, batch, proven } = await prepareDelivery(net, A, B, { to: count });
        for (let level = parents(proven.leaves); ; level = parents(level)) {
          const entries = level.map((messageHash) => ({ tag: TAG_HASH, messageHash }) as const);
          const forged: Batch = { ...batch, count: level.length, entries };
          await expect(
            B.gateway.relay(attestation, encodeBatches([forged])),
            `${count} as ${level.length}`,
          ).to.be.revertedWithCustomError(B.gateway, "GatewayRootMismatch");
          if (level.length === 1) break;
        }
      }
    });

    it("C12 is worth nothing to another gateway on the same rollup, at the same nonce of the same rollups' lane", async () => {
      const { net, A, B, recipient, send } = await gatewayFixture();
      const [A2, B2] = await besideFirstGateways(A, B);
      await send(1);
      const { attestation, batches } = await prepareDelivery(net, A, B);
      await expect(B2.gateway.relay(attestation, batches)).to.be.revertedWithCustomError(
        B.gateway,
        "GatewayRootMismatch",
      );
      await A2.gateway.connect(A.user).sendMessage(interop(B, await recipient.getAddress()), "0x02", []);
      const second = await prepareDelivery(net, A2, B2);
      await expect(B.gateway.relay(second.attestation, second.batches)).to.be.revertedWithCustomError(
        B.gateway,
        "GatewayRootMismatch",
      );
      await B.gateway.relay(attestation, batches);
      await B2.gateway.relay(second.attestation, second.batches);
      expect(await recipient.received()).to.equal(2);
    });
  });

  describe("what reaches a recipient", () => {
    it("EXPLOITS 34 no function of the gateway but relay does, whoever calls it with whatever names the recipient", async () => {
      const { net, A, B, recipient, send } = await gatewayFixture();
      await send(1);
      const { attestation, batches, batch, proven } = await prepareDelivery(net, A, B);
      const address = await recipient.getAddress();
      const [entry] = batch.entries;
      const call = recipient.interface.encodeFunctionData("receiveMessage", [
        proven.leaves[0] ?? "0x",
        interop(A, await A.user.getAddress()),
        entry?.tag === 0 ? entry.payload : "0x",
      ]);
      const filled = (type: ParamType): unknown => {
        if (type.isArray()) return [];
        if (type.isTuple()) return type.components.map(filled);
        if (type.type === "address") return address;
        if (type.type === "bytes") return call;
        if (type.type === "bool") return true;
        if (type.type === "bytes4") return "0x2432ef26";
        if (type.type === "bytes32") return proven.leaves[0];
        return type.name.toLowerCase().includes("chainid") ? A.chainId : 0;
      };
      const tried: string[] = [];
      B.gateway.interface.forEachFunction((fragment) => {
        if (!fragment.constant && fragment.name !== "relay") tried.push(fragment.name);
      });
      expect(tried).to.include.members(["claimQueued", "openLane", "requestRelay", "sendMessage", "upgradeToAndCall"]);
      for (const name of tried) {
        const args = B.gateway.interface.getFunction(name as "pause").inputs.map(filled); // CAST: a name of this interface
        const data = B.gateway.interface.encodeFunctionData(name as "pause", args as never); // CAST: built from its inputs
        await B.relayer.sendTransaction({ to: B.gateway, data, gasLimit: 1_000_000 }).catch(() => undefined);
      }
      expect(await recipient.received()).to.equal(0);
      expect(await B.gateway.isDelivered(A.chainId, 0)).to.equal(false);
      await B.gateway.relay(attestation, batches);
      expect(await recipient.received()).to.equal(1);
    });

    it("EXPLOITS 13 I25 is receiveMessage, never what the payload says: allowances of the gateway stay untouched", async () => {
      const { net, A, B, send } = await gatewayFixture();
      const token = await new FreeERC20__factory(B.user).deploy();
      const victim = await B.user.getAddress();
      await token.mint(victim, 100);
      await token.approve(B.gateway, 100);
      const attacker = await B.relayer.getAddress();
      const theft = token.interface.encodeFunctionData("transferFrom", [victim, attacker, 100]);
      await send(1, { to: await token.getAddress(), payload: theft });
      await expect(deliver(net, A, B)).to.emit(B.gateway, "MessageFailed");
      expect(await token.balanceOf(victim)).to.equal(100);
      expect(await token.allowance(victim, B.gateway)).to.equal(100);
    });

    it("G20 never carries value, and nobody can send any along", async () => {
      const { net, A, B, recipient, send } = await gatewayFixture();
      await send(1);
      const { attestation, batches } = await prepareDelivery(net, A, B);
      const data = B.gateway.interface.encodeFunctionData("relay", [attestation, batches]);
      await expect(B.relayer.sendTransaction({ to: B.gateway, data, value: 1 })).to.be.revertedWithoutReason(
        B.connection.ethers,
      );
      await B.relayer.sendTransaction({ to: B.gateway, data });
      expect(await recipient.received()).to.equal(1);
      expect(await B.connection.ethers.provider.getBalance(recipient)).to.equal(0);
    });
  });

  describe("what a batch says twice or on a soft head", () => {
    it("I19 is read to its end although nothing in it is open: a batch of delivered messages hides nothing malformed", async () => {
      const { net, A, B, send, relay } = await gatewayFixture();
      await send(2);
      const { attestation, batches } = await prepareDelivery(net, A, B);
      await relay();
      const entry = 55 + 20;
      const tagOfLast = 2 + batches.length - 2 - 2 * entry;
      for (const tag of ["03", "fe"]) {
        const forged = `${batches.slice(0, tagOfLast)}${tag}${batches.slice(tagOfLast + 2)}`;
        await expect(B.gateway.relay(attestation, forged))
          .to.be.revertedWithCustomError(B.gateway, "GatewayMalformedBatch")
          .withArgs((tagOfLast - 2) / 2);
      }
      await expect(B.gateway.relay(attestation, batches.slice(0, -2))).to.be.revertedWithCustomError(
        B.gateway,
        "GatewayMalformedBatch",
      );
    });

    it("C18 R12 a bounty that was attested on a soft head books nothing, stays open, and is booked when it is final", async () => {
      const { net, A, B, send, relay, id } = await gatewayFixture();
      const user = await A.user.getAddress();
      await A.gateway.connect(A.feeController).addCredit(user, 10n ** 12n);
      await send(1);
      await A.gateway.connect(A.user).requestRelay(B.chainId, 0, await id(0), 7_000, user);
      const edit = (entry: BatchEntry): BatchEntry =>
        entry.tag === TAG_BOUNTY ? { ...entry, tag: TAG_MESSAGE } : entry;
      const soft = { class: CLASS_FAST, part: { from: 1n, to: 2n }, edit } as const;
      const { attestation, batches } = await prepareDelivery(net, A, B, soft);
      const tag = batches.length - 2 * (55 + 96);
      const asBounty = `${batches.slice(0, tag)}01${batches.slice(tag + 2)}`;
      await expect(B.gateway.relay(attestation, asBounty))
        .to.emit(B.gateway, "MessageFailed")
        .withArgs(await id(1), "0x");
      expect(await B.gateway.isDelivered(A.chainId, 1)).to.equal(false);
      expect((await B.gateway.bounty(A.chainId, 0, await id(0))).amount).to.equal(0);
      await expect(relay({ part: { from: 1n, to: 2n } })).to.emit(B.gateway, "BountyBooked");
    });
  });

  describe("bounded work", () => {
    it("C16 I8 hundreds of messages that fail cost the next one nothing", async () => {
      const good = async (f: GatewayFixture) => new SilentRecipient__factory(f.B.deployer).deploy();
      const clean = await gatewayFixture();
      await clean.send(1, { to: await (await good(clean)).getAddress() });
      const alone = await gasUsed(await clean.relay());

      const poisoned = await gatewayFixture();
      await poisoned.recipient.setMode(MODE.revert);
      await poisoned.send(260);
      await poisoned.send(1, { to: await (await good(poisoned)).getAddress() });
      await poisoned.relay({ part: { from: 0n, to: 260n } });
      const behind = await gasUsed(await poisoned.relay({ from: 260n }));
      expect((await poisoned.B.gateway.queryFilter(poisoned.B.gateway.filters.MessageFailed())).length).to.equal(260);
      // Other numbers in the same places: a few bytes of call data more.
      expect(Number(behind - alone)).to.be.within(-200, 200);
    });

    it("C21 I19 the largest batch, of 1,024 messages, takes less than half of a block of 30 million gas", async () => {
      const { net, A, B } = await gatewayFixture();
      const recipient = (await (await new SilentRecipient__factory(B.deployer).deploy()).getAddress()) as Address; // CAST: address
      const sender = (await A.user.getAddress()) as Address; // CAST: an address
      const same = { kind: KIND_MESSAGE, gasLimit: 10_000n, fee: 1_000n, sender, recipient } as const;
      const payload: Hex = `0x${"ab".repeat(32)}`;
      const messages = Array.from({ length: 1_024 }, (_, nonce) => ({ ...same, payload, nonce: BigInt(nonce) }));
      const { attestation, batches } = await invent(net, A, B, messages);
      const tx = await B.gateway.relay(attestation, batches, { gasLimit: MOST_OF_A_BLOCK });
      expectGas(await gasUsed(tx), 15_000_000n);
      expect(await B.gateway.deliveredWord(A.chainId, 3)).to.equal(2n ** 256n - 1n);
    });

    it("I9 a batch that reaches into the next word of marks is delivered although its last entry alone is open", async () => {
      const { net, A, B } = await gatewayFixture();
      const recipient = (await (await new SilentRecipient__factory(B.deployer).deploy()).getAddress()) as Address; // CAST: address
      const sender = (await A.user.getAddress()) as Address; // CAST: an address
      const same = { kind: KIND_MESSAGE, gasLimit: 10_000n, fee: 1_000n, sender, recipient, payload: "0xab" } as const;
      const messages = [254n, 255n, 256n].map((nonce) => ({ ...same, nonce }));
      const first = await invent(net, A, B, messages.slice(0, 2));
      await B.gateway.relay(first.attestation, first.batches);
      const all = await invent(net, A, B, messages);
      await B.gateway.relay(all.attestation, all.batches);
      expect(await B.gateway.deliveredWord(A.chainId, 1)).to.equal(1n);
      // Now nothing of it is open: it is passed over before anything is asked of its attestation.
      await expect(B.gateway.relay("0x", all.batches)).to.be.revertedWithCustomError(
        B.gateway,
        "GatewayNothingToDeliver",
      );
    });
  });

  describe("earnings", () => {
    it("R13 the guardians' share is the same whichever of them signed: the deliverer has nobody to favour", async () => {
      const shares: bigint[] = [];
      for (const signers of [
        [0, 1, 2],
        [1, 2, 3],
        [0, 1, 2, 3],
      ]) {
        const f = await gatewayFixture();
        await f.A.gateway.connect(f.A.feeController).addCredit(await f.A.user.getAddress(), 10n ** 12n);
        await f.send(2);
        const { attestation, batches, batch } = await prepareDelivery(f.net, f.A, f.B, { signers });
        const fees = batch.entries.reduce((sum, entry) => sum + (entry.tag === 0 ? entry.fee : 0n), 0n);
        await f.B.gateway.connect(f.B.relayer).relay(attestation, batches);
        const [, forGuardians] = await f.B.gateway.earnings(1, await f.B.relayer.getAddress());
        expect(forGuardians).to.equal((fees * TERMS.guardianShare) / 1_000n);
        shares.push(forGuardians);
      }
      expect(new Set(shares).size).to.equal(1);
      expect(shares[0]).to.be.greaterThan(0n);
    });
  });
});
