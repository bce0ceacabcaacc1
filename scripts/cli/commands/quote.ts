import { defineCommand, integer, option, optional } from "../command.ts";
import { address, networkOptions, rollup } from "../options.ts";

export const command = defineCommand({
  name: "quote",
  description: "Tell what a message costs, and where the fee goes.",
  group: "Messages",
  options: {
    from: optional("--from <rollup>", "Source: name or chain id (default: every rollup)", rollup),
    to: optional("--to <rollup>", "Destination: name or chain id (default: every rollup)", rollup),
    bytes: option("--bytes <count>", "Length of the payload", integer(0, 32_768), 32),
    gasLimit: option("--gas-limit <gas>", "Gas for the recipient", integer(0, 2 ** 32 - 1), 200_000),
    sender: optional("--sender <address>", "Also tell whether this account's credit covers it", address),
    ...networkOptions,
  },
  examples: [
    "./metalayer quote",
    "./metalayer quote --from rollupA --to rollupB --bytes 256 --gas-limit 400000",
    "./metalayer quote --from rollupA --to rollupB --sender 0x… --json",
  ],
  async run(context, options) {
    const { quoteCommand } = await import("../quote.ts");
    return quoteCommand(context, options);
  },
});
