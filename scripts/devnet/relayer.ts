import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { devAccount, PARTS } from "./accounts.ts";
import type { Child } from "./children.ts";
import { freePort } from "./children.ts";
import type { Devnet, DevnetStep } from "./devnet.ts";
import { writeJsonAtomically } from "./files.ts";
import { untilReady } from "./ready.ts";
import { daemonNetwork } from "./settings.ts";

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

export interface RelayerChoice {
  /** Default "relayer". */
  readonly name?: string;
  /** Index of its account. Default: the relayer's own. */
  readonly account?: number;
  /** Settings other than the usual ones. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** Starts a relayer, or starts it again after it was killed: it keeps nothing but its key. */
export function startRelayer(devnet: Devnet, port: number, choice: RelayerChoice = {}): Promise<Child> {
  const { name = "relayer", account = PARTS.relayer, settings = {} } = choice;
  const folder = path.join(devnet.options.folder, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const keyFile = path.join(folder, "key.json");
  writeFileSync(keyFile, JSON.stringify({ secretKey: devAccount(account).key }), { mode: 0o600 });
  const relayer = { keyFile, name, port, logLevel: "warn", anchorEverySeconds: 10, ...settings };
  const file = path.join(folder, "settings.json");
  writeJsonAtomically(file, { ...daemonNetwork(devnet.state), relayer });
  const url = `http://127.0.0.1:${port}`;
  return devnet.startService({ kind: "relayer", name, script: "scripts/relayer/index.ts", args: [file], url });
}

/** Waits until a relayer works. */
export function untilRelayerReady(child: Child, port: number, signal: AbortSignal | undefined): Promise<void> {
  return untilReady(child, `http://127.0.0.1:${port}/healthz`, signal);
}
