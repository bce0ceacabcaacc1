import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import net from "node:net";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { delay } from "../chain/tasks.ts";
import type { ProcessRecord } from "./processes.ts";
import { endProcess, forgetProcess, identify, recordProcess } from "./processes.ts";

/**
 * Runs a command whose life ends with ours: when our end of its standard input closes, which the system sees to even
 * after SIGKILL, the command is terminated and its folder removed. Prints the command's process number first.
 */
const GUARD = `
trap '' INT TERM HUP
exec 3<&0
"$@" 3<&- </dev/null &
child=$!
echo "pid $child"
{ read -r _ <&3; kill -TERM "$child" 2>/dev/null; } >/dev/null 2>&1 &
watcher=$!
wait "$child"
code=$?
kill -KILL "$watcher" 2>/dev/null
if [ -n "$GUARD_FOLDER" ]; then rm -rf "$GUARD_FOLDER"; fi
exit $code
`;

export interface ChildOptions {
  readonly label: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where it is recorded while it runs. */
  readonly processFolder: string;
  /** A temporary folder of its own, removed when it ends. */
  readonly folder?: string | undefined;
  /** File for its output: it then outlives us, until it is stopped. Without: it ends with us. */
  readonly detachedLog?: string | undefined;
}

export interface Child {
  readonly pid: number;
  readonly record: ProcessRecord;
  /** True once it has ended, for whatever reason. */
  readonly ended: boolean;
  /** The end of what it wrote, for error messages. */
  output(): string;
  /** SIGTERM, SIGKILL after a while, and no trace left. */
  stop(): Promise<void>;
}

const OUTPUT_KEPT = 4_000;

/** Starts a command, recorded so that nothing is left behind whatever happens to us. */
export async function startChild(options: ChildOptions): Promise<Child> {
  return options.detachedLog === undefined ? startGuarded(options) : startDetached(options, options.detachedLog);
}

async function startGuarded(options: ChildOptions): Promise<Child> {
  const { label, command, args, folder } = options;
  const env = { ...options.env, GUARD_FOLDER: folder ?? "" };
  // A group of its own: Ctrl-C on the terminal reaches us, and we stop it in order.
  const guard = spawn("sh", ["-c", GUARD, label, command, ...args], { env, detached: true, stdio: "pipe" });
  let output = "";
  const keep = (part: Buffer): void => {
    output = (output + part.toString()).slice(-OUTPUT_KEPT);
  };
  guard.stdout.on("data", keep);
  guard.stderr.on("data", keep);
  guard.stdin.on("error", () => undefined);
  const state = { ended: false };
  const exited = new Promise<void>((resolve) => {
    const end = (): void => {
      state.ended = true;
      resolve();
    };
    guard.once("error", end);
    guard.once("close", end);
  });
  const pid = await pidFrom(guard, exited, label, () => output);
  const record = note(options, pid, identify(process.pid) ?? null);
  return {
    pid,
    record,
    get ended() {
      return state.ended;
    },
    output: () => output.trim(),
    async stop() {
      guard.stdin.end();
      await Promise.race([exited, delay(3_000)]);
      await endProcess(options.processFolder, record, 0);
      await Promise.race([exited, delay(2_000)]);
    },
  };
}

async function pidFrom(
  guard: ChildProcess,
  exited: Promise<void>,
  label: string,
  output: () => string,
): Promise<number> {
  const deadline = performance.now() + 5_000;
  for (;;) {
    const pid = /^pid (\d+)$/m.exec(output())?.[1];
    if (pid !== undefined) return Number(pid);
    await Promise.race([exited, delay(5)]);
    if (guard.exitCode === null && performance.now() < deadline) continue;
    guard.stdin?.end();
    throw new MetalayerError("DEVNET_PROCESS", `${label} could not be started: ${output().trim()}`, { label });
  }
}

function startDetached(options: ChildOptions, logFile: string): Child {
  const { command, args, env, label } = options;
  const log = openSync(logFile, "a", 0o600);
  const child = spawn(command, args, { env, detached: true, stdio: ["ignore", log, log] });
  closeSync(log);
  const state = { ended: false };
  child.once("error", () => (state.ended = true));
  child.once("exit", () => (state.ended = true));
  child.unref();
  if (child.pid === undefined)
    throw new MetalayerError("DEVNET_PROCESS", `${label} could not be started.`, { label, command });
  const record = note(options, child.pid, null);
  return {
    pid: child.pid,
    record,
    get ended() {
      return state.ended;
    },
    output: () => `see ${logFile}`,
    stop: () => endProcess(options.processFolder, record),
  };
}

function note(options: ChildOptions, pid: number, owner: ProcessRecord["owner"]): ProcessRecord {
  const folders = options.folder === undefined ? [] : [options.folder];
  const identity = identify(pid);
  const record = { process: identity ?? { pid, started: "ended" }, label: options.label, owner, folders };
  if (identity === undefined) forgetProcess(options.processFolder, record);
  else recordProcess(options.processFolder, record);
  return record;
}

/** A port that nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === "object" && address !== null) resolve(address.port);
        else reject(new Error("no port was given"));
      });
    });
  });
}
