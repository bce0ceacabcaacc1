import { expect } from "chai";
import { keccak256 } from "ethers";
import { network } from "hardhat";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import {
  buildLeg,
  buildProposal,
  legCall,
  type CodeBinding,
  type GovernanceCall,
  type Leg,
  type Proposal,
} from "../../sdk/src/governance.ts";
import { createNetwork, type TestNetwork, type TestRollup } from "../../sdk/src/testkit/index.ts";
import { addressOf } from "../helpers/economy.ts";
import { ERA, DAY } from "../helpers/votes.ts";

const MILLION = 1_000_000n * ERA;
const DELAY = 2n * DAY;
/** Test networks have a quorum of one percent, 10,000,000, of which each of the other rollups may bring a third. */
const CEILING = 3_333_000n * ERA;
const PRICES = {
  basePrice: 4_321n,
  pricePerByte: 1n,
  pricePerKGas: 1n,
  fundShare: 100n,
  burnShare: 50n,
  maxGasLimit: 1_024_000n,
};

/** Three rollups on which one holder has deposited: 8 million on home, 2 on B, 2 on C, there under a term. */
async function fixture() {
  const connections = [];
  for (const name of ["rollupA", "rollupB", "rollupC"] as const) connections.push(await network.create(name));
  const net = await createNetwork({ rollups: connections });
  const [home, b, c] = net.rollups as [TestRollup, TestRollup, TestRollup]; // CAST: three were asked for
  const holder = await home.signer.getAddress();
  for (const spoke of [b, c]) await home.era.crosschainTransfer(await spoke.interop(holder), 2n * MILLION);
  await net.deliverAll();
  for (const [rollup, amount] of [
    [home, 8n * MILLION],
    [b, 2n * MILLION],
    [c, 2n * MILLION],
  ] as const) {
    await rollup.era.approve(rollup.eraVotes, amount);
    await rollup.eraVotes.deposit(amount);
  }
  const period = await c.eraVotes.period();
  const now = BigInt((await c.provider.getBlock("latest"))?.timestamp ?? 0);
  await c.eraVotes.lock(2n * MILLION, (now / period + 3n) * period);
  return { net, home, b, c, spokes: [b, c] as const };
}

/** What changes the price of messages from a rollup to both others. */
async function priceCalls({ rollups }: TestNetwork, rollup: TestRollup): Promise<GovernanceCall[]> {
  const target = await addressOf(rollup.feeController);
  return rollups
    .filter((other) => other !== rollup)
    .map(({ chainId }) => ({
      target,
      data: rollup.feeController.interface.encodeFunctionData("setPrices", [chainId, PRICES]) as Hex, // CAST: hex
    }));
}

async function bindings(rollup: TestRollup, accounts: readonly Address[]): Promise<CodeBinding[]> {
  const codes = await Promise.all(accounts.map((account) => rollup.provider.getCode(account)));
  // CAST: a hash
  return accounts.map((account, index) => ({ account, codeHash: keccak256(codes[index] ?? "0x") as Hex }));
}

async function legFor(net: TestNetwork, rollup: TestRollup): Promise<Leg> {
  const calls = await priceCalls(net, rollup);
  const now = BigInt((await rollup.provider.getBlock("latest"))?.timestamp ?? 0);
  return buildLeg({
    chainId: rollup.chainId,
    timelock: await addressOf(rollup.rollupTimelock),
    calls,
    bindings: await bindings(rollup, [await addressOf(rollup.feeController)]),
    expiry: now + 60n * DAY,
    delay: DELAY,
  });
}

/** One proposal for the prices of all three rollups. */
async function priceProposal(net: TestNetwork): Promise<{ proposal: Proposal; legs: readonly [Leg, Leg] }> {
  const [home, b, c] = net.rollups as [TestRollup, TestRollup, TestRollup]; // CAST: three rollups
  const legs = [await legFor(net, b), await legFor(net, c)] as const;
  const gateway = await addressOf(home.gateway);
  const sends = [
    legCall(gateway, await addressOf(b.governanceExecutor), legs[0]),
    legCall(gateway, await addressOf(c.governanceExecutor), legs[1]),
  ];
  const now = BigInt((await home.provider.getBlock("latest"))?.timestamp ?? 0);
  const input = {
    chainId: home.chainId,
    timelock: await addressOf(home.rollupTimelock),
    calls: [...(await priceCalls(net, home)), ...sends],
    bindings: await bindings(home, [await addressOf(home.feeController), gateway]),
    expiry: now + 60n * DAY,
  };
  return { proposal: buildProposal(await addressOf(home.eraGovernor), input, "new prices"), legs };
}

const argsOf = ({ targets, values, payloads }: Proposal): [Address[], bigint[], Hex[]] => [
  [...targets],
  [...values],
  [...payloads],
];

async function pass(net: TestNetwork, seconds: bigint): Promise<void> {
  for (const rollup of net.rollups) await rollup.passTime(Number(seconds));
}

/** Proposes, votes on all three rollups, brings the tallies home, queues and executes home's leg, which sends the others. */
async function decide(net: TestNetwork, { proposal }: { readonly proposal: Proposal }): Promise<void> {
  const [home, ...spokes] = net.rollups as [TestRollup, TestRollup, TestRollup]; // CAST: three rollups
  const { eraGovernor: governor } = home;
  await governor.propose(...argsOf(proposal), proposal.description);
  await pass(net, DAY + 10n);
  const [proposalId, snapshot, votesUntil] = await governor.ballot(proposal.proposalId);
  const ballot = { proposalId, snapshot, votesUntil };
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
    const { net, home, spokes } = await fixture();
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
    const { net, b, c } = await fixture();
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
    const { net, b, c } = await fixture();
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
    const { net, home, b } = await fixture();
    const { proposal } = await priceProposal(net);
    const { eraGovernor: governor } = home;
    await governor.propose(...argsOf(proposal), proposal.description);
    await pass(net, DAY + 10n);
    const [proposalId, snapshot, votesUntil] = await governor.ballot(proposal.proposalId);
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
    const ballot = { proposalId, snapshot, votesUntil };
    await expect(b.voteCollector.castVote(ballot, 1))
      .to.emit(b.voteCollector, "BallotCast")
      .withArgs(await b.voteCollector.ballotIdOf(ballot), b.signer, proposalId, 1n, (2n * MILLION) / 10n ** 9n);
  });
});
