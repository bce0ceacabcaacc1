import type { Context } from "./command.ts";
import { UsageError } from "./command.ts";
import type { CallReport } from "./calls.ts";
import { sendCalls, simulateCalls } from "./calls.ts";
import type { Connection } from "./connection.ts";
import { checkedAddress } from "./accounts.ts";
import { findNetwork, onEach, withRollups } from "./network.ts";
import type { Plan, Planner } from "./operator-key.ts";
import { announce, join, register, resign, rotateKey, unjail } from "./operator-key.ts";
import { claim, delegate, stake, unbond, withdraw } from "./operator-stake.ts";
import { showStanding } from "./operator-status.ts";
import type { Signing, WalletChoice } from "./wallet.ts";
import { findWallet, signOn } from "./wallet.ts";

export interface OperatorOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly on: string | undefined;
  readonly operator: `0x${string}` | undefined;
  readonly amount: bigint | undefined;
  readonly exitId: number | undefined;
  readonly displaced: `0x${string}` | undefined;
  readonly compound: boolean;
  readonly dryRun: boolean;
}

/** What an operator does on rollups. Those of keys and addresses go to every rollup unless one is named. */
export const OPERATOR_ACTIONS = [
  "register",
  "rotate-key",
  "announce",
  "join",
  "resign",
  "unjail",
  "stake",
  "delegate",
  "unbond",
  "withdraw",
  "claim",
] as const;
export type OperatorAction = (typeof OPERATOR_ACTIONS)[number];

const EVERYWHERE: readonly OperatorAction[] = ["register", "rotate-key", "announce"];

interface Row {
  readonly rollup: string;
  readonly told: string;
  readonly transactions: readonly CallReport[];
}

/** Makes an operator's change on a rollup or on all of them, or with `--dry-run` says what it would send. */
export async function operatorCommand(
  context: Context,
  action: OperatorAction,
  given: string | undefined,
  options: OperatorOptions,
): Promise<void> {
  const network = findNetwork(context, options.network);
  const planner = plannerOf(context, action, given, options);
  if (options.on === undefined && !EVERYWHERE.includes(action))
    throw new UsageError(`guardian ${action} needs --on <rollup>`);
  const rollups = options.on === undefined ? network.rollups : [network.rollup(options.on)];
  const wallet = await findWallet(context, network, options);
  const { dryRun } = options;
  await withRollups(rollups, async (connections) => {
    const rows = await onEach(connections, async (connection) => {
      const signing = await signOn(connection, wallet);
      const plan = await planner(connection, signing);
      return dryRun ? rehearse(connection, signing, plan) : perform(connection, signing, plan);
    });
    const { output } = context;
    for (const { rollup, told } of rows) output.line(`${rollup}: ${told}`);
    if (dryRun) await showCalls(context, wallet.address, rows);
    else if (!EVERYWHERE.includes(action))
      await showStanding(context, connections, operatorOf(options, wallet.address));
    output.result({ action, signer: wallet.address, dryRun, rollups: rows });
  });
}

function operatorOf({ operator }: OperatorOptions, signer: string): string {
  return operator === undefined ? signer : checkedAddress("--operator", operator);
}

/** Checks the flags of an action and returns how it is planned on a rollup. */
function plannerOf(
  context: Context,
  action: OperatorAction,
  given: string | undefined,
  options: OperatorOptions,
): Planner {
  const { amount, exitId, compound, displaced } = options;
  const operator = options.operator === undefined ? undefined : checkedAddress("--operator", options.operator);
  const needed = (): bigint => {
    if (amount !== undefined && amount !== 0n) return amount;
    throw new UsageError(`guardian ${action} needs --amount <era>, more than nothing`);
  };
  const argument = (what: string): string => {
    if (given !== undefined) return given;
    throw new UsageError(`guardian ${action} needs ${what}`);
  };
  if (given !== undefined && !EVERYWHERE.includes(action))
    throw new UsageError(`guardian ${action} takes no "${given}"`);
  switch (action) {
    case "register":
      return register(context.path(argument("the file that ./metalayer prove --into has written")));
    case "rotate-key":
      return rotateKey(context.path(argument("the file that ./metalayer prove --into has written")));
    case "announce":
      return announce(argument("the address where the guardian answers"));
    case "join":
      return join(displaced === undefined ? undefined : checkedAddress("--displaced", displaced));
    case "resign":
      return resign;
    case "unjail":
      return unjail;
    case "stake":
      if (operator !== undefined)
        throw new UsageError("guardian stake is the operator's own; others: guardian delegate");
      return stake(needed());
    case "delegate":
      if (operator === undefined) throw new UsageError("guardian delegate needs --operator <address>");
      return delegate(operator, needed());
    case "unbond":
      return unbond(operator, needed());
    case "withdraw":
      if (exitId === undefined) throw new UsageError("guardian withdraw needs --exit-id <number>");
      return withdraw(BigInt(exitId));
    case "claim":
      return claim(operator, compound);
  }
}

async function perform(connection: Connection, signing: Signing, { calls, told, nothing }: Plan): Promise<Row> {
  const { reports, receipts } = await sendCalls(connection, signing, calls);
  return { rollup: connection.name, told: calls.length === 0 ? nothing : told(receipts), transactions: reports };
}

async function rehearse(connection: Connection, { address }: Signing, { calls, nothing }: Plan): Promise<Row> {
  const transactions = await simulateCalls(connection, address, calls);
  const told = calls.length === 0 ? nothing : `${calls.length} transaction${calls.length === 1 ? "" : "s"}, not sent`;
  return { rollup: connection.name, told, transactions };
}

async function showCalls({ output }: Context, signer: string, rows: readonly Row[]): Promise<void> {
  const calls = rows.flatMap(({ rollup, transactions }) => transactions.map((call) => ({ rollup, ...call })));
  if (calls.length === 0) return;
  output.line(`${signer} would send:`);
  await output.table(
    ["rollup", "to", "call", "gas"],
    calls.map(({ rollup, contract, to, method, args, gas }) => [
      ...[rollup, `${contract} ${to}`, `${method}(${args.map(argumentText).join(", ")})`],
      gas === undefined ? "known after the one before" : gas.toLocaleString("en-US"),
    ]),
  );
}

function argumentText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(argumentText).join(", ")}]`;
  const text = String(value);
  return text.length > 50 ? `${text.slice(0, 18)}…${text.slice(-8)}` : text;
}
