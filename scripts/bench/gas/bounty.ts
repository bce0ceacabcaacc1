import { AbiCoder } from "ethers";
import { hashText, type Address, type Hex } from "../../../sdk/src/bytes.ts";
import { KIND_BOUNTY, messageHash, type Message } from "../../../sdk/src/message.ts";
import { steady } from "./delivery.ts";
import { deliver, EARLIER, laneOf, madeUp, payloadOf } from "./lane.ts";
import { addressOf } from "./network.ts";
import { costOf, row, type Cost, type GasRow, type Networks, type Subject } from "./row.ts";
import { interop } from "../../../test/helpers/network.ts";
import { buyCredit } from "./send.ts";

const AMOUNT = 5_000_000n;
const REFUND_TO: Address = `0x${hashText("who asked for the delivery").slice(26)}`;

/** Paying later for a message that was sent without enough. */
export const bounties: Subject = {
  title: "Bounty",
  async rows(networks) {
    const { booking, claiming } = await delivered(networks);
    return [
      row("request of a bounty", await requested(networks)),
      row("delivery of a bounty entry", booking),
      row("delivery of one message that claims its bounty", claiming),
    ] satisfies GasRow[];
  },
};

/** The second one, so that no counter is zero before it. */
async function requested(networks: Networks): Promise<Cost> {
  const net = await networks(4);
  const { gateway, user } = net.home;
  await buyCredit(net, await addressOf(user));
  const to = interop(net.other, REFUND_TO);
  for (const seed of ["first", "second"]) {
    await (await gateway.connect(user).sendMessage(to, payloadOf(32, seed), [])).wait();
  }
  const request = (nonce: bigint) =>
    gateway.connect(user).requestRelay(net.other.chainId, nonce, hashText("a message's hash"), AMOUNT, REFUND_TO);
  await (await request(0n)).wait();
  return costOf(request(1n));
}

async function delivered(networks: Networks): Promise<{ booking: Cost; claiming: Cost }> {
  const net = await steady(networks);
  const message = madeUp(net, {}, 0);
  const sendId = messageHash(net.networkId, await laneOf(net), message);
  const values = [message.nonce, sendId, AMOUNT];
  // CAST: ethers returns hex
  const payload = AbiCoder.defaultAbiCoder().encode(["uint64", "bytes32", "uint256"], values) as Hex;
  const sender = await addressOf(net.home.user);
  const entry: Message = {
    kind: KIND_BOUNTY,
    nonce: EARLIER + 1n,
    gasLimit: 0n,
    fee: 0n,
    sender,
    recipient: REFUND_TO,
    payload,
  };
  const signers = [0, 1, 2];
  const booking = await deliver(net, { signers, messages: [entry] });
  return { booking, claiming: await deliver(net, { signers, messages: [message], claim: true }) };
}
