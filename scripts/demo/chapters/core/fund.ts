import { parseEther } from "ethers";
import { devAccount } from "../../../devnet/accounts.ts";
import type { Call } from "../../account.ts";
import { transferCall } from "../../calls.ts";
import type { Site, World } from "../../world.ts";
import { ACTORS, messagesOf, siteAt, untilDelivered } from "../../world.ts";

/** ERA brought to every rollup, and the part of it that becomes credit of each sender. */
const BROUGHT = parseEther("100");
const CREDIT = parseEther("10");
const SENDERS = [ACTORS.pairs, ACTORS.faults, ACTORS.unlucky, ACTORS.stubborn, ACTORS.refusal];

/** Brings ERA from home to every rollup and buys the senders' credit with it. */
export async function fundSenders(world: World): Promise<void> {
  const home = siteAt(world, 0);
  const treasurer = home.account(ACTORS.treasurer);
  const { address } = devAccount(ACTORS.treasurer);
  const others = world.sites.filter((site) => site !== home);
  const hashes = await Promise.all(others.map((dst) => treasurer.send(transferCall(home, dst, address, BROUGHT))));
  await Promise.all([
    buyCredit(home, world.signal),
    messagesOf(world, home, hashes)
      .then((messages) => untilDelivered(world, messages, 60_000))
      .then(() => Promise.all(others.map((site) => buyCredit(site, world.signal)))),
  ]);
}

async function buyCredit(site: Site, signal: AbortSignal): Promise<void> {
  const { contracts, description } = site.connection;
  const { Era, FeeController } = description.contracts;
  const approval = contracts.era.interface.encodeFunctionData("approve", [
    FeeController,
    CREDIT * BigInt(SENDERS.length),
  ]);
  const purchases = SENDERS.map((index): Call => {
    const data = contracts.feeController.interface.encodeFunctionData("buyCredit", [devAccount(index).address, CREDIT]);
    return { to: FeeController, data };
  });
  await site.account(ACTORS.treasurer).execute([{ to: Era, data: approval }, ...purchases], signal);
}
