import { defineCommand } from "../command.ts";
import { networkOptions } from "../options.ts";

export const command = defineCommand({
  name: "risk",
  description:
    "Tell per rollup what a corrupted quorum could take in a day, what capturing one costs, and what it would lose.",
  group: "Guardians",
  options: { ...networkOptions },
  examples: ["./metalayer risk", "./metalayer risk --network network.json --json"],
  async run(context, options) {
    const { riskCommand } = await import("../risk.ts");
    return riskCommand(context, options);
  },
});
