import type { Provider, Signer } from "ethers";
import { fixedBytes, toAddress, toHex, type Hex } from "../bytes.ts";
import { MetalayerError } from "../errors.ts";
import { formatEvmAccount } from "../interop.ts";
import type { CoreContracts } from "./deploy.ts";

type DevelopmentProvider = Provider & { send(method: string, parameters: unknown[]): Promise<unknown> };

/** One rollup of a test network with the protocol's real contracts. */
export class TestRollup {
  readonly accessManager: CoreContracts["accessManager"];
  readonly anchorLog: CoreContracts["anchorLog"];
  readonly automations: CoreContracts["automations"];
  readonly broadcaster: CoreContracts["broadcaster"];
  readonly era: CoreContracts["era"];
  /** Stands on home only. */
  readonly eraGenesis: CoreContracts["eraGenesis"];
  /** Stands on home only. */
  readonly eraGovernor: CoreContracts["eraGovernor"];
  readonly eraVotes: CoreContracts["eraVotes"];
  readonly feeController: CoreContracts["feeController"];
  readonly feeds: CoreContracts["feeds"];
  readonly gateway: CoreContracts["gateway"];
  /** Stands everywhere but on home. */
  readonly governanceExecutor: CoreContracts["governanceExecutor"];
  readonly guardianRewards: CoreContracts["guardianRewards"];
  readonly guardianSet: CoreContracts["guardianSet"];
  readonly guardianSlashing: CoreContracts["guardianSlashing"];
  readonly guardianStaking: CoreContracts["guardianStaking"];
  readonly laneHeads: CoreContracts["laneHeads"];
  readonly priceKeeper: CoreContracts["priceKeeper"];
  readonly omniDeployer: CoreContracts["omniDeployer"];
  readonly rollupRegistry: CoreContracts["rollupRegistry"];
  readonly rollupTimelock: CoreContracts["rollupTimelock"];
  readonly stateReader: CoreContracts["stateReader"];
  readonly stateRequests: CoreContracts["stateRequests"];
  readonly stateRootInbox: CoreContracts["stateRootInbox"];
  readonly subscriptions: CoreContracts["subscriptions"];
  /** Stands on home only. */
  readonly tallyReader: CoreContracts["tallyReader"];
  /** Stands everywhere but on home. */
  readonly voteCollector: CoreContracts["voteCollector"];

  /** `signer` pays for deliveries, may pause, may cancel at the timelock, and on home holds all ERA and receives the fund share of fees. */
  constructor(
    readonly chainId: bigint,
    readonly signer: Signer,
    readonly provider: Provider,
    contracts: CoreContracts,
  ) {
    this.accessManager = contracts.accessManager;
    this.anchorLog = contracts.anchorLog;
    this.automations = contracts.automations;
    this.broadcaster = contracts.broadcaster;
    this.era = contracts.era;
    this.eraGenesis = contracts.eraGenesis;
    this.eraGovernor = contracts.eraGovernor;
    this.eraVotes = contracts.eraVotes;
    this.feeController = contracts.feeController;
    this.feeds = contracts.feeds;
    this.gateway = contracts.gateway;
    this.governanceExecutor = contracts.governanceExecutor;
    this.guardianRewards = contracts.guardianRewards;
    this.guardianSet = contracts.guardianSet;
    this.guardianSlashing = contracts.guardianSlashing;
    this.guardianStaking = contracts.guardianStaking;
    this.laneHeads = contracts.laneHeads;
    this.priceKeeper = contracts.priceKeeper;
    this.omniDeployer = contracts.omniDeployer;
    this.rollupRegistry = contracts.rollupRegistry;
    this.rollupTimelock = contracts.rollupTimelock;
    this.stateReader = contracts.stateReader;
    this.stateRequests = contracts.stateRequests;
    this.stateRootInbox = contracts.stateRootInbox;
    this.subscriptions = contracts.subscriptions;
    this.tallyReader = contracts.tallyReader;
    this.voteCollector = contracts.voteCollector;
  }

  /** ERC-7930 bytes of an account or contract on this rollup, as `sendMessage` takes its recipient. */
  async interop(account: string | { getAddress(): Promise<string> }): Promise<Hex> {
    const address = typeof account === "string" ? account : await account.getAddress();
    return formatEvmAccount({ chainId: this.chainId, address: toAddress(fixedBytes("address", address, 20)) });
  }

  /** Lets seconds pass and mines a block. Throws `TESTKIT_NO_TIME` if the provider is none of a development node. */
  async passTime(seconds: number): Promise<void> {
    const { provider } = this;
    if (!isDevelopmentProvider(provider)) {
      throw new MetalayerError("TESTKIT_NO_TIME", "the provider cannot change the time: it has no `send`");
    }
    await provider.send("evm_increaseTime", [seconds]);
    await provider.send("evm_mine", []);
  }

  /** Hash of the newest block. */
  async latestBlockHash(): Promise<Hex> {
    const block = await this.provider.getBlock("latest");
    return toHex(fixedBytes("block hash", block?.hash ?? "0x", 32));
  }

  /** State root of a block. Throws `TESTKIT_NO_STATE_ROOT` if the node does not tell it. */
  async stateRootOf(blockHash: string): Promise<Hex> {
    const { provider } = this;
    const block = isDevelopmentProvider(provider)
      ? await provider.send("eth_getBlockByHash", [blockHash, false])
      : null;
    if (typeof block !== "object" || block === null || !("stateRoot" in block) || typeof block.stateRoot !== "string") {
      throw new MetalayerError("TESTKIT_NO_STATE_ROOT", "the node does not tell the block's state root", { blockHash });
    }
    return toHex(fixedBytes("state root", block.stateRoot, 32));
  }

  /** Serial of a guardian table that is accepted now; forms a new one if time has run out on the last. */
  async acceptedSerial(): Promise<number> {
    const serial = await this.guardianSet.currentSerial();
    if (await this.guardianSet.isAccepted(serial)) return Number(serial);
    await (await this.guardianSet.rotate()).wait();
    return Number(await this.guardianSet.currentSerial());
  }
}

function isDevelopmentProvider(provider: Provider): provider is DevelopmentProvider {
  return "send" in provider && typeof provider.send === "function";
}
