import { Mailbox__factory } from "../../typechain-types/factories/contracts/examples/Mailbox__factory.js";
import type { SentMessage } from "../../sdk/src/events.ts";
import type { Ledger } from "../chain/ledger.ts";
import { readLedger } from "../chain/ledger-reader.ts";
import { ledgerSource } from "../cli/connection.ts";
import { eraText, shortHash } from "../cli/format.ts";
import type { Played } from "./chapter.ts";
import type { FastLoss, World } from "./world.ts";
import { pairsOf, until } from "./world.ts";

/** What a chapter did to the network. */
type Damage = Pick<Played, "loss" | "theft">;

const LIMIT_MS = 60_000;

/** Looks at all lanes from the chains themselves: everything that was sent was executed exactly once, and nothing else was. */
export async function auditMessages(world: World, damage: Damage): Promise<number> {
  const lanes = await Promise.all(pairsOf(world).map(([src, dst]) => world.client.messages(src.chainId, dst.chainId)));
  const stolen = damage.theft?.lost.message.sendId;
  const messages = lanes.flat().filter(({ sendId }) => sendId !== stolen);
  await until(
    world,
    "everything that was sent is delivered",
    LIMIT_MS,
    async () => (await openOnes(world, messages)) === 0,
  );
  world.check(
    "ledger",
    "nothing was lost",
    true,
    `${messages.length} messages in ${lanes.length} lanes, all delivered${stolen === undefined ? "" : ", but for the one that the lie replaced"}`,
  );
  await auditMailboxes(world, messages, damage.loss);
  return messages.length;
}

async function openOnes({ sites }: World, messages: readonly SentMessage[]): Promise<number> {
  const open = await Promise.all(
    sites.map(async ({ chainId, connection }) => {
      const own = messages.filter(({ dstChainId }) => dstChainId === chainId);
      const states = await Promise.all(
        own.map(({ srcChainId, nonce }) => connection.contracts.gateway.isDelivered(srcChainId, nonce)),
      );
      return states.filter((isDelivered) => !isDelivered).length;
    }),
  );
  return open.reduce((sum, count) => sum + count, 0);
}

/** Mailboxes count how often each message arrived. */
async function auditMailboxes(
  world: World,
  messages: readonly SentMessage[],
  loss: FastLoss | undefined,
): Promise<void> {
  let doubled = 0;
  let missing = 0;
  let surplus = 0n;
  for (const site of world.sites) {
    const { fast, final, shy } = site.mailboxes;
    for (const address of [fast, final, shy]) {
      const box = Mailbox__factory.connect(address, site.connection.provider);
      const own = messages.filter(({ dstChainId, recipient }) => {
        return dstChainId === site.chainId && recipient.toLowerCase() === address.toLowerCase();
      });
      const arrivals = await Promise.all(own.map(({ sendId }) => box.arrivals(sendId)));
      doubled += arrivals.filter((count) => count > 1n).length;
      missing += arrivals.filter((count) => count === 0n).length;
      surplus += (await box.count()) - BigInt(own.length);
    }
  }
  const expected = loss === undefined ? 0n : 1n;
  const isOnce = doubled === 0 && missing === 0 && surplus === expected;
  const known =
    loss === undefined
      ? ""
      : `; 1 more is the fast message that the reorg removed (${shortHash(loss.message.message.sendId)})`;
  world.check(
    "ledger",
    "every message was executed exactly once",
    isOnce,
    `${doubled} twice, ${missing} never${known}`,
  );
}

/** The ledger of all ERA; it must add up to the wei. */
export async function auditLedger(world: World, { loss, theft }: Damage): Promise<Ledger> {
  const ledger = await readLedger(
    world.sites.map(({ connection }) => ledgerSource(connection)),
    [],
    world.signal,
  );
  const detail = `${eraText(ledger.sum)} in all, difference ${ledger.difference} wei`;
  const what = theft === undefined ? "adds up to the wei" : "adds up to the wei with what was stolen";
  world.check("ledger", `the ERA of all rollups ${what}`, ledger.difference === (theft?.wei ?? 0n), detail);
  const isPaid = ledger.total.lostToFast > 0n === (loss !== undefined && loss.message.message.fee > 0n);
  world.check(
    "ledger",
    "only the lost fast message was paid for without being paid in",
    isPaid,
    eraText(ledger.total.lostToFast),
  );
  return ledger;
}
