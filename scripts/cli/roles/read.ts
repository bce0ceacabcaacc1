import { LeasedAccessManager__factory } from "../../../typechain-types/factories/contracts/roles/LeasedAccessManager__factory.js";
import { RoleDirectory__factory } from "../../../typechain-types/factories/contracts/roles/RoleDirectory__factory.js";
import { fromHex, toAddress, type Address, type Hex } from "../../../sdk/src/bytes.ts";
import { providerReader } from "../../../sdk/src/deployment/view.ts";
import { CommandError } from "../command.ts";
import type { Connection } from "../connection.ts";
import { timeText } from "../format.ts";
import { withRollups, type Network } from "../network.ts";

const DIRECTORY = RoleDirectory__factory.createInterface();

export type RoleState =
  "never sent" | "on its way" | "in force" | "revoked" | "run out" | "ended there" | "unreachable";

/** A role on one rollup: whom home names, and what the rollup makes of it. Times in seconds since 1970. */
export interface RoleLine {
  readonly role: bigint;
  readonly rollup: string;
  readonly chainId: bigint;
  /** As home knows them. */
  readonly holders: readonly Address[];
  readonly state: RoleState;
  /** Number of home's newest list, and of the newest one that the rollup took. */
  readonly sent: bigint;
  readonly taken: bigint | undefined;
  readonly expiresAt: bigint;
  readonly next: string;
}

/** The directory, for reading. Throws CLI_NO_DIRECTORY if there is none at the address. */
export async function directoryOf({ name, provider }: Connection, at: Address) {
  const directory = RoleDirectory__factory.connect(at, provider);
  // Any contract has code; only a directory knows its term.
  const term = await directory.term().catch(() => 0n);
  if (term > 0n) return { directory, term };
  const next = "correct --directory, name the directory's rollup with --on, or make one with ./metalayer roles create";
  throw new CommandError(
    "CLI_NO_DIRECTORY",
    `there is no role directory at ${at} on ${name}`,
    "Nothing was done",
    next,
  );
}

/** Roles of which the directory has ever sent a list, in their order. */
export async function knownRoles({ provider, description }: Connection, directory: Address): Promise<bigint[]> {
  const { fromBlock, maxLogRange } = description;
  const reader = providerReader(provider, {
    fromBlock,
    ...(maxLogRange === undefined ? {} : { logRange: maxLogRange }),
  });
  // CAST: ethers returns hex
  const logs = await reader.logs(directory, DIRECTORY.getEvent("RoleSent").topicHash as Hex);
  const roles = new Set(logs.map(({ topics }) => BigInt(topics[1] ?? 0)));
  return [...roles].sort((a, b) => (a < b ? -1 : 1));
}

/** Every connected rollup's line of each role; a rollup that does not answer hides no other. */
export async function roleLines(
  network: Network,
  home: Connection,
  at: Address,
  roles: readonly bigint[],
): Promise<RoleLine[]> {
  const { directory } = await directoryOf(home, at);
  const chainIds = await directory.rollups();
  const lines = roles.flatMap((role) => chainIds.map((chainId) => lineOf(network, home, at, { role, chainId })));
  return Promise.all(lines);
}

interface Place {
  readonly role: bigint;
  readonly chainId: bigint;
}

async function lineOf(network: Network, home: Connection, at: Address, { role, chainId }: Place): Promise<RoleLine> {
  const { directory } = await directoryOf(home, at);
  const [accounts, [sent, , expiresAt], manager] = await Promise.all([
    directory.holders(role, chainId),
    directory.sent(role, chainId),
    directory.managerOf(chainId),
  ]);
  const rollup = network.rollups.find((each) => BigInt(each.chainId) === chainId);
  const holders = accounts.map((account) => toAddress(fromHex(account)));
  const line = { role, chainId, rollup: rollup?.name ?? `rollup ${chainId}`, holders, sent, expiresAt };
  if (sent === 0n) return { ...line, state: "never sent", taken: 0n, next: "grant it there" };
  if (rollup === undefined)
    return { ...line, state: "unreachable", taken: undefined, next: "add the rollup to the network's description" };
  return withRollups([rollup], async ([connection]) => {
    if (connection === undefined) throw new Error("a connection per rollup");
    const renewal = `./metalayer roles renew ${role} --directory ${at}`;
    return { ...line, ...(await leaseOn(connection, manager, line, renewal)) };
  }).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    return { ...line, state: "unreachable" as const, taken: undefined, next: `look again later: ${why}` };
  });
}

async function leaseOn(
  { provider }: Connection,
  manager: string,
  { role, sent, holders }: Pick<RoleLine, "role" | "sent" | "holders">,
  renewal: string,
): Promise<Pick<RoleLine, "state" | "taken" | "expiresAt" | "next">> {
  const [lease, block] = await Promise.all([
    LeasedAccessManager__factory.connect(manager, provider).leaseOf(role),
    provider.getBlock("latest"),
  ]);
  const now = BigInt(block?.timestamp ?? 0);
  const known = { taken: lease.sequence, expiresAt: lease.expiresAt };
  if (lease.expiresAt === 0n && lease.generation > 0n)
    return { ...known, state: "ended there", next: `the rollup's administrator ended it; ${renewal} sends it again` };
  if (lease.sequence < sent) return { ...known, state: "on its way", next: "wait for its message" };
  if (holders.length === 0) return { ...known, state: "revoked", next: "nothing: nobody holds it" };
  if (now >= lease.expiresAt) return { ...known, state: "run out", next: renewal };
  return { ...known, state: "in force", next: `${renewal} before ${timeText(lease.expiresAt)}` };
}
