import { RollupTimelock__factory } from "../../../typechain-types/factories/contracts/governance/RollupTimelock__factory.js";
import { fromHex, toAddress, type Address, type Hex } from "../../../sdk/src/bytes.ts";
import { providerReader } from "../../../sdk/src/deployment/view.ts";
import type { Connection } from "../connection.ts";

const EVENTS = RollupTimelock__factory.createInterface();

/** Who holds which role at a timelock, from its own events. */
export async function rolesAt(
  { provider, description }: Connection,
  timelock: Address,
): Promise<ReadonlyMap<string, readonly Address[]>> {
  const { fromBlock, maxLogRange } = description;
  const reader = providerReader(provider, {
    fromBlock,
    ...(maxLogRange === undefined ? {} : { logRange: maxLogRange }),
  });
  const topic = (name: "RoleGranted" | "RoleRevoked"): Hex => EVENTS.getEvent(name).topicHash as Hex; // CAST: hex
  const [granted, revoked] = await Promise.all([
    reader.logs(timelock, topic("RoleGranted")),
    reader.logs(timelock, topic("RoleRevoked")),
  ]);
  const contract = RollupTimelock__factory.connect(timelock, provider);
  const wasRevoked = new Set(revoked.map(({ topics }) => `${topics[1]}${topics[2]}`));
  const holders = new Map<string, Address[]>();
  for (const { topics } of granted) {
    const [, role = "", word = ""] = topics;
    const account = toAddress(fromHex(`0x${word.slice(-40)}`));
    const known = holders.get(role) ?? [];
    if (known.includes(account)) continue;
    if (wasRevoked.has(`${role}${word}`) && !(await contract.hasRole(role, account))) continue;
    holders.set(role, [...known, account]);
  }
  return holders;
}
