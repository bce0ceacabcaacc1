import { defineCommand, flag, optional } from "../command.ts";
import { daoOptions, networkOptions, proposalName, rollup, walletOptions } from "../options.ts";

export const command = defineCommand({
  name: "execute",
  description: "Execute a proposal: home's part first, then every leg whose delay is over.",
  group: "Governance",
  args: [{ name: "<proposal>", description: "Its number, or latest" }],
  options: {
    on: optional("--on <rollup>", "Only this rollup's part: name or chain id", rollup),
    dryRun: flag("--dry-run", "Only ask the rollups whether it would be done"),
    ...daoOptions,
    ...networkOptions,
    ...walletOptions,
  },
  examples: ["./metalayer execute latest", "./metalayer execute latest --on rollupB"],
  async run(context, options) {
    proposalName(context.args[0] ?? "");
    const { executeCommand } = await import("../governance/act.ts");
    return executeCommand(context, options);
  },
});
