import { computeAddress } from "ethers";
import { watchSchema } from "../watch/config.ts";
import type { WatchService, WatchStatus } from "../watch/service.ts";
import { createWatch } from "../watch/service.ts";
import type { Context } from "./command.ts";
import { daemonLog, payingDaemon } from "./daemon.ts";

export interface WatchOptions {
  readonly settings: string | undefined;
  readonly once: boolean;
  readonly exitOnLie: boolean;
  readonly dryRun: boolean;
  readonly evidence: string | undefined;
  readonly since: bigint | undefined;
  readonly webhook: string | undefined;
  readonly keyFile: string | undefined;
  readonly account: number | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
}

/** The answer is "no" (exit code 1) if something false was attested, or could not be checked. */
export async function watchCommand(context: Context, options: WatchOptions): Promise<false | undefined> {
  const { settings, account, keyFile, host, port, webhook, since } = options;
  const flags = { keyFile, host, port, webhook, sinceSeconds: since === undefined ? undefined : Number(since) };
  const { config, key } = await watchSettings(context, { settings, account, flags });
  const secretKey = options.dryRun ? undefined : await key();
  const log = daemonLog(context, config.watch.logLevel);
  const dryRun = options.dryRun ? { folder: context.path(options.evidence ?? "evidence") } : undefined;
  const service = createWatch({ config, secretKey, log, ...(dryRun === undefined ? {} : { dryRun }) });
  try {
    const address = secretKey === undefined ? undefined : computeAddress(secretKey);
    if (options.once) return await watchOnce(context, service, address);
    return await watchOn(context, service, address, options);
  } finally {
    await service.close();
  }
}

/** Settings of a watchtower, from the file and the flags or for the running local network. */
export function watchSettings(context: Context, given: Parameters<typeof payingDaemon>[3]) {
  const local = { logLevel: "warn" };
  return payingDaemon(context, "watch", watchSchema, given, { local, keyOf: ({ watch }) => watch });
}

async function watchOn(
  { output, signal }: Context,
  service: WatchService,
  address: string | undefined,
  { exitOnLie }: WatchOptions,
): Promise<false | undefined> {
  const { config } = service.watching;
  const { host, port } = config.watch;
  const url = port === undefined ? undefined : await service.serve(host, port);
  const who = address === undefined ? "Watchtower in a dry run" : `Watchtower of ${address}`;
  output.line(`${who}${url === undefined ? "" : `, health at ${url}/readyz`}; Ctrl-C or SIGTERM ends it.`);
  output.result({ address, url, rollups: config.rollups.map(({ name }) => name) });
  const done = new AbortController();
  const looking = setInterval(() => {
    const { cases } = service.status();
    if (exitOnLie && cases.length > 0 && cases.every(isDealtWith)) done.abort();
  }, LOOK_MS);
  try {
    await service.run(AbortSignal.any([signal, done.signal]));
  } finally {
    clearInterval(looking);
  }
  output.line("Watchtower stopped. All it knows is on the rollups.");
  return done.signal.aborted ? false : undefined;
}

const LOOK_MS = 200;

function isDealtWith({ charges }: WatchStatus["cases"][number]): boolean {
  return charges.every(({ progress }) => progress !== "open");
}

async function watchOnce(
  { output, signal }: Context,
  service: WatchService,
  address: string | undefined,
): Promise<false | undefined> {
  const names = service.watching.config.rollups.map(({ name }) => name);
  const progress = await output.progress(`Checking what was attested on ${names.join(", ")}`);
  await service.once(signal).catch((error: unknown) => {
    progress.fail();
    throw error;
  });
  const status = service.status();
  const { judged, waiting, cases } = status;
  const unreadable = service.watching.lookouts.flatMap((lookout) => [...lookout.unreadable]);
  progress.done(`${judged} attested ${judged === 1 ? "fact" : "facts"} checked`);
  for (const { fact, problem } of waiting) output.line(`Not checked: ${fact}: ${problem ?? "no answer"}`);
  for (const hash of unreadable) output.line(`Not readable: transaction ${hash}`);
  if (cases.length === 0) output.line("No lie was found.");
  else await showCases(output, cases);
  output.result({ address, judged, unchecked: waiting, unreadable, cases });
  return cases.length === 0 && waiting.length === 0 && unreadable.length === 0 ? undefined : false;
}

async function showCases(output: Context["output"], cases: WatchStatus["cases"]): Promise<void> {
  await output.table(
    ["lie about", "evidence", "on", "signers", "state", "file"],
    cases.flatMap(({ about, kind, charges, file }) =>
      charges.map(({ rollup, signers, progress, problem }) => {
        const state = file === undefined ? progress : problem === undefined ? "would be taken" : "refused";
        return [about, kind, rollup, signers, problem === undefined ? state : `${state}: ${problem}`, file ?? ""];
      }),
    ),
  );
}
