import { JsonRpcProvider } from "ethers";
import { pino } from "pino";
import { encodeBatches, TAG_MESSAGE, type BatchEntry } from "../../sdk/src/batch.ts";
import { hashText, ZERO_HASH, type Address, type Hex } from "../../sdk/src/bytes.ts";
import { CLASS_FINAL, type HeadFact, type LaneFact } from "../../sdk/src/fact.ts";
import { chainHeads, KIND_MESSAGE, messageHash, type Message } from "../../sdk/src/message.ts";
import { laneId } from "../../sdk/src/route.ts";
import { treeRoot } from "../../sdk/src/tree.ts";
import { createNetwork, type TestNetwork, type TestRollup } from "../../sdk/src/testkit/index.ts";
import type { Anvil } from "../../scripts/devnet/anvil.ts";
import { startAnvil } from "../../scripts/devnet/anvil.ts";
import { startFaultyProxy, type FaultyProxy } from "../../scripts/devnet/faulty-proxy.ts";
import type { Alert } from "../../scripts/watch/alerts.ts";
import { watchSchema } from "../../scripts/watch/config.ts";
import { createPosts, stopSenders, type Post } from "../../scripts/watch/post.ts";
import { openRecord } from "../../scripts/guardian/record.ts";
import { createWatch, type WatchService } from "../../scripts/watch/service.ts";
import { devWallet, until } from "../helpers/daemonNetwork.ts";
import { hashOf, include, laneTruth, members, send, type World } from "../slashing/world.ts";

const FIRST_CHAIN_ID = 9_301;
const FINALITY_BLOCKS = 2;
const BLOCK_MS = 120;
/** Of all guardians: a quorum, and enough honest ones are left for a table. */
export const GUARDIANS = 13;
export const LIARS = [0, 1, 2, 3, 4, 5, 6, 7, 8] as const;

