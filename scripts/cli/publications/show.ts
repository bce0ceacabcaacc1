import type { Address } from "../../../sdk/src/bytes.ts";
import { checkedAddress } from "../accounts.ts";
import type { Context } from "../command.ts";
import { readingClient } from "../connection.ts";
import { unitsText } from "../format.ts";
import { findNetwork, withRollups } from "../network.ts";
import { topicText } from "./contracts.ts";
import { isActive, openSubscriptions, wantedBy, type Standing, type Wanted } from "./standing.ts";

export interface ShowOptions {
  readonly network: string | undefined;
  readonly on: string | undefined;
  readonly subscriber: Address | undefined;
}

interface Shown {
  readonly standing: Standing;
  readonly active: boolean;
  readonly wanted: readonly Wanted[];
}

/** Who subscribed to what, what has arrived, what has not, why, and what to do. */
export async function showSubscriptions(context: Context, options: ShowOptions): Promise<void> {
  const { output } = context;
  const network = findNetwork(context, options.network);
  const subscriber = options.subscriber && checkedAddress("<subscriber>", options.subscriber);
  const asked = options.on === undefined ? undefined : network.rollup(options.on);
  await withRollups(network.rollups, async (connections) => {
    const client = await readingClient(connections);
    const on = connections.filter(({ name }) => asked === undefined || name === asked.name);
    const standings = await openSubscriptions(client, connections, on, subscriber);
    const all = await Promise.all(
      standings.map(async (standing): Promise<Shown> => {
        const [active, wanted] = await Promise.all([isActive(standing), wantedBy(client, standing)]);
        return { standing, active, wanted };
      }),
    );
    if (all.length === 0) {
      const where = on.map(({ name }) => name).join(", ");
      output.line(`${subscriber ?? "Nobody"} has ${subscriber === undefined ? "" : "not "}subscribed on ${where}.`);
      output.line("Contracts subscribe themselves: docs/how-to/publish-subscribe.md has an example.");
    }
    for (const shown of all) await showOne(context, shown, subscriber !== undefined);
    output.result({ subscriptions: all.map(forMachines) });
  });
}

async function showOne({ output }: Context, { standing, active, wanted }: Shown, details: boolean): Promise<void> {
  const { on, source, subscription, balance } = standing;
  const { subscriber, filter, terms } = subscription;
  const from = source?.name ?? `rollup ${filter.chainId}`;
  const what = filter.topic === undefined ? "every topic" : `topic ${topicText(filter.topic)}`;
  const price =
    terms.price === 0n ? "pays nothing" : `pays ${unitsText(terms.price)} each (${unitsText(balance)} prepaid)`;
  output.line(`${subscriber} on ${on.name} listens to ${filter.publisher} of ${from}, ${what}`);
  output.line(`  from number ${terms.start} on, ${terms.gasLimit.toLocaleString("en-US")} gas a call, ${price}`);
  if (!active) output.line(`  ended: ${from} is not admitted any more as it was then; it has to subscribe anew`);
  if (source === undefined) output.line(`  ${from} is not in the network's description: nothing more can be told`);
  const counts = Object.entries(countsOf(wanted)).filter(([, count]) => count > 0);
  output.line(`  ${counts.map(([state, count]) => `${count} ${state}`).join(", ") || "nothing published yet"}`);
  const missing = wanted.filter(({ state }) => state !== "delivered");
  if (!details || missing.length === 0) return;
  await output.table(
    ["number", "topic", "block", "state", "failed calls", "next"],
    missing.map((one) => [
      ...[String(one.said.index), topicText(one.said.topic), String(one.said.blockNumber)],
      ...[one.reason === undefined ? one.state : `${one.state}: ${one.reason}`, String(one.attempts)],
      nextOf(standing, one),
    ]),
  );
}

/** What can be done about a publication that has not arrived. */
function nextOf({ on, source, subscription: { subscriber } }: Standing, { state }: Wanted): string {
  const retry = `./metalayer subscriptions retry ${subscriber}`;
  if (state === "waiting") return `wait until a newer head of ${source?.name} is attested on ${on.name}`;
  if (state === "refused") return `mend the subscriber, then ${retry}`;
  if (state === "unpaid") return `./metalayer subscriptions fund ${subscriber} --amount 1, or ${retry}`;
  return state === "open" ? `wait for a relayer, or ${retry}` : "";
}

function countsOf(wanted: readonly Wanted[]): Record<Wanted["state"], number> {
  const count = (asked: Wanted["state"]): number => wanted.filter(({ state }) => state === asked).length;
  return {
    delivered: count("delivered"),
    open: count("open"),
    waiting: count("waiting"),
    refused: count("refused"),
    unpaid: count("unpaid"),
  };
}

function forMachines({ standing, active, wanted }: Shown) {
  const { on, source, subscription, balance } = standing;
  return {
    rollup: on.name,
    source: source?.name,
    ...subscription,
    balance,
    active,
    counts: countsOf(wanted),
    open: wanted.filter(({ state }) => state !== "delivered").map((one) => ({ ...one, next: nextOf(standing, one) })),
  };
}
