import { defineCommand, flag, optional, required, text, UsageError } from "../command.ts";
import { bytes, networkOptions, rollup, span, topic, walletOptions } from "../options.ts";

export const command = defineCommand({
  name: "publish",
  description: "Say something once, to every contract on any rollup that subscribed to it.",
  group: "Messages",
  args: [{ name: "<topic>", description: "What it is about: a word of at most 32 bytes, or 0x and 64 hex digits" }],
  options: {
    on: required("--on <rollup>", "Where it is published: name or chain id", rollup),
    payload: optional("--payload <bytes>", "Content as 0x and hex digits", bytes),
    text: optional("--text <text>", "Content as text", text),
    wait: optional("--wait <span>", "Wait until all who subscribed were called, at most so long (30s, 5m)", span),
    dryRun: flag("--dry-run", "Only ask the rollup what it would cost, and show the call"),
    ...networkOptions,
    ...walletOptions,
  },
  examples: [
    "./metalayer publish prices --on rollupA --text 101",
    "./metalayer publish prices --on rollupA --payload 0x0065 --wait 1m",
  ],
  async run(context, options) {
    const about = topic(context.args[0] ?? "");
    if (options.payload !== undefined && options.text !== undefined)
      throw new UsageError("give the content as --payload or as --text, not both");
    const { publishCommand } = await import("../publications/publish.ts");
    return publishCommand(context, about, options);
  },
});
