import { defineCommand, oneOf, optional } from "../command.ts";
import { networkOptions, rollup, span, walletOptions } from "../options.ts";

const actions = oneOf("show", "start", "end");

export const command = defineCommand({
  name: "pause",
  description: "Stop deliveries from other rollups for a while, or show and end such pauses.",
  group: "Networks",
  args: [
    { name: "<action>", description: "show; start (pauser, at most 7 days, ends by itself); end (administrator)" },
  ],
  options: {
    on: optional("--on <rollup>", "The destination that stops delivering: name or chain id", rollup),
    source: optional("--source <rollup>", "Only from this source (default: from every other rollup)", rollup),
    for: optional("--for <span>", "How long, such as 12h or 7d", span),
    ...networkOptions,
    ...walletOptions,
  },
  examples: [
    "./metalayer pause show",
    "./metalayer pause start --on rollupB --source rollupA --for 12h",
    "./metalayer pause end --on rollupB --source rollupA",
  ],
  async run(context, options) {
    const action = actions(context.args[0] ?? "");
    const { pauseCommand } = await import("../pause.ts");
    return pauseCommand(context, action, options);
  },
});
