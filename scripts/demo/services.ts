import { startGuardian, untilGuardianReady } from "../devnet/guardians.ts";
import type { DevnetService } from "../devnet/state.ts";
import type { World } from "./world.ts";

/** All of a kind, in the order in which they were started. Throws if there is none. */
export function servicesOf({ devnet }: World, kind: DevnetService["kind"]): [DevnetService, ...DevnetService[]] {
  const [first, ...rest] = devnet.state.services.filter((service) => service.kind === kind);
  if (first === undefined) throw new Error(`no ${kind} runs`);
  return [first, ...rest];
}

/** SIGKILL, which leaves it no time for anything. */
export function killService({ process: running }: DevnetService): void {
  process.kill(running.pid, "SIGKILL");
}

export function portOf({ url }: DevnetService): number {
  return Number(new URL(url ?? "").port);
}

/** Starts a guardian that was killed, with its key and its record, and waits until it can sign. */
export async function reviveGuardian({ devnet, signal }: World, guardian: DevnetService): Promise<void> {
  const index = Number(guardian.name.replace(/\D/g, "")) - 1;
  const child = await startGuardian(devnet, index, portOf(guardian));
  await untilGuardianReady(child, portOf(guardian), signal);
}
