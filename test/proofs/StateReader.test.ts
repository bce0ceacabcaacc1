import { expect } from "chai";
import { AbiCoder, concat, dataLength, toBeHex, ZeroAddress } from "ethers";
import hre from "hardhat";
import { hashText, ZERO_HASH, type Address, type Hex } from "../../sdk/src/bytes.ts";
import type { HeadFact } from "../../sdk/src/fact.ts";
import { EMPTY_ROOT } from "../../sdk/src/proofs.ts";
import { proveState, slotProof, type ProvenState } from "../../sdk/src/proofsPack.ts";
import { nodeProof } from "../../sdk/src/proofsRead.ts";
import { createNetwork, type TestNetwork, type TestRollup } from "../../sdk/src/testkit/index.ts";
import { StateReader__factory, StorageMock__factory, type StorageMock } from "../../typechain-types/index.js";

const NOBODY: Address = "0x00000000000000000000000000000000000000AA";
const A = 8101n;
const B = 8102n;

describe("StateReader", () => {
  let network: TestNetwork;
  let source: TestRollup;
  let here: TestRollup;
  let store: StorageMock;
  let account: Address;
  let head: HeadFact;

  before(async () => {
    const rollups = await Promise.all(["rollupA", "rollupB"].map((name) => hre.network.create(name)));
    network = await createNetwork({ rollups });
    [source, here] = [network.rollup(A), network.rollup(B)];
    store = await new StorageMock__factory(source.signer).deploy();
    account = (await store.getAddress()) as Address; // CAST: ethers returns an address
    await (await store.fill(0, 40)).wait();
    for (const [slot, value] of Object.entries(WORDS)) await (await store.write(toBeHex(slot, 32), value)).wait();
    head = await network.recordHead(A, B);
  });

  /** A node's proof, packed and verified by the sdk. */
  async function prove(slots: readonly bigint[], of: Address = account, at = head): Promise<ProvenState> {
    const keys = slots.map(key);
    return proveState(at.stateRoot, of, keys, await nodeProof(source.provider, of, keys, at.number));
  }

  const key = (slot: bigint): Hex => toBeHex(slot, 32) as Hex; // CAST: ethers returns hex
  const reader = () => here.stateReader;

  describe("constructor", () => {
    it("refuses to be without an inbox, and names the one it asks", async () => {
      const factory = new StateReader__factory(here.signer);
      await expect(factory.deploy(ZeroAddress))
        .to.be.revertedWithCustomError(reader(), "ReaderInvalidInbox")
        .withArgs(ZeroAddress);
      expect(await reader().inbox()).to.equal(await here.stateRootInbox.getAddress());
    });
  });

  describe("slotAt", () => {
    it("reads every kind of value as the other rollup holds it", async () => {
      for (const slot of Object.keys(WORDS).map(BigInt)) {
        const { accountPart, slotParts } = await prove([slot]);
        const proof = slotProof(accountPart, slotParts);
        const expected = await source.provider.getStorage(account, slot, Number(head.number));
        expect(await reader().slotAt(A, head.anchorIndex, account, key(slot), proof)).to.equal(expected);
      }
    });

    it("reads 0 for a slot that was never written, and for any slot of an account that does not exist", async () => {
      const empty = await prove([987_654n]);
      const proof = slotProof(empty.accountPart, empty.slotParts);
      expect(await reader().slotAt(A, head.anchorIndex, account, key(987_654n), proof)).to.equal(ZERO_HASH);
      const absent = await prove([1n], NOBODY);
      expect(absent.slotParts).to.deep.equal(["0x0100"]);
      const none = slotProof(absent.accountPart, absent.slotParts);
      expect(await reader().slotAt(A, head.anchorIndex, NOBODY, key(1n), none)).to.equal(ZERO_HASH);
    });

    it("EXPLOITS 22: shows no written slot as empty, with no proof of another slot, account, head or rollup", async () => {
      const { accountPart, slotParts } = await prove([7n]);
      const empty = await prove([987_654n]);
      const absent = await prove([7n], NOBODY);
      const forged: [string, Hex][] = [
        ["the proof of an empty slot", slotProof(accountPart, empty.slotParts)],
        ["the proof that another account is absent", slotProof(absent.accountPart, absent.slotParts)],
        ["an empty trie", slotProof(accountPart, ["0x0100"])],
        ["an empty state", "0x01000100"],
        ["no proof", "0x"],
        ["the account alone", accountPart],
        ["the slot alone", slotParts[0] ?? "0x"],
        ["an account not remembered", slotProof(undefined, slotParts)],
      ];
      for (const [title, proof] of forged) {
        await expect(
          reader().slotAt(A, head.anchorIndex, account, key(7n), proof),
          title,
        ).to.be.revertedWithCustomError(
          reader(),
          title === "an account not remembered" ? "ReaderNotRemembered" : "ReaderProofRefused",
        );
      }
    });

    it("EXPLOITS 5, EXPLOITS 37: accepts one encoding of a proof and none with more, less or repeated bytes", async () => {
      const { accountPart, slotParts } = await prove([7n]);
      const proof = slotProof(accountPart, slotParts);
      const length = BigInt(dataLength(proof));
      for (const tail of ["0x00", "0x0100", slotParts[0] ?? "0x"]) {
        await expect(reader().slotAt(A, head.anchorIndex, account, key(7n), concat([proof, tail])))
          .to.be.revertedWithCustomError(reader(), "ReaderProofLength")
          .withArgs(length, length + BigInt(dataLength(tail)));
      }
      await expect(
        reader().slotAt(A, head.anchorIndex, account, key(7n), proof.slice(0, -2)),
      ).to.be.revertedWithCustomError(reader(), "ReaderProofRefused");
    });

    it("EXPLOITS 18, C12: knows no head that was not recorded, of no rollup", async () => {
      const { accountPart, slotParts } = await prove([7n]);
      const proof = slotProof(accountPart, slotParts);
      for (const [chainId, index] of [
        [A, head.anchorIndex + 1n],
        [B, head.anchorIndex],
        [0n, 0n],
        [9_999n, head.anchorIndex],
      ] as const) {
        await expect(reader().slotAt(chainId, index, account, key(7n), proof))
          .to.be.revertedWithCustomError(reader(), "ReaderUnknownHead")
          .withArgs(chainId, index);
      }
      // An empty trie would prove anything absent under a state root of zero.
      await expect(reader().accountAt(9_999n, 0n, NOBODY, "0x0100")).to.be.revertedWithCustomError(
        reader(),
        "ReaderUnknownHead",
      );
    });

    it("keeps to the state of the head, whatever happened since", async () => {
      const before = await prove([7n]);
      await (await store.write(key(7n), toBeHex(4_711, 32))).wait();
      const later = await network.recordHead(A, B);
      const after = await prove([7n], account, later);
      const at = (index: bigint, { accountPart, slotParts }: ProvenState): Promise<string> =>
        reader().slotAt(A, index, account, key(7n), slotProof(accountPart, slotParts));
      expect(await at(head.anchorIndex, before)).to.equal(before.values[0]);
      expect(await at(later.anchorIndex, after)).to.equal(toBeHex(4_711, 32));
      await expect(at(later.anchorIndex, before)).to.be.revertedWithCustomError(reader(), "ReaderProofRefused");
      await expect(at(head.anchorIndex, after)).to.be.revertedWithCustomError(reader(), "ReaderProofRefused");
    });
  });

  describe("accountAt and accountsAt", () => {
    it("read nonce, balance, storage root and code hash of contracts, accounts and nobody", async () => {
      const deployer = (await source.signer.getAddress()) as Address; // CAST: ethers returns an address
      const accounts = [account, deployer, NOBODY];
      const proven = await Promise.all(accounts.map((one) => prove([], one)));
      const proof = concat(proven.map(({ accountPart }) => accountPart));
      const block = Number(head.number);
      const states = await reader().accountsAt(A, head.anchorIndex, accounts, proof);
      for (const [index, one] of accounts.entries()) {
        const state = states[index];
        expect(state?.nonce).to.equal(BigInt(await source.provider.getTransactionCount(one, block)));
        expect(state?.balance).to.equal(await source.provider.getBalance(one, block));
        const single = await reader().accountAt(A, head.anchorIndex, one, proven[index]?.accountPart ?? "0x");
        expect(single).to.deep.equal(state);
        expect(proven[index]?.account).to.deep.equal({
          nonce: state?.nonce,
          balance: state?.balance,
          storageRoot: state?.storageRoot,
          codeHash: state?.codeHash,
        });
      }
      expect(states[0]?.codeHash).to.not.equal(states[1]?.codeHash);
      expect(states[2]).to.deep.equal([0n, 0n, EMPTY_ROOT, ZERO_HASH]);
    });

    it("never take a remembered storage root for an account", async () => {
      const { accountPart } = await prove([], account);
      await reader().remember(A, head.anchorIndex, [account], accountPart);
      await expect(reader().accountAt(A, head.anchorIndex, account, "0x05"))
        .to.be.revertedWithCustomError(reader(), "ReaderProofRefused")
        .withArgs(account, 0n);
    });
  });

  describe("slotsAt", () => {
    it("reads slots of several accounts in one call, each account proven once", async () => {
      const [ours, theirs] = [await prove([0n, 7n, 555n]), await prove([1n, 2n], NOBODY)];
      const queries = [
        { account, slots: [0n, 7n, 555n].map(key) },
        { account: NOBODY, slots: [1n, 2n].map(key) },
        { account, slots: [] },
      ];
      const proof = concat([
        slotProof(ours.accountPart, ours.slotParts),
        slotProof(theirs.accountPart, theirs.slotParts),
        ours.accountPart,
      ]);
      const values = await reader().slotsAt(A, head.anchorIndex, queries, proof);
      expect(values).to.deep.equal([ours.values, [ZERO_HASH, ZERO_HASH], []]);
    });

    it("names the account and the place where a proof fails", async () => {
      const { accountPart, slotParts } = await prove([0n, 7n]);
      const swapped = slotProof(accountPart, [...slotParts].reverse());
      await expect(reader().slotsAt(A, head.anchorIndex, [{ account, slots: [0n, 7n].map(key) }], swapped))
        .to.be.revertedWithCustomError(reader(), "ReaderProofRefused")
        .withArgs(account, BigInt(dataLength(accountPart)));
    });
  });

  describe("remember", () => {
    it("stores a storage root once, for anyone, and slots then need no proof of the account", async () => {
      const fresh = await network.recordHead(A, B);
      const { account: state, accountPart, slotParts, values } = await prove([3n], account, fresh);
      const slots = slotProof(undefined, slotParts);
      const read = (): Promise<string> => reader().slotAt(A, fresh.anchorIndex, account, key(3n), slots);
      await expect(read())
        .to.be.revertedWithCustomError(reader(), "ReaderNotRemembered")
        .withArgs(fresh.stateRoot, account);
      await expect(reader().remember(A, fresh.anchorIndex, [account], accountPart))
        .to.emit(reader(), "StorageRootRemembered")
        .withArgs(fresh.stateRoot, account, state.storageRoot);
      expect(await reader().storageRootOf(fresh.stateRoot, account)).to.equal(state.storageRoot);
      expect(await read()).to.equal(values[0]);
      await expect(reader().remember(A, fresh.anchorIndex, [account], accountPart)).to.not.emit(
        reader(),
        "StorageRootRemembered",
      );
    });

    it("stores nothing of a call that fails", async () => {
      const [ours, theirs] = [await prove([], account), await prove([], NOBODY)];
      const fresh = await network.recordHead(A, B);
      const again = await prove([], account, fresh);
      const stale = concat([again.accountPart, theirs.accountPart, ours.accountPart]);
      await expect(reader().remember(A, fresh.anchorIndex, [account, NOBODY], stale)).to.be.revertedWithCustomError(
        reader(),
        "ReaderProofRefused",
      );
      await expect(
        reader().remember(A, fresh.anchorIndex, [account], concat([again.accountPart, "0x00"])),
      ).to.be.revertedWithCustomError(reader(), "ReaderProofLength");
      expect(await reader().storageRootOf(fresh.stateRoot, account)).to.equal(ZERO_HASH);
    });

    it("keeps the empty storage of an absent account as such", async () => {
      const { accountPart } = await prove([], NOBODY);
      await reader().remember(A, head.anchorIndex, [NOBODY], accountPart);
      expect(await reader().storageRootOf(head.stateRoot, NOBODY)).to.equal(EMPTY_ROOT);
      expect(await reader().slotAt(A, head.anchorIndex, NOBODY, key(5n), "0x050100")).to.equal(ZERO_HASH);
    });
  });

  describe("ERC-7888", () => {
    const abi = AbiCoder.defaultAbiCoder();

    it("gives the state root of a head, and a slot under a state root that the caller trusts", async () => {
      const input = abi.encode(["uint256", "uint64"], [A, head.anchorIndex]);
      expect(await reader().getTargetStateCommitment(input)).to.equal(head.stateRoot);
      const { accountPart, slotParts, values } = await prove([5n]);
      const proof = slotProof(accountPart, slotParts);
      const slot = abi.encode(["address", "bytes32", "bytes"], [account, key(5n), proof]);
      expect(await reader().verifyStorageSlot(head.stateRoot, slot)).to.deep.equal([account, 5n, values[0]]);
      await expect(reader().verifyStorageSlot(hashText("another state"), slot))
        .to.be.revertedWithCustomError(reader(), "ReaderProofRefused")
        .withArgs(account, 0n);
    });

    it("does not take remembered storage roots, nor an input that is cut off", async () => {
      const { accountPart, slotParts } = await prove([5n]);
      await reader().remember(A, head.anchorIndex, [account], accountPart);
      const encode = (proof: Hex): string => abi.encode(["address", "bytes32", "bytes"], [account, key(5n), proof]);
      await expect(
        reader().verifyStorageSlot(head.stateRoot, encode(slotProof(undefined, slotParts))),
      ).to.be.revertedWithCustomError(reader(), "ReaderProofRefused");
      const whole = encode(slotProof(accountPart, slotParts));
      const outcome = reader().verifyStorageSlot(head.stateRoot, whole.slice(0, -64 * 8));
      expect(await outcome.then(String, () => "refused")).to.equal("refused");
    });
  });
});

/** Slots with the values that encodings distinguish. */
const WORDS: Readonly<Record<string, string>> = {
  "1000": toBeHex(1, 32),
  "1001": toBeHex(0x7f, 32),
  "1002": toBeHex(0x80, 32),
  "1003": toBeHex(0xff, 32),
  "1004": toBeHex(0x100, 32),
  "1005": `0x${"ff".repeat(32)}`,
  "1006": `0x01${"00".repeat(31)}`,
  "1007": toBeHex(2n ** 55n, 32),
  "1008": hashText("a whole word"),
};
