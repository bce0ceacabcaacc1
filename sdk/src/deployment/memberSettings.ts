import type { AdminCall } from "./plan.ts";
import {
  ADMIN_ROLE,
  CREDIT_SPENDER_ROLE,
  PAUSER_ROLE,
  PRICE_KEEPER_ROLE,
  PRICE_SETTER_ROLE,
  RECOVERY_ROLE,
  roleName,
} from "./roleSettings.ts";
import { adminCall, listed, type Setting } from "./settings.ts";
import type { View } from "./view.ts";

/** Members of the manager's roles. The administrator's comes last: after it, a deployer has no say any more. */
export async function memberSettings(view: View): Promise<Setting[]> {
  const { addresses, parameters } = view.plan;
  const granted = await view.events("AccessManager", "RoleGranted");
  const { pausers, recovery, priceKeeper } = parameters;
  const atOnce = (...accounts: readonly string[]): Member[] => accounts.map((account) => ({ account, delay: 0n }));
  const wanted = new Map<bigint, readonly Member[]>([
    [PAUSER_ROLE, atOnce(...pausers)],
    [RECOVERY_ROLE, recovery === undefined ? [] : [recovery]],
    [PRICE_KEEPER_ROLE, priceKeeper === undefined ? [] : atOnce(priceKeeper)],
    [PRICE_SETTER_ROLE, atOnce(addresses.PriceKeeper, addresses.RollupTimelock)],
    [CREDIT_SPENDER_ROLE, atOnce(addresses.StateRequests)],
    [ADMIN_ROLE, atOnce(addresses.RollupTimelock)],
  ]);
  const others = granted.map((event) => event.uint(0)).filter((role) => !wanted.has(role));
  return [...new Set(others), ...wanted.keys()].map((role) => {
    const seen = granted.filter((event) => event.uint(0) === role).map((event) => event.text(1));
    // The deployer began as administrator: it is asked about whether or not the node still has that event.
    return members(view, role, wanted.get(role) ?? [], [...seen, parameters.deployer]);
  });
}

/** A member of a role, and how many seconds before they take effect its calls are published. */
interface Member {
  readonly account: string;
  readonly delay: bigint;
}

/** Membership as it is, or as it will be without anybody's doing. */
interface Membership {
  readonly text: string;
  /** Granted, and not in force yet: a further grant would change nothing. */
  readonly pending: boolean;
}

function memberText({ account, delay }: Member): string {
  return delay === 0n ? account : `${account} after ${delay} s`;
}

async function membership(view: View, role: bigint, account: string, now: bigint): Promise<Membership | undefined> {
  const access = await view.read("AccessManager", "getAccess", role, account);
  const [since, delay, nextDelay, effect] = [access.uint(0), access.uint(1), access.uint(2), access.uint(3)];
  if (since === 0n) return undefined;
  const pending = since > now;
  const text = memberText({ account, delay }) + (pending ? ` from ${since}` : "");
  return { text: effect === 0n ? text : `${text}, after ${nextDelay} s from ${effect}`, pending };
}

function members(view: View, role: bigint, wanted: readonly Member[], seen: readonly string[]): Setting {
  const name = `members(${roleName(role)})`;
  const accounts = [...new Set([...wanted.map(({ account }) => account), ...seen])];
  const current = async (): Promise<Map<string, Membership>> => {
    const now = await view.reader.time();
    const found = await Promise.all(accounts.map((account) => membership(view, role, account, now)));
    const entries = accounts.map((account, index) => [account, found[index]] as const);
    return new Map(entries.flatMap(([account, state]) => (state === undefined ? [] : [[account, state]])));
  };
  return {
    contract: "AccessManager",
    name,
    expected: { [name]: listed(wanted.map(memberText)) },
    read: async () => ({ [name]: listed([...(await current()).values()].map(({ text }) => text)) }),
    async repair() {
      const actual = await current();
      const missing = wanted.filter((member) => actual.get(member.account)?.text !== memberText(member));
      const waiting = missing.filter(({ account }) => actual.get(account)?.pending);
      const extra = [...actual.keys()].filter((account) => !wanted.some((member) => member.account === account));
      const revoke = (account: string): AdminCall =>
        adminCall(view, "AccessManager", "revokeRole", [role, account], 60_000n);
      return [
        ...waiting.map(({ account }) => revoke(account)),
        ...missing.map(({ account, delay }) =>
          adminCall(view, "AccessManager", "grantRole", [role, account, delay], 120_000n),
        ),
        ...extra.map(revoke),
      ];
    },
  };
}
