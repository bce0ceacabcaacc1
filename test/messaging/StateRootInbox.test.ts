import { expect } from "chai";
import { ethers } from "ethers";
import { EMPTY_HEAD, FACT, SOURCE, attestationOf, factHash, inboxFixture, tree } from "../helpers/inbox.ts";

describe("StateRootInbox", () => {
  describe("initialisation", () => {
    it("EXPLOITS 11, EXPLOITS 20: neither implementation nor proxy can be initialised by anyone", async () => {
      const { implementation, inbox, stranger, rollup } = await inboxFixture();
      for (const target of [implementation, inbox]) {
        for (const caller of [stranger, rollup.deployer]) {
          await expect(target.connect(caller).initialize(caller.address)).to.be.revertedWithCustomError(
            target,
            "InvalidInitialization",
          );
        }
      }
    });

    it("EXPLOITS 18: nothing is attested at first, zero in particular is not", async () => {
      const { inbox, guardians } = await inboxFixture();
      for (const root of [ethers.ZeroHash, factHash(FACT), ethers.MaxUint256])
        expect(await inbox.serialOf(ethers.toBeHex(root, 32))).to.equal(0n);
      await expect(inbox.recordHead(ethers.ZeroHash, FACT, 0, 1, "0x"))
        .to.be.revertedWithCustomError(inbox, "InboxUnknownRoot")
        .withArgs(ethers.ZeroHash);
      await guardians.accept("0x", 1n);
      await expect(inbox.submit("0x")).to.be.revertedWithCustomError(inbox, "InboxAttestationRefused");
      expect(await inbox.latestHead(0)).to.deep.equal([0n, EMPTY_HEAD]);
    });

    it("refuses an implementation without network, guardian set or registry", async () => {
      const { rollup, wiring, implementation } = await inboxFixture();
      expect(await implementation.networkId()).to.equal(wiring[0]);
      for (const at of [0, 1, 2]) {
        const args: [string, string, string] = [...wiring];
        args[at] = at === 0 ? ethers.ZeroHash : ethers.ZeroAddress;
        await expect(rollup.ethers.deployContract("StateRootInbox", args))
          .to.be.revertedWithCustomError(implementation, "InboxInvalidWiring")
          .withArgs(...args);
      }
    });

    it("lets nobody but the administrator upgrade", async () => {
      const { inbox, stranger, rollup, wiring } = await inboxFixture();
      const next = await rollup.ethers.deployContract("StateRootInbox", [...wiring]);
      await expect(inbox.connect(stranger).upgradeToAndCall(next, "0x"))
        .to.be.revertedWithCustomError(inbox, "AccessManagedUnauthorized")
        .withArgs(stranger.address);
      await expect(inbox.upgradeToAndCall(next, "0x"))
        .to.emit(inbox, "Upgraded")
        .withArgs(await next.getAddress());
    });
  });

  describe("submit", () => {
    it("stores the root of a valid attestation under its table's serial", async () => {
      const { inbox, accept, stranger } = await inboxFixture();
      const root = ethers.id("root");
      await expect(inbox.connect(stranger).submit(await accept(root, 3n)))
        .to.emit(inbox, "RootStored")
        .withArgs(root, 3n);
      expect(await inbox.serialOf(root)).to.equal(3n);
    });

    it("changes nothing for a root that is stored", async () => {
      const { inbox, accept } = await inboxFixture();
      const root = ethers.id("root");
      await inbox.submit(await accept(root, 3n));
      await expect(inbox.submit(await accept(root, 4n))).not.to.emit(inbox, "RootStored");
      expect(await inbox.serialOf(root)).to.equal(3n);
    });

    it("refuses what the guardian set refuses, and a bare root", async () => {
      const { inbox, accept, guardians } = await inboxFixture();
      const root = ethers.id("root");
      await expect(inbox.submit(attestationOf(root))).to.be.revertedWithCustomError(inbox, "InboxAttestationRefused");
      await inbox.submit(await accept(root));
      await guardians.accept(root, 3n);
      await expect(inbox.submit(root)).to.be.revertedWithCustomError(inbox, "InboxAttestationRefused");
      expect(await inbox.serialOf(ethers.id("other"))).to.equal(0n);
    });
  });

  describe("recordHead", () => {
    it("records a fact that is the whole tree, with the attestation", async () => {
      const { inbox, accept, stranger, rollup } = await inboxFixture();
      const tx = inbox.connect(stranger).recordHead(await accept(factHash(FACT), 9n), FACT, 0, 1, "0x");
      await expect(tx).to.emit(inbox, "HeadRecorded").withArgs(SOURCE, 5n, 1_234n, FACT.blockHash, FACT.stateRoot);
      const head = [1_234n, BigInt(await rollup.networkHelpers.time.latest()), 9n, FACT.blockHash, FACT.stateRoot];
      expect(await inbox.head(SOURCE, 5)).to.deep.equal(head);
      expect(await inbox.latestHead(SOURCE)).to.deep.equal([5n, head]);
    });

    it("records facts of trees of every size up to 9, at every position, with the bare root", async () => {
      for (let count = 1; count <= 9; count++) {
        const { inbox, accept } = await inboxFixture();
        const facts = Array.from({ length: count }, (_, i) => ({
          ...FACT,
          anchorIndex: BigInt(i),
          number: BigInt(100 + i),
        }));
        const leaves = facts.map((fact) => factHash(fact));
        await inbox.submit(await accept(tree(leaves, 0).root));
        for (const [index, fact] of facts.entries()) {
          const { root, siblings } = tree(leaves, index);
          await inbox.recordHead(root, fact, index, count, siblings);
          expect((await inbox.head(SOURCE, index)).number).to.equal(fact.number);
        }
      }
    });

    it("keeps the highest anchor as the newest head, whatever the order", async () => {
      const { inbox, accept } = await inboxFixture();
      for (const anchorIndex of [0n, 7n, 3n]) {
        const fact = { ...FACT, anchorIndex, number: anchorIndex * 10n };
        await inbox.recordHead(await accept(factHash(fact)), fact, 0, 1, "0x");
      }
      const [newest, head] = await inbox.latestHead(SOURCE);
      expect([newest, head.number]).to.deep.equal([7n, 70n]);
      expect((await inbox.head(SOURCE, 3)).number).to.equal(30n);
    });

    it("never overwrites: a second fact about the same anchor is refused", async () => {
      const { inbox, accept } = await inboxFixture();
      await inbox.recordHead(await accept(factHash(FACT)), FACT, 0, 1, "0x");
      const other = { ...FACT, blockHash: ethers.id("another block") };
      for (const fact of [FACT, other]) {
        await expect(inbox.recordHead(await accept(factHash(fact)), fact, 0, 1, "0x"))
          .to.be.revertedWithCustomError(inbox, "InboxHeadKnown")
          .withArgs(SOURCE, 5n);
      }
      expect((await inbox.head(SOURCE, 5)).blockHash).to.equal(FACT.blockHash);
    });

    it("refuses every field that differs from what was attested, also of another network", async () => {
      const { inbox, accept } = await inboxFixture();
      const root = factHash(FACT);
      const attestation = await accept(root);
      const changes: Partial<typeof FACT>[] = [
        { anchorIndex: 6n },
        { number: 1_235n },
        { blockHash: ethers.id("x") },
        { stateRoot: ethers.id("x") },
      ];
      for (const change of changes) {
        const fact = { ...FACT, ...change };
        await expect(inbox.recordHead(attestation, fact, 0, 1, "0x"))
          .to.be.revertedWithCustomError(inbox, "InboxRootMismatch")
          .withArgs(root, factHash(fact));
      }
      const foreign = factHash(FACT, ethers.id("another network"));
      await expect(inbox.recordHead(await accept(foreign), FACT, 0, 1, "0x"))
        .to.be.revertedWithCustomError(inbox, "InboxRootMismatch")
        .withArgs(foreign, root);
    });

    it("EXPLOITS 37: refuses wrong positions, sizes, and proofs that are too short, too long or reordered", async () => {
      const { inbox, accept } = await inboxFixture();
      const leaves = [factHash(FACT), ...["a", "b", "c", "d"].map((x) => ethers.id(x))];
      const { root, siblings } = tree(leaves, 0);
      const attestation = await accept(root);
      const bad: [number | bigint, number | bigint, string][] = [
        [0, 0, "0x"],
        [0, 0, siblings],
        [5, 5, siblings],
        [ethers.MaxUint256, 5, siblings],
        [1, 5, siblings],
        [4, 5, siblings],
        [0, 1, "0x"],
        [0, 1025, siblings],
        [0, ethers.MaxUint256, siblings],
        [0, 5, ethers.dataSlice(siblings, 0, -32)],
        [0, 5, ethers.dataSlice(siblings, 0, -1)],
        [0, 5, ethers.concat([siblings, ethers.ZeroHash])],
        [0, 5, ethers.concat([ethers.dataSlice(siblings, 32), ethers.dataSlice(siblings, 0, 32)])],
      ];
      for (const [index, count, proof] of bad) {
        await expect(
          inbox.recordHead(attestation, FACT, index, count, proof),
          `${index} of ${count}`,
        ).to.be.revertedWithCustomError(inbox, "InboxRootMismatch");
      }
      await expect(inbox.recordHead(attestation, FACT, 0, 5, siblings)).to.emit(inbox, "HeadRecorded");
    });

    it("refuses class fast, classes that do not exist, and zero hashes, however well attested", async () => {
      const { inbox, accept } = await inboxFixture();
      for (const kind of [1n, 2n, 255n]) {
        const fact = { ...FACT, class: kind };
        await expect(inbox.recordHead(await accept(factHash(fact)), fact, 0, 1, "0x"))
          .to.be.revertedWithCustomError(inbox, "InboxUnknownClass")
          .withArgs(kind);
      }
      for (const zero of [{ blockHash: ethers.ZeroHash }, { stateRoot: ethers.ZeroHash }]) {
        const fact = { ...FACT, ...zero };
        await expect(inbox.recordHead(await accept(factHash(fact)), fact, 0, 1, "0x"))
          .to.be.revertedWithCustomError(inbox, "InboxEmptyHead")
          .withArgs(SOURCE, 5n);
      }
    });

    it("refuses an attestation that the guardian set refuses, and a root that is not stored", async () => {
      const { inbox } = await inboxFixture();
      const root = factHash(FACT);
      await expect(inbox.recordHead(attestationOf(root), FACT, 0, 1, "0x")).to.be.revertedWithCustomError(
        inbox,
        "InboxAttestationRefused",
      );
      await expect(inbox.recordHead("0x", FACT, 0, 1, "0x")).to.be.revertedWithCustomError(
        inbox,
        "InboxAttestationRefused",
      );
      await expect(inbox.recordHead(root, FACT, 0, 1, "0x"))
        .to.be.revertedWithCustomError(inbox, "InboxUnknownRoot")
        .withArgs(root);
    });

    it("refuses facts about unknown rollups, itself, and removed ones", async () => {
      const { inbox, registry, accept } = await inboxFixture();
      for (const chainId of [8101n, 9002n, 0n]) {
        const fact = { ...FACT, chainId };
        await expect(inbox.recordHead(await accept(factHash(fact)), fact, 0, 1, "0x"))
          .to.be.revertedWithCustomError(inbox, "InboxUnknownRollup")
          .withArgs(chainId, 1n);
      }
      await registry.remove(SOURCE);
      await expect(inbox.recordHead(await accept(factHash(FACT)), FACT, 0, 1, "0x"))
        .to.be.revertedWithCustomError(inbox, "InboxUnknownRollup")
        .withArgs(SOURCE, 1n);
    });

    it("R10, EXPLOITS C12: a new incarnation starts empty, and old facts stay with the old one", async () => {
      const { inbox, admit, accept } = await inboxFixture();
      const attestation = await accept(factHash(FACT));
      await inbox.submit(attestation);
      await inbox.recordHead(attestation, FACT, 0, 1, "0x");
      await admit(2n);
      expect(await inbox.head(SOURCE, 5)).to.deep.equal(EMPTY_HEAD);
      expect(await inbox.latestHead(SOURCE)).to.deep.equal([0n, EMPTY_HEAD]);
      for (const proof of [attestation, factHash(FACT)]) {
        const old = { ...FACT, anchorIndex: 5n };
        await expect(inbox.recordHead(proof, old, 0, 1, "0x"))
          .to.be.revertedWithCustomError(inbox, "InboxUnknownRollup")
          .withArgs(SOURCE, 1n);
      }
      const renewed = { ...FACT, incarnation: 2n, stateRoot: ethers.id("after the regenesis") };
      await inbox.recordHead(await accept(factHash(renewed)), renewed, 0, 1, "0x");
      expect((await inbox.head(SOURCE, 5)).stateRoot).to.equal(renewed.stateRoot);
    });
  });

  describe("two rollups", () => {
    it("record the same fact from the same attestation at different addresses", async () => {
      const [a, b] = await Promise.all([inboxFixture("rollupA"), inboxFixture("rollupC")]);
      expect(await a.inbox.getAddress()).not.to.equal(await b.inbox.getAddress());
      for (const { inbox, accept } of [a, b]) {
        await inbox.recordHead(await accept(factHash(FACT)), FACT, 0, 1, "0x");
        expect((await inbox.head(SOURCE, 5)).blockHash).to.equal(FACT.blockHash);
      }
    });
  });
});
