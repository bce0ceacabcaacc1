import { existsSync } from "node:fs";
import { devnetFolder, readDevnet } from "../devnet/state.ts";
import type { GuardianConfig } from "../guardian/config.ts";
import { guardianSchema } from "../guardian/config.ts";
import type { GuardianKey } from "../guardian/keystore.ts";
import { loadKey } from "../guardian/keystore.ts";
import type { GuardianRecord, Halt } from "../guardian/record.ts";
import { ALL_ROLLUPS, openRecord } from "../guardian/record.ts";
import { startGuardian } from "../guardian/service.ts";
import { readConfig } from "../network/config.ts";
import type { GuardianInfo } from "../network/guardian-api.ts";
import { infoSchema } from "../network/guardian-api.ts";
import { checkedAddress } from "./accounts.ts";
import type { Context } from "./command.ts";
import { CommandError, UsageError } from "./command.ts";
import { configuredRollup, daemonLog, untilStopped, withFlags } from "./daemon.ts";
import { newKeyText, openOrMakeKey } from "./guardian-key.ts";
import { findNetwork, withRollups } from "./network.ts";
import { showStanding } from "./operator-status.ts";

export interface GuardianOptions {
  readonly settings: string | undefined;
  readonly keyFile: string | undefined;
  readonly record: string | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly on: string | undefined;
  readonly url: string | undefined;
  readonly operator: `0x${string}` | undefined;
  readonly network: string | undefined;
  readonly dryRun: boolean;
}

export async function guardianCommand(
  context: Context,
  action: "run" | "status" | "resume" | "key",
  options: GuardianOptions,
): Promise<false | undefined> {
  if (options.dryRun)
    throw new UsageError(`guardian ${action} sends nothing: --dry-run goes with the operator's actions`);
  if (action === "key") return showKey(context, options.keyFile);
  if (action === "status") return status(context, options);
  if (action === "resume") return resume(context, options);
  return run(context, options);
}

/** Settings from the file and the flags. Throws CONFIG_UNREADABLE, CONFIG_INVALID. */
function settingsOf(context: Context, action: string, options: GuardianOptions): GuardianConfig {
  const { settings, keyFile, record: recordFile, host, port } = options;
  if (settings === undefined) throw new UsageError(`guardian ${action} needs a settings file`);
  const flags = { keyFile, recordFile, host, port };
  return readConfig(context.path(settings), withFlags(context, "guardian", flags, guardianSchema));
}

async function keyOf({ guardian: { keyFile, passwordVariable } }: GuardianConfig): Promise<GuardianKey> {
  return loadKey(keyFile, process.env[passwordVariable]);
}

async function run(context: Context, options: GuardianOptions): Promise<undefined> {
  const config = settingsOf(context, "run", options);
  const { output, signal } = context;
  const log = daemonLog(context, config.guardian.logLevel);
  const service = await startGuardian(config, await keyOf(config), log);
  const { key, networkId } = service.guardian.info();
  output.line(`Guardian ${key} answers at ${service.url}; Ctrl-C or SIGTERM ends it.`);
  output.result({ url: service.url, key, networkId });
  await untilStopped(signal);
  await service.close();
  output.line("Guardian stopped. Its record is complete; start it again whenever you like.");
}

/** A key file's public side; a new file if there is none. */
async function showKey({ output, path }: Context, keyFile: string | undefined): Promise<undefined> {
  if (keyFile === undefined) throw new UsageError("guardian key needs --key-file <file>");
  const file = path(keyFile);
  const { key, isNew, isEncrypted } = await openOrMakeKey(file);
  if (isNew) output.line(newKeyText(file, isEncrypted));
  output.line(`Key ${key.hex}. Its account ${key.account} must never be used.`);
  output.result({ file, isNew, key: key.hex, account: key.account });
}

