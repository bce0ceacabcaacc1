import { fromHex, hashText, hashWords, keccak, type Address, type Hex } from "./bytes.ts";
import { createdAt } from "./deployment/addresses.ts";

const APP_TYPEHASH = hashText("OmniApp(uint256 ownerChainId,address owner,bytes32 salt,bytes32 codeHash)");
const ACCOUNT_TYPEHASH = hashText("OmniAccount(uint256 ownerChainId,address owner)");

/** Who deploys applications: an account on one rollup. */
export interface AppOwner {
  readonly chainId: bigint;
  readonly address: Address;
}

/** What an application's address depends on. */
export interface AppIdentity {
  readonly owner: AppOwner;
  readonly salt: Hex;
  /** Creation code without constructor arguments. */
  readonly creationCode: Hex;
}

/** Salt of an application's address. */
export function appId({ owner, salt, creationCode }: AppIdentity): Hex {
  return hashWords([APP_TYPEHASH, owner.chainId, owner.address, salt, keccak(fromHex(creationCode))]);
}

/** Where an application stands on the rollup of this OmniDeployer, before it is deployed. */
export function appAddress(deployer: Address, identity: AppIdentity): Address {
  return createdAt(deployer, appId(identity));
}

/** The account that acts for the owner on the rollup of this OmniDeployer: what applications should have as owner. */
export function appAccount(deployer: Address, owner: AppOwner): Address {
  return createdAt(deployer, hashWords([ACCOUNT_TYPEHASH, owner.chainId, owner.address]));
}
