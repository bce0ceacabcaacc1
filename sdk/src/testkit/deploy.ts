import { Wallet, type InterfaceAbi, type Provider, type Signer } from "ethers";
import { AccessManager__factory } from "../../../typechain-types/factories/@openzeppelin/contracts/access/manager/AccessManager__factory.js";
import { ERC1967Proxy__factory } from "../../../typechain-types/factories/@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy__factory.js";
import { Automations__factory } from "../../../typechain-types/factories/contracts/data/Automations__factory.js";
import { Broadcaster__factory } from "../../../typechain-types/factories/contracts/data/Broadcaster__factory.js";
import { Feeds__factory } from "../../../typechain-types/factories/contracts/data/Feeds__factory.js";
import { Subscriptions__factory } from "../../../typechain-types/factories/contracts/data/Subscriptions__factory.js";
import { Create3Factory__factory } from "../../../typechain-types/factories/contracts/deployment/Create3Factory__factory.js";
import { OmniDeployer__factory } from "../../../typechain-types/factories/contracts/deployment/OmniDeployer__factory.js";
import { FeeController__factory } from "../../../typechain-types/factories/contracts/fees/FeeController__factory.js";
import { PriceKeeper__factory } from "../../../typechain-types/factories/contracts/fees/PriceKeeper__factory.js";
import { StateRequests__factory } from "../../../typechain-types/factories/contracts/fees/StateRequests__factory.js";
import { EraGovernor__factory } from "../../../typechain-types/factories/contracts/governance/EraGovernor__factory.js";
import { GovernanceExecutor__factory } from "../../../typechain-types/factories/contracts/governance/GovernanceExecutor__factory.js";
import { RollupTimelock__factory } from "../../../typechain-types/factories/contracts/governance/RollupTimelock__factory.js";
import { TallyReader__factory } from "../../../typechain-types/factories/contracts/governance/TallyReader__factory.js";
import { VoteCollector__factory } from "../../../typechain-types/factories/contracts/governance/VoteCollector__factory.js";
import { GuardianRewards__factory } from "../../../typechain-types/factories/contracts/guardians/GuardianRewards__factory.js";
import { GuardianSet__factory } from "../../../typechain-types/factories/contracts/guardians/GuardianSet__factory.js";
import { GuardianSlashing__factory } from "../../../typechain-types/factories/contracts/guardians/GuardianSlashing__factory.js";
import { GuardianStaking__factory } from "../../../typechain-types/factories/contracts/guardians/GuardianStaking__factory.js";
import { AnchorLog__factory } from "../../../typechain-types/factories/contracts/messaging/AnchorLog__factory.js";
import { MetalayerGateway__factory } from "../../../typechain-types/factories/contracts/messaging/MetalayerGateway__factory.js";
import { RollupRegistry__factory } from "../../../typechain-types/factories/contracts/messaging/RollupRegistry__factory.js";
import { StateRootInbox__factory } from "../../../typechain-types/factories/contracts/messaging/StateRootInbox__factory.js";
import { LaneHeads__factory } from "../../../typechain-types/factories/contracts/paths/LaneHeads__factory.js";
import { StateReader__factory } from "../../../typechain-types/factories/contracts/proofs/StateReader__factory.js";
import { EvmStack__factory } from "../../../typechain-types/factories/contracts/rollups/EvmStack__factory.js";
import { Era__factory } from "../../../typechain-types/factories/contracts/token/Era__factory.js";
import { EraGenesis__factory } from "../../../typechain-types/factories/contracts/token/EraGenesis__factory.js";
import { EraVotes__factory } from "../../../typechain-types/factories/contracts/token/EraVotes__factory.js";
import { hashText, hashWords, ZERO_HASH, type Address, type Hex } from "../bytes.ts";
import { networkIdOf, type Addresses } from "../deployment/addresses.ts";
import type { ArtifactName, ArtifactSource } from "../deployment/artifacts.ts";
import { executePlan } from "../deployment/execute.ts";
import type { GenesisPart, NetworkParameters, RollupParameters } from "../deployment/parameters.ts";
import { planRollup } from "../deployment/plan.ts";
import { MetalayerError } from "../errors.ts";
import type { Prices } from "../fees.ts";
import { TestGuardians } from "./guardians.ts";

const DAY = 86_400n;
const ERA = 10n ** 18n;
/** Whole ERA: far above what tests move, below what the gateway's words hold. */
const LIMIT = 50_000_000n;
/** Owns nothing but the addresses of test networks, and no role once they stand. */
const DEPLOYER_KEY = hashText("metalayer test deployer");
const DEPLOYER_FUNDS = 100n * 10n ** 18n;

