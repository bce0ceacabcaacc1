import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import {
  ARTIFACTS,
  type ArtifactName,
  type ArtifactSource,
  type ContractArtifact,
} from "../sdk/src/deployment/artifacts.ts";
import { MetalayerError } from "../sdk/src/errors.ts";

const SOURCES: Readonly<Record<ArtifactName, string>> = {
  Create3Factory: "contracts/deployment",
  EvmStack: "contracts/rollups",
  ArbitrumStack: "contracts/rollups",
  AnchorLog: "contracts/messaging",
  AccessManager: "@openzeppelin/contracts/access/manager",
  RollupTimelock: "contracts/governance",
  ERC1967Proxy: "@openzeppelin/contracts/proxy/ERC1967",
  Era: "contracts/token",
  EraVotes: "contracts/token",
  EraGenesis: "contracts/token",
  EraGovernor: "contracts/governance",
  TallyReader: "contracts/governance",
  VoteCollector: "contracts/governance",
  GovernanceExecutor: "contracts/governance",
  StateReader: "contracts/proofs",
  Broadcaster: "contracts/data",
  Subscriptions: "contracts/data",
  Automations: "contracts/data",
  Feeds: "contracts/data",
  LaneHeads: "contracts/paths",
  PriceKeeper: "contracts/fees",
  StateRequests: "contracts/fees",
  OmniDeployer: "contracts/deployment",
  StateRootInbox: "contracts/messaging",
  RollupRegistry: "contracts/messaging",
  GuardianSet: "contracts/guardians",
  GuardianStaking: "contracts/guardians",
  GuardianRewards: "contracts/guardians",
  GuardianSlashing: "contracts/guardians",
  FeeController: "contracts/fees",
  MetalayerGateway: "contracts/messaging",
};

/** The built contracts below `root`. Throws `DEPLOYMENT_NOT_BUILT` if one is missing. */
export function loadArtifacts(root: string): ArtifactSource {
  const loaded = new Map(ARTIFACTS.map((name) => [name, loadArtifact(root, SOURCES[name], name)]));
  return (name) => loaded.get(name) ?? loadArtifact(root, SOURCES[name], name);
}

/** One built contract of a folder of sources. Throws `DEPLOYMENT_NOT_BUILT` if it is missing. */
export function loadArtifact(root: string, folder: string, name: string): ContractArtifact {
  const file = path.join(root, "artifacts", folder, `${name}.sol`, `${name}.json`);
  if (!existsSync(file)) {
    throw new MetalayerError("DEPLOYMENT_NOT_BUILT", `${name} is not built: run npx hardhat build first`, { file });
  }
  return JSON.parse(readFileSync(file, "utf8")) as ContractArtifact; // CAST: written by Hardhat
}
