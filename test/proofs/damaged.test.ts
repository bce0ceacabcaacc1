import { expect } from "chai";
import { encodeRlp, toBeArray, toBeHex } from "ethers";
import { fromHex, type Address, type Hex } from "../../sdk/src/bytes.ts";
import { provenAccount, provenValue } from "../../sdk/src/proofs.ts";
import { packAccount, packSlot, packValue } from "../../sdk/src/proofsPack.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { StateProofHarness__factory, type StateProofHarness } from "../../typechain-types/index.js";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { quickNode, type QuickNode } from "../helpers/quickNode.ts";
import { crowdedPaths, hashed, nibbles, randomOf, randomValue, rawTrie, trieOf } from "../helpers/tries.ts";

/** Damaged proofs of this run, besides those that come out undamaged; every hundredth is given to the plain reference too. */
const ROUNDS = 104_000;
const ROUNDS_A_CALL = 250;

describe(`damaged proofs (seed ${FUZZ_SEED})`, () => {
  const random = randomOf("damaged");
  let harness: StateProofHarness;
  let node: QuickNode;

  before(async () => {
    node = await quickNode("damaged");
    harness = await new StateProofHarness__factory(node.signer).deploy();
    await harness.waitForDeployment();
  });

  after(async () => node.close());

  interface Proof {
    readonly root: Hex;
    readonly key: Hex;
    readonly isAccount: boolean;
    readonly part: Hex;
  }

  /** Good proofs of every kind, of slots and of accounts, in tries of 1 to 300 entries. */
  async function goodProofs(): Promise<Proof[]> {
    const proofs: Proof[] = [];
    for (const count of [1, 2, 16, 80]) {
      const slots = Array.from({ length: count }, () => random.hash());
      const trie = await trieOf(new Map(slots.map((slot) => [hashed(slot), randomValue(random)])));
      for (const key of [...slots.slice(0, 4), ...Array.from({ length: 4 }, () => random.hash())]) {
        const part = packSlot(trie.root, key, await trie.nodes(hashed(key)));
        proofs.push({ root: trie.root, key, isAccount: false, part });
      }
      const accounts = Array.from({ length: count }, () => random.address());
      const state = await rawTrie(
        new Map(accounts.map((account) => [hashed(account), randomAccount()])),
        encodeAccount,
      );
      for (const account of [...accounts.slice(0, 4), ...Array.from({ length: 4 }, () => random.address())]) {
        const part = packAccount(state.root, account, await state.nodes(hashed(account)));
        proofs.push({ root: state.root, key: toBeHex(account, 32) as Hex, isAccount: true, part }); // CAST: ethers returns hex
      }
    }
    return proofs;
  }

  function randomAccount(): readonly bigint[] {
    return [random.uint(random.pick([1, 7, 8, 64])), randomValue(random), BigInt(random.hash()), BigInt(random.hash())];
  }

  function encodeAccount([nonce = 0n, balance = 0n, storageRoot = 0n, codeHash = 0n]: readonly bigint[]): Uint8Array {
    const fields = [toBeArray(nonce), toBeArray(balance), toBeHex(storageRoot, 32), toBeHex(codeHash, 32)];
    return fromHex(encodeRlp(fields.map((field) => (typeof field === "string" ? fromHex(field) : field))));
  }

  it(`C11, EXPLOITS 21: none of ${ROUNDS.toLocaleString("en-US")} damaged proofs is accepted`, async function () {
    this.timeout(600_000);
    const proofs = await goodProofs();
    expect(new Set(proofs.map(({ part }) => part.slice(2, 4))).size).to.be.greaterThan(2);
    let [tried, round] = [0, 0];
    while (tried < ROUNDS) {
      const { root, key, isAccount, part } = proofs[round % proofs.length] as Proof; // CAST: within the list
      const compare = round % 50 === 0;
      const rounds = compare ? ROUNDS_A_CALL / 10 : ROUNDS_A_CALL;
      const [count, accepted, example] = await harness.countAccepted(
        root,
        key,
        isAccount,
        part,
        BigInt(FUZZ_SEED) * 1_000_000n + BigInt(round),
        rounds,
        compare,
        { gasLimit: 900_000_000n },
      );
      expect(accepted, `seed ${FUZZ_SEED}: ${example} passes for ${part} under ${root}`).to.equal(0n);
      tried += Number(count);
      round++;
    }
    console.log(`      ${tried.toLocaleString("en-US")} damaged proofs of ${proofs.length} refused`);
  });

  it("C11: a proof shown for another path is accepted only for what that path really holds", async () => {
    let [accepted, tried] = [0, 0];
    for (const count of [1, 4, 30]) {
      const paths = crowdedPaths(random, 2 * count);
      const trie = await trieOf(new Map(paths.slice(0, count).map((path) => [path, randomValue(random)])));
      for (const from of paths.slice(0, 20)) {
        const part = packValue(trie.root, nibbles(from), await trie.nodes(from));
        const folded = await Promise.all(paths.map((path) => harness.foldSlot(path, part)));
        for (const [place, [root, value, ends]] of folded.entries()) {
          const path = paths[place] ?? from;
          tried++;
          if (!ends || root !== trie.root) continue;
          accepted++;
          expect(BigInt(value), `${part} for ${path}`).to.equal(trie.values.get(path) ?? 0n);
        }
      }
    }
    expect(accepted).to.be.greaterThan(20).and.lessThan(tried);
  });

  it("C11: nodes damaged before they are packed give the value of the trie or PROOF_REFUSED", async () => {
    const slots = Array.from({ length: 60 }, () => random.hash());
    const trie = await trieOf(new Map(slots.map((slot) => [hashed(slot), randomValue(random)])));
    let refusals = 0;
    for (let i = 0; i < 4_000; i++) {
      const slot = i % 3 === 0 ? random.hash() : random.pick([slots[i % 60] ?? slots[0] ?? random.hash()]);
      const nodes = await trie.nodes(hashed(slot));
      const at = random.between(0, nodes.length);
      const bytes = fromHex(nodes[at] ?? "0x");
      bytes[random.between(0, bytes.length)] = random.between(0, 256);
      nodes[at] = `0x${Buffer.from(bytes).toString("hex")}`;
      try {
        const part = packSlot(trie.root, slot, nodes);
        const path = hashed(slot);
        expect(BigInt(provenValue(trie.root, nibbles(path), part))).to.equal(trie.values.get(path) ?? 0n);
      } catch (error) {
        if (!(error instanceof MetalayerError)) throw error;
        expect(error.code).to.equal("PROOF_REFUSED");
        refusals++;
      }
    }
    expect(refusals).to.be.greaterThan(3_000);
  });

  it("the sdk refuses what the library refuses", async () => {
    const account: Address = random.address();
    const state = await rawTrie(new Map([[hashed(account), randomAccount()]]), encodeAccount);
    const part = packAccount(state.root, account, await state.nodes(hashed(account)));
    const bytes = fromHex(part);
    for (let i = 0; i < bytes.length; i++) {
      const changed = Uint8Array.from(bytes);
      changed[i] = (bytes[i] ?? 0) ^ (1 << random.between(0, 8));
      const damaged: Hex = `0x${Buffer.from(changed).toString("hex")}`;
      expect((await harness.account(state.root, account, damaged))[0], damaged).to.equal(false);
      expect(() => provenAccount(state.root, account, damaged), damaged).to.throw(MetalayerError);
    }
  });
});
