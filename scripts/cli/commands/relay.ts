import { defineCommand, flag, integer, optional, text } from "../command.ts";

export const command = defineCommand({
  name: "relay",
  description:
    "Run a relayer, or deliver once what waits at this moment. Anybody may; the key pays gas, fees come back.",
  group: "Messages",
  args: [
    {
      name: "[settings]",
      description: "Settings file: what ./metalayer deploy wrote as operators.json. Without it: the local network",
    },
  ],
  options: {
    once: flag("--once", "Deliver what can be delivered now, then end"),
    keyFile: optional("--key-file <file>", "Key that pays (password in METALAYER_RELAYER_PASSWORD)", text),
    account: optional("--account <index>", "Development account that pays; local network only", integer(0, 29)),
    host: optional("--host <address>", "Address for health and metrics (default 127.0.0.1)", text),
    port: optional("--port <number>", "Port for health and metrics (default: none)", integer(0, 65_535)),
  },
  examples: [
    "./metalayer relay --once",
    "./metalayer relay operators.json --key-file relayer.json --port 9710",
    "./metalayer relay relayer.json --once --json",
  ],
  async run(context, options) {
    const { relayCommand } = await import("../relay.ts");
    return relayCommand(context, { ...options, settings: context.args[0] });
  },
});
