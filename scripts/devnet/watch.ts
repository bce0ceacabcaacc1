import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { devAccount } from "./accounts.ts";
import type { Child } from "./children.ts";
import type { Devnet } from "./devnet.ts";
import { writeJsonAtomically } from "./files.ts";
import { untilReady } from "./ready.ts";
import { daemonNetwork } from "./settings.ts";

/** Starts a watchtower as a process of its own, with the account of this index, until it follows every rollup. */
export async function startWatch(
  devnet: Devnet,
  port: number,
  account: number,
  signal: AbortSignal | undefined,
): Promise<Child> {
  const folder = path.join(devnet.options.folder, "watch");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const keyFile = path.join(folder, "key.json");
  writeFileSync(keyFile, JSON.stringify({ secretKey: devAccount(account).key }), { mode: 0o600 });
  const file = path.join(folder, "settings.json");
  const watch = { keyFile, port, logLevel: "warn", sinceSeconds: 3_600 };
  writeJsonAtomically(file, { ...daemonNetwork(devnet.state), watch });
  const url = `http://127.0.0.1:${port}`;
  const child = await devnet.startService({
    ...{ kind: "watch", name: "watchtower", script: "scripts/watch/index.ts", args: [file], url },
  });
  await untilReady(child, `${url}/readyz`, signal);
  return child;
}
