import { hexlify, toUtf8Bytes } from "ethers";
import { toHex, type Hex } from "../../../sdk/src/bytes.ts";
import { readPublications, type PublishedEvent } from "../../../sdk/src/publication.ts";
import { callOf, sendCalls, simulateCalls } from "../calls.ts";
import type { Context } from "../command.ts";
import type { Connection } from "../connection.ts";
import { readingClient } from "../connection.ts";
import { findNetwork, withRollups } from "../network.ts";
import { endedText, follow } from "../wait.ts";
import type { WalletChoice } from "../wallet.ts";
import { findWallet, signOn } from "../wallet.ts";
import { broadcasterOf, publicationAddress, topicText } from "./contracts.ts";
import { isDelivered, openSubscriptions, wantsOf, type Standing } from "./standing.ts";

export interface PublishOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly on: string;
  readonly payload: Hex | undefined;
  readonly text: string | undefined;
  readonly wait: bigint | undefined;
  readonly dryRun: boolean;
}

/** Says something once, for every rollup. With `--wait` the answer is "no" as long as a subscriber has not got it. */
export async function publishCommand(
  context: Context,
  topic: Hex,
  options: PublishOptions,
): Promise<false | undefined> {
  const { output } = context;
  const network = findNetwork(context, options.network);
  const rollup = network.rollup(options.on);
  publicationAddress(rollup, "Broadcaster");
  const wallet = await findWallet(context, network, options);
  // Whoever does not wait depends on no other rollup.
  return withRollups(options.wait === undefined ? [rollup] : network.rollups, async (connections) => {
    const source = connections.find(({ name }) => name === rollup.name);
    if (source === undefined) throw new Error("a connection per rollup");
    const signing = await signOn(source, wallet);
    const broadcaster = broadcasterOf(rollup, signing.wallet);
    const payload = hexlify(options.payload ?? toHex(toUtf8Bytes(options.text ?? "")));
    const populated = broadcaster.publish.populateTransaction(topic, payload);
    const call = await callOf("publish", "Broadcaster", broadcaster, populated);
    const place = { rollup: rollup.name, publisher: wallet.address, topic, payload };
    if (options.dryRun) {
      const calls = await simulateCalls(source, wallet.address, [call]);
      output.line(`Nothing was sent; on ${rollup.name} it would take ${gasText(calls[0]?.gas)}.`);
      output.result({ published: false, ...place, calls });
      return undefined;
    }
    const subscribed = options.wait === undefined ? [] : await subscriptionsTo(connections, source);
    const { receipts, reports: calls } = await sendCalls(source, signing, [call]);
    const [said] = readPublications(receipts[0]?.logs ?? []);
    if (said === undefined) throw new Error("a publication per transaction");
    const { index, message, blockNumber, transactionHash } = said;
    output.line(`Published on ${rollup.name} with ${gasText(calls[0]?.gas)}: topic ${topicText(topic)}.`);
    output.line(`  publisher    ${wallet.address}, its publication number ${index}`);
    output.line(`  transaction  ${transactionHash}, block ${blockNumber}`);
    const base = { published: true, ...place, index, message, blockNumber, transactionHash, calls };
    if (options.wait === undefined) {
      output.line("Next: ./metalayer subscriptions show tells who gets it");
      output.result(base);
      return undefined;
    }
    const waiting = subscribed.filter(({ subscription }) => wantsOf(subscription, said));
    const subscribers = await waitForSubscribers(context, waiting, said, Number(options.wait) * 1_000);
    output.result({ ...base, subscribers });
    return subscribers.every(({ delivered }) => delivered) ? undefined : false;
  });
}

interface Served {
  readonly rollup: string;
  readonly subscriber: string;
  readonly delivered: boolean;
}

/** Everybody who has subscribed to something of this rollup. */
async function subscriptionsTo(connections: readonly Connection[], source: Connection): Promise<Standing[]> {
  const all = await openSubscriptions(await readingClient(connections), connections, connections);
  return all.filter(({ source: from }) => from === source);
}

/** Follows a publication until all of these were called, or the time is over. */
async function waitForSubscribers(
  { output, signal }: Context,
  waiting: readonly Standing[],
  said: PublishedEvent,
  limitMs: number,
): Promise<Served[]> {
  if (waiting.length === 0) {
    output.line("Nobody has subscribed to it.");
    return [];
  }
  const progress = await output.progress(`Waiting for ${waiting.length} ${waiting.length === 1 ? "call" : "calls"}`);
  const called = new Set<Standing>();
  const ask = async (): Promise<void> => {
    const missing = waiting.filter((standing) => !called.has(standing));
    await Promise.all(missing.map(async (each) => (await isDelivered(each, said)) && called.add(each)));
  };
  await follow(progress, ask, () => called.size === waiting.length, { limitMs, signal });
  const missing = waiting.length - called.size;
  if (missing === 0) progress.done("Everybody who subscribed to it was called");
  else progress.fail(endedText(signal, `${missing} of ${waiting.length} not called in time`));
  const served = waiting.map((each) => ({
    rollup: each.on.name,
    subscriber: each.subscription.subscriber,
    delivered: called.has(each),
  }));
  for (const { rollup, subscriber, delivered } of served) {
    output.line(`  ${rollup}  ${subscriber}  ${delivered ? "called" : "not called yet"}`);
  }
  const first = served.find(({ delivered }) => !delivered);
  if (first !== undefined) output.line(`Next: ./metalayer subscriptions show ${first.subscriber}`);
  return served;
}

function gasText(gas: bigint | undefined): string {
  return `${(gas ?? 0n).toLocaleString("en-US")} gas`;
}
