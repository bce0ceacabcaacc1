import { defineCommand, flag, integer, option, optional } from "../command.ts";
import { guardianCount } from "../options.ts";

export const command = defineCommand({
  name: "demo",
  description: "Bring up several rollups with guardians and a relayer, and show messages, ERA, failures and recovery.",
  group: "Try it",
  args: [
    {
      name: "[chapter]",
      description:
        "core (messages, ERA, failures and recovery; the default), guardians (a corrupted quorum is caught), governance (one vote for all, and a rollup admitted), data (proven state, publications, applications everywhere, prices, messages without guardians), or all",
    },
  ],
  options: {
    rollups: option("--rollups <count>", "How many rollups, 4 to 8", integer(4, 8), 4),
    guardians: optional("--guardians <count>", "How many guardians, 4 to 16 (default: 5; guardians 7)", guardianCount),
    keep: flag("--keep", "Leave the network running, and say how to use it"),
  },
  examples: [
    "./metalayer demo",
    "./metalayer demo --keep",
    "./metalayer demo guardians",
    "./metalayer demo data",
    "./metalayer demo --rollups 6 --guardians 7 --json",
  ],
  async run(context, options) {
    const { demoCommand } = await import("../demo.ts");
    return demoCommand(context, context.args[0] ?? "core", options);
  },
});
