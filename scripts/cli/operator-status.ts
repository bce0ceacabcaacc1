import type { Context } from "./command.ts";
import type { Connection } from "./connection.ts";
import { eraText, timeText } from "./format.ts";
import { rewardsOf } from "./operator-stake.ts";

/** docs/protocol/staking.md §2; `unknown`: never registered. */
type State = "unknown" | "registered" | "candidate" | "active" | "leaving" | "jailed" | "frozen" | "convicted";

const MOST_GUARDIANS = 256n;
/** A freeze without an end. */
const FOR_EVER = 2n ** 40n - 1n;

/** How an operator stands on each rollup, as the chain has it. */
export async function showStanding(
  { output }: Context,
  connections: readonly Connection[],
  operator: string,
): Promise<readonly Standing[]> {
  const rows = await Promise.all(connections.map((connection) => standingOn(connection, operator)));
  output.line(`Guardian ${operator}:`);
  await output.table(
    ["rollup", "state", "weight", "of the table's", "stake", "of it leaving", "rewards to claim", "service"],
    rows.map((row) => [
      row.rollup,
      stateText(row),
      row.weight,
      row.tableWeight,
      eraText(row.stake),
      eraText(row.leaving),
      eraText(row.rewards),
      row.url,
    ]),
  );
  for (const { rollup, fastSuspendedUntil, openConvictions, exits } of rows) {
    for (const { exitId, account, amount, releaseAt } of exits)
      output.line(
        `${rollup}: exit ${exitId} of ${eraText(amount)} for ${account}, payable from ${timeText(releaseAt)}.`,
      );
    if (fastSuspendedUntil !== 0n)
      output.line(`${rollup}: suspended from fast signing until ${timeText(fastSuspendedUntil)}.`);
    if (openConvictions !== 0n) output.line(`${rollup}: ${openConvictions} convictions that are not settled.`);
  }
  return rows;
}

export type Standing = Awaited<ReturnType<typeof standingOn>>;

function stateText({ state, frozenUntil, jailedUntil }: Standing): string {
  if (state === "frozen") return frozenUntil >= FOR_EVER ? "FROZEN" : `FROZEN until ${timeText(frozenUntil)}`;
  if (state === "jailed") return `JAILED, unjail from ${timeText(jailedUntil)}`;
  return state === "convicted" ? "CONVICTED" : state;
}

/** Stake and rewards in wei of ERA, weights in whole ERA, times in seconds since 1970 (0: none). */
async function standingOn(connection: Connection, operator: string) {
  const { name, contracts, provider } = connection;
  const { guardianSet, guardianSlashing, guardianStaking } = contracts;
  const [info, pool, [nextStake = 0n], serial, { open, burnt }, suspended, rewards, exits, block] = await Promise.all([
    guardianSet.operatorInfo(operator),
    guardianStaking.pool(operator),
    guardianStaking.weights([operator]),
    guardianSet.currentSerial(),
    guardianSlashing.standing(operator),
    guardianSlashing.fastSuspendedUntil(operator),
    rewardsOf(connection, operator, operator),
    exitsFrom(connection, operator),
    provider.getBlock("latest"),
  ]);
  const now = BigInt(block?.timestamp ?? 0);
  const [{ totalWeight }, page] = await Promise.all([
    guardianSet.table(serial),
    guardianSet.guardians(serial, 0n, MOST_GUARDIANS),
  ]);
  const weight = page.find((guardian) => guardian.operator.toLowerCase() === operator.toLowerCase())?.weight ?? 0n;
  const { bootstrapWeight, bootstrapExpiry, jailedUntil, frozenUntil, url } = info;
  return {
    rollup: name,
    state: stateOf(info, weight, now),
    keyX: info.key.x,
    weight,
    tableWeight: totalWeight,
    stake: pool.tokens,
    leaving: pool.shares === 0n ? 0n : (pool.tokens * pool.leavingShares) / pool.shares,
    stakeWeight: nextStake,
    bootstrapWeight,
    bootstrapExpiry,
    rewards,
    exits,
    openConvictions: open,
    burntConvictions: burnt,
    jailedUntil,
    frozenUntil,
    fastSuspendedUntil: suspended > now ? suspended : 0n,
    url,
  };
}

/** Exits from an operator's pool that are not paid yet; amounts as they are worth now, in wei of ERA. */
async function exitsFrom({ contracts, description, provider }: Connection, operator: string) {
  const { guardianStaking } = contracts;
  const { fromBlock, maxLogRange = Number.MAX_SAFE_INTEGER } = description;
  const last = await provider.getBlockNumber();
  const ids: bigint[] = [];
  for (let from = fromBlock; from <= last; from += maxLogRange) {
    const requested = guardianStaking.filters.ExitRequested(undefined, operator);
    const events = await guardianStaking.queryFilter(requested, from, Math.min(last, from + maxLogRange - 1));
    ids.push(...events.map(({ args }) => args.exitId));
  }
  const exits = await Promise.all(
    ids.map(async (exitId) => {
      const { account, releaseAt, shares } = await guardianStaking.exit(exitId);
      return { exitId, account, releaseAt, amount: await guardianStaking.tokensOf(operator, shares) };
    }),
  );
  // A paid exit is gone.
  return exits.filter(({ releaseAt }) => releaseAt !== 0n);
}

interface Known {
  readonly key: { readonly x: bigint };
  readonly candidate: boolean;
  readonly convicted: boolean;
  readonly jailed: boolean;
  readonly frozenUntil: bigint;
}

function stateOf({ key, candidate, convicted, jailed, frozenUntil }: Known, weight: bigint, now: bigint): State {
  if (key.x === 0n) return "unknown";
  if (convicted) return "convicted";
  if (frozenUntil > now) return "frozen";
  if (jailed) return "jailed";
  if (weight > 0n) return candidate ? "active" : "leaving";
  return candidate ? "candidate" : "registered";
}
