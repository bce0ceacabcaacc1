import { expect } from "chai";
import type { Hex } from "../../sdk/src/bytes.ts";
import {
  addressOf,
  CAPACITY,
  DAY,
  deliverFrom,
  eraPayload,
  ETHER,
  failures,
  forge,
  SUPPLY,
  transfer,
  type Economy,
  type EconomyRollup,
} from "../helpers/economy.ts";
import { createLimitedEconomy, later, serial, SMALL, SMALL_SHARE } from "./limited.ts";

describe("Era: a captured source", () => {
  let net: Economy;
  let home: EconomyRollup;
  let b: EconomyRollup;
  let c: EconomyRollup;

  let restore: () => Promise<void>;

  before(async () => {
    ({ net, home, b, c, restore } = await createLimitedEconomy());
  });

  afterEach(async () => restore());

  const steal = async (src: EconomyRollup, amount: bigint, to: string, from?: string) => {
    const payload = eraPayload(src, from ?? (await b.user.getAddress()), to, amount);
    const [sender, recipient] = [await addressOf(src.era), await addressOf(c.era)];
    return forge(net, src, c, [{ sender, recipient, payload }], { serial: await serial(c) });
  };

  it("EXPLOITS 10 EXPLOITS 14 EXPLOITS 26 NEEDS 20 that mints from nothing gets out at most the ceiling share, at most at the bucket's speed", async () => {
    const thief = await c.relayer.getAddress();
    const start = await c.connection.networkHelpers.time.latest();
    let stolen = 0n;
    for (let hour = 0; hour < 60; hour++) {
      const { value } = await acceptable();
      await steal(b, value, thief);
      const [failure] = await failures(c, await steal(b, 5n * ETHER, thief));
      expect(failure?.name).to.equal("EraLimitExceeded");
      stolen = await c.era.balanceOf(thief);
      const seconds = BigInt((await c.connection.networkHelpers.time.latest()) - start);
      expect(stolen <= SMALL + (SMALL * seconds) / BigInt(DAY)).to.equal(true);
      expect(stolen <= SMALL_SHARE + (SMALL_SHARE * seconds) / BigInt(30 * DAY)).to.equal(true);
      await later(c, 3_600);
    }
    // The share binds, not the speed.
    expect(stolen >= SMALL_SHARE).to.equal(true);
  });

  const acceptable = async () => ({ value: await c.era.acceptable(b.chainId) });

  it("EXPLOITS 32 C20 no amount passes the limits by its size", async () => {
    const thief = await c.relayer.getAddress();
    const sizes = [64n, 128n, 255n].map((bits) => 2n ** bits).concat([2n ** 256n - 1n, SUPPLY, SMALL + 1n]);
    for (const size of sizes.flatMap((value) => [value, value - 1n])) {
      if (size <= SMALL) continue;
      const [failure] = await failures(c, await steal(b, size, thief));
      expect(failure?.name).to.equal("EraLimitExceeded");
      expect(failure?.args[1]).to.equal(size);
    }
    expect(await c.era.totalSupply()).to.equal(0n);
  });

  it("EXPLOITS 8 C20 only a recipient of exactly 20 bytes that is not zero is paid", async () => {
    for (const to of ["0x", "0x11", `0x${"11".repeat(19)}`, `0x${"11".repeat(21)}`, `0x${"11".repeat(32)}`]) {
      const [failure] = await failures(c, await steal(b, ETHER, to));
      expect(failure?.name).to.equal("EraInvalidRecipient");
    }
    const [zero] = await failures(c, await steal(b, ETHER, `0x${"00".repeat(20)}`));
    expect(zero?.name).to.equal("EraInvalidRecipient");
    expect(await c.era.totalSupply()).to.equal(0n);
  });

  it("C20 mints nothing with a payload that is cut, empty or points beyond itself", async () => {
    const good = eraPayload(b, await b.user.getAddress(), await c.relayer.getAddress(), ETHER);
    const word = (at: number, value: string): Hex =>
      `0x${good.slice(2, 2 + 64 * at)}${value}${good.slice(66 + 64 * at)}`;
    const bad: Hex[] = ["0x", `0x${good.slice(2, 2 + 64 * 3)}`, `0x${good.slice(2, -64)}`];
    for (const value of ["ff".repeat(32), "00".repeat(31) + "e0", "00".repeat(16) + "ff".repeat(16)]) {
      // The two offsets, then the two lengths.
      for (const at of [0, 1, 3, 5]) bad.push(word(at, value));
    }
    const [sender, recipient] = [await addressOf(b.era), await addressOf(c.era)];
    for (const payload of bad) {
      await expect(forge(net, b, c, [{ sender, recipient, payload }])).to.emit(c.gateway, "MessageFailed");
    }
    expect(await c.era.totalSupply()).to.equal(0n);
  });

  it("cannot make this rollup send to a third one what goes back", async () => {
    const payload = eraPayload(home, await b.user.getAddress(), await c.user.getAddress(), ETHER);
    const messages = [{ sender: await addressOf(b.era), recipient: await addressOf(c.era), payload }];
    await c.rollupRegistry.setCeiling(b.chainId, 0n, 0n);
    const first = await forge(net, b, c, messages);
    const [event] = await c.gateway.queryFilter(c.gateway.filters.MessageFailed(), first.blockNumber ?? undefined);
    await c.era.connect(c.user).requestReturn(event?.args.receiveId ?? "");
    const [failure] = await failures(c, await forge(net, b, c, messages, { repeat: true }));
    expect(failure?.name).to.equal("EraInvalidSender");
  });

  it("takes nothing from the limits of another source", async () => {
    await steal(b, SMALL, await c.relayer.getAddress());
    await transfer(home, c, home.holder, c.user, CAPACITY);
    await deliverFrom(net, home, c);
    expect(await c.era.balanceOf(c.user)).to.equal(CAPACITY);
  });

  it("brings nothing any more once its capacity is zero, and not after its removal", async () => {
    await c.rollupRegistry.setCeiling(b.chainId, SMALL_SHARE, 0n);
    const [failure] = await failures(c, await steal(b, 1n, await c.relayer.getAddress()));
    expect(failure?.name).to.equal("EraLimitExceeded");
    await c.rollupRegistry.remove(b.chainId);
    await expect(steal(b, 1n, await c.relayer.getAddress())).to.be.revertedWithCustomError(
      c.gateway,
      "GatewayUnknownRollup",
    );
  });
});
