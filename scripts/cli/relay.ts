import type { Logger } from "pino";
import { computeAddress } from "ethers";
import type { Hex } from "../../sdk/src/bytes.ts";
import type { RelayerConfig } from "../relayer/config.ts";
import { relayerSchema } from "../relayer/config.ts";
import type { RelayerService } from "../relayer/service.ts";
import { createRelayer } from "../relayer/service.ts";
import type { Context } from "./command.ts";
import { daemonLog, payingDaemon } from "./daemon.ts";

export interface RelayOptions {
  readonly settings: string | undefined;
  readonly once: boolean;
  readonly keyFile: string | undefined;
  readonly account: number | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
}

export async function relayCommand(context: Context, options: RelayOptions): Promise<void> {
  const { config, key: readKey } = await relayerOf(context, options);
  const key = await readKey();
  const log = daemonLog(context, config.relayer.logLevel);
  const address = computeAddress(key);
  if (options.once) return relayOnce(context, config, key, log);
  const { output, signal } = context;
  const service = createRelayer(config, key, log);
  try {
    const { host, port } = config.relayer;
    const url = port === undefined ? undefined : await service.serve(host, port);
    output.line(
      `Relayer of ${address}${url === undefined ? "" : `, health at ${url}/readyz`}; Ctrl-C or SIGTERM ends it.`,
    );
    output.result({ address, url, rollups: config.rollups.map(({ name }) => name) });
    await service.run(signal);
  } finally {
    await service.close();
  }
  output.line("Relayer stopped; what it had under way is finished. All it knows is on the rollups.");
}

/** Everything that can be delivered at this moment, then the end. */
async function relayOnce(context: Context, config: RelayerConfig, key: Hex, log: Logger): Promise<void> {
  const { output, signal } = context;
  const service = createRelayer(config, key, log);
  const progress = await output.progress(`Delivering between ${config.rollups.map(({ name }) => name).join(", ")}`);
  try {
    const messages = await service.once(signal);
    progress.done(`${messages} ${messages === 1 ? "message" : "messages"} taken on`);
    await showLanes(context, service, messages);
  } catch (error) {
    progress.fail();
    throw error;
  } finally {
    await service.close();
  }
}

async function showLanes({ output }: Context, service: RelayerService, messages: number): Promise<void> {
  const { lanes } = service.status();
  const waiting = lanes.filter(({ open }) => open > 0);
  if (waiting.length === 0) output.line("No message waits in any lane.");
  else
    await output.table(
      ["from", "to", "sent", "not delivered", "of these failing"],
      waiting.map(({ src, dst, sent, open, failing }) => [src, dst, sent, open, failing]),
    );
  output.result({ messages, lanes });
}

function relayerOf(context: Context, options: RelayOptions) {
  const { settings, account, keyFile, host, port } = options;
  const local = { name: `command line ${process.pid}`, logLevel: "warn" };
  const given = { settings, account, flags: { keyFile, host, port } };
  return payingDaemon(context, "relayer", relayerSchema, given, { local, keyOf: ({ relayer }) => relayer });
}
