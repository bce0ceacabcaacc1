import { defineCommand, flag, integer, oneOf, optional, text } from "../command.ts";
import { rollup } from "../options.ts";

const actions = oneOf("submit");

export const command = defineCommand({
  name: "evidence",
  description: "Submit evidence against guardians that ./metalayer watch --dry-run has written. Anybody may.",
  group: "Guardians",
  args: [
    { name: "<action>", description: "submit" },
    { name: "<file>", description: "The evidence" },
    {
      name: "[settings]",
      description: "Settings file: what ./metalayer deploy wrote as operators.json. Without it: the local network",
    },
  ],
  options: {
    on: optional("--on <rollup>", "Submit on this rollup only, by name or chain id", rollup),
    dryRun: flag("--dry-run", "Ask the rollups whether they would take it, and send nothing; needs no key"),
    keyFile: optional("--key-file <file>", "Key that pays (password in METALAYER_WATCH_PASSWORD)", text),
    account: optional("--account <index>", "Development account that pays; local network only", integer(0, 29)),
  },
  examples: [
    "./metalayer evidence submit evidence/evidence-laneHead-0123456789ab.json --dry-run",
    "./metalayer evidence submit evidence.json operators.json --key-file reporter.json --json",
  ],
  async run(context, options) {
    actions(context.args[0] ?? "");
    const { evidenceCommand } = await import("../evidence.ts");
    return evidenceCommand(context, { ...options, file: context.args[1] ?? "", settings: context.args[2] });
  },
});
