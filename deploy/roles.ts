import { id } from "ethers";
import { memberSettings } from "../sdk/src/deployment/memberSettings.ts";
import { roleSettings } from "../sdk/src/deployment/roleSettings.ts";
import type { View } from "../sdk/src/deployment/view.ts";

/** Who holds a role, as read from the chain. */
export interface RoleHolders {
  readonly contract: string;
  readonly role: string;
  readonly holders: string;
}

/** Every role with its members. */
export async function readRoles(view: View): Promise<RoleHolders[]> {
  const all = [...(await roleSettings(view)), ...(await memberSettings(view))];
  const settings = all.filter(({ name }) => name.startsWith("members("));
  const values = await Promise.all(settings.map((setting) => setting.read()));
  return settings.map(({ contract, name }, index) => ({
    contract,
    role: name.slice("members(".length, -1),
    holders: values[index]?.[name] ?? "none",
  }));
}

/** Roles that the deployer holds, read one by one and not from events: must be empty when a deployment ends. */
export async function deployerRoles(view: View): Promise<string[]> {
  const { deployer } = view.plan.parameters;
  const managerRoles = new Set([
    0n,
    ...(await view.events("AccessManager", "RoleGranted")).map((event) => event.uint(0)),
  ]);
  const timelockRoles = ["PROPOSER_ROLE", "EXECUTOR_ROLE", "CANCELLER_ROLE"];
  const found: string[] = [];
  for (const role of managerRoles) {
    // A grant that is not in force yet counts as well.
    const since = (await view.read("AccessManager", "getAccess", role, deployer)).uint(0);
    if (since !== 0n) found.push(`AccessManager role ${role}`);
  }
  for (const [name, role] of [
    ["administrator", `0x${"00".repeat(32)}`],
    ...timelockRoles.map((role) => [role, id(role)]),
  ]) {
    if ((await view.read("RollupTimelock", "hasRole", role, deployer)).flag(0)) found.push(`RollupTimelock ${name}`);
  }
  return found;
}
