import { ZeroAddress } from "ethers";
import { checkedAddress } from "./accounts.ts";
import type { Context } from "./command.ts";
import { CommandError, UsageError } from "./command.ts";
import type { Connection } from "./connection.ts";
import { eraText, timeText } from "./format.ts";
import { findNetwork } from "./network.ts";
import type { Change } from "./one-rollup.ts";
import { changeOnRollup, showAccount } from "./one-rollup.ts";
import { transact } from "./transactions.ts";
import type { Signing, WalletChoice } from "./wallet.ts";

export interface StakeOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly on: string | undefined;
  readonly operator: `0x${string}` | undefined;
  readonly amount: bigint | undefined;
  readonly exitId: number | undefined;
  readonly displaced: `0x${string}` | undefined;
}

type Action = "show" | "add" | "exit" | "withdraw" | "join" | "resign";

export async function stakeCommand(context: Context, action: Action, options: StakeOptions): Promise<void> {
  const network = findNetwork(context, options.network);
  const operator = options.operator === undefined ? undefined : checkedAddress("--operator", options.operator);
  const shown = (connections: readonly Connection[], account: string) => show(context, connections, account);
  const given = { ...options, shown: operator };
  if (action === "show") return showAccount(context, network, given, shown);
  const change = changeOf(action, options, operator);
  return changeOnRollup(context, network, given, { command: `stake ${action}`, change }, shown);
}

/** Checks the flags of an action and returns how to do it. */
function changeOf(action: Exclude<Action, "show">, options: StakeOptions, operator: string | undefined): Change {
  const { amount, exitId, displaced } = options;
  if (action === "join") {
    const leaves = displaced === undefined ? ZeroAddress : checkedAddress("--displaced", displaced);
    return (connection, signing) => join(connection, signing, leaves);
  }
  if (action === "resign") return resign;
  if (action === "withdraw") {
    if (exitId === undefined) throw new UsageError("stake withdraw needs --exit-id <number>");
    return (connection, signing) => withdraw(connection, signing, BigInt(exitId));
  }
  if (amount === undefined || amount === 0n)
    throw new UsageError(`stake ${action} needs --amount <era>, more than nothing`);
  return action === "add"
    ? (connection, signing) => add(connection, signing, operator ?? signing.address, amount)
    : (connection, signing) => exit(connection, signing, operator ?? signing.address, amount);
}

async function add(connection: Connection, signing: Signing, operator: string, amount: bigint): Promise<string> {
  const { era, guardianStaking } = signing.contracts;
  const spender = connection.description.contracts.GuardianStaking;
  const allowed = await era.allowance(signing.address, spender);
  if (allowed < amount) await transact(connection, "set an allowance", () => era.approve(spender, amount));
  await transact(connection, `take ${eraText(amount)} as stake`, () => guardianStaking.stake(operator, amount));
  return `${eraText(amount)} became stake of ${operator} on ${connection.name}; it counts from the next rotation.`;
}

/** Exits are made in shares; the amount is turned into the least shares that are worth it. */
async function exit(connection: Connection, signing: Signing, operator: string, amount: bigint): Promise<string> {
  const { guardianStaking } = signing.contracts;
  const shares = await sharesFor(connection, signing.address, operator, amount);
  const receipt = await transact(connection, `let ${eraText(amount)} of stake go`, () =>
    guardianStaking.unstake(operator, shares),
  );
  for (const log of receipt.logs) {
    const parsed = guardianStaking.interface.parseLog(log);
    if (parsed?.name !== "ExitRequested") continue;
    // CAST: the event's fields as the ABI has them.
    const [exitId, , , , releaseAt] = parsed.args.toArray() as [bigint, string, string, bigint, bigint];
    return `Exit ${exitId} of ${eraText(amount)}: from ${timeText(releaseAt)} on, ./metalayer stake withdraw --on ${connection.name} --exit-id ${exitId} pays it out.`;
  }
  throw new Error("unstake emits ExitRequested");
}

async function sharesFor(
  { name, contracts }: Connection,
  account: string,
  operator: string,
  amount: bigint,
): Promise<bigint> {
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

async function withdraw(connection: Connection, { contracts }: Signing, exitId: bigint): Promise<string> {
  const { account } = await contracts.guardianStaking.exit(exitId);
  await transact(connection, `pay exit ${exitId}`, () => contracts.guardianStaking.withdraw(exitId));
  return `Exit ${exitId} was paid to ${account} on ${connection.name}.`;
}

async function join(connection: Connection, { contracts, address }: Signing, displaced: string): Promise<string> {
  await transact(connection, "take the operator as a candidate", () => contracts.guardianSet.join(displaced));
  return `${address} is a candidate on ${connection.name} and counts from the next rotation.`;
}

async function resign(connection: Connection, { contracts, address }: Signing): Promise<string> {
  await transact(connection, "let the candidate go", () => contracts.guardianSet.resign());
  return `${address} leaves the table of ${connection.name} at the next rotation.`;
}

async function show({ output }: Context, connections: readonly Connection[], operator: string): Promise<void> {
  const rows = await Promise.all(connections.map((connection) => stakeOn(connection, operator)));
  output.line(`Guardian ${operator}:`);
  await output.table(
    ["rollup", "stake", "of it leaving", "weight (whole ERA)", "bootstrap weight", "candidate", "service"],
    rows.map((row) => [
      row.rollup,
      eraText(row.stake),
      eraText(row.leaving),
      row.weight,
      row.bootstrapWeight,
      row.isCandidate ? "yes" : "no",
      row.url,
    ]),
  );
  output.result({ operator, rollups: rows });
}

/** Stake in wei of ERA, weights in whole ERA. */
async function stakeOn({ name, contracts }: Connection, operator: string) {
  const { guardianStaking, guardianSet } = contracts;
  const [pool, weights, info] = await Promise.all([
    guardianStaking.pool(operator),
    guardianStaking.weights([operator]),
    guardianSet.operatorInfo(operator),
  ]);
  const leaving = pool.shares === 0n ? 0n : (pool.tokens * pool.leavingShares) / pool.shares;
  const { bootstrapWeight, bootstrapExpiry, candidate: isCandidate, barred: isBarred, url } = info;
  const [weight = 0n] = weights;
  return {
    rollup: name,
    stake: pool.tokens,
    leaving,
    weight,
    bootstrapWeight,
    bootstrapExpiry,
    isCandidate,
    isBarred,
    url,
  };
}
