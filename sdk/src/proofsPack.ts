import { concat, decodeRlp, encodeRlp, type RlpStructuredData } from "ethers";
import { concatBytes, fixedBytes, fromHex, toHex, uintBytes, type Address, type Hex } from "./bytes.ts";
import { MetalayerError } from "./errors.ts";
import {
  commonNibbles,
  EMPTY_ROOT,
  KIND_EMPTY,
  KIND_LEAF,
  KIND_OTHER_EXTENSION,
  KIND_OTHER_LEAF,
  KIND_REMEMBERED,
  nibblesOf,
  NIBBLES,
  packNibbles,
  pathOf,
  provenAccount,
  provenSlot,
  provenValue,
  refused,
  TAG_BRANCH,
  TAG_EXTENSION,
  TAG_INLINE_BRANCH,
  type AccountState,
} from "./proofs.ts";

/** What `eth_getProof` answers (EIP-1186), as far as it is needed; nothing in it is believed. */
export interface NodeProof {
  readonly accountProof: readonly string[];
  readonly storageProof: readonly { readonly proof: readonly string[] }[];
}

/** Verified values with the packed proof that StateReader takes. */
export interface ProvenState {
  readonly account: AccountState;
  /** Values of the slots asked for, in the same order. */
  readonly values: readonly Hex[];
  readonly accountPart: Hex;
  readonly slotParts: readonly Hex[];
}

/**
 * Packs and verifies a node's answer for an account and slots of it. Throws `PROOF_REFUSED` unless every value follows from the state
 * root.
 */
export function proveState(stateRoot: Hex, account: Address, slots: readonly Hex[], answer: NodeProof): ProvenState {
  if (answer.storageProof.length !== slots.length) {
    throw refused(`${answer.storageProof.length} proofs for ${slots.length} slots`);
  }
  const accountPart = packAccount(stateRoot, account, answer.accountProof);
  const state = provenAccount(stateRoot, account, accountPart);
  const slotParts = slots.map((slot, index) =>
    packSlot(state.storageRoot, slot, answer.storageProof[index]?.proof ?? []),
  );
  return {
    account: state,
    values: slots.map((slot, index) => provenSlot(state.storageRoot, slot, slotParts[index] ?? "0x")),
    accountPart,
    slotParts,
  };
}

/** The proof that StateReader's slot functions take: for each account its part, or none if it is remembered, and those of its slots. */
export function slotProof(accountPart: Hex | undefined, slotParts: readonly Hex[]): Hex {
  return asBytes(concat([accountPart ?? toHex(Uint8Array.of(KIND_REMEMBERED)), ...slotParts]));
}

/** Part for an account from a node's trie nodes, root first. Throws `PROOF_REFUSED`. */
export function packAccount(stateRoot: Hex, account: Address, nodes: readonly string[]): Hex {
  const part = packPart(stateRoot, pathOf(fixedBytes("account", account, 20)), nodes, (value) => {
    const [nonce, balance, storageRoot, codeHash, ...rest] = listOf(decode(value));
    if (codeHash === undefined || rest.length > 0) throw refused("an account has four fields");
    return concatBytes([
      integer(bytesOf(nonce)),
      integer(bytesOf(balance)),
      fixed(bytesOf(storageRoot)),
      fixed(bytesOf(codeHash)),
    ]);
  });
  provenAccount(stateRoot, account, part);
  return part;
}

/** Part for a slot from a node's trie nodes, root first. Throws `PROOF_REFUSED`. */
export function packSlot(storageRoot: Hex, slot: Hex, nodes: readonly string[]): Hex {
  return packValue(storageRoot, pathOf(fixedBytes("slot", slot, 32)), nodes);
}

/** As {@link packSlot} for the path of a slot. */
export function packValue(storageRoot: Hex, path: Uint8Array, nodes: readonly string[]): Hex {
  const part = packPart(storageRoot, path, nodes, (value) => integer(bytesOf(decode(value))));
  provenValue(storageRoot, path, part);
  return part;
}

/** A node of a trie, read: strings as hex, an inline node as a list. */
type Item = RlpStructuredData | undefined;

