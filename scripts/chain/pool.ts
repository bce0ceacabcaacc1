import { MetalayerError } from "../../sdk/src/errors.ts";
import { bigQuantity, parseBlock } from "./blocks.ts";
import type { CallOptions, Endpoint, RpcCall, RpcOutcome, RpcStats } from "./endpoint.ts";
import type { Health, HealthRules } from "./health.ts";
import { isStale, lagOf, newHealth, rank, recordFailure, recordSuccess } from "./health.ts";
import { race } from "./race.ts";
import { isEndpointFault } from "./rpc-errors.ts";

export interface SessionOptions {
  readonly signal?: AbortSignal | undefined;
  /** Ask the next endpoint too when the first has not answered by then; false only after a failure. */
  readonly hedgeMs?: number | false;
  /** Endpoints (by label) that must not be used, for a second opinion. */
  readonly except?: readonly string[];
}

export interface EndpointHealth {
  readonly label: string;
  readonly chain: "unknown" | "right" | "wrong";
  readonly head: number | undefined;
  readonly lag: number;
  readonly stale: boolean;
  readonly resting: boolean;
  readonly errorRate: number;
}

/** The RPC endpoints of one rollup. Reads fail over; nothing is shared between rollups. */
export interface RpcPool {
  readonly rollup: string;
  readonly chainId: bigint;
  readonly blockTimeMs: number;
  readonly endpoints: readonly Endpoint[];
  /** One call. What changes something is sent to one endpoint at a time. Throws RPC_ALL_FAILED or the node's error. */
  request(method: string, params: readonly unknown[], options?: CallOptions & SessionOptions): Promise<unknown>;
  /** Several calls, answered by one endpoint. A call that the endpoint cannot serve makes the next one answer them all. */
  batch(calls: readonly RpcCall[], options?: CallOptions & SessionOptions): Promise<readonly RpcOutcome[]>;
  /** Several steps that must see one node's view: all run on one endpoint, and again on the next if that one fails. */
  session<T>(task: (endpoint: Endpoint, signal: AbortSignal) => Promise<T>, options?: SessionOptions): Promise<T>;
  /** Asks every endpoint for chain id and head now, and waits for the answers. */
  probe(): Promise<void>;
  health(): readonly EndpointHealth[];
  /** Sums over the endpoints. */
  stats(): RpcStats;
  close(): void;
}

export interface PoolOptions {
  /** Name for messages. */
  readonly rollup: string;
  readonly chainId: bigint;
  readonly blockTimeMs: number;
  readonly endpoints: readonly Endpoint[];
  /** Default 500 ms. */
  readonly hedgeMs?: number;
  /** How long the same healthy endpoint stays first. Default 10,000 ms. */
  readonly rotateMs?: number;
  /** How often, under traffic, the endpoints' heads are compared. Default twice the block time, at least 1,000 ms. */
  readonly probeMs?: number;
  /** Default: what 2 seconds bring, at least 2 blocks. */
  readonly maxLag?: number;
  /** Milliseconds that only grow, and the wall clock; for tests. */
  readonly now?: () => number;
  readonly wallClock?: () => number;
}

interface PoolState {
  readonly options: Required<PoolOptions>;
  readonly rules: HealthRules;
  readonly all: readonly Health[];
  /** The probe under way of each endpoint, at most one. True: it serves the right chain. */
  readonly probing: Map<Health, Promise<boolean>>;
}

const CHANGES_SOMETHING = /^(eth_send|personal_|anvil_|hardhat_|evm_|debug_set)/;

export function createPool(options: PoolOptions): RpcPool {
  if (options.endpoints.length === 0)
    throw new MetalayerError("CONFIG_NO_RPC", `No RPC URL is configured for ${options.rollup}.`, {
      rollup: options.rollup,
    });
  const full: Required<PoolOptions> = {
    hedgeMs: 500,
    rotateMs: 10_000,
    probeMs: Math.max(1_000, 2 * options.blockTimeMs),
    maxLag: Math.max(2, Math.ceil(2_000 / options.blockTimeMs)),
    now: () => performance.now(),
    wallClock: () => Date.now(),
    ...options,
  };
  const rules = { maxLag: full.maxLag, freshMs: 4 * full.blockTimeMs + 1_000 };
  const state: PoolState = { options: full, rules, all: options.endpoints.map(newHealth), probing: new Map() };
  const session: RpcPool["session"] = (task, given = {}) => runSession(state, task, given);
  return {
    rollup: full.rollup,
    chainId: full.chainId,
    blockTimeMs: full.blockTimeMs,
    endpoints: full.endpoints,
    session,
    request: (method, params, given = {}) =>
      session(
        (endpoint, signal) => endpoint.request(method, params, { signal, timeoutMs: given.timeoutMs }),
        careful([{ method, params }], given),
      ),
    batch: (calls, given = {}) =>
      session(
        (endpoint, signal) => batchOn(endpoint, calls, { signal, timeoutMs: given.timeoutMs }),
        careful(calls, given),
      ),
    probe: () => probeAll(state),
    health: () => state.all.map((health) => describe(state, health)),
    stats: () => sumStats(full.endpoints),
    close: () => full.endpoints.forEach((endpoint) => endpoint.close()),
  };
}

/** What changes something goes to one endpoint at a time. */
function careful(calls: readonly RpcCall[], given: SessionOptions): SessionOptions {
  return calls.some(({ method }) => CHANGES_SOMETHING.test(method)) ? { ...given, hedgeMs: false } : given;
}

