import { defineCommand, flag, oneOf, optional, required } from "../command.ts";
import { daoOptions, networkOptions, proposalName, rollup, walletOptions } from "../options.ts";

export const command = defineCommand({
  name: "vote",
  description: "Vote on a proposal with what you had deposited on a rollup at its snapshot.",
  group: "Governance",
  args: [{ name: "<proposal>", description: "Its number, or latest" }],
  options: {
    support: required("--support <choice>", "for, against or abstain", oneOf("against", "for", "abstain")),
    on: optional("--on <rollup>", "Where your ERA is deposited: name or chain id (default: home)", rollup),
    dryRun: flag("--dry-run", "Only ask the rollup whether it would take the vote"),
    ...daoOptions,
    ...networkOptions,
    ...walletOptions,
  },
  examples: [
    "./metalayer vote latest --support for",
    "./metalayer vote latest --support against --on rollupB --account 3",
  ],
  async run(context, options) {
    proposalName(context.args[0] ?? "");
    const { voteCommand } = await import("../governance/vote.ts");
    return voteCommand(context, options);
  },
});
