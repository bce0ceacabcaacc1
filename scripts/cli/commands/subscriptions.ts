import { defineCommand, flag, integer, oneOf, optional, UsageError } from "../command.ts";
import { address, era, networkOptions, rollup, walletOptions } from "../options.ts";

const actions = oneOf("show", "retry", "fund");

export const command = defineCommand({
  name: "subscriptions",
  description:
    "See which contracts subscribed to publications and what they got; bring what is missing; prepay for it.",
  group: "Messages",
  args: [
    {
      name: "<action>",
      description: "show; retry (deliver yourself what has not arrived, failed calls included); fund (prepay ERA)",
    },
    {
      name: "[subscriber]",
      description: "The contract that subscribed (show: only this one, with all that is missing)",
    },
  ],
  options: {
    on: optional("--on <rollup>", "Only what it subscribed to on this rollup", rollup),
    publisher: optional("--publisher <address>", "Retry, fund: only what this one publishes", address),
    index: optional("--index <number>", "Retry: only the publication with this number", integer(1, 2 ** 48)),
    force: flag("--force", "Retry: deliver although the subscriber would refuse"),
    amount: optional("--amount <era>", "Fund: how much", era),
    dryRun: flag("--dry-run", "Only ask the rollup whether it would be done, and show the calls"),
    ...networkOptions,
    ...walletOptions,
  },
  examples: [
    "./metalayer subscriptions show",
    "./metalayer subscriptions show 0x…",
    "./metalayer subscriptions retry 0x…",
    "./metalayer subscriptions fund 0x… --amount 0.5",
  ],
  async run(context, options) {
    const action = actions(context.args[0] ?? "");
    const [, given] = context.args;
    const subscriber = given === undefined ? undefined : address(given);
    if (action === "show") {
      const { showSubscriptions } = await import("../publications/show.ts");
      return showSubscriptions(context, { ...options, subscriber });
    }
    if (subscriber === undefined) throw new UsageError(`subscriptions ${action} needs the subscriber's address`);
    if (action === "fund") {
      const { fundSubscription } = await import("../publications/fund.ts");
      return fundSubscription(context, subscriber, options);
    }
    const { retryPublications } = await import("../publications/retry.ts");
    return retryPublications(context, subscriber, options);
  },
});
