import { RoleDirectory__factory } from "../../../typechain-types/factories/contracts/roles/RoleDirectory__factory.js";
import { checkedAddress } from "../accounts.ts";
import type { Address, Hex } from "../../../sdk/src/bytes.ts";
import type { Context } from "../command.ts";
import { CommandError, UsageError } from "../command.ts";
import type { Connection } from "../connection.ts";
import { spanText, timeText } from "../format.ts";
import { findHome } from "../governance/contracts.ts";
import { submit } from "../governance/submit.ts";
import { findNetwork, withRollups, type Network } from "../network.ts";
import { address } from "../options.ts";
import { findWallet, signOn, type WalletChoice } from "../wallet.ts";
import { directoryOf, knownRoles, roleLines, type RoleLine } from "./read.ts";

export interface RolesOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly directory: Address | undefined;
  readonly on: string | undefined;
  readonly dryRun: boolean;
}

/** Accounts of one rollup, as the directory takes them. */
interface Placement {
  readonly chainId: bigint;
  readonly accounts: readonly Address[];
}

const DIRECTORY = RoleDirectory__factory.createInterface();
/** As LeasedAccessManager has it: lower ones are granted on each rollup. */
const FIRST_LEASED_ROLE = 1n << 32n;
const LAST_LEASED_ROLE = (1n << 64n) - 2n;

/** Roles that one directory gives on all rollups: shows them, grants, revokes, renews. */
export async function rolesCommand(
  context: Context,
  action: "list" | "grant" | "revoke" | "renew",
  options: RolesOptions,
): Promise<void> {
  const [, given, ...rest] = context.args;
  if (options.directory === undefined) throw new UsageError(`roles ${action} needs --directory <address>`);
  if (given === undefined && action !== "list") throw new UsageError(`roles ${action} needs a role's number`);
  if (action === "list" && rest.length > 0) throw new UsageError("roles list takes one role at most");
  if (action === "grant" && rest.length === 0)
    throw new UsageError("roles grant needs holders, such as 0x… for all rollups or rollupA=0x…");
  const role = given === undefined ? undefined : parseRole(given);
  const at = checkedAddress("--directory", options.directory);
  const network = findNetwork(context, options.network);
  const homeRollup = options.on === undefined ? await findHome(network) : network.rollup(options.on);
  await withRollups([homeRollup], async ([home]) => {
    if (home === undefined) throw new Error("a connection to home");
    const asked = { context, network, home, at, options };
    if (action === "list" || role === undefined) return list(asked, role);
    const { directory } = await directoryOf(home, at);
    if (action === "grant") return change(asked, role, action, await grantCall(asked, role, rest));
    if (action === "revoke") return change(asked, role, action, await revokeCall(asked, role, rest));
    const due = await dueRollups(asked, role, rest);
    const data = directory.interface.encodeFunctionData("renew", [role, due]);
    return change(asked, role, action, { data: asHex(data), chainIds: due });
  });
}

interface Asked {
  readonly context: Context;
  readonly network: Network;
  /** Where the directory stands. */
  readonly home: Connection;
  readonly at: Address;
  readonly options: RolesOptions;
}

async function list({ context: { output }, network, home, at }: Asked, role: bigint | undefined): Promise<void> {
  const { directory, term } = await directoryOf(home, at);
  const roles = role === undefined ? await knownRoles(home, at) : [role];
  const [lines, chainIds] = await Promise.all([roleLines(network, home, at, roles), directory.rollups()]);
  const names = chainIds.map((chainId) => nameOf(network, chainId));
  output.line(
    `Directory ${at} on ${home.name}: a list lasts ${spanText(Number(term))}; it reaches ${names.join(", ")}.`,
  );
  if (roles.length === 0)
    output.line(`No role was ever granted. Next: ./metalayer roles grant <role> 0x… --directory ${at}`);
  else await showLines({ output }, lines);
  output.result({ directory: at, rollup: home.name, term, rollups: names, roles: lines });
}

async function showLines({ output }: Pick<Context, "output">, lines: readonly RoleLine[]): Promise<void> {
  await output.table(
    ["role", "rollup", "holders", "state", "until", "next"],
    lines.map(({ role, rollup, holders, state, expiresAt, next }) => [
      String(role),
      rollup,
      holders.length === 0 ? "nobody" : holders.join("\n"),
      state,
      state === "in force" ? timeText(expiresAt) : "",
      next,
    ]),
  );
}

interface DirectoryCall {
  readonly data: Hex;
  /** To which a list goes. */
  readonly chainIds: readonly bigint[];
}

/** Sends what the directory is to do, or asks whether it would; then shows where the role stands. */
async function change(asked: Asked, role: bigint, what: string, { data, chainIds }: DirectoryCall): Promise<void> {
  const { context, network, home, at, options } = asked;
  const { output } = context;
  const { dryRun } = options;
  const signing = await signOn(home, await findWallet(context, network, options));
  const receipt = await submit(home, signing, `${what} role ${role}`, { to: at, data }, dryRun);
  const names = chainIds.map((chainId) => nameOf(network, chainId));
  const call = { to: at, data };
  if (dryRun) {
    output.line(`Nothing was sent; the directory would send a list to ${names.join(", ")}:`);
    output.line(`  to ${at}, calldata ${data}`);
  } else output.line(`The directory has sent its list to ${names.join(", ")}.`);
  const lines = dryRun ? [] : await roleLines(network, home, at, [role]);
  if (!dryRun) await showLines(context, lines);
  const sent = { role, action: what, dryRun, rollups: names, call, transactionHash: receipt?.hash };
  output.result({ ...sent, roles: lines });
}

