import { parseEther } from "ethers";
import { Mailbox__factory } from "../../typechain-types/factories/contracts/examples/Mailbox__factory.js";
import type { Address } from "../../sdk/src/bytes.ts";
import { fixedBytes, toAddress } from "../../sdk/src/bytes.ts";
import type { Connection } from "../cli/connection.ts";
import { devAccount } from "../devnet/accounts.ts";
import type { Account, Call } from "./account.ts";
import { transferCall } from "./calls.ts";
import type { Mailboxes, Site, World } from "./world.ts";
import { ACTORS, messagesOf, siteAt, untilDelivered } from "./world.ts";

/** Fast messages that a mailbox takes a day from each rollup: what a reorg may cost it at most. */
export const FAST_PER_DAY = 1_000;
/** ERA brought to every rollup, and the part of it that becomes credit of each sender. */
const BROUGHT = parseEther("100");
const CREDIT = parseEther("10");
const SENDERS = [ACTORS.pairs, ACTORS.faults, ACTORS.unlucky, ACTORS.stubborn, ACTORS.refusal];

/** Places three mailboxes and opens the first to fast messages from everywhere. */
export async function placeMailboxes(
  { contracts, description, chainId }: Connection,
  owner: Account,
  all: readonly bigint[],
  signal: AbortSignal,
): Promise<Mailboxes> {
  const { interface: abi, bytecode } = new Mailbox__factory();
  const { MetalayerGateway: gateway } = description.contracts;
  const deployment: Call = { to: null, data: bytecode + abi.encodeDeploy([gateway]).slice(2), gas: 2_000_000n };
  const [fast, final, shy] = await Promise.all([
    placeOne(owner, deployment, signal),
    placeOne(owner, deployment, signal),
    placeOne(owner, deployment, signal),
  ]);
  const others = all.filter((other) => other !== chainId);
  const opening = others.map((other): Call => {
    return { to: fast, data: abi.encodeFunctionData("acceptFast", [other, FAST_PER_DAY]) };
  });
  await owner.execute([...opening, { to: shy, data: abi.encodeFunctionData("setClosed", [true]) }], signal);
  const { left } = await contracts.gateway.fastPolicy(fast, others[0] ?? 0n);
  if (left !== BigInt(FAST_PER_DAY)) throw new Error("the mailbox is not open to fast messages");
  return { fast, final, shy };
}

async function placeOne(owner: Account, deployment: Call, signal: AbortSignal): Promise<Address> {
  const [receipt] = await owner.execute([deployment], signal);
  return toAddress(fixedBytes("address", receipt?.contractAddress ?? "", 20));
}

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
