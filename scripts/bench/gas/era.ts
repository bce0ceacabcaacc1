import { interop } from "../../../test/helpers/network.ts";
import { cacheSigners, deliver, EARLIER, sentFromHome, warmUp } from "./lane.ts";
import { addressOf, type GasNetwork } from "./network.ts";
import { costOf, row, type Cost, type GasRow, type Networks, type Subject } from "./row.ts";
import { buyCredit } from "./send.ts";

const SIGNERS = [0, 1, 2];
const AMOUNT = 1_234_567_890_123_456_789n;

/** ERA from one rollup to another holder on another; both hold some before and after. */
export const era: Subject = {
  title: "ERA transfer",
  async rows(networks) {
    const paid = await transferred(networks, true);
    const free = await transferred(networks, false);
    return [
      row("ERA transfer at the source, fee from the bridge's credit", paid.source, {
        budget: 87_000,
        peer: "HypERC20 160,571",
      }),
      row("ERA transfer at the destination", paid.destination, { budget: 102_000, peer: "HypERC20 125,862" }),
      row("ERA transfer at the source without a fee", free.source),
      row("ERA transfer at the destination without a fee", free.destination),
    ] satisfies GasRow[];
  },
};

async function transferred(networks: Networks, paid: boolean): Promise<{ source: Cost; destination: Cost }> {
  const net = await networks(4);
  if (paid) await buyCredit(net, await addressOf(net.home.era));
  await cacheSigners(net, SIGNERS);
  await warmUp(net);
  // As many as warmUp delivered of its own making, one that makes the recipient a holder, and the one that counts.
  let source: Cost | undefined;
  for (let i = 0n; i < EARLIER + 2n; i++) source = await transfer(net);
  if (source === undefined) throw new Error("something was transferred");
  await deliver(net, { signers: SIGNERS, messages: await sentFromHome(net, EARLIER, EARLIER + 1n) });
  const destination = await deliver(net, {
    signers: SIGNERS,
    messages: await sentFromHome(net, EARLIER + 1n, EARLIER + 2n),
  });
  return { source, destination };
}

async function transfer({ home, other }: GasNetwork): Promise<Cost> {
  const to = interop(other, await addressOf(other.user));
  return costOf(home.era.connect(home.holder).crosschainTransfer(to, AMOUNT));
}
