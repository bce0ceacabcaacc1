import { expect } from "chai";
import { ZeroAddress } from "ethers";
import type { Hex } from "../../sdk/src/bytes.ts";
import type { Ballot } from "../../sdk/src/governance.ts";
import { readTally, tallySlot, type ProvenTally } from "../../sdk/src/tally.ts";
import type { TestNetwork, TestRollup } from "../../sdk/src/testkit/index.ts";
import { TallyReader__factory } from "../../typechain-types/index.js";
import { decidingNetwork, MILLION, open, pass, priceProposal } from "../helpers/decision.ts";
import { addressOf } from "../helpers/economy.ts";
import { DAY } from "../helpers/votes.ts";

const UNIT = 10n ** 9n;
const VOTES = (2n * MILLION) / UNIT;

describe("TallyReader", () => {
  type State = Awaited<ReturnType<typeof start>>;
  let started: State;
  let restore: () => Promise<unknown>;

  async function start() {
    const state = await decidingNetwork();
    const { net } = state;
    const { proposal } = await priceProposal(net);
    const ballot = await open(net, proposal);
    return { ...state, ballot, reader: state.home.tallyReader, governor: state.home.eraGovernor };
  }

  before(async () => {
    started = await start();
    const { connections } = started;
    const snapshots = await Promise.all(connections.map(({ networkHelpers }) => networkHelpers.takeSnapshot()));
    restore = async () => Promise.all(snapshots.map(async (snapshot) => snapshot.restore()));
  });

  /** Three rollups in the first moment of a vote. */
  async function fixture(): Promise<State> {
    await restore();
    return started;
  }

  /** What a rollup holds now, or held at an earlier head, proven for home. */
  async function prove(net: TestNetwork, of: TestRollup, ballot: Ballot, anchorIndex?: bigint): Promise<ProvenTally> {
    const [home] = net.rollups as [TestRollup]; // CAST: home comes first
    const index = anchorIndex ?? (await net.recordHead(of.chainId, home.chainId)).anchorIndex;
    const collector = await addressOf(of.voteCollector);
    return readTally(net.client, { of: of.chainId, home: home.chainId, collector, ballot, anchorIndex: index });
  }

  describe("constructor", () => {
    it("refuses to be without either neighbour, and names both", async () => {
      const { home, reader, governor } = await fixture();
      const factory = new TallyReader__factory(home.signer);
      const [proofs, counts] = [await home.stateReader.getAddress(), await governor.getAddress()];
      for (const wiring of [
        [ZeroAddress, counts],
        [proofs, ZeroAddress],
      ] as const) {
        await expect(factory.deploy(...wiring))
          .to.be.revertedWithCustomError(reader, "TallyReaderInvalidWiring")
          .withArgs(...wiring);
      }
      expect([await reader.stateReader(), await reader.governor()]).to.deep.equal([proofs, counts]);
      expect(await governor.tallyReader()).to.equal(await reader.getAddress());
    });
  });

  describe("tallySlot", () => {
    it("is where the collectors keep the tally, and the sdk finds the same", async () => {
      const { b, ballot, reader, governor } = await fixture();
      await b.voteCollector.castVote(ballot, 2);
      const slot = await reader.tallySlot(ballot.proposalId);
      expect(slot).to.equal(tallySlot(ballot));
      expect(BigInt(await b.provider.getStorage(await b.voteCollector.getAddress(), slot))).to.equal(VOTES << 128n);
      await expect(reader.tallySlot(1n))
        .to.be.revertedWithCustomError(governor, "GovernorNonexistentProposal")
        .withArgs(1n);
    });
  });

  describe("proveTally", () => {
    it("counts what another rollup holds, without any message, for anyone", async () => {
      const { net, b, ballot, reader, governor } = await fixture();
      await b.voteCollector.castVote(ballot, 1);
      const { tally, head, proof } = await prove(net, b, ballot);
      expect(tally).to.deep.equal({ againstVotes: 0n, forVotes: VOTES, abstainVotes: 0n });
      await expect(reader.proveTally(b.chainId, head.anchorIndex, ballot.proposalId, proof))
        .to.emit(governor, "TallyCounted")
        .withArgs(ballot.proposalId, b.chainId, [0n, VOTES, 0n, head.number]);
      expect(await governor.proposalVotes(ballot.proposalId)).to.deep.equal([0n, 2n * MILLION, 0n]);
    });

    it("R15 C22 EXPLOITS 16 counts each vote once though message and proof bring it, whichever comes first", async () => {
      const { net, b, c, ballot, reader, governor } = await fixture();
      for (const { voteCollector } of [b, c]) await voteCollector.castVote(ballot, 1);
      for (const [rollup, isFirst] of [
        [b, true],
        [c, false],
      ] as const) {
        await rollup.voteCollector.sendTally(ballot);
        if (isFirst) await net.deliverAll();
        const { head, proof } = await prove(net, rollup, ballot);
        await reader.proveTally(rollup.chainId, head.anchorIndex, ballot.proposalId, proof);
        await net.deliverAll();
        const counted = await governor.countedTally(ballot.proposalId, rollup.chainId);
        expect([counted.againstVotes, counted.abstainVotes, counted.blockNumber]).to.deep.equal([0n, 0n, head.number]);
      }
      // C's four million are cut to its ceiling.
      const [against, inFavour, abstain] = await governor.proposalVotes(ballot.proposalId);
      expect([against, inFavour, abstain]).to.deep.equal([0n, 2n * MILLION + 3_333_000n * 10n ** 18n, 0n]);
    });

    it("takes an older head once, and never in place of a newer tally", async () => {
      const { net, b, ballot, reader, governor } = await fixture();
      const before = await prove(net, b, ballot);
      await b.voteCollector.castVote(ballot, 0);
      const after = await prove(net, b, ballot);
      const { proposalId } = ballot;
      const bring = ({ head, proof }: ProvenTally) => reader.proveTally(b.chainId, head.anchorIndex, proposalId, proof);
      await expect(bring(before))
        .to.emit(governor, "TallyCounted")
        .withArgs(proposalId, b.chainId, [0n, 0n, 0n, before.head.number]);
      await bring(after);
      for (const late of [before, after]) {
        await expect(bring(late)).to.emit(governor, "TallyIgnored").withArgs(proposalId, b.chainId, late.head.number);
      }
      expect(await governor.proposalVotes(proposalId)).to.deep.equal([2n * MILLION, 0n, 0n]);
    });

    it("R9 C28 passes a pause of the rollup's messages, which holds its tally up as a message", async () => {
      const { net, home, b, ballot, reader, governor } = await fixture();
      await b.voteCollector.castVote(ballot, 1);
      await home.gateway.pause([b.chainId], 7n * DAY);
      await b.voteCollector.sendTally(ballot);
      expect(await net.deliver().catch((error: unknown) => String(error))).to.contain("GatewayPaused");
      const { head, proof } = await prove(net, b, ballot);
      await reader.proveTally(b.chainId, head.anchorIndex, ballot.proposalId, proof);
      expect(await governor.proposalVotes(ballot.proposalId)).to.deep.equal([0n, 2n * MILLION, 0n]);
    });

    it("has no effect before the snapshot or after the end", async () => {
      const { net, b, ballot, reader, governor } = await fixture();
      await b.voteCollector.castVote(ballot, 1);
      const { head, proof } = await prove(net, b, ballot);
      await pass(net, 6n * DAY);
      await expect(reader.proveTally(b.chainId, head.anchorIndex, ballot.proposalId, proof))
        .to.emit(governor, "TallyIgnored")
        .withArgs(ballot.proposalId, b.chainId, head.number);
      expect(await governor.proposalVotes(ballot.proposalId)).to.deep.equal([0n, 0n, 0n]);
    });
  });

  describe("a forged tally", () => {
    async function voted() {
      const state = await fixture();
      await state.b.voteCollector.castVote(state.ballot, 1);
      return { ...state, good: await prove(state.net, state.b, state.ballot) };
    }

    it("EXPLOITS 21 C11 with any one byte changed is refused", async () => {
      const { b, ballot, reader, home, good } = await voted();
      const bytes = Buffer.from(good.proof.slice(2), "hex");
      for (let at = 0; at < bytes.length; at++) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
        const proof = `0x${changed.toString("hex")}`;
        const call = reader.proveTally.staticCall(b.chainId, good.head.anchorIndex, ballot.proposalId, proof);
        const refused = await call.then(
          () => undefined,
          (error: unknown) => String(error),
        );
        expect(refused, `byte ${at}`).to.match(/Reader(ProofRefused|ProofLength|NotRemembered)/);
      }
      expect(await home.eraGovernor.proposalVotes(ballot.proposalId)).to.deep.equal([0n, 0n, 0n]);
    });

    it("EXPLOITS 32 of another contract, slot, rollup or head is refused", async () => {
      const { net, b, c, home, ballot, reader, good } = await voted();
      const { proposalId } = ballot;
      const { chainId: of } = b;
      const { anchorIndex } = good.head;
      // A contract of somebody else that holds what it likes in the same slot, and another ballot's slot of the collector.
      const elsewhere = await readTally(net.client, {
        of,
        home: home.chainId,
        collector: await addressOf(b.era),
        ballot,
        anchorIndex,
      });
      const invented = { ...ballot, votesUntil: ballot.votesUntil + 1n };
      await b.voteCollector.castVote(invented, 1);
      const other = await prove(net, b, invented);
      expect(other.tally.forVotes).to.equal(VOTES);
      const onC = await prove(net, c, ballot);
      const attempts: readonly (readonly [string, bigint, bigint, Hex])[] = [
        ["another contract", of, anchorIndex, elsewhere.proof],
        ["another ballot", of, other.head.anchorIndex, other.proof],
        ["another rollup", of, anchorIndex, onC.proof],
        ["another head", of, other.head.anchorIndex, good.proof],
      ];
      for (const [title, chainId, index, proof] of attempts) {
        await expect(reader.proveTally(chainId, index, proposalId, proof), title).to.be.revertedWithCustomError(
          home.stateReader,
          "ReaderProofRefused",
        );
      }
      await expect(reader.proveTally(of, anchorIndex + 99n, proposalId, good.proof))
        .to.be.revertedWithCustomError(home.stateReader, "ReaderUnknownHead")
        .withArgs(of, anchorIndex + 99n);
      for (const unknown of [9_999n, home.chainId]) {
        await expect(reader.proveTally(unknown, anchorIndex, proposalId, good.proof))
          .to.be.revertedWithCustomError(reader, "TallyReaderUnknownRollup")
          .withArgs(unknown);
      }
    });

    it("R4 of a captured rollup counts no more than its ceiling, and nothing of a rollup that governance removed", async () => {
      const { net, b, home, ballot, governor, reader, connections } = await voted();
      const everything = `0x${"f".repeat(64)}`;
      await connections[1]?.networkHelpers.setStorageAt(
        await b.voteCollector.getAddress(),
        tallySlot(ballot),
        everything,
      );
      const { head, proof } = await prove(net, b, ballot);
      await reader.proveTally(b.chainId, head.anchorIndex, ballot.proposalId, proof);
      const [against, inFavour, abstain] = await governor.proposalVotes(ballot.proposalId);
      const ceiling = 3_333_000n * 10n ** 18n;
      expect(against + inFavour + abstain <= ceiling).to.equal(true);
      expect(against + inFavour + abstain > ceiling - 3n * UNIT).to.equal(true);
      const timelock = await home.rollupTimelock.getAddress();
      await connections[0]?.networkHelpers.impersonateAccount(timelock);
      await connections[0]?.networkHelpers.setBalance(timelock, 10n ** 20n);
      const asTimelock = governor.connect(await connections[0]?.ethers.getSigner(timelock));
      await asTimelock.setSpoke({ chainId: b.chainId, collector: ZeroAddress, ceiling: 0n });
      await expect(reader.proveTally(b.chainId, head.anchorIndex, ballot.proposalId, proof))
        .to.be.revertedWithCustomError(reader, "TallyReaderUnknownRollup")
        .withArgs(b.chainId);
    });
  });
});
