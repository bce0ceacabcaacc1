import type { Address } from "../../../sdk/src/bytes.ts";
import { checkedAddress } from "../accounts.ts";
import { allowanceCalls, callOf, makeCalls, type Call } from "../calls.ts";
import type { Context } from "../command.ts";
import { CommandError, UsageError } from "../command.ts";
import { eraText, spanText } from "../format.ts";
import { findNetwork, withRollups } from "../network.ts";
import { findWallet, signOn, type Signing, type WalletChoice } from "../wallet.ts";
import { feedsOf, readFeed, wordsOf, type Feed } from "./terms.ts";

export interface FeedOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly on: string;
  readonly dryRun: boolean;
}

export interface ManageOptions extends FeedOptions {
  readonly payee: Address | undefined;
  readonly reporter: Address | undefined;
}

/** What an action sends, and what to tell people once that is done. */
interface Plan {
  readonly calls: readonly Call[];
  readonly told: string;
  readonly next: string;
}

export type ManageAction = "create" | "join" | "resign" | "withdraw";

/** Makes a feed known, or changes the seat of one of its reporters. */
export async function manageFeed(
  context: Context,
  action: ManageAction,
  file: string,
  options: ManageOptions,
): Promise<void> {
  const { output } = context;
  const network = findNetwork(context, options.network);
  const feed = readFeed(context.path(file), network.rollup(options.on));
  const plan = { create, join, resign, withdraw }[action];
  const wallet = await findWallet(context, network, options);
  await withRollups([feed.rollup], async (connections) => {
    for (const connection of connections) {
      const signing = await signOn(connection, wallet);
      const { calls, told, next } = await plan(feed, signing, options);
      const { reports } = await makeCalls(connection, signing, calls, options.dryRun);
      output.line(options.dryRun ? `Nothing was sent; ${connection.name} would take it: ${told}` : told);
      if (!options.dryRun) output.line(`Next: ${next}`);
      output.result({ feed: feed.id, rollup: connection.name, dryRun: options.dryRun, calls: reports });
    }
  });
}

async function create(feed: Feed, { wallet }: Signing): Promise<Plan> {
  const contract = feedsOf(feed, wallet);
  const call = await callOf("create it", "Feeds", contract, contract.create.populateTransaction(wordsOf(feed)));
  const { description, reporters } = feed.terms;
  return {
    calls: [call],
    told: `${description} on ${feed.rollup.name} is feed ${feed.id}.`,
    next: `each of its ${reporters.length} reporters joins with its stake (./metalayer feed join)`,
  };
}

async function join(feed: Feed, signing: Signing, { payee }: ManageOptions): Promise<Plan> {
  if (payee === undefined) throw new UsageError("feed join needs --payee <address>, who gets the stake back");
  const { wallet, address } = signing;
  const { stake, exitDelay } = feed.terms;
  const contract = feedsOf(feed, wallet);
  const place = placeOf(feed, address);
  const populated = contract.join.populateTransaction(wordsOf(feed), place, checkedAddress("--payee", payee));
  const calls = await allowanceCalls(signing, feed.site.feeds, stake);
  calls.push(await callOf("take the reporter", "Feeds", contract, populated));
  return {
    calls,
    told: `${address} is reporter ${place} with ${eraText(stake)}, which ${payee} gets back ${spanText(exitDelay)} after it resigns.`,
    next: "./metalayer feed report signs what it sees",
  };
}

async function resign(feed: Feed, { wallet, address }: Signing): Promise<Plan> {
  const contract = feedsOf(feed, wallet);
  const populated = contract.resign.populateTransaction(wordsOf(feed), placeOf(feed, address));
  return {
    calls: [await callOf("let the reporter go", "Feeds", contract, populated)],
    told: `${address} reports no more; its stake still answers for what it signed.`,
    next: `./metalayer feed withdraw, ${spanText(feed.terms.exitDelay)} from now`,
  };
}

async function withdraw(feed: Feed, { wallet, address }: Signing, { reporter }: ManageOptions): Promise<Plan> {
  const contract = feedsOf(feed, wallet);
  const whose = reporter === undefined ? address : checkedAddress("--reporter", reporter);
  const place = placeOf(feed, whose);
  const { payee } = await contract.seat(feed.id, place);
  const populated = contract.withdraw.populateTransaction(wordsOf(feed), place);
  return {
    calls: [await callOf("pay the stake back", "Feeds", contract, populated)],
    told: `The stake of ${whose} is ${payee}'s again.`,
    next: "nothing needs to be done",
  };
}

/** Throws CLI_NO_REPORTER. */
export function placeOf({ terms: { reporters, description } }: Feed, account: string): number {
  const place = reporters.findIndex((each) => each.toLowerCase() === account.toLowerCase());
  if (place >= 0) return place;
  const next = `sign as one of ${reporters.join(", ")}`;
  throw new CommandError("CLI_NO_REPORTER", `${account} is no reporter of ${description}`, "Nothing was sent", next);
}
