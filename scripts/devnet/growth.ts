import type { Child } from "./children.ts";
import type { Devnet } from "./devnet.ts";
import { startEndpoints } from "./endpoints.ts";
import { announceAll, startGuardian, untilGuardianReady } from "./guardians.ts";
import { startRelayer, untilRelayerReady } from "./relayer.ts";
import { rollupPresets } from "./rollups.ts";
import type { DevnetRollup, DevnetService } from "./state.ts";

/** Starts the node of one more rollup beside those that run, with endpoints like theirs. Nothing is deployed there. */
export async function addRollup(devnet: Devnet): Promise<DevnetRollup> {
  const preset = rollupPresets(devnet.state.rollups.length + 1).at(-1);
  if (preset === undefined) throw new Error("presets for any number of rollups");
  await devnet.addNode(preset);
  if (devnet.options.endpointsPerNode > 0) await startEndpoints(devnet);
  return rollupNamed(devnet, preset.name);
}

/** What operators do about a new rollup: guardians announce there where they answer, and all of them and the relayer start again with it in their settings. */
export async function takeUpRollup(devnet: Devnet, rollup: DevnetRollup, signal: AbortSignal): Promise<void> {
  const guardians = servicesOf(devnet, "guardian");
  await announceAll([rollupNamed(devnet, rollup.name)], guardians.map(portOf));
  const relayers = servicesOf(devnet, "relayer");
  await Promise.all([...guardians, ...relayers].map(async ({ name }) => devnet.services.get(name)?.stop()));
  const restarted = guardians.map((service, index) => restart(service, startGuardian(devnet, index, portOf(service))));
  for (const { child, port } of await Promise.all(restarted)) await untilGuardianReady(child, port, signal);
  for (const service of relayers) {
    const { child, port } = await restart(service, startRelayer(devnet, portOf(service), { name: service.name }));
    await untilRelayerReady(child, port, signal);
  }
}

async function restart(service: DevnetService, started: Promise<Child>) {
  return { child: await started, port: portOf(service) };
}

function rollupNamed({ state }: Devnet, name: string): DevnetRollup {
  const found = state.rollups.find((rollup) => rollup.name === name);
  if (found === undefined) throw new Error(`no rollup ${name}`);
  return found;
}

/** Guardians in the order of their numbers. */
function servicesOf({ state }: Devnet, kind: DevnetService["kind"]): DevnetService[] {
  const found = state.services.filter((service) => service.kind === kind);
  const number = ({ name }: DevnetService): number => Number(name.replace(/\D/g, ""));
  return found.sort((a, b) => number(a) - number(b));
}

function portOf({ url }: DevnetService): number {
  return Number(new URL(url ?? "").port);
}
