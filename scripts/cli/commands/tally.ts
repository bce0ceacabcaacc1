import { defineCommand, flag, oneOf, option, required } from "../command.ts";
import { networkOptions, proposalName, rollup, walletOptions } from "../options.ts";

export const command = defineCommand({
  name: "tally",
  description: "Bring the votes of another rollup home: by message, or by storage proof.",
  group: "Governance",
  args: [{ name: "<proposal>", description: "Its number, or latest" }],
  options: {
    of: required("--of <rollup>", "Where was voted: name or chain id", rollup),
    by: option("--by <way>", "message (sent there) or proof (sent on home)", oneOf("message", "proof"), "message"),
    dryRun: flag("--dry-run", "Only show the tally and ask whether it would be taken"),
    ...networkOptions,
    ...walletOptions,
  },
  examples: ["./metalayer tally latest --of rollupB", "./metalayer tally latest --of rollupC --by proof"],
  async run(context, options) {
    proposalName(context.args[0] ?? "");
    const { tallyCommand } = await import("../governance/vote.ts");
    return tallyCommand(context, options);
  },
});