/** So wide that a test finds its own prices within them. */
const RANGE = { floor: 1n, cap: 2n ** 24n - 1n };
const BOUNDS = { basePrice: RANGE, pricePerByte: RANGE, pricePerKGas: RANGE, step: 500n, interval: 60n };

interface Factory {
  readonly abi: InterfaceAbi;
  readonly bytecode: string;
}

/** A decision takes two weeks, which tests pass in no time. */
const GOVERNANCE_TERMS = {
  votingDelay: DAY,
  votingPeriod: 5n * DAY,
  tallyWindow: DAY,
  proposalThreshold: ERA,
  quorum: 100n,
  notice: 10n * DAY,
  lockPeriod: 30n * DAY,
};

const FACTORIES: Readonly<Record<Exclude<ArtifactName, "ArbitrumStack">, Factory>> = {
  AccessManager: AccessManager__factory,
  AnchorLog: AnchorLog__factory,
  Automations: Automations__factory,
  Broadcaster: Broadcaster__factory,
  Create3Factory: Create3Factory__factory,
  ERC1967Proxy: ERC1967Proxy__factory,
  Era: Era__factory,
  EraGenesis: EraGenesis__factory,
  EraGovernor: EraGovernor__factory,
  EraVotes: EraVotes__factory,
  EvmStack: EvmStack__factory,
  FeeController: FeeController__factory,
  Feeds: Feeds__factory,
  GovernanceExecutor: GovernanceExecutor__factory,
  GuardianRewards: GuardianRewards__factory,
  GuardianSet: GuardianSet__factory,
  GuardianSlashing: GuardianSlashing__factory,
  GuardianStaking: GuardianStaking__factory,
  LaneHeads: LaneHeads__factory,
  MetalayerGateway: MetalayerGateway__factory,
  PriceKeeper: PriceKeeper__factory,
  OmniDeployer: OmniDeployer__factory,
  RollupRegistry: RollupRegistry__factory,
  RollupTimelock: RollupTimelock__factory,
  StateReader: StateReader__factory,
  StateRequests: StateRequests__factory,
  StateRootInbox: StateRootInbox__factory,
  Subscriptions: Subscriptions__factory,
  TallyReader: TallyReader__factory,
  VoteCollector: VoteCollector__factory,
};

/** The contracts that the sdk carries, with their creation code. */
const artifacts: ArtifactSource = (name) => {
  if (name === "ArbitrumStack") throw new MetalayerError("TESTKIT_ARTIFACT", `the test kit has no ${name}`, { name });
  const { abi, bytecode } = FACTORIES[name];
  return { contractName: name, sourceName: name, abi, bytecode, deployedBytecode: "0x" };
};

/** A chain on which a test network will stand. */
export interface Site {
  readonly chainId: bigint;
  readonly signer: Signer;
  readonly provider: Provider;
  readonly account: Address;
}

/** A network that stands: its id, its guardians, and the addresses on each rollup. */
export interface Standing {
  readonly networkId: Hex;
  readonly guardians: TestGuardians;
  readonly addresses: ReadonlyMap<bigint, Addresses>;
}

/** Runs the protocol's own deployment on every site, at different addresses on each, so that mix-ups of local and remote show. */
export async function deployNetwork(
  sites: readonly [Site, ...Site[]],
  homeGenesisHash: Hex,
  guardianCount: number,
  prices: Prices,
  genesis?: readonly GenesisPart[],
): Promise<Standing> {
  const everything = { name: "everything", amount: 1_000_000_000n * ERA, to: sites[0].account };
  const bare = { ...parametersOf(sites, homeGenesisHash, prices), genesis: genesis ?? [everything] };
  const id = networkIdOf(bare, artifacts);
  const guardians = new TestGuardians(id, guardianCount);
  const parameters = { ...bare, guardians: { ...bare.guardians, bootstrap: guardians.bootstrap() } };
  const addresses = new Map<bigint, Addresses>();
  for (const { chainId, signer, provider } of sites) {
    const deployer = new Wallet(DEPLOYER_KEY, provider);
    await (await signer.sendTransaction({ to: deployer.address, value: DEPLOYER_FUNDS })).wait();
    const plan = planRollup(parameters, chainId, artifacts);
    await executePlan(plan, deployer);
    addresses.set(chainId, plan.addresses);
  }
  return { networkId: id, guardians, addresses };
}

