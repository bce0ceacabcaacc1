import { defineCommand, optional, required } from "../command.ts";
import { address, era, networkOptions, rollup, span, walletOptions } from "../options.ts";

export const command = defineCommand({
  name: "transfer",
  description: "Move ERA from one rollup to another.",
  group: "Messages",
  options: {
    from: required("--from <rollup>", "Source: name or chain id", rollup),
    to: required("--to <rollup>", "Destination: name or chain id", rollup),
    amount: required("--amount <era>", "How much, such as 12.5", era),
    recipient: optional("--recipient <address>", "Who receives it there (default: the sender)", address),
    wait: optional("--wait <span>", "Wait for the delivery, at most so long (30s, 5m)", span),
    ...networkOptions,
    ...walletOptions,
  },
  examples: [
    "./metalayer transfer --from rollupA --to rollupB --amount 12.5",
    "./metalayer transfer --from rollupA --to rollupC --amount 1 --recipient 0x… --wait 1m",
  ],
  async run(context, options) {
    const { transferCommand } = await import("../transfer.ts");
    return transferCommand(context, options);
  },
});
