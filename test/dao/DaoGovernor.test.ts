import { expect } from "chai";
import { getCreateAddress, parseEther, ZeroAddress, type Signer } from "ethers";
import type { Hex } from "../../sdk/src/bytes.ts";
import {
  DaoGovernor__factory,
  DaoToken__factory,
  MembershipMock__factory,
  RollupTimelock__factory,
  type DaoGovernor,
} from "../../typechain-types/index.js";
import { addressOf } from "../helpers/economy.ts";
import { PROPOSAL_STATE, Proposals } from "../helpers/governor.ts";
import { openRollup, type Rollup } from "../helpers/rollup.ts";
import { DAY } from "../helpers/votes.ts";

const DELAY = 2n * DAY;
const TERMS = { votingDelay: DAY, votingPeriod: 5n * DAY, proposalThreshold: parseEther("1"), quorum: 400n };

/** A governor over a token of this rollup, and its timelock. */
async function governed(rollup: Rollup, token: string, terms: typeof TERMS) {
  const from = rollup.deployer.address;
  const predicted = getCreateAddress({ from, nonce: (await rollup.deployer.getNonce()) + 1 });
  const timelock = await new RollupTimelock__factory(rollup.deployer).deploy(DELAY, predicted, predicted);
  const governor = await new DaoGovernor__factory(rollup.deployer).deploy("Garden", token, timelock, terms);
  return { timelock, governor, proposals: new Proposals(rollup, governor, timelock) };
}

async function fixture() {
  const rollup = await openRollup("rollupB");
  const [, , whale, small] = (await rollup.ethers.getSigners()) as unknown as Signer[]; // CAST: twenty accounts exist
  if (!whale || !small) throw new Error("not enough accounts");
  const shares = [
    { account: whale, amount: parseEther("970") },
    { account: small, amount: parseEther("30") },
  ];
  const token = await new DaoToken__factory(rollup.deployer).deploy("Garden", "GRDN", shares);
  return { rollup, whale, small, token, ...(await governed(rollup, await addressOf(token), TERMS)) };
}

const thresholdCall = async (governor: DaoGovernor, votes: bigint) => ({
  target: await addressOf(governor),
  data: governor.interface.encodeFunctionData("setProposalThreshold", [votes]) as Hex, // CAST: ethers returns hex
});

