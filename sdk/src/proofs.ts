import {
  concatBytes,
  fixedBytes,
  fromHex,
  keccak,
  toHex,
  uintBytes,
  ZERO_HASH,
  type Address,
  type Hex,
} from "./bytes.ts";
import { MetalayerError } from "./errors.ts";
import { stateRootIn } from "./header.ts";

/** Root of a trie without entries: `H(0x80)`. */
export const EMPTY_ROOT: Hex = keccak(Uint8Array.of(0x80));

/** What the state holds under an address; of an absent account the storage root is {@link EMPTY_ROOT} and the rest is 0. */
export interface AccountState {
  readonly nonce: bigint;
  readonly balance: bigint;
  readonly storageRoot: Hex;
  readonly codeHash: Hex;
}

/** Terminals of a part. */
export const KIND_LEAF = 0;
export const KIND_EMPTY = 1;
export const KIND_OTHER_LEAF = 2;
export const KIND_OTHER_EXTENSION = 3;
/** Stands for the part of an account whose storage root the reader remembers. */
export const KIND_REMEMBERED = 5;

/** Steps of a part. */
export const TAG_BRANCH = 0;
export const TAG_INLINE_BRANCH = 1;
export const TAG_EXTENSION = 2;

/** Nibbles of a path. */
export const NIBBLES = 64;

const NOTHING = Uint8Array.of(0x80);
const MAX_OTHER_VALUE = 110;

/**
 * The account that a part proves under a state root, or its absence. Throws `PROOF_REFUSED`.
 *
 * @example
 * provenAccount(EMPTY_ROOT, "0x00000000000000000000000000000000000000aa", "0x0100").balance
 * // => 0n
 */
export function provenAccount(stateRoot: Hex, account: Address, part: Hex): AccountState {
  const { root, state } = foldAccount(pathOf(fixedBytes("account", account, 20)), part);
  checkRoot(stateRoot, root);
  return state;
}

/** The value that a part proves for a slot under a storage root, 0 for an empty slot. Throws `PROOF_REFUSED`. */
export function provenSlot(storageRoot: Hex, slot: Hex, part: Hex): Hex {
  return provenValue(storageRoot, pathOf(fixedBytes("slot", slot, 32)), part);
}

/** As {@link provenSlot} for the path of a slot. */
export function provenValue(storageRoot: Hex, path: Uint8Array, part: Hex): Hex {
  const { root, value } = foldSlot(path, part);
  checkRoot(storageRoot, root);
  return value;
}

/** The only state root under which a part proves anything of a path, and what it proves. Throws `PROOF_REFUSED` if it is malformed. */
export function foldAccount(path: Uint8Array, part: Hex): { readonly root: Hex; readonly state: AccountState } {
  const reader = new Reader(part);
  let state: AccountState = { nonce: 0n, balance: 0n, storageRoot: EMPTY_ROOT, codeHash: ZERO_HASH };
  const root = foldPart(path, reader, () => {
    const [nonce, balance] = [reader.integer(8), reader.integer(32)];
    const [storageRoot, codeHash] = [reader.take(32), reader.take(32)];
    state = {
      nonce: toNumber(nonce),
      balance: toNumber(balance),
      storageRoot: toHex(storageRoot),
      codeHash: toHex(codeHash),
    };
    return rlpList([nonce, balance, storageRoot, codeHash].map(rlpString));
  });
  return { root, state };
}

/** The only storage root under which a part proves anything of a path, and the value. Throws `PROOF_REFUSED` if it is malformed. */
export function foldSlot(path: Uint8Array, part: Hex): { readonly root: Hex; readonly value: Hex } {
  const reader = new Reader(part);
  let value = 0n;
  const root = foldPart(path, reader, () => {
    const digits = reader.integer(32);
    if (digits.length === 0) throw refused("a slot of value 0 is in no trie");
    value = toNumber(digits);
    return rlpString(digits);
  });
  return { root, value: toHex(uintBytes("value", value, 32)) };
}

/** State root in the header that hashes to `blockHash`. Throws `PROOF_REFUSED`. */
export function headerStateRoot(blockHash: Hex, header: Hex): Hex {
  const stateRoot = stateRootIn(blockHash, header);
  if (stateRoot === undefined) throw refused("this is not the header of the block");
  return stateRoot;
}

/** The 64 nibbles under which a key stands in a trie. */
export function pathOf(key: Uint8Array): Uint8Array {
  return nibblesOf(fromHex(keccak(key)));
}

/** Two nibbles for each byte. */
export function nibblesOf(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(Array.from(bytes).flatMap((byte) => [byte >> 4, byte & 15]));
}

/** Bytes of an even number of nibbles. */
export function packNibbles(nibbles: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: nibbles.length / 2 }, (_, index) => {
    return 16 * (nibbles[2 * index] ?? 0) + (nibbles[2 * index + 1] ?? 0);
  });
}

/** Number of nibbles with which both begin. */
export function commonNibbles(a: Uint8Array, b: Uint8Array): number {
  const differs = a.findIndex((nibble, index) => nibble !== b[index]);
  return differs < 0 ? a.length : differs;
}

export function refused(reason: string): MetalayerError {
  return new MetalayerError("PROOF_REFUSED", `the proof is refused: ${reason}`);
}

function checkRoot(expected: Hex, computed: Hex): void {
  if (computed !== expected.toLowerCase()) throw refused(`it leads to ${computed}, not to ${expected}`);
}