/** What running guardians say of themselves: the one of the settings or at the URL, else those of the local network. */
async function status(context: Context, options: GuardianOptions): Promise<false | undefined> {
  if (options.operator !== undefined) return standing(context, options.operator, options);
  const urls = addressesOf(context, options);
  const answers = await Promise.all(urls.map(async (url) => ({ url, info: await ask(url) })));
  const { output } = context;
  for (const { url, info } of answers) {
    output.line(info === undefined ? `${url}: does not answer` : `${url}: guardian ${info.key}`);
    if (info === undefined) continue;
    await output.table(
      ["rollup", "chain id", "state", "final block", "reason"],
      info.rollups.map(({ name, chainId, state, finalBlock, reason }) => [
        ...[name, String(chainId), state === "halted" ? "HALTED" : state],
        ...[finalBlock === undefined ? "" : String(finalBlock), reason ?? ""],
      ]),
    );
  }
  const halted = answers.some(({ info }) => info?.rollups.some(({ state }) => state === "halted"));
  if (halted)
    output.line(
      "Next: find out why, stop that guardian, ./metalayer guardian resume <settings> --on <rollup>, run it again.",
    );
  output.result({ guardians: answers });
  const ready = answers.every(({ info }) => info?.rollups.every(({ state }) => state === "ready"));
  return ready ? undefined : false;
}

/** How an operator stands on the rollups. */
async function standing(
  context: Context,
  given: `0x${string}`,
  { settings, url, network: file, on }: GuardianOptions,
): Promise<undefined> {
  if (settings !== undefined || url !== undefined)
    throw new UsageError("guardian status asks either a running guardian or, with --operator, the rollups");
  const operator = checkedAddress("--operator", given);
  const network = findNetwork(context, file);
  const rollups = on === undefined ? network.rollups : [network.rollup(on)];
  const rows = await withRollups(rollups, (connections) => showStanding(context, connections, operator));
  context.output.result({ operator, rollups: rows });
}

function addressesOf(context: Context, options: GuardianOptions): string[] {
  if (options.url !== undefined) return [options.url];
  if (options.settings === undefined) {
    const { services } = readDevnet(devnetFolder(context.root));
    return services.flatMap(({ kind, url }) => (kind === "guardian" && url !== undefined ? [url] : []));
  }
  const { host, port } = settingsOf(context, "status", options).guardian;
  if (port === 0) throw new UsageError("the settings name no port: give the guardian's address with --url");
  return [`http://${host.includes(":") ? `[${host}]` : host}:${port}`];
}

async function ask(url: string): Promise<GuardianInfo | undefined> {
  try {
    const answer = await fetch(new URL("/v1/info", url), { signal: AbortSignal.timeout(3_000) });
    return infoSchema.parse(await answer.json());
  } catch {
    return undefined;
  }
}

const UNCHANGED = "Nothing was changed";

/** The operator's decision to sign about a rollup again. The guardian must not run. */
async function resume(context: Context, options: GuardianOptions): Promise<undefined> {
  if (options.on === undefined) throw new UsageError("guardian resume needs --on <rollup>");
  const config = settingsOf(context, "resume", options);
  const { recordFile } = config.guardian;
  const rollup = configuredRollup(config.rollups, options.on);
  if (!existsSync(recordFile)) {
    const next = "correct the settings or --record; a guardian that never ran has nothing to resume";
    throw new CommandError("CLI_NO_RECORD", `there is no record ${recordFile}`, UNCHANGED, next);
  }
  const { hex: key } = await keyOf(config);
  const record = openRecord(recordFile, { networkId: config.networkId, key });
  try {
    const halt = haltToEnd(record, rollup);
    record.resume(rollup.chainId);
    const { output } = context;
    output.line(`${rollup.name} was halted on ${halt.at}: ${halt.reason} (${halt.code}).`);
    output.line(`It is resumed: what nothing signed rests on is read anew. Start the guardian again.`);
    output.result({ resumed: rollup.name, chainId: rollup.chainId, halt: { code: halt.code, reason: halt.reason } });
  } finally {
    record.close();
  }
}

/** Throws CLI_RECORD_OLD, CLI_NOT_HALTED. */
function haltToEnd(
  record: GuardianRecord,
  { name, chainId }: { readonly name: string; readonly chainId: bigint },
): Halt {
  const halts = record.halts();
  const whole = halts.find((halt) => halt.chainId === ALL_ROLLUPS);
  if (whole !== undefined) {
    const next = "put the newest record back; if it is lost, give up this key: a new one cannot contradict it";
    throw new CommandError("CLI_RECORD_OLD", `the whole guardian is halted: ${whole.reason}`, UNCHANGED, next);
  }
  const own = halts.find((halt) => halt.chainId === chainId);
  if (own !== undefined) return own;
  const others = halts.map((halt) => String(halt.chainId)).join(", ");
  const next = others === "" ? "no rollup is: just run the guardian" : `halted are the chain ids ${others}`;
  throw new CommandError("CLI_NOT_HALTED", `${name} is not halted`, UNCHANGED, next);
}
