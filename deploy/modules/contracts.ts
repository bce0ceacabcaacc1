import { CREATE2_DEPLOYER } from "../../sdk/src/deployment/addresses.ts";
import { factoryCall } from "../../sdk/src/deployment/contracts.ts";
import type { RollupPlan } from "../../sdk/src/deployment/plan.ts";
import type { Step } from "./transactions.ts";

/** Name of the step that creates the factory of all other contracts. */
export const FACTORY_STEP = "Create3Factory";

/** Steps that place the named contracts, grouped so that each contract finds what its constructor calls. */
export function contractSteps(plan: RollupPlan, names: ReadonlySet<string>): Step[][] {
  const groups: Step[][] = [];
  if (names.has(FACTORY_STEP))
    groups.push([{ name: FACTORY_STEP, to: CREATE2_DEPLOYER, data: plan.factoryDeployment }]);
  const levels = new Map<string, number>();
  const byLevel: Step[][] = [];
  for (const contract of plan.contracts) {
    const level = Math.max(0, ...contract.after.map((name) => (levels.get(name) ?? 0) + 1));
    levels.set(contract.name, level);
    if (!names.has(contract.name)) continue;
    const step = { name: contract.name, to: plan.addresses.Create3Factory, data: factoryCall(contract) };
    (byLevel[level] ??= []).push(step);
  }
  return [...groups, ...byLevel.filter((group) => group !== undefined)];
}
