import { defineCommand, flag, integer, oneOf, optional } from "../command.ts";
import { networkOptions, walletOptions } from "../options.ts";

const actions = oneOf("show", "release");

export const command = defineCommand({
  name: "vesting",
  description: "Show to whom all ERA went in the beginning and what is vested, or pay what is vested.",
  group: "Governance",
  args: [{ name: "[action]", description: "show (the default); release pays what is vested of --part to its owner" }],
  options: {
    part: optional("--part <number>", "Release: which part", integer(0, 63)),
    dryRun: flag("--dry-run", "Release: only ask whether it would be done"),
    ...networkOptions,
    ...walletOptions,
  },
  examples: ["./metalayer vesting", "./metalayer vesting release --part 0"],
  async run(context, options) {
    const action = actions(context.args[0] ?? "show");
    const { vestingCommand } = await import("../governance/vesting.ts");
    return vestingCommand(context, action, options);
  },
});
