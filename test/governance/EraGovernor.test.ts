import { expect } from "chai";
import { ethers, type Signer } from "ethers";
import type { Hex } from "../../sdk/src/bytes.ts";
import type { Proposal } from "../../sdk/src/governance.ts";
import { addressOf } from "../helpers/economy.ts";
import { DELAY, deployGovernor, deployVote, PROPOSAL_STATE as STATE, SPOKE, TERMS } from "../helpers/governor.ts";
import { DAY, ERA, NOTICE } from "../helpers/votes.ts";

describe("EraGovernor", () => {
  describe("constructor", () => {
    it("R14 refuses a vote that lasts longer than the notice of deposits, and a window as long as the period", async () => {
      const { governor } = await deployVote();
      for (const change of [{ votingDelay: NOTICE - TERMS.votingPeriod + 1n }, { votingPeriod: TERMS.tallyWindow }]) {
        const { votingDelay, votingPeriod, tallyWindow } = { ...TERMS, ...change };
        await expect(deployGovernor(change))
          .to.be.revertedWithCustomError(governor, "GovernorInvalidTimes")
          .withArgs(votingDelay, votingPeriod, tallyWindow, NOTICE);
      }
    });

    it("EXPLOITS 29 refuses a quorum below one percent", async () => {
      const { governor } = await deployVote();
      await expect(deployGovernor({ quorum: 99n }))
        .to.be.revertedWithCustomError(governor, "GovernorInvalidQuorumFraction")
        .withArgs(99n, 10_000n);
    });
  });

  describe("propose", () => {
    it("records the ballot that voters everywhere name", async () => {
      const state = await deployVote();
      const { governor, proposals, whale, setThreshold, time } = state;
      const proposal = await proposals.build([setThreshold]);
      await proposals.propose(whale, proposal);
      const snapshot = BigInt(await time.latest()) + TERMS.votingDelay;
      const votesUntil = snapshot + TERMS.votingPeriod - TERMS.tallyWindow;
      expect(await governor.ballot(proposal.proposalId)).to.deep.equal([proposal.proposalId, snapshot, votesUntil]);
      expect(await governor.proposalDeadline(proposal.proposalId)).to.equal(snapshot + TERMS.votingPeriod);
    });

    it("refuses a proposer below the threshold", async () => {
      const { governor, proposals, setThreshold, holders } = await deployVote();
      const nobody = holders[3] as Signer; // CAST: four were asked for
      await expect(proposals.propose(nobody, await proposals.build([setThreshold])))
        .to.be.revertedWithCustomError(governor, "GovernorInsufficientProposerVotes")
        .withArgs(nobody, 0n, TERMS.proposalThreshold);
    });

    it("EXPLOITS 24 EXPLOITS 19 refuses a proposal that is not bound to rollup, expiry and the code of every target", async () => {
      const { governor, proposals, whale, setThreshold, time, era } = await deployVote();
      const bound = await proposals.build([setThreshold]);
      const propose = (change: Partial<Proposal>) => proposals.propose(whale, { ...bound, ...change });
      await expect(
        propose({ targets: bound.targets.slice(1), values: [0n], payloads: bound.payloads.slice(1) }),
      ).to.be.revertedWithCustomError(governor, "ConditionsMissing");
      const other = { target: await addressOf(era), data: "0x12345678" as const };
      await expect(
        propose({
          targets: [...bound.targets, other.target],
          values: [0n, 0n, 0n],
          payloads: [...bound.payloads, other.data],
        }),
      )
        .to.be.revertedWithCustomError(governor, "ConditionsUncovered")
        .withArgs(2n, await era.getAddress());
      await expect(
        proposals.propose(whale, await proposals.build([setThreshold], [], 0n)),
      ).to.be.revertedWithCustomError(governor, "ConditionsInvalidExpiry");
      const late = await proposals.build([setThreshold], [], 181n * DAY);
      await expect(proposals.propose(whale, late)).to.be.revertedWithCustomError(governor, "ConditionsInvalidExpiry");
      const timelock = await addressOf(proposals.timelock);
      const elsewhere = proposals.timelock.interface.encodeFunctionData("requireConditions", [
        SPOKE,
        BigInt(await time.latest()) + DAY,
        [setThreshold.target],
        [ethers.ZeroHash],
      ]);
      await expect(
        propose({ targets: [timelock, setThreshold.target], payloads: [elsewhere as Hex, setThreshold.data] }), // CAST: hex
      )
        .to.be.revertedWithCustomError(governor, "ConditionsWrongRollup")
        .withArgs(SPOKE);
    });
  });

  describe("a vote", () => {
    it("passes with quorum and majority, waits for the timelock, and takes effect once", async () => {
      const { governor, proposals, whale, setThreshold, timelock } = await deployVote();
      const proposal = await proposals.build([setThreshold]);
      await proposals.pass(whale, proposal);
      expect(await timelock.isOperationReady(proposal.operationId)).to.equal(true);
      await expect(proposals.execute(proposal)).to.emit(governor, "ProposalThresholdSet");
      expect(await governor.proposalThreshold()).to.equal(5n * ERA);
      await expect(proposals.execute(proposal)).to.be.revertedWithCustomError(
        governor,
        "GovernorUnexpectedProposalState",
      );
    });

    it("EXPLOITS 15 EXPLOITS 28 fails without quorum of all ERA, however few others have deposited", async () => {
      const { governor, proposals, small, whale, setThreshold, votes } = await deployVote();
      await votes.connect(whale).withdraw(20_000_000n * ERA);
      const proposal = await proposals.build([setThreshold]);
      await proposals.propose(small, proposal);
      await proposals.open(proposal);
      await governor.connect(small).castVote(proposal.proposalId, 1);
      await proposals.close(proposal);
      expect(await governor.state(proposal.proposalId)).to.equal(STATE.defeated);
      await expect(proposals.queue(proposal)).to.be.revertedWithCustomError(
        governor,
        "GovernorUnexpectedProposalState",
      );
    });

    it("EXPLOITS 15 gives no vote to ERA that is deposited after the snapshot", async () => {
      const { governor, proposals, whale, holders, era, votes, setThreshold } = await deployVote();
      const proposal = await proposals.build([setThreshold]);
      await proposals.propose(whale, proposal);
      await proposals.open(proposal);
      const late = holders[3] as Signer; // CAST: four were asked for
      await era.transfer(late, 50_000_000n * ERA);
      await votes.connect(late).deposit(50_000_000n * ERA);
      await expect(governor.connect(late).castVote(proposal.proposalId, 1))
        .to.be.revertedWithCustomError(governor, "GovernorAlreadyCastVote")
        .withArgs(late);
    });

    it("can be split by its voter, and closes before tallies stop arriving", async () => {
      const { governor, proposals, whale, small, setThreshold, time } = await deployVote();
      const proposal = await proposals.build([setThreshold]);
      await proposals.propose(whale, proposal);
      await proposals.open(proposal);
      const split = ethers.solidityPacked(["uint128", "uint128", "uint128"], [3n * ERA, 4n * ERA, 5n * ERA]);
      await governor.connect(whale).castVoteWithReasonAndParams(proposal.proposalId, 255, "", split);
      expect(await governor.proposalVotes(proposal.proposalId)).to.deep.equal([3n * ERA, 4n * ERA, 5n * ERA]);
      const { votesUntil } = await governor.ballot(proposal.proposalId);
      await time.increaseTo(votesUntil);
      await expect(governor.connect(small).castVote(proposal.proposalId, 1))
        .to.be.revertedWithCustomError(governor, "GovernorVotingClosed")
        .withArgs(proposal.proposalId, votesUntil);
      expect(await governor.state(proposal.proposalId)).to.equal(STATE.active);
    });

    it("EXPLOITS 36 a signed vote is worth nothing after the vote, for another proposal, or twice", async () => {
      const { governor, proposals, whale, setThreshold, rollup, time } = await deployVote();
      const proposal = await proposals.build([setThreshold]);
      await proposals.propose(whale, proposal);
      await proposals.open(proposal);
      const { chainId } = await rollup.ethers.provider.getNetwork();
      const domain = {
        name: "EraGovernor",
        version: "1",
        chainId,
        verifyingContract: await governor.getAddress(),
      };
      const types = {
        Ballot: [
          { name: "proposalId", type: "uint256" },
          { name: "support", type: "uint8" },
          { name: "voter", type: "address" },
          { name: "nonce", type: "uint256" },
        ],
      };
      const voter = await whale.getAddress();
      const { proposalId } = proposal;
      const signature = await whale.signTypedData(domain, types, { proposalId, support: 1, voter, nonce: 0n });
      const refuse = (sent: Promise<unknown>) =>
        expect(sent).to.be.revertedWithCustomError(governor, "GovernorInvalidSignature");
      const other = await proposals.build([setThreshold]);
      await proposals.propose(whale, other);
      await proposals.open(other);
      await refuse(governor.castVoteBySig(other.proposalId, 1, voter, signature));
      const clean = await rollup.networkHelpers.takeSnapshot();
      await governor.castVoteBySig(proposalId, 1, voter, signature);
      await refuse(governor.castVoteBySig(proposalId, 1, voter, signature));
      await clean.restore();
      const { votesUntil } = await governor.ballot(proposalId);
      await time.increaseTo(votesUntil + 1n);
      await expect(governor.castVoteBySig(proposalId, 1, voter, signature))
        .to.be.revertedWithCustomError(governor, "GovernorVotingClosed")
        .withArgs(proposalId, votesUntil);
    });
  });

  describe("settings", () => {
    it("EXPLOITS 33 change by nobody but the timelock", async () => {
      const { governor, whale, canceller, gateway } = await deployVote();
      const spoke = { chainId: 9n, collector: await gateway.getAddress(), ceiling: 1n };
      for (const caller of [whale, canceller, gateway]) {
        for (const call of [
          () => governor.connect(caller).setSpoke(spoke),
          () => governor.connect(caller).setTallyReader(caller),
          () => governor.connect(caller).setVotingDelay(1n),
          () => governor.connect(caller).setVotingPeriod(DAY * 2n),
          () => governor.connect(caller).setProposalThreshold(0n),
          () => governor.connect(caller).updateQuorumNumerator(100n),
          () => governor.connect(caller).updateTimelock(caller),
          () => governor.connect(caller).relay(caller, 0n, "0x"),
        ]) {
          await expect(call()).to.be.revertedWithCustomError(governor, "GovernorOnlyExecutor").withArgs(caller);
        }
      }
    });

    it("R4 keep each ceiling at a third of the quorum and all together below it; R14 keep votes within the notice", async () => {
      const { governor, timelock, rollup, gateway, collector } = await deployVote();
      const address = await timelock.getAddress();
      await rollup.networkHelpers.impersonateAccount(address);
      await rollup.networkHelpers.setBalance(address, 10n ** 20n);
      const admin = governor.connect(await rollup.ethers.getSigner(address));
      const own = (await rollup.ethers.provider.getNetwork()).chainId;
      const account = await gateway.getAddress();
      const set = (chainId: bigint, ceiling: bigint, of = account) =>
        admin.setSpoke({ chainId, collector: of, ceiling });
      await expect(set(9n, 3_334n))
        .to.be.revertedWithCustomError(governor, "GovernorInvalidSpoke")
        .withArgs(9n, account, 3_334n, 3_333n + 3_334n);
      await expect(set(own, 1n)).to.be.revertedWithCustomError(governor, "GovernorInvalidSpoke");
      await expect(set(9n, 1n, ethers.ZeroAddress)).to.be.revertedWithCustomError(governor, "GovernorInvalidSpoke");
      await expect(set(9n, 3_333n)).to.emit(governor, "SpokeSet").withArgs(9n, account, 3_333n);
      await set(10n, 3_333n);
      expect(await governor.allCeilings()).to.equal(9_999n);
      await expect(set(11n, 1n)).to.be.revertedWithCustomError(governor, "GovernorInvalidSpoke");
      await set(SPOKE, 0n, ethers.ZeroAddress);
      expect(await governor.spoke(SPOKE)).to.deep.equal([ethers.ZeroAddress, 0n]);
      await set(SPOKE, 1n, collector);
      await expect(admin.setVotingDelay(NOTICE - TERMS.votingPeriod + 1n)).to.be.revertedWithCustomError(
        governor,
        "GovernorInvalidTimes",
      );
      await expect(admin.setVotingPeriod(TERMS.tallyWindow)).to.be.revertedWithCustomError(
        governor,
        "GovernorInvalidTimes",
      );
      await expect(admin.updateQuorumNumerator(99n)).to.be.revertedWithCustomError(
        governor,
        "GovernorInvalidQuorumFraction",
      );
    });
  });

  describe("execution", () => {
    it("EXPLOITS 41 happens by no route before quorum, end and delay: governor, timelock, again after a cancel", async () => {
      const { governor, proposals, whale, setThreshold, timelock, canceller, rollup } = await deployVote();
      const proposal = await proposals.build([setThreshold]);
      const salt = ethers.toBeHex((BigInt(await governor.getAddress()) << 96n) ^ BigInt(proposal.descriptionHash), 32);
      const { targets, values, payloads } = proposal;
      const direct = () => timelock.executeBatch([...targets], [...values], [...payloads], ethers.ZeroHash, salt);
      const refused = async () => {
        await expect(proposals.execute(proposal)).to.be.revert(rollup.ethers);
        await expect(direct()).to.be.revertedWithCustomError(timelock, "TimelockUnexpectedOperationState");
        expect(await governor.proposalThreshold()).to.equal(TERMS.proposalThreshold);
      };
      await refused();
      await proposals.propose(whale, proposal);
      await refused();
      await proposals.open(proposal);
      await refused();
      await governor.connect(whale).castVote(proposal.proposalId, 1);
      await refused();
      await expect(proposals.queue(proposal)).to.be.revertedWithCustomError(
        governor,
        "GovernorUnexpectedProposalState",
      );
      await proposals.close(proposal);
      await expect(direct()).to.be.revertedWithCustomError(timelock, "TimelockUnexpectedOperationState");
      await proposals.queue(proposal);
      await refused();
      await rollup.networkHelpers.time.increase(DELAY - 10n);
      await refused();
      await timelock.connect(canceller).cancel(proposal.operationId);
      await rollup.networkHelpers.time.increase(DELAY);
      await refused();
      expect(await governor.state(proposal.proposalId)).to.equal(STATE.canceled);
      await expect(proposals.queue(proposal)).to.be.revertedWithCustomError(
        governor,
        "GovernorUnexpectedProposalState",
      );
    });

    it("EXPLOITS 24 fails when the code of a target has changed since the proposal, and after the expiry", async () => {
      const { proposals, whale, timelock, rollup, governor } = await deployVote();
      const target = "0x00000000000000000000000000000000000000AA";
      await rollup.networkHelpers.setCode(target, "0x00");
      const proposal = await proposals.build([{ target, data: "0x" }], [], 30n * DAY);
      await proposals.pass(whale, proposal);
      const clean = await rollup.networkHelpers.takeSnapshot();
      await rollup.networkHelpers.setCode(target, "0x5f");
      await expect(proposals.execute(proposal))
        .to.be.revertedWithCustomError(timelock, "TimelockChangedCode")
        .withArgs(target, ethers.keccak256("0x00"), ethers.keccak256("0x5f"));
      await clean.restore();
      await rollup.networkHelpers.time.increase(30n * DAY);
      await expect(proposals.execute(proposal)).to.be.revertedWithCustomError(timelock, "TimelockExpired");
      await clean.restore();
      await expect(proposals.execute(proposal)).to.emit(governor, "ProposalExecuted").withArgs(proposal.proposalId);
    });
  });
});
