import { defineCommand, optional } from "../command.ts";
import { networkOptions, rollup, walletOptions } from "../options.ts";

export const command = defineCommand({
  name: "register",
  description:
    "Bring guardians' proven keys to rollups: new ones by anybody, another key for a known operator by itself.",
  group: "Guardians",
  args: [{ name: "<file>", description: "What ./metalayer prove --into has written" }],
  options: {
    on: optional("--on <rollup>", "Rollup: name or chain id (default: every rollup)", rollup),
    ...networkOptions,
    ...walletOptions,
  },
  examples: ["./metalayer register guardians.json", "./metalayer register guardians.json --on rollupB"],
  async run(context, options) {
    const { registerCommand } = await import("../register.ts");
    return registerCommand(context, context.args[0] ?? "", options);
  },
});
