import { createMerkleProof, createMPT } from "@ethereumjs/mpt";
import { encodeRlp, toBeArray } from "ethers";
import { Random } from "../../scripts/checks/vectors/random.ts";
import { fromHex, keccak, toHex, type Address, type Hex } from "../../sdk/src/bytes.ts";
import { nibblesOf } from "../../sdk/src/proofs.ts";
import { packAccount, packSlot } from "../../sdk/src/proofsPack.ts";
import { FUZZ_SEED } from "./fuzz.ts";

/** A storage trie by an independent implementation, with what was put into it. */
export interface TestTrie<T = bigint> {
  readonly root: Hex;
  /** Values by path. */
  readonly values: ReadonlyMap<Hex, T>;
  /** Nodes towards a path, root first, as `eth_getProof` lists them. */
  nodes(path: Hex): Promise<string[]>;
}

/** A trie over paths as they are, hashed or not. */
export async function trieOf(values: ReadonlyMap<Hex, bigint>): Promise<TestTrie> {
  return rawTrie(values, (value) => fromHex(encodeRlp(toBeArray(value))));
}

export async function rawTrie<T>(values: ReadonlyMap<Hex, T>, encode: (value: T) => Uint8Array): Promise<TestTrie<T>> {
  const trie = await createMPT({ useKeyHashing: false });
  for (const [path, value] of values) await trie.put(fromHex(path), encode(value));
  return {
    root: toHex(trie.root()),
    values,
    nodes: async (path) => (await createMerkleProof(trie, fromHex(path))).map(toHex),
  };
}

/** A state whose proofs are made here: for figures at a size that no test fills on a node. */
export interface TestState {
  readonly root: Hex;
  readonly storageRoot: Hex;
  accountPart(account: Address): Promise<Hex>;
  /** For the one account with slots. */
  slotPart(slot: Hex): Promise<Hex>;
}

/** A state of this many accounts, one of which has these slots; the others are made of `random`. */
export async function stateWith(
  random: Random,
  account: Address,
  slots: ReadonlyMap<Hex, bigint>,
  accounts: number,
): Promise<TestState> {
  const storage = await trieOf(new Map([...slots].map(([slot, value]) => [hashed(slot), value])));
  const entry = (root: Hex): readonly Uint8Array[] => [
    toBeArray(random.uint(10)),
    toBeArray(random.uint(64)),
    fromHex(root),
    fromHex(random.hash()),
  ];
  const entries = new Map(
    Array.from({ length: accounts - 1 }, () => [hashed(random.address()), entry(random.hash())] as const),
  );
  entries.set(hashed(account), entry(storage.root));
  const state = await rawTrie(entries, (fields) => fromHex(encodeRlp([...fields])));
  return {
    root: state.root,
    storageRoot: storage.root,
    accountPart: async (one) => packAccount(state.root, one, await state.nodes(hashed(one))),
    slotPart: async (slot) => packSlot(storage.root, slot, await storage.nodes(hashed(slot))),
  };
}

export function nibbles(path: Hex): Uint8Array {
  return nibblesOf(fromHex(path));
}

export const hashed = (key: Hex): Hex => keccak(fromHex(key));

/** Values of this run's seed; `METALAYER_FUZZ_SEED` repeats it. */
export function randomOf(name: string): Random {
  return new Random(`${name} ${FUZZ_SEED}`);
}

/** A value as storage holds them: small numbers, single bytes around 0x80, addresses, whole words. */
export function randomValue(random: Random): bigint {
  const bits = random.pick([3, 7, 8, 8, 16, 64, 160, 255, 256]);
  return random.uint(bits) || 1n;
}

/** Paths that share beginnings of all lengths, so that extensions, inline leaves and inline branches occur. */
export function crowdedPaths(random: Random, count: number): Hex[] {
  const paths: Hex[] = [random.hash()];
  while (paths.length < count) {
    const like = random.pick([paths[0] ?? random.hash(), ...paths]);
    const shared = random.pick([0, 1, 2, 8, 9, 10, 31, 40, 58, 60, 61, 62, 63]);
    const path: Hex = `0x${(like.slice(2, 2 + shared) + random.hash().slice(2)).slice(0, 64)}`;
    if (!paths.includes(path)) paths.push(path);
  }
  return paths;
}
