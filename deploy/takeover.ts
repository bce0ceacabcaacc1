import { id, ZeroAddress } from "ethers";
import type { Address } from "../sdk/src/bytes.ts";
import type { ContractName } from "../sdk/src/deployment/addresses.ts";
import { GOVERNANCE, GUARDIAN_REWARDS } from "../sdk/src/deployment/parameters.ts";
import { ADMIN_ROLE, MANAGED } from "../sdk/src/deployment/roleSettings.ts";
import type { View } from "../sdk/src/deployment/view.ts";

/** A call that an account may make and others may not. */
export interface Power {
  readonly contract: ContractName;
  readonly call: string;
  /** Seconds between its announcement on the chain and its effect. */
  readonly after: bigint;
}

/** A key that somebody could steal. */
export interface Key {
  readonly name: string;
  readonly account: Address;
}

export interface KeyPowers extends Key {
  readonly powers: readonly Power[];
}

/** Asks the contracts themselves, function by function, what each key alone may do. */
export async function readTakeover(view: View, keys: readonly Key[]): Promise<readonly KeyPowers[]> {
  return Promise.all(keys.map(async (key) => ({ ...key, powers: await powersOf(view, key.account) })));
}

/** Every key that the parameters name, and one that they do not. */
export function keysOf({ plan }: View): readonly Key[] {
  const { deployer, canceller, pausers, recovery, priceKeeper, fund, eraSponsor, genesis, guardians } = plan.parameters;
  const named: readonly (Key | undefined)[] = [
    { name: "deployer", account: deployer },
    { name: "canceller", account: canceller },
    ...pausers.map((account, index) => ({ name: `pauser ${index + 1}`, account })),
    recovery && { name: "recovery", account: recovery.account },
    priceKeeper && { name: "price keeper", account: priceKeeper },
    fund === GOVERNANCE ? undefined : { name: "fund", account: fund },
    eraSponsor && { name: "sponsor of ERA transfers", account: eraSponsor },
    ...genesis.flatMap(({ name, to }) =>
      to === GOVERNANCE || to === GUARDIAN_REWARDS ? [] : [{ name: `holder "${name}"`, account: to }],
    ),
    ...guardians.bootstrap.map(({ operator }, index) => ({
      name: `operator of guardian ${index + 1}`,
      account: operator,
    })),
    { name: "anyone else", account: STRANGER },
  ];
  return named.filter((key) => key !== undefined);
}

const STRANGER: Address = `0x${id("an account that no parameter names").slice(26)}`;

async function powersOf(view: View, account: Address): Promise<Power[]> {
  const managed = await Promise.all(MANAGED.map((contract) => managedPowers(view, contract, account)));
  return [...managed.flat(), ...(await managerPowers(view, account)), ...(await timelockPowers(view, account))];
}

async function managedPowers(view: View, contract: ContractName, account: Address): Promise<Power[]> {
  const found: Power[] = [];
  const target = view.plan.addresses[contract];
  for (const { name, selector } of changes(view, contract)) {
    const answer = await view.read("AccessManager", "canCall", account, target, selector);
    if (answer.flag(0)) found.push({ contract, call: name, after: 0n });
    else if (answer.uint(1) > 0n) found.push({ contract, call: name, after: answer.uint(1) });
  }
  return found;
}

/** Functions that change something. */
function changes(view: View, contract: ContractName): { readonly name: string; readonly selector: string }[] {
  const found: { name: string; selector: string }[] = [];
  view.interfaceOf(contract).forEachFunction(({ name, selector, stateMutability }) => {
    if (stateMutability === "nonpayable" || stateMutability === "payable") found.push({ name, selector });
  });
  return found;
}

async function managerPowers(view: View, account: Address): Promise<Power[]> {
  const role = await view.read("AccessManager", "hasRole", ADMIN_ROLE, account);
  return role.flag(0) ? [{ contract: "AccessManager", call: "everything", after: role.uint(1) }] : [];
}

async function timelockPowers(view: View, account: Address): Promise<Power[]> {
  const delay = (await view.read("RollupTimelock", "getMinDelay")).uint(0);
  const roles: readonly (readonly [role: string, call: string, after: bigint])[] = [
    [`0x${"00".repeat(32)}`, "grantRole", 0n],
    [id("PROPOSER_ROLE"), "schedule", delay],
    [id("EXECUTOR_ROLE"), "execute", 0n],
    [id("CANCELLER_ROLE"), "cancel", 0n],
  ];
  const found: Power[] = [];
  for (const [role, call, after] of roles) {
    if ((await view.read("RollupTimelock", "hasRole", role, account)).flag(0)) {
      found.push({ contract: "RollupTimelock", call, after });
    }
  }
  return found;
}

/** Whether anybody may execute what the timelock has scheduled and waited for. */
export async function isExecutionOpen(view: View): Promise<boolean> {
  return (await view.read("RollupTimelock", "hasRole", id("EXECUTOR_ROLE"), ZeroAddress)).flag(0);
}
