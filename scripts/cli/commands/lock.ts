import { defineCommand, flag, oneOf, optional } from "../command.ts";
import { era, networkOptions, rollup, span, walletOptions } from "../options.ts";

const actions = oneOf("show", "deposit", "term", "withdraw", "pay");

export const command = defineCommand({
  name: "lock",
  description: "Deposit ERA so that it votes, put it under a term so that it votes twice, or take it out.",
  group: "Governance",
  args: [
    {
      name: "<action>",
      description: "show; deposit or withdraw (--amount); term (--amount --for, 0 extends); pay (after the notice)",
    },
  ],
  options: {
    on: optional("--on <rollup>", "Rollup: name or chain id (show: every rollup)", rollup),
    amount: optional("--amount <era>", "How much, such as 5000", era),
    for: optional("--for <span>", "Length of the term, such as 90d, rounded up to a whole period", span),
    dryRun: flag("--dry-run", "Only ask the rollup whether it would be done"),
    ...networkOptions,
    ...walletOptions,
  },
  examples: [
    "./metalayer lock show",
    "./metalayer lock deposit --on rollupA --amount 5000",
    "./metalayer lock term --on rollupB --amount 5000 --for 10m",
    "./metalayer lock withdraw --on rollupA --amount 5000 --dry-run",
  ],
  async run(context, options) {
    const action = actions(context.args[0] ?? "");
    const { lockCommand } = await import("../governance/deposits.ts");
    return lockCommand(context, action, options);
  },
});
