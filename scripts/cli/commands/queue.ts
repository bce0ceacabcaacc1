import { defineCommand, flag } from "../command.ts";
import { daoOptions, networkOptions, proposalName, walletOptions } from "../options.ts";

export const command = defineCommand({
  name: "queue",
  description: "Put a proposal that has passed into home's timelock.",
  group: "Governance",
  args: [{ name: "<proposal>", description: "Its number, or latest" }],
  options: {
    dryRun: flag("--dry-run", "Only ask the governor whether it would be done"),
    ...daoOptions,
    ...networkOptions,
    ...walletOptions,
  },
  examples: ["./metalayer queue latest"],
  async run(context, options) {
    proposalName(context.args[0] ?? "");
    const { queueCommand } = await import("../governance/act.ts");
    return queueCommand(context, options);
  },
});
