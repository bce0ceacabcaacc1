import type { Address, Hex } from "./bytes.ts";
import { MetalayerError } from "./errors.ts";
import type { PublishedEvent } from "./publication.ts";
import type { RollupHandle } from "./rollup.ts";

/** Most blocks of one look. A rollup that replaces no more than so many behind what was read makes nothing come twice. */
export const MOST_BLOCKS = 2_000;
/** The nearest mark that is at least MOST_BLOCKS back is at most this far back: {@link thinned}. */
const REMEMBERED_BLOCKS = 2 * MOST_BLOCKS;

/** What is kept of a publication. */
type Kept = Pick<PublishedEvent, "publisher" | "index" | "blockNumber">;

/** A block up to which everything was read. */
interface Mark {
  readonly block: number;
  readonly hash: string;
}

/**
 * One rollup's place in a stream. What it remembers is bounded by what was published in REMEMBERED_BLOCKS blocks, by the logarithm of the
 * blocks that were read, and by two small entries for each publisher.
 */
export interface Place {
  readonly source: RollupHandle;
  readonly broadcaster: Address;
  /** Blocks before are not read. */
  readonly first: number;
  /** Whether a node that shows other blocks undoes what was handed over. Not if guardians attested it. */
  readonly isUndone: boolean;
  next: number;
  /** Oldest first. */
  marks: readonly Mark[];
  /** By message: handed over, in the last REMEMBERED_BLOCKS blocks. */
  readonly recent: Map<Hex, Kept>;
  /** Newest of each publisher that was handed over before those: everything up to its index was, or was left out by the filter. */
  readonly settled: Map<Address, Kept>;
  /** Newest that a node showed of each publisher, also of other topics: indexes have no gap, a node's logs might. */
  readonly newest: Map<Address, Kept>;
}

export function placeAt(
  source: RollupHandle,
  { broadcaster, first, isUndone }: Pick<Place, "broadcaster" | "first" | "isUndone">,
): Place {
  const memory = { recent: new Map(), settled: new Map(), newest: new Map() };
  return { source, broadcaster, first, isUndone, next: first, marks: [], ...memory };
}

/** Those of them that were not handed over yet, each once, whatever the node repeats. */
export function newOnes({ recent, settled }: Place, said: readonly PublishedEvent[]): PublishedEvent[] {
  const isNew = ({ publisher, index, message }: PublishedEvent): boolean =>
    !recent.has(message) && index > (settled.get(publisher)?.index ?? 0n);
  return [...new Map(said.filter(isNew).map((one) => [one.message, one])).values()];
}

export function handedOver({ recent }: Place, { message, publisher, index, blockNumber }: PublishedEvent): void {
  recent.set(message, { publisher, index, blockNumber });
}

/** If a node has left out publications before these, goes back to before them and throws `STREAM_GAP`. Else these are the newest. */
export function withoutGap(place: Place, said: readonly PublishedEvent[]): Map<Address, Kept> {
  const { chainId } = place.source;
  const newest = new Map<Address, Kept>();
  for (const { publisher, index, blockNumber } of said) {
    const before = newest.get(publisher) ?? place.newest.get(publisher);
    if (before !== undefined && index > before.index + 1n) {
      place.next = Math.min(place.next, before.blockNumber);
      const message = `the node of rollup ${chainId} left out publications of ${publisher} before ${index}`;
      throw new MetalayerError("STREAM_GAP", message, { chainId, publisher, index, before: before.index });
    }
    if (before === undefined || index > before.index) newest.set(publisher, { publisher, index, blockNumber });
  }
  return newest;
}

/** Everything up to this block was handed over: these publications, or those of them that the filter wants. */
export function moveOn(
  place: Place,
  mark: Mark,
  said: readonly PublishedEvent[],
  newest: ReadonlyMap<Address, Kept>,
): void {
  // One that was undone and is said again stands here now.
  for (const one of said) if (place.recent.has(one.message)) handedOver(place, one);
  for (const [publisher, one] of newest) place.newest.set(publisher, one);
  place.next = mark.block + 1;
  // Read again after a gap: the marks are further on already.
  if (mark.block <= (place.marks.at(-1)?.block ?? -1)) return;
  place.marks = thinned([...place.marks, mark]);
  settle(place, mark.block - REMEMBERED_BLOCKS);
}

/**
 * Throws `STREAM_REORGED` if the last block that was read is another one now, having gone back to the newest mark that still stands. What is
 * new in the other blocks is handed over from there, and nothing a second time that is `recent`.
 */
export async function refuseReplaced(place: Place): Promise<void> {
  const { source, first, marks } = place;
  const standing = await standingOf(source, marks);
  if (standing.length === marks.length) return;
  const back = standing.at(-1)?.block ?? first - 1;
  place.marks = standing;
  place.next = Math.min(place.next, back + 1);
  // What comes at their indexes now may be in any of the other blocks.
  for (const [publisher, one] of place.newest)
    place.newest.set(publisher, { ...one, blockNumber: Math.min(one.blockNumber, place.next) });
  if (place.isUndone) undo(place, back);
  const [{ chainId }, block] = [source, marks.at(-1)?.block];
  const message = `rollup ${chainId} has another block ${block} than the one that was final`;
  throw new MetalayerError("STREAM_REORGED", message, { chainId, block, back });
}

/** Throws `STREAM_BLOCK_UNKNOWN` if the node has no such block: one of several behind a URL may be behind the others. */
export async function blockHash({ provider, chainId }: RollupHandle, block: number): Promise<string> {
  const hash = (await provider.getBlock(block))?.hash;
  if (typeof hash === "string") return hash;
  const message = `the node of rollup ${chainId} does not know block ${block} yet`;
  throw new MetalayerError("STREAM_BLOCK_UNKNOWN", message, { chainId, block });
}

async function standingOf(source: RollupHandle, marks: readonly Mark[]): Promise<readonly Mark[]> {
  const last = marks.at(-1);
  if (last === undefined || (await blockHash(source, last.block)) === last.hash) return marks;
  return standingOf(source, marks.slice(0, -1));
}

/** Leaves out each mark whose neighbours are close enough: the older at most twice as far back as the newer. Few are left, near ones close. */
function thinned(marks: readonly Mark[]): Mark[] {
  const end = marks.at(-1)?.block ?? 0;
  const kept: Mark[] = [];
  for (const [at, mark] of marks.entries()) {
    const [older, newer] = [kept.at(-1), marks[at + 1]];
    if (older === undefined || newer === undefined || end - older.block > 2 * (end - newer.block)) kept.push(mark);
  }
  return kept;
}

/** Forgets single publications up to this block: the newest index of their publisher stands for them. */
function settle({ recent, settled }: Place, upTo: number): void {
  for (const [message, one] of recent) {
    if (one.blockNumber > upTo) continue;
    recent.delete(message);
    if (one.index > (settled.get(one.publisher)?.index ?? 0n)) settled.set(one.publisher, one);
  }
}

/** Their publishers may say something else at these indexes. What they said stays known by its message, and is then forgotten. */
function undo({ recent, settled }: Place, back: number): void {
  for (const [publisher, { blockNumber }] of settled) if (blockNumber > back) settled.delete(publisher);
  for (const [message, one] of recent) if (one.blockNumber > back) recent.set(message, { ...one, index: 0n });
}
