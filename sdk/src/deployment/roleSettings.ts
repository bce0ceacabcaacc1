import { id } from "ethers";
import type { ContractName } from "./addresses.ts";
import { proposerOf } from "./contracts.ts";
import { adminCall, labelOf, listed, type Setting } from "./settings.ts";
import type { View } from "./view.ts";

/** Roles of the AccessManager. Everything that no other role may call belongs to the administrator. */
export const ADMIN_ROLE = 0n;
export const PAUSER_ROLE = 1n;
/** May call GuardianSet.recover, and only after the delay of its membership. */
export const RECOVERY_ROLE = 2n;
/** May call PriceKeeper.movePrices. */
export const PRICE_KEEPER_ROLE = 3n;
/** May call FeeController.setPrices: governance, and PriceKeeper, which holds to its bounds. */
export const PRICE_SETTER_ROLE = 4n;
/** May call FeeController.spendCredit: contracts that charge their own callers. */
export const CREDIT_SPENDER_ROLE = 5n;
const ROLE_NAMES = new Map([
  [ADMIN_ROLE, "administrator"],
  [PAUSER_ROLE, "pauser"],
  [RECOVERY_ROLE, "recovery"],
  [PRICE_KEEPER_ROLE, "price keeper"],
  [PRICE_SETTER_ROLE, "price setter"],
  [CREDIT_SPENDER_ROLE, "credit spender"],
]);

/** Roles of the timelock, OpenZeppelin's names. */
const TIMELOCK_ROLES = new Map([
  [`0x${"00".repeat(32)}`, "administrator"],
  [id("PROPOSER_ROLE"), "proposer"],
  [id("EXECUTOR_ROLE"), "executor"],
  [id("CANCELLER_ROLE"), "canceller"],
]);
const ANYONE = `0x${"00".repeat(20)}`;

/** Contracts whose restricted functions the AccessManager decides on. */
export const MANAGED: readonly ContractName[] = [
  "StateRootInbox",
  "RollupRegistry",
  "GuardianSet",
  "GuardianStaking",
  "GuardianRewards",
  "GuardianSlashing",
  "FeeController",
  "MetalayerGateway",
  "Era",
  "PriceKeeper",
  "StateRequests",
];

/** Functions that another role than the administrator's may call. */
const FUNCTION_ROLES: readonly (readonly [contract: ContractName, method: string, role: bigint])[] = [
  ["MetalayerGateway", "pause", PAUSER_ROLE],
  ["GuardianSet", "recover", RECOVERY_ROLE],
  ["PriceKeeper", "movePrices", PRICE_KEEPER_ROLE],
  ["FeeController", "setPrices", PRICE_SETTER_ROLE],
  ["FeeController", "spendCredit", CREDIT_SPENDER_ROLE],
];

/** Who may do what. What events name is read as well as what the parameters name, so that nothing added stays unseen. */
export async function roleSettings(view: View): Promise<Setting[]> {
  return [
    ...MANAGED.map((contract) => authority(view, contract)),
    ...(await targetSettings(view)),
    ...(await roleTerms(view)),
    ...(await timelockSettings(view)),
  ];
}

function authority(view: View, contract: ContractName): Setting {
  const manager = view.plan.addresses.AccessManager;
  return {
    contract,
    name: "authority",
    expected: { authority: manager },
    read: async () => ({ authority: (await view.read(contract, "authority")).text(0) }),
  };
}

/** Contracts that nobody may call for now. What else differs there is repaired after they are opened. */
export async function closedTargets(view: View): Promise<Setting[]> {
  const closed = new Set((await view.events("AccessManager", "TargetClosed")).map((event) => event.text(0)));
  return [...closed].map((target) => closedTarget(view, target));
}

/** Which role calls which function, delays of a target's administration. */
async function targetSettings(view: View): Promise<Setting[]> {
  const wanted = new Map(
    FUNCTION_ROLES.map(([contract, method, role]) => {
      const selector = view.interfaceOf(contract).getFunction(method)?.selector ?? "";
      return [`${view.plan.addresses[contract]} ${selector}`, role];
    }),
  );
  const updated = await view.events("AccessManager", "TargetFunctionRoleUpdated");
  const pairs = new Set([...wanted.keys(), ...updated.map((event) => `${event.text(0)} ${event.text(1)}`)]);
  return [
    ...[...pairs].map((pair) => functionRole(view, pair, wanted.get(pair) ?? ADMIN_ROLE)),
    ...(await delays(view, "TargetAdminDelayUpdated", "setTargetAdminDelay", (target) => labelOf(view, target))),
  ];
}

function functionRole(view: View, pair: string, role: bigint): Setting {
  const [target = "", selector = ""] = pair.split(" ");
  const name = `functionRole(${labelOf(view, target)}, ${selector})`;
  return {
    contract: "AccessManager",
    name,
    expected: { [name]: roleName(role) },
    async read() {
      const answer = await view.read("AccessManager", "getTargetFunctionRole", target, selector);
      return { [name]: roleName(answer.uint(0)) };
    },
    repair: () => [adminCall(view, "AccessManager", "setTargetFunctionRole", [target, [selector], role], 80_000n)],
  };
}