/** Real contracts on real nodes: rollups A and B (and more), several blocks a second, three endpoints in front of each node. */
export interface WatchedNetwork {
  readonly world: World;
  readonly net: TestNetwork;
  readonly nodes: readonly Anvil[];
  readonly endpoints: readonly (readonly FaultyProxy[])[];
  settings(extra?: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
  mineAll(): Promise<void>;
  /** Stops making blocks on one rollup, until the function that it returns is called. */
  hold(index: number): () => Promise<void>;
  /** Remembers all rollups; the function that it returns goes back there, as often as wanted. */
  remember(): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

export async function startWatchedNetwork(rollups = 2): Promise<WatchedNetwork> {
  const names = Array.from({ length: rollups }, (_, index) => `watched${index}`);
  const nodes = await Promise.all(names.map((name, index) => startAnvil({ name, chainId: FIRST_CHAIN_ID + index })));
  const endpoints = await Promise.all(
    nodes.map(({ url }) => Promise.all([1, 2, 3].map((seed) => startFaultyProxy({ upstream: url, seed })))),
  );
  const options = { staticNetwork: true, pollingInterval: 25, cacheTimeout: -1 };
  const providers = nodes.map(({ url, chainId }) => new JsonRpcProvider(url, chainId, options));
  const net = await createNetwork({
    rollups: providers.map((provider) => devWallet(0, provider)),
    guardians: GUARDIANS,
  });
  const [a, b] = net.rollups;
  if (a === undefined || b === undefined) throw new Error("two rollups are needed");
  const world: World = { net, connections: [], a, b, lane: await net.client.lane(a.chainId, b.chainId) };
  const held = new Set<Anvil>();
  const mineAll = async (): Promise<void> => {
    await Promise.all(nodes.filter((node) => !held.has(node)).map((node) => node.rpc("evm_mine")));
  };
  // Deployments take different times: clocks are to go alike.
  const alignClocks = async (): Promise<void> => {
    const blocks = await Promise.all(providers.map((provider) => provider.getBlock("latest")));
    const next = Math.max(...blocks.map((block) => block?.timestamp ?? 0)) + 5;
    await Promise.all(nodes.map((node) => node.rpc("evm_setNextBlockTimestamp", next)));
    await mineAll();
  };
  await alignClocks();
  await Promise.all(nodes.map((node) => node.rpc("evm_setAutomine", false)));
  const timer = setInterval(() => void mineAll().catch(() => undefined), BLOCK_MS);
  return {
    ...{ world, net, nodes, endpoints, mineAll },
    hold(index) {
      nodes.slice(index, index + 1).forEach((node) => held.add(node));
      return async () => {
        held.clear();
        await alignClocks();
      };
    },
    settings: (extra = {}) => ({
      networkId: net.networkId,
      rollups: net.rollups.map((rollup, index) => settingsOf(rollup, names[index] ?? "", endpoints[index] ?? [])),
      watch: { logLevel: "silent", patienceMs: 4_000, ...extra },
    }),
    remember: () => remember(nodes, held),
    async close() {
      clearInterval(timer);
      providers.forEach((provider) => provider.destroy());
      await Promise.all(endpoints.flat().map((endpoint) => endpoint.close()));
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

async function remember(nodes: readonly Anvil[], held: Set<Anvil>): Promise<() => Promise<void>> {
  const snapshot = (): Promise<unknown[]> => Promise.all(nodes.map((node) => node.rpc("evm_snapshot")));
  let ids = await snapshot();
  return async () => {
    nodes.forEach((node) => held.add(node));
    await Promise.all(nodes.map((node, index) => node.rpc("evm_revert", ids[index])));
    ids = await snapshot();
    held.clear();
  };
}

function settingsOf(rollup: TestRollup, name: string, endpoints: readonly FaultyProxy[]) {
  const { gateway, guardianSet, stateRootInbox, anchorLog, guardianSlashing } = rollup;
  const at = { gateway, guardianSet, inbox: stateRootInbox, anchorLog, guardianSlashing };
  return {
    name,
    chainId: Number(rollup.chainId),
    rpc: endpoints.map(({ url }) => url),
    blockTimeMs: BLOCK_MS,
    finality: { kind: "depth", blocks: FINALITY_BLOCKS },
    contracts: Object.fromEntries(Object.entries(at).map(([key, contract]) => [key, contract.target])),
  };
}

/** A watchtower in this process with what it said. */
export interface TestWatch {
  readonly service: WatchService;
  readonly alerts: Alert[];
  /** Ends it, and lets go of everything. */
  stop(): Promise<void>;
}

/** Starts one with an account of its own; in a dry run into a folder. */
export function startWatch(
  network: WatchedNetwork,
  options: {
    readonly extra?: Readonly<Record<string, unknown>>;
    readonly folder?: string;
    readonly runs?: boolean;
  } = {},
): TestWatch {
  const alerts: Alert[] = [];
  const service = createWatch({
    config: watchSchema.parse(network.settings(options.extra)),
    secretKey: devWallet(5).privateKey as Hex, // CAST: ethers returns hex
    log: pino({ level: process.env["TEST_LOG"] ?? "silent" }, pino.destination(2)),
    onAlert: (alert) => alerts.push(alert),
    ...(options.folder === undefined ? {} : { dryRun: { folder: options.folder } }),
  });
  const stopping = new AbortController();
  const running = options.runs === false ? Promise.resolve() : service.run(stopping.signal);
  return {
    service,
    alerts,
    async stop() {
      stopping.abort();
      await running;
      await service.close();
    },
  };
}

/** What a watchtower acts with, for a test that acts itself, with an account of its own. */
export function openDesk(network: WatchedNetwork): { readonly posts: readonly Post[]; close(): Promise<void> } {
  const config = watchSchema.parse(network.settings());
  const record = openRecord(":memory:", { networkId: config.networkId, key: ZERO_HASH });
  const secretKey = devWallet(6).privateKey as Hex; // CAST: ethers returns hex
  const stopping = new AbortController();
  const posts = createPosts(config, record, secretKey, () => undefined, stopping.signal);
  return {
    posts,
    async close() {
      stopping.abort();
      await stopSenders(posts, 1_000);
      for (const { access } of posts) access.pool.close();
      record.close();
    },
  };
}

/** Sends messages from A to B and waits until they are in blocks. */
export async function sendMined({ world }: WatchedNetwork, count: number): Promise<void> {
  const { a, b } = world;
  const sent = async (): Promise<bigint> => (await a.gateway.outLane(b.chainId)).nonce;
  const before = await sent();
  await send(world, count);
  await until("the messages are in blocks", async () => (await sent()) === before + BigInt(count));
}

/** A message that nobody sent. */
function forged(nonce: bigint): Message & { readonly tag: typeof TAG_MESSAGE } {
  const account = (role: string): Address => `0x${hashText(`forged ${role} ${nonce}`).slice(26)}`;
  const said = { sender: account("sender"), recipient: account("recipient"), payload: "0x1234" as const };
  return { tag: TAG_MESSAGE, kind: KIND_MESSAGE, nonce, gasLimit: 50_000n, fee: 0n, ...said };
}

/** A fact about the lane A→B with messages to deliver under it. */
export interface Lie {
  readonly fact: LaneFact;
  readonly entries: readonly BatchEntry[];
  readonly gasBoost?: bigint;
}

/** Forged messages `from` to `to − 1` under a fact that leads on from the true head; with `change`, under another one. */
export async function forge(
  { world }: WatchedNetwork,
  from: bigint,
  to: bigint,
  change: Partial<LaneFact> = {},
): Promise<Lie> {
  const { lane } = world;
  const truth = await laneTruth(world);
  const entries = Array.from({ length: Number(to - from) }, (_, index) => forged(from + BigInt(index)));
  const hashes = entries.map((entry) => messageHash(lane.networkId, lane, entry));
  const headBefore = truth.headAt(from);
  const heads = { headBefore, headAt: chainHeads(headBefore, hashes), batchRoot: treeRoot(hashes) };
  const fact: LaneFact = {
    class: CLASS_FINAL,
    laneId: laneId(lane),
    from,
    to,
    ...heads,
    srcBlockHash: ZERO_HASH,
    ...change,
  };
  return { fact, entries };
}

/** What `relay` takes, all under one signature of these guardians. */
export function relayArgs(
  { world, net }: WatchedNetwork,
  lies: readonly Lie[],
  signers: readonly number[] = LIARS,
): [Hex, Hex] {
  const hashes = lies.map(({ fact }) => hashOf(net, fact));
  const parts = lies.map(({ fact, entries, gasBoost = 0n }, index) => {
    const others = lies.length === 1 ? {} : { others: hashes.filter((_, other) => other !== index) };
    const { attestation, proof: factProof } = include(net, fact, { signers, ...others });
    const { class: factClass, from, headBefore, headAt, srcBlockHash } = fact;
    const head = { class: factClass, srcChainId: world.lane.srcChainId, from, headBefore, headAt, srcBlockHash };
    const rest = { count: entries.length, first: 0, gasBoost, siblings: [], factProof, entries };
    return { attestation, batch: { ...head, ...rest } };
  });
  return [parts[0]?.attestation ?? "0x", encodeBatches(parts.map(({ batch }) => batch))];
}

/** Delivers on B and returns when it is in a block. */
export async function relay(network: WatchedNetwork, lie: Lie, signers?: readonly number[]): Promise<void> {
  const [attestation, batches] = relayArgs(network, [lie], signers);
  await (await network.world.b.gateway.relay(attestation, batches, { gasLimit: 3_000_000n })).wait();
}

/** Records on B what these guardians say about an anchor of A. */
export async function recordHead(
  { net, world }: WatchedNetwork,
  fact: HeadFact,
  signers: readonly number[] = LIARS,
): Promise<void> {
  const { attestation, proof } = include(net, fact, { signers });
  const siblings: Hex = `0x${proof.siblings.map((sibling) => sibling.slice(2)).join("")}`;
  const { stateRootInbox } = world.b;
  await (await stateRootInbox.recordHead(attestation, fact, proof.index, proof.count, siblings)).wait();
}

/** The newest anchor of A as it is. */
export async function anchorA({ world }: WatchedNetwork): Promise<HeadFact> {
  const { a } = world;
  await a.passTime(1);
  await (await a.anchorLog.anchor()).wait();
  const [anchorIndex, { number, blockHash }] = await a.anchorLog.latest();
  const stateRoot = await a.stateRootOf(blockHash);
  const place = { class: CLASS_FINAL, chainId: a.chainId, incarnation: 1n, anchorIndex } as const;
  return { ...place, number, blockHash: blockHash as Hex, stateRoot }; // CAST: a hash
}

/** How many of these guardians are frozen on a rollup. */
export async function frozenOn(rollup: TestRollup, net: TestNetwork, places: readonly number[]): Promise<number> {
  const all = members(net);
  const until = await Promise.all(places.map((place) => rollup.guardianSet.frozenUntil(all[place]?.operator ?? "")));
  return until.filter((time) => time !== 0n).length;
}
