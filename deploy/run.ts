import path from "node:path";
import type { Hex } from "../sdk/src/bytes.ts";
import type { Addresses } from "../sdk/src/deployment/addresses.ts";
import type { ArtifactSource } from "../sdk/src/deployment/artifacts.ts";
import type { NetworkParameters } from "../sdk/src/deployment/parameters.ts";
import { planRollup } from "../sdk/src/deployment/plan.ts";
import type { Difference } from "../sdk/src/deployment/settings.ts";
import { createView } from "../sdk/src/deployment/view.ts";
import { MetalayerError } from "../sdk/src/errors.ts";
import { createEndpoint } from "../scripts/chain/endpoint.ts";
import { findObstacles } from "../scripts/probe/probe.ts";
import { DEFAULT_PACE, type Pace } from "./journal.ts";
import { deployerRoles, readRoles, type RoleHolders } from "./roles.ts";
import { bringUp } from "./rollup.ts";
import { birthBlock, type Target } from "./targets.ts";

const PROBE_TIMEOUT_MS = 30_000;

export interface DeployOptions {
  readonly parameters: NetworkParameters;
  readonly artifacts: ArtifactSource;
  /** One for each rollup that this run is about; rollups of the parameters without a target are left alone. */
  readonly targets: readonly Target[];
  /** Where journals are kept; may be lost. */
  readonly folder: string;
  readonly pace?: Pace;
  readonly signal?: AbortSignal;
  readonly onProgress?: (rollup: string, text: string) => void;
}

export interface RollupReport {
  readonly name: string;
  readonly chainId: bigint;
  readonly addresses: Addresses;
  /** Nothing before this block concerns the deployment. */
  readonly fromBlock: number;
  readonly seconds: number;
  readonly roles: readonly RoleHolders[];
  /** Empty: the rollup is as planned, and the deployer holds no role. */
  readonly problems: readonly Difference[];
}

export interface NetworkReport {
  readonly networkId: Hex;
  readonly rollups: readonly RollupReport[];
  /** Rollups on which it failed, with the reason; the others are not affected. */
  readonly failed: readonly { readonly name: string; readonly reason: string; readonly code: string }[];
}

/**
 * Deploys on all targets at once and ends with the role check. Can be run again at any time: what stands is left alone, what is missing is done.
 * Does not throw because one rollup fails: see {@link NetworkReport.failed}.
 */
export async function deployNetwork(options: DeployOptions): Promise<NetworkReport> {
  const settled = await Promise.allSettled(options.targets.map((target) => deployOne(options, target)));
  const rollups: RollupReport[] = [];
  const failed: NetworkReport["failed"][number][] = [];
  for (const [index, outcome] of settled.entries()) {
    if (outcome.status === "fulfilled") rollups.push(outcome.value);
    else failed.push({ name: options.targets[index]?.name ?? "", ...reasonOf(outcome.reason) });
  }
  const chainId = options.parameters.home;
  return { networkId: planRollup(options.parameters, chainId, options.artifacts).networkId, rollups, failed };
}

async function deployOne(options: DeployOptions, target: Target): Promise<RollupReport> {
  const { parameters, artifacts, pace = DEFAULT_PACE, signal, onProgress } = options;
  const began = Date.now();
  await refuseUnfit(target, signal);
  const plan = planRollup(parameters, target.chainId, artifacts);
  const folder = path.join(options.folder, String(target.chainId));
  const fromBlock = await birthBlock(target, plan.addresses.AccessManager);
  const reader = target.reader(fromBlock);
  const progress = (text: string): void => onProgress?.(target.name, text);
  const run = { plan, target, reader, folder, pace, progress, ...(signal === undefined ? {} : { signal }) };
  const { differences } = await bringUp(run);
  const view = createView(plan, reader);
  const [roles, held] = await Promise.all([readRoles(view), deployerRoles(view)]);
  const leftOver = held.map((name): Difference => {
    return {
      contract: "AccessManager",
      name: `deployer holds ${name}`,
      expected: "no role",
      actual: parameters.deployer,
    };
  });
  const problems = [...differences, ...leftOver];
  progress(problems.length === 0 ? "as planned; the deployer holds no role" : `${problems.length} problems`);
  const seconds = (Date.now() - began) / 1_000;
  return { name: target.name, chainId: target.chainId, addresses: plan.addresses, fromBlock, seconds, roles, problems };
}

/** Before anything is spent: throws `DEPLOYMENT_UNFIT_CHAIN`, which names what contracts need and the chain lacks. */
async function refuseUnfit({ name, url }: Target, signal: AbortSignal | undefined): Promise<void> {
  const endpoint = createEndpoint({ url, timeoutMs: PROBE_TIMEOUT_MS });
  try {
    const obstacles = await findObstacles(endpoint, signal);
    if (obstacles.length === 0) return;
    const message = `${name} cannot be served: ${obstacles.join("; ")}`;
    throw new MetalayerError("DEPLOYMENT_UNFIT_CHAIN", message, { rollup: name, obstacles });
  } finally {
    endpoint.close();
  }
}

function reasonOf(error: unknown): { reason: string; code: string } {
  const code = error instanceof MetalayerError ? error.code : "DEPLOYMENT_FAILED";
  return { reason: error instanceof Error ? error.message : String(error), code };
}
