import { defineCommand, flag, integer, oneOf, optional, refuseOthers, required, text, UsageError } from "../command.ts";
import { address, era, networkOptions, rollup, walletOptions } from "../options.ts";

const MANAGING = ["create", "join", "resign", "withdraw"] as const;
const actions = oneOf("show", ...MANAGING, "report", "submit", "mirror");

export const command = defineCommand({
  name: "feed",
  description: "Run a feed of values that several reporters sign, and read it on every rollup.",
  group: "Applications",
  args: [
    {
      name: "<action>",
      description:
        "show; create; join, resign, withdraw (a reporter's stake); report (sign a value); submit (reports of a round); mirror (read it on a rollup)",
    },
    { name: "<terms>", description: "The feed's terms (JSON; docs/how-to/feeds.md shows one)" },
    { name: "[values...]", description: "report: the value, such as 2000.5; submit: the files of the reports" },
  ],
  options: {
    on: required("--on <rollup>", "Where its values are reported", rollup),
    to: optional("--to <rollup>", "mirror: where it is to be read", rollup),
    payee: optional(
      "--payee <address>",
      "join: who gets the stake back; better none that the reporter's machine knows",
      address,
    ),
    reporter: optional("--reporter <address>", "withdraw: whose stake (default: the account that signs)", address),
    record: optional("--record <file>", "report: what was signed with this key; never two values for a round", text),
    into: optional("--into <file>", "report: where to put the report (default: on the screen)", text),
    price: optional("--price <era>", "mirror: what it pays for each round that is brought (default: nothing)", era),
    gas: optional("--gas <gas>", "mirror: gas of each call (default: 100000)", integer(50_000, 1_000_000)),
    dryRun: flag("--dry-run", "Only ask the rollup whether it would be done, and show the calls"),
    ...networkOptions,
    ...walletOptions,
  },
  examples: [
    "./metalayer feed create eth-usd.json --on rollupA",
    "./metalayer feed join eth-usd.json --on rollupA --payee 0x…",
    "./metalayer feed report eth-usd.json 2000.5 --on rollupA --record reports.sqlite --into report-1.json",
    "./metalayer feed submit eth-usd.json report-1.json report-2.json report-3.json --on rollupA",
    "./metalayer feed mirror eth-usd.json --on rollupA --to rollupB",
    "./metalayer feed show eth-usd.json --on rollupA",
  ],
  async run(context, options) {
    const [word = "", terms = "", ...values] = context.args;
    const action = actions(word);
    refuseOthers("feed", action, options, BELONGS);
    if (action !== "submit" && values.length > (action === "report" ? 1 : 0))
      throw new UsageError(`feed ${action} takes no "${values.at(-1)}"`);
    if (action === "show") return (await import("../feeds/show.ts")).showFeed(context, terms, options);
    if (action === "submit") return (await import("../feeds/submit.ts")).submitCommand(context, terms, values, options);
    if (action === "mirror") return (await import("../feeds/mirror.ts")).mirrorFeed(context, terms, options);
    if (action !== "report") return (await import("../feeds/manage.ts")).manageFeed(context, action, terms, options);
    const [value] = values;
    if (value === undefined) throw new UsageError("feed report needs a value");
    return (await import("../feeds/report.ts")).reportCommand(context, terms, value, options);
  },
});

/** Which actions an option belongs to. */
const BELONGS: Readonly<Record<string, readonly string[]>> = {
  to: ["mirror"],
  payee: ["join"],
  reporter: ["withdraw"],
  record: ["report"],
  into: ["report"],
  price: ["mirror"],
  gas: ["mirror"],
  dryRun: [...MANAGING, "submit", "mirror"],
};
