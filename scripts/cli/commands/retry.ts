import { defineCommand, flag, integer, optional, UsageError } from "../command.ts";
import { era, hash, networkOptions, walletOptions } from "../options.ts";

export const command = defineCommand({
  name: "retry",
  description: "Deliver a message yourself, again or with more gas; or pay others for it; or send a transfer back.",
  group: "Messages",
  args: [{ name: "<sendId>", description: "The message" }],
  options: {
    gas: optional("--gas <gas>", "Gas for the recipient, if more than the message commits to", integer(0, 60_000_000)),
    force: flag("--force", "Deliver although the recipient would refuse"),
    bounty: optional("--bounty <era>", "Do not deliver, but pay this much from credit to whoever does", era),
    return: flag("--return", "As recipient of a transfer of ERA: have it sent back to where it came from"),
    ...networkOptions,
    ...walletOptions,
  },
  examples: [
    "./metalayer retry 0x…",
    "./metalayer retry 0x… --gas 500000",
    "./metalayer retry 0x… --bounty 0.01",
    "./metalayer retry 0x… --return",
  ],
  async run(context, options) {
    const sendId = hash(context.args[0] ?? "");
    if (options.bounty !== undefined && (options.return || options.force || options.gas !== undefined))
      throw new UsageError("--bounty goes with no other way of delivering");
    const { retryCommand } = await import("../retry.ts");
    return retryCommand(context, sendId, options);
  },
});
