import type { Signer } from "ethers";
import { quoteFee } from "../../sdk/src/fees.ts";
import { addressOf, buyCredit, createEconomy, DAY, remember } from "../helpers/economy.ts";
import type { Economy, EconomyRollup } from "../helpers/economy.ts";
import { interop, PRICES } from "../helpers/network.ts";

export const UNIT = 10n ** 9n;
export const SPAN = 10n ** 6n * UNIT;
/** What a message of 32 bytes with the default gas limit costs, in fee units. */
export const QUOTE = quoteFee(PRICES, 32, 200_000n);

/** Two rollups with full fee buckets, and an account on the first one that holds all ERA. */
export interface FeeNetwork {
  readonly net: Economy;
  readonly a: EconomyRollup;
  readonly b: EconomyRollup;
  readonly sender: Signer;
  /** Takes everything back to the start. */
  restore(this: void): Promise<void>;
  /** Sends messages of 32 bytes. */
  send(this: void, count?: number): Promise<void>;
  /** Buys credit in fee units. */
  buy(this: void, units?: bigint): Promise<void>;
  creditOf(this: void, account: Signer): Promise<bigint>;
}

export async function createFeeNetwork(): Promise<FeeNetwork> {
  const net = await createEconomy(["rollupA", "rollupB"]);
  const [a, b] = net.rollups as [EconomyRollup, EconomyRollup]; // CAST: two names, two rollups
  const sender = a.holder;
  // The fee bucket of a source starts empty.
  await b.connection.networkHelpers.time.increase(DAY);
  await b.guardianSet.rotate();
  return {
    ...{ net, a, b, sender, restore: await remember(net) },
    async send(count = 1) {
      for (let i = 0; i < count; i++)
        await a.gateway.connect(sender).sendMessage(interop(b, await addressOf(b.era)), `0x${"11".repeat(32)}`, []);
    },
    buy: async (units = SPAN) => buyCredit(a, sender, await sender.getAddress(), units),
    creditOf: async (account) => (await a.gateway.credit(account)).balance,
  };
}
