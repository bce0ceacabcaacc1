import { readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import type { Address } from "../../sdk/src/bytes.ts";
import type { Context } from "./command.ts";
import { CommandError } from "./command.ts";
import { describeError } from "./errors.ts";
import type { Connection } from "./connection.ts";
import { closeConnection, connect } from "./connection.ts";

const addressSchema = z.custom<Address>(
  (value) => typeof value === "string" && /^0x[0-9a-fA-F]{40}$/.test(value),
  "must be 0x and 40 hex digits",
);

const rollupSchema = z.object({
  name: z.string().min(1),
  chainId: z.int().positive(),
  rpc: z.array(z.url({ protocol: /^https?$/ })).min(1),
  blockTimeMs: z.number().positive().default(2_000),
  /** Block of the deployment: logs before it are not searched. */
  fromBlock: z.int().min(0).default(0),
  /** Most blocks that its endpoints search for logs at once. */
  maxLogRange: z.int().min(1).optional(),
  /** By the names that the deployment gives them. */
  contracts: z.object({
    AccessManager: addressSchema,
    AnchorLog: addressSchema,
    Era: addressSchema,
    FeeController: addressSchema,
    GuardianRewards: addressSchema,
    GuardianSet: addressSchema,
    GuardianSlashing: addressSchema,
    GuardianStaking: addressSchema,
    MetalayerGateway: addressSchema,
    PriceKeeper: addressSchema,
    RollupRegistry: addressSchema,
    StateReader: addressSchema,
    StateRequests: addressSchema,
    StateRootInbox: addressSchema,
    // Asked for only by commands about governance, applications or publications.
    Automations: addressSchema.optional(),
    Broadcaster: addressSchema.optional(),
    EraGenesis: addressSchema.optional(),
    EraGovernor: addressSchema.optional(),
    EraVotes: addressSchema.optional(),
    Feeds: addressSchema.optional(),
    GovernanceExecutor: addressSchema.optional(),
    OmniDeployer: addressSchema.optional(),
    RollupTimelock: addressSchema.optional(),
    Subscriptions: addressSchema.optional(),
    TallyReader: addressSchema.optional(),
    VoteCollector: addressSchema.optional(),
  }),
});

const networkSchema = z.object({ networkId: z.string().optional(), rollups: z.array(rollupSchema).min(1) });

/** A community's DAO on a rollup, for commands that speak to it and not to the network's own governance. */
export interface DaoOnRollup {
  readonly name: string;
  /** What its token's clock counts. */
  readonly clock: "seconds" | "blocks";
  readonly symbol: string;
  readonly decimals: number;
  /** By the names that they have in the kit; they stand before those of the network. */
  readonly contracts: Readonly<Record<string, Address>>;
}

export type RollupDescription = z.infer<typeof rollupSchema> & { readonly dao?: DaoOnRollup };
export type NetworkDescription = z.infer<typeof networkSchema>;

/** What a local network tells of a rollup, as commands read it. */
export function parseRollup(value: unknown): RollupDescription {
  return rollupSchema.parse(value);
}

/** A network that a command speaks to, as its description has it. Nothing is connected yet. */
export interface Network {
  readonly file: string;
  /** True for the network of `./metalayer devnet`. */
  readonly isDevnet: boolean;
  readonly rollups: readonly RollupDescription[];
  /** Name of the rollup whose governor counts, where it need not be asked for. */
  readonly home?: string;
  /** A rollup by its name or chain id. Throws CLI_UNKNOWN_ROLLUP. */
  rollup(nameOrChainId: string): RollupDescription;
}

/** Where `./metalayer devnet start` describes its network. */
function devnetFile(root: string): string {
  return path.join(root, ".metalayer/devnet/state.json");
}

/** Reads the description of the network. Throws CLI_NO_NETWORK, CLI_NETWORK_UNREADABLE, CLI_NETWORK_INVALID. */
export function findNetwork(context: Pick<Context, "root" | "path">, given: string | undefined): Network {
  const file = given === undefined ? devnetFile(context.root) : context.path(given);
  const { rollups } = parseNetwork(file, readText(file, given !== undefined));
  return { file, isDevnet: given === undefined, rollups, rollup: (asked) => rollupIn(rollups, "the network", asked) };
}

/** A rollup by its name or chain id. Throws CLI_UNKNOWN_ROLLUP. */
export function rollupIn(rollups: readonly RollupDescription[], whose: string, asked: string): RollupDescription {
  const found = rollups.find(({ name, chainId }) => name === asked || String(chainId) === asked);
  if (found !== undefined) return found;
  throw new CommandError(
    "CLI_UNKNOWN_ROLLUP",
    `${whose} has no rollup "${asked}"`,
    "Nothing was done",
    `name one of ${rollups.map(({ name, chainId }) => `${name} (${chainId})`).join(", ")}`,
  );
}

/** Connects to rollups of the network, runs the task, and closes every connection whatever happens. */
export async function withRollups<T>(
  rollups: readonly RollupDescription[],
  task: (connections: readonly Connection[]) => Promise<T>,
): Promise<T> {
  return withReachable(rollups, (connections, [first]) => {
    if (first !== undefined) throw first.problem;
    return task(connections);
  });
}

/** As {@link withRollups}, with those that can be reached, and why the others cannot. */
export async function withReachable<T>(
  rollups: readonly RollupDescription[],
  task: (connections: readonly Connection[], others: readonly Unreachable[]) => Promise<T>,
): Promise<T> {
  const settled = await Promise.allSettled(rollups.map(connect));
  const open = settled.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const others = rollups.flatMap((rollup, index) => {
    const outcome = settled[index];
    if (outcome?.status !== "rejected") return [];
    const reason: unknown = outcome.reason;
    return [{ rollup, problem: reason instanceof Error ? reason : new Error(String(reason)) }];
  });
  try {
    return await task(open, others);
  } finally {
    open.forEach(closeConnection);
  }
}

/**
 * Runs a task on every rollup and waits for all of them: a refusal of one neither takes the connection away from what
 * the others are sending nor hides what became of it.
 */
export async function onEach<T, R>(places: readonly T[], task: (place: T) => Promise<R>): Promise<R[]> {
  const settled = await Promise.allSettled(places.map(task));
  const failures = settled.flatMap((outcome): unknown[] => (outcome.status === "rejected" ? [outcome.reason] : []));
  if (failures.length > 0) throw failures.length === 1 ? failures[0] : together(failures);
  return settled.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
}

function together(failures: readonly unknown[]): CommandError {
  const told = failures.map((failure) => describeError(failure));
  const once = (texts: readonly (string | undefined)[]): string[] =>
    [...new Set(texts)].filter((text) => text !== undefined);
  const codes = once(told.map(({ code }) => code));
  const unchanged = once(told.map((each) => each.unchanged));
  const changed = unchanged.filter((text) => !text.startsWith("Nothing"));
  return new CommandError(
    codes.length === 1 ? (codes[0] ?? "") : "CLI_INCOMPLETE",
    told.map(({ message }) => message).join("; "),
    changed.length > 0 ? changed.join("; ") : (unchanged[0] ?? "What was sent stands"),
    once(told.map(({ next }) => next)).join("; "),
  );
}

/** A rollup that could not be connected to. */
export interface Unreachable {
  readonly rollup: RollupDescription;
  readonly problem: Error;
}

function readText(file: string, isGiven: boolean): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    if (!isGiven) {
      const next = "start one (./metalayer devnet start) or name a description (--network <file>)";
      throw new CommandError("CLI_NO_NETWORK", "no local network is running", "Nothing was done", next, { cause });
    }
    const next = "correct --network; ./metalayer devnet start and ./metalayer deploy write such files";
    throw new CommandError("CLI_NETWORK_UNREADABLE", `${file} cannot be read`, "Nothing was done", next, { cause });
  }
}

function parseNetwork(file: string, text: string): NetworkDescription {
  const parsed = networkSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path: at, message }) => `${at.join(".") || "(top)"}: ${message}`);
  throw new CommandError(
    "CLI_NETWORK_INVALID",
    `${file} does not describe a network with deployed contracts: ${problems.slice(0, 3).join("; ")}`,
    "Nothing was done",
    "correct the file, or let ./metalayer devnet start or ./metalayer deploy write it anew",
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
