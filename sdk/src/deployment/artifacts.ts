import { Interface, type InterfaceAbi } from "ethers";
import type { Hex } from "../bytes.ts";
import type { ContractName } from "./addresses.ts";

/** Where immutables lie in the runtime code, by their id in the compiler's syntax tree. */
export type ImmutableReferences = Readonly<
  Record<string, readonly { readonly start: number; readonly length: number }[]>
>;

/** A compiled contract, as Hardhat writes it. */
export interface ContractArtifact {
  readonly contractName: string;
  readonly sourceName: string;
  readonly abi: InterfaceAbi;
  readonly bytecode: string;
  readonly deployedBytecode: string;
  readonly immutableReferences?: ImmutableReferences;
}

/** Contracts whose code a deployment needs. */
export type ArtifactName =
  | "Create3Factory"
  | "EvmStack"
  | "ArbitrumStack"
  | "AnchorLog"
  | "AccessManager"
  | "RollupTimelock"
  | "ERC1967Proxy"
  | "Era"
  | "EraVotes"
  | "EraGenesis"
  | "EraGovernor"
  | "TallyReader"
  | "VoteCollector"
  | "GovernanceExecutor"
  | "StateReader"
  | "Broadcaster"
  | "Subscriptions"
  | "Automations"
  | "Feeds"
  | "LaneHeads"
  | "PriceKeeper"
  | "StateRequests"
  | "OmniDeployer"
  | "StateRootInbox"
  | "RollupRegistry"
  | "GuardianSet"
  | "GuardianStaking"
  | "GuardianRewards"
  | "GuardianSlashing"
  | "FeeController"
  | "MetalayerGateway";

/** Gives a compiled contract by its name; throws for one that is not there. */
export type ArtifactSource = (name: ArtifactName) => ContractArtifact;

/** All names, for callers that load them beforehand. */
export const ARTIFACTS: readonly ArtifactName[] = [
  "Create3Factory",
  "EvmStack",
  "ArbitrumStack",
  "AnchorLog",
  "AccessManager",
  "RollupTimelock",
  "ERC1967Proxy",
  "Era",
  "EraVotes",
  "EraGenesis",
  "EraGovernor",
  "TallyReader",
  "VoteCollector",
  "GovernanceExecutor",
  "StateReader",
  "Broadcaster",
  "Subscriptions",
  "Automations",
  "Feeds",
  "LaneHeads",
  "PriceKeeper",
  "StateRequests",
  "OmniDeployer",
  "StateRootInbox",
  "RollupRegistry",
  "GuardianSet",
  "GuardianStaking",
  "GuardianRewards",
  "GuardianSlashing",
  "FeeController",
  "MetalayerGateway",
];

/** Whose interface a contract answers: a proxy answers as its implementation. */
export function interfaceOf(name: ContractName, artifacts: ArtifactSource): Interface {
  const artifact = name === "RollupStack" ? "EvmStack" : name.replace(/Code$/, "");
  return new Interface(artifacts(artifact as ArtifactName).abi); // CAST: every contract name without "Code" is an artifact's
}

export type Call = { readonly target: `0x${string}`; readonly data: Hex };
