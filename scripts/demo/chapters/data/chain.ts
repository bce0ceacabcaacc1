import type { TransactionReceipt } from "ethers";
import { ISubscriptions__factory } from "../../../../typechain-types/factories/contracts/data/ISubscriptions__factory.js";
import type { Address, Hex } from "../../../../sdk/src/bytes.ts";
import { fixedBytes, toAddress, toHex } from "../../../../sdk/src/bytes.ts";
import type { Receipt } from "../../../chain/blocks.ts";
import { receiptOf } from "../../account.ts";
import type { SeenSend } from "../../observer.ts";
import type { Site, World } from "../../world.ts";
import { deliveryOf, siteOf } from "../../world.ts";

/** Generous: machines are slow at times. */
export const LIMIT_MS = 90_000;

/** Address of one of the network's contracts on a rollup. */
export function addressOn({ devnet }: World, { chainId, name }: Site, contract: string): Address {
  const rollup = devnet.state.rollups.find((each) => BigInt(each.chainId) === chainId);
  const found = rollup?.contracts[contract];
  if (found === undefined) throw new Error(`${name} has no ${contract}`);
  return toAddress(fixedBytes(contract, found, 20));
}

/** All rollups but the first. */
export function othersOf({ sites }: World): readonly Site[] {
  return sites.slice(1);
}

/** Receipts of the transactions that delivered these messages, each once. */
export async function deliveryReceipts(world: World, messages: readonly SeenSend[]): Promise<Receipt[]> {
  const transactions = new Map<Hex, Site>();
  for (const each of messages) {
    const delivery = deliveryOf(world, each);
    if (delivery !== undefined) transactions.set(delivery.transactionHash, siteOf(world, each.message.dstChainId));
  }
  return Promise.all([...transactions].map(([hash, { connection }]) => receiptOf(connection, hash, world.signal)));
}

export function subscriptionsOn(world: World, site: Site) {
  return ISubscriptions__factory.connect(addressOn(world, site, "Subscriptions"), site.connection.provider);
}

/** One transaction for each successful call of a subscriber, for one publication or for all. */
export async function callsOf(
  world: World,
  site: Site,
  subscriber: Address,
  message?: Hex,
): Promise<TransactionReceipt[]> {
  const subscriptions = subscriptionsOn(world, site);
  const { provider, description } = site.connection;
  const filter = subscriptions.filters.PublicationDelivered(message, subscriber);
  const logs = await subscriptions.queryFilter(filter, description.fromBlock);
  const receipts = logs.map(({ transactionHash }) => provider.getTransactionReceipt(transactionHash));
  return (await Promise.all(receipts)).flatMap((receipt) => (receipt === null ? [] : [receipt]));
}

/** A transaction's hash as ethers gives it. */
export function hashOf(text: string): Hex {
  return toHex(fixedBytes("hash", text, 32));
}

/** "rollupB, rollupC and rollupD" */
export function namesOf(sites: readonly Site[]): string {
  const names = sites.map(({ name }) => name);
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
