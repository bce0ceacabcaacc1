import { pino } from "pino";
import { readConfig } from "../network/config.ts";
import { loadAccountKey } from "../network/keys.ts";
import type { WatchConfig } from "./config.ts";
import { watchSchema } from "./config.ts";
import { createWatch } from "./service.ts";

/** `tsx scripts/watch/index.ts <settings.json>`: runs until SIGINT or SIGTERM, then finishes what is under way. */
async function main(file: string | undefined): Promise<void> {
  if (file === undefined) throw new Error("usage: scripts/watch/index.ts <settings.json>");
  const config: WatchConfig = readConfig(file, watchSchema);
  const { logLevel, host, port } = config.watch;
  const secretKey = await loadAccountKey(config.watch, process.env);
  const log = pino({ level: logLevel, base: null });
  const service = createWatch({ config, secretKey, log });
  const url = port === undefined ? undefined : await service.serve(host, port);
  const stopping = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stopping.abort());
  log.info({ url }, "watchtower ready");
  await service.run(stopping.signal);
  await service.close();
  log.info("watchtower stopped");
}

main(process.argv[2]).then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
