import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { HDNodeWallet, JsonRpcProvider, Mnemonic } from "ethers";
import type { NetworkOptions, TestNetwork } from "../../sdk/src/testkit/network.ts";
import { createNetwork } from "../../sdk/src/testkit/index.ts";
import type { Anvil } from "../../scripts/devnet/anvil.ts";
import { DEV_MNEMONIC, startAnvil } from "../../scripts/devnet/anvil.ts";

/** Rollups as node processes with the protocol on them, and a file that describes them to the command line. */
export interface LocalNetwork {
  readonly file: string;
  readonly folder: string;
  readonly nodes: readonly Anvil[];
  readonly metalayer: TestNetwork;
  /** The description with something changed, as a file of its own. */
  describe(change: (description: Description) => unknown): string;
  close(): Promise<void>;
}

interface DescribedRollup {
  name: string;
  chainId: number;
  rpc: string[];
  blockTimeMs: number;
  contracts: Record<string, string>;
}

export interface Description {
  rollups: DescribedRollup[];
}

/** `rollupA`, `rollupB`, … on nodes that make a block for every transaction; account 0 administers and holds all ERA on the first. */
export async function startLocalNetwork(
  count: number,
  options: Omit<NetworkOptions, "rollups"> = {},
): Promise<LocalNetwork> {
  const names = Array.from({ length: count }, (_, index) => `rollup${"ABCD"[index]}`);
  const nodes = await Promise.all(names.map((name, index) => startAnvil({ name, chainId: 8_101 + index })));
  const providers = nodes.map(
    ({ url }) => new JsonRpcProvider(url, undefined, { staticNetwork: true, pollingInterval: 10, cacheTimeout: -1 }),
  );
  const folder = mkdtempSync(path.join(os.tmpdir(), "metalayer-cli-"));
  const account = HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(DEV_MNEMONIC), "m/44'/60'/0'/0/0");
  const rollups = providers.map((provider) => account.connect(provider));
  const metalayer = await createNetwork({ rollups, ...options });
  const described = await Promise.all(nodes.map((node) => describeRollup(node, metalayer)));
  let files = 0;
  const write = (value: unknown): string => {
    const file = path.join(folder, `network-${files++}.json`);
    writeFileSync(file, JSON.stringify(value));
    return file;
  };
  return {
    file: write({ rollups: described }),
    folder,
    nodes,
    metalayer,
    describe: (change) => write(change(structuredClone({ rollups: described }))),
    async close() {
      for (const provider of providers) provider.destroy();
      await Promise.all(nodes.map((node) => node.stop()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function describeRollup({ name, chainId, url }: Anvil, metalayer: TestNetwork): Promise<DescribedRollup> {
  const own = metalayer.rollup(BigInt(chainId));
  const other = metalayer.rollups.find((rollup) => rollup !== own);
  if (other === undefined) throw new Error("a network has at least two rollups");
  const { anchorLog } = await other.rollupRegistry.rollup(chainId);
  const contracts = {
    AccessManager: await own.accessManager.getAddress(),
    AnchorLog: anchorLog,
    Automations: await own.automations.getAddress(),
    Broadcaster: await own.broadcaster.getAddress(),
    Era: await own.era.getAddress(),
    EraGenesis: await own.eraGenesis.getAddress(),
    EraGovernor: await own.eraGovernor.getAddress(),
    EraVotes: await own.eraVotes.getAddress(),
    FeeController: await own.feeController.getAddress(),
    Feeds: await own.feeds.getAddress(),
    GovernanceExecutor: await own.governanceExecutor.getAddress(),
    GuardianRewards: await own.guardianRewards.getAddress(),
    GuardianSet: await own.guardianSet.getAddress(),
    GuardianSlashing: await own.guardianSlashing.getAddress(),
    GuardianStaking: await own.guardianStaking.getAddress(),
    MetalayerGateway: await own.gateway.getAddress(),
    PriceKeeper: await own.priceKeeper.getAddress(),
    OmniDeployer: await own.omniDeployer.getAddress(),
    RollupRegistry: await own.rollupRegistry.getAddress(),
    RollupTimelock: await own.rollupTimelock.getAddress(),
    StateReader: await own.stateReader.getAddress(),
    StateRequests: await own.stateRequests.getAddress(),
    StateRootInbox: await own.stateRootInbox.getAddress(),
    Subscriptions: await own.subscriptions.getAddress(),
    TallyReader: await own.tallyReader.getAddress(),
    VoteCollector: await own.voteCollector.getAddress(),
  };
  return { name, chainId, rpc: [url], blockTimeMs: 1_000, contracts };
}
