import { expect } from "chai";
import { AbiCoder, ethers, type Signer } from "ethers";
import type { Hex } from "../../sdk/src/bytes.ts";
import { ballotId, type Proposal } from "../../sdk/src/governance.ts";
import {
  CEILING,
  deployVote,
  PROPOSAL_STATE as STATE,
  QUORUM,
  SPOKE,
  type GovernorFixture,
} from "../helpers/governor.ts";
import { interop } from "../helpers/network.ts";

const UNIT = 10n ** 9n;
/** What the ceiling lets count, in units of 1e9 wei. */
const MOST = (QUORUM * CEILING) / 10_000n / UNIT;

/** Delivers a tally as the gateway does with a message of the collector. */
async function report(
  { governor, gateway, collector }: GovernorFixture,
  proposal: Proposal,
  [against, inFavour, abstain]: readonly [bigint, bigint, bigint],
  { block = 1n, sender = collector, from = gateway, ballot }: ReportOptions = {},
) {
  const { snapshot, votesUntil } = await governor.ballot(proposal.proposalId);
  const id = ballot ?? ballotId({ proposalId: proposal.proposalId, snapshot, votesUntil });
  const payload = AbiCoder.defaultAbiCoder().encode(
    ["uint256", "bytes32", "uint256", "tuple(uint64,uint64,uint64)"],
    [proposal.proposalId, id, block, [against, inFavour, abstain]],
  );
  return governor.connect(from).receiveMessage(ethers.ZeroHash, interop({ chainId: SPOKE }, sender), payload);
}

interface ReportOptions {
  readonly block?: bigint;
  readonly sender?: string;
  readonly from?: Signer;
  readonly ballot?: Hex;
}

