import { defineCommand, flag, oneOf, optional } from "../command.ts";
import { address, networkOptions, rollup, walletOptions } from "../options.ts";

const actions = oneOf("show", "withdraw");

export const command = defineCommand({
  name: "earnings",
  description: "See what a relayer's account earned by deliveries, publications and automations; pay it out.",
  group: "Messages",
  args: [
    {
      name: "[action]",
      description: "show (the default); withdraw (pays out everything, on every rollup or on --on)",
    },
  ],
  options: {
    on: optional("--on <rollup>", "Only on this rollup: name or chain id", rollup),
    for: optional(
      "--for <address>",
      "Another account's; of those, withdraw pays only deliveries, to that account",
      address,
    ),
    dryRun: flag("--dry-run", "Withdraw: only ask the rollups whether it would be done, and show the calls"),
    ...networkOptions,
    ...walletOptions,
  },
  examples: [
    "./metalayer earnings",
    "./metalayer earnings --for 0x…",
    "./metalayer earnings withdraw",
    "./metalayer earnings withdraw --on rollupA --dry-run",
  ],
  async run(context, options) {
    const action = actions(context.args[0] ?? "show");
    const { earningsCommand } = await import("../earnings.ts");
    return earningsCommand(context, action, options);
  },
});