function closedTarget(view: View, target: string): Setting {
  const name = `isTargetClosed(${labelOf(view, target)})`;
  return {
    contract: "AccessManager",
    name,
    expected: { [name]: "false" },
    read: async () => ({ [name]: String((await view.read("AccessManager", "isTargetClosed", target)).flag(0)) }),
    repair: () => [adminCall(view, "AccessManager", "setTargetClosed", [target, false], 80_000n)],
  };
}

/** Delays that the manager applies only days after they were set: the newest event counts, whether in force yet or not. */
async function delays(
  view: View,
  event: "TargetAdminDelayUpdated" | "RoleGrantDelayChanged",
  setter: string,
  label: (key: string) => string,
): Promise<Setting[]> {
  const ofRole = event === "RoleGrantDelayChanged";
  const events = await view.events("AccessManager", event);
  const newest = new Map(events.map((log) => [ofRole ? String(log.uint(0)) : log.text(0), String(log.uint(1))]));
  return [...newest].map(([key, delay]) => {
    const name = `${setter}(${label(key)})`;
    return {
      contract: "AccessManager",
      name,
      expected: { [name]: "0" },
      read: async () => ({ [name]: delay }),
      repair: () => [adminCall(view, "AccessManager", setter, [key, 0n], 80_000n)],
    };
  });
}

/** Administrator, guardian and grant delay of each role: all zero, so only the timelock changes a role. */
async function roleTerms(view: View): Promise<Setting[]> {
  const terms = [
    ["RoleAdminChanged", "getRoleAdmin", "setRoleAdmin"],
    ["RoleGuardianChanged", "getRoleGuardian", "setRoleGuardian"],
  ] as const;
  const settings: Setting[] = [];
  for (const [event, getter, setter] of terms) {
    const roles = new Set((await view.events("AccessManager", event)).map((log) => log.uint(0)));
    for (const role of roles) settings.push(roleTerm(view, role, getter, setter));
  }
  const label = (role: string): string => roleName(BigInt(role));
  return [...settings, ...(await delays(view, "RoleGrantDelayChanged", "setGrantDelay", label))];
}

function roleTerm(view: View, role: bigint, getter: string, setter: string): Setting {
  const name = `${getter}(${roleName(role)})`;
  return {
    contract: "AccessManager",
    name,
    expected: { [name]: "0" },
    read: async () => ({ [name]: String((await view.read("AccessManager", getter, role)).uint(0)) }),
    repair: () => [adminCall(view, "AccessManager", setter, [role, 0n], 80_000n)],
  };
}

async function timelockSettings(view: View): Promise<Setting[]> {
  const { parameters, rollup, addresses } = view.plan;
  const { canceller, timelockDelay } = parameters;
  const proposer = proposerOf(parameters, rollup.chainId, addresses);
  const self = addresses.RollupTimelock;
  const wanted = new Map<string, readonly string[]>([
    ["administrator", [self]],
    ["proposer", [proposer]],
    ["executor", [ANYONE]],
    ["canceller", [proposer, canceller]],
  ]);
  const granted = await view.events("RollupTimelock", "RoleGranted");
  const roles = new Set([...TIMELOCK_ROLES.keys(), ...granted.map((event) => event.text(0))]);
  return [
    {
      contract: "RollupTimelock",
      name: "minDelay",
      expected: { minDelay: String(timelockDelay) },
      read: async () => ({ minDelay: String((await view.read("RollupTimelock", "getMinDelay")).uint(0)) }),
      repair: () => [adminCall(view, "RollupTimelock", "updateDelay", [timelockDelay], 50_000n)],
    },
    ...[...roles].map((role) => {
      const seen = granted.filter((event) => event.text(0) === role).map((event) => event.text(1));
      return timelockMembers(view, role, wanted.get(TIMELOCK_ROLES.get(role) ?? "") ?? [], seen);
    }),
  ];
}

function timelockMembers(view: View, role: string, wanted: readonly string[], seen: readonly string[]): Setting {
  const name = `members(${TIMELOCK_ROLES.get(role) ?? role})`;
  const accounts = [...new Set([...wanted, ...seen])];
  const current = async (): Promise<string[]> => {
    const states = await Promise.all(accounts.map((account) => view.read("RollupTimelock", "hasRole", role, account)));
    return accounts.filter((_, index) => states[index]?.flag(0));
  };
  return {
    contract: "RollupTimelock",
    name,
    expected: { [name]: listed(wanted) },
    read: async () => ({ [name]: listed(await current()) }),
    async repair() {
      const actual = await current();
      const missing = wanted.filter((account) => !actual.includes(account));
      const extra = actual.filter((account) => !wanted.includes(account));
      return [
        ...missing.map((account) => adminCall(view, "RollupTimelock", "grantRole", [role, account], 80_000n)),
        ...extra.map((account) => adminCall(view, "RollupTimelock", "revokeRole", [role, account], 60_000n)),
      ];
    },
  };
}

export function roleName(role: bigint): string {
  return ROLE_NAMES.get(role) ?? `role ${role}`;
}
