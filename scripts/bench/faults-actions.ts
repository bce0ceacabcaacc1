import { quantity } from "../chain/blocks.ts";
import type { Site, World } from "../demo/world.ts";
import { siteAt, until } from "../demo/world.ts";
import type { Child } from "../devnet/children.ts";
import { freePort } from "../devnet/children.ts";
import type { Devnet } from "../devnet/devnet.ts";
import { restartEndpoints } from "../devnet/endpoints.ts";
import type { Faults } from "../devnet/faults.ts";
import { NO_FAULTS } from "../devnet/faults.ts";
import { startGuardian } from "../devnet/guardians.ts";
import { startRelayer } from "../devnet/relayer.ts";
import { untilReady } from "../devnet/ready.ts";
import type { Field } from "./bench-network.ts";
import type { FaultAction } from "./faults-plan.ts";

/** Accounts of the relayers, by their names. */
export const RELAYERS: Readonly<Record<string, number>> = { relayer: 6, relayer2: 13 };

/** Everything that can be killed and started again, and what is wrong at the moment. */
export interface Injector {
  readonly services: readonly string[];
  /** Messages in blocks that reorgs have removed. */
  readonly removed: Set<string>;
  startRelayers(): Promise<void>;
  apply(action: FaultAction, step: number): Promise<void>;
  /** Ends what was to last until this step. */
  advance(step: number): Promise<void>;
  /** Everything is well again, and freshly started: nodes, endpoints, guardians and relayers. */
  restartAll(): Promise<void>;
}

interface State {
  readonly world: World;
  readonly devnet: Devnet;
  readonly ports: Map<string, number>;
  readonly removed: Set<string>;
  /** What ends at which step. */
  pending: { readonly until: number; readonly key: string; readonly end: () => Promise<void> }[];
}

export async function createInjector({ world, devnet }: Field): Promise<Injector> {
  const ports = new Map<string, number>();
  for (const { name, kind, url } of devnet.state.services)
    if (kind === "guardian") ports.set(name, Number(new URL(url ?? "").port));
  for (const name of Object.keys(RELAYERS)) ports.set(name, await freePort());
  const state: State = { world, devnet, ports, removed: new Set(), pending: [] };
  return {
    services: [...ports.keys()],
    removed: state.removed,
    startRelayers: () => startAll(state, Object.keys(RELAYERS)),
    apply: (action, step) => apply(state, action, step),
    advance: (step) => endUntil(state, step),
    async restartAll() {
      await endUntil(state, Infinity);
      for (const name of ports.keys()) kill(state, name);
      kill(state, "rpc-endpoints");
      await devnet.restartNodes();
      await restartEndpoints(devnet);
      await startAll(state, [...ports.keys()]);
    },
  };
}

async function endUntil(state: State, step: number): Promise<void> {
  const due = state.pending.filter(({ until: at }) => at <= step);
  state.pending = state.pending.filter(({ until: at }) => at > step);
  for (const { end } of due) await end();
}

async function apply(state: State, action: FaultAction, step: number): Promise<void> {
  switch (action.kind) {
    case "kill": {
      const { service } = action;
      if (state.pending.some(({ key }) => key === service)) return;
      kill(state, service);
      hold(state, service, step + action.steps, async () => {
        await start(state, service);
      });
      return;
    }
    case "endpoint":
    case "outage":
      return spoil(state, action, step);
    case "reorg":
      return reorganise(state, siteAt(state.world, action.rollup), action.depth);
    case "restart": {
      const up = [...state.ports.keys()].filter((name) => !state.pending.some(({ key }) => key === name));
      for (const name of up) kill(state, name);
      kill(state, "rpc-endpoints");
      await restartEndpoints(state.devnet);
      for (const name of up) await start(state, name);
    }
  }
}

function hold(state: State, key: string, until: number, end: () => Promise<void>): void {
  state.pending.push({ key, until, end });
}

async function spoil(
  state: State,
  action: Extract<FaultAction, { kind: "endpoint" | "outage" }>,
  step: number,
): Promise<void> {
  const key = `rpc ${action.rollup}`;
  // One at a time: what two of three endpoints tell together is believed.
  if (state.pending.some((other) => other.key === key)) return;
  const urls = state.devnet.state.rollups[action.rollup]?.rpc ?? [];
  const chosen = action.kind === "outage" ? urls : urls.slice(action.endpoint, action.endpoint + 1);
  for (const url of chosen) await control(url, action.faults);
  hold(state, key, step + action.steps, async () => {
    for (const url of chosen) await control(url, NO_FAULTS);
  });
}

async function control(url: string, faults: Partial<Faults>): Promise<void> {
  const body = JSON.stringify(faults);
  const answer = await fetch(`${url}/control`, { method: "PUT", body, signal: AbortSignal.timeout(30_000) });
  if (!answer.ok) throw new Error(`${url} does not take faults: ${await answer.text()}`);
}

/** Replaces the newest blocks by empty ones; nothing is mined meanwhile. */
async function reorganise({ removed }: State, site: Site, depth: number): Promise<void> {
  const { node, observer, blockTimeMs } = site;
  await node.rpc("evm_setIntervalMining", 0);
  try {
    const head = quantity(await node.rpc("eth_blockNumber"));
    await until(
      { signal: AbortSignal.timeout(60_000) },
      `${site.name} is observed`,
      60_000,
      () => observer.block >= head,
    );
    const from = head - depth + 1;
    for (const [id, { message }] of observer.sent) if (message.blockNumber >= from) removed.add(id);
    await node.rpc("anvil_reorg", depth, []);
    observer.forgetFrom(from);
  } finally {
    await node.rpc("evm_setIntervalMining", blockTimeMs / 1_000);
  }
}

function kill({ devnet }: State, name: string): void {
  const entry = devnet.state.services.find((service) => service.name === name);
  if (entry === undefined) return;
  try {
    process.kill(entry.process.pid, "SIGKILL");
  } catch {
    // It is dead already.
  }
}

function start({ devnet, ports }: State, name: string): Promise<Child> {
  const port = ports.get(name) ?? 0;
  const account = RELAYERS[name];
  if (account === undefined) return startGuardian(devnet, Number(name.replace(/\D/g, "")) - 1, port);
  return startRelayer(devnet, port, { name, account });
}

async function startAll(state: State, names: readonly string[]): Promise<void> {
  const started = await Promise.all(names.map(async (name) => ({ name, child: await start(state, name) })));
  for (const { name, child } of started) {
    const url = `http://127.0.0.1:${state.ports.get(name) ?? 0}/healthz`;
    await untilReady(child, url, state.world.signal);
  }
}
