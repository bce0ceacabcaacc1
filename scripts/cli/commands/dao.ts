import { defineCommand, flag, oneOf, UsageError } from "../command.ts";
import { networkOptions, walletOptions } from "../options.ts";

const actions = oneOf("create", "status", "list");

export const command = defineCommand({
  name: "dao",
  description: "Create a community's own DAO on several rollups in one go, or show one.",
  group: "Governance",
  args: [
    {
      name: "<action>",
      description: "create (a file: name, home, rollups, token, voting, timelock); status (a DAO); list",
    },
    { name: "[file or name]", description: "create: the file; status: the DAO's name, governor or description" },
  ],
  options: {
    dryRun: flag("--dry-run", "create: only show what would stand where"),
    ...networkOptions,
    ...walletOptions,
  },
  examples: [
    "./metalayer dao create garden.json --dry-run",
    "./metalayer dao create garden.json",
    "./metalayer dao status Garden",
    "./metalayer dao list --json",
  ],
  async run(context, options) {
    const [word = "", named] = context.args;
    const action = actions(word);
    if (action === "list") {
      const { listDaos } = await import("../dao/status.ts");
      return listDaos(context, options.network);
    }
    if (named === undefined) throw new UsageError(`dao ${action} needs ${action === "create" ? "a file" : "a DAO"}`);
    if (action === "create") {
      const { createDao } = await import("../dao/create.ts");
      return createDao(context, context.path(named), options);
    }
    const { daoStatus } = await import("../dao/status.ts");
    return (await daoStatus(context, named, options.network)) ? undefined : false;
  },
});
