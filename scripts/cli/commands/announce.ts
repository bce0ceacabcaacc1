import { defineCommand, optional } from "../command.ts";
import { httpUrl, networkOptions, rollup, walletOptions } from "../options.ts";

export const command = defineCommand({
  name: "announce",
  description: "Tell relayers on chain where your guardian answers; the operator signs.",
  group: "Guardians",
  args: [{ name: "<url>", description: "Address of the guardian as relayers reach it" }],
  options: {
    on: optional("--on <rollup>", "Rollup: name or chain id (default: every rollup)", rollup),
    ...networkOptions,
    ...walletOptions,
  },
  examples: [
    "./metalayer announce https://guardian.example.org --network network.json --key-file operator.json",
    "./metalayer announce http://127.0.0.1:9701 --on rollupA --account 20",
  ],
  async run(context, options) {
    const url = httpUrl(context.args[0] ?? "");
    const { announceCommand } = await import("../announce.ts");
    return announceCommand(context, url, options);
  },
});
