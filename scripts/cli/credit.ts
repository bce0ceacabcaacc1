import { ZeroAddress } from "ethers";
import { FEE_UNIT_WEI } from "../../sdk/src/fees.ts";
import { checkedAddress } from "./accounts.ts";
import { checkEra } from "./balance.ts";
import type { Context } from "./command.ts";
import { UsageError } from "./command.ts";
import type { Connection } from "./connection.ts";
import { eraText, spanText, unitsText } from "./format.ts";
import { findNetwork } from "./network.ts";
import type { Change } from "./one-rollup.ts";
import { changeOnRollup, showAccount } from "./one-rollup.ts";
import { transact } from "./transactions.ts";
import type { Signing, WalletChoice } from "./wallet.ts";

export interface CreditOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly on: string | undefined;
  readonly amount: bigint | undefined;
  readonly for: `0x${string}` | undefined;
  readonly period: bigint | undefined;
}

type Action = "show" | "buy" | "withdraw" | "sponsor" | "accept";

export async function creditCommand(context: Context, action: Action, options: CreditOptions): Promise<void> {
  const network = findNetwork(context, options.network);
  const other = options.for === undefined ? undefined : checkedAddress("--for", options.for);
  const shown = (connections: readonly Connection[], account: string) => show(context, connections, account);
  if (action === "show") return showAccount(context, network, { ...options, shown: other }, shown);
  const change = changeOf(action, options, other);
  const given = { ...options, shown: undefined };
  return changeOnRollup(context, network, given, { command: `credit ${action}`, change }, shown);
}

/** Checks the flags of an action and returns how to do it. */
function changeOf(action: Exclude<Action, "show">, options: CreditOptions, other: string | undefined): Change {
  const { amount, period } = options;
  if (action === "accept") return (connection, signing) => accept(connection, signing, other ?? ZeroAddress);
  if (amount === undefined) throw new UsageError(`credit ${action} needs --amount <era>`);
  if (amount % FEE_UNIT_WEI !== 0n) throw new UsageError("credit has at most 9 digits after the point");
  if (action !== "sponsor") {
    if (amount === 0n) throw new UsageError("--amount must be more than nothing");
    const run = action === "buy" ? buy : withdraw;
    return (connection, signing) => run(connection, signing, amount, other);
  }
  if (other === undefined || period === undefined)
    throw new UsageError("credit sponsor needs --for <address> and --period <span>");
  return (connection, signing) => sponsor(connection, signing, other, amount, period);
}

async function buy(
  connection: Connection,
  { contracts, address }: Signing,
  amount: bigint,
  account = address,
): Promise<string> {
  const { era, feeController } = contracts;
  const spender = connection.description.contracts.FeeController;
  await checkEra(connection, address, amount);
  const allowed = await era.allowance(address, spender);
  if (allowed < amount) await transact(connection, "set an allowance", () => era.approve(spender, amount));
  await transact(connection, `sell ${eraText(amount)} of credit`, () => feeController.buyCredit(account, amount));
  return `${eraText(amount)} became credit of ${account} on ${connection.name}.`;
}

async function withdraw(
  connection: Connection,
  { contracts, address }: Signing,
  amount: bigint,
  account = address,
): Promise<string> {
  if (account !== address) throw new UsageError("only an account itself can withdraw its credit");
  await transact(connection, `pay out ${eraText(amount)} of credit`, () =>
    contracts.feeController.withdrawCredit(amount),
  );
  return `${eraText(amount)} of credit became ERA of ${address} on ${connection.name}.`;
}

async function sponsor(
  connection: Connection,
  { contracts, address }: Signing,
  account: string,
  amount: bigint,
  period: bigint,
): Promise<string> {
  await transact(connection, "agree to a sponsorship", () =>
    contracts.gateway.sponsor(account, amount / FEE_UNIT_WEI, period),
  );
  const limit = `${eraText(amount)} per ${spanText(Number(period))}`;
  return `${address} pays up to ${limit} for ${account} on ${connection.name}, once that account accepts.`;
}

async function accept(connection: Connection, { contracts, address }: Signing, payer: string): Promise<string> {
  await transact(connection, "name a sponsor", () => contracts.gateway.setSponsor(payer));
  return `${payer === ZeroAddress ? "Nobody" : payer} pays for messages of ${address} on ${connection.name}.`;
}

async function show({ output }: Context, connections: readonly Connection[], account: string): Promise<void> {
  const rows = await Promise.all(connections.map((connection) => creditOn(connection, account)));
  output.line(`Credit of ${account}:`);
  await output.table(
    ["rollup", "credit", "ERA held", "sponsored by", "sponsor pays", "left of it"],
    rows.map(({ rollup, credit, balance, sponsorship: by }) => [
      rollup,
      unitsText(credit),
      eraText(balance),
      by?.sponsor ?? "nobody",
      by === undefined ? "" : `${unitsText(by.limit)} per ${spanText(Number(by.periodSeconds))}`,
      by === undefined ? "" : unitsText(by.available),
    ]),
  );
  output.result({ account, rollups: rows });
}

/** Credit and limits in fee units of 1e-9 ERA, the balance in wei. */
async function creditOn({ name, contracts }: Connection, account: string) {
  const [{ balance: credit, sponsoredBy }, balance] = await Promise.all([
    contracts.gateway.credit(account),
    contracts.era.balanceOf(account),
  ]);
  if (sponsoredBy === ZeroAddress) return { rollup: name, credit, balance };
  const { limit, period, available } = await contracts.gateway.sponsorship(sponsoredBy, account);
  return {
    rollup: name,
    credit,
    balance,
    sponsorship: { sponsor: sponsoredBy, limit, periodSeconds: period, available },
  };
}
