import { expect } from "chai";
import { AbiCoder, ethers, type Signer } from "ethers";
import { ballotId, type Ballot } from "../../sdk/src/governance.ts";
import { createTestNetwork, deliver, interop, sentMessages, type TestRollup } from "../helpers/network.ts";
import {
  Era__factory,
  EraVotes__factory,
  EvmStack__factory,
  VoteCollector__factory,
} from "../../typechain-types/index.js";
import { DAY, ERA, NOTICE, PERIOD } from "../helpers/votes.ts";

const UNIT = 10n ** 9n;

/** Deposits and collector on B behind the real gateway; the governor on home is an account, which no message reaches. */
async function fixture() {
  const net = await createTestNetwork(["rollupA", "rollupB"]);
  const [home, spoke] = net.rollups as [TestRollup, TestRollup]; // CAST: two rollups were asked for
  const { deployer, gateway, connection, chainId } = spoke;
  const era = await new Era__factory(deployer).deploy(deployer, deployer, deployer, deployer, chainId, deployer);
  const votes = await new EraVotes__factory(deployer).deploy(era, NOTICE, PERIOD);
  const stack = await new EvmStack__factory(deployer).deploy();
  const governor = await home.deployer.getAddress();
  const collector = await new VoteCollector__factory(deployer).deploy(votes, gateway, stack, home.chainId, governor);
  const signers = await connection.ethers.getSigners();
  const [alice, bob, carol] = signers.slice(10) as Signer[] as [Signer, Signer, Signer]; // CAST: twenty accounts exist
  for (const [index, holder] of [alice, bob, carol].entries()) {
    const amount = BigInt(index + 1) * 10n * ERA + 1n;
    await era.transfer(holder, 1_000n * ERA);
    await era.connect(holder).approve(votes, 1_000n * ERA);
    await votes.connect(holder).deposit(amount);
  }
  const { time } = connection.networkHelpers;
  const snapshot = BigInt(await time.latest()) + 100n;
  const ballot: Ballot = { proposalId: 77n, snapshot, votesUntil: snapshot + DAY };
  const as = (signer: Signer) => collector.connect(signer);
  return { net, home, spoke, era, votes, collector, governor, alice, bob, carol, time, ballot, as, stack };
}

describe("VoteCollector", () => {
  it("knows its wiring and refuses a missing part of it", async () => {
    const { collector, votes, spoke, home, governor, stack } = await fixture();
    expect(await collector.votesSource()).to.equal(await votes.getAddress());
    expect(await collector.governor()).to.deep.equal([home.chainId, governor]);
    const args = [
      await votes.getAddress(),
      await spoke.gateway.getAddress(),
      await stack.getAddress(),
      home.chainId,
      governor,
    ] as const;
    for (let missing = 0; missing < args.length; missing++) {
      const wrong = args.map((arg, index) =>
        index !== missing ? arg : typeof arg === "bigint" ? 0n : ethers.ZeroAddress,
      );
      await expect(spoke.connection.ethers.deployContract("VoteCollector", wrong))
        .to.be.revertedWithCustomError(collector, "CollectorInvalidWiring")
        .withArgs(...wrong);
    }
  });

  it("adds up votes as they were at the snapshot, in one slot that the documentation names", async () => {
    const { collector, alice, bob, carol, time, ballot, as, votes, spoke } = await fixture();
    const id = ballotId(ballot);
    expect(await collector.ballotIdOf(ballot)).to.equal(id);
    await time.increaseTo(ballot.snapshot + 1n);
    await votes.connect(alice).withdraw(5n * ERA);
    await expect(as(alice).castVote(ballot, 0))
      .to.emit(collector, "BallotCast")
      .withArgs(id, alice, 77n, 0n, (10n * ERA) / UNIT);
    await as(bob).castVote(ballot, 1);
    await as(carol).castVote(ballot, 2);
    const units = [10n, 20n, 30n].map((amount) => (amount * ERA) / UNIT);
    expect(await collector.tally(id)).to.deep.equal(units);
    const [against = 0n, inFavour = 0n, abstain = 0n] = units;
    const slot = ethers.keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "uint256"], [id, 0]));
    const word = await spoke.connection.ethers.provider.getStorage(collector, slot);
    expect(BigInt(word)).to.equal(against | (inFavour << 64n) | (abstain << 128n));
  });

  it("takes a vote once, between snapshot and end, from who had votes, for a choice that exists", async () => {
    const { collector, votes, alice, bob, time, ballot, as } = await fixture();
    await expect(as(alice).castVote(ballot, 1)).to.be.revertedWithCustomError(votes, "ERC5805FutureLookup");
    await time.increaseTo(ballot.snapshot + 1n);
    await expect(as(alice).castVote(ballot, 3))
      .to.be.revertedWithCustomError(collector, "CollectorInvalidSupport")
      .withArgs(3n);
    await as(alice).castVote(ballot, 1);
    expect(await collector.hasVoted(ballotId(ballot), alice)).to.equal(true);
    await expect(as(alice).castVote(ballot, 0))
      .to.be.revertedWithCustomError(collector, "CollectorAlreadyVoted")
      .withArgs(ballotId(ballot), alice);
    const stranger = collector.runner as Signer; // CAST: it was deployed by a signer
    await expect(collector.castVote(ballot, 1))
      .to.be.revertedWithCustomError(collector, "CollectorNoVotes")
      .withArgs(stranger, ballot.snapshot);
    await time.increaseTo(ballot.votesUntil + 1n);
    await expect(as(bob).castVote(ballot, 1))
      .to.be.revertedWithCustomError(collector, "CollectorClosed")
      .withArgs(ballot.votesUntil);
  });

  it("keeps ballots with other times apart: a wrong one costs nothing", async () => {
    const { collector, alice, time, ballot, as } = await fixture();
    await time.increaseTo(ballot.snapshot + 1n);
    const wrong = { ...ballot, votesUntil: ballot.votesUntil + 1n };
    await as(alice).castVote(wrong, 0);
    await as(alice).castVote(ballot, 1);
    expect(await collector.tally(ballotId(ballot))).to.deep.equal([0n, (10n * ERA) / UNIT, 0n]);
  });

  it("sends the tally with the rollup's own block number, to the governor, by anyone and without a fee", async () => {
    const { collector, alice, bob, time, ballot, as, net, home, spoke, governor } = await fixture();
    await time.increaseTo(ballot.snapshot + 1n);
    await as(alice).castVote(ballot, 1);
    const tx = await as(bob).sendTally(ballot);
    const receipt = await tx.wait();
    const [message] = await sentMessages(spoke, home);
    expect(message?.recipient).to.equal(governor.toLowerCase());
    expect(message?.sender).to.equal((await collector.getAddress()).toLowerCase());
    const payload = AbiCoder.defaultAbiCoder().encode(
      ["uint256", "bytes32", "uint256", "tuple(uint64,uint64,uint64)"],
      [77n, ballotId(ballot), receipt?.blockNumber, [0n, (10n * ERA) / UNIT, 0n]],
    );
    expect(message?.payload).to.equal(payload);
    expect(interop(home, governor)).to.include(governor.slice(2).toLowerCase());
    // The governor here is an account without code: the message is delivered to nobody and stays.
    await expect(deliver(net, spoke, home)).to.emit(home.gateway, "MessageFailed");
  });
});
