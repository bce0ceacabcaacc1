import { defineCommand, integer, optional, text } from "../command.ts";
import { address, networkOptions, rollup, topic } from "../options.ts";

export const command = defineCommand({
  name: "listen",
  description: "Follow what is published on all rollups, verified, a line each (with --json: a line of JSON).",
  group: "Messages",
  options: {
    on: optional("--on <rollups>", "Only these, separated by commas (default: all)", text),
    topic: optional("--topic <topic>", "Only this topic: a word, or 0x and 64 hex digits", topic),
    publisher: optional("--publisher <address>", "Only what this account or contract says", address),
    fromBlock: optional("--from-block <number>", "Begin with this block (default: with the next)", integer(0, 2 ** 48)),
    provenOn: optional(
      "--proven-on <rollup>",
      "Show what is proven in heads that guardians attested there, so that no node need be trusted (default: what is final)",
      rollup,
    ),
    count: optional("--count <number>", "End after so many", integer(1, 1_000_000)),
    ...networkOptions,
  },
  examples: [
    "./metalayer listen",
    "./metalayer listen --on rollupA,rollupB --topic prices --from-block 0 --count 10 --json",
    "./metalayer listen --publisher 0x… --proven-on rollupB",
  ],
  async run(context, options) {
    const { listenCommand } = await import("../publications/listen.ts");
    return listenCommand(context, options);
  },
});
