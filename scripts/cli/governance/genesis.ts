import { decodeBytes32String } from "ethers";
import { VestingWallet__factory } from "../../../typechain-types/factories/@openzeppelin/contracts/finance/VestingWallet__factory.js";
import { EraAirdrop__factory } from "../../../typechain-types/factories/contracts/token/EraAirdrop__factory.js";
import { EraGenesis__factory } from "../../../typechain-types/factories/contracts/token/EraGenesis__factory.js";
import type { Connection } from "../connection.ts";
import { governanceAddress } from "./contracts.ts";

/** A part of all ERA as it was given away in the beginning; amounts in wei, times in seconds since 1970. */
export interface Part {
  readonly index: number;
  readonly name: string;
  readonly amount: bigint;
  readonly holder: string;
}

/** Every part, in the order of the parameter file. */
export async function genesisParts({ description, provider }: Connection): Promise<Part[]> {
  const genesis = EraGenesis__factory.connect(governanceAddress(description, "EraGenesis"), provider);
  const count = Number(await genesis.partCount());
  const parts = await Promise.all(Array.from({ length: count }, (_, index) => genesis.part(index)));
  return parts.map(({ name, amount, holder }, index) => ({ index, name: decodeBytes32String(name), amount, holder }));
}

/** What a vesting wallet holds back, what it would pay now, and until when; undefined if the part's holder is none. */
export async function vestingOf({ provider, contracts }: Connection, { holder }: Part) {
  const wallet = VestingWallet__factory.connect(holder, provider);
  try {
    const era = await contracts.era.getAddress();
    const [beneficiary, start, end, released, releasable] = await Promise.all([
      wallet.owner(),
      wallet.start(),
      wallet.end(),
      wallet["released(address)"](era),
      wallet["releasable(address)"](era),
    ]);
    return { beneficiary, start, end, released, releasable };
  } catch {
    return undefined;
  }
}

/** Root and deadline of an airdrop; undefined if the part's holder is none. */
export async function airdropOf({ provider }: Connection, { holder }: Part) {
  const airdrop = EraAirdrop__factory.connect(holder, provider);
  try {
    const [root, deadline, remainderTo] = await Promise.all([
      airdrop.root(),
      airdrop.deadline(),
      airdrop.remainderTo(),
    ]);
    return { root, deadline, remainderTo };
  } catch {
    return undefined;
  }
}
