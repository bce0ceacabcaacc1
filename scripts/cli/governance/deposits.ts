import type { ContractTransaction } from "ethers";
import { checkedAddress } from "../accounts.ts";
import { checkEra } from "../balance.ts";
import type { Context } from "../command.ts";
import { CommandError, UsageError } from "../command.ts";
import type { Connection } from "../connection.ts";
import { eraText, timeText } from "../format.ts";
import { findGovernance } from "../dao/record.ts";
import { findNetwork } from "../network.ts";
import type { Change } from "../one-rollup.ts";
import { changeOnRollup, showAccount } from "../one-rollup.ts";
import type { Signing, WalletChoice } from "../wallet.ts";
import { governanceAddress, governanceOf } from "./contracts.ts";
import { voteText } from "./of-dao.ts";
import { submit } from "./submit.ts";
import { votesText } from "./votes-text.ts";

export type Action = "show" | "deposit" | "term" | "withdraw" | "pay";

export interface LockOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly on: string | undefined;
  readonly amount: bigint | undefined;
  readonly for: bigint | undefined;
  readonly dryRun: boolean;
}

export interface DelegateOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly dao: string | undefined;
  readonly on: string;
  readonly to: `0x${string}`;
  readonly dryRun: boolean;
}

/** As EraVotes has it. */
const MOST_PERIODS = 48n;

/** ERA that votes: deposits, terms, withdrawals. */
export async function lockCommand(context: Context, action: Action, options: LockOptions): Promise<void> {
  const network = findNetwork(context, options.network);
  const shown = (connections: readonly Connection[], account: string) => show(context, connections, account);
  const given = { ...options, shown: undefined };
  if (action === "show") return showAccount(context, network, given, shown);
  const change = changeOf(action, options);
  return changeOnRollup(context, network, given, { command: `lock ${action}`, change }, shown);
}

/** Who votes with what the account has deposited on one rollup, or with its tokens of a DAO. */
export async function delegateCommand(context: Context, options: DelegateOptions): Promise<void> {
  const network = findGovernance(context, options);
  const to = checkedAddress("--to", options.to);
  const change: Change = async (connection, signing) => {
    const { eraVotes } = governanceOf(connection.description, signing.wallet);
    const call = await eraVotes.delegate.populateTransaction(to);
    await submit(connection, signing, "change the delegate", call, options.dryRun);
    return options.dryRun
      ? "Nothing was sent; the delegate would change."
      : `${to} votes for ${signing.address} on ${connection.name}.`;
  };
  const shown = (connections: readonly Connection[], account: string) =>
    options.dao === undefined ? show(context, connections, account) : showVotes(context, connections, account);
  return changeOnRollup(context, network, { ...options, shown: undefined }, { command: "delegate", change }, shown);
}

/** Checks the flags of an action and returns how to do it. */
function changeOf(action: Exclude<Action, "show">, options: LockOptions): Change {
  const { amount, for: term, dryRun } = options;
  if (action === "pay") return (connection, signing) => pay(connection, signing, dryRun);
  if (amount === undefined || (amount === 0n && action !== "term"))
    throw new UsageError(`lock ${action} needs --amount <era>, more than nothing`);
  if (action === "deposit") return (connection, signing) => deposit(connection, signing, amount, dryRun);
  if (action === "withdraw") return (connection, signing) => withdraw(connection, signing, amount, dryRun);
  if (term === undefined) throw new UsageError("lock term needs --for <span>");
  return (connection, signing) => lock(connection, signing, { amount, term, dryRun });
}

async function deposit(connection: Connection, signing: Signing, amount: bigint, dryRun: boolean): Promise<string> {
  const { era } = signing.contracts;
  const { eraVotes } = governanceOf(connection.description, signing.wallet);
  const spender = governanceAddress(connection.description, "EraVotes");
  await checkEra(connection, signing.address, amount);
  const allowed = await era.allowance(signing.address, spender);
  const perform = (what: string, call: ContractTransaction) => submit(connection, signing, what, call, dryRun);
  if (allowed < amount) await perform("set an allowance", await era.approve.populateTransaction(spender, amount));
  if (dryRun) return `Nothing was sent; ${eraText(amount)} can be deposited.`;
  await perform(`take a deposit of ${eraText(amount)}`, await eraVotes.deposit.populateTransaction(amount));
  return `${eraText(amount)} is deposited on ${connection.name} and votes once.`;
}

