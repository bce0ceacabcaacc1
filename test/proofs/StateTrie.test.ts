import { expect } from "chai";
import hre from "hardhat";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { encodeRlp, getBytes, hexlify, keccak256, toBeArray, toBeHex } from "ethers";
import { ZERO_HASH, type Hex } from "../../sdk/src/bytes.ts";
import { packValue } from "../../sdk/src/proofsPack.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { EMPTY_ROOT, foldSlot, headerStateRoot, provenValue } from "../../sdk/src/proofs.ts";
import { StateProofHarness__factory, type StateProofHarness } from "../../typechain-types/index.js";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { crowdedPaths, hashed, nibbles, randomOf, randomValue, trieOf, type TestTrie } from "../helpers/tries.ts";

describe(`StateTrie (seed ${FUZZ_SEED})`, () => {
  let harness: StateProofHarness;

  before(async () => {
    const { ethers } = await hre.network.create("rollupA");
    harness = await new StateProofHarness__factory(await ethers.provider.getSigner(0)).deploy();
  });

  /** The part for a path, on which the sdk, the library and the plain reference must agree with what is in the trie. */
  async function agree(trie: TestTrie, path: Hex): Promise<Hex> {
    const nodes = await trie.nodes(path);
    const expected = trie.values.get(path) ?? 0n;
    const part = packValue(trie.root, nibbles(path), nodes);
    expect(BigInt(provenValue(trie.root, nibbles(path), part))).to.equal(expected);
    const [root, value, ends] = await harness.foldSlot(path, part);
    expect([root, BigInt(value), ends]).to.deep.equal([trie.root, expected, true]);
    expect((await harness.referenceRoot(path, false, part))[0]).to.equal(trie.root);
    if (expected !== 0n)
      expect(await harness.openZeppelin(trie.root, path, nodes)).to.equal(encodeRlp(toBeArray(expected)));
    return part;
  }

  it("agrees with an independent trie and with OpenZeppelin on what crowded tries hold and do not hold", async () => {
    const random = randomOf("crowded");
    const kinds = new Map<string, number>();
    for (const count of [1, 2, 3, 5, 9, 17, 40]) {
      const paths = crowdedPaths(random, 2 * count);
      const trie = await trieOf(new Map(paths.slice(0, count).map((path) => [path, randomValue(random)])));
      for (const path of paths) {
        const part = await agree(trie, path);
        kinds.set(part.slice(2, 4), 1 + (kinds.get(part.slice(2, 4)) ?? 0));
      }
    }
    expect([...kinds.keys()].sort()).to.deep.equal(["00", "01", "02", "03"]);
  });

  it("computes the roots and values of the vectors, as the plain reference does", async () => {
    const { slots, accounts } = readVectors();
    for (const { slot, part, root, value } of slots) {
      expect(await harness.foldSlot(hashed(slot), part), part).to.deep.equal([root, value, true]);
      expect((await harness.referenceRoot(hashed(slot), false, part))[0]).to.equal(root);
      expect(await harness.slot(root, slot, part)).to.deep.equal([true, value]);
      expect((await harness.slot(hashed(root), slot, part))[0]).to.equal(false);
    }
    for (const { account, part, root, ...state } of accounts) {
      const expected = [BigInt(state.nonce), BigInt(state.balance), state.storageRoot, state.codeHash];
      expect(await harness.account(root, account, part), part).to.deep.equal([true, expected]);
      expect((await harness.referenceRoot(hashed(account), true, part))[0]).to.equal(root);
      expect((await harness.account(hashed(root), account, part))[0]).to.equal(false);
    }
    expect(slots.length + accounts.length).to.be.greaterThan(25);
  });

  it("proves slots whose leaves are inline nodes, and that there are none beside them", async () => {
    // The paths of both slots begin with the same eight nibbles, found by trying.
    const [a, b] = [wordOf(INLINE_PAIR[0]), wordOf(INLINE_PAIR[1])];
    expect(hashed(a).slice(0, 10)).to.equal(hashed(b).slice(0, 10));
    const trie = await trieOf(
      new Map([
        [hashed(a), 1n],
        [hashed(b), 2n],
        [hashed(hashed(a)), 3n],
      ]),
    );
    for (const slot of [a, b]) {
      const part = await agree(trie, hashed(slot));
      expect(await harness.slot(trie.root, slot, part)).to.deep.equal([true, toBeHex(slot === a ? 1 : 2, 32)]);
      expect(part.slice(0, 12)).to.match(/^0x000901/);
    }
    const beside: Hex = `0x${hashed(a).slice(2, 11)}${"0".repeat(55)}`;
    await agree(trie, beside);
  });

  it("EXPLOITS 22, C10: takes no inline node that is more or less than one item", async () => {
    const paths = crowdedPaths(randomOf("inline"), 3).slice(0, 1);
    const [path = ZERO_HASH] = paths;
    const nibble = Number.parseInt(path.charAt(2), 16);
    const sibling = 1 << ((nibble + 1) % 16);
    const mask = sibling.toString(16).padStart(4, "0");
    for (const inline of ["80", "8080", "c0", "df", "a0", "b801", "f8", "00", "bf"]) {
      const part: Hex = `0x0001012a010000${mask}${inline}${"00".repeat(40)}`;
      const [root, , ends] = await harness.foldSlot(path, part);
      expect([root, ends], inline).to.deep.equal([ZERO_HASH, false]);
      expect(() => foldSlot(nibbles(path), part), inline).to.throw(MetalayerError);
    }
  });

  it("EXPLOITS 37, C21: refuses depths, kinds, steps and lengths beyond their bounds without looking further", async () => {
    const path = hashed(ZERO_HASH);
    const wrong: [string, string][] = [
      ["depth 65", "0x004101"],
      ["depth 255", "0x01ff"],
      ["kind 4", "0x0400"],
      ["kind 5, which is for readers", "0x0500"],
      ["kind 255", "0xff00"],
      ["a step of tag 3", "0x00010103030000"],
      ["an extension over no nibble", "0x0001012a0200"],
      ["an extension over more nibbles than there are", "0x0001012a0202"],
      ["an extension over nothing", "0x01010201"],
      ["a value without digits", "0x000000"],
      ["a value of 33 bytes", `0x000021${"11".repeat(33)}`],
      ["a value with a leading zero", "0x0000020001"],
      ["the path's own leaf as another one", `0x0200${path.slice(2)}0101`],
      ["another leaf of no bytes", `0x0200${"11".repeat(32)}00`],
      ["another leaf of 111 bytes", `0x0200${"11".repeat(32)}6f${"11".repeat(111)}`],
      ["an extension that reaches the path's end", `0x0300${"11".repeat(32)}40a0${"11".repeat(32)}`],
      ["an extension with nibbles behind its end", `0x0300${"11".repeat(32)}01a0${"11".repeat(32)}`],
      ["an extension on the path", `0x0300${path.slice(2, 3)}${"0".repeat(63)}01a0${"11".repeat(32)}`],
      ["a branch that gives the path's own child", `0x0001012a00ffff${"11".repeat(512)}`],
    ];
    for (const [title, part] of wrong) {
      const [root, , ends] = await harness.foldSlot(path, part);
      expect([root, ends], title).to.deep.equal([ZERO_HASH, false]);
      expect(() => foldSlot(nibbles(path), part as Hex), title).to.throw(MetalayerError); // CAST: written as hex
      await expect(harness.referenceRoot(path, false, part), title).to.be.revertedWithCustomError(harness, "Malformed");
    }
  });

  it("reads the state root of mainnet's genesis header, and of no header that differs in a byte", async () => {
    const header = encodeRlp(GENESIS.map((field) => field));
    expect(keccak256(header)).to.equal(GENESIS_HASH);
    expect(await harness.header(GENESIS_HASH, header)).to.deep.equal([true, GENESIS[3]]);
    expect(headerStateRoot(GENESIS_HASH, header as Hex)).to.equal(GENESIS[3]); // CAST: ethers returns hex
    for (const at of [0, 1, 3, 36, 69, 90, 91, 122, 200, 500]) {
      const bytes = getBytes(header);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      expect((await harness.header(GENESIS_HASH, bytes))[0]).to.equal(false);
      expect(() => headerStateRoot(GENESIS_HASH, hexlify(bytes) as Hex)).to.throw(MetalayerError); // CAST: ethers returns hex
    }
    // Other lists that hash to what they are said to hash to.
    const others = [GENESIS.slice(1), ["0x", ...GENESIS], [...GENESIS.slice(0, 2), "0x", ...GENESIS.slice(3)]];
    for (const fields of others) {
      const other = encodeRlp(fields);
      expect((await harness.header(keccak256(other), other))[0]).to.equal(false);
    }
    expect((await harness.header(keccak256("0x"), "0x"))[0]).to.equal(false);
  });
});