describe("DaoGovernor", () => {
  describe("constructor", () => {
    it("keeps the community's name, token, treasury and rules", async () => {
      const { governor, token, timelock, rollup } = await fixture();
      expect([await governor.name(), await governor.token(), await governor.timelock()]).to.deep.equal([
        "Garden",
        token.target,
        timelock.target,
      ]);
      const now = await rollup.networkHelpers.time.latest();
      await rollup.networkHelpers.time.increase(1);
      expect(await governor.quorum(now)).to.equal(parseEther("40"));
      expect([
        await governor.votingDelay(),
        await governor.votingPeriod(),
        await governor.proposalThreshold(),
      ]).to.deep.equal([TERMS.votingDelay, TERMS.votingPeriod, TERMS.proposalThreshold]);
    });

    it("EXPLOITS 29 refuses no quorum, accounts without code, and a token that knows no votes of the past", async () => {
      const { governor, rollup, token, timelock } = await fixture();
      const factory = new DaoGovernor__factory(rollup.deployer);
      await expect(factory.deploy("Garden", token, timelock, { ...TERMS, quorum: 0n })).to.be.revertedWithCustomError(
        governor,
        "DaoZeroQuorum",
      );
      for (const [votes, executor] of [
        [rollup.stranger.address, timelock.target],
        [token.target, ZeroAddress],
        [token.target, rollup.stranger.address],
        [timelock.target, timelock.target],
      ] as const) {
        await expect(factory.deploy("Garden", votes, executor, TERMS))
          .to.be.revertedWithCustomError(governor, "DaoInvalidWiring")
          .withArgs(votes, executor);
      }
    });
  });

  describe("decisions", () => {
    it("EXPLOITS 24 EXPLOITS 19 begin with their conditions, or are not taken", async () => {
      const { governor, whale } = await fixture();
      const { target, data } = await thresholdCall(governor, 5n);
      await expect(governor.connect(whale).propose([target], [0], [data], "bare")).to.be.revertedWithCustomError(
        governor,
        "ConditionsMissing",
      );
    });

    it("take effect after vote and delay, once, and change the rules by nobody else's hand", async () => {
      const { governor, whale, proposals } = await fixture();
      await expect(governor.connect(whale).setProposalThreshold(5n))
        .to.be.revertedWithCustomError(governor, "GovernorOnlyExecutor")
        .withArgs(whale);
      const proposal = await proposals.build([await thresholdCall(governor, 5n)]);
      await proposals.pass(whale, proposal);
      await expect(proposals.execute(proposal)).to.emit(governor, "ProposalThresholdSet");
      expect(await governor.proposalThreshold()).to.equal(5n);
      await expect(proposals.execute(proposal)).to.be.revertedWithCustomError(
        governor,
        "GovernorUnexpectedProposalState",
      );
    });

    it("EXPLOITS 28 fail without quorum, and for want of votes to propose", async () => {
      const { governor, small, proposals, rollup } = await fixture();
      const proposal = await proposals.build([await thresholdCall(governor, 5n)]);
      await expect(proposals.propose(rollup.stranger, proposal)).to.be.revertedWithCustomError(
        governor,
        "GovernorInsufficientProposerVotes",
      );
      await proposals.propose(small, proposal);
      await proposals.open(proposal);
      await governor.connect(small).castVote(proposal.proposalId, 1);
      await proposals.close(proposal);
      expect(await governor.state(proposal.proposalId)).to.equal(PROPOSAL_STATE.defeated);
      await expect(proposals.queue(proposal)).to.be.revertedWithCustomError(
        governor,
        "GovernorUnexpectedProposalState",
      );
    });

    it("EXPLOITS 15 count tokens where they were at the snapshot: what is borrowed or passed on later has no vote", async () => {
      const { governor, whale, small, token, proposals, rollup } = await fixture();
      const proposal = await proposals.build([await thresholdCall(governor, 5n)]);
      await proposals.propose(whale, proposal);
      await proposals.open(proposal);
      await token.connect(whale).transfer(rollup.stranger, parseEther("970"));
      await token.connect(rollup.stranger).delegate(rollup.stranger);
      await expect(governor.connect(rollup.stranger).castVote(proposal.proposalId, 0), "no vote is left for it")
        .to.be.revertedWithCustomError(governor, "GovernorAlreadyCastVote")
        .withArgs(rollup.stranger);
      await governor.connect(small).castVote(proposal.proposalId, 0);
      await governor.connect(whale).castVote(proposal.proposalId, 1);
      expect([...(await governor.proposalVotes(proposal.proposalId))]).to.deep.equal([
        parseEther("30"),
        parseEther("970"),
        0n,
      ]);
    });

    it("EXPLOITS 33 never leave the community without a quorum", async () => {
      const { governor, whale, proposals } = await fixture();
      const data = governor.interface.encodeFunctionData("updateQuorumNumerator", [0]) as Hex; // CAST: hex
      const proposal = await proposals.build([{ target: await addressOf(governor), data }]);
      await proposals.pass(whale, proposal);
      await expect(proposals.execute(proposal)).to.be.revertedWithCustomError(governor, "DaoZeroQuorum");
    });
  });

  it("counts an existing ERC-721, one token one vote, by the token's own clock of blocks", async () => {
    const rollup = await openRollup("rollupC");
    const members = (await rollup.ethers.getSigners()).slice(2, 5);
    const token = await new MembershipMock__factory(rollup.deployer).deploy();
    for (const [id, member] of members.entries()) {
      await token.mint(member, id);
      await token.connect(member).delegate(member);
    }
    const terms = { votingDelay: 1n, votingPeriod: 10n, proposalThreshold: 1n, quorum: 6_000n };
    const { governor, proposals } = await governed(rollup, await addressOf(token), terms);
    const proposal = await proposals.build([await thresholdCall(governor, 2n)]);
    const [first, second] = members;
    if (!first || !second) throw new Error("three members");
    await proposals.propose(first, proposal);
    await rollup.networkHelpers.mine(2);
    for (const member of [first, second]) await governor.connect(member).castVote(proposal.proposalId, 1);
    expect([...(await governor.proposalVotes(proposal.proposalId))]).to.deep.equal([0n, 2n, 0n]);
    await rollup.networkHelpers.mine(10);
    await proposals.queue(proposal);
    await rollup.networkHelpers.time.increase(DELAY);
    await proposals.execute(proposal);
    expect(await governor.proposalThreshold()).to.equal(2n);
  });
});

describe("DaoToken", () => {
  it("gives everything away at birth, to holders who vote at once, and makes no more", async () => {
    const { token, whale, small, rollup } = await fixture();
    expect([await token.name(), await token.symbol(), await token.totalSupply()]).to.deep.equal([
      "Garden",
      "GRDN",
      parseEther("1000"),
    ]);
    expect([await token.getVotes(whale), await token.getVotes(small)]).to.deep.equal([
      parseEther("970"),
      parseEther("30"),
    ]);
    expect(await token.CLOCK_MODE()).to.equal("mode=timestamp");
    expect(Number(await token.clock())).to.equal(await rollup.networkHelpers.time.latest());
    const changing = token.interface.fragments.filter(
      (each) => "stateMutability" in each && each.type === "function" && each.stateMutability === "nonpayable",
    );
    expect(changing.map((each) => ("name" in each ? each.name : "")).sort()).to.deep.equal(
      ["approve", "delegate", "delegateBySig", "permit", "transfer", "transferFrom"].sort(),
    );
  });

  it("refuses to belong to nobody", async () => {
    const { token, rollup } = await fixture();
    await expect(new DaoToken__factory(rollup.deployer).deploy("Garden", "GRDN", [])).to.be.revertedWithCustomError(
      token,
      "DaoTokenNoShares",
    );
    await expect(
      new DaoToken__factory(rollup.deployer).deploy("Garden", "GRDN", [{ account: ZeroAddress, amount: 1n }]),
    ).to.be.revertedWithCustomError(token, "ERC20InvalidReceiver");
  });
});
