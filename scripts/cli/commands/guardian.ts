import { defineCommand, flag, integer, oneOf, optional, text } from "../command.ts";
import { address, era, httpUrl, networkOptions, rollup } from "../options.ts";

const SERVICE = ["run", "status", "resume", "key"] as const;
const OPERATOR = [
  ...["register", "rotate-key", "announce", "join", "resign", "unjail"],
  ...["stake", "delegate", "unbond", "withdraw", "claim"],
] as const;

const actions = oneOf(...SERVICE, ...OPERATOR);

export const command = defineCommand({
  name: "guardian",
  description: "Run a guardian, and do what its operator and its delegators do on the rollups.",
  group: "Guardians",
  args: [
    {
      name: "<action>",
      description:
        "service: run, status, resume (--on, after a halt, while it is stopped), key (--key-file); " +
        "operator: register or rotate-key (a file of proven keys), announce (an address), join, resign, unjail; " +
        "ERA: stake, delegate (--operator), unbond (all --amount), withdraw (--exit-id), claim; " +
        "status --operator: how one stands on the rollups",
    },
    {
      name: "[file]",
      description:
        'run, status, resume: settings (operators.json of ./metalayer deploy, with a part "guardian" or flags); ' +
        "register, rotate-key: what ./metalayer prove --into wrote; announce: http(s) address",
    },
  ],
  options: {
    keyFile: optional(
      "--key-file <file>",
      "run, key: the guardian's key (password in METALAYER_GUARDIAN_PASSWORD); otherwise the keystore of who signs (METALAYER_PASSWORD)",
      text,
    ),
    record: optional("--record <file>", "Its record of everything signed; made if there is none", text),
    host: optional("--host <address>", "Address to listen at (default 127.0.0.1)", text),
    port: optional("--port <number>", "Port to listen at (default: any free one)", integer(0, 65_535)),
    on: optional("--on <rollup>", "Rollup: name or chain id (register, rotate-key, announce, status: all)", rollup),
    url: optional("--url <url>", "Status: where the guardian answers, instead of the settings", httpUrl),
    operator: optional("--operator <address>", "Whose pool, or whose standing (default: who signs)", address),
    amount: optional("--amount <era>", "How much, such as 5000", era),
    exitId: optional("--exit-id <number>", "Withdraw: number that the exit was given", integer(0, 2 ** 48)),
    displaced: optional("--displaced <address>", "Join a full list: the candidate with less stake that goes", address),
    compound: flag("--compound", "Claim: stake the rewards instead"),
    dryRun: flag("--dry-run", "Only say what would be sent, and its gas"),
    account: optional("--account <index>", "Development account that signs; local networks only", integer(0, 29)),
    ...networkOptions,
  },
  examples: [
    "./metalayer guardian key --key-file guardian1.key.json",
    "./metalayer guardian run operators.json --key-file guardian1.key.json --record guardian1.sqlite --port 9701",
    "./metalayer guardian status",
    "./metalayer guardian status --url http://127.0.0.1:9701 --json",
    "./metalayer guardian status --operator 0x…",
    "./metalayer guardian resume guardian1.json --on rollupA",
    "./metalayer guardian register guardians.json --network network.json",
    "./metalayer guardian stake --on rollupA --amount 5000 --key-file operator.json --dry-run",
    "./metalayer guardian join --on rollupA --key-file operator.json",
    "./metalayer guardian delegate --on rollupA --operator 0x… --amount 5000",
    "./metalayer guardian unbond --on rollupA --operator 0x… --amount 1000",
    "./metalayer guardian withdraw --on rollupA --exit-id 3",
    "./metalayer guardian claim --on rollupA --compound",
    "./metalayer guardian rotate-key next.json --key-file operator.json",
  ],
  async run(context, options) {
    const [word = "", given] = context.args;
    const action = actions(word);
    const service = SERVICE.find((name) => name === action);
    if (service !== undefined) {
      const { guardianCommand } = await import("../guardian.ts");
      return guardianCommand(context, service, { ...options, settings: given });
    }
    const { OPERATOR_ACTIONS, operatorCommand } = await import("../operator.ts");
    return operatorCommand(context, oneOf(...OPERATOR_ACTIONS)(action), given, options);
  },
});
