import { expect } from "chai";
import {
  addressOf,
  CAPACITY,
  DAY,
  deliverFrom,
  eraPayload,
  ETHER,
  failures,
  forge,
  SHARE,
  transfer,
  type Economy,
  type EconomyRollup,
} from "../helpers/economy.ts";
import { interop, laneOf, rangeOf } from "../helpers/network.ts";
import { messageHash } from "../../sdk/src/message.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import { createLimitedEconomy, later, serial, SMALL, SMALL_SHARE } from "./limited.ts";

describe("Era: limits of a source", () => {
  let net: Economy;
  let home: EconomyRollup;
  let b: EconomyRollup;
  let c: EconomyRollup;

  let restore: () => Promise<void>;

  before(async () => {
    ({ net, home, b, c, restore } = await createLimitedEconomy());
  });

  afterEach(async () => restore());

  const idOf = async (src: EconomyRollup, dst: EconomyRollup, nonce: number): Promise<Hex> => {
    const message = (await rangeOf(src, dst)).messages[nonce];
    if (message === undefined) throw new Error(`no message ${nonce}`);
    return messageHash(net.networkId, await laneOf(src, dst), message);
  };

  it("starts with a full bucket and no exposure", async () => {
    const source = await c.era.source(b.chainId);
    expect([source.capacity, source.share, source.exposure]).to.deep.equal([SMALL, SMALL_SHARE, 0n]);
    // Lowered by the change of settings, not filled again.
    expect(source.level).to.equal(SMALL);
  });

  it("over the bucket the transfer waits and is delivered when the bucket has refilled", async () => {
    await transfer(b, c, b.user, c.user, SMALL);
    await transfer(b, c, b.user, c.user, 10n * ETHER);
    const delivery = await deliverFrom(net, b, c);
    const [failure] = await failures(c, delivery);
    expect(failure?.name).to.equal("EraLimitExceeded");
    expect(failure?.args.slice(0, 2)).to.deep.equal([b.chainId, 10n * ETHER]);
    expect(await c.era.balanceOf(c.user)).to.equal(SMALL);

    await later(c, DAY / 10 + 1);
    await deliverFrom(net, b, c, 0n, await serial(c));
    expect(await c.era.balanceOf(c.user)).to.equal(SMALL + 10n * ETHER);
  });

  it("the message that waits blocks nobody", async () => {
    await transfer(b, c, b.user, c.user, SMALL + 1n);
    await transfer(b, c, b.user, c.relayer, SMALL);
    await deliverFrom(net, b, c);
    expect(await c.era.balanceOf(c.relayer)).to.equal(SMALL);
    expect(await c.era.balanceOf(c.user)).to.equal(0n);
  });

  it("over the ceiling share the transfer waits although the bucket is full, until as much was sent back", async () => {
    await transfer(b, c, b.user, c.user, SMALL);
    await deliverFrom(net, b, c);
    await later(c, DAY);
    await transfer(b, c, b.user, c.user, 60n * ETHER);
    const [failure] = await failures(c, await deliverFrom(net, b, c, 1n, await serial(c)));
    expect(failure?.name).to.equal("EraLimitExceeded");

    const exposed = (await c.era.source(b.chainId)).exposure;
    await transfer(c, b, c.user, b.user, 20n * ETHER);
    const lowered = (await c.era.source(b.chainId)).exposure;
    expect(exposed - lowered >= 20n * ETHER).to.equal(true);
    await deliverFrom(net, b, c, 1n, await serial(c));
    expect(await c.era.balanceOf(c.user)).to.equal(SMALL - 20n * ETHER + 60n * ETHER);
  });

  it("R19 a flow in one direction only is never stuck: exposure decays by one share in 30 days", async () => {
    let delivered = 0n;
    for (let round = 0; round < 4; round++) {
      await transfer(b, c, b.user, c.user, SMALL);
      await deliverFrom(net, b, c, BigInt(round), await serial(c));
      delivered += SMALL;
      expect(await c.era.balanceOf(c.user)).to.equal(delivered);
      await later(c, 20 * DAY);
    }
  });

  it("R19 for home as source only the bucket counts, and sending there books nothing", async () => {
    await c.rollupRegistry.setCeiling(home.chainId, 0n, CAPACITY);
    await transfer(home, c, home.holder, c.user, CAPACITY);
    await deliverFrom(net, home, c);
    expect(await c.era.balanceOf(c.user)).to.equal(CAPACITY);
    const before = await c.era.source(home.chainId);
    expect(before.exposure).to.equal(0n);
    await transfer(c, home, c.user, home.user, ETHER);
    expect((await c.era.source(home.chainId)).exposure).to.equal(0n);
  });

  it("NEEDS 19 a change by governance neither fills the bucket nor forgives exposure", async () => {
    await transfer(b, c, b.user, c.user, SMALL);
    await deliverFrom(net, b, c);
    await c.rollupRegistry.setCeiling(b.chainId, 0n, 0n);
    expect(await c.era.acceptable(b.chainId)).to.equal(0n);
    await c.rollupRegistry.setCeiling(b.chainId, SMALL, SMALL);
    const source = await c.era.source(b.chainId);
    expect(source.level < ETHER).to.equal(true);
    expect(source.exposure > SMALL - ETHER).to.equal(true);
  });

  describe("requestReturn", () => {
    it("C26 R19 sends a transfer that does not fit back to its sender, and moves no limit here", async () => {
      const amount = SMALL + 1n;
      await transfer(b, c, b.user, c.user, amount);
      await deliverFrom(net, b, c);
      const receiveId = await idOf(b, c, 0);
      await expect(c.era.connect(c.user).requestReturn(receiveId))
        .to.emit(c.era, "ReturnRequested")
        .withArgs(receiveId, await c.user.getAddress());
      expect(await c.era.isReturnRequested(receiveId, c.user)).to.equal(true);

      const delivery = await deliverFrom(net, b, c);
      const returnId = await idOf(c, b, 0);
      const to = interop(b, await b.user.getAddress());
      await expect(delivery)
        .to.emit(c.era, "TransferReturned")
        .withArgs(receiveId, returnId, await c.user.getAddress(), to, amount);
      await expect(delivery).to.emit(c.gateway, "MessageDelivered").withArgs(receiveId);
      expect(await c.era.totalSupply()).to.equal(0n);
      expect(await c.era.isReturnRequested(receiveId, c.user)).to.equal(false);
      const source = await c.era.source(b.chainId);
      expect([source.level, source.exposure]).to.deep.equal([SMALL, 0n]);

      await deliverFrom(net, c, b);
      expect(await b.era.balanceOf(b.user)).to.equal(10_000n * ETHER);
    });

    it("does not stop a transfer that fits by now: it arrives", async () => {
      await transfer(b, c, b.user, c.user, ETHER);
      await c.era.connect(c.user).requestReturn(await idOf(b, c, 0));
      await deliverFrom(net, b, c);
      expect(await c.era.balanceOf(c.user)).to.equal(ETHER);
      expect((await c.gateway.outLane(b.chainId)).nonce).to.equal(0n);
    });

    it("of somebody else's transfer, or of one that has arrived, does nothing", async () => {
      await transfer(b, c, b.user, c.user, ETHER);
      const receiveId = await idOf(b, c, 0);
      await c.era.connect(c.relayer).requestReturn(receiveId);
      await deliverFrom(net, b, c);
      expect(await c.era.balanceOf(c.user)).to.equal(ETHER);
      await c.era.connect(c.user).requestReturn(receiveId);
      await expect(deliverFrom(net, b, c)).to.be.revertedWithCustomError(c.gateway, "GatewayNothingToDeliver");
      expect(await c.era.balanceOf(c.user)).to.equal(ETHER);
    });

    it("a return that does not fit at the source waits or goes there again: never lost", async () => {
      await transfer(b, c, b.user, c.user, 2n * SMALL);
      await c.era.connect(c.user).requestReturn(await idOf(b, c, 0));
      await b.rollupRegistry.setCeiling(c.chainId, SHARE, SMALL);
      await deliverFrom(net, b, c);
      const [failure] = await failures(b, await deliverFrom(net, c, b));
      expect(failure?.name).to.equal("EraLimitExceeded");

      await b.era.connect(b.user).requestReturn(await idOf(c, b, 0));
      await deliverFrom(net, c, b);
      await c.rollupRegistry.setCeiling(b.chainId, 2n * SMALL, 2n * SMALL);
      await later(c, DAY);
      await deliverFrom(net, b, c, 1n, await serial(c));
      expect(await c.era.balanceOf(c.user)).to.equal(2n * SMALL);
      expect(await b.era.balanceOf(b.user)).to.equal(10_000n * ETHER - 2n * SMALL);
    });

    it("cannot be used to lower exposure: a captured source gains nothing from transfers that go back", async () => {
      await transfer(b, c, b.user, c.user, SMALL);
      await deliverFrom(net, b, c);
      const { exposure } = await c.era.source(b.chainId);
      const lie = eraPayload(b, await b.user.getAddress(), await c.user.getAddress(), 1_000_000n * ETHER);
      const [sender, recipient] = [await addressOf(b.era), await addressOf(c.era)];
      const delivery = await forge(net, b, c, [{ sender, recipient, payload: lie }]);
      const [failure] = await failures(c, delivery);
      expect(failure?.name).to.equal("EraLimitExceeded");
      const receiveId = await failureId(delivery);
      await c.era.connect(c.user).requestReturn(receiveId);
      await forge(net, b, c, [{ sender, recipient, payload: lie }], { repeat: true });
      const after = await c.era.source(b.chainId);
      // Only decay of some seconds between the two blocks.
      expect(exposure - after.exposure < ETHER / 1000n).to.equal(true);
      expect(after.exposure <= exposure).to.equal(true);
    });

    const failureId = async (tx: Awaited<ReturnType<typeof forge>>): Promise<string> => {
      const [event] = await c.gateway.queryFilter(c.gateway.filters.MessageFailed(), tx.blockNumber ?? undefined);
      return event?.args.receiveId ?? "";
    };
  });
});
