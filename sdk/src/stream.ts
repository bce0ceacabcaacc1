import type { Log } from "ethers";
import type { Address, Hex } from "./bytes.ts";
import type { MetalayerClient } from "./client.ts";
import { attestedHead } from "./proofsRead.ts";
import { publicationTopics, readPublications, type PublishedEvent } from "./publication.ts";
import { provePublications } from "./publicationProof.ts";
import type { RollupHandle } from "./rollup.ts";
import { finalBlockNumber } from "./status.ts";
import {
  blockHash,
  handedOver,
  MOST_BLOCKS,
  moveOn,
  newOnes,
  placeAt,
  refuseReplaced,
  withoutGap,
  type Place,
} from "./streamPlace.ts";

/** Which publications an app wants, of which rollups. */
export interface StreamFilter {
  /** The Broadcaster of each rollup that is listened to, by chain id. */
  readonly broadcasters: ReadonlyMap<bigint, Address>;
  /** None: everybody. */
  readonly publisher?: Address;
  /** None: every topic. */
  readonly topic?: Hex;
}

/**
 * What makes a publication verified before the handler sees it.
 *
 * - `attestedOn`: proven against a head that guardians attested on this rollup; the source's node need not be trusted for what it shows.
 * - `finalFor`: in a block that is final by the policy of this rollup's registry (or the source's `finalized` tag); the source's node is believed.
 */
export type StreamTrust = { readonly attestedOn: bigint } | { readonly finalFor: bigint };

/** A verified publication. */
export interface StreamedPublication extends PublishedEvent {
  readonly chainId: bigint;
}

/** What the surroundings provide: the sdk has neither timers nor sockets. */
export interface StreamOptions {
  readonly trust: StreamTrust;
  /** Waits so many milliseconds; may reject when the signal fires. */
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  /** Calls back for each pushed head of a rollup until the signal fires, over WebSocket for instance. It may fail silently: polling goes on. */
  readonly onHeads?: (chainId: bigint, wake: () => void, signal: AbortSignal) => void;
  /** Pause between two looks if no head is pushed. Default 2,000. */
  readonly pollMs?: number;
  /** Where to begin on a rollup: blocks before are not read. Default: the client's `fromBlock`. */
  readonly from?: ReadonlyMap<bigint, number>;
  /**
   * What went wrong; the stream goes on and loses nothing. After `STREAM_REORGED` that goes back more than 2,000 blocks, with `finalFor` some
   * may come a second time; with `attestedOn` nothing does, and nothing else comes at an index that was handed over before these.
   */
  readonly onError?: (chainId: bigint, error: unknown) => void;
}

const DEFAULT_POLL_MS = 2_000;
const PROVEN_AT_ONCE = 16;

/**
 * Gives the handler verified publications of all rollups, each once, in the order of each rollup's blocks; ends when the signal fires. A
 * handler that throws gets the same publication again. Heads that are pushed only make it look earlier, so a lost connection loses nothing.
 * Throws `STREAM_UNKNOWN_ROLLUP` as {@link MetalayerClient.rollup} does for a rollup that the client was not given.
 */
export async function streamPublications(
  client: MetalayerClient,
  filter: StreamFilter,
  handler: (said: StreamedPublication) => Promise<void> | void,
  options: StreamOptions,
): Promise<void> {
  const places = [...filter.broadcasters].map(([chainId, broadcaster]): Place => {
    const source = client.rollup(chainId);
    const first = options.from?.get(chainId) ?? source.fromBlock;
    return placeAt(source, { broadcaster, first, isUndone: "finalFor" in options.trust });
  });
  client.rollup(trusted(options.trust));
  await Promise.all(places.map((place) => follow(client, place, filter, handler, options)));
}

async function follow(
  client: MetalayerClient,
  place: Place,
  filter: StreamFilter,
  handler: (said: StreamedPublication) => Promise<void> | void,
  options: StreamOptions,
): Promise<void> {
  const { signal, delay, onHeads, onError, pollMs = DEFAULT_POLL_MS } = options;
  const { chainId } = place.source;
  let rouse = (): void => undefined;
  onHeads?.(chainId, () => rouse(), signal);
  while (!signal.aborted) {
    const woken = new Promise<void>((resolve) => (rouse = resolve));
    try {
      const end = await verifiedBlock(client, place.source, options.trust);
      while (!signal.aborted && place.next <= end) await readPiece(client, place, end, filter, handler, options);
    } catch (error) {
      if (signal.aborted) break;
      onError?.(chainId, error);
    }
    await Promise.race([woken, delay(pollMs, signal).catch(() => undefined)]);
  }
}

/** Up to which block everything is verified, or can be. */
async function verifiedBlock(client: MetalayerClient, source: RollupHandle, trust: StreamTrust): Promise<number> {
  if ("finalFor" in trust) return finalBlockNumber(source, client.rollup(trust.finalFor));
  const { number } = await attestedHead(client.rollup(trust.attestedOn), source.chainId);
  return Number(number);
}

/** One stretch of blocks. Moves on only when the handler has had everything of it. */
async function readPiece(
  client: MetalayerClient,
  place: Place,
  end: number,
  filter: StreamFilter,
  handler: (said: StreamedPublication) => Promise<void> | void,
  { trust, signal }: StreamOptions,
): Promise<void> {
  const { source, broadcaster, next } = place;
  await refuseReplaced(place);
  const to = Math.min(end, next + Math.min(MOST_BLOCKS, source.logRange) - 1);
  const hash = await blockHash(source, to);
  // All topics, so that a gap shows.
  const topics = publicationTopics(filter.publisher === undefined ? {} : { publisher: filter.publisher });
  const logs = await source.provider.getLogs({ address: broadcaster, topics, fromBlock: next, toBlock: to });
  const isAsked = ({ address, blockNumber }: Log): boolean =>
    address.toLowerCase() === broadcaster.toLowerCase() && blockNumber >= next && blockNumber <= to;
  const all = readPublications(logs.filter(isAsked));
  const newest = withoutGap(place, all);
  const wanted = all.filter(({ topic }) => filter.topic === undefined || topic === filter.topic.toLowerCase());
  const said = newOnes(place, wanted);
  if ("attestedOn" in trust) await prove(client, place, said, trust.attestedOn);
  for (const one of said) {
    if (signal.aborted) return;
    await handler({ ...one, chainId: source.chainId });
    handedOver(place, one);
  }
  moveOn(place, { block: to, hash }, all, newest);
}

/** Every one of them is in the newest attested state. Throws `PUBLICATION_NOT_PROVEN`, `PROOF_REFUSED`. */
async function prove(
  client: MetalayerClient,
  { source, broadcaster }: Place,
  said: readonly PublishedEvent[],
  attestedOn: bigint,
): Promise<void> {
  for (let from = 0; from < said.length; from += PROVEN_AT_ONCE) {
    const publications = said.slice(from, from + PROVEN_AT_ONCE);
    await provePublications(client, { of: source.chainId, attestedOn, broadcaster, publications });
  }
}

function trusted(trust: StreamTrust): bigint {
  return "finalFor" in trust ? trust.finalFor : trust.attestedOn;
}