/** Walks down the nodes and writes what the verifier cannot compute. Whether it is true shows when the part is folded. */
function packPart(root: Hex, path: Uint8Array, nodes: readonly string[], own: (value: Uint8Array) => Uint8Array): Hex {
  if (root.toLowerCase() === EMPTY_ROOT) return toHex(terminal(KIND_EMPTY, 0));
  const steps: Uint8Array[] = [];
  const finish = (end: Uint8Array): Hex => toHex(concatBytes([end, ...steps.reverse()]));
  let index = 0;
  let depth = 0;
  let item: Item = undefined;
  // Each round goes down by at least one nibble.
  while (depth <= NIBBLES) {
    const node = listOf(Array.isArray(item) ? item : decode(fromNode(nodes[index])));
    // Some nodes list an inline node again, after its parent.
    if (!Array.isArray(item) || encodeRlp(item) === nodes[index]?.toLowerCase()) index++;
    if (node.length === 17) {
      const nibble = path[depth++];
      if (nibble === undefined) break;
      steps.push(branchStep(node, nibble));
      item = node[nibble];
      if (item === "0x") return finish(terminal(KIND_EMPTY, depth));
      continue;
    }
    const { isLeaf, nibbles } = readPath(node);
    const other = Uint8Array.from([...path.subarray(0, depth), ...nibbles]);
    const isOwn = commonNibbles(other, path) === other.length;
    if (isLeaf) {
      const value = bytesOf(node[1]);
      if (isOwn && other.length === NIBBLES) return finish(terminal(KIND_LEAF, depth, own(value)));
      const body = [packNibbles(padded(other)), Uint8Array.of(value.length), value];
      return finish(terminal(KIND_OTHER_LEAF, depth, ...body));
    }
    item = node[1];
    if (!isOwn) {
      const body = [packNibbles(padded(other)), Uint8Array.of(nibbles.length), childBytes(item)];
      return finish(terminal(KIND_OTHER_EXTENSION, depth, ...body));
    }
    steps.push(Uint8Array.of(TAG_EXTENSION, nibbles.length));
    depth += nibbles.length;
  }
  throw refused("its nodes go deeper than a path");
}

function terminal(kind: number, depth: number, ...body: readonly Uint8Array[]): Uint8Array {
  return concatBytes([Uint8Array.of(kind, depth), ...body]);
}

function branchStep(children: readonly Item[], nibble: number): Uint8Array {
  let [hashes, inlines] = [0, 0];
  const siblings: Uint8Array[] = [];
  children.slice(0, 16).forEach((child, index) => {
    if (index === nibble || child === "0x") return;
    if (Array.isArray(child)) inlines |= 1 << index;
    else hashes |= 1 << index;
    siblings.push(Array.isArray(child) ? fromHex(encodeRlp(child)) : fixed(bytesOf(child)));
  });
  const masks = [uintBytes("hashes", hashes, 2), ...(inlines === 0 ? [] : [uintBytes("inlines", inlines, 2)])];
  return concatBytes([Uint8Array.of(inlines === 0 ? TAG_BRANCH : TAG_INLINE_BRANCH), ...masks, ...siblings]);
}

function readPath(node: readonly Item[]): { readonly isLeaf: boolean; readonly nibbles: Uint8Array } {
  if (node.length !== 2) throw refused(`a node of ${node.length} items`);
  const [flag, second, ...rest] = nibblesOf(bytesOf(node[0]));
  if (flag === undefined || second === undefined || flag > 3) throw refused("a path without flag");
  return { isLeaf: flag >= 2, nibbles: Uint8Array.from(flag % 2 === 1 ? [second, ...rest] : rest) };
}

/** A hash with its prefix, or an inline node. */
function childBytes(child: Item): Uint8Array {
  return fromHex(encodeRlp(child ?? "0x"));
}

/** Nibbles of a whole path; a wrong number shows when the part is folded. */
function padded(nibbles: Uint8Array): Uint8Array {
  const path = new Uint8Array(NIBBLES);
  path.set(nibbles.subarray(0, NIBBLES));
  return path;
}

function integer(digits: Uint8Array): Uint8Array {
  return concatBytes([Uint8Array.of(digits.length & 0xff), digits]);
}

function fixed(bytes: Uint8Array): Uint8Array {
  if (bytes.length !== 32) throw refused(`${bytes.length} bytes where a hash belongs`);
  return bytes;
}

function listOf(item: Item): readonly Item[] {
  if (!Array.isArray(item)) throw refused("a node that is no list");
  return item;
}

function bytesOf(item: Item): Uint8Array {
  if (typeof item !== "string") throw refused("a list where a string belongs");
  return fromHex(item);
}

function fromNode(node: string | undefined): Uint8Array {
  if (node === undefined) throw refused("a node of the path is missing");
  try {
    return fromHex(node);
  } catch (cause) {
    throw new MetalayerError("PROOF_REFUSED", "the proof is refused: a node is not hex", {}, { cause });
  }
}

function decode(bytes: Uint8Array): Item {
  try {
    return decodeRlp(bytes);
  } catch (cause) {
    throw new MetalayerError("PROOF_REFUSED", "the proof is refused: a node is not RLP", {}, { cause });
  }
}

function asBytes(hex: string): Hex {
  return toHex(fromHex(hex));
}
