import { expect } from "chai";
import {
  addressOf,
  CAPACITY,
  createEconomy,
  DAY,
  EPOCH,
  eraPayload,
  forge,
  SHARE,
  type EconomyRollup,
} from "../helpers/economy.ts";
import { TERMS } from "../helpers/network.ts";

const FEE_UNIT = 10n ** 9n;
const LARGEST_FEE = 2n ** 64n - 1n;

describe("ERA, with the keys of all guardians stolen", () => {
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
