import { defineCommand, integer, oneOf, optional } from "../command.ts";
import { address, era, networkOptions, rollup, walletOptions } from "../options.ts";

const actions = oneOf("show", "add", "exit", "withdraw", "join", "resign");

export const command = defineCommand({
  name: "stake",
  description: "Show a guardian's stake, add to it, take it out, or make the guardian a candidate.",
  group: "Guardians",
  args: [
    {
      name: "<action>",
      description:
        "show; add or exit (--amount for --operator); withdraw (--exit-id); join or resign (the operator itself)",
    },
  ],
  options: {
    on: optional("--on <rollup>", "Rollup: name or chain id (show: every rollup)", rollup),
    operator: optional("--operator <address>", "The guardian (default: the signing account)", address),
    amount: optional("--amount <era>", "How much, such as 5000", era),
    exitId: optional(
      "--exit-id <number>",
      "Withdraw: number that the exit was given",
      integer(0, Number.MAX_SAFE_INTEGER),
    ),
    displaced: optional(
      "--displaced <address>",
      "Join a full list: the candidate with less stake that makes room",
      address,
    ),
    ...networkOptions,
    ...walletOptions,
  },
  examples: [
    "./metalayer stake show",
    "./metalayer stake add --on rollupA --operator 0x… --amount 5000",
    "./metalayer stake exit --on rollupA --operator 0x… --amount 5000",
    "./metalayer stake withdraw --on rollupA --exit-id 3",
    "./metalayer stake join --on rollupA --key-file operator.json",
  ],
  async run(context, options) {
    const action = actions(context.args[0] ?? "");
    const { stakeCommand } = await import("../stake.ts");
    return stakeCommand(context, action, options);
  },
});
