import { writeFileSync } from "node:fs";
import type { CheckReport } from "../../../deploy/check.ts";
import type { Context } from "../command.ts";
import { defineCommand, flag, optional, text, UsageError } from "../command.ts";
import type { OpenedNetwork } from "../deployment.ts";

export const command = defineCommand({
  name: "check",
  description: "Compare a live deployment with its parameters and name everything that differs.",
  group: "Networks",
  options: {
    params: optional("-p, --params <file>", "Parameter file; default deploy/params/testnets.ts", text),
    local: flag("--local", "The running local network, instead of a parameter file"),
    only: optional("--only <names>", "Only these rollups of the file, separated by commas", text),
    batch: optional("--batch <file>", "Write the legs of a proposal that would end the differences", text),
  },
  examples: [
    "./metalayer check",
    "./metalayer check --json",
    "./metalayer check --local",
    "./metalayer check --params deploy/params/testnets.ts --batch decision.json",
  ],
  async run(context, options) {
    const { root, path: absolute } = context;
    const { params, local, only } = options;
    if (local && (params !== undefined || only !== undefined))
      throw new UsageError("--local goes with neither --params nor --only");
    const { defaultParameters, withLocalNetwork, withNetwork } = await import("../deployment.ts");
    if (local) return withLocalNetwork(context, (network) => check(context, network, options.batch));
    const file = params === undefined ? defaultParameters(root) : absolute(params);
    return withNetwork(context, { file, only, withKey: false }, (network) => check(context, network, options.batch));
  },
});

async function check(
  { output, path: absolute }: Context,
  { parameters, artifacts, targets }: Pick<OpenedNetwork, "parameters" | "artifacts" | "targets">,
  batch: string | undefined,
): Promise<false | undefined> {
  const { checkNetwork, isClean } = await import("../../../deploy/check.ts");
  const report = await checkNetwork(parameters, artifacts, targets);
  await show(output, report);
  output.result(report);
  if (batch !== undefined) await writeBatches(output, absolute(batch), report);
  return isClean(report) ? undefined : false;
}

async function show(output: Context["output"], { rollups, failed }: CheckReport): Promise<void> {
  for (const { name, differences } of rollups) {
    output.line(
      differences.length === 0 ? `${name}: as in the parameters` : `${name}: ${differences.length} differences`,
    );
    if (differences.length === 0) continue;
    const rows = differences.map(({ name: what, expected, actual }) => [what, shortened(expected), shortened(actual)]);
    await output.table(["setting", "in the parameters", "on chain"], rows);
  }
  for (const { name, reason } of failed) output.line(`${name} could not be read: ${reason}`);
}

async function writeBatches(output: Context["output"], file: string, { rollups }: CheckReport): Promise<void> {
  const { toJson } = await import("../output.ts");
  const legs = rollups.flatMap(({ name, leg }) => (leg === undefined ? [] : [{ name, ...leg }]));
  writeFileSync(file, `${toJson(legs)}\n`);
  output.line(`${legs.length} legs written to ${file}, for a proposal (docs/protocol/governance.md §5).`);
}

function shortened(value: string): string {
  return value.length > 90 ? `${value.slice(0, 87)}…` : value;
}
