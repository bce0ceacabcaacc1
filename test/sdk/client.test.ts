import { expect } from "chai";
import { network } from "hardhat";
import { MetalayerClient } from "../../sdk/src/client.ts";
import { fromHex, toHex, ZERO_HASH } from "../../sdk/src/bytes.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { feeUnitsToWei } from "../../sdk/src/fees.ts";
import type { RollupAccess } from "../../sdk/src/rollup.ts";
import { messageStatus, type MessageStatus } from "../../sdk/src/status.ts";
import { createNetwork } from "../../sdk/src/testkit/index.ts";
import { shared } from "../helpers/shared.ts";

const PRICES = {
  basePrice: 2_000n,
  pricePerByte: 5_001n,
  pricePerKGas: 20_003n,
  fundShare: 100n,
  burnShare: 50n,
};
const [A, B] = [8101n, 8102n];
const NOBODY = "0x00000000000000000000000000000000000000A1";

const fixture = shared(async () => {
  const [a, b] = [await network.create("rollupA"), await network.create("rollupB")];
  const metalayer = await createNetwork({ rollups: [a, b], prices: PRICES });
  const recipient = await b.ethers.deployContract("RecipientMock");
  const [onA, onB] = [metalayer.rollup(A), metalayer.rollup(B)];
  const account = await onA.signer.getAddress();
  /** A client that writes on A and reads on B. */
  const access = async (change: Partial<RollupAccess> = {}): Promise<MetalayerClient> =>
    MetalayerClient.connect([
      { runner: onA.signer, gateway: await onA.gateway.getAddress(), ...change },
      { runner: onB.provider, gateway: await onB.gateway.getAddress() },
    ]);
  return {
    a,
    b,
    metalayer,
    client: metalayer.client,
    recipient,
    to: await recipient.getAddress(),
    onA,
    onB,
    account,
    access,
    connections: [a, b],
  };
});

async function code(action: Promise<unknown>): Promise<string> {
  try {
    await action;
  } catch (error) {
    if (error instanceof MetalayerError) return error.code;
    throw error;
  }
  throw new Error("expected a refusal, but nothing was thrown");
}

async function only(statuses: Promise<readonly MessageStatus[]>): Promise<MessageStatus> {
  const [status, ...others] = await statuses;
  if (status === undefined || others.length > 0) throw new Error("expected one status");
  return status;
}

