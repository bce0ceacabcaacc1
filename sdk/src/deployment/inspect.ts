import { inspectCode } from "./code.ts";
import type { RollupPlan } from "./plan.ts";
import { inspectSettings, type Findings } from "./settings.ts";
import { createView, type ChainReader } from "./view.ts";

/**
 * Compares a rollup with its plan: code, implementations, roles, lanes, prices, limits, finality, guardians, pauses. While a contract is
 * missing, its settings cannot be read and only the code is compared.
 */
export async function inspectRollup(plan: RollupPlan, reader: ChainReader): Promise<Findings> {
  const code = await inspectCode(plan, reader);
  if (code.some(({ name, actual }) => name.endsWith(".code") && actual === "missing"))
    return { differences: code, calls: [] };
  const { differences, calls } = await inspectSettings(createView(plan, reader));
  return { differences: [...code, ...differences], calls };
}
