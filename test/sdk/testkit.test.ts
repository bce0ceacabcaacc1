import { expect } from "chai";
import { network } from "hardhat";
import type { MetalayerError } from "../../sdk/src/errors.ts";
import { createNetwork } from "../../sdk/src/testkit/index.ts";
import type { TestRollup } from "../../sdk/src/testkit/index.ts";
import type { RecipientMock } from "../../typechain-types/index.js";
import { shared } from "../helpers/shared.ts";

const MODE = { accept: 0, revert: 1, eatGas: 6, reenter: 7, reenterOnce: 8 } as const;

interface Side {
  readonly rollup: TestRollup;
  readonly recipient: RecipientMock;
}

/** Three rollups with a recipient on each. */
const fixture = shared(async () => {
  const names = ["rollupA", "rollupB", "rollupC"] as const;
  const connections = [await network.create(names[0]), await network.create(names[1]), await network.create(names[2])];
  const metalayer = await createNetwork({ rollups: connections });
  const [first, second, third] = await Promise.all(
    connections.map(async (connection, index): Promise<Side> => {
      const rollup = metalayer.rollups[index];
      if (rollup === undefined) throw new Error(`no rollup ${index}`);
      return { rollup, recipient: await connection.ethers.deployContract("RecipientMock") };
    }),
  );
  if (first === undefined || second === undefined || third === undefined) throw new Error("three rollups expected");
  return { connections, metalayer, sides: [first, second, third] as const };
});

async function send(from: Side, to: Side, payload = "0x1234"): Promise<void> {
  await from.rollup.gateway.sendMessage(await to.rollup.interop(to.recipient), payload, []);
}

async function rejection(action: Promise<unknown>): Promise<MetalayerError> {
  const { MetalayerError } = await import("../../sdk/src/errors.ts");
  const error: unknown = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof MetalayerError) return error;
  throw error instanceof Error ? error : new Error("expected a refusal, but nothing was thrown");
}

