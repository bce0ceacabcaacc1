import type { Address, Hex } from "./bytes.ts";
import type { MetalayerClient } from "./client.ts";
import { MetalayerError } from "./errors.ts";
import { attestedHead } from "./proofsRead.ts";
import { publicationTopics, readPublications, type PublishedEvent } from "./publication.ts";
import { provePublications } from "./publicationProof.ts";
import type { RollupHandle } from "./rollup.ts";
import { finalBlockNumber } from "./status.ts";

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
  /** What went wrong; the stream goes on and loses nothing. */
  readonly onError?: (chainId: bigint, error: unknown) => void;
}

/** One rollup's place in the stream. */
interface Place {
  readonly source: RollupHandle;
  readonly broadcaster: Address;
  next: number;
  /** Of the block before `next`, once known. */
  hash: string | undefined;
  /** Handed over lately. */
  readonly recent: Set<Hex>;
  /** Newest publication seen of each publisher: their indexes have no gap, a node's logs might. */
  readonly newest: Map<Address, PublishedEvent>;
}

const DEFAULT_POLL_MS = 2_000;
const MOST_BLOCKS = 2_000;
const MOST_RECENT = 10_000;
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
    const next = options.from?.get(chainId) ?? source.fromBlock;
    return { source, broadcaster, next, hash: undefined, recent: new Set(), newest: new Map() };
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
  const { source, broadcaster, recent } = place;
  const to = Math.min(end, place.next + Math.min(MOST_BLOCKS, source.logRange) - 1);
  const before = place.next === 0 ? undefined : await source.provider.getBlock(place.next - 1);
  if (place.hash !== undefined && before?.hash !== place.hash) throw goBack(place);
  const last = await source.provider.getBlock(to);
  if (last?.hash === undefined || last.hash === null) throw unavailable(source, to);
  // All topics, so that a gap shows.
  const topics = publicationTopics(filter.publisher === undefined ? {} : { publisher: filter.publisher });
  const logs = await source.provider.getLogs({ address: broadcaster, topics, fromBlock: place.next, toBlock: to });
  const all = readPublications(logs.filter((log) => log.address.toLowerCase() === broadcaster.toLowerCase()));
  const newest = withoutGap(place, all);
  const isNew = ({ topic, message }: PublishedEvent): boolean =>
    (filter.topic === undefined || topic === filter.topic.toLowerCase()) && !recent.has(message);
  const said = all.filter(isNew);
  if ("attestedOn" in trust) await prove(client, place, said, trust.attestedOn);
  for (const one of said) {
    if (signal.aborted) return;
    await handler({ ...one, chainId: source.chainId });
    recent.add(one.message);
  }
  for (const message of [...recent].slice(0, Math.max(0, recent.size - MOST_RECENT))) recent.delete(message);
  for (const [publisher, one] of newest) place.newest.set(publisher, one);
  [place.next, place.hash] = [to + 1, last.hash];
}

/** Newest publication of each publisher after these. If a node has left some out, goes back to before them and throws `STREAM_GAP`. */
function withoutGap(place: Place, said: readonly PublishedEvent[]): Map<Address, PublishedEvent> {
  const { chainId } = place.source;
  const newest = new Map<Address, PublishedEvent>();
  for (const one of said) {
    const { publisher, index } = one;
    const before = newest.get(publisher) ?? place.newest.get(publisher);
    if (before !== undefined && index > before.index + 1n) {
      [place.next, place.hash] = [Math.min(place.next, before.blockNumber), undefined];
      const message = `the node of rollup ${chainId} left out publications of ${publisher} before ${index}`;
      throw new MetalayerError("STREAM_GAP", message, { chainId, publisher, index, before: before.index });
    }
    if (before === undefined || index > before.index) newest.set(publisher, one);
  }
  return newest;
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

/** The rollup broke its finality: what was handed over is not handed over again, what is new in the other blocks is. */
function goBack(place: Place): MetalayerError {
  const { source, next } = place;
  [place.next, place.hash] = [Math.max(source.fromBlock, next - MOST_BLOCKS), undefined];
  place.newest.clear();
  const message = `rollup ${source.chainId} has another block ${next - 1} than the one that was final`;
  return new MetalayerError("STREAM_REORGED", message, { chainId: source.chainId, block: next - 1 });
}

function trusted(trust: StreamTrust): bigint {
  return "finalFor" in trust ? trust.finalFor : trust.attestedOn;
}

function unavailable({ chainId }: RollupHandle, block: number): MetalayerError {
  return new MetalayerError("STREAM_BLOCK_UNKNOWN", `the node of rollup ${chainId} does not know block ${block} yet`, {
    chainId,
    block,
  });
}