/** Terms end at multiples of the contract's period; the one that is at least as long as asked for is taken. */
async function lock(
  connection: Connection,
  signing: Signing,
  { amount, term, dryRun }: { readonly amount: bigint; readonly term: bigint; readonly dryRun: boolean },
): Promise<string> {
  const { eraVotes } = governanceOf(connection.description, signing.wallet);
  const [{ free, lockEnd }, period, block] = await Promise.all([
    eraVotes.holding(signing.address),
    eraVotes.period(),
    connection.provider.getBlock("latest"),
  ]);
  const now = BigInt(block?.timestamp ?? 0);
  // A little longer than asked: the transaction's block comes later than this one.
  const end = ((now + term) / period + 1n) * period + (term < period ? period : 0n);
  checkEnd(end, lockEnd, now + MOST_PERIODS * period);
  if (free < amount) {
    const added = await deposit(connection, signing, amount - free, dryRun);
    if (dryRun) return added;
  }
  const call = await eraVotes.lock.populateTransaction(amount, end);
  await submit(connection, signing, "put the deposit under a term", call, dryRun);
  if (dryRun) return `Nothing was sent; the term would end at ${timeText(end)}.`;
  const { locked } = await eraVotes.holding(signing.address);
  return `${eraText(locked)} votes twice on ${connection.name} until ${timeText(end)}; there is no way out before.`;
}

/** Before anything is deposited: what is refused a term would stay deposited without one. */
function checkEnd(end: bigint, held: bigint, latest: bigint): void {
  if (end >= held && end <= latest) return;
  const what =
    end > latest
      ? `the term would end at ${timeText(end)}, and none may end after ${timeText(latest)}`
      : `the term would end at ${timeText(end)}, before the one that the deposit is under (${timeText(held)})`;
  const next = `name a ${end > latest ? "shorter" : "longer"} term with --for`;
  throw new CommandError("CLI_BAD_TERM", what, "Nothing was sent", next);
}

async function withdraw(connection: Connection, signing: Signing, amount: bigint, dryRun: boolean): Promise<string> {
  const { eraVotes } = governanceOf(connection.description, signing.wallet);
  const call = await eraVotes.withdraw.populateTransaction(amount);
  await submit(connection, signing, `let ${eraText(amount)} go`, call, dryRun);
  if (dryRun) return `Nothing was sent; ${eraText(amount)} would stop to vote.`;
  const { payableAt } = await eraVotes.holding(signing.address);
  return `${eraText(amount)} votes no more; from ${timeText(payableAt)} on, ./metalayer lock pay --on ${connection.name} pays it.`;
}

async function pay(connection: Connection, signing: Signing, dryRun: boolean): Promise<string> {
  const { eraVotes } = governanceOf(connection.description, signing.wallet);
  const { leaving } = await eraVotes.holding(signing.address);
  const call = await eraVotes.pay.populateTransaction(signing.address);
  await submit(connection, signing, "pay what was withdrawn", call, dryRun);
  return dryRun
    ? `Nothing was sent; ${eraText(leaving)} can be paid.`
    : `${eraText(leaving)} was paid to ${signing.address}.`;
}

async function show({ output }: Context, connections: readonly Connection[], account: string): Promise<void> {
  const rows = await Promise.all(connections.map((connection) => holdingOn(connection, account)));
  output.line(`ERA of ${account} that votes:`);
  await output.table(
    ["rollup", "deposited", "under a term", "until", "leaving", "delegate", "votes given to the account"],
    rows.map((row) => [
      row.rollup,
      eraText(row.free),
      eraText(row.locked),
      row.lockEnd === 0n ? "" : timeText(row.lockEnd),
      row.leaving === 0n ? "" : `${eraText(row.leaving)} at ${timeText(row.payableAt)}`,
      row.delegate,
      votesText(row.votes),
    ]),
  );
  output.result({ account, rollups: rows });
}

/** Of a DAO's token only what every token with votes tells. */
async function showVotes({ output }: Context, connections: readonly Connection[], account: string): Promise<void> {
  const rows = await Promise.all(
    connections.map(async ({ name, description, provider }) => {
      const { eraVotes } = governanceOf(description, provider);
      const [delegate, votes] = await Promise.all([eraVotes.delegates(account), eraVotes.getVotes(account)]);
      return { rollup: name, delegate, votes, text: voteText(description, votes) };
    }),
  );
  await output.table(
    ["rollup", "delegate", "votes given to the account"],
    rows.map(({ rollup, delegate, text }) => [rollup, delegate, text]),
  );
  output.result({ account, rollups: rows.map(({ text: _, ...row }) => row) });
}

async function holdingOn({ name, description, provider }: Connection, account: string) {
  const { eraVotes } = governanceOf(description, provider);
  const [holding, delegate, votes] = await Promise.all([
    eraVotes.holding(account),
    eraVotes.delegates(account),
    eraVotes.getVotes(account),
  ]);
  const { free, locked, lockEnd, leaving, payableAt } = holding;
  return { rollup: name, free, locked, lockEnd, leaving, payableAt, delegate, votes };
}
