import { z } from "zod";
import { startFaultyProxy } from "./faulty-proxy.ts";

const listSchema = z
  .array(z.strictObject({ upstream: z.url(), port: z.int().min(0).max(65_535) }))
  .min(1)
  .max(64);

/** `tsx scripts/devnet/proxies.ts '[{"upstream":"http://…","port":8600}, …]'`: runs until SIGINT or SIGTERM. */
async function main(json: string | undefined): Promise<void> {
  const list = listSchema.parse(JSON.parse(json ?? "[]"));
  const proxies = await Promise.all(list.map((each, index) => startFaultyProxy({ ...each, seed: index + 1 })));
  const stop = (): void => {
    void Promise.all(proxies.map((proxy) => proxy.close())).then(() => process.exit(0));
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

main(process.argv[2]).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
