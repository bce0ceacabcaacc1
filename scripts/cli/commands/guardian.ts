import { defineCommand, integer, oneOf, optional, text } from "../command.ts";
import { httpUrl, rollup } from "../options.ts";

const actions = oneOf("run", "status", "resume", "key");

export const command = defineCommand({
  name: "guardian",
  description: "Run a guardian, ask how it is, let it sign again after a halt, or make its key.",
  group: "Guardians",
  args: [
    {
      name: "<action>",
      description: "run; status; resume (--on, after a halt, while it is stopped); key (--key-file)",
    },
    {
      name: "[settings]",
      description: 'Settings file: what ./metalayer deploy wrote as operators.json, with a part "guardian" or flags',
    },
  ],
  options: {
    keyFile: optional("--key-file <file>", "The guardian's key (password in METALAYER_GUARDIAN_PASSWORD)", text),
    record: optional("--record <file>", "Its record of everything signed; made if there is none", text),
    host: optional("--host <address>", "Address to listen at (default 127.0.0.1)", text),
    port: optional("--port <number>", "Port to listen at (default: any free one)", integer(0, 65_535)),
    on: optional("--on <rollup>", "Resume: the rollup that is halted, by name or chain id", rollup),
    url: optional("--url <url>", "Status: where the guardian answers, instead of the settings", httpUrl),
  },
  examples: [
    "./metalayer guardian key --key-file guardian1.key.json",
    "./metalayer guardian run operators.json --key-file guardian1.key.json --record guardian1.sqlite --port 9701",
    "./metalayer guardian status",
    "./metalayer guardian status --url http://127.0.0.1:9701 --json",
    "./metalayer guardian resume guardian1.json --on rollupA",
  ],
  async run(context, options) {
    const action = actions(context.args[0] ?? "");
    const { guardianCommand } = await import("../guardian.ts");
    return guardianCommand(context, action, { ...options, settings: context.args[1] });
  },
});
