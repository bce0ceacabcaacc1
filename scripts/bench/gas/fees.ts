import { interop } from "../../../test/helpers/network.ts";
import { FEE_UNIT_WEI } from "../../../sdk/src/fees.ts";
import { steady } from "./delivery.ts";
import { deliver, payloadOf } from "./lane.ts";
import { addressOf, type GasNetwork } from "./network.ts";
import { costOf, row, type Cost, type GasRow, type Networks, type Subject } from "./row.ts";
import { buyCredit } from "./send.ts";

const AMOUNT = 1_234_567_891n * FEE_UNIT_WEI;
const SERIAL = 1n;

/** What senders pay in, what becomes of it, and what deliverers take out; each the second time, so that no counter is zero before. */
export const fees: Subject = {
  title: "Credit and fees",
  async rows(networks) {
    const { buy, withdraw, sweep } = await paid(networks);
    return [
      row("credit bought", buy),
      row("credit turned back into ERA", withdraw),
      row("sweep of a lane's fees", sweep),
      row("withdrawal of what a deliverer and the guardians earned", await earned(networks)),
    ] satisfies GasRow[];
  },
};

async function paid(networks: Networks): Promise<{ buy: Cost; withdraw: Cost; sweep: Cost }> {
  const net = await networks(4);
  const { era, feeController, holder, user } = net.home;
  const [account, controller] = [await addressOf(user), await addressOf(feeController)];
  await buyCredit(net, account);
  await (await era.connect(holder).transfer(account, 10n * AMOUNT)).wait();
  await (await era.connect(user).approve(controller, 2n ** 256n - 1n)).wait();
  const own = feeController.connect(user);
  const buy = await costOf(own.buyCredit(account, AMOUNT));
  const withdraw = await costOf(own.withdrawCredit(AMOUNT));
  let sweep: Cost | undefined;
  for (const seed of ["first", "second"]) sweep = await sweepAfter(net, seed);
  if (sweep === undefined) throw new Error("something was swept");
  return { buy, withdraw, sweep };
}

async function sweepAfter({ home, other }: GasNetwork, seed: string): Promise<Cost> {
  const [recipient] = other.recipients;
  if (recipient === undefined) throw new Error("there are recipients");
  const to = interop(other, recipient);
  await (await home.gateway.connect(home.user).sendMessage(to, payloadOf(32, seed), [])).wait();
  return costOf(home.feeController.connect(home.relayer).sweep(other.chainId));
}

/** {@link steady} has delivered some messages already. */
async function earned(networks: Networks): Promise<Cost> {
  const net = await steady(networks);
  const { feeController, relayer } = net.other;
  const deliverer = await addressOf(relayer);
  const withdraw = (): Promise<Cost> => costOf(feeController.connect(relayer).withdraw(SERIAL, deliverer));
  await withdraw();
  await deliver(net, { signers: [0, 1, 2] });
  return withdraw();
}
