import { expect } from "chai";
import type { Leg, Proposal } from "../../sdk/src/governance.ts";
import type { TestNetwork, TestRollup } from "../../sdk/src/testkit/index.ts";
import {
  argsOf,
  CEILING,
  decidingNetwork,
  DELAY,
  MILLION,
  open,
  pass,
  priceProposal,
  PRICES,
} from "../helpers/decision.ts";
import { DAY } from "../helpers/votes.ts";

/** Proposes, votes on all three rollups, brings the tallies home, queues and executes home's leg, which sends the others. */
async function decide(net: TestNetwork, { proposal }: { readonly proposal: Proposal }): Promise<void> {
  const [home, ...spokes] = net.rollups as [TestRollup, TestRollup, TestRollup]; // CAST: three rollups
  const { eraGovernor: governor } = home;
  const ballot = await open(net, proposal);
  await governor.castVote(proposal.proposalId, 1);
  for (const { voteCollector } of spokes) await voteCollector.castVote(ballot, 1);
  for (const { voteCollector } of spokes) await voteCollector.sendTally(ballot);
  await net.deliverAll();
  await pass(net, 5n * DAY);
  await governor.queue(...argsOf(proposal), proposal.descriptionHash);
  await pass(net, DELAY);
  await governor.execute(...argsOf(proposal), proposal.descriptionHash);
}

async function basePrices(net: TestNetwork): Promise<bigint[]> {
  const pairs = net.rollups.flatMap((src) =>
    net.rollups.filter((dst) => dst !== src).map((dst) => [src, dst] as const),
  );
  return Promise.all(pairs.map(async ([src, dst]) => (await src.gateway.outLane(dst.chainId)).prices.basePrice));
}

const execute = (rollup: TestRollup, leg: Leg) =>
  rollup.signer.sendTransaction({ to: leg.timelock, data: leg.execute });

describe("governance of three rollups", () => {
  it("one decision, voted on three rollups, changes fees on all of them; nothing passes without the other two's votes", async () => {
    const { net, home, spokes } = await decidingNetwork();
    const { proposal, legs } = await priceProposal(net);
    await decide(net, { proposal });
    const { eraGovernor: governor } = home;
    const [, inFavour] = await governor.proposalVotes(proposal.proposalId);
    // 8 million on home, 2 on B, 4 on C of which the ceiling counts a third of the quorum.
    expect(inFavour).to.equal(10n * MILLION + CEILING);
    const { snapshot } = await governor.ballot(proposal.proposalId);
    expect(8n * MILLION < (await governor.quorum(snapshot))).to.equal(true);
    expect((await basePrices(net)).filter((price) => price === PRICES.basePrice).length).to.equal(2);

    await net.deliverAll();
    for (const [index, leg] of legs.entries()) {
      const rollup = spokes[index] as TestRollup; // CAST: as many legs as spokes
      expect(await rollup.rollupTimelock.isOperationPending(leg.id)).to.equal(true);
      await expect(execute(rollup, leg)).to.be.revertedWithCustomError(
        rollup.rollupTimelock,
        "TimelockUnexpectedOperationState",
      );
    }
    await pass(net, DELAY);
    for (const [index, leg] of legs.entries()) await execute(spokes[index] as TestRollup, leg); // CAST: as above
    expect(new Set(await basePrices(net))).to.deep.equal(new Set([PRICES.basePrice]));
  });

  it("NEEDS 21 a rollup that is down keeps no other from its leg, and does its own when it is back", async () => {
    const { net, b, c } = await decidingNetwork();
    const { proposal, legs } = await priceProposal(net);
    await decide(net, { proposal });
    await net.deliverAll({ drop: (message) => message.dstChainId === c.chainId });
    await pass(net, DELAY);
    await execute(b, legs[0]);
    expect((await basePrices(net)).filter((price) => price === PRICES.basePrice).length).to.equal(4);
    expect(await c.rollupTimelock.isOperation(legs[1].id)).to.equal(false);
    await pass(net, 10n * DAY);
    await net.deliverAll();
    await pass(net, DELAY);
    await execute(c, legs[1]);
    expect(new Set(await basePrices(net))).to.deep.equal(new Set([PRICES.basePrice]));
  });

  it("R3 a canceller stops one rollup's leg, and only that", async () => {
    const { net, b, c } = await decidingNetwork();
    const { proposal, legs } = await priceProposal(net);
    await decide(net, { proposal });
    await net.deliverAll();
    await c.rollupTimelock.cancel(legs[1].id);
    await pass(net, DELAY);
    await execute(b, legs[0]);
    await expect(execute(c, legs[1])).to.be.revertedWithCustomError(
      c.rollupTimelock,
      "TimelockUnexpectedOperationState",
    );
    expect((await basePrices(net)).filter((price) => price === PRICES.basePrice).length).to.equal(4);
  });

  it("C22 R14 ERA that is withdrawn after the snapshot on one rollup has no vote on another", async () => {
    const { net, home, b } = await decidingNetwork();
    const { proposal } = await priceProposal(net);
    const { eraGovernor: governor } = home;
    const ballot = await open(net, proposal);
    const { proposalId } = ballot;
    await home.eraVotes.withdraw(8n * MILLION);
    await expect(home.eraVotes.pay(await home.signer.getAddress())).to.be.revertedWithCustomError(
      home.eraVotes,
      "VotesNothingPayable",
    );
    await governor.castVote(proposalId, 1);
    // B votes with what it had at the snapshot and nothing more, though the holder has other ERA to bring.
    await home.era.crosschainTransfer(await b.interop(await b.signer.getAddress()), 5n * MILLION);
    await net.deliverAll();
    await b.era.approve(b.eraVotes, 5n * MILLION);
    await b.eraVotes.deposit(5n * MILLION);
    await expect(b.voteCollector.castVote(ballot, 1))
      .to.emit(b.voteCollector, "BallotCast")
      .withArgs(await b.voteCollector.ballotIdOf(ballot), b.signer, proposalId, 1n, (2n * MILLION) / 10n ** 9n);
  });
});
