import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { devAccount, PARTS } from "./accounts.ts";
import type { Child } from "./children.ts";
import { freePort } from "./children.ts";
import type { Devnet, DevnetStep } from "./devnet.ts";
import { writeJsonAtomically } from "./files.ts";
import { untilReady } from "./ready.ts";
import { daemonNetwork } from "./settings.ts";

const NAME = "relayer";

/** Starts a relayer as a process of its own. */
export function relayerStep(): DevnetStep {
  return {
    name: "relayer",
    async run(devnet, signal) {
      const port = await freePort();
      const child = await startRelayer(devnet, port);
      await untilRelayerReady(child, port, signal);
      return `answers at port ${port}`;
    },
  };
}

/** Starts the relayer, or starts it again after it was killed: it keeps nothing but its key. */
export function startRelayer(devnet: Devnet, port: number): Promise<Child> {
  const folder = path.join(devnet.options.folder, NAME);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const keyFile = path.join(folder, "key.json");
  writeFileSync(keyFile, JSON.stringify({ secretKey: devAccount(PARTS.relayer).key }), { mode: 0o600 });
  const relayer = { keyFile, name: NAME, port, logLevel: "warn", anchorEverySeconds: 10 };
  const file = path.join(folder, "settings.json");
  writeJsonAtomically(file, { ...daemonNetwork(devnet.state), relayer });
  const url = `http://127.0.0.1:${port}`;
  return devnet.startService({ kind: "relayer", name: NAME, script: "scripts/relayer/index.ts", args: [file], url });
}

/** Waits until a relayer works. */
export function untilRelayerReady(child: Child, port: number, signal: AbortSignal | undefined): Promise<void> {
  return untilReady(child, `http://127.0.0.1:${port}/healthz`, signal);
}
