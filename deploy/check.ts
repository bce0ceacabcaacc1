import type { Hex } from "../sdk/src/bytes.ts";
import type { ArtifactSource } from "../sdk/src/deployment/artifacts.ts";
import { legOf } from "../sdk/src/deployment/calls.ts";
import { inspectRollup } from "../sdk/src/deployment/inspect.ts";
import type { Leg } from "../sdk/src/governance.ts";
import type { NetworkParameters } from "../sdk/src/deployment/parameters.ts";
import { planRollup } from "../sdk/src/deployment/plan.ts";
import type { Difference } from "../sdk/src/deployment/settings.ts";
import { createView } from "../sdk/src/deployment/view.ts";
import { deployerRoles } from "./roles.ts";
import { birthBlock, type Target } from "./targets.ts";

export interface CheckedRollup {
  readonly name: string;
  readonly chainId: bigint;
  readonly differences: readonly Difference[];
  /** The rollup's leg of a proposal that would end the differences; undefined if no decision could. */
  readonly leg?: Leg;
}

export interface CheckReport {
  readonly networkId: Hex;
  readonly rollups: readonly CheckedRollup[];
  /** Rollups that could not be read. */
  readonly failed: readonly { readonly name: string; readonly reason: string }[];
}

/** Whether the network is exactly as its parameters say. */
export function isClean({ rollups, failed }: CheckReport): boolean {
  return failed.length === 0 && rollups.every(({ differences }) => differences.length === 0);
}

/** Compares every rollup with the parameters and the built code. Only reads; needs no key. */
export async function checkNetwork(
  parameters: NetworkParameters,
  artifacts: ArtifactSource,
  targets: readonly Target[],
): Promise<CheckReport> {
  const settled = await Promise.allSettled(targets.map((target) => checkRollup(parameters, artifacts, target)));
  const { networkId } = planRollup(parameters, parameters.home, artifacts);
  const rollups = settled.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const failed = settled.flatMap((outcome, index) => {
    if (outcome.status === "fulfilled") return [];
    const reason = outcome.reason instanceof Error ? outcome.reason.message : String(outcome.reason);
    return [{ name: targets[index]?.name ?? "", reason }];
  });
  return { networkId, rollups, failed };
}

async function checkRollup(
  parameters: NetworkParameters,
  artifacts: ArtifactSource,
  target: Target,
): Promise<CheckedRollup> {
  const plan = planRollup(parameters, target.chainId, artifacts);
  const reader = target.reader(await birthBlock(target, plan.addresses.AccessManager));
  const { differences, calls } = await inspectRollup(plan, reader);
  const missing = differences.some(({ name, actual }) => name.endsWith(".code") && actual === "missing");
  const held = missing ? [] : await deployerRoles(createView(plan, reader));
  const leftOver = held.map((role): Difference => {
    return {
      contract: "AccessManager",
      name: `deployer holds ${role}`,
      expected: "no role",
      actual: parameters.deployer,
    };
  });
  const leg = calls.length === 0 ? {} : { leg: await legOf(plan, reader, calls) };
  return { name: target.name, chainId: target.chainId, differences: [...differences, ...leftOver], ...leg };
}