/** The core contracts of one rollup, typed. */
export function connectCore(addresses: Addresses, signer: Signer) {
  return {
    accessManager: AccessManager__factory.connect(addresses.AccessManager, signer),
    anchorLog: AnchorLog__factory.connect(addresses.AnchorLog, signer),
    automations: Automations__factory.connect(addresses.Automations, signer),
    broadcaster: Broadcaster__factory.connect(addresses.Broadcaster, signer),
    era: Era__factory.connect(addresses.Era, signer),
    eraGenesis: EraGenesis__factory.connect(addresses.EraGenesis, signer),
    eraGovernor: EraGovernor__factory.connect(addresses.EraGovernor, signer),
    eraVotes: EraVotes__factory.connect(addresses.EraVotes, signer),
    feeController: FeeController__factory.connect(addresses.FeeController, signer),
    feeds: Feeds__factory.connect(addresses.Feeds, signer),
    gateway: MetalayerGateway__factory.connect(addresses.MetalayerGateway, signer),
    governanceExecutor: GovernanceExecutor__factory.connect(addresses.GovernanceExecutor, signer),
    guardianRewards: GuardianRewards__factory.connect(addresses.GuardianRewards, signer),
    guardianSet: GuardianSet__factory.connect(addresses.GuardianSet, signer),
    guardianSlashing: GuardianSlashing__factory.connect(addresses.GuardianSlashing, signer),
    guardianStaking: GuardianStaking__factory.connect(addresses.GuardianStaking, signer),
    laneHeads: LaneHeads__factory.connect(addresses.LaneHeads, signer),
    priceKeeper: PriceKeeper__factory.connect(addresses.PriceKeeper, signer),
    omniDeployer: OmniDeployer__factory.connect(addresses.OmniDeployer, signer),
    rollupRegistry: RollupRegistry__factory.connect(addresses.RollupRegistry, signer),
    rollupTimelock: RollupTimelock__factory.connect(addresses.RollupTimelock, signer),
    stateReader: StateReader__factory.connect(addresses.StateReader, signer),
    stateRequests: StateRequests__factory.connect(addresses.StateRequests, signer),
    stateRootInbox: StateRootInbox__factory.connect(addresses.StateRootInbox, signer),
    subscriptions: Subscriptions__factory.connect(addresses.Subscriptions, signer),
    tallyReader: TallyReader__factory.connect(addresses.TallyReader, signer),
    voteCollector: VoteCollector__factory.connect(addresses.VoteCollector, signer),
  };
}

/** The typed core contracts of one rollup. */
export type CoreContracts = ReturnType<typeof connectCore>;

function parametersOf(
  sites: readonly [Site, ...Site[]],
  homeGenesisHash: Hex,
  prices: Prices,
): Omit<NetworkParameters, "genesis"> {
  const [{ chainId: home, account }] = sites;
  return {
    salt: ZERO_HASH,
    deployer: `0x${new Wallet(DEPLOYER_KEY).address.slice(2)}`,
    home,
    homeGenesisHash,
    governance: GOVERNANCE_TERMS,
    canceller: account,
    priceKeeper: account,
    pausers: sites.map((site) => site.account).filter((one, index, all) => all.indexOf(one) === index),
    fund: account,
    timelockDelay: 2n * DAY,
    anchorHeartbeat: 1n,
    staking: { unbonding: 21n * DAY, evidenceWindow: 14n * DAY },
    slashing: {
      fraction: 1_000_000n,
      reporterShare: 50_000n,
      incidentDelay: 7n * DAY,
      foreignFreeze: 14n * DAY,
      fastSuspension: 30n * DAY,
    },
    guardians: { epochLength: 30n * DAY, grace: DAY, minimumWeight: 1n, bootstrap: [] },
    rollups: sites.map(({ chainId }) => rollupParameters(chainId, BigInt(sites.length - 1), prices)),
  };
}

function rollupParameters(chainId: bigint, others: bigint, prices: Prices): RollupParameters {
  const limits = {
    ceiling: LIMIT * ERA * others,
    eraCapacity: LIMIT * ERA,
    feeCapacity: LIMIT * 10n ** 9n,
    guardianShare: 500n,
  };
  return {
    name: `rollup ${chainId}`,
    chainId,
    incarnation: 1n,
    stack: "evm",
    stackKind: "evm",
    finality: { depth: 1n },
    prices,
    priceBounds: BOUNDS,
    statePrices: { headPrice: 2_000n, slotPrice: 1_000n },
    limits,
    addressSalt: hashWords([chainId]),
  };
}
