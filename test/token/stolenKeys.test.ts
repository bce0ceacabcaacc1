import { expect } from "chai";
import { CLASS_FAST } from "../../sdk/src/fact.ts";
import { RecipientMock__factory, type RecipientMock } from "../../typechain-types/index.js";
import {
  addressOf,
  CAPACITY,
  createEconomy,
  DAY,
  EPOCH,
  eraPayload,
  ETHER,
  forge,
  SHARE,
  type Economy,
  type EconomyRollup,
} from "../helpers/economy.ts";
import { TERMS } from "../helpers/network.ts";

const FEE_UNIT = 10n ** 9n;
const LARGEST_FEE = 2n ** 64n - 1n;

const PER_DAY = 5n;

describe("ERA, with the keys of all guardians stolen", () => {
  it("EXPLOITS 14 EXPLOITS 26 I22 what leaves a rollup in a day is bounded by its ceiling, whatever is signed about it, and fast messages by their recipients' limits", async () => {
    const net = await createEconomy(["rollupA", "rollupB", "rollupC"]);
    const [home, robbed, third] = net.rollups as [EconomyRollup, EconomyRollup, EconomyRollup]; // CAST: three names
    const targets = [home, third];
    // The share binds, not the speed.
    for (const target of targets) await target.rollupRegistry.setCeiling(robbed.chainId, SHARE, 2n * SHARE);
    const victims = await Promise.all(targets.map((target) => fastRecipient(target, robbed)));
    const start = await third.connection.networkHelpers.time.latest();
    for (let hour = 0; hour < 24; hour++) {
      for (const [index, target] of targets.entries()) {
        const recipient = victims[index];
        if (recipient === undefined) throw new Error("a victim per target");
        await rob(net, robbed, target, recipient);
        await target.connection.networkHelpers.time.increase(EPOCH);
        await target.guardianSet.rotate();
      }
    }
    const seconds = BigInt((await third.connection.networkHelpers.time.latest()) - start);
    const thieves = await Promise.all(targets.map(({ relayer }) => relayer.getAddress()));
    const stolen = await Promise.all(targets.map(({ era }, index) => era.balanceOf(thieves[index] ?? "")));
    const ceiling = SHARE * BigInt(targets.length);
    const left = stolen.reduce((sum, amount) => sum + amount, 0n);
    expect(left).to.be.lessThanOrEqual(ceiling + (ceiling * seconds) / BigInt(30 * DAY));
    expect(left, "the thieves took what they could").to.be.greaterThanOrEqual(ceiling);
    for (const victim of victims) {
      const most = PER_DAY + (PER_DAY * seconds) / BigInt(DAY);
      expect(await victim.received())
        .to.be.lessThanOrEqual(most)
        .and.to.be.greaterThan(PER_DAY);
    }
    expect(await third.era.totalSupply(), "nothing else was minted").to.equal(stolen[1]);
  });

  /** A contract that takes so many fast messages a day from a rollup. */
  async function fastRecipient(target: EconomyRollup, from: EconomyRollup): Promise<RecipientMock> {
    const recipient = await new RecipientMock__factory(target.deployer).deploy();
    const { gateway } = target;
    const address = await recipient.getAddress();
    const optIn = gateway.interface.encodeFunctionData("setFastLimit", [address, from.chainId, PER_DAY]);
    await recipient.call(gateway, optIn);
    return recipient;
  }

  /** All that a quorum can sign in an hour: as much ERA as is accepted, more than that, ERA by a soft head, and fast messages. */
  async function rob(net: Economy, src: EconomyRollup, target: EconomyRollup, victim: RecipientMock): Promise<void> {
    const thief = await target.relayer.getAddress();
    const [sender, recipient] = [await addressOf(src.era), await addressOf(target.era)];
    const transfer = (amount: bigint) => ({ sender, recipient, payload: eraPayload(src, thief, thief, amount) });
    const serial = Number(await target.guardianSet.currentSerial());
    const most = await target.era.acceptable(src.chainId);
    await forge(net, src, target, [transfer(most), transfer(ETHER), transfer(most)], { serial });
    const before = await target.era.balanceOf(thief);
    const message = { sender: recipient, recipient: await addressOf(victim), payload: "0x12" } as const;
    await forge(net, src, target, [transfer(1n), message, message], { serial, class: CLASS_FAST });
    expect(await target.era.balanceOf(thief), "no ERA by a soft head").to.equal(before);
  }

  it("EXPLOITS 14 EXPLOITS 26 I22 in a day no more comes into a rollup than bucket and fee bucket of every source give", async () => {
    const net = await createEconomy(["rollupA", "rollupB", "rollupC"]);
    const [home, b, target] = net.rollups as [EconomyRollup, EconomyRollup, EconomyRollup]; // CAST: three names
    const sources = [home, b];
    const thief = await target.relayer.getAddress();
    const payload = async (src: EconomyRollup, amount: bigint) => ({
      sender: await addressOf(src.era),
      recipient: await addressOf(target.era),
      payload: eraPayload(src, thief, thief, amount),
    });
    const serials = new Set<bigint>();
    const { time } = target.connection.networkHelpers;
    const start = await time.latest();
    for (let hour = 0; hour < 24; hour++) {
      const serial = await target.guardianSet.currentSerial();
      serials.add(serial);
      for (const src of sources) {
        const most = await target.era.acceptable(src.chainId);
        const messages = [await payload(src, most), await payload(src, 1n), await payload(src, most)];
        await forge(net, src, target, messages, { fee: LARGEST_FEE, serial: Number(serial) });
      }
      await time.increase(EPOCH);
      await target.guardianSet.rotate();
    }
    const days = BigInt((await time.latest()) - start);
    const inDay = (capacity: bigint): bigint => capacity + (capacity * days) / BigInt(DAY);
    const transferred = await target.era.balanceOf(thief);
    for (const src of sources) await target.gateway.claimQueued(src.chainId, thief);
    serials.add(await target.guardianSet.currentSerial());
    for (const serial of serials) await target.fees.withdraw(serial, thief);

    const sourceCount = BigInt(sources.length);
    expect(inDay(CAPACITY)).to.be.lessThan(SHARE);
    expect(transferred).to.be.lessThanOrEqual(sourceCount * inDay(CAPACITY));
    expect(transferred).to.be.greaterThan((sourceCount * inDay(CAPACITY) * 9n) / 10n);
    const minted = await target.fees.minted();
    expect(minted).to.be.lessThanOrEqual(sourceCount * inDay(TERMS.feeCapacity) * FEE_UNIT);
    expect(minted).to.be.greaterThan(0n);
    expect(await target.era.totalSupply()).to.equal(transferred + minted);
  });
});
