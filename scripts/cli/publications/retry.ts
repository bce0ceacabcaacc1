import type { TransactionReceipt } from "ethers";
import type { Address } from "../../../sdk/src/bytes.ts";
import type { MetalayerClient } from "../../../sdk/src/client.ts";
import { provePublications } from "../../../sdk/src/publicationProof.ts";
import { checkedAddress } from "../accounts.ts";
import { callOf, makeCalls, type Call, type CallReport } from "../calls.ts";
import type { Context } from "../command.ts";
import { CommandError } from "../command.ts";
import type { Connection } from "../connection.ts";
import { readingClient } from "../connection.ts";
import { findNetwork, withRollups } from "../network.ts";
import { explained } from "../read.ts";
import type { WalletChoice } from "../wallet.ts";
import { findWallet, signOn } from "../wallet.ts";
import { publicationAddress, topicText } from "./contracts.ts";
import { isDelivered, openSubscriptions, readOutcomes, wantedBy, type Standing, type Wanted } from "./standing.ts";

export interface RetryOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly on: string | undefined;
  readonly publisher: Address | undefined;
  readonly index: number | undefined;
  readonly force: boolean;
  readonly dryRun: boolean;
}

/** What one transaction brings: publications of one rollup for one subscription. */
interface Load {
  readonly standing: Standing;
  readonly source: Connection;
  readonly wanted: readonly Wanted[];
}

const NOTHING = "Nothing was delivered";
const MOST_GAS = 10_000_000n;
const MOST_ITEMS = 16;

/** Brings a subscriber what it has not got. The answer is "no" if it refuses some of it. */
export async function retryPublications(
  context: Context,
  given: Address,
  options: RetryOptions,
): Promise<false | undefined> {
  const network = findNetwork(context, options.network);
  const subscriber = checkedAddress("<subscriber>", given);
  const asked = options.on === undefined ? undefined : network.rollup(options.on);
  const wallet = await findWallet(context, network, options);
  return withRollups(network.rollups, async (connections) => {
    const client = await readingClient(connections);
    const on = connections.filter(({ name }) => asked === undefined || name === asked.name);
    const standings = await openSubscriptions(client, connections, on, subscriber);
    const loads = await loadsOf(client, standings, subscriber, options);
    const reports: (CallReport & { readonly rollup: string })[] = [];
    const receipts: TransactionReceipt[] = [];
    for (const load of loads) {
      const { on: at } = load.standing;
      const signing = await signOn(at, wallet);
      const call = await deliveryOf(client, load);
      const sent = await makeCalls(at, signing, [call], options.dryRun);
      reports.push(...sent.reports.map((report) => ({ ...report, rollup: at.name })));
      receipts.push(...sent.receipts);
    }
    return report(context, { subscriber, loads, reports, receipts, dryRun: options.dryRun });
  });
}

/** What can be brought, as few transactions as possible. Throws if that is nothing, with the reason. */
async function loadsOf(
  client: MetalayerClient,
  standings: readonly Standing[],
  subscriber: Address,
  { publisher, index, force }: RetryOptions,
): Promise<Load[]> {
  const refuse = (code: string, what: string, next: string): CommandError =>
    new CommandError(code, what, NOTHING, next);
  if (standings.length === 0) {
    const next = "./metalayer subscriptions show lists who has";
    throw refuse("CLI_NOT_SUBSCRIBED", `${subscriber} has not subscribed to anything`, next);
  }
  const named = publisher && checkedAddress("--publisher", publisher);
  const isNamed = ({ said }: Wanted): boolean =>
    (named === undefined || said.publisher === named) && (index === undefined || said.index === BigInt(index));
  const found = await Promise.all(
    standings.map(async (standing) => ({ standing, wanted: (await wantedBy(client, standing)).filter(isNamed) })),
  );
  const missing = found.flatMap(({ wanted }) => wanted.filter(({ state }) => state !== "delivered"));
  if (missing.length === 0)
    throw refuse("CLI_DELIVERED", `${subscriber} has got all of it`, "nothing needs to be done");
  const shown = missing.filter(({ state }) => state !== "waiting");
  if (shown.length === 0) {
    const next = "wait for a relayer to record one, or ask for one (StateRequests)";
    throw refuse("CLI_NO_HEAD", "no attested head shows what is missing yet", next);
  }
  const due = shown.filter(({ state }) => force || state !== "refused");
  if (due.length === 0) {
    const reasons = [...new Set(shown.map(({ reason }) => reason))].join("; ");
    const next = "mend that and run this again, or insist with --force";
    throw refuse("CLI_WOULD_FAIL", `the subscriber would refuse it: ${reasons}`, next);
  }
  return found.flatMap(({ standing, wanted }) =>
    packed(
      standing,
      wanted.filter((one) => due.includes(one)),
    ),
  );
}

