import { concatBytes, fixedBytes, fromHex, toHex, uintBytes, type Hex } from "../../../sdk/src/bytes.ts";
import {
  foldAccount,
  foldSlot,
  KIND_EMPTY,
  KIND_LEAF,
  KIND_OTHER_EXTENSION,
  KIND_OTHER_LEAF,
  packNibbles,
  pathOf,
  TAG_BRANCH,
  TAG_EXTENSION,
  TAG_INLINE_BRANCH,
} from "../../../sdk/src/proofs.ts";
import { Random } from "./random.ts";

/** An inline leaf as a branch holds it. */
const INLINE = fromHex("0xc48220aa0b");

/** Parts of every kind with the only root that each proves. */
export function proofVectors(): unknown {
  const random = new Random("proofs");
  const depths = [0, 1, 2, 5, 9, 63, 64];
  const slots = depths.flatMap((depth) =>
    [KIND_LEAF, KIND_EMPTY, KIND_OTHER_LEAF, KIND_OTHER_EXTENSION].flatMap((kind) => {
      const slot = random.hash();
      const path = pathOf(fromHex(slot));
      const terminal = terminalOf(random, kind, depth, path);
      if (terminal === undefined) return [];
      const part = toHex(concatBytes([Uint8Array.of(kind, depth), terminal, ...steps(random, depth, kind, path)]));
      return [{ slot, part, ...foldSlot(path, part) }];
    }),
  );
  const accounts = depths.slice(0, 5).map((depth) => {
    const account = random.address();
    const path = pathOf(fixedBytes("account", account, 20));
    const fields = [integer(random.uint(random.pick([1, 8, 64]))), integer(random.uint(random.pick([7, 96])))];
    const roots = [fromHex(random.hash()), fromHex(random.hash())];
    const terminal = concatBytes([Uint8Array.of(KIND_LEAF, depth), ...fields, ...roots]);
    const part = toHex(concatBytes([terminal, ...steps(random, depth, KIND_LEAF, path)]));
    const { root, state } = foldAccount(path, part);
    return { account, part, root, ...state };
  });
  return { slots, accounts };
}

/** Body of a terminal; nothing where the kind cannot be. */
function terminalOf(random: Random, kind: number, depth: number, path: Uint8Array): Uint8Array | undefined {
  if (kind === KIND_EMPTY) return new Uint8Array();
  if (kind === KIND_LEAF) return integer(random.uint(random.pick([6, 8, 256])) || 1n);
  if (depth > 62) return undefined;
  const other = Uint8Array.from(path);
  other[depth] = ((path[depth] ?? 0) + 1) % 16;
  if (kind === KIND_OTHER_LEAF) return concatBytes([packNibbles(other), Uint8Array.of(1), Uint8Array.of(0x2a)]);
  const count = random.between(1, 64 - depth);
  const child = random.pick([concatBytes([Uint8Array.of(0xa0), fromHex(random.hash())]), INLINE]);
  return concatBytes([packNibbles(other.fill(0, depth + count)), Uint8Array.of(count), child]);
}

/** Steps up from a depth: branches of all densities, some with inline siblings, and extensions. */
function steps(random: Random, from: number, kind: number, path: Uint8Array): Uint8Array[] {
  const result: Uint8Array[] = [];
  for (let depth = from; depth > 0;) {
    const mayExtend = depth > 1 && result.length > 0 && kind !== KIND_EMPTY;
    const count = mayExtend ? random.pick([0, 0, 1, Math.min(depth, 11), depth]) : 0;
    if (count > 0) result.push(Uint8Array.of(TAG_EXTENSION, count));
    else result.push(branch(random, path[depth - 1] ?? 0));
    depth -= Math.max(1, count);
  }
  return result;
}

function branch(random: Random, nibble: number): Uint8Array {
  const others = 0xffff & ~(1 << nibble);
  const hashes = others & random.pick([0xffff, 0x0101, 0xfffe, 0x8001, Number(random.uint(16))]);
  const inlines = random.pick([0, 0, others & ~hashes & Number(random.uint(16))]);
  const siblings = Array.from({ length: 16 }, (_, index) => {
    if (((hashes >> index) & 1) === 1) return fromHex(random.hash());
    return ((inlines >> index) & 1) === 1 ? INLINE : new Uint8Array();
  });
  const masks = [uintBytes("hashes", hashes, 2), ...(inlines === 0 ? [] : [uintBytes("inlines", inlines, 2)])];
  return concatBytes([Uint8Array.of(inlines === 0 ? TAG_BRANCH : TAG_INLINE_BRANCH), ...masks, ...siblings]);
}

function integer(value: bigint): Uint8Array {
  const digits: Hex = value === 0n ? "0x" : toHex(uintBytes("value", value, Math.ceil(value.toString(16).length / 2)));
  return concatBytes([Uint8Array.of((digits.length - 2) / 2), fromHex(digits)]);
}