describe("EraGovernor: a tally of another rollup", () => {
  async function opened() {
    const state = await deployVote();
    const { proposals, whale, setThreshold } = state;
    const proposal = await proposals.build([setThreshold]);
    await proposals.propose(whale, proposal);
    await proposals.open(proposal);
    return { ...state, proposal };
  }

  it("counts beside home's votes, keeps its split, and is replaced by a newer one", async () => {
    const state = await opened();
    const { governor, proposal } = state;
    await expect(report(state, proposal, [1n, 2n, 3n], { block: 10n }))
      .to.emit(governor, "TallyCounted")
      .withArgs(proposal.proposalId, SPOKE, [1n, 2n, 3n, 10n]);
    await report(state, proposal, [5n, 7n, 3n], { block: 11n });
    expect(await governor.proposalVotes(proposal.proposalId)).to.deep.equal([5n * UNIT, 7n * UNIT, 3n * UNIT]);
    expect(await governor.countedTally(proposal.proposalId, SPOKE)).to.deep.equal([5n, 7n, 3n, 11n]);
  });

  it("R15 counts once, whichever way and however often it comes: the newest block wins", async () => {
    const state = await opened();
    const { governor, proposal, rollup, timelock } = state;
    await rollup.networkHelpers.impersonateAccount(await timelock.getAddress());
    await rollup.networkHelpers.setBalance(await timelock.getAddress(), 10n ** 20n);
    const reader = state.holders[3] as Signer; // CAST: four were asked for
    const asTimelock = await rollup.ethers.getSigner(await timelock.getAddress());
    await expect(governor.connect(asTimelock).setTallyReader(reader))
      .to.emit(governor, "TallyReaderSet")
      .withArgs(reader);
    const { proposalId } = proposal;
    const { snapshot, votesUntil } = await governor.ballot(proposalId);
    const id = ballotId({ proposalId, snapshot, votesUntil });
    const prove = (block: bigint) =>
      governor
        .connect(reader)
        .recordTally(SPOKE, proposalId, id, block, { againstVotes: 0n, forVotes: 9n, abstainVotes: 0n });
    await report(state, proposal, [0n, 8n, 0n], { block: 20n });
    for (const block of [19n, 20n]) {
      await expect(prove(block)).to.emit(governor, "TallyIgnored").withArgs(proposalId, SPOKE, block);
    }
    await prove(21n);
    await expect(report(state, proposal, [0n, 9n, 0n], { block: 21n })).to.emit(governor, "TallyIgnored");
    expect(await governor.proposalVotes(proposalId)).to.deep.equal([0n, 9n * UNIT, 0n]);
  });

  it("R4 of a captured rollup never counts beyond its ceiling, in any split, and never reaches the quorum", async () => {
    const state = await opened();
    const { governor, proposal, proposals } = state;
    const huge = 2n ** 64n - 1n;
    let block = 1n;
    for (const split of [
      [0n, huge, 0n],
      [huge, huge, huge],
      [1n, huge, 1n],
      [0n, MOST + 1n, 0n],
      [MOST, MOST, 0n],
    ] as const) {
      await report(state, proposal, split, { block: block++ });
      const counted = await governor.countedTally(proposal.proposalId, SPOKE);
      const sum = counted.againstVotes + counted.forVotes + counted.abstainVotes;
      expect(sum <= MOST && sum + 3n > MOST).to.equal(true);
    }
    await report(state, proposal, [0n, huge, 0n], { block: huge });
    const [, inFavour] = await governor.proposalVotes(proposal.proposalId);
    expect(inFavour).to.equal(MOST * UNIT);
    expect(3n * inFavour < QUORUM).to.equal(true);
    await proposals.close(proposal);
    expect(await governor.state(proposal.proposalId)).to.equal(STATE.defeated);
  });

  it("counts nothing under a ceiling of nothing, and an empty one is no error there", async () => {
    const state = await opened();
    const { governor, proposal, rollup, timelock, collector } = state;
    const account = await timelock.getAddress();
    await rollup.networkHelpers.impersonateAccount(account);
    await rollup.networkHelpers.setBalance(account, 10n ** 20n);
    const asTimelock = await rollup.ethers.getSigner(account);
    await governor.connect(asTimelock).setSpoke({ chainId: SPOKE, collector, ceiling: 0 });
    for (const [block, votes] of [
      [1n, [0n, 0n, 0n]],
      [2n, [5n, 7n, 3n]],
    ] as const) {
      await expect(report(state, proposal, votes, { block }))
        .to.emit(governor, "TallyCounted")
        .withArgs(proposal.proposalId, SPOKE, [0n, 0n, 0n, block]);
    }
  });

  it("of exactly the ceiling is not scaled", async () => {
    const state = await opened();
    const { governor, proposal } = state;
    await report(state, proposal, [1n, MOST - 3n, 2n]);
    expect(await governor.countedTally(proposal.proposalId, SPOKE)).to.deep.equal([1n, MOST - 3n, 2n, 1n]);
  });

  it("decides together with home's votes", async () => {
    const state = await opened();
    const { governor, proposal, proposals, whale, small } = state;
    await governor.connect(small).castVote(proposal.proposalId, 0);
    await report(state, proposal, [0n, MOST, 0n]);
    const split = ethers.solidityPacked(["uint128", "uint128", "uint128"], [0n, 0n, QUORUM - MOST * UNIT]);
    await governor.connect(whale).castVoteWithReasonAndParams(proposal.proposalId, 255, "", split);
    await proposals.close(proposal);
    expect(await governor.state(proposal.proposalId)).to.equal(STATE.succeeded);
  });

  it("EXPLOITS 32 counts only from the gateway, from that rollup's collector, and for the proposal's own ballot", async () => {
    const state = await opened();
    const { governor, proposal, small, gateway, collector } = state;
    await expect(report(state, proposal, [0n, 1n, 0n], { from: small }))
      .to.be.revertedWithCustomError(governor, "ERC7786RecipientUnauthorizedGateway")
      .withArgs(small, interop({ chainId: SPOKE }, collector));
    const fake = await small.getAddress();
    await expect(report(state, proposal, [0n, 1n, 0n], { sender: fake }))
      .to.be.revertedWithCustomError(governor, "ERC7786RecipientUnauthorizedGateway")
      .withArgs(gateway, interop({ chainId: SPOKE }, fake));
    const { proposalId } = proposal;
    const { snapshot, votesUntil } = await governor.ballot(proposalId);
    for (const ballot of [
      ballotId({ proposalId, snapshot: snapshot - 1n, votesUntil }),
      ballotId({ proposalId, snapshot, votesUntil: votesUntil + 1n }),
      ballotId({ proposalId: proposalId + 1n, snapshot, votesUntil }),
    ]) {
      await expect(report(state, proposal, [0n, 1n, 0n], { ballot }))
        .to.be.revertedWithCustomError(governor, "GovernorWrongBallot")
        .withArgs(proposalId, ballot);
    }
    await expect(
      governor.connect(small).recordTally(SPOKE, proposalId, ethers.ZeroHash, 1n, {
        againstVotes: 0n,
        forVotes: 1n,
        abstainVotes: 0n,
      }),
    )
      .to.be.revertedWithCustomError(governor, "GovernorUnauthorizedReader")
      .withArgs(small);
  });

  it("has no effect before the snapshot or after the end", async () => {
    const state = await deployVote();
    const { governor, proposals, whale, setThreshold } = state;
    const proposal = await proposals.build([setThreshold]);
    await proposals.propose(whale, proposal);
    await expect(report(state, proposal, [0n, 1n, 0n])).to.emit(governor, "TallyIgnored");
    await proposals.open(proposal);
    await proposals.close(proposal);
    await expect(report(state, proposal, [0n, 1n, 0n]))
      .to.emit(governor, "TallyIgnored")
      .withArgs(proposal.proposalId, SPOKE, 1n);
    expect(await governor.proposalVotes(proposal.proposalId)).to.deep.equal([0n, 0n, 0n]);
  });
});
