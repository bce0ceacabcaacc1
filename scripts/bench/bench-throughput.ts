import { delay } from "../chain/tasks.ts";
import { messageCall } from "../demo/calls.ts";
import type { Site, World } from "../demo/world.ts";
import { siteAt, until } from "../demo/world.ts";
import type { Field, FieldOptions, RunningRelayer } from "./bench-network.ts";
import { openField, runRelayer, sendMany, spreadBlocks } from "./bench-network.ts";

/** What one relayer makes of a queue that was there before it started. */
export interface ThroughputResult {
  /** Each with one lane to the next of them. */
  readonly rollups: number;
  readonly messages: number;
  /** From the first delivering block to the last one, and one block's time for what the first holds. */
  readonly perSecond: number;
  /** From the start of the relayer's process to the last delivering block. */
  readonly seconds: number;
  readonly peakMb: number;
  readonly requestsPerMessage: number;
}

/** A burst into a network with a relayer that runs. */
export interface BurstResult {
  readonly rollups: number;
  readonly messages: number;
  readonly arrived: number;
  /** From the first block with one of them to the block that delivered the last. */
  readonly seconds: number;
  readonly steadyMb: number;
  readonly peakMb: number;
  /** Everything that the relayer asks from the first to the last of them. */
  readonly requestsPerMessage: number;
}

type LoadOptions = Pick<FieldOptions, "root" | "signal" | "note"> & {
  readonly rollups: number;
  readonly messages: number;
};

const GUARDIANS = 4;
const BLOCK_MS = 1_000;
const ACCOUNT = 7;
const LIMIT_MS = 300_000;
const SETTLE_MS = 5_000;

type Lane = readonly [src: Site, dst: Site];

/** A ring of lanes; a single rollup sends to another one that sends nothing. */
function ringOf({ sites }: World, rollups: number): Lane[] {
  return sites.slice(0, rollups).map((src, index) => [src, siteAt({ sites }, (index + 1) % sites.length)] as const);
}

/** Sends these many messages over the lanes and waits until all are in blocks. */
async function load(world: World, lanes: readonly Lane[], messages: number): Promise<void> {
  const before = world.sites.reduce((sum, { observer }) => sum + observer.sent.size, 0);
  const each = Math.ceil(messages / lanes.length);
  await Promise.all(
    lanes.map(([src, dst]) => {
      const calls = Array.from({ length: each }, (_, index) =>
        messageCall(src, dst, dst.mailboxes.final, `load ${index}`.padEnd(32)),
      );
      return sendMany(src, ACCOUNT, calls);
    }),
  );
  await until(world, `${messages} messages are sent`, LIMIT_MS, () => {
    return world.sites.reduce((sum, { observer }) => sum + observer.sent.size, 0) - before >= each * lanes.length;
  });
}

function deliveredBy({ sites }: World): number {
  return sites.reduce((sum, { observer }) => sum + observer.delivered.size, 0);
}

function arrivalsOf({ sites }: World, from = 0): number[] {
  const all = sites.flatMap(({ observer }) => [...observer.delivered.values()].map(({ arrivedAt }) => arrivedAt));
  return all.filter((at) => at >= from).sort((a, b) => a - b);
}

export async function measureThroughput(options: LoadOptions): Promise<ThroughputResult> {
  const field = await openLoadField(options);
  try {
    const { world, devnet } = field;
    const lanes = ringOf(world, options.rollups);
    await load(world, lanes, options.messages);
    await delay(3 * BLOCK_MS, world.signal);
    const total = world.sites.reduce((sum, { observer }) => sum + observer.sent.size, 0);
    const relayer = await runRelayer(devnet, world.signal);
    await until(world, "all are delivered", LIMIT_MS, () => deliveredBy(world) >= total);
    const arrivals = arrivalsOf(world);
    const [first = 0, last = 0] = [arrivals[0], arrivals.at(-1)];
    return {
      rollups: options.rollups,
      messages: total,
      perSecond: Math.round((1_000 * total) / (last - first + BLOCK_MS)),
      seconds: (last - relayer.startedAt) / 1_000,
      peakMb: relayer.memory().peakMb,
      requestsPerMessage: ((await relayer.metrics()).get("relayer_rpc_requests") ?? 0) / total,
    };
  } finally {
    await field.close();
  }
}

export async function measureBurst(options: LoadOptions): Promise<BurstResult> {
  const field = await openLoadField(options);
  try {
    const { world, devnet } = field;
    const relayer = await runRelayer(devnet, world.signal);
    await delay(SETTLE_MS, world.signal);
    const started = Date.now();
    const sending = load(world, ringOf(world, options.rollups), options.messages);
    const arrived = (): number => deliveredBy(world);
    const requests = await requestsDuring(relayer, async () => {
      await sending;
      await until(world, "all are delivered", LIMIT_MS, () => arrived() >= options.messages);
    });
    const sentAt = world.sites.flatMap(({ observer }) => [...observer.sent.values()].map(({ arrivedAt }) => arrivedAt));
    const seconds = ((arrivalsOf(world, started).at(-1) ?? started) - Math.min(...sentAt)) / 1_000;
    await delay(SETTLE_MS, world.signal);
    const { rssMb, peakMb } = relayer.memory();
    return {
      rollups: options.rollups,
      messages: options.messages,
      arrived: arrived(),
      seconds,
      steadyMb: rssMb,
      peakMb,
      requestsPerMessage: requests / options.messages,
    };
  } finally {
    await field.close();
  }
}

function openLoadField(options: LoadOptions): Promise<Field> {
  const rollups = Math.max(2, options.rollups);
  return openField({ ...options, rollups, blockTimeMs: BLOCK_MS, guardians: GUARDIANS, endpointsPerNode: 0 }).then(
    async (field) => {
      await spreadBlocks(field);
      return field;
    },
  );
}

async function requestsDuring(relayer: RunningRelayer, task: () => Promise<void>): Promise<number> {
  const read = async (): Promise<number> => (await relayer.metrics()).get("relayer_rpc_requests") ?? 0;
  const before = await read();
  await task();
  return (await read()) - before;
}
