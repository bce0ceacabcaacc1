import type { ContractRunner } from "ethers";
import { MetalayerClient } from "../../sdk/src/client.ts";
import type { RollupAccess } from "../../sdk/src/rollup.ts";
import { Broadcaster__factory } from "../../typechain-types/factories/contracts/data/Broadcaster__factory.js";
import { IFeeds__factory } from "../../typechain-types/factories/contracts/data/IFeeds__factory.js";
import { Subscriptions__factory } from "../../typechain-types/factories/contracts/data/Subscriptions__factory.js";
import { AnchorLog__factory } from "../../typechain-types/factories/contracts/messaging/AnchorLog__factory.js";
import { FeeController__factory } from "../../typechain-types/factories/contracts/fees/FeeController__factory.js";
import { PriceKeeper__factory } from "../../typechain-types/factories/contracts/fees/PriceKeeper__factory.js";
import { StateRequests__factory } from "../../typechain-types/factories/contracts/fees/StateRequests__factory.js";
import { GuardianRewards__factory } from "../../typechain-types/factories/contracts/guardians/GuardianRewards__factory.js";
import { GuardianSet__factory } from "../../typechain-types/factories/contracts/guardians/GuardianSet__factory.js";
import { GuardianSlashing__factory } from "../../typechain-types/factories/contracts/guardians/GuardianSlashing__factory.js";
import { GuardianStaking__factory } from "../../typechain-types/factories/contracts/guardians/GuardianStaking__factory.js";
import { EraGovernor__factory } from "../../typechain-types/factories/contracts/governance/EraGovernor__factory.js";
import { RollupTimelock__factory } from "../../typechain-types/factories/contracts/governance/RollupTimelock__factory.js";
import { TallyReader__factory } from "../../typechain-types/factories/contracts/governance/TallyReader__factory.js";
import { VoteCollector__factory } from "../../typechain-types/factories/contracts/governance/VoteCollector__factory.js";
import { EraVotes__factory } from "../../typechain-types/factories/contracts/token/EraVotes__factory.js";
import { EraAirdrop__factory } from "../../typechain-types/factories/contracts/token/EraAirdrop__factory.js";
import { MetalayerGateway__factory } from "../../typechain-types/factories/contracts/messaging/MetalayerGateway__factory.js";
import { RollupRegistry__factory } from "../../typechain-types/factories/contracts/messaging/RollupRegistry__factory.js";
import { ILaneHeads__factory } from "../../typechain-types/factories/contracts/paths/ILaneHeads__factory.js";
import { IPathRecipient__factory } from "../../typechain-types/factories/contracts/paths/IPathRecipient__factory.js";
import { IStateRootSource__factory } from "../../typechain-types/factories/contracts/rollups/IStateRootSource__factory.js";
import { OmniDeployer__factory } from "../../typechain-types/factories/contracts/deployment/OmniDeployer__factory.js";
import { StateReader__factory } from "../../typechain-types/factories/contracts/proofs/StateReader__factory.js";
import { LeasedAccessManager__factory } from "../../typechain-types/factories/contracts/roles/LeasedAccessManager__factory.js";
import { RoleDirectory__factory } from "../../typechain-types/factories/contracts/roles/RoleDirectory__factory.js";
import { StateRootInbox__factory } from "../../typechain-types/factories/contracts/messaging/StateRootInbox__factory.js";
import { Era__factory } from "../../typechain-types/factories/contracts/token/Era__factory.js";
import { quantity } from "../chain/blocks.ts";
import type { Endpoint } from "../chain/endpoint.ts";
import { createEndpoint } from "../chain/endpoint.ts";
import type { LedgerSource } from "../chain/ledger-reader.ts";
import type { RpcPool } from "../chain/pool.ts";
import { createPool } from "../chain/pool.ts";
import { CommandError } from "./command.ts";
import type { RollupDescription } from "./network.ts";
import { SendingProvider } from "./sending.ts";

export type Contracts = ReturnType<typeof contractsOf>;

/** One rollup with an open connection. */
export interface Connection {
  readonly name: string;
  readonly chainId: bigint;
  readonly description: RollupDescription;
  readonly pool: RpcPool;
  readonly provider: SendingProvider;
  /** For reading; `contractsOf(description, wallet)` for sending. */
  readonly contracts: Contracts;
}

/** The protocol's contracts of a rollup, typed, with who reads or signs. */
export function contractsOf({ contracts: at }: RollupDescription, runner: ContractRunner) {
  return {
    anchorLog: AnchorLog__factory.connect(at.AnchorLog, runner),
    era: Era__factory.connect(at.Era, runner),
    feeController: FeeController__factory.connect(at.FeeController, runner),
    gateway: MetalayerGateway__factory.connect(at.MetalayerGateway, runner),
    guardianRewards: GuardianRewards__factory.connect(at.GuardianRewards, runner),
    guardianSet: GuardianSet__factory.connect(at.GuardianSet, runner),
    guardianSlashing: GuardianSlashing__factory.connect(at.GuardianSlashing, runner),
    guardianStaking: GuardianStaking__factory.connect(at.GuardianStaking, runner),
    inbox: StateRootInbox__factory.connect(at.StateRootInbox, runner),
    priceKeeper: PriceKeeper__factory.connect(at.PriceKeeper, runner),
    registry: RollupRegistry__factory.connect(at.RollupRegistry, runner),
    stateReader: StateReader__factory.connect(at.StateReader, runner),
    stateRequests: StateRequests__factory.connect(at.StateRequests, runner),
  };
}

