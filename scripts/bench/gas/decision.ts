import { keccak256 } from "ethers";
import { DEFAULT_PRICES } from "../../../deploy/params/defaults.ts";
import { hashText, type Address, type Hex } from "../../../sdk/src/bytes.ts";
import {
  buildLeg,
  buildProposal,
  legCall,
  type CodeBinding,
  type GovernanceCall,
  type Leg,
  type Proposal,
} from "../../../sdk/src/governance.ts";
import { addressOf, type GasNetwork, type GasRollup } from "./network.ts";

/** New prices on home and, in each of so many legs, on the other rollup. */
export async function decisionOf(
  { home, other }: GasNetwork,
  legCount: number,
  expiry: bigint,
): Promise<{ readonly proposal: Proposal; readonly legs: readonly Leg[] }> {
  const place = async (rollup: GasRollup) => ({
    chainId: rollup.chainId,
    timelock: await addressOf(rollup.rollupTimelock),
    expiry,
  });
  const call = await priceCall(other, home);
  const legs: Leg[] = [];
  for (let index = 0; index < legCount; index++) {
    legs.push(
      buildLeg({
        ...(await place(other)),
        calls: [call],
        bindings: await bindings(other, [call.target]),
        delay: await other.rollupTimelock.getMinDelay(),
        salt: hashText(`leg ${index}`),
      }),
    );
  }
  const gateway = await addressOf(home.gateway);
  const executor = await addressOf(other.governanceExecutor);
  const own = await priceCall(home, other);
  const input = {
    ...(await place(home)),
    calls: [own, ...legs.map((leg) => legCall(gateway, executor, leg))],
    bindings: await bindings(home, [own.target, gateway]),
  };
  return { proposal: buildProposal(await addressOf(home.eraGovernor), input, "# New prices"), legs };
}

async function priceCall({ feeController }: GasRollup, { chainId }: GasRollup): Promise<GovernanceCall> {
  const prices = { ...DEFAULT_PRICES, basePrice: DEFAULT_PRICES.basePrice + 1n };
  // CAST: ethers returns hex
  const data = feeController.interface.encodeFunctionData("setPrices", [chainId, prices]) as Hex;
  return { target: await addressOf(feeController), data };
}

async function bindings({ operator }: GasRollup, accounts: readonly Address[]): Promise<CodeBinding[]> {
  return Promise.all(
    accounts.map(async (account) => {
      // CAST: a hash is 32 bytes as hex
      const codeHash = keccak256((await operator.provider?.getCode(account)) ?? "0x") as Hex;
      return { account, codeHash };
    }),
  );
}
