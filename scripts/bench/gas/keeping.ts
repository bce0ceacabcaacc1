import { hashText } from "../../../sdk/src/bytes.ts";
import { cacheSigners } from "./lane.ts";
import { addressOf } from "./network.ts";
import { costOf, row, type GasRow, type Subject } from "./row.ts";
import { buyCredit } from "./send.ts";
import { attestedHead } from "./tally.ts";

const SIGNERS = [0, 1, 2];
const HOUR = 3_600;

/** Prices between two decisions, and state that is validated for ERA. The second of each, so that no counter is zero before it. */
export const keeping: Subject = {
  title: "Prices, and state validated on request",
  async rows(networks) {
    const net = await networks(4);
    const { home, other } = net;
    const keeper = home.priceKeeper.connect(home.keeper);
    const { basePrice, pricePerByte, pricePerKGas } = (await home.gateway.outLane(other.chainId)).prices;
    const move = (by: bigint) => keeper.movePrices(other.chainId, basePrice + by, pricePerByte + by, pricePerKGas + by);
    await (await move(1n)).wait();
    await home.passTime(HOUR);
    const moved = await costOf(move(2n));

    await cacheSigners({ ...net, other: home }, SIGNERS);
    await buyCredit(net, await addressOf(home.user));
    const ask = (anchor: bigint) => home.stateRequests.connect(home.user).requestHead(other.chainId, anchor);
    const answer = (anchor: bigint) =>
      home.stateRequests
        .connect(home.relayer)
        .answerHead(...attestedHead(net, hashText(`state ${anchor}`), SIGNERS, anchor));
    await (await ask(1n)).wait();
    await (await answer(1n)).wait();
    const asked = await costOf(ask(2n));
    const answered = await costOf(answer(2n));
    const swept = await costOf(home.stateRequests.sweep());
    return [
      row("move of a destination's prices by the keeper", moved),
      row("request of a head, paid from own credit", asked),
      row("answer of a request by recording the head", answered),
      row("sweep of two requests' shares", swept),
    ] satisfies GasRow[];
  },
};
