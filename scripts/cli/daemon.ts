import type { Logger } from "pino";
import { pino } from "pino";
import { z } from "zod";
import type { Hex } from "../../sdk/src/bytes.ts";
import { devAccount, PARTS } from "../devnet/accounts.ts";
import { daemonNetwork } from "../devnet/settings.ts";
import { devnetFolder, readDevnet } from "../devnet/state.ts";
import { readConfig } from "../network/config.ts";
import { loadAccountKey } from "../network/keys.ts";
import type { Context } from "./command.ts";
import { CommandError, UsageError } from "./command.ts";

/** What guardians and relayers share when the command line runs them. */

/** Settings that hold file names: relative ones are meant from the folder in which the command was typed. */
const FILES = ["keyFile", "recordFile"];

/** The schema of a settings file whose part `name` may be missing, and in which flags that were given win. */
export function withFlags<T>(
  context: Pick<Context, "path">,
  name: "guardian" | "relayer" | "watch",
  flags: Readonly<Record<string, unknown>>,
  schema: z.ZodType<T>,
): z.ZodType<T> {
  const given = Object.entries(flags).filter(([, value]) => value !== undefined);
  const absolute = ([key, value]: [string, unknown]): [string, unknown] =>
    FILES.includes(key) && typeof value === "string" ? [key, context.path(value)] : [key, value];
  return z.preprocess((settings) => {
    if (!isRecord(settings)) return settings;
    const own = settings[name] ?? {};
    if (!isRecord(own)) return settings;
    return { ...settings, [name]: Object.fromEntries([...Object.entries(own), ...given].map(absolute)) };
  }, schema);
}

/** What a daemon that pays for its transactions is started with. */
export interface PayingOptions {
  /** The settings file; without it the running local network, and a development account that pays. */
  readonly settings: string | undefined;
  readonly account: number | undefined;
  /** What was given as a flag and is no setting by itself is undefined. */
  readonly flags: Readonly<Record<string, unknown>>;
}

/** Settings and key from the file and the flags; without a file, those of the running local network and a development account. */
export async function payingDaemon<C>(
  context: Context,
  name: "relayer" | "watch",
  schema: z.ZodType<C>,
  { settings, account, flags }: PayingOptions,
  own: { readonly local: Readonly<Record<string, unknown>>; readonly keyOf: (config: C) => KeySettings },
): Promise<{ readonly config: C; readonly key: () => Promise<Hex> }> {
  const full = withFlags(context, name, flags, schema);
  if (settings === undefined) {
    const network = daemonNetwork(readDevnet(devnetFolder(context.root)));
    const config = full.parse({ ...network, [name]: own.local });
    const isNamed = own.keyOf(config).keyFile !== undefined;
    const { key } = devAccount(account ?? PARTS.firstSpare);
    return { config, key: () => (isNamed ? loadAccountKey(own.keyOf(config), process.env) : Promise.resolve(key)) };
  }
  if (account !== undefined)
    throw new UsageError("--account picks a development account of the local network: leave the settings file out");
  const config = readConfig(context.path(settings), full);
  return { config, key: () => loadAccountKey(own.keyOf(config), process.env) };
}

type KeySettings = Parameters<typeof loadAccountKey>[0];

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const entrySchema = z.looseObject({ level: z.string(), time: z.string(), msg: z.string().default("") });

/** A log among what the command says: one JSON document a line with `--json`, else lines for people. */
export function daemonLog({ json, output }: Pick<Context, "json" | "output">, level: string): Logger {
  const formatters = { level: (label: string) => ({ level: label }) };
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters };
  const people = logForPeople(output.write);
  return pino(options, { write: (entry: string) => (json ? output.write(entry) : people(entry)) });
}

const REPEATED_EVERY_MS = 30_000;
const MOST_REMEMBERED = 1_000;

/** Turns entries into lines. What is said again and again appears twice a minute, with how often it was. */
export function logForPeople(write: (line: string) => void, now = Date.now): (entry: string) => void {
  const said = new Map<string, { at: number; more: number }>();
  return (entry) => {
    const { level, time, msg, ...rest } = entrySchema.parse(JSON.parse(entry));
    const details = Object.entries(rest)
      .filter(([, value]) => typeof value !== "object")
      .map(([name, value]) => `${name}=${String(value)}`);
    const text = `${level.padEnd(5)} ${[msg, ...details].join("  ")}`;
    const before = said.get(text);
    if (before !== undefined && now() - before.at < REPEATED_EVERY_MS) {
      before.more += 1;
      return;
    }
    if (said.size > MOST_REMEMBERED) said.clear();
    said.set(text, { at: now(), more: 0 });
    const more = before === undefined || before.more === 0 ? "" : `  (and ${before.more} times before)`;
    write(`${time.slice(11, 19)} ${text}${more}\n`);
  };
}

/** Resolves when the command is asked to stop. */
export function untilStopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** The rollup of a settings file by its name or chain id. Throws CLI_UNKNOWN_ROLLUP. */
export function configuredRollup<R extends { readonly name: string; readonly chainId: bigint }>(
  rollups: readonly R[],
  wanted: string,
): R {
  const found = rollups.find(({ name, chainId }) => name === wanted || String(chainId) === wanted);
  if (found !== undefined) return found;
  const names = rollups.map(({ name, chainId }) => `${name} (${chainId})`).join(", ");
  throw new CommandError(
    "CLI_UNKNOWN_ROLLUP",
    `the settings know no rollup "${wanted}"`,
    "Nothing was done",
    `name one of ${names}`,
  );
}
