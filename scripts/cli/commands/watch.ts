import { defineCommand, flag, integer, optional, text } from "../command.ts";
import { httpUrl, span } from "../options.ts";

export const command = defineCommand({
  name: "watch",
  description:
    "Check every attested fact on your own nodes, and bring evidence against guardians that lie. Anybody may.",
  group: "Guardians",
  args: [
    {
      name: "[settings]",
      description: "Settings file: what ./metalayer deploy wrote as operators.json. Without it: the local network",
    },
  ],
  options: {
    once: flag("--once", "Look at what is attested by now, then end; exit code 1 if something is false or unchecked"),
    exitOnLie: flag("--exit-on-lie", "End with exit code 1 when the first lie is dealt with"),
    dryRun: flag("--dry-run", "Try evidence and write it into files, but send nothing; needs no key"),
    evidence: optional("--evidence <folder>", "Dry run: where the files go (default: evidence)", text),
    since: optional("--since <span>", "How far back to look, such as 12h (default 14d)", span),
    webhook: optional("--webhook <url>", "Where alerts are posted as JSON", httpUrl),
    keyFile: optional("--key-file <file>", "Key that pays (password in METALAYER_WATCH_PASSWORD)", text),
    account: optional("--account <index>", "Development account that pays; local network only", integer(0, 29)),
    host: optional("--host <address>", "Address for health and metrics (default 127.0.0.1)", text),
    port: optional("--port <number>", "Port for health and metrics (default: none)", integer(0, 65_535)),
  },
  examples: [
    "./metalayer watch --once",
    "./metalayer watch operators.json --key-file watch.json --port 9720 --webhook https://alerts.example.org/metalayer",
    "./metalayer watch operators.json --once --dry-run --since 1h --json",
  ],
  async run(context, options) {
    const { watchCommand } = await import("../watch.ts");
    return watchCommand(context, { ...options, settings: context.args[0] });
  },
});
