import type { Address, Hex } from "../../../sdk/src/bytes.ts";
import type { StreamedPublication, StreamTrust } from "../../../sdk/src/stream.ts";
import { codeOf } from "../../chain/rpc-errors.ts";
import { delay } from "../../chain/tasks.ts";
import { checkedAddress } from "../accounts.ts";
import type { Context } from "../command.ts";
import { UsageError } from "../command.ts";
import type { Connection } from "../connection.ts";
import { readingClient } from "../connection.ts";
import type { Network, RollupDescription } from "../network.ts";
import { findNetwork, withRollups } from "../network.ts";
import { payloadText, publicationAddress, topicText } from "./contracts.ts";

export interface ListenOptions {
  readonly network: string | undefined;
  readonly on: string | undefined;
  readonly topic: Hex | undefined;
  readonly publisher: Address | undefined;
  readonly fromBlock: number | undefined;
  readonly provenOn: string | undefined;
  readonly count: number | undefined;
}

const [LEAST_PAUSE_MS, MOST_PAUSE_MS] = [100, 2_000];

/** Prints publications as they are verified, until it is interrupted or has seen enough. */
export async function listenCommand(context: Context, options: ListenOptions): Promise<false | undefined> {
  const { output } = context;
  const network = findNetwork(context, options.network);
  const publisher = options.publisher && checkedAddress("--publisher", options.publisher);
  const { sources, trusted } = placesOf(network, options);
  for (const source of sources) publicationAddress(source, "Broadcaster");
  return withRollups([...new Set([...sources, trusted])], async (connections) => {
    const heard = connections.filter(({ description }) => sources.includes(description));
    const done = new AbortController();
    const signal = AbortSignal.any([context.signal, done.signal]);
    const { topic, count = Infinity } = options;
    const client = await readingClient(connections);
    const filter = { broadcasters: broadcastersOf(heard), ...(topic && { topic }), ...(publisher && { publisher }) };
    const from = await beginning(heard, options.fromBlock);
    const names = heard.map(({ name }) => name).join(", ");
    const how =
      options.provenOn === undefined ? "as soon as it is final" : `proven in heads attested on ${trusted.name}`;
    output.line(`Listening to ${names}; everything is shown ${how}. Ctrl-C ends it.`);
    let seen = 0;
    const show = (said: StreamedPublication): void => {
      showOne(context, heard, said);
      if (++seen >= count) done.abort();
    };
    const chainId = BigInt(trusted.chainId);
    const trust: StreamTrust = options.provenOn === undefined ? { finalFor: chainId } : { attestedOn: chainId };
    const shortest = Math.min(...heard.map(({ description }) => description.blockTimeMs));
    const pollMs = Math.min(MOST_PAUSE_MS, Math.max(LEAST_PAUSE_MS, shortest / 2));
    const onError = complainer(context, heard, trusted.name);
    await client.subscribe(filter, show, { trust, delay, signal, pollMs, from, onError });
    output.line(`${seen} ${seen === 1 ? "publication" : "publications"} seen.`);
    return options.count === undefined || seen >= options.count ? undefined : false;
  });
}

/** Rollups that are listened to, and the one whose word counts. */
function placesOf(network: Network, { on, provenOn }: ListenOptions) {
  const named = on?.split(",").map((name) => network.rollup(name.trim()));
  const [first] = network.rollups;
  const trusted = provenOn === undefined ? first : network.rollup(provenOn);
  if (trusted === undefined) throw new Error("a network has rollups");
  if (provenOn === undefined) return { sources: [...new Set(named ?? network.rollups)], trusted };
  const isOther = ({ chainId }: RollupDescription): boolean => chainId !== trusted.chainId;
  if (named?.every(isOther) === false)
    throw new UsageError(
      "a rollup holds no heads of its own: leave it out of --on, or name another one with --proven-on",
    );
  return { sources: [...new Set(named ?? network.rollups.filter(isOther))], trusted };
}

function broadcastersOf(heard: readonly Connection[]): Map<bigint, Address> {
  return new Map(heard.map(({ chainId, description }) => [chainId, publicationAddress(description, "Broadcaster")]));
}

/** First block that is looked at: the one that was named, else the next one. */
async function beginning(heard: readonly Connection[], given: number | undefined): Promise<Map<bigint, number>> {
  const first = async ({ chainId, provider }: Connection): Promise<[bigint, number]> => [
    chainId,
    given ?? (await provider.getBlockNumber()) + 1,
  ];
  return new Map(await Promise.all(heard.map(first)));
}

function showOne({ output }: Context, heard: readonly Connection[], said: StreamedPublication): void {
  const { chainId, publisher, index, topic, payload, blockNumber, message, transactionHash } = said;
  const rollup = nameOf(heard, chainId);
  const what = `${topicText(topic)}  ${payloadText(payload)}`;
  output.line(`${rollup}  block ${blockNumber}  ${publisher} #${index}  ${what}`);
  output.event({ rollup, publisher, index, topic, payload, message, blockNumber, transactionHash });
}

/** Says what goes wrong, once as long as it stays the same; the stream goes on by itself. */
function complainer({ output }: Context, heard: readonly Connection[], trusted: string) {
  const last = new Map<bigint, string>();
  return (chainId: bigint, error: unknown): void => {
    const name = nameOf(heard, chainId);
    const isEarly = codeOf(error) === "CLIENT_NO_HEAD";
    const message = error instanceof Error ? error.message : String(error);
    const said = isEarly ? `no head of ${name} is attested on ${trusted} yet` : `${name}: ${message}`;
    if (last.get(chainId) !== said) output.line(`Waiting: ${said}.`);
    last.set(chainId, said);
  };
}

function nameOf(connections: readonly Connection[], chainId: bigint): string {
  return connections.find((connection) => connection.chainId === chainId)?.name ?? `rollup ${chainId}`;
}
