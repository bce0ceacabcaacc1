import type { Hex } from "../../../../sdk/src/bytes.ts";
import { quantity } from "../../../chain/blocks.ts";
import { shortHash, unitsText } from "../../../cli/format.ts";
import { receiptOf } from "../../account.ts";
import { messageCall } from "../../calls.ts";
import type { SeenSend } from "../../observer.ts";
import { FAST_PER_DAY } from "../../mailboxes.ts";
import type { FastLoss, Site, World } from "../../world.ts";
import { ACTORS, deliveryOf, messagesOf, siteAt, until, untilDelivered } from "../../world.ts";

const LIMIT_MS = 60_000;

/** What the reorg has left to do. */
export interface Reorganised {
  readonly loss: FastLoss;
  /** Waits for the message that the reorg took back before it was delivered: it was sent again and must arrive once. */
  finish(): Promise<void>;
}

/**
 * Reorganises the rollup whose finality lags: one message was delivered on its soft head, another was not delivered yet. The first
 * is a loss within the recipient's limit, the second is sent again and arrives.
 */
export async function reorganise(world: World): Promise<Reorganised> {
  const [src, dst] = [siteAt(world, 3), siteAt(world, 2)];
  const [unlucky, stubborn] = [src.account(ACTORS.unlucky), src.account(ACTORS.stubborn)];
  const hash = await unlucky.send(messageCall(src, dst, dst.mailboxes.fast, "on a soft head"));
  const [lost] = await messagesOf(world, src, [hash]);
  if (lost === undefined) throw new Error("the fast message was sent");
  const raw = await stubborn.sign(messageCall(src, dst, dst.mailboxes.final, "not delivered yet"));
  const again = await sendRaw(src, raw);
  const [waiting] = await messagesOf(world, src, [again]);
  await untilDelivered(world, [lost], LIMIT_MS);
  world.note("faults", `message ${lost.message.nonce} from ${src.name} was delivered on its soft head`);
  const depth = await removeFrom(src, lost.message.blockNumber);
  const isUndelivered = waiting !== undefined && deliveryOf(world, waiting) === undefined;
  world.note("faults", `${src.name} reorganises its last ${depth} blocks: both messages are gone from it`);
  const isGone = (await world.client.find(lost.message.sendId)).length === 0;
  world.check("faults", "the reorg removed the message at its source", isGone && isUndelivered);
  // As every mempool does with the transactions of removed blocks. The first one's sender has thought better of it.
  await sendRaw(src, raw);
  return {
    loss: { message: lost, limitPerDay: FAST_PER_DAY },
    finish: () => finish(world, src, dst, lost, again),
  };
}

async function finish(world: World, src: Site, dst: Site, lost: SeenSend, transaction: Hex): Promise<void> {
  await receiptOf(src.connection, transaction, world.signal);
  const [message] = await messagesOf(world, src, [transaction]);
  if (message === undefined) throw new Error("the message was sent again");
  await untilDelivered(world, [message], LIMIT_MS);
  const { gateway } = dst.connection.contracts;
  await until(world, "the contradiction shows", LIMIT_MS, async () => (await contradictions(dst)).length > 0);
  const found = await contradictions(dst);
  const { nonce, fee } = lost.message;
  const isOne = found.length === 1 && found[0] === message.message.sendId && message.message.nonce === nonce;
  world.note("faults", `the message that was sent again is final and delivered as message ${nonce} of the lane`);
  world.check("faults", "what the reorg took back undelivered arrived once", isOne, shortHash(message.message.sendId));
  const { left } = await gateway.fastPolicy(dst.mailboxes.fast, src.chainId);
  const isWithin = deliveryOf(world, lost) !== undefined && left < BigInt(FAST_PER_DAY);
  const text = `1 fast message executed that its source no longer has (limit ${FAST_PER_DAY} a day), fee ${unitsText(fee)}`;
  world.check("faults", "the loss of a fast message stays within its limit and is reported", isWithin, text);
}

/** Ids of final messages that took the place of a fast one. */
async function contradictions({ connection }: Site): Promise<string[]> {
  const { gateway } = connection.contracts;
  const events = await gateway.queryFilter(gateway.filters.FastContradicted(), connection.description.fromBlock);
  return events.map(({ args }) => args.receiveId);
}

/** Replaces every block from this one on by an empty one. Returns how many. */
async function removeFrom({ node, observer }: Site, block: number): Promise<number> {
  const head = quantity(await node.rpc("eth_blockNumber"));
  const depth = head - block + 1;
  await node.rpc("anvil_reorg", depth, []);
  observer.forgetFrom(block);
  return depth;
}

async function sendRaw({ connection }: Site, raw: Hex): Promise<Hex> {
  // CAST: a node answers with the transaction's hash.
  return (await connection.pool.request("eth_sendRawTransaction", [raw])) as Hex;
}
