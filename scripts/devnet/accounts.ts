import { HDNodeWallet, Mnemonic } from "ethers";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { DEV_MNEMONIC } from "./anvil.ts";

export interface DevAccount {
  readonly address: Address;
  readonly key: Hex;
}

/** An account of the development mnemonic, which every local node funds. Known to everybody. */
export function devAccount(index: number): DevAccount {
  const wallet = HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(DEV_MNEMONIC), `m/44'/60'/0'/0/${index}`);
  // CAST: ethers gives addresses and keys as hex strings.
  return { address: wallet.address as Address, key: wallet.privateKey as Hex };
}

/** Who plays which part in a local network, by the index of the account. */
export const PARTS = {
  /** Holds all ERA at the start, and signs what nobody else is named for. */
  user: 0,
  deployer: 1,
  canceller: 3,
  pauser: 4,
  fund: 5,
  relayer: 6,
  priceKeeper: 2,
  /** The first of those that nobody else uses. */
  firstSpare: 7,
  /** The first of the guardians' operators. */
  firstOperator: 20,
} as const;

/** Accounts that nodes fund: all of the above, with room for as many operators as a network may have guardians. */
export const MOST_GUARDIANS = 16;
export const FUNDED_ACCOUNTS = PARTS.firstOperator + MOST_GUARDIANS;

export function operatorAccount(index: number): DevAccount {
  return devAccount(PARTS.firstOperator + index);
}
