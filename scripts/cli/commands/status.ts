import { defineCommand } from "../command.ts";
import { hash, networkOptions } from "../options.ts";

export const command = defineCommand({
  name: "status",
  description: "Tell where a message is, why it is stuck, and what can be done now; from RPC endpoints alone.",
  group: "Messages",
  args: [{ name: "<reference>", description: "sendId of the message, or hash of the transaction that sent messages" }],
  options: { ...networkOptions },
  examples: ["./metalayer status 0x…", "./metalayer status 0x… --network testnet.json --json"],
  async run(context, options) {
    const reference = hash(context.args[0] ?? "");
    const { statusCommand } = await import("../status.ts");
    return statusCommand(context, reference, options);
  },
});
