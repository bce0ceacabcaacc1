import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { loadArtifacts } from "../../deploy/artifacts.ts";
import { genesisHash } from "../../deploy/open.ts";
import type { DevelopmentGuardian } from "../../deploy/params/development.ts";
import type { NetworkReport } from "../../deploy/run.ts";
import { deployNetwork } from "../../deploy/run.ts";
import type { Target } from "../../deploy/targets.ts";
import { openUrl } from "../../deploy/targets.ts";
import { toHex, uintBytes } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { randomSecretKey } from "../../sdk/src/schnorr.ts";
import { delay } from "../chain/tasks.ts";
import { devAccount, operatorAccount, PARTS } from "./accounts.ts";
import type { Devnet, DevnetStep } from "./devnet.ts";
import { devnetParameters, EPOCH_LENGTH, guardianKeyFile } from "./parameters.ts";

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
      const targets = await openTargets(devnet);
      const mining = mineQuickly(devnet);
      try {
        const report = await deploy(devnet, targets, keys, options, signal);
        describe(devnet, report);
        return `on ${report.rollups.length} rollups, ${guardians} guardians admitted`;
      } finally {
        await mining.stop();
        await Promise.all(targets.map((target) => target.close()));
      }
    },
  };
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
  targets: readonly Target[],
  guardians: readonly DevelopmentGuardian[],
  { epochLength = EPOCH_LENGTH }: ProtocolOptions,
  signal: AbortSignal | undefined,
): Promise<NetworkReport> {
  const { root, folder } = devnet.options;
  const [home] = targets;
  if (home === undefined) throw new Error("a network has at least one rollup");
  const artifacts = loadArtifacts(root);
  const network = { state: devnet.state, homeGenesisHash: await genesisHash(home), guardians, epochLength };
  const parameters = devnetParameters(network, artifacts);
  const journals = path.join(folder, "journals");
  const given = { parameters, artifacts, targets, folder: journals, pace: PACE };
  const report = await deployNetwork(signal === undefined ? given : { ...given, signal });
  const problems = [
    ...report.failed.map(({ name, reason }) => `${name}: ${reason}`),
    ...report.rollups.flatMap(({ name, problems: found }) => found.map((each) => `${name}: ${each.name}`)),
  ];
  if (problems.length === 0) return report;
  throw new MetalayerError("DEVNET_DEPLOYMENT", `The deployment failed: ${problems.join("; ")}`, { problems });
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
function mineQuickly({ nodes }: Devnet): { stop(): Promise<void> } {
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