async function batchOn(
  endpoint: Endpoint,
  calls: readonly RpcCall[],
  options: CallOptions,
): Promise<readonly RpcOutcome[]> {
  const outcomes = await endpoint.batch(calls, options);
  for (const outcome of outcomes) if (!outcome.ok && isEndpointFault(outcome.error)) throw outcome.error;
  return outcomes;
}

async function runSession<T>(
  state: PoolState,
  task: (endpoint: Endpoint, signal: AbortSignal) => Promise<T>,
  given: SessionOptions,
): Promise<T> {
  await refresh(state);
  const failures: unknown[] = [];
  const tried = new Set<Health>();
  for (;;) {
    const candidates = candidatesFor(state, given.except ?? []).filter((health) => !tried.has(health));
    if (candidates.length === 0) throw allFailed(state, failures);
    candidates.forEach((health) => tried.add(health));
    const answer = await raceFor(state, candidates, task, given, failures);
    if (answer !== undefined) return answer.value;
    // While these failed, endpoints that had not introduced themselves before may have done so.
    const unknown = state.all.filter(({ chain }) => chain === "unknown");
    await Promise.all(unknown.flatMap((health) => state.probing.get(health) ?? []));
  }
}

function candidatesFor(state: PoolState, except: readonly string[]): Health[] {
  const { now, wallClock, rotateMs } = state.options;
  const clock = { now: now(), wall: wallClock(), turn: Math.floor(now() / rotateMs) };
  return rank(state.all, state.rules, clock).filter(({ endpoint }) => !except.includes(endpoint.label));
}

/** The answer of the first candidate that has one; undefined, with the reasons noted, if none has. */
async function raceFor<T>(
  state: PoolState,
  candidates: readonly Health[],
  task: (endpoint: Endpoint, signal: AbortSignal) => Promise<T>,
  given: SessionOptions,
  failures: unknown[],
): Promise<{ readonly value: T } | undefined> {
  const { now, hedgeMs } = state.options;
  return race(candidates, async (health, signal) => ({ value: await task(health.endpoint, signal) }), {
    hedgeMs: given.hedgeMs === false ? undefined : (given.hedgeMs ?? hedgeMs),
    signal: given.signal,
    onSuccess: recordSuccess,
    onFailure: (health) => recordFailure(health, now()),
    onExhausted: (reasons) => void failures.push(...reasons),
  });
}

function allFailed(state: PoolState, failures: readonly unknown[]): MetalayerError {
  const { rollup, chainId } = state.options;
  const causes = failures.map((failure) => (failure instanceof Error ? failure.message : String(failure)));
  const wrong = state.all.filter(({ chain }) => chain === "wrong").map(({ endpoint }) => endpoint.label);
  const unknown = state.all.filter(({ chain }) => chain === "unknown").map(({ endpoint }) => endpoint.label);
  if (wrong.length > 0) causes.push(`${wrong.join(", ")} serve another chain than ${chainId}`);
  if (unknown.length > 0) causes.push(`${unknown.join(", ")} never answered eth_chainId`);
  const message = `No RPC endpoint of ${rollup} gave a usable answer: ${causes.join("; ") || "none was left to ask"}`;
  return new MetalayerError("RPC_ALL_FAILED", message, { rollup, causes });
}

/** Compares the endpoints' heads from time to time. Only the very first time somebody waits, until one has answered. */
async function refresh(state: PoolState): Promise<void> {
  const { now, probeMs } = state.options;
  for (const health of state.all) if (now() - health.lastProbe >= probeMs) void probeOnce(state, health);
  if (state.all.some(({ chain }) => chain === "right")) return;
  const firstRight = [...state.probing.values()].map(async (probe) => {
    if (!(await probe)) throw new Error("not usable");
  });
  await Promise.any(firstRight).catch(() => undefined);
}

async function probeAll(state: PoolState): Promise<void> {
  await Promise.all(state.all.map((health) => probeOnce(state, health)));
}

function probeOnce(state: PoolState, health: Health): Promise<boolean> {
  const running = state.probing.get(health);
  if (running !== undefined) return running;
  const probe = probeOne(state, health).finally(() => state.probing.delete(health));
  state.probing.set(health, probe);
  return probe;
}

/** True if the endpoint is of the right chain. Never throws. */
async function probeOne(state: PoolState, health: Health): Promise<boolean> {
  const { now, chainId, hedgeMs } = state.options;
  const started = now();
  health.lastProbe = started;
  try {
    const [chain, block] = await health.endpoint.batch([
      { method: "eth_chainId", params: [] },
      { method: "eth_getBlockByNumber", params: ["latest", false] },
    ]);
    if (chain?.ok !== true || block?.ok !== true) throw new Error("no usable answer");
    health.chain = bigQuantity(chain.result) === chainId ? "right" : "wrong";
    health.head = parseBlock(block.result);
    if (now() - started > hedgeMs) recordFailure(health, now());
    else recordSuccess(health);
  } catch {
    recordFailure(health, now());
  }
  return health.chain === "right";
}

function describe(state: PoolState, health: Health): EndpointHealth {
  const { now, wallClock } = state.options;
  return {
    label: health.endpoint.label,
    chain: health.chain,
    head: health.head?.number,
    lag: lagOf(health, state.all),
    stale: isStale(health, state.all, state.rules, wallClock()),
    resting: health.coolUntil > now(),
    errorRate: health.errorRate,
  };
}

function sumStats(endpoints: readonly Endpoint[]): RpcStats {
  const sum = { requests: 0, calls: 0, failures: 0 };
  for (const { stats } of endpoints) {
    sum.requests += stats.requests;
    sum.calls += stats.calls;
    sum.failures += stats.failures;
  }
  return sum;
}