function wordOf(value: number): Hex {
  return `0x${value.toString(16).padStart(64, "0")}`;
}

interface Vectors {
  readonly slots: readonly { slot: Hex; part: Hex; root: Hex; value: Hex }[];
  readonly accounts: readonly {
    account: Hex;
    part: Hex;
    root: Hex;
    nonce: string;
    balance: string;
    storageRoot: Hex;
    codeHash: Hex;
  }[];
}

function readVectors(): Vectors {
  const text = readFileSync(join(import.meta.dirname, "../vectors/proofs.json"), "utf8");
  return JSON.parse(text) as Vectors; // CAST: the check of the vectors holds the file's shape
}

const INLINE_PAIR = [40_364, 105_566] as const;

/** Ethereum's first block, field by field. */
const GENESIS_HASH: Hex = "0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3";
const EMPTY_LIST_HASH = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347";
const GENESIS: readonly string[] = [
  ZERO_HASH,
  EMPTY_LIST_HASH,
  `0x${"00".repeat(20)}`,
  "0xd7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544",
  EMPTY_ROOT,
  EMPTY_ROOT,
  `0x${"00".repeat(256)}`,
  "0x0400000000",
  "0x",
  "0x1388",
  "0x",
  "0x",
  "0x11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa",
  ZERO_HASH,
  "0x0000000000000042",
];
