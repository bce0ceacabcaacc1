import { expect } from "chai";
import { keccak256 } from "ethers";
import { encodeBatches } from "../../sdk/src/batch.ts";
import { type Hex } from "../../sdk/src/bytes.ts";
import { networkRoot } from "../../sdk/src/fact.ts";
import { gatewayFixture, OTHER_FACT } from "../helpers/gateway.ts";
import { attest, createTestNetwork, interop, prepareDelivery, type TestRollup } from "../helpers/network.ts";

describe("MetalayerGateway, delivering", () => {
  describe("attestation", () => {
    it("is refused without a quorum, with a wrong serial, key, root or signature (I1, EXPLOITS 1, 9, 38)", async () => {
      const { net, A, B, send } = await gatewayFixture();
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
      const { net, A, B, recipient, send } = await gatewayFixture();
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
      const { net, A, B, send } = await gatewayFixture();
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
});
