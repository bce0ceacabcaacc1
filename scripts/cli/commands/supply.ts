import { defineCommand, optional } from "../command.ts";
import { address, networkOptions } from "../options.ts";

export const command = defineCommand({
  name: "supply",
  description: "Show where all ERA is on all rollups, from the chains alone; it must come out to the wei.",
  group: "Governance",
  options: {
    deliverer: optional("--deliverer <address>", "An account that delivers through a contract of its own", address),
    ...networkOptions,
  },
  examples: ["./metalayer supply", "./metalayer supply --json"],
  async run(context, options) {
    const { supplyCommand } = await import("../supply.ts");
    return supplyCommand(context, options);
  },
});
