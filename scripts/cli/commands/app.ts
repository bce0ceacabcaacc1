import { defineCommand, flag, oneOf, optional, refuseOthers, text, UsageError } from "../command.ts";
import { address, networkOptions, rollup, salt, span, walletOptions } from "../options.ts";

const actions = oneOf("deploy", "status", "call", "read");

export const command = defineCommand({
  name: "app",
  description: "Deploy an application on many rollups with one transaction, look at it, call it everywhere.",
  group: "Applications",
  args: [
    {
      name: "<action>",
      description:
        "deploy (a contract); status (where it stands); call (as its owner); read (what a function returns on each rollup)",
    },
    { name: "<what>", description: "deploy: a built contract's name, or its artifact's file; others: an address" },
    { name: "[method]", description: "call, read: a function's name, or its signature where names are not enough" },
    { name: "[arguments...]", description: "call, read: of that function; lists as JSON, negative numbers after --" },
  ],
  options: {
    on: optional("--on <rollups>", 'Names or chain ids with commas, or "all" (read: all unless said)', text),
    args: optional("--args <json>", 'deploy: constructor arguments, such as ["{account}", 5, "{links}"]', text),
    file: optional("--file <file>", "deploy: arguments that differ from rollup to rollup (JSON)", text),
    salt: optional("--salt <salt>", "deploy: another one gives another application of the same code", salt),
    from: optional("--from <rollup>", "deploy: where its owner is (default: the first rollup)", rollup),
    contract: optional("--contract <name>", "call, read: whose functions, such as a proxy's implementation", text),
    supersede: flag("--supersede", "call: give up earlier calls that have not been made"),
    dryRun: flag("--dry-run", "deploy, call: only show addresses, fees and the transaction"),
    wait: optional("--wait <span>", "deploy, call: wait for the deliveries, at most so long (30s, 5m)", span),
    ...networkOptions,
    ...walletOptions,
  },
  examples: [
    `./metalayer app deploy OmniCounter --on all --args '["{deployer}"]' --dry-run`,
    "./metalayer app deploy OmniToken --on all --file token.json --wait 1m",
    "./metalayer app status 0x…",
    "./metalayer app read 0x… totalSupply",
    "./metalayer app call 0x… setBridge 0x… --on rollupB",
  ],
  async run(context, options) {
    const [word = "", what = "", method, ...values] = context.args;
    const action = actions(word);
    refuseOthers("app", action, options, BELONGS);
    if (action === "deploy" || action === "status") {
      if (method !== undefined) throw new UsageError(`app ${action} takes no "${method}"`);
    }
    if (action === "deploy") {
      const { on } = options;
      if (on === undefined) throw new UsageError("app deploy needs --on <rollups>");
      const { deployCommand } = await import("../app/deploy.ts");
      return deployCommand(context, what, { ...options, on });
    }
    const at = address(what);
    if (action === "status") {
      const { statusCommand } = await import("../app/status.ts");
      return statusCommand(context, at, options);
    }
    if (method === undefined) throw new UsageError(`app ${action} needs the name of a function`);
    if (action === "read") {
      const { readCommand } = await import("../app/read.ts");
      return readCommand(context, { at, method, values }, options);
    }
    const { on } = options;
    if (on === undefined) throw new UsageError("app call needs --on <rollups>");
    const { callCommand } = await import("../app/call.ts");
    return callCommand(context, { at, method, values }, { ...options, on });
  },
});

/** Which actions an option belongs to. */
const BELONGS: Readonly<Record<string, readonly string[]>> = {
  on: ["deploy", "call", "read"],
  args: ["deploy"],
  file: ["deploy"],
  salt: ["deploy"],
  from: ["deploy"],
  contract: ["call", "read"],
  supersede: ["call"],
  dryRun: ["deploy", "call"],
  wait: ["deploy", "call"],
};
