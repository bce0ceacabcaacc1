import { expect } from "chai";
import type { Signer } from "ethers";
import { buyCredit } from "../helpers/economy.ts";
import { PRICES, TERMS } from "../helpers/network.ts";
import { openDesk, STATE_PRICES, type StateDesk } from "../helpers/stateRequests.ts";
import { createFeeNetwork, SPAN, UNIT, type FeeNetwork } from "./feeNetwork.ts";

/** What a request costs, in wei, and how it is shared. */
export const HEAD = partsOf(1_000n * STATE_PRICES.headPrice);
export const SLOT = partsOf(1_000n * STATE_PRICES.slotPrice);

function partsOf(units: bigint) {
  const [fund, burn] = [(units / 1_000n) * PRICES.fundShare, (units / 1_000n) * PRICES.burnShare];
  const guardians = ((units - fund - burn) * TERMS.guardianShare) / 1_000n;
  const answerer = units - fund - burn - guardians;
  const wei = { fund: fund * UNIT, burn: burn * UNIT, guardians: guardians * UNIT, answerer: answerer * UNIT };
  return { ...wei, units, sum: units * UNIT };
}

/** The fee network with requests about rollup b on a, where the sender has credit. */
export interface RequestNetwork extends FeeNetwork {
  readonly desk: StateDesk;
  as(this: void, account: Signer): StateDesk["requests"];
  /** Fails unless requests and fees hold exactly the ERA that they must. */
  isBacked(this: void): Promise<void>;
}

export async function createRequestNetwork(): Promise<RequestNetwork> {
  const network = await createFeeNetwork();
  const { net, a, sender } = network;
  const desk = await openDesk(net, a);
  await buyCredit(a, sender, await sender.getAddress(), SPAN);
  const snapshot = await a.connection.networkHelpers.takeSnapshot();
  return {
    ...network,
    desk,
    restore: async () => snapshot.restore(),
    as: (account) => desk.requests.connect(account),
    async isBacked() {
      expect(await a.era.balanceOf(desk.requests)).to.equal(await desk.requests.held());
      expect(await a.era.balanceOf(a.fees)).to.equal(await a.fees.held());
    },
  };
}
