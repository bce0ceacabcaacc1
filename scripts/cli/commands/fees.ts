import { defineCommand, flag, oneOf, optional } from "../command.ts";
import { networkOptions, rollup, walletOptions } from "../options.ts";

const actions = oneOf("show", "sweep");

export const command = defineCommand({
  name: "fees",
  description: "Show the prices and shares that governance has set and what fees became, or settle them.",
  group: "Governance",
  args: [{ name: "[action]", description: "show (the default); sweep settles what was charged on --on" }],
  options: {
    on: optional("--on <rollup>", "Rollup: name or chain id (show: every rollup)", rollup),
    dryRun: flag("--dry-run", "Sweep: only ask the rollup whether it would be done"),
    ...networkOptions,
    ...walletOptions,
  },
  examples: ["./metalayer fees", "./metalayer fees sweep --on rollupA"],
  async run(context, options) {
    const action = actions(context.args[0] ?? "show");
    const { feesCommand } = await import("../fees.ts");
    return feesCommand(context, action, options);
  },
});
