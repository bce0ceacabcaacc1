import { defineCommand, flag, required } from "../command.ts";
import { address, daoOptions, networkOptions, rollup, walletOptions } from "../options.ts";

export const command = defineCommand({
  name: "delegate",
  description: "Name who votes with the ERA that you have deposited on a rollup, or with your tokens of a DAO.",
  group: "Governance",
  options: {
    on: required("--on <rollup>", "Rollup: name or chain id", rollup),
    to: required("--to <address>", "The delegate, yourself to vote yourself", address),
    dryRun: flag("--dry-run", "Only ask the rollup whether it would be done"),
    ...daoOptions,
    ...networkOptions,
    ...walletOptions,
  },
  examples: ["./metalayer delegate --on rollupA --to 0x…", "./metalayer delegate --on rollupA --to 0x… --dao Garden"],
  async run(context, options) {
    const { delegateCommand } = await import("../governance/deposits.ts");
    return delegateCommand(context, options);
  },
});
