import { pino } from "pino";
import { readConfig } from "../network/config.ts";
import { loadAccountKey } from "../network/keys.ts";
import type { RelayerConfig } from "./config.ts";
import { relayerSchema } from "./config.ts";
import { createRelayer } from "./service.ts";

/** `tsx scripts/relayer/index.ts <settings.json>`: runs until SIGINT or SIGTERM, then finishes what is under way. */
async function main(file: string | undefined): Promise<void> {
  if (file === undefined) throw new Error("usage: scripts/relayer/index.ts <settings.json>");
  const config: RelayerConfig = readConfig(file, relayerSchema);
  const { logLevel, host, port } = config.relayer;
  const key = await loadAccountKey(config.relayer, process.env);
  const log = pino({ level: logLevel, base: null });
  const service = createRelayer(config, key, log);
  const url = port === undefined ? undefined : await service.serve(host, port);
  const stopping = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stopping.abort());
  log.info({ url }, "relayer ready");
  await service.run(stopping.signal);
  await service.close();
  log.info("relayer stopped");
}

main(process.argv[2]).then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
