import { defineCommand, oneOf, optional } from "../command.ts";
import { address, era, networkOptions, rollup, span, walletOptions } from "../options.ts";

const actions = oneOf("show", "buy", "withdraw", "sponsor", "accept");

export const command = defineCommand({
  name: "credit",
  description: "Show, buy or withdraw prepaid credit for messages, or pay for another account's.",
  group: "Messages",
  args: [
    {
      name: "<action>",
      description:
        "show; buy or withdraw (--amount); sponsor (pay for --for up to --amount per --period); accept (let --for pay, none: nobody)",
    },
  ],
  options: {
    on: optional("--on <rollup>", "Rollup: name or chain id (show: every rollup)", rollup),
    amount: optional("--amount <era>", "How much, such as 12.5", era),
    for: optional("--for <address>", "Whose credit, whom to sponsor, or whose sponsorship to accept", address),
    period: optional("--period <span>", "Sponsor: the amount is per this span (1d)", span),
    ...networkOptions,
    ...walletOptions,
  },
  examples: [
    "./metalayer credit show",
    "./metalayer credit buy --on rollupA --amount 10",
    "./metalayer credit withdraw --on rollupA --amount 2.5",
    "./metalayer credit sponsor --on rollupA --for 0x… --amount 1 --period 1d",
    "./metalayer credit accept --on rollupA --for 0x…",
  ],
  async run(context, options) {
    const action = actions(context.args[0] ?? "");
    const { creditCommand } = await import("../credit.ts");
    return creditCommand(context, action, options);
  },
});
