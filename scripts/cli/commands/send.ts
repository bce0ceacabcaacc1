import { defineCommand, integer, optional, required, text, UsageError } from "../command.ts";
import { address, bytes, networkOptions, rollup, span, walletOptions } from "../options.ts";

export const command = defineCommand({
  name: "send",
  description: "Send a message from one rollup to a contract on another.",
  group: "Messages",
  options: {
    from: required("--from <rollup>", "Source: name or chain id", rollup),
    to: required("--to <rollup>", "Destination: name or chain id", rollup),
    recipient: required("--recipient <address>", "Contract on the destination that receives it", address),
    payload: optional("--payload <bytes>", "Content as 0x and hex digits", bytes),
    text: optional("--text <text>", "Content as text", text),
    gasLimit: optional("--gas-limit <gas>", "Least gas for the recipient (default 200,000)", integer(0, 2 ** 32 - 1)),
    wait: optional("--wait <span>", "Wait for the delivery, at most so long (30s, 5m)", span),
    ...networkOptions,
    ...walletOptions,
  },
  examples: [
    "./metalayer send --from rollupA --to rollupB --recipient 0x… --text hello",
    "./metalayer send --from 8101 --to 8103 --recipient 0x… --payload 0x1234 --gas-limit 300000 --wait 1m",
  ],
  async run(context, options) {
    if (options.payload !== undefined && options.text !== undefined)
      throw new UsageError("give the content as --payload or as --text, not both");
    const { sendCommand } = await import("../send.ts");
    return sendCommand(context, options);
  },
});
