import { defineCommand } from "../command.ts";
import { daoOptions, networkOptions, proposalName } from "../options.ts";

export const command = defineCommand({
  name: "proposal",
  description: "List all proposals, or show one: its calls, its votes, every rollup's leg, and what is next.",
  group: "Governance",
  args: [{ name: "[proposal]", description: "Its number, or latest (default: all)" }],
  options: { ...daoOptions, ...networkOptions },
  examples: ["./metalayer proposal", "./metalayer proposal latest", "./metalayer proposal latest --json"],
  async run(context, options) {
    if (context.args[0] !== undefined) proposalName(context.args[0]);
    const { proposalCommand } = await import("../governance/proposal.ts");
    return proposalCommand(context, options);
  },
});