describe("MetalayerClient", () => {
  describe("quote", () => {
    it("is what the gateway quotes and charges", async () => {
      const { client, onA, account, to } = await fixture();
      await onA.era.approve(onA.feeController, feeUnitsToWei(10n ** 9n));
      await onA.feeController.buyCredit(account, feeUnitsToWei(10n ** 9n));
      for (const [payload, gasLimit] of [
        ["0x", undefined],
        ["0x123456", 21_001n],
        ["0x00", 5_000_000n],
      ] as const) {
        const request = { from: A, to: B, payload, ...(gasLimit === undefined ? {} : { gasLimit }) };
        const quote = await client.quote(request);
        const onChain = await onA.gateway.quote(B, payload.length / 2 - 1, gasLimit ?? 200_000n);
        expect(quote.gross).to.equal(onChain);
        const [before] = await onA.gateway.credit(account);
        const sent = await client.send({ ...request, recipient: to });
        const [after] = await onA.gateway.credit(account);
        expect(before - after).to.equal(quote.gross);
        expect([sent.fee, sent.unfundedQuote, sent.gasLimit]).to.deep.equal([
          quote.fee,
          undefined,
          gasLimit ?? 200_000n,
        ]);
      }
    });

    it("refuses what the gateway would refuse", async () => {
      const { client } = await fixture();
      expect(await code(client.quote({ from: A, to: 4711n, payload: "0x" }))).to.equal("CLIENT_NO_LANE");
      expect(await code(client.quote({ from: 4711n, to: A, payload: "0x" }))).to.equal("CLIENT_UNKNOWN_ROLLUP");
      const gasLimit = 10_240_001n;
      expect(await code(client.quote({ from: A, to: B, payload: "0x", gasLimit }))).to.equal("FEE_GAS_LIMIT_TOO_HIGH");
    });
  });

  describe("send", () => {
    it("returns the message as the lane holds it", async () => {
      const { client, to, account } = await fixture();
      const sent = await client.send({ from: A, to: B, recipient: to, payload: "0xabcd", gasLimit: 77_777n });
      expect(sent).to.include({ kind: 0, nonce: 0n, gasLimit: 77_777n, fee: 0n, sender: account, recipient: to });
      expect(sent).to.include({ payload: "0xabcd", srcChainId: A, dstChainId: B });
      expect(sent.unfundedQuote).to.equal(
        (await client.quote({ from: A, to: B, payload: "0xabcd", gasLimit: 77_777n })).gross,
      );
    });

    it("refuses a source without signer, and recipients that are none", async () => {
      const { client, access, to } = await fixture();
      expect(await code((await access()).send({ from: B, to: A, recipient: to, payload: "0x" }))).to.equal(
        "CLIENT_READ_ONLY",
      );
      expect(await code(client.send({ from: A, to: B, recipient: "0x12", payload: "0x" }))).to.equal("HEX_LENGTH");
      const zero = `0x${"00".repeat(20)}`;
      expect(await code(client.send({ from: A, to: B, recipient: zero, payload: "0x" }))).to.equal("INTEROP_INVALID");
    });
  });

  describe("status", () => {
    it("goes from sent over deliverable to delivered", async () => {
      const { client, metalayer, onA, to } = await fixture();
      const { sendId, transactionHash } = await client.send({ from: A, to: B, recipient: to, payload: "0x" });
      expect(await only(client.status(sendId))).to.include({
        state: "sent",
        blocksToFinality: 1,
        funded: false,
        pausedUntil: 0n,
      });
      await onA.passTime(1);
      expect((await only(client.status(sendId))).state).to.equal("deliverable");
      const { receipts } = await metalayer.deliver();
      const status = await only(client.status(transactionHash));
      if (status.state !== "delivered") throw new Error(`not delivered but ${status.state}`);
      expect(status.delivery.transactionHash).to.equal(receipts[0]?.hash);
      expect(status.message.sendId).to.equal(sendId);
    });

    it("is asked of the destination's logs from a block on by whoever asks often", async () => {
      const { client, metalayer, to } = await fixture();
      const [src, dst] = [client.rollup(A), client.rollup(B)];
      const before = await dst.provider.getBlockNumber();
      const message = await client.send({ from: A, to: B, recipient: to, payload: "0x" });
      await metalayer.deliver();
      const after = (await dst.provider.getBlockNumber()) + 1;
      expect((await messageStatus(message, src, dst, [], before)).state).to.equal("delivered");
      expect((await messageStatus(message, src, dst, [], after)).state, "not looked for").to.equal("sent");
    });

    it("names the reason of the last failure, with the application's own errors", async () => {
      const { client, metalayer, recipient, to } = await fixture();
      await recipient.setMode(1);
      const { sendId } = await client.send({ from: A, to: B, recipient: to, payload: "0x" });
      await metalayer.deliver();
      await metalayer.deliver();
      const failed = await only(client.status(sendId, [recipient.interface]));
      expect(failed).to.include({ state: "failed", attempts: 2, reason: "RecipientMockRefused(0)" });
      await recipient.setMode(0);
      await metalayer.deliver();
      expect((await only(client.status(sendId))).state).to.equal("delivered");
    });

    it("explains a recipient without code and one that the protocol never calls", async () => {
      const { client, metalayer, onB } = await fixture();
      const illegal = await onB.guardianSet.getAddress();
      for (const [recipient, reason] of [
        [NOBODY, /no code/],
        [illegal, `GatewayIllegalRecipient(${illegal})`],
      ] as const) {
        const { sendId } = await client.send({ from: A, to: B, recipient, payload: "0x" });
        await metalayer.deliver();
        const status = await only(client.status(sendId));
        if (status.state !== "failed") throw new Error(`not failed but ${status.state}`);
        expect(status.reason).to.match(typeof reason === "string" ? new RegExp(reason.replace(/[()]/g, ".")) : reason);
      }
    });

    it("says until when a pause lasts", async () => {
      const { client, onB, to } = await fixture();
      const { sendId } = await client.send({ from: A, to: B, recipient: to, payload: "0x" });
      await onB.gateway.pause([A], 600);
      const { pausedUntil } = await onB.gateway.inLane(A);
      expect(await only(client.status(sendId))).to.include({ pausedUntil });
      await onB.passTime(601);
      expect(await only(client.status(sendId))).to.include({ pausedUntil: 0n });
    });

    it("lists every message of a transaction, and unknown for what no rollup has", async () => {
      const { client, metalayer, a, onA, onB, to } = await fixture();
      const echo = await a.ethers.deployContract("RecipientMock");
      const answer = onA.gateway.interface.encodeFunctionData("sendMessage", [await onB.interop(to), "0x01", []]);
      await echo.setCall(onA.gateway, answer);
      await echo.setMode(7);
      for (let i = 0; i < 2; i++) await onB.gateway.sendMessage(await onA.interop(echo), "0x", []);
      const [receipt] = (await metalayer.deliver()).receipts;
      const statuses = await client.status(toHex(fromHex(receipt?.hash ?? "0x")));
      expect(statuses.map(({ state }) => state)).to.deep.equal(["sent", "sent"]);
      expect(await client.status(ZERO_HASH)).to.deep.equal([{ state: "unknown", reference: ZERO_HASH }]);
      const other: Hex = `0x${"ab".repeat(32)}`;
      expect((await only(client.status(other))).state).to.equal("unknown");
    });

    it("uses the node's own finality if it is given no registry", async () => {
      const { access, to } = await fixture();
      const client = await access();
      const { sendId } = await client.send({ from: A, to: B, recipient: to, payload: "0x" });
      expect(await only(client.status(sendId))).to.include.keys("state");
    });
  });

  describe("messages", () => {
    it("gives a range of the lane, whatever the size of the log requests", async () => {
      const { client, access, to } = await fixture();
      for (let i = 0; i < 5; i++) await client.send({ from: A, to: B, recipient: to, payload: `0x0${i}` });
      const expected = await client.messages(A, B);
      expect(expected.map(({ nonce, payload }) => [nonce, payload])).to.deep.equal(
        [0, 1, 2, 3, 4].map((i) => [BigInt(i), `0x0${i}`]),
      );
      for (const logRange of [1, 2, 7, 1_000]) {
        expect(await (await access({ logRange })).messages(A, B)).to.deep.equal(expected);
      }
      expect(await client.messages(A, B, 1n, 3n)).to.deep.equal(expected.slice(1, 3));
      expect(await client.messages(A, B, 5n)).to.deep.equal([]);
      expect(await client.messages(B, A)).to.deep.equal([]);
    });

    it("reads lanes of more nonces than one request asks for", async () => {
      const { client, onA, onB, to } = await fixture();
      const recipient = await onB.interop(to);
      for (let i = 0; i < 260; i++) await onA.gateway.sendMessage(recipient, "0x", []);
      const nonces = (await client.messages(A, B, 2n)).map(({ nonce }) => nonce);
      expect(nonces).to.deep.equal(Array.from({ length: 258 }, (_, i) => BigInt(i + 2)));
    });

    it("says so if the endpoint does not return all of them", async () => {
      const { client, access, onA, to } = await fixture();
      await client.send({ from: A, to: B, recipient: to, payload: "0x" });
      const fromBlock = (await onA.provider.getBlockNumber()) + 1;
      expect(await code((await access({ fromBlock })).messages(A, B))).to.equal("CLIENT_LOGS_INCOMPLETE");
    });
  });

  describe("connect", () => {
    it("refuses a runner without provider, two rollups with one chain id, and a log range of nothing", async () => {
      const { onA, access } = await fixture();
      const gateway = await onA.gateway.getAddress();
      const runner = { provider: null };
      expect(await code(MetalayerClient.connect([{ runner, gateway }]))).to.equal("CLIENT_NO_PROVIDER");
      const same = { runner: onA.signer, gateway };
      expect(await code(MetalayerClient.connect([same, same]))).to.equal("CLIENT_SAME_CHAIN");
      expect(await code(access({ logRange: 0 }))).to.equal("VALUE_OUT_OF_RANGE");
    });
  });
});
