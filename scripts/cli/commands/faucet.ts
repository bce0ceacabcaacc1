import { defineCommand, optional } from "../command.ts";
import { address, era, networkOptions, rollup, walletOptions } from "../options.ts";

export const command = defineCommand({
  name: "faucet",
  description: "Give an account coins for gas, and ERA, on a local network.",
  group: "Networks",
  options: {
    address: optional("--address <address>", "Who receives (default: the signing account)", address),
    on: optional("--on <rollup>", "Only on this rollup: name or chain id (default: every rollup)", rollup),
    era: optional("--era <amount>", "Also this much ERA, from the development account that holds the supply", era),
    ...networkOptions,
    ...walletOptions,
  },
  examples: ["./metalayer faucet --address 0x…", "./metalayer faucet --address 0x… --on rollupA --era 100"],
  async run(context, options) {
    const { faucetCommand } = await import("../faucet.ts");
    return faucetCommand(context, options);
  },
});