/** No more in one transaction than its gas allows. */
function packed(standing: Standing, wanted: readonly Wanted[]): Load[] {
  const { source, subscription } = standing;
  if (source === undefined) return [];
  const fitting = Number(MOST_GAS / subscription.terms.gasLimit);
  const size = Math.min(MOST_ITEMS, Math.max(1, fitting));
  const count = Math.ceil(wanted.length / size);
  return Array.from({ length: count }, (_, at) => ({
    standing,
    source,
    wanted: wanted.slice(at * size, (at + 1) * size),
  }));
}

async function deliveryOf(client: MetalayerClient, { standing, source, wanted }: Load): Promise<Call> {
  const { on, subscription, contract } = standing;
  const { subscriber, filter, terms } = subscription;
  const { chainId, incarnation, broadcaster } = filter;
  const publications = wanted.map(({ said }) => said);
  const proven = on === source ? undefined : await prove(client, on, source, { broadcaster, publications });
  const anchorIndex = proven?.head.anchorIndex ?? 0n;
  const targets = [{ subscriber, everyTopic: filter.topic === undefined, gasLimit: terms.gasLimit, price: 0n }];
  const items = publications.map(({ publisher, topic, index, payload }) => ({
    publisher,
    topic,
    index,
    payload,
    targets,
  }));
  const from = { chainId, incarnation, broadcaster, anchorIndex };
  const populated = contract.deliver.populateTransaction(from, items, proven?.proof ?? "0x");
  return callOf("deliver it", "Subscriptions", contract, populated);
}

async function prove(
  client: MetalayerClient,
  on: Connection,
  source: Connection,
  what: Pick<Parameters<typeof provePublications>[1], "broadcaster" | "publications">,
) {
  try {
    return await provePublications(client, { of: source.chainId, attestedOn: on.chainId, ...what });
  } catch (error) {
    throw explained(error, source.name, on.name);
  }
}

interface Done {
  readonly subscriber: Address;
  readonly loads: readonly Load[];
  readonly reports: readonly CallReport[];
  readonly receipts: readonly TransactionReceipt[];
  readonly dryRun: boolean;
}

async function report({ output }: Context, done: Done): Promise<false | undefined> {
  const { subscriber, loads, reports: calls, receipts, dryRun } = done;
  const addresses = loads.map(({ standing: { on } }) =>
    publicationAddress(on.description, "Subscriptions").toLowerCase(),
  );
  const logs = receipts
    .flatMap((receipt) => receipt.logs)
    .filter(({ address }) => addresses.includes(address.toLowerCase()));
  const outcomes = readOutcomes(logs);
  const tried = loads.flatMap(({ standing, source, wanted }) => wanted.map(({ said }) => ({ standing, source, said })));
  const results = await Promise.all(
    tried.map(async ({ standing, source, said }) => {
      const { publisher, index, topic, message } = said;
      const reason = outcomes.failures.get(message)?.at(-1);
      const delivered = outcomes.done.has(message) && (await isDelivered(standing, said));
      return { rollup: standing.on.name, source: source.name, publisher, index, topic, message, delivered, reason };
    }),
  );
  if (dryRun) output.line(`Nothing was sent. ${subscriber} would be called for:`);
  await output.table(
    ["on", "from", "publisher", "number", "topic", "outcome"],
    results.map(({ rollup, source, publisher, index, topic, delivered, reason }) => [
      ...[rollup, source, publisher, String(index), topicText(topic)],
      dryRun ? "would be called" : delivered ? "delivered" : (reason ?? "somebody was first, or the terms changed"),
    ]),
  );
  const gas = calls.reduce((sum, call) => sum + (call.gas ?? 0n), 0n);
  output.line(`${gas.toLocaleString("en-US")} gas in ${calls.length} ${calls.length === 1 ? "call" : "calls"}.`);
  output.result({ subscriber, dryRun, publications: results, calls });
  return dryRun || results.every(({ delivered }) => delivered) ? undefined : false;
}
