import type { Signer } from "ethers";
import { FEE_UNIT_WEI } from "../../../sdk/src/fees.ts";
import { interop } from "../../../test/helpers/network.ts";
import { RecipientMock__factory } from "../../../typechain-types/index.js";
import { payloadOf } from "./lane.ts";
import { addressOf, type GasNetwork } from "./network.ts";
import { costOf, meanOf, type Cost, type GasRow, type Networks, type Subject } from "./row.ts";

const CREDIT = 10n ** 12n;
const DAY = 86_400n;
/** Every 64th send stores the lane's head: a mean over as many holds exactly one such store. */
const SENDS = 64;
const BEFORE = 8;

/** What a sender pays on the source. */
export const sends: Subject = {
  title: "Send",
  async rows(networks) {
    const peer = "Axelar 61,352";
    const [small, large] = [32, 256];
    return [
      meanOf("send of 32 bytes, fee from own credit", await direct(networks, small), { budget: 54_000, peer }),
      meanOf("send of 256 bytes, fee from own credit", await direct(networks, large), { peer: "Axelar 67,044" }),
      meanOf("send of 32 bytes, fee from a sponsor's credit", await sponsored(networks, small), {
        budget: 60_000,
        peer,
      }),
      meanOf("send of 256 bytes, fee from a sponsor's credit", await sponsored(networks, large)),
      meanOf("send of 32 bytes without a fee", await unfunded(networks, small)),
      meanOf("send of 256 bytes without a fee", await unfunded(networks, large)),
      meanOf("send of 32 bytes through a contract that pays the fee", await forwarded(networks, small)),
      meanOf("send of 256 bytes through a contract that pays the fee", await forwarded(networks, large)),
    ] satisfies GasRow[];
  },
};

async function direct(networks: Networks, length: number): Promise<Cost[]> {
  const net = await networks(4);
  await buyCredit(net, await addressOf(net.home.user));
  return sendFrom(net, net.home.user, length);
}

async function sponsored(networks: Networks, length: number): Promise<Cost[]> {
  const net = await networks(4);
  const { gateway, holder, user } = net.home;
  await buyCredit(net, await addressOf(holder));
  await (await gateway.connect(holder).sponsor(user, CREDIT, DAY)).wait();
  await (await gateway.connect(user).setSponsor(holder)).wait();
  return sendFrom(net, user, length);
}

async function unfunded(networks: Networks, length: number): Promise<Cost[]> {
  const net = await networks(4);
  return sendFrom(net, net.home.user, length);
}

async function forwarded(networks: Networks, length: number): Promise<Cost[]> {
  const net = await networks(4);
  const { gateway, operator, user } = net.home;
  const contract = await new RecipientMock__factory(operator).deploy();
  await buyCredit(net, await addressOf(contract));
  const to = recipientOf(net);
  return repeat((payload) => contract.connect(user).send(gateway, to, payload), length);
}

/** Credit for messages from home, far more than is spent. */
export async function buyCredit({ home }: GasNetwork, account: string): Promise<void> {
  const { era, feeController, holder } = home;
  await (await era.connect(holder).approve(feeController, CREDIT * FEE_UNIT_WEI)).wait();
  await (await feeController.connect(holder).buyCredit(account, CREDIT * FEE_UNIT_WEI)).wait();
}

function recipientOf({ other }: GasNetwork): string {
  const [recipient] = other.recipients;
  if (recipient === undefined) throw new Error("there are recipients");
  return interop(other, recipient);
}

async function sendFrom(net: GasNetwork, sender: Signer, length: number): Promise<Cost[]> {
  const to = recipientOf(net);
  return repeat((payload) => net.home.gateway.connect(sender).sendMessage(to, payload, []), length);
}

async function repeat(send: (payload: string) => Parameters<typeof costOf>[0], length: number): Promise<Cost[]> {
  const costs: Cost[] = [];
  for (let i = 0; i < BEFORE + SENDS; i++) costs.push(await costOf(send(payloadOf(length, `send ${i}`))));
  return costs.slice(BEFORE);
}
