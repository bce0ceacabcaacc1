import { asHex, type ContractName } from "./addresses.ts";
import { economySettings } from "./economySettings.ts";
import { governanceSettings } from "./governanceSettings.ts";
import { guardianSettings, guardianTable } from "./guardianSettings.ts";
import { laneSettings } from "./laneSettings.ts";
import { memberSettings } from "./memberSettings.ts";
import type { AdminCall } from "./plan.ts";
import { closedTargets, roleSettings } from "./roleSettings.ts";
import { serviceSettings } from "./services.ts";
import { slashingSettings } from "./slashingSettings.ts";
import type { View } from "./view.ts";

/** Values of a setting's parts, as people read them. */
export type Values = Readonly<Record<string, string>>;

/** Something on chain that the parameters decide, with the calls that bring it there. */
export interface Setting {
  readonly contract: ContractName;
  readonly name: string;
  readonly expected: Values;
  read(): Promise<Values>;
  /** Calls of the administrator that make the named parts as expected; none if only an upgrade could. */
  repair?(wrong: readonly string[], actual: Values): Promise<readonly AdminCall[]> | readonly AdminCall[];
}

/** A setting whose value on chain is not the one that the parameters want. */
export interface Difference {
  readonly contract: ContractName;
  /** Contract, setting and part: `RollupRegistry.rollup(84532).ceiling`. */
  readonly name: string;
  readonly expected: string;
  readonly actual: string;
}

/** What differs, and what an administrator would have to call to end that, each call once and in a working order. */
export interface Findings {
  readonly differences: readonly Difference[];
  readonly calls: readonly AdminCall[];
}

/** Codes of refused or senseless answers: ethers', JSON-RPC's for a revert, ours. */
const UNREADABLE: ReadonlySet<unknown> = new Set([
  "CALL_EXCEPTION",
  "BAD_DATA",
  3,
  "DEPLOYMENT_NO_ANSWER",
  "DEPLOYMENT_BAD_ANSWER",
]);

/** Every setting of the rollup, in the order in which a new deployment sets them. */
export async function settingsOf(view: View): Promise<Setting[]> {
  const [closed, lanes, governance, roles, members] = await Promise.all([
    closedTargets(view),
    laneSettings(view),
    governanceSettings(view),
    roleSettings(view),
    memberSettings(view),
  ]);
  return [
    ...closed,
    ...guardianSettings(view),
    ...lanes,
    ...economySettings(view),
    ...serviceSettings(view),
    ...slashingSettings(view),
    ...governance,
    ...roles,
    guardianTable(view),
    ...members,
  ];
}

/** Compares every setting with the chain. */
export async function inspectSettings(view: View): Promise<Findings> {
  const settings = await settingsOf(view);
  const actuals = await Promise.all(settings.map((setting) => setting.read().catch(orUnreadable)));
  const differences: Difference[] = [];
  const calls = new Map<string, AdminCall>();
  for (const [index, setting] of settings.entries()) {
    const actual = actuals[index];
    const wrong = Object.keys(setting.expected).filter((key) => setting.expected[key] !== actual?.[key]);
    if (wrong.length === 0) continue;
    for (const key of wrong) differences.push(differenceOf(setting, key, actual ?? {}));
    if (actual === undefined) continue;
    const repairs = (await setting.repair?.(wrong, actual)) ?? [];
    for (const call of repairs) calls.set(`${call.target} ${call.data}`, call);
  }
  return { differences, calls: [...calls.values()] };
}

/** A contract that answers otherwise than it should is a finding; a node that does not answer is not. */
function orUnreadable(error: unknown): undefined {
  const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
  if (UNREADABLE.has(code)) return undefined;
  throw error;
}

function differenceOf(setting: Setting, key: string, actual: Values): Difference {
  const { contract, name, expected } = setting;
  return {
    contract,
    name: key === name ? `${contract}.${name}` : `${contract}.${name}.${key}`,
    expected: expected[key] ?? "",
    actual: actual[key] ?? "unreadable",
  };
}

/** A call of the administrator to one of the rollup's contracts. */
export function adminCall(
  view: View,
  contract: ContractName,
  method: string,
  args: readonly unknown[],
  gas: bigint,
): AdminCall {
  const data = asHex(view.interfaceOf(contract).encodeFunctionData(method, args));
  return { target: view.plan.addresses[contract], data, gas };
}

/** Addresses as one text, in a fixed order. */
export function listed(addresses: Iterable<string>): string {
  const sorted = [...new Set(addresses)].sort((a, b) => a.toLowerCase().localeCompare(b.toLowerCase()));
  return sorted.length === 0 ? "none" : sorted.join(", ");
}

/** The contract's name for an address of this rollup, or the address itself. */
export function labelOf(view: View, address: string): string {
  const found = Object.entries(view.plan.addresses).find(([, known]) => known === address);
  return found === undefined ? address : found[0];
}
