import { pino } from "pino";
import { toHex, uintBytes } from "../../sdk/src/bytes.ts";
import { readConfig } from "../network/config.ts";
import { loadSecretKey } from "../network/keys.ts";
import type { RelayerConfig } from "./config.ts";
import { relayerSchema } from "./config.ts";
import { createRelayer, serve } from "./service.ts";

/** `tsx scripts/relayer/index.ts <settings.json>`: runs until SIGINT or SIGTERM, then finishes what is under way. */
async function main(file: string | undefined): Promise<void> {
  if (file === undefined) throw new Error("usage: scripts/relayer/index.ts <settings.json>");
  const config: RelayerConfig = readConfig(file, relayerSchema);
  const { keyFile, keyVariable, passwordVariable, logLevel, host, port } = config.relayer;
  const given = process.env[keyVariable];
  if (keyFile === undefined && given === undefined) throw new Error(`no key: set relayer.keyFile or ${keyVariable}`);
  const secret = keyFile === undefined ? BigInt(given ?? 0) : await loadSecretKey(keyFile, process.env[passwordVariable]);
  const log = pino({ level: logLevel, base: null });
  const service = createRelayer(config, toHex(uintBytes("secretKey", secret, 32)), log);
  const server = port === undefined ? undefined : await serve(service, host, port);
  const stopping = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stopping.abort());
  log.info({ url: server?.url }, "relayer ready");
  await service.run(stopping.signal);
  await server?.close();
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
