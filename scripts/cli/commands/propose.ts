import { defineCommand, flag } from "../command.ts";
import { daoOptions, networkOptions, walletOptions } from "../options.ts";

export const command = defineCommand({
  name: "propose",
  description: "Propose one decision for any number of rollups from a readable file; prints every leg decoded.",
  group: "Governance",
  args: [{ name: "<file>", description: "JSON: title, description, validFor, and the calls of each rollup" }],
  options: {
    dryRun: flag("--dry-run", "Only show the legs with their hashes and ask the governor whether it would take them"),
    ...daoOptions,
    ...networkOptions,
    ...walletOptions,
  },
  examples: ["./metalayer propose proposal.json --dry-run", "./metalayer propose proposal.json"],
  async run(context, options) {
    const { proposeCommand } = await import("../governance/propose.ts");
    return proposeCommand(context, options);
  },
});
