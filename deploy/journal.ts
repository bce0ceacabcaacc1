import { existsSync, readFileSync, renameSync } from "node:fs";
import path from "node:path";
import { deploy, DeploymentResultType, type DeployConfig } from "@nomicfoundation/ignition-core";
import type { Address } from "../sdk/src/bytes.ts";
import { MetalayerError } from "../sdk/src/errors.ts";
import type { TransactionsModule } from "./modules/transactions.ts";
import type { Eip1193 } from "./targets.ts";

/** Pace of a deployment. */
export interface Pace {
  /** Blocks after which a transaction counts as done. */
  readonly confirmations: number;
  readonly pollingMs: number;
  /** Most transactions of the deployer that wait in a node at once. */
  readonly inFlight: number;
}

export const DEFAULT_PACE: Pace = { confirmations: 1, pollingMs: 100, inFlight: 16 };

/** Runs a module, or resumes it where its journal in `folder` ends. Throws `DEPLOYMENT_STEP_FAILED`. */
export async function ignite(
  module: TransactionsModule,
  folder: string,
  provider: Eip1193,
  sender: Address,
  pace: Pace,
): Promise<void> {
  const config: Partial<DeployConfig> = {
    requiredConfirmations: pace.confirmations,
    blockPollingInterval: pace.pollingMs,
    retryInterval: Math.max(pace.pollingMs, 100),
    maxRetries: 20,
  };
  const result = await deploy({
    config,
    // Steps are plain transactions: no artifact is ever asked for.
    artifactResolver: { loadArtifact: noArtifact, getBuildInfo: noArtifact },
    provider,
    deploymentDir: folder,
    ignitionModule: module,
    deploymentParameters: {},
    accounts: [sender],
    defaultSender: sender,
  });
  if (result.type === DeploymentResultType.SUCCESSFUL_DEPLOYMENT) return;
  const reason =
    "errors" in result ? result.errors : { failed: result.failed, timedOut: result.timedOut, held: result.held };
  throw new MetalayerError("DEPLOYMENT_STEP_FAILED", `${module.id}: ${JSON.stringify(reason)}`, {
    module: module.id,
    reason,
  });
}

/** Steps that the journal in `folder` has begun, and those that it has finished. An unreadable journal counts as none. */
export function readJournal(
  folder: string,
): { readonly begun: ReadonlySet<string>; readonly done: ReadonlySet<string> } | undefined {
  const begun = new Set<string>();
  const done = new Set<string>();
  const file = path.join(folder, "journal.jsonl");
  if (!existsSync(file)) return { begun, done };
  try {
    for (const line of readFileSync(file, "utf8")
      .split("\n")
      .filter((text) => text.trim() !== "")) {
      // CAST: Ignition's own records; only these fields are looked at
      const {
        type,
        futureId = "",
        result,
      } = JSON.parse(line) as { type: string; futureId?: string; result?: { type: string } };
      const name = futureId.split("#").at(-1) ?? "";
      if (type === "SEND_DATA_EXECUTION_STATE_INITIALIZE") begun.add(name);
      if (type === "SEND_DATA_EXECUTION_STATE_COMPLETE" && result?.type === "SUCCESS") done.add(name);
    }
    return { begun, done };
  } catch {
    return undefined;
  }
}

/**
 * Puts a journal aside that Ignition cannot go on with: a transaction sent but not written down, a foreign nonce, a chain that began anew.
 * Nothing is lost by it, because every step is decided by the chain.
 */
export function setAside(folder: string): void {
  if (!existsSync(folder)) return;
  let count = 1;
  while (existsSync(`${folder}.aside-${count}`)) count += 1;
  renameSync(folder, `${folder}.aside-${count}`);
}

function noArtifact(): Promise<never> {
  return Promise.reject(new MetalayerError("DEPLOYMENT_NO_ARTIFACT", "a deployment step asked for an artifact"));
}
