import { ZeroAddress, ZeroHash, type Signer } from "ethers";
import type { Economy, EconomyRollup } from "../helpers/economy.ts";
import { answerHead, headOf, openDesk, type StateDesk } from "../helpers/stateRequests.ts";

export interface Pair {
  readonly src: EconomyRollup;
  readonly dst: EconomyRollup;
}

/** Paid requests for heads of the pair's destination, on its source. */
export class StateCampaign {
  readonly desks = new Map<EconomyRollup, StateDesk>();
  readonly #net: Economy;

  constructor(net: Economy) {
    this.#net = net;
  }

  async open(rollup: EconomyRollup): Promise<void> {
    this.desks.set(rollup, await openDesk(this.#net, rollup));
  }

  request({ src, dst }: Pair, anchor: number, account: Signer): Promise<unknown> {
    return this.#desk(src).requests.connect(account).requestHead(dst.chainId, anchor);
  }

  answer({ src, dst }: Pair, anchor: number, account: Signer): Promise<unknown> {
    return answerHead(this.#net, this.#desk(src), headOf(dst, BigInt(anchor)), account);
  }

  async withdraw({ src, dst }: Pair, anchor: number): Promise<unknown> {
    const { requests } = this.#desk(src);
    return requests.withdraw(await requests.idOf(dst.chainId, anchor, ZeroAddress, ZeroHash));
  }

  sweep(rollup: EconomyRollup): Promise<unknown> {
    return this.#desk(rollup).requests.sweep();
  }

  #desk(rollup: EconomyRollup): StateDesk {
    const desk = this.desks.get(rollup);
    if (desk === undefined) throw new Error(`${rollup.name} has no requests`);
    return desk;
  }
}
