import { MetalayerError } from "../errors.ts";
import { buildProposal, legCall, type GovernanceCall, type Proposal } from "../governance.ts";
import { bindingsOf, legOf, VALIDITY } from "./calls.ts";
import { inspectRollup } from "./inspect.ts";
import type { AdminCall, RollupPlan } from "./plan.ts";
import type { Difference } from "./settings.ts";
import type { ChainReader } from "./view.ts";

/** One rollup of the network with what its parameters want now, the new rollup included. */
export interface AdmissionSite {
  readonly plan: RollupPlan;
  readonly reader: ChainReader;
}

/** One proposal that connects a rollup to all others, and what it changes on each of them. */
export interface Admission {
  readonly proposal: Proposal;
  readonly changes: readonly { readonly chainId: bigint; readonly differences: readonly Difference[] }[];
}

/**
 * Compares every rollup with parameters that name one more, and puts what is missing into one proposal: a leg for each rollup that has to
 * change, home's first. The new rollup must stand already, as its parameters say: it knows all others from its deployment on.
 * Throws `ADMISSION_NOT_DEPLOYED`, `ADMISSION_NOTHING` if all know it already, `ADMISSION_BEYOND` if something differs that no decision can change.
 */
export async function admissionProposal(
  sites: readonly AdmissionSite[],
  newcomer: bigint,
  title: string,
): Promise<Admission> {
  const found = await Promise.all(sites.map(({ plan, reader }) => inspectRollup(plan, reader)));
  const changes = sites.map(({ plan }, index) => {
    const { differences = [], calls = [] } = found[index] ?? {};
    return {
      chainId: plan.rollup.chainId,
      // A table whose time is over is anyone's to rotate, not governance's.
      differences: differences.filter(({ name }) => name !== "GuardianSet.table"),
      calls: calls.filter(({ open }) => open !== true),
    };
  });
  for (const { chainId, differences, calls } of changes) {
    if (differences.length === 0) continue;
    const names = differences.map(({ name }) => name);
    const info = { chainId, differences: names };
    if (chainId === newcomer) {
      const what = `rollup ${chainId} is not deployed as its parameters say: ${names.slice(0, 3).join(", ")}`;
      throw new MetalayerError("ADMISSION_NOT_DEPLOYED", what, info);
    }
    if (calls.length === 0) {
      const what = `no decision can change ${names.slice(0, 3).join(", ")} on rollup ${chainId}`;
      throw new MetalayerError("ADMISSION_BEYOND", what, info);
    }
  }
  const changed = changes.filter(({ calls }) => calls.length > 0);
  if (changed.length === 0) {
    throw new MetalayerError("ADMISSION_NOTHING", `every rollup knows rollup ${newcomer} already`, { newcomer });
  }
  return {
    proposal: await proposalOf(sites, new Map(changed.map(({ chainId, calls }) => [chainId, calls])), title),
    changes: changed.map(({ chainId, differences }) => ({ chainId, differences })),
  };
}

async function proposalOf(
  sites: readonly AdmissionSite[],
  calls: ReadonlyMap<bigint, readonly AdminCall[]>,
  title: string,
): Promise<Proposal> {
  const home = sites.find(({ plan }) => plan.rollup.chainId === plan.parameters.home);
  if (home === undefined) throw new MetalayerError("ADMISSION_NOT_DEPLOYED", "the home rollup is not among them");
  const { addresses } = home.plan;
  const sends: GovernanceCall[] = [];
  for (const { plan, reader } of sites) {
    const own = calls.get(plan.rollup.chainId);
    if (own === undefined || plan.rollup.chainId === plan.parameters.home) continue;
    const leg = await legOf(plan, reader, own);
    sends.push(legCall(addresses.MetalayerGateway, plan.addresses.GovernanceExecutor, leg));
  }
  const all = [...(calls.get(home.plan.rollup.chainId) ?? []), ...sends];
  const input = {
    chainId: home.plan.rollup.chainId,
    timelock: addresses.RollupTimelock,
    calls: all,
    bindings: await bindingsOf(
      home.reader,
      all.map(({ target }) => target),
    ),
    expiry: (await home.reader.time()) + VALIDITY,
  };
  return buildProposal(addresses.EraGovernor, input, `# ${title}`);
}
