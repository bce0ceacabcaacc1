import { defineCommand, flag, oneOf, optional, option } from "../command.ts";
import { address, networkOptions, rollup, span, walletOptions } from "../options.ts";

const actions = oneOf("list", "create", "grant", "revoke", "renew");

export const command = defineCommand({
  name: "roles",
  description:
    "Say once who holds a role on every rollup, take it back once, keep it alive, and see who holds what where.",
  group: "Governance",
  args: [
    {
      name: "<action>",
      description:
        "list; create (a directory, and a manager on every rollup); grant or revoke (a role; revoke without holders: from all); " +
        "renew (a role's leases, before they run out)",
    },
    { name: "[role]", description: "Its number, from 4294967296 on (list: only this one)" },
    {
      name: "[holders...]",
      description:
        "grant, revoke: 0x… on every connected rollup, or rollupA=0x…; renew: rollups (default: all that are due)",
    },
  ],
  options: {
    directory: optional("--directory <address>", "The RoleDirectory that decides (create makes one)", address),
    on: optional("--on <rollup>", "Where the directory stands (default: home)", rollup),
    term: option("--term <span>", "Create: how long a lease lasts unless renewed, 10m to 30d", span, 7n * 86_400n),
    owner: optional("--owner <address>", "Create: who administers all of it afterwards (default: who signs)", address),
    dryRun: flag("--dry-run", "Only ask the rollup whether it would be done, and show the call"),
    ...networkOptions,
    ...walletOptions,
  },
  examples: [
    "./metalayer roles create --term 7d",
    "./metalayer roles grant 4294967296 0x… --directory 0x…",
    "./metalayer roles grant 4294967296 rollupA=0x… rollupB=0x… --directory 0x… --dry-run",
    "./metalayer roles list --directory 0x…",
    "./metalayer roles renew 4294967296 --directory 0x…",
    "./metalayer roles revoke 4294967296 rollupB=0x… --directory 0x…",
    "./metalayer roles revoke 4294967296 --directory 0x…",
  ],
  async run(context, options) {
    const action = actions(context.args[0] ?? "");
    if (action === "create") {
      const { createRoles } = await import("../roles/create.ts");
      return createRoles(context, options);
    }
    const { rolesCommand } = await import("../roles/roles.ts");
    return rolesCommand(context, action, options);
  },
});
