import { AbiCoder, concat, encodeBytes32String, Interface } from "ethers";
import { ZERO_HASH, type Address, type Hex } from "../bytes.ts";
import { asHex, contractSalt, predictAddresses, type Addresses, type ContractName } from "./addresses.ts";
import type { ArtifactName, ArtifactSource } from "./artifacts.ts";
import {
  GOVERNANCE,
  GUARDIAN_REWARDS,
  othersOf,
  rollupOf,
  voteCeilingOf,
  type GenesisPart,
  type NetworkParameters,
} from "./parameters.ts";
import { serviceSources } from "./services.ts";
import { termsOf } from "./slashingSettings.ts";

/** One contract to place through the factory. */
export interface ContractPlan {
  readonly name: ContractName;
  readonly artifact: ArtifactName;
  readonly address: Address;
  readonly salt: Hex;
  readonly args: readonly unknown[];
  readonly initCode: Hex;
  /** Must stand before: constructors of the proxies call into their implementations, two into another contract. */
  readonly after: readonly ContractName[];
}

/** A contract of a rollup's plan before its code and its salt are known. */
export interface Source {
  readonly name: ContractName;
  readonly artifact: ArtifactName;
  readonly args: readonly unknown[];
  readonly after?: readonly ContractName[];
}

/** Calldata of the factory for a contract. */
export function factoryCall(contract: ContractPlan): Hex {
  const factory = new Interface(["function deploy(bytes32 salt, bytes initCode) returns (address)"]);
  return asHex(factory.encodeFunctionData("deploy", [contract.salt, contract.initCode]));
}

/** All contracts of a rollup with their code, in an order in which they can be placed one after the other. */
export function contractPlans(
  parameters: NetworkParameters,
  chainId: bigint,
  networkId: Hex,
  at: Addresses,
  artifacts: ArtifactSource,
): ContractPlan[] {
  const rollup = rollupOf(parameters, chainId);
  const others = new Map(
    othersOf(parameters, chainId).map((other) => [
      other.chainId,
      predictAddresses(parameters, other.chainId, artifacts),
    ]),
  );
  const sources = [
    ...plainSources(parameters, chainId, at),
    ...codeSources(networkId, rollup.incarnation, at),
    ...proxySources(parameters, at, artifacts),
    ...serviceSources(at, others),
    ...(chainId === parameters.home
      ? homeSources(parameters, at, artifacts)
      : spokeSources(parameters, at, predictAddresses(parameters, parameters.home, artifacts))),
  ];
  return sources.map(({ name, artifact, args, after = [] }) => ({
    name,
    artifact,
    address: at[name],
    salt: contractSalt(parameters, rollup, name),
    args,
    initCode: initCode(artifacts, artifact, args),
    after,
  }));
}

function initCode(artifacts: ArtifactSource, name: ArtifactName, args: readonly unknown[]): Hex {
  const { abi, bytecode } = artifacts(name);
  return asHex(concat([bytecode, new Interface(abi).encodeDeploy(args)]));
}

function plainSources(parameters: NetworkParameters, chainId: bigint, at: Addresses): Source[] {
  const { timelockDelay, canceller, anchorHeartbeat, home, deployer, governance } = parameters;
  const stack = rollupOf(parameters, chainId).stackKind === "arbitrum" ? "ArbitrumStack" : "EvmStack";
  const eraArgs = [at.AccessManager, at.MetalayerGateway, at.RollupRegistry, at.FeeController, home, at.EraGenesis];
  return [
    { name: "RollupStack", artifact: stack, args: [] },
    { name: "AnchorLog", artifact: "AnchorLog", args: [at.RollupStack, anchorHeartbeat] },
    { name: "AccessManager", artifact: "AccessManager", args: [deployer] },
    {
      name: "RollupTimelock",
      artifact: "RollupTimelock",
      args: [timelockDelay, proposerOf(parameters, chainId, at), canceller],
    },
    { name: "Era", artifact: "Era", args: eraArgs },
    { name: "EraVotes", artifact: "EraVotes", args: [at.Era, governance.notice, governance.lockPeriod] },
  ];
}

/** Who proposes to a rollup's timelock: the governor on home, the executor of its legs elsewhere. */
export function proposerOf({ home }: NetworkParameters, chainId: bigint, at: Addresses): Address {
  return chainId === home ? at.EraGovernor : at.GovernanceExecutor;
}

/** Who receives the fund's share of fees on a rollup. */
export function fundOf({ fund }: NetworkParameters, at: Addresses): Address {
  return fund === GOVERNANCE ? at.RollupTimelock : fund;
}

/** Who is behind a part of all ERA on home. */
export function beneficiaryOf(to: GenesisPart["to"], at: Addresses): Address {
  if (to === GOVERNANCE) return at.RollupTimelock;
  return to === GUARDIAN_REWARDS ? at.GuardianRewards : to;
}

