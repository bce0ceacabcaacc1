import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { loadArtifacts } from "../../deploy/artifacts.ts";
import { genesisHash } from "../../deploy/open.ts";
import type { DevelopmentGuardian } from "../../deploy/params/development.ts";
import type { DeployOptions, NetworkReport } from "../../deploy/run.ts";
import { deployNetwork } from "../../deploy/run.ts";
import type { Target } from "../../deploy/targets.ts";
import { openUrl } from "../../deploy/targets.ts";
import { toHex, uintBytes } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { randomSecretKey } from "../../sdk/src/schnorr.ts";
import { delay } from "../chain/tasks.ts";
import { devAccount, operatorAccount, PARTS } from "./accounts.ts";
import type { Anvil } from "./anvil.ts";
import type { Devnet, DevnetStep } from "./devnet.ts";
import { devnetParameters, EPOCH_LENGTH, guardianKeyFile, runningParameters } from "./parameters.ts";
import type { DevnetRollup } from "./state.ts";

const PACE = { confirmations: 1, pollingMs: 40, inFlight: 32 };
const MINE_EVERY_MS = 60;

/** What may differ from network to network. */
export interface ProtocolOptions {
  /** Seconds. */
  readonly epochLength?: bigint;
  /** Seconds; what suits programs if left out. */
  readonly votingPeriod?: number;
  /** Whole ERA; all the same if left out. */
  readonly weightOf?: ((index: number) => bigint) | undefined;
}

/** Deploys the protocol on every node at once, with freshly made keys for this many guardians. */
export function protocolStep(guardians: number, options: ProtocolOptions = {}): DevnetStep {
  return {
    name: "contracts",
    async run(devnet, signal) {
      const { votingPeriod } = options;
      if (votingPeriod !== undefined) devnet.update((state) => ({ ...state, votingPeriod }));
      const keys = Array.from({ length: guardians }, (_, index) => createKey(devnet, index, options.weightOf?.(index)));
      return withTargets(devnet, devnet.nodes, async (targets) => {
        const [home] = targets;
        if (home === undefined) throw new Error("a network has at least one rollup");
        const { epochLength = EPOCH_LENGTH } = options;
        const homeGenesisHash = await genesisHash(home);
        const artifacts = loadArtifacts(devnet.options.root);
        const network = { state: devnet.state, homeGenesisHash, guardians: keys, epochLength };
        await deploy(devnet, { parameters: devnetParameters(network, artifacts), artifacts, targets }, signal);
        return `on ${targets.length} rollups, ${guardians} guardians admitted`;
      });
    },
  };
}

export type DeployedNetwork = Pick<DeployOptions, "parameters" | "artifacts" | "targets">;

/**
 * Deploys the protocol on a rollup that joins a running network: it knows the others from then on, and they do not know it. `work` gets the
 * whole network with the parameters that name it. `loadKey` reads a guardian's key file.
 */
export async function deployNewcomer<T>(
  devnet: Devnet,
  { chainId }: DevnetRollup,
  {
    loadKey,
    work,
    signal,
  }: {
    readonly loadKey: (file: string) => Promise<bigint>;
    readonly work: (network: DeployedNetwork) => Promise<T>;
    readonly signal: AbortSignal;
  },
): Promise<T> {
  const { root, folder } = devnet.options;
  const newNodes = devnet.nodes.filter((node) => node.chainId === chainId);
  return withTargets(devnet, newNodes, async (targets) => {
    const [home] = targets;
    if (home === undefined) throw new Error("a network has at least one rollup");
    const artifacts = loadArtifacts(root);
    const parameters = await runningParameters({ folder, state: devnet.state, home, artifacts }, loadKey);
    const own = targets.filter((target) => target.chainId === BigInt(chainId));
    await deploy(devnet, { parameters, artifacts, targets: own }, signal);
    return work({ parameters, artifacts, targets });
  });
}

/** Opens every rollup of the network, signing as the deployer, for as long as the work takes; these nodes make blocks faster meanwhile. */
async function withTargets<T>(
  devnet: Devnet,
  quick: readonly Anvil[],
  work: (targets: readonly Target[]) => Promise<T>,
): Promise<T> {
  const targets = await openTargets(devnet);
  const mining = mineQuickly(quick);
  try {
    return await work(targets);
  } finally {
    await mining.stop();
    await Promise.all(targets.map((target) => target.close()));
  }
}

function createKey(devnet: Devnet, index: number, weight: bigint | undefined): DevelopmentGuardian {
  const secretKey = randomSecretKey();
  const file = guardianKeyFile(devnet.options.folder, index);
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, JSON.stringify({ secretKey: toHex(uintBytes("secretKey", secretKey, 32)) }), { mode: 0o600 });
  return { operator: operatorAccount(index).address, secretKey, ...(weight === undefined ? {} : { weight }) };
}

function openTargets({ state }: Devnet): Promise<Target[]> {
  const { key } = devAccount(PARTS.deployer);
  return Promise.all(
    state.rollups.map(({ name, chainId, nodeUrl }) => openUrl({ name, chainId: BigInt(chainId), url: nodeUrl, key })),
  );
}

async function deploy(
  devnet: Devnet,
  what: Pick<DeployOptions, "parameters" | "artifacts" | "targets">,
  signal: AbortSignal | undefined,
): Promise<void> {
  const given = { ...what, folder: path.join(devnet.options.folder, "journals"), pace: PACE };
  const report = await deployNetwork(signal === undefined ? given : { ...given, signal });
  const problems = [
    ...report.failed.map(({ name, reason }) => `${name}: ${reason}`),
    ...report.rollups.flatMap(({ name, problems: found }) => found.map((each) => `${name}: ${each.name}`)),
  ];
  if (problems.length > 0)
    throw new MetalayerError("DEVNET_DEPLOYMENT", `The deployment failed: ${problems.join("; ")}`, { problems });
  describe(devnet, report);
}

function describe(devnet: Devnet, { networkId, rollups: deployed }: NetworkReport): void {
  devnet.update((state) => ({
    ...state,
    networkId,
    rollups: state.rollups.map((rollup) => {
      const own = deployed.find(({ chainId }) => chainId === BigInt(rollup.chainId));
      return own === undefined ? rollup : { ...rollup, fromBlock: own.fromBlock, contracts: { ...own.addresses } };
    }),
  }));
}

/** Nobody wants to wait for two-second blocks while contracts are placed: until then blocks come faster. */
function mineQuickly(nodes: readonly Anvil[]): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const mining = nodes.map(async (node) => {
    while (!stopping.signal.aborted) {
      await node.rpc("evm_mine").catch(() => undefined);
      await delay(MINE_EVERY_MS, stopping.signal).catch(() => undefined);
    }
  });
  return {
    async stop() {
      stopping.abort();
      await Promise.all(mining);
    },
  };
}
