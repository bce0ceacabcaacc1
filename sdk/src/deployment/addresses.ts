import { concat, getAddress, getCreate2Address, id, keccak256, AbiCoder } from "ethers";
import { ZERO_HASH, type Address, type Hex } from "../bytes.ts";
import { networkId } from "../network.ts";
import type { ArtifactSource } from "./artifacts.ts";
import { rollupOf, type NetworkParameters, type RollupParameters } from "./parameters.ts";

/** Arachnid's deterministic deployment proxy: the same address on every EVM rollup. */
export const CREATE2_DEPLOYER: Address = "0x4e59b44847b379578588920cA78FbF26c0B4956C";
/** For rollups without it: this account, funded with 0.01 of the native currency, places it by the transaction below. */
export const CREATE2_DEPLOYER_ACCOUNT: Address = "0x3fAB184622Dc19b6109349B94811493BF2a45362";
export const CREATE2_DEPLOYER_TRANSACTION: Hex =
  "0xf8a58085174876e800830186a08080b853604580600e600039806000f350fe7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf31ba02222222222222222222222222222222222222222222222222222222222222222a02222222222222222222222222222222222222222222222222222222222222222";

/** Hash of the creation code of OpenZeppelin's CREATE3 proxy. */
const CREATE3_PROXY_HASH = "0x57a34f6e879358dd76825d6700df87013ad6a3fb43c0d0c602f70a8772c153bd";

/** What stands on every rollup, with an address of its own. `…Code` is the implementation behind the proxy of that name. */
export const CONTRACTS = [
  "RollupStack",
  "AnchorLog",
  "AccessManager",
  "RollupTimelock",
  "Era",
  "EraVotes",
  "StateReader",
  "Broadcaster",
  "Subscriptions",
  "Automations",
  "Feeds",
  "LaneHeads",
  "PriceKeeper",
  "StateRequests",
  "OmniDeployer",
  "StateRootInboxCode",
  "RollupRegistryCode",
  "GuardianSetCode",
  "GuardianStakingCode",
  "GuardianRewardsCode",
  "GuardianSlashingCode",
  "FeeControllerCode",
  "MetalayerGatewayCode",
  "StateRootInbox",
  "RollupRegistry",
  "GuardianSet",
  "GuardianStaking",
  "GuardianRewards",
  "GuardianSlashing",
  "FeeController",
  "MetalayerGateway",
] as const;

/** What stands on the home rollup only. */
export const HOME_CONTRACTS = ["EraGenesis", "EraGovernor", "TallyReader"] as const;

/** What stands on every rollup but home. No pause stops deliveries to `GovernanceExecutor`. */
export const SPOKE_CONTRACTS = ["VoteCollector", "GovernanceExecutor"] as const;

export type ContractName =
  (typeof CONTRACTS)[number] | (typeof HOME_CONTRACTS)[number] | (typeof SPOKE_CONTRACTS)[number];

/** Addresses of one rollup, also of what stands on other rollups only. */
export type Addresses = Readonly<Record<ContractName | "Create3Factory", Address>>;

/** Where the factory of all other contracts stands on every rollup. */
export function factoryAddress(artifacts: ArtifactSource): Address {
  return asAddress(getCreate2Address(CREATE2_DEPLOYER, ZERO_HASH, keccak256(artifacts("Create3Factory").bytecode)));
}

/** Data of the transaction to {@link CREATE2_DEPLOYER} that creates the factory. */
export function factoryDeployment(artifacts: ArtifactSource): Hex {
  return asHex(concat([ZERO_HASH, artifacts("Create3Factory").bytecode]));
}

/** Salt under which the deployer places a contract through the factory. */
export function contractSalt(parameters: NetworkParameters, rollup: RollupParameters, name: string): Hex {
  const salt = rollup.addressSalt ?? parameters.salt;
  return asHex(keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "bytes32"], [salt, id(name)])));
}

/** Address that the factory gives a deployer for a salt, whatever the code. */
export function create3Address(factory: Address, deployer: Address, salt: Hex): Address {
  return createdAt(
    factory,
    asHex(keccak256(AbiCoder.defaultAbiCoder().encode(["address", "bytes32"], [deployer, salt]))),
  );
}

/** Address that OpenZeppelin's CREATE3 gives a contract for a salt of its own. */
export function createdAt(creator: Address, salt: Hex): Address {
  const proxy = getCreate2Address(creator, salt, CREATE3_PROXY_HASH);
  return asAddress(`0x${keccak256(concat(["0xd694", proxy, "0x01"])).slice(26)}`);
}

/** All addresses of a rollup, before anything is deployed. */
export function predictAddresses(parameters: NetworkParameters, chainId: bigint, artifacts: ArtifactSource): Addresses {
  const rollup = rollupOf(parameters, chainId);
  const factory = factoryAddress(artifacts);
  const names = [...CONTRACTS, ...HOME_CONTRACTS, ...SPOKE_CONTRACTS] as const;
  const entries = names.map((name) => {
    return [name, create3Address(factory, parameters.deployer, contractSalt(parameters, rollup, name))] as const;
  });
  // CAST: one entry for each name of the record
  return { ...(Object.fromEntries(entries) as Record<(typeof names)[number], Address>), Create3Factory: factory };
}

/** The network's id, as it follows from the parameters. */
export function networkIdOf(parameters: NetworkParameters, artifacts: ArtifactSource): Hex {
  return networkId({
    homeChainId: parameters.home,
    homeGenesisHash: parameters.homeGenesisHash,
    homeRegistry: predictAddresses(parameters, parameters.home, artifacts).RollupRegistry,
    salt: parameters.salt,
  });
}

export function asAddress(text: string): Address {
  return getAddress(text) as Address; // CAST: getAddress returns 0x and 40 digits
}

export function asHex(text: string): Hex {
  return text as Hex; // CAST: callers pass what ethers returns as hex
}