function homeSources(parameters: NetworkParameters, at: Addresses, artifacts: ArtifactSource): Source[] {
  const { home, governance, genesis } = parameters;
  const spokes = othersOf(parameters, home).map((rollup) => ({
    chainId: rollup.chainId,
    collector: predictAddresses(parameters, rollup.chainId, artifacts).VoteCollector,
    ceiling: voteCeilingOf(parameters, rollup),
  }));
  const parts = genesis.map(({ name, amount, to, vesting, airdrop }) => ({
    name: encodeBytes32String(name),
    amount,
    beneficiary: beneficiaryOf(to, at),
    start: vesting?.start ?? 0n,
    duration: vesting?.duration ?? 0n,
    root: airdrop?.root ?? ZERO_HASH,
    deadline: airdrop?.deadline ?? 0n,
  }));
  const governorArgs = [at.MetalayerGateway, at.RollupTimelock, at.EraVotes, governance, spokes, at.TallyReader];
  return [
    {
      name: "EraGenesis",
      artifact: "EraGenesis",
      args: [at.Era, at.GuardianRewards, parts],
      after: ["Era", "GuardianRewards", "GuardianStaking"],
    },
    { name: "EraGovernor", artifact: "EraGovernor", args: governorArgs, after: ["EraVotes"] },
    {
      name: "TallyReader",
      artifact: "TallyReader",
      args: [at.StateReader, at.EraGovernor],
      after: ["StateReader"],
    },
  ];
}

function spokeSources({ home }: NetworkParameters, at: Addresses, atHome: Addresses): Source[] {
  const collectorArgs = [at.EraVotes, at.MetalayerGateway, at.RollupStack, home, atHome.EraGovernor];
  const executorArgs = [at.MetalayerGateway, at.RollupTimelock, home, atHome.RollupTimelock];
  return [
    { name: "VoteCollector", artifact: "VoteCollector", args: collectorArgs },
    { name: "GovernanceExecutor", artifact: "GovernanceExecutor", args: executorArgs },
  ];
}

function codeSources(networkId: Hex, incarnation: bigint, at: Addresses): Source[] {
  const wiring = {
    networkId,
    inbox: at.StateRootInbox,
    guardianSet: at.GuardianSet,
    staking: at.GuardianStaking,
    feeController: at.FeeController,
    registry: at.RollupRegistry,
    accessManager: at.AccessManager,
    governanceExecutor: at.GovernanceExecutor,
  };
  const stakingWiring = {
    era: at.Era,
    guardianSet: at.GuardianSet,
    feeController: at.FeeController,
    slashing: at.GuardianSlashing,
    rewards: at.GuardianRewards,
  };
  const slashing = {
    networkId,
    gateway: at.MetalayerGateway,
    guardianSet: at.GuardianSet,
    staking: at.GuardianStaking,
    registry: at.RollupRegistry,
    anchorLog: at.AnchorLog,
  };
  return [
    { name: "StateRootInboxCode", artifact: "StateRootInbox", args: [networkId, at.GuardianSet, at.RollupRegistry] },
    { name: "RollupRegistryCode", artifact: "RollupRegistry", args: [at.MetalayerGateway, at.Era, incarnation] },
    { name: "GuardianSetCode", artifact: "GuardianSet", args: [networkId, at.GuardianStaking, at.GuardianSlashing] },
    { name: "GuardianStakingCode", artifact: "GuardianStaking", args: [stakingWiring] },
    { name: "GuardianRewardsCode", artifact: "GuardianRewards", args: [at.Era, at.GuardianStaking, at.GuardianSet] },
    { name: "GuardianSlashingCode", artifact: "GuardianSlashing", args: [slashing] },
    { name: "FeeControllerCode", artifact: "FeeController", args: [at.Era, at.MetalayerGateway] },
    { name: "MetalayerGatewayCode", artifact: "MetalayerGateway", args: [wiring] },
  ];
}

function proxySources(parameters: NetworkParameters, at: Addresses, artifacts: ArtifactSource): Source[] {
  const { staking, slashing, guardians } = parameters;
  const manager = at.AccessManager;
  const initial: [keyof typeof CODE_OF, readonly unknown[]][] = [
    ["StateRootInbox", [manager]],
    ["RollupRegistry", [manager]],
    ["GuardianSet", [manager, guardians.epochLength, guardians.grace]],
    ["GuardianRewards", [manager]],
    ["FeeController", [manager, fundOf(parameters, at), at.GuardianStaking]],
    ["MetalayerGateway", [manager]],
    ["GuardianStaking", [manager, staking.unbonding, staking.evidenceWindow]],
    ["GuardianSlashing", [manager, termsOf(slashing)]],
  ];
  return initial.map(([name, args]) => {
    const call = new Interface(artifacts(name).abi).encodeFunctionData("initialize", args);
    // The staking contract reads the guardian set's grace period when it is initialised.
    const after: ContractName[] = name === "GuardianStaking" ? [CODE_OF[name], "GuardianSet"] : [CODE_OF[name]];
    return { name, artifact: "ERC1967Proxy", args: [at[CODE_OF[name]], call], after };
  });
}

/** Implementation behind each proxy. */
export const CODE_OF = {
  StateRootInbox: "StateRootInboxCode",
  RollupRegistry: "RollupRegistryCode",
  GuardianSet: "GuardianSetCode",
  GuardianStaking: "GuardianStakingCode",
  GuardianRewards: "GuardianRewardsCode",
  GuardianSlashing: "GuardianSlashingCode",
  FeeController: "FeeControllerCode",
  MetalayerGateway: "MetalayerGatewayCode",
} as const satisfies Partial<Record<ContractName, ContractName>>;

/** A word as ABI-encoded, for comparisons with immutables. */
export function word(type: string, value: unknown): Hex {
  return asHex(AbiCoder.defaultAbiCoder().encode([type], [value]));
}
