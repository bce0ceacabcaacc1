import { z } from "zod";
import type { Context } from "../command.ts";
import { CommandError, UsageError } from "../command.ts";
import { readFileAs, type FileKind } from "../json-file.ts";
import type { Network, RollupDescription } from "../network.ts";
import { parseJson } from "./values.ts";

const KIND: FileKind = { code: "CLI_APP_FILE", what: "file of arguments", shownIn: "docs/how-to/deploy-everywhere.md" };

const partSchema = z.strictObject({
  /** Of the constructor. */
  args: z.array(z.unknown()).optional(),
  /** Made by the owner's account after the creation. */
  initialCall: z.strictObject({ method: z.string().min(1), args: z.array(z.unknown()).default([]) }).optional(),
  /** Least gas of the message. */
  gasLimit: z.int().positive().optional(),
});

const fileSchema = partSchema.extend({ rollups: z.record(z.string(), partSchema).default({}) });

/** What an application is created with on one rollup. */
export type Part = z.output<typeof partSchema>;

/** What it is created with on any rollup. Throws CLI_APP_FILE_UNREADABLE, CLI_APP_FILE_INVALID, CLI_APP_FILE_ROLLUP, CLI_UNKNOWN_ROLLUP. */
export function partsFor(
  context: Pick<Context, "path">,
  network: Network,
  options: { readonly args: string | undefined; readonly file: string | undefined },
  on: readonly RollupDescription[],
): (rollup: RollupDescription) => Part {
  const { args, file } = options;
  if (args !== undefined && file !== undefined)
    throw new UsageError("give the arguments as --args or with --file, not both");
  if (file === undefined) {
    const list = args === undefined ? [] : parseJson(args);
    if (!Array.isArray(list)) throw new UsageError(`--args ${args} is no list in JSON, such as '["{account}", 5]'`);
    return () => ({ args: list });
  }
  const { rollups, ...common } = readFileAs(KIND, fileSchema, context.path(file));
  const parts = new Map(Object.entries(rollups).map(([name, part]) => [network.rollup(name), part]));
  for (const rollup of parts.keys()) {
    if (on.includes(rollup)) continue;
    const what = `${file} has arguments for ${rollup.name}, where nothing is to be deployed`;
    throw new CommandError("CLI_APP_FILE_ROLLUP", what, "Nothing was sent", "correct --on or the file");
  }
  return (rollup) => ({ ...common, ...parts.get(rollup) });
}