/** Builds the nodes of the path from the terminal up and returns the hash of the last; `own` reads and encodes the path's own string. */
function foldPart(path: Uint8Array, reader: Reader, own: () => Uint8Array): Hex {
  const kind = reader.byte();
  let depth = reader.byte();
  if (depth > NIBBLES) throw refused(`there is no depth ${depth}`);
  let node = kind === KIND_LEAF ? leaf(path, depth, own()) : absent(kind, path, depth, reader);
  while (depth > 0) {
    const tag = reader.byte();
    if (tag === TAG_EXTENSION) {
      const count = reader.byte();
      if (count === 0 || count > depth || node.length === 1) throw refused(`no extension over ${count} nibbles`);
      depth -= count;
      node = extension(path.subarray(depth, depth + count), refOf(node));
    } else {
      if (tag > TAG_EXTENSION) throw refused(`there is no step ${tag}`);
      depth--;
      node = branch(path[depth] ?? 0, tag, node, reader);
    }
  }
  reader.end();
  return keccak(node);
}

function absent(kind: number, path: Uint8Array, depth: number, reader: Reader): Uint8Array {
  if (kind === KIND_EMPTY) return NOTHING;
  if (kind !== KIND_OTHER_LEAF && kind !== KIND_OTHER_EXTENSION) throw refused(`there is no kind ${kind}`);
  const other = nibblesOf(reader.take(32));
  const common = commonNibbles(path, other);
  if (kind === KIND_OTHER_LEAF) {
    const value = reader.take(reader.byte());
    const fits = common >= depth && common < NIBBLES && value.length > 0 && value.length <= MAX_OTHER_VALUE;
    if (!fits) throw refused("the other leaf is none");
    return leaf(other, depth, value);
  }
  const end = depth + reader.byte();
  const fits = end < NIBBLES && common >= depth && common < end && other.subarray(end).every((nibble) => nibble === 0);
  if (!fits) throw refused("the other extension is none");
  return extension(other.subarray(depth, end), reader.child());
}

function branch(nibble: number, tag: number, child: Uint8Array, reader: Reader): Uint8Array {
  const hashes = reader.mask();
  const inlines = tag === TAG_INLINE_BRANCH ? reader.mask() : 0;
  const misplaced = (hashes & inlines) !== 0 || (((hashes | inlines) >> nibble) & 1) === 1;
  if (misplaced || (tag === TAG_INLINE_BRANCH && inlines === 0)) throw refused("a branch with wrong masks");
  const children = Array.from({ length: 16 }, (_, index) => {
    if (index === nibble) return refOf(child);
    if (((hashes >> index) & 1) === 1) return rlpString(reader.take(32));
    return ((inlines >> index) & 1) === 1 ? reader.inline() : NOTHING;
  });
  return rlpList([...children, NOTHING]);
}

function leaf(path: Uint8Array, depth: number, value: Uint8Array): Uint8Array {
  return rlpList([rlpString(hexPrefix(path.subarray(depth), 2)), rlpString(value)]);
}

function extension(nibbles: Uint8Array, child: Uint8Array): Uint8Array {
  return rlpList([rlpString(hexPrefix(nibbles, 0)), child]);
}

/** Nibbles with their flag: 0 for an extension, 2 for a leaf, one more for an odd number. */
function hexPrefix(nibbles: Uint8Array, flag: number): Uint8Array {
  const isOdd = nibbles.length % 2 === 1;
  return packNibbles(Uint8Array.from(isOdd ? [flag + 1, ...nibbles] : [flag, 0, ...nibbles]));
}

/** What a parent holds of a node: its hash, or itself if it is shorter. */
function refOf(node: Uint8Array): Uint8Array {
  return node.length < 32 ? node : rlpString(fromHex(keccak(node)));
}

function rlpString(content: Uint8Array): Uint8Array {
  const [first] = content;
  if (content.length === 1 && first !== undefined && first < 0x80) return content;
  return concatBytes([rlpPrefix(0x80, content.length), content]);
}

function rlpList(items: readonly Uint8Array[]): Uint8Array {
  const content = concatBytes(items);
  return concatBytes([rlpPrefix(0xc0, content.length), content]);
}

function rlpPrefix(base: number, length: number): Uint8Array {
  if (length < 56) return Uint8Array.of(base + length);
  return length < 256 ? Uint8Array.of(base + 56, length) : Uint8Array.of(base + 57, length >> 8, length & 0xff);
}

function toNumber(digits: Uint8Array): bigint {
  return digits.length === 0 ? 0n : BigInt(toHex(digits));
}

/** Reads a part from its beginning to its end. */
class Reader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(part: Hex) {
    this.#bytes = fromHex(part);
  }

  take(length: number): Uint8Array {
    const end = this.#offset + length;
    if (end > this.#bytes.length) throw refused(`it ends after ${this.#bytes.length} bytes`);
    const taken = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return taken;
  }

  byte(): number {
    return this.take(1)[0] ?? 0;
  }

  mask(): number {
    return 256 * this.byte() + this.byte();
  }

  /** Length and digits, without leading zero. */
  integer(most: number): Uint8Array {
    const digits = this.take(this.byte());
    if (digits.length > most || digits[0] === 0) throw refused("an integer is not in its shortest form");
    return digits;
  }

  inline(first = this.byte()): Uint8Array {
    if (first < 0xc1 || first > 0xde) throw refused("an inline node is none");
    return concatBytes([Uint8Array.of(first), this.take(first - 0xc0)]);
  }

  /** A hash with its prefix, or an inline node. */
  child(): Uint8Array {
    const first = this.byte();
    return first === 0xa0 ? rlpString(this.take(32)) : this.inline(first);
  }

  end(): void {
    const left = this.#bytes.length - this.#offset;
    if (left > 0) throw refused(`${left} bytes behind its end`);
  }
}
