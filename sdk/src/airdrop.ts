import { AbiCoder, keccak256 } from "ethers";
import type { Address, Hex } from "./bytes.ts";
import { MetalayerError } from "./errors.ts";

/** One line of an airdrop's list. */
export interface AirdropEntry {
  readonly account: Address;
  /** Wei. */
  readonly amount: bigint;
}

/** A list with its root and a proof for every entry. */
export interface AirdropTree {
  readonly root: Hex;
  /** Sum of all amounts, wei. */
  readonly total: bigint;
  /** The proof with which the entry is claimed. Throws `AIRDROP_NOT_LISTED`. */
  proof(account: Address): readonly Hex[];
}

/**
 * The tree that OpenZeppelin's StandardMerkleTree makes of `["address", "uint256"]`. Throws `AIRDROP_EMPTY`, and `AIRDROP_DUPLICATE` for an
 * account that is listed twice, of which it could claim only one.
 */
export function airdropTree(entries: readonly AirdropEntry[]): AirdropTree {
  if (entries.length === 0) throw new MetalayerError("AIRDROP_EMPTY", "a list without entries");
  const leafOf = new Map<string, Hex>();
  for (const { account, amount } of entries) {
    const key = account.toLowerCase();
    if (leafOf.has(key)) throw new MetalayerError("AIRDROP_DUPLICATE", `${account} is listed twice`, { account });
    leafOf.set(key, leafHash(account, amount));
  }
  const leaves = [...leafOf.values()].sort();
  const nodes: Hex[] = [];
  const last = 2 * leaves.length - 2;
  for (const [index, leaf] of leaves.entries()) nodes[last - index] = leaf;
  for (let index = last - leaves.length; index >= 0; index--) nodes[index] = pairHash(nodes, index);
  return {
    root: nodeAt(nodes, 0),
    total: entries.reduce((sum, { amount }) => sum + amount, 0n),
    proof(account) {
      const leaf = leafOf.get(account.toLowerCase());
      if (leaf === undefined) throw new MetalayerError("AIRDROP_NOT_LISTED", `${account} is not listed`, { account });
      const proof: Hex[] = [];
      for (let index = nodes.indexOf(leaf); index > 0; index = Math.floor((index - 1) / 2))
        proof.push(nodeAt(nodes, index % 2 === 1 ? index + 1 : index - 1));
      return proof;
    },
  };
}

function leafHash(account: Address, amount: bigint): Hex {
  return asHex(keccak256(keccak256(AbiCoder.defaultAbiCoder().encode(["address", "uint256"], [account, amount]))));
}

function pairHash(nodes: readonly Hex[], parent: number): Hex {
  const pair = [nodeAt(nodes, 2 * parent + 1), nodeAt(nodes, 2 * parent + 2)].sort();
  return asHex(keccak256(`0x${pair.map((node) => node.slice(2)).join("")}`));
}

function nodeAt(nodes: readonly Hex[], index: number): Hex {
  const node = nodes[index];
  if (node === undefined) throw new MetalayerError("AIRDROP_EMPTY", `the tree has no node ${index}`, { index });
  return node;
}

function asHex(text: string): Hex {
  return text as Hex; // CAST: keccak256 returns hex
}
