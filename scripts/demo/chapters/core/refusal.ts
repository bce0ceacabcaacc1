import { Mailbox__factory } from "../../../../typechain-types/factories/contracts/examples/Mailbox__factory.js";
import type { Hex } from "../../../../sdk/src/bytes.ts";
import { explainRevert } from "../../../../sdk/src/reverts.ts";
import { prepareRedelivery } from "../../../cli/redelivery.ts";
import { tryDelivery } from "../../../cli/trial.ts";
import { messageCall } from "../../calls.ts";
import type { SeenSend } from "../../observer.ts";
import type { Site, World } from "../../world.ts";
import { ACTORS, deliveryOf, messagesOf, siteAt, until, untilDelivered } from "../../world.ts";

const LIMIT_MS = 60_000;
const MAILBOX = Mailbox__factory.createInterface();

/** A message whose recipient fails: others pass it, the recipient is mended, and the message is delivered after all. */
export async function refusal(world: World): Promise<void> {
  const [src, dst] = [siteAt(world, 1), siteAt(world, 2)];
  const sender = src.account(ACTORS.refusal);
  const recipients = [dst.mailboxes.shy, dst.mailboxes.final, dst.mailboxes.final];
  const hashes: Hex[] = [];
  for (const recipient of recipients) hashes.push(await sender.send(messageCall(src, dst, recipient, "knock, knock")));
  const sent = await messagesOf(world, src, hashes);
  const stuck = sent.find(({ message }) => message.recipient.toLowerCase() === dst.mailboxes.shy.toLowerCase());
  if (stuck === undefined) throw new Error("the message to the closed mailbox was sent");
  const others = sent.filter((each) => each !== stuck);
  await untilDelivered(world, others, LIMIT_MS);
  const isPassed = deliveryOf(world, stuck) === undefined;
  world.note(
    "refusal",
    `message ${stuck.message.nonce} waits at a closed mailbox, ${others.length} later ones have passed it`,
  );
  world.check("refusal", "later messages passed the one that fails", isPassed, `${others.length} delivered`);
  await failOnChain(world, src, dst, stuck);
  await mend(dst, world.signal);
  world.note(
    "refusal",
    "the mailbox is open again; the same message is delivered by the signature of the failed attempt",
  );
  await retry(world, src, dst, stuck);
  await untilDelivered(world, [stuck], LIMIT_MS);
  world.check("refusal", "the message arrived after the repair", deliveryOf(world, stuck) !== undefined);
}

/** The relayer foresees the failure and spares its gas; this one insists, so that the reason is on the chain. */
async function failOnChain(world: World, src: Site, dst: Site, stuck: SeenSend): Promise<void> {
  const trial = await tryDelivery(dst.connection, stuck.message, [MAILBOX]);
  await relay(world, src, dst, stuck);
  await until(world, "the failed attempt shows", LIMIT_MS, () => dst.observer.failed.has(stuck.message.sendId));
  const [status] = await world.client.status(stuck.message.sendId, [MAILBOX]);
  const reason = status?.state === "failed" ? status.reason : "";
  const expected = explainRevert(MAILBOX.encodeErrorResult("MailboxClosed", [stuck.message.sendId]) as Hex, [MAILBOX]); // CAST: ethers gives hex.
  world.note("refusal", `status: failed, ${reason}`);
  const isForeseen = trial.outcome === "refuses" && trial.reason === expected;
  world.check("refusal", "its reason is foreseen and readable", isForeseen && reason === expected, reason);
}

async function mend(dst: Site, signal: AbortSignal): Promise<void> {
  const data = MAILBOX.encodeFunctionData("setClosed", [false]);
  await dst.account(ACTORS.treasurer).execute([{ to: dst.mailboxes.shy, data }], signal);
}

/** Anybody may deliver: perhaps the relayer was first. */
async function retry(world: World, src: Site, dst: Site, stuck: SeenSend): Promise<void> {
  try {
    await relay(world, src, dst, stuck);
  } catch (error) {
    await until(world, "the relayer has delivered it", 2_000, () => deliveryOf(world, stuck) !== undefined).catch(
      () => {
        throw error;
      },
    );
  }
}

async function relay(world: World, src: Site, dst: Site, { message }: SeenSend): Promise<void> {
  const { client, signal } = world;
  const [status] = await client.status(message.sendId);
  if (status === undefined || status.state === "unknown" || status.state === "delivered") return;
  const parts = { client, src: src.connection, dst: dst.connection, status, gasBoost: 0n, signal };
  const { attestation, batches } = await prepareRedelivery(parts);
  const { gateway } = dst.connection.contracts;
  const data = gateway.interface.encodeFunctionData("relay", [attestation, batches]);
  const to = dst.connection.description.contracts.MetalayerGateway;
  await dst.account(ACTORS.refusal).execute([{ to, data, gas: 1_500_000n }], signal);
}
