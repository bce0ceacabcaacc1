import { defineCommand, flag, optional } from "../command.ts";
import { networkOptions, rollup, walletOptions } from "../options.ts";

export const command = defineCommand({
  name: "rotate",
  description: "Form the next table of guardians where its time has come.",
  group: "Guardians",
  options: {
    on: optional("--on <rollup>", "Rollup: name or chain id (default: every rollup)", rollup),
    dryRun: flag("--dry-run", "Only show the tables and when they can rotate"),
    ...networkOptions,
    ...walletOptions,
  },
  examples: ["./metalayer rotate", "./metalayer rotate --on rollupB", "./metalayer rotate --dry-run --json"],
  async run(context, options) {
    const { rotateCommand } = await import("../rotate.ts");
    return rotateCommand(context, options);
  },
});