async function grantCall({ network, home, at }: Asked, role: bigint, given: readonly string[]): Promise<DirectoryCall> {
  const { directory } = await directoryOf(home, at);
  const placements = parsePlacements(network, given, await directory.rollups());
  return callWith("grant", role, placements);
}

/** From these holders, or from everybody everywhere. Throws CLI_ROLE_NOT_HELD if none of them holds it. */
async function revokeCall(asked: Asked, role: bigint, given: readonly string[]): Promise<DirectoryCall> {
  const { network, home, at } = asked;
  const { directory } = await directoryOf(home, at);
  const connected = await directory.rollups();
  if (given.length === 0) {
    const sent = await Promise.all(connected.map(async (chainId) => (await directory.sent(role, chainId)).sequence));
    const chainIds = connected.filter((_, index) => (sent[index] ?? 0n) > 0n);
    if (chainIds.length === 0) throw notHeld(role);
    return { data: asHex(DIRECTORY.encodeFunctionData("revokeAll", [role])), chainIds };
  }
  const asHeld = await Promise.all(
    parsePlacements(network, given, connected).map(async ({ chainId, accounts }) => {
      const holders = (await directory.holders(role, chainId)).map((holder) => holder.toLowerCase());
      return { chainId, accounts: accounts.filter((account) => holders.includes(account.toLowerCase())) };
    }),
  );
  const placements = asHeld.filter(({ accounts }) => accounts.length > 0);
  if (placements.length === 0) throw notHeld(role);
  return callWith("revoke", role, placements);
}

/** The rollups that were named, or all whose list is old enough to be sent again. Throws CLI_NOTHING_DUE. */
async function dueRollups({ network, home, at }: Asked, role: bigint, given: readonly string[]): Promise<bigint[]> {
  if (given.length > 0) return given.map((name) => BigInt(network.rollup(name).chainId));
  const { directory, term } = await directoryOf(home, at);
  const [connected, block] = await Promise.all([directory.rollups(), home.provider.getBlock("latest")]);
  const now = BigInt(block?.timestamp ?? 0);
  const lists = await Promise.all(
    connected.map(async (chainId) => ({ chainId, ...pick(await directory.sent(role, chainId)) })),
  );
  const sent = lists.filter(({ sequence }) => sequence > 0n);
  if (sent.length === 0) throw notHeld(role);
  const due = sent.filter(({ sentAt }) => now >= sentAt + term / 4n);
  if (due.length > 0) return due.map(({ chainId }) => chainId);
  const first = sent.reduce((least, { sentAt }) => (sentAt < least ? sentAt : least), now) + term / 4n;
  const what = `no list of role ${role} is old enough to be sent again`;
  throw new CommandError("CLI_NOTHING_DUE", what, "Nothing was sent", `run this again after ${timeText(first)}`);
}

function pick({ sequence, sentAt }: { readonly sequence: bigint; readonly sentAt: bigint }) {
  return { sequence, sentAt };
}

function callWith(what: "grant" | "revoke", role: bigint, placements: readonly Placement[]): DirectoryCall {
  const list = placements.map(({ chainId, accounts }) => ({ chainId, accounts: [...accounts] }));
  const data =
    what === "grant"
      ? DIRECTORY.encodeFunctionData("grant", [role, list])
      : DIRECTORY.encodeFunctionData("revoke", [role, list]);
  return { data: asHex(data), chainIds: placements.map(({ chainId }) => chainId) };
}

/** `0x…` stands for every connected rollup, `rollupA=0x…` for one. */
function parsePlacements(network: Network, given: readonly string[], connected: readonly bigint[]): Placement[] {
  const found = new Map<bigint, Address[]>();
  for (const text of given) {
    const [name, only] = text.includes("=") ? text.split("=", 2) : [undefined, text];
    const account = checkedAddress("holder", address(only ?? ""));
    const chainIds = name === undefined ? connected : [BigInt(network.rollup(name).chainId)];
    for (const chainId of chainIds) found.set(chainId, [...(found.get(chainId) ?? []), account]);
  }
  return [...found].map(([chainId, accounts]) => ({ chainId, accounts }));
}

function parseRole(given: string): bigint {
  const role = /^\d{1,20}$/.test(given) ? BigInt(given) : 0n;
  if (role >= FIRST_LEASED_ROLE && role <= LAST_LEASED_ROLE) return role;
  throw new UsageError(`"${given}" is not a role that a directory gives (a number from ${FIRST_LEASED_ROLE} on)`);
}

function notHeld(role: bigint): CommandError {
  const next = "see who holds what with ./metalayer roles list";
  return new CommandError("CLI_ROLE_NOT_HELD", `nobody of these holds role ${role}`, "Nothing was sent", next);
}

function nameOf(network: Network, chainId: bigint): string {
  return network.rollups.find((rollup) => BigInt(rollup.chainId) === chainId)?.name ?? `rollup ${chainId}`;
}

function asHex(text: string): Hex {
  return text as Hex; // CAST: ethers returns hex
}