describe("test kit", () => {
  describe("createNetwork", () => {
    it("puts every contract at another address on each rollup, with one network id and real guardian tables", async () => {
      const { metalayer, sides } = await fixture();
      const contracts = ["accessManager", "era", "feeController", "gateway", "guardianSet", "rollupRegistry"] as const;
      const addresses = sides.flatMap(({ rollup }) => contracts.map((name) => rollup[name].target));
      expect(new Set(addresses).size).to.equal(addresses.length);
      for (const { rollup } of sides) {
        expect(await rollup.gateway.networkId()).to.equal(metalayer.networkId);
        expect((await rollup.guardianSet.guardians(1, 0, 10)).length).to.equal(4);
      }
    });

    it("mints ERA on the first rollup only and moves it between all", async () => {
      const { metalayer, sides } = await fixture();
      const [a, b, c] = sides.map(({ rollup }) => rollup);
      if (a === undefined || b === undefined || c === undefined) throw new Error("three rollups expected");
      const holder = await a.signer.getAddress();
      expect(await b.era.totalSupply()).to.equal(0n);
      await a.era.crosschainTransfer(await b.interop(holder), 7n);
      await metalayer.deliverAll();
      await b.era.crosschainTransfer(await c.interop(holder), 5n);
      await metalayer.deliverAll();
      const supplies = await Promise.all([a, b, c].map(({ era }) => era.totalSupply()));
      expect(supplies).to.deep.equal([10n ** 27n - 7n, 2n, 5n]);
    });

    it("refuses one rollup, two with one chain id, and too few guardians", async () => {
      const [a, again, b] = [
        await network.create("rollupA"),
        await network.create("rollupA"),
        await network.create("rollupB"),
      ];
      expect((await rejection(createNetwork({ rollups: [a] }))).code).to.equal("TESTKIT_ROLLUPS");
      expect((await rejection(createNetwork({ rollups: [a, again] }))).code).to.equal("TESTKIT_ROLLUPS");
      expect((await rejection(createNetwork({ rollups: [a, b], guardians: 3 }))).code).to.equal("TESTKIT_GUARDIANS");
    });
  });

  describe("deliver", () => {
    it("delivers what is pending on all lanes, once", async () => {
      const { metalayer, sides } = await fixture();
      const [a, b, c] = sides;
      for (const [from, to] of [
        [a, b],
        [a, b],
        [b, c],
        [c, a],
      ] as const)
        await send(from, to);
      const { delivered, failed } = await metalayer.deliver();
      expect([delivered.length, failed.length]).to.deep.equal([4, 0]);
      expect(await metalayer.pending()).to.deep.equal([]);
      expect((await metalayer.deliver()).receipts).to.deep.equal([]);
      const received = await Promise.all(sides.map(({ recipient }) => recipient.received()));
      expect(received).to.deep.equal([1n, 2n, 1n]);
    });

    it("leaves out what `drop` names, and delivers it the next time", async () => {
      const { metalayer, sides } = await fixture();
      const [a, b] = sides;
      for (const payload of ["0x00", "0x01", "0x02"]) await send(a, b, payload);
      const { delivered } = await metalayer.deliver({ drop: ({ nonce }) => nonce === 1n });
      expect(delivered.map(({ payload }) => payload)).to.deep.equal(["0x00", "0x02"]);
      expect((await metalayer.pending()).map(({ payload }) => payload)).to.deep.equal(["0x01"]);
      expect((await metalayer.deliver()).delivered.map(({ payload }) => payload)).to.deep.equal(["0x01"]);
    });

    it("delivers one by one in the order of `reorder`", async () => {
      const { metalayer, sides } = await fixture();
      const [a, b] = sides;
      for (const payload of ["0x00", "0x01", "0x02"]) await send(a, b, payload);
      const { receipts } = await metalayer.deliver({ reorder: (messages) => [...messages].reverse() });
      const received = await b.recipient.queryFilter(b.recipient.filters.Received());
      expect(received.map(({ args }) => args.payload)).to.deep.equal(["0x02", "0x01", "0x00"]);
      expect(receipts.length).to.equal(3);
    });

    it("changes nothing when every relay is repeated", async () => {
      const { metalayer, sides } = await fixture();
      const [a, b] = sides;
      for (let i = 0; i < 3; i++) await send(a, b);
      const { delivered, receipts } = await metalayer.deliver({ duplicate: true });
      expect([delivered.length, receipts.length]).to.deep.equal([3, 1]);
      expect(await b.recipient.received()).to.equal(3n);
    });

    it("lets time pass on the destination first, beyond the life of the guardians' table as well", async () => {
      const { metalayer, sides } = await fixture();
      const [a, b] = sides;
      const before = (await b.rollup.provider.getBlock("latest"))?.timestamp ?? 0;
      await send(a, b);
      const delay = 100 * 86_400;
      const { delivered } = await metalayer.deliver({ delay });
      expect(delivered.length).to.equal(1);
      const after = (await b.rollup.provider.getBlock("latest"))?.timestamp ?? 0;
      expect(after - before).to.be.at.least(delay);
    });

    it("delivers class fast to who has opted in, and to nobody else", async () => {
      const { metalayer, sides } = await fixture();
      const [a, b, c] = sides;
      const { gateway } = b.rollup;
      const optIn = gateway.interface.encodeFunctionData("setFastLimit", [
        await b.recipient.getAddress(),
        a.rollup.chainId,
        10,
      ]);
      await b.recipient.call(gateway, optIn);
      await send(a, b);
      await send(a, c);
      const { delivered, failed } = await metalayer.deliver({ class: "fast" });
      expect(delivered.map(({ dstChainId }) => dstChainId)).to.deep.equal([b.rollup.chainId]);
      expect(failed.map(({ reason }) => reason)).to.deep.equal([
        `GatewayFastRefused(${await c.recipient.getAddress()}, ${a.rollup.chainId})`,
      ]);
      expect((await metalayer.deliver()).delivered.map(({ dstChainId }) => dstChainId)).to.deep.equal([
        c.rollup.chainId,
      ]);
    });

    it("reports the reason of a recipient that fails, and retries it with more gas", async () => {
      const { metalayer, sides } = await fixture();
      const [a, b] = sides;
      await b.recipient.setMode(MODE.revert);
      await send(a, b);
      const [failure] = (await metalayer.deliver()).failed;
      expect(failure?.data).to.equal(b.recipient.interface.encodeErrorResult("RecipientMockRefused", [0]));
      await b.recipient.setMode(MODE.accept);
      expect((await metalayer.deliver({ gasBoost: 100_000n })).delivered.length).to.equal(1);
      const [event] = await b.recipient.queryFilter(b.recipient.filters.Received());
      expect(event?.args.gas).to.be.greaterThan(200_000n);
    });

    it("carries more messages than one relay transaction holds", async () => {
      const { metalayer, sides } = await fixture();
      const [a, b] = sides;
      for (let i = 0; i < 45; i++) await send(a, b);
      const { delivered, receipts } = await metalayer.deliver();
      expect([delivered.length, receipts.length]).to.deep.equal([45, 2]);
    });

    it("says why a rollup refuses a delivery", async () => {
      const { metalayer, sides } = await fixture();
      const [a, b] = sides;
      await b.rollup.gateway.pause([a.rollup.chainId], 3_600);
      await send(a, b);
      const refusal = await rejection(metalayer.deliver());
      expect([refusal.code, refusal.message]).to.match(/TESTKIT_RELAY.*GatewayPaused/);
    });
  });

  describe("deliverAll", () => {
    it("follows messages that deliveries send", async () => {
      const { metalayer, sides } = await fixture();
      const [a, b, c] = sides;
      await answer(b, c, MODE.reenterOnce);
      await answer(c, a, MODE.reenterOnce);
      await send(a, b);
      const { delivered } = await metalayer.deliverAll();
      expect(delivered.map(({ dstChainId }) => dstChainId)).to.deep.equal([8102n, 8103n, 8101n]);
    });

    it("throws the reason if a recipient fails", async () => {
      const { metalayer, sides } = await fixture();
      const [a, b] = sides;
      await b.recipient.setMode(MODE.eatGas);
      await send(a, b);
      const refusal = await rejection(metalayer.deliverAll());
      expect(refusal.code).to.equal("TESTKIT_DELIVERY_FAILED");
      expect(refusal.message).to.include("out of gas");
    });

    it("stops when messages cause messages for ever", async () => {
      const { metalayer, sides } = await fixture();
      const [a, b] = sides;
      await answer(a, b, MODE.reenter);
      await answer(b, a, MODE.reenter);
      await send(a, b);
      expect((await rejection(metalayer.deliverAll())).code).to.equal("TESTKIT_ENDLESS");
    });
  });

  /** Lets a recipient send a message whenever it receives one. */
  async function answer(from: Side, to: Side, mode: number): Promise<void> {
    const { gateway } = from.rollup;
    const data = gateway.interface.encodeFunctionData("sendMessage", [await to.rollup.interop(to.recipient), "0x", []]);
    await from.recipient.setCall(gateway, data);
    await from.recipient.setMode(mode);
  }
});
