import { RollupTimelock__factory } from "../../../typechain-types/factories/contracts/governance/RollupTimelock__factory.js";
import type { Hex } from "../../../sdk/src/bytes.ts";
import { providerReader } from "../../../sdk/src/deployment/view.ts";
import type { SentLeg } from "../../../sdk/src/proposalRead.ts";
import type { Connection } from "../connection.ts";
import { spanText, timeText } from "../format.ts";
import { withRollups, type Network, type RollupDescription } from "../network.ts";
import { governanceAddress, governanceOf } from "./contracts.ts";
import { daoFlag } from "./of-dao.ts";

export type LegState =
  "not sent" | "on its way" | "waiting" | "ready" | "done" | "cancelled" | "expired" | "unreachable";

/** One rollup's part of a proposal, as it stands there. */
export interface LegStatus {
  readonly rollup: string;
  readonly operation: Hex;
  readonly state: LegState;
  /** Seconds since 1970, once it waits in its timelock. */
  readonly readyAt?: bigint;
  readonly next: string;
}

/** OpenZeppelin's states of an operation. */
const UNSET = 0n;
const READY = 2n;
const DONE = 3n;

/** Looks at every leg on its own rollup; a rollup that does not answer hides no other. */
export async function legStatuses(
  network: Network,
  legs: readonly SentLeg[],
  { proposalId, isExecuted }: { readonly proposalId: bigint; readonly isExecuted: boolean },
): Promise<LegStatus[]> {
  return Promise.all(
    legs.map(async (leg) => {
      const rollup = network.rollups.find(({ chainId }) => BigInt(chainId) === leg.chainId);
      const unknown = { operation: leg.id, state: "unreachable" as const };
      if (rollup === undefined)
        return {
          ...unknown,
          rollup: `rollup ${leg.chainId}`,
          next: "describe this rollup in the network's description",
        };
      if (!isExecuted)
        return { ...unknown, rollup: rollup.name, state: "not sent" as const, next: "home's part comes first" };
      return withRollups([rollup], ([connection]) => legStatus(connection, leg, proposalId)).catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        return { ...unknown, rollup: rollup.name, next: `look again later: ${why}` };
      });
    }),
  );
}

async function legStatus(connection: Connection | undefined, leg: SentLeg, proposalId: bigint): Promise<LegStatus> {
  if (connection === undefined) throw new Error("a connection per rollup");
  const { name: rollup, provider, description } = connection;
  const { rollupTimelock } = governanceOf(description, provider);
  const [state, readyAt, block] = await Promise.all([
    rollupTimelock.getOperationState(leg.id),
    rollupTimelock.getTimestamp(leg.id),
    provider.getBlock("latest"),
  ]);
  const now = BigInt(block?.timestamp ?? 0);
  const known = { rollup, operation: leg.id };
  if (state === DONE) return { ...known, state: "done", next: "nothing" };
  if (now > leg.conditions.expiry) return { ...known, state: "expired", next: "propose it again" };
  if (state === UNSET) {
    return (await wasCancelled(connection, leg.id))
      ? { ...known, state: "cancelled", next: "propose it again if it is still wanted" }
      : {
          ...known,
          state: "on its way",
          next: "wait for its message; ./metalayer status and the transaction that executed home's part say more",
        };
  }
  if (state === READY) {
    return {
      ...known,
      state: "ready",
      readyAt,
      next: `./metalayer execute ${proposalId} --on ${rollup}${daoFlag(description)}`,
    };
  }
  const left = spanText(Number(readyAt - now));
  return { ...known, state: "waiting", readyAt, next: `wait ${left}, until ${timeText(readyAt)}` };
}

async function wasCancelled({ provider, description }: Connection, operation: Hex): Promise<boolean> {
  const { fromBlock, maxLogRange } = description;
  const reader = providerReader(provider, {
    fromBlock,
    ...(maxLogRange === undefined ? {} : { logRange: maxLogRange }),
  });
  const { topicHash } = RollupTimelock__factory.createInterface().getEvent("Cancelled");
  // CAST: ethers returns hex
  const logs = await reader.logs(governanceAddress(description, "RollupTimelock"), topicHash as Hex);
  return logs.some(({ topics }) => topics[1] === operation);
}

/** The rollup of a leg. Throws CLI_UNKNOWN_ROLLUP. */
export function rollupOfLeg(network: Network, { chainId }: SentLeg): RollupDescription {
  return network.rollup(String(chainId));
}
