import { writeFileSync } from "node:fs";
import type { CheckReport } from "../../../deploy/check.ts";
import type { Context } from "../command.ts";
import { defineCommand, optional, text } from "../command.ts";

export const command = defineCommand({
  name: "check",
  description: "Compare a live deployment with its parameters and name everything that differs.",
  group: "Networks",
  options: {
    params: optional("-p, --params <file>", "Parameter file; default deploy/params/testnets.ts", text),
    only: optional("--only <names>", "Only these rollups of the file, separated by commas", text),
    batch: optional("--batch <file>", "Write the legs of a proposal that would end the differences", text),
  },
  examples: [
    "./metalayer check",
    "./metalayer check --json",
    "./metalayer check --params deploy/params/testnets.ts --batch decision.json",
  ],
  async run(context, options) {
    const { root, output, path: absolute } = context;
    const { defaultParameters, withNetwork } = await import("../deployment.ts");
    const { checkNetwork, isClean } = await import("../../../deploy/check.ts");
    const file = options.params === undefined ? defaultParameters(root) : absolute(options.params);
    return withNetwork(context, { file, only: options.only, withKey: false }, async (network) => {
      const { parameters, artifacts, targets } = network;
      const report = await checkNetwork(parameters, artifacts, targets);
      await show(output, report);
      output.result(report);
      if (options.batch !== undefined) await writeBatches(output, absolute(options.batch), report);
      return isClean(report) ? undefined : false;
    });
  },
});

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
