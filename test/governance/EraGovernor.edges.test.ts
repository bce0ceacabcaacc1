import { expect } from "chai";
import { AbiCoder, ethers, ZeroAddress, ZeroHash } from "ethers";
import type { Hex } from "../../sdk/src/bytes.ts";
import { ballotId, type Proposal } from "../../sdk/src/governance.ts";
import { EraGovernor__factory } from "../../typechain-types/index.js";
import { deployVote, PROPOSAL_STATE as STATE, SPOKE, TERMS } from "../helpers/governor.ts";
import { interop } from "../helpers/network.ts";
import { DAY } from "../helpers/votes.ts";

describe("EraGovernor, at the edges", () => {
  it("refuses to stand without gateway or timelock, and names its wiring", async () => {
    const { governor, rollup, gateway, timelock, votes } = await deployVote();
    const factory = new EraGovernor__factory(rollup.deployer);
    const [at, lock, deposits] = [await gateway.getAddress(), await timelock.getAddress(), await votes.getAddress()];
    for (const [ownGateway, ownTimelock] of [
      [ZeroAddress, lock],
      [at, ZeroAddress],
    ] as const) {
      await expect(factory.deploy(ownGateway, ownTimelock, deposits, TERMS, [], ZeroAddress))
        .to.be.revertedWithCustomError(governor, "GovernorInvalidWiring")
        .withArgs(ownGateway, ownTimelock, deposits);
    }
    expect([await governor.gateway(), await governor.tallyWindow()]).to.deep.equal([at, TERMS.tallyWindow]);
    expect(await governor.tallyReader()).to.equal(ZeroAddress);
  });

  it("has no ballot for what was never proposed", async () => {
    const { governor } = await deployVote();
    await expect(governor.ballot(7)).to.be.revertedWithCustomError(governor, "GovernorNonexistentProposal").withArgs(7);
  });

  it("lets the proposer take back a proposal before the vote, and nobody else", async () => {
    const { governor, proposals, whale, small, setThreshold } = await deployVote();
    const proposal = await proposals.build([setThreshold]);
    await proposals.propose(whale, proposal);
    const { targets, values, payloads, descriptionHash, proposalId } = proposal;
    const cancel = (by: typeof whale) =>
      governor.connect(by).cancel([...targets], [...values], [...payloads], descriptionHash);
    await expect(cancel(small))
      .to.be.revertedWithCustomError(governor, "GovernorUnableToCancel")
      .withArgs(proposalId, await small.getAddress());
    await expect(cancel(whale)).to.emit(governor, "ProposalCanceled").withArgs(proposalId);
    expect(await governor.state(proposalId)).to.equal(STATE.canceled);
  });

  it("lets a description name who alone proposes it: else whoever copies it first may take it back for good", async () => {
    const { governor, proposals, whale, small, setThreshold } = await deployVote();
    const { targets, values, payloads, descriptionHash, description, proposalId } = await proposals.build([
      setThreshold,
    ]);
    const calls: [string[], bigint[], string[]] = [[...targets], [...values], [...payloads]];
    await governor.connect(small).propose(...calls, description);
    await governor.connect(small).cancel(...calls, descriptionHash);
    await expect(governor.connect(whale).propose(...calls, description))
      .to.be.revertedWithCustomError(governor, "GovernorUnexpectedProposalState")
      .withArgs(proposalId, STATE.canceled, ZeroHash);

    const named = `${description}#proposer=${await whale.getAddress()}`;
    await expect(governor.connect(small).propose(...calls, named))
      .to.be.revertedWithCustomError(governor, "GovernorRestrictedProposer")
      .withArgs(await small.getAddress());
    await expect(governor.connect(whale).propose(...calls, named)).to.emit(governor, "ProposalCreated");
  });

  it("takes back what a rollup had reported when its newer tally is empty", async () => {
    const state = await deployVote();
    const { governor, proposals, whale, setThreshold, gateway, collector } = state;
    const proposal = await proposals.build([setThreshold]);
    await proposals.propose(whale, proposal);
    await proposals.open(proposal);
    const { snapshot, votesUntil } = await governor.ballot(proposal.proposalId);
    const id = ballotId({ proposalId: proposal.proposalId, snapshot, votesUntil });
    const report = (block: bigint, votes: readonly [bigint, bigint, bigint]) => {
      const types = ["uint256", "bytes32", "uint256", "tuple(uint64,uint64,uint64)"];
      const payload = AbiCoder.defaultAbiCoder().encode(types, [proposal.proposalId, id, block, votes]);
      return governor.connect(gateway).receiveMessage(ZeroHash, interop({ chainId: SPOKE }, collector), payload);
    };
    await report(5n, [1n, 2n, 3n]);
    await expect(report(6n, [0n, 0n, 0n]))
      .to.emit(governor, "TallyCounted")
      .withArgs(proposal.proposalId, SPOKE, [0n, 0n, 0n, 6n]);
    expect(await governor.proposalVotes(proposal.proposalId)).to.deep.equal([0n, 0n, 0n]);
  });

  it("EXPLOITS 24 refuses conditions that are no call of requireConditions, or lack the code of an account", async () => {
    const { governor, proposals, whale, setThreshold, timelock, time, rollup } = await deployVote();
    const bound = await proposals.build([setThreshold]);
    const { chainId } = await rollup.ethers.provider.getNetwork();
    const expiry = BigInt(await time.latest()) + DAY;
    const short = timelock.interface.encodeFunctionData("requireConditions", [
      chainId,
      expiry,
      [setThreshold.target],
      [],
    ]);
    const [good = "0x"] = bound.payloads;
    for (const conditions of ["0x", good.slice(0, 8), `0x12345678${good.slice(10)}`, short]) {
      const change: Proposal = { ...bound, payloads: [conditions as Hex, setThreshold.data] }; // CAST: all hex
      await expect(proposals.propose(whale, change), conditions).to.be.revertedWithCustomError(
        governor,
        "ConditionsMissing",
      );
    }
    await proposals.propose(whale, bound);
    expect(await governor.state(bound.proposalId)).to.equal(STATE.pending);
  });
});

describe("EraVotes, at the edges", () => {
  it("withdraws neither nothing nor more than is deposited", async () => {
    const { votes, small } = await deployVote();
    const held = 1_000n * ethers.WeiPerEther;
    await expect(votes.connect(small).withdraw(0)).to.be.revertedWithCustomError(votes, "VotesZeroAmount");
    await expect(votes.connect(small).withdraw(held + 1n))
      .to.be.revertedWithCustomError(votes, "VotesInsufficientDeposit")
      .withArgs(await small.getAddress(), held + 1n, held);
    await votes.connect(small).withdraw(held);
    expect(await votes.getVotes(small)).to.equal(0);
  });
});
