import { quantity } from "../chain/blocks.ts";
import { delay } from "../chain/tasks.ts";
import { Mailbox__factory } from "../../typechain-types/factories/contracts/examples/Mailbox__factory.js";
import { fundSenders } from "../demo/chapters/core/fund.ts";
import type { Site, World } from "../demo/world.ts";
import { ACTORS, siteAt } from "../demo/world.ts";
import { openField, sendMany, spreadBlocks } from "./bench-network.ts";
import type { Field } from "./bench-network.ts";
import type { Injector } from "./faults-actions.ts";
import { createInjector, RELAYERS } from "./faults-actions.ts";
import type { FaultFinding } from "./faults-audit.ts";
import { auditFaults, openMessages } from "./faults-audit.ts";
import { describeAction, planFaults } from "./faults-plan.ts";
import { sendStep, slowdownOf } from "./faults-traffic.ts";

export interface FaultRunOptions {
  readonly root: string;
  readonly seed: number;
  /** Steps with faults; each lasts two blocks. */
  readonly steps: number;
  readonly signal: AbortSignal;
  readonly note: (text: string) => void;
}

export interface FaultReport {
  readonly ok: boolean;
  readonly seed: number;
  readonly messages: number;
  readonly findings: readonly FaultFinding[];
}

const ROLLUPS = 3;
const GUARDIANS = 4;
const ENDPOINTS = 3;
const BLOCK_MS = 1_000;
const SLOTS = 2;
/** Final blocks lie twice the slots below the newest; a reorg stays above them. */
const SOFT_BLOCKS = 2 * SLOTS - 1;
const BLOCKS_PER_STEP = 2;
const CALM_STEPS = 4;
/** Blocks in which everything must have arrived after everything works again. */
const LAST_BLOCKS = 240;
/** Granularity of a median in blocks. */
const BLOCK = 1;

/** Runs a plan of faults against a network of real processes under traffic, lets it recover, and looks at everything. */
export async function runFaults(options: FaultRunOptions): Promise<FaultReport> {
  const { root, seed, signal, note } = options;
  const shape = { rollups: ROLLUPS, guardians: GUARDIANS, endpointsPerNode: ENDPOINTS };
  const blocks = { blockTimeMs: BLOCK_MS, slotsInAnEpoch: SLOTS, epochLength: 30n };
  const field = await openField({ root, signal, note, ...shape, ...blocks, keepStates: true });
  try {
    const injector = await createInjector(field);
    await injector.startRelayers();
    await spreadBlocks(field);
    await fundSenders(field.world);
    const slowdown = await calm(field);
    note(
      `in blocks, median of good messages: ${slowdown.withPoison.toFixed(1)} beside poison, ${slowdown.without.toFixed(1)} without`,
    );
    await disturb(field, injector, options);
    await recover(field, injector, note);
    const findings = [
      slowdownFinding(slowdown),
      ...(await auditFaults(field.world, injector.removed, Object.values(RELAYERS))),
    ];
    const { all } = await openMessages(field.world);
    return { ok: findings.every(({ ok }) => ok), seed, messages: all.length, findings };
  } finally {
    await field.close();
  }
}

/** Traffic with poison and nothing else that is wrong. */
async function calm({ world }: Field): Promise<ReturnType<typeof slowdownOf>> {
  for (let step = 0; step < CALM_STEPS; step++) {
    await sendStep(world, step);
    await blocksPass(world, BLOCKS_PER_STEP);
  }
  await blocksPass(world, 2 * SLOTS + 4);
  return slowdownOf(world);
}

function slowdownFinding({ withPoison, without }: ReturnType<typeof slowdownOf>): FaultFinding {
  const isMeasured = withPoison > 0 && without > 0;
  return {
    what: "poison slows good messages at most to twice their time",
    ok: isMeasured && withPoison <= 2 * without + BLOCK,
    detail: `${withPoison.toFixed(1)} blocks beside poison, ${without.toFixed(1)} without`,
  };
}

async function disturb({ world }: Field, injector: Injector, { seed, steps, note }: FaultRunOptions): Promise<void> {
  const { services } = injector;
  const scope = { seed, steps, rollups: ROLLUPS, endpointsPerNode: ENDPOINTS, services, softBlocks: SOFT_BLOCKS };
  for (const [step, actions] of planFaults(scope).entries()) {
    await injector.advance(step);
    await sendStep(world, CALM_STEPS + step);
    for (const action of actions) {
      note(`step ${step + 1} of ${steps}: ${describeAction(action)}`);
      await injector.apply(action, step);
    }
    await blocksPass(world, BLOCKS_PER_STEP);
  }
}

/** Mends the recipients, starts everything again, and waits until there is nothing left to deliver. */
async function recover({ world }: Field, injector: Injector, note: (text: string) => void): Promise<void> {
  await Promise.all(world.sites.map(mend));
  await blocksPass(world, 1);
  note("recipients are mended; every node, endpoint, guardian and relayer is stopped and started again");
  await injector.restartAll();
  // A reorg right before may have taken the mending back with its block.
  await Promise.all(world.sites.map(mend));
  for (let left = LAST_BLOCKS; left > 0; left--) {
    const { all, open } = await openMessages(world);
    if (open.length === 0) {
      note(`all ${all.length} messages are delivered`);
      return;
    }
    if (left % 10 === 0) note(`${open.length} of ${all.length} messages are not delivered yet`);
    await blocksPass(world, 1);
  }
}

async function mend(site: Site): Promise<void> {
  const data = Mailbox__factory.createInterface().encodeFunctionData("setClosed", [false]);
  await sendMany(site, ACTORS.treasurer, [{ to: site.mailboxes.shy, data }]);
}

const LOOK_MS = 50;
/** Looks at the chain until it counts as dead. */
const MOST_LOOKS = 2_400;

/** Waits for blocks of home. A reorg does not turn the count back. */
async function blocksPass(world: World, blocks: number): Promise<void> {
  const { node } = siteAt(world, 0);
  const height = async (): Promise<number> => quantity(await node.rpc("eth_blockNumber"));
  const start = await height();
  for (let looks = MOST_LOOKS; (await height()) < start + blocks; looks--) {
    if (looks === 0) throw new Error("home makes no blocks");
    await delay(LOOK_MS, world.signal);
  }
}
