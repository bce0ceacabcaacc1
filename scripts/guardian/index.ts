import { pino } from "pino";
import { readConfig } from "../network/config.ts";
import type { GuardianConfig } from "./config.ts";
import { guardianSchema } from "./config.ts";
import { loadKey } from "./keystore.ts";
import { startGuardian } from "./service.ts";

/** `tsx scripts/guardian/index.ts <settings.json>`: runs until SIGINT or SIGTERM. Exit code 1 if it cannot start. */
async function main(file: string | undefined): Promise<void> {
  if (file === undefined) throw new Error("usage: scripts/guardian/index.ts <settings.json>");
  const config: GuardianConfig = readConfig(file, guardianSchema);
  const { keyFile, passwordVariable, logLevel } = config.guardian;
  const key = await loadKey(keyFile, process.env[passwordVariable]);
  const log = pino({ level: logLevel, base: null });
  const service = await startGuardian(config, key, log);
  const stop = (signal: NodeJS.Signals): void => {
    log.info({ signal }, "stopping");
    void service.close().then(() => process.exit(0));
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

main(process.argv[2]).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
