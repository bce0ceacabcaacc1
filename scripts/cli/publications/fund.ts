import type { Address } from "../../../sdk/src/bytes.ts";
import { FEE_UNIT_WEI } from "../../../sdk/src/fees.ts";
import { filterArgument } from "../../../sdk/src/subscription.ts";
import { checkedAddress } from "../accounts.ts";
import { allowanceCalls, callOf, makeCalls, type Call } from "../calls.ts";
import type { Context } from "../command.ts";
import { CommandError, UsageError } from "../command.ts";
import { readingClient } from "../connection.ts";
import { eraText, unitsText } from "../format.ts";
import { findNetwork, withRollups } from "../network.ts";
import type { WalletChoice } from "../wallet.ts";
import { findWallet, signOn, type Signing } from "../wallet.ts";
import { openSubscriptions, type Standing } from "./standing.ts";

export interface FundOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly on: string | undefined;
  readonly publisher: Address | undefined;
  readonly amount: bigint | undefined;
  readonly dryRun: boolean;
}

/** Prepays ERA for a subscription; whoever brings its publications is paid from that. */
export async function fundSubscription(context: Context, given: Address, options: FundOptions): Promise<void> {
  const { amount, dryRun } = options;
  if (amount === undefined) throw new UsageError("subscriptions fund needs --amount <era>");
  if (amount === 0n || amount % FEE_UNIT_WEI !== 0n)
    throw new UsageError("--amount must be more than nothing, with at most 9 digits after the point");
  const { output } = context;
  const network = findNetwork(context, options.network);
  const subscriber = checkedAddress("<subscriber>", given);
  const rollups = options.on === undefined ? network.rollups : [network.rollup(options.on)];
  const wallet = await findWallet(context, network, options);
  await withRollups(rollups, async (connections) => {
    const client = await readingClient(connections);
    const all = await openSubscriptions(client, connections, connections, subscriber);
    const standing = onlyOne(all, subscriber, options.publisher);
    const { on, subscription } = standing;
    const signing = await signOn(on, wallet);
    const calls = await callsOf(standing, signing, amount);
    const { reports } = await makeCalls(on, signing, calls, dryRun);
    const units = amount / FEE_UNIT_WEI;
    const balance = standing.balance + (dryRun ? 0n : units);
    output.line(
      dryRun
        ? `Nothing was sent; ${on.name} would take ${eraText(amount)} for ${subscriber}.`
        : `${subscriber} on ${on.name} now has ${unitsText(balance)} prepaid for publications of ${subscription.filter.publisher}.`,
    );
    output.result({ subscriber, rollup: on.name, id: subscription.id, dryRun, balance, calls: reports });
  });
}

async function callsOf({ contract, subscription }: Standing, signing: Signing, amount: bigint): Promise<Call[]> {
  const allowance = await allowanceCalls(signing, await contract.getAddress(), amount);
  const filter = filterArgument(subscription.filter);
  const populated = contract.fund.populateTransaction(subscription.subscriber, filter, amount / FEE_UNIT_WEI);
  return [...allowance, await callOf(`take ${eraText(amount)}`, "Subscriptions", contract, populated)];
}

/** The subscription that is meant. Throws CLI_NOT_SUBSCRIBED, CLI_SEVERAL_SUBSCRIPTIONS. */
function onlyOne(all: readonly Standing[], subscriber: Address, publisher: Address | undefined): Standing {
  const named = publisher && checkedAddress("--publisher", publisher);
  const meant = all.filter(({ subscription }) => named === undefined || subscription.filter.publisher === named);
  const [first, second] = meant;
  if (first === undefined) {
    const next = `look at ./metalayer subscriptions show ${subscriber}`;
    throw new CommandError("CLI_NOT_SUBSCRIBED", `${subscriber} has no such subscription`, "Nothing was sent", next);
  }
  if (second === undefined) return first;
  const places = meant.map(({ on, subscription }) => `${subscription.filter.publisher} on ${on.name}`).join(", ");
  const what = `${subscriber} has ${meant.length} subscriptions: to ${places}`;
  throw new CommandError("CLI_SEVERAL_SUBSCRIPTIONS", what, "Nothing was sent", "name one with --on and --publisher");
}
