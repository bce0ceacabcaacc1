import type { Interface, TransactionReceipt } from "ethers";
import { isError } from "ethers";
import { allowanceCalls, callOf } from "./calls.ts";
import { CommandError } from "./command.ts";
import type { Connection } from "./connection.ts";
import { eraText, timeText } from "./format.ts";
import type { Plan, Planner } from "./operator-key.ts";
import type { Signing } from "./wallet.ts";

/** ERA of the operator that signs becomes its own stake. */
export function stake(amount: bigint): Planner {
  return (connection, signing) => addStake(connection, signing, signing.address, amount);
}

/** ERA of whoever signs becomes stake of an operator, which answers for that operator's signatures. */
export function delegate(operator: string, amount: bigint): Planner {
  return async (connection, signing) => {
    const { key } = await signing.contracts.guardianSet.operatorInfo(operator);
    if (key.x !== 0n) return addStake(connection, signing, operator, amount);
    throw new CommandError(
      "CLI_NO_OPERATOR",
      `${operator} is no operator on ${connection.name}: it has registered no key`,
      "Nothing was sent",
      "correct --operator, or let it register first (./metalayer guardian register)",
    );
  };
}

async function addStake(
  { name, description }: Connection,
  signing: Signing,
  operator: string,
  amount: bigint,
): Promise<Plan> {
  const { address, contracts } = signing;
  const { era, guardianStaking } = contracts;
  const spender = description.contracts.GuardianStaking;
  const balance = await era.balanceOf(address);
  if (balance < amount) {
    const what = `${address} has ${eraText(balance)} on ${name}, less than ${eraText(amount)}`;
    const next = "ask for less, or bring ERA to this rollup first (./metalayer transfer)";
    throw new CommandError("CLI_NOT_ENOUGH_ERA", what, "Nothing was sent", next);
  }
  const calls = await allowanceCalls(signing, spender, amount);
  const populated = guardianStaking.stake.populateTransaction(operator, amount);
  calls.push(await callOf(`take ${eraText(amount)} as stake`, "GuardianStaking", guardianStaking, populated));
  const told = (): string =>
    `${eraText(amount)} became stake of ${operator} on ${name}; it counts from the next rotation.`;
  return { calls, told, nothing: "" };
}

/** Starts the exit of stake. Exits are made in shares: the least that are worth the amount. */
export function unbond(operator: string | undefined, amount: bigint): Planner {
  return async (connection, signing) => {
    const { guardianStaking } = signing.contracts;
    const pool = operator ?? signing.address;
    const shares = await sharesFor(connection, signing.address, pool, amount);
    const populated = guardianStaking.unstake.populateTransaction(pool, shares);
    const call = await callOf(`let ${eraText(amount)} of stake go`, "GuardianStaking", guardianStaking, populated);
    const told = (receipts: readonly TransactionReceipt[]): string => {
      const { exitId, releaseAt } = eventOf(guardianStaking.interface, receipts, "ExitRequested");
      const command = `./metalayer guardian withdraw --on ${connection.name} --exit-id ${exitId}`;
      return `exit ${exitId} of ${eraText(amount)}: from ${timeText(releaseAt ?? 0n)} on, ${command} pays it out.`;
    };
    return { calls: [call], told, nothing: "" };
  };
}

async function sharesFor({ name, contracts }: Connection, account: string, operator: string, amount: bigint) {
  const { guardianStaking } = contracts;
  const [pool, shares] = await Promise.all([
    guardianStaking.pool(operator),
    guardianStaking.sharesOf(operator, account),
  ]);
  const wanted = pool.tokens === 0n ? 0n : (amount * pool.shares + pool.tokens - 1n) / pool.tokens;
  if (wanted > 0n && wanted <= shares) return wanted;
  const worth = await guardianStaking.tokensOf(operator, shares);
  throw new CommandError(
    "CLI_NOT_ENOUGH_STAKE",
    `${account} has ${eraText(worth)} in the pool of ${operator} on ${name}, less than ${eraText(amount)}`,
    "Nothing was changed",
    `ask for at most ${eraText(worth)}`,
  );
}

/** Pays an exit to whoever requested it; anybody may. */
export function withdraw(exitId: bigint): Planner {
  return async ({ name }, { contracts: { guardianStaking } }) => {
    const { account } = await guardianStaking.exit(exitId);
    const populated = guardianStaking.withdraw.populateTransaction(exitId);
    const call = await callOf(`pay exit ${exitId}`, "GuardianStaking", guardianStaking, populated);
    const told = (receipts: readonly TransactionReceipt[]): string => {
      const { amount } = eventOf(guardianStaking.interface, receipts, "ExitPaid");
      return `exit ${exitId} of ${eraText(amount ?? 0n)} was paid to ${account} on ${name}.`;
    };
    return { calls: [call], told, nothing: "" };
  };
}

/** Pays what whoever signs has earned in a pool, or stakes it there. */
export function claim(operator: string | undefined, compound: boolean): Planner {
  return async ({ name }, { address, contracts: { guardianRewards } }) => {
    const pool = operator ?? address;
    const what = `${compound ? "stake" : "pay"} the rewards of ${address} in the pool of ${pool}`;
    const populated = guardianRewards[compound ? "compound" : "claim"].populateTransaction(pool);
    const call = await callOf(what, "GuardianRewards", guardianRewards, populated);
    const told = (receipts: readonly TransactionReceipt[]): string => {
      const event = compound ? "RewardsCompounded" : "RewardsClaimed";
      const { amount } = eventOf(guardianRewards.interface, receipts, event);
      const became = compound ? `became stake of ${pool}` : `were paid to ${address}`;
      return `${eraText(amount ?? 0n)} of rewards ${became} on ${name}.`;
    };
    return { calls: [call], told, nothing: "" };
  };
}

/** What the caller would be paid now; 0 if nothing. */
export async function rewardsOf({ contracts }: Connection, operator: string, account: string): Promise<bigint> {
  try {
    return await contracts.guardianRewards.claim.staticCall(operator, { from: account });
  } catch (error) {
    // RewardsNothing, or a pot that ran dry: either way nothing can be claimed.
    if (isError(error, "CALL_EXCEPTION")) return 0n;
    throw error;
  }
}

function eventOf(
  abi: Interface,
  receipts: readonly TransactionReceipt[],
  name: string,
): Readonly<Record<string, bigint | undefined>> {
  const logs = receipts.flatMap((receipt) => receipt.logs.map((log) => abi.parseLog(log)));
  const found = logs.find((log) => log?.name === name);
  if (found === undefined || found === null) throw new Error(`no ${name}`);
  // CAST: only numbers of the event are read.
  return found.args.toObject() as Readonly<Record<string, bigint>>;
}
