import { defineCommand, flag, optional, text } from "../command.ts";
import { networkOptions, walletOptions } from "../options.ts";

export const command = defineCommand({
  name: "admit",
  description: "Propose that all rollups admit one more, which is deployed already; the vote does the rest everywhere.",
  group: "Governance",
  args: [{ name: "<rollup>", description: "The new rollup: its name or chain id in the parameters" }],
  options: {
    params: optional("-p, --params <file>", "Parameter file that names it; default deploy/params/testnets.ts", text),
    dryRun: flag("--dry-run", "Only show what would change where, and ask the governor whether it would take it"),
    ...networkOptions,
    ...walletOptions,
  },
  examples: [
    "./metalayer admit rollupD --params network.json --network deployed/network.json --dry-run",
    "./metalayer admit rollupD --params network.json --network deployed/network.json",
  ],
  async run(context, options) {
    const { admitCommand } = await import("../governance/admit.ts");
    return admitCommand(context, options);
  },
});
