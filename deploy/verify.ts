import type { ArtifactSource } from "../sdk/src/deployment/artifacts.ts";
import { inspectCode } from "../sdk/src/deployment/code.ts";
import type { NetworkParameters } from "../sdk/src/deployment/parameters.ts";
import { planRollup } from "../sdk/src/deployment/plan.ts";
import type { Target } from "./targets.ts";

export interface VerifiedContract {
  readonly rollup: string;
  readonly contract: string;
  readonly address: string;
  /** "same", or what differs. */
  readonly verdict: string;
}

/** Compares the code of every contract with the local build, immutables and implementation slots included. Needs no explorer. */
export async function verifyOffline(
  parameters: NetworkParameters,
  artifacts: ArtifactSource,
  target: Target,
): Promise<VerifiedContract[]> {
  const plan = planRollup(parameters, target.chainId, artifacts);
  const differences = await inspectCode(plan, target.reader(0));
  return plan.contracts.map(({ name, address }) => {
    const found = differences.filter(({ contract }) => contract === name);
    const verdict = found.map((difference) => `${difference.name.split(".").at(-1)} ${difference.actual}`).join("; ");
    return { rollup: target.name, contract: name, address, verdict: verdict === "" ? "same" : verdict };
  });
}

export type Explorer = "etherscan" | "blockscout" | "sourcify";

/**
 * Publishes the sources of every contract of a rollup of hardhat.config.ts to a block explorer, through hardhat-verify. A contract that the explorer
 * refuses does not stop the others, and one that is published already counts as done: it can be run again at any time.
 */
export async function verifyOnExplorer(
  parameters: NetworkParameters,
  artifacts: ArtifactSource,
  rollup: { readonly name: string; readonly chainId: bigint },
  explorer: Explorer,
  root: string,
): Promise<VerifiedContract[]> {
  const [{ createHardhatRuntimeEnvironment }, { verifyContract }, { default: config }] = await Promise.all([
    import("hardhat/hre"),
    import("@nomicfoundation/hardhat-verify/verify"),
    import("../hardhat.config.ts"),
  ]);
  const hre = await createHardhatRuntimeEnvironment(config, { network: rollup.name }, root);
  const plan = planRollup(parameters, rollup.chainId, artifacts);
  const results: VerifiedContract[] = [];
  for (const { name, artifact, address, args } of plan.contracts) {
    const { sourceName, contractName } = artifacts(artifact);
    const request = {
      address,
      constructorArgs: [...args],
      contract: `${sourceName}:${contractName}`,
      provider: explorer,
    };
    const verdict = await verifyContract(request, hre).then(
      (done) => (done ? "same" : "refused"),
      (error: unknown) => (isKnown(error) ? "same" : `refused: ${String(error).split("\n")[0]}`),
    );
    results.push({ rollup: rollup.name, contract: name, address, verdict });
  }
  return results;
}

function isKnown(error: unknown): boolean {
  return error instanceof Error && /already.{0,20}verified/i.test(error.message);
}
