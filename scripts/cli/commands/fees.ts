import { defineCommand, flag, integer, oneOf, optional } from "../command.ts";
import { networkOptions, rollup, walletOptions } from "../options.ts";

const actions = oneOf("show", "sweep", "update");
const price = integer(0, 2 ** 32 - 1);

export const command = defineCommand({
  name: "fees",
  description: "Show prices, shares and bounds that governance has set and what fees became; settle fees; move prices.",
  group: "Governance",
  args: [
    {
      name: "[action]",
      description:
        "show (the default); sweep settles what was charged on --on; update moves prices from --on to --to within the bounds (price keeper)",
    },
  ],
  options: {
    on: optional("--on <rollup>", "Rollup: name or chain id (show: every rollup)", rollup),
    to: optional("--to <rollup>", "Update: the destination whose prices move", rollup),
    message: optional("--message <millionths>", "Update: price of a message in millionths of ERA (as it is)", price),
    byte: optional("--byte <units>", "Update: price of a byte in units of 1e-9 ERA (as it is)", price),
    kgas: optional("--kgas <units>", "Update: price of 1,000 gas in units of 1e-9 ERA (as it is)", price),
    dryRun: flag("--dry-run", "Sweep, update: only ask the rollup whether it would be done"),
    ...networkOptions,
    ...walletOptions,
  },
  examples: [
    "./metalayer fees",
    "./metalayer fees sweep --on rollupA",
    "./metalayer fees update --on rollupA --to rollupB --kgas 22000",
  ],
  async run(context, options) {
    const action = actions(context.args[0] ?? "show");
    const { feesCommand } = await import("../fees.ts");
    return feesCommand(context, action, options);
  },
});