/** Interfaces whose errors a revert may carry. */
export const interfaces = [
  FeeController__factory,
  GuardianRewards__factory,
  GuardianSet__factory,
  GuardianSlashing__factory,
  GuardianStaking__factory,
  MetalayerGateway__factory,
  PriceKeeper__factory,
  RollupRegistry__factory,
  OmniDeployer__factory,
  StateReader__factory,
  StateRequests__factory,
  StateRootInbox__factory,
  Era__factory,
  AnchorLog__factory,
  EraGovernor__factory,
  EraVotes__factory,
  EraAirdrop__factory,
  RollupTimelock__factory,
  TallyReader__factory,
  VoteCollector__factory,
  RoleDirectory__factory,
  LeasedAccessManager__factory,
  Broadcaster__factory,
  Subscriptions__factory,
  IFeeds__factory,
  ILaneHeads__factory,
  IPathRecipient__factory,
  IStateRootSource__factory,
].map((factory) => factory.createInterface());

/** Connects to a rollup. Throws CLI_RPC_UNREACHABLE, CLI_WRONG_CHAIN, CLI_NOT_DEPLOYED. */
export async function connect(description: RollupDescription): Promise<Connection> {
  const { name, rpc, blockTimeMs } = description;
  const chainId = BigInt(description.chainId);
  const endpoints = rpc.map((url) => createEndpoint({ url }));
  try {
    await checkEndpoints(description, endpoints);
  } catch (error) {
    endpoints.forEach((endpoint) => endpoint.close());
    throw error;
  }
  const pool = createPool({ rollup: name, chainId, blockTimeMs, endpoints });
  const provider = new SendingProvider(pool);
  return { name, chainId, description, pool, provider, contracts: contractsOf(description, provider) };
}

export function closeConnection({ provider, pool }: Connection): void {
  provider.destroy();
  pool.close();
}

/** How the sdk's client reaches this rollup; with a signer it can send there. */
export function accessOf({ description, provider }: Connection, runner: ContractRunner = provider): RollupAccess {
  const { contracts, fromBlock, maxLogRange } = description;
  return {
    runner,
    gateway: contracts.MetalayerGateway,
    registry: contracts.RollupRegistry,
    inbox: contracts.StateRootInbox,
    name: description.name,
    fromBlock,
    ...(contracts.OmniDeployer === undefined ? {} : { omniDeployer: contracts.OmniDeployer }),
    ...(maxLogRange === undefined ? {} : { logRange: maxLogRange }),
  };
}

/** A client that reads all of these rollups. */
export function readingClient(connections: readonly Connection[]): Promise<MetalayerClient> {
  return MetalayerClient.connect(connections.map((connection) => accessOf(connection)));
}

/** A rollup as the ledger of all ERA reads it. */
export function ledgerSource({ pool, description }: Connection): LedgerSource {
  const {
    MetalayerGateway: gateway,
    Era: era,
    FeeController: feeController,
    GuardianSet: guardianSet,
  } = description.contracts;
  const { fromBlock, maxLogRange } = description;
  const range = maxLogRange === undefined ? {} : { maxLogRange };
  return { pool, fromBlock, contracts: { gateway, era, feeController, guardianSet }, ...range };
}

interface Probe {
  readonly label: string;
  readonly chainId?: number;
  readonly code?: unknown;
  readonly problem?: string;
}

async function checkEndpoints(description: RollupDescription, endpoints: readonly Endpoint[]): Promise<void> {
  const { name, chainId, contracts } = description;
  const probes = await Promise.all(endpoints.map((endpoint) => probe(endpoint, contracts.MetalayerGateway)));
  const answering = probes.filter((each) => each.chainId !== undefined);
  if (answering.length === 0) {
    const problems = probes.map(({ problem }) => problem).join("; ");
    const next = "start the network (./metalayer devnet start), correct its description, or try again later";
    throw new CommandError(
      "CLI_RPC_UNREACHABLE",
      `no endpoint of ${name} answers: ${problems}`,
      "Nothing was done",
      next,
    );
  }
  const wrong = answering.find((each) => each.chainId !== chainId);
  if (wrong !== undefined) {
    const what = `${wrong.label} serves chain ${wrong.chainId}, but ${name} has chain id ${chainId}`;
    const next = `correct the RPC URL of ${name} in the network's description`;
    throw new CommandError("CLI_WRONG_CHAIN", what, "Nothing was done", next);
  }
  if (answering.every(({ code }) => code === "0x")) {
    const what = `${name} has no contract at its gateway's address ${contracts.MetalayerGateway}`;
    const next = "deploy there (./metalayer deploy) or correct the network's description";
    throw new CommandError("CLI_NOT_DEPLOYED", what, "Nothing was done", next);
  }
}

async function probe(endpoint: Endpoint, gateway: string): Promise<Probe> {
  const { label } = endpoint;
  try {
    const [chainId, code] = await endpoint.batch([
      { method: "eth_chainId", params: [] },
      { method: "eth_getCode", params: [gateway, "latest"] },
    ]);
    if (chainId?.ok !== true) return { label, problem: `${label}: ${chainId?.error.message ?? "no answer"}` };
    return { label, chainId: quantity(chainId.result), code: code?.ok === true ? code.result : undefined };
  } catch (error) {
    return { label, problem: error instanceof Error ? error.message : String(error) };
  }
}
