import { expect } from "chai";
import { ethers, type Signer } from "ethers";
import fc from "fast-check";
import type { Hex } from "../../sdk/src/bytes.ts";
import {
  EvmStack__factory,
  FlashBorrowerMock__factory,
  FlashLenderMock__factory,
  VoteCollector__factory,
} from "../../typechain-types/index.js";
import { addressOf } from "../helpers/economy.ts";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { DELAY, deployVote, PROPOSAL_STATE as STATE, TERMS } from "../helpers/governor.ts";
import { DAY, ERA, lockEnd, NOTICE } from "../helpers/votes.ts";

const LOAN = 400_000_000n * ERA;
const STEPS = 150;

/** A vote that is open, here and for another rollup's collector, and a lender of far more ERA than the quorum. */
async function lending() {
  const state = await deployVote();
  const { rollup, era, votes, proposals, whale, setThreshold, governor, gateway } = state;
  const { deployer } = rollup;
  const lender = await new FlashLenderMock__factory(deployer).deploy();
  const borrower = await new FlashBorrowerMock__factory(deployer).deploy();
  await era.transfer(lender, LOAN);
  const proposal = await proposals.build([setThreshold]);
  await proposals.propose(whale, proposal);
  await proposals.open(proposal);
  const [proposalId, snapshot, votesUntil] = await governor.ballot(proposal.proposalId);
  const stack = await new EvmStack__factory(deployer).deploy();
  // Its governor is another account: to a collector home is only a name.
  const collector = await new VoteCollector__factory(deployer).deploy(votes, gateway, stack, 8_199n, governor);
  const to = { era: await addressOf(era), votes: await addressOf(votes), governor: await addressOf(governor) };
  const deposit = [
    { target: to.era, data: era.interface.encodeFunctionData("approve", [to.votes, LOAN]) },
    { target: to.votes, data: votes.interface.encodeFunctionData("deposit", [LOAN]) },
  ];
  const lend = (...calls: readonly { readonly target: string; readonly data: string }[]) =>
    lender.connect(state.small).lend(era, LOAN, borrower, [...deposit, ...calls]);
  return { ...state, lender, borrower, collector, proposal, ballot: { proposalId, snapshot, votesUntil }, to, lend };
}

describe("attacks on votes and decisions", () => {
  it("EXPLOITS 15 flash-borrowed ERA has no vote: it proposes nothing, votes on nothing, and cannot be paid back", async () => {
    const { lend, lender, borrower, collector, governor, votes, era, ballot, to, proposals, setThreshold, time } =
      await lending();
    const own = await proposals.build([setThreshold]);
    const { targets, values, payloads, description } = own;
    const propose = governor.interface.encodeFunctionData("propose", [
      [...targets],
      [...values],
      [...payloads],
      description,
    ]);
    await expect(lend({ target: to.governor, data: propose }))
      .to.be.revertedWithCustomError(governor, "GovernorInsufficientProposerVotes")
      .withArgs(borrower, 0n, TERMS.proposalThreshold);
    const vote = governor.interface.encodeFunctionData("castVote", [ballot.proposalId, 1]);
    await expect(lend({ target: to.governor, data: vote }))
      .to.be.revertedWithCustomError(governor, "GovernorAlreadyCastVote")
      .withArgs(borrower);
    const elsewhere = collector.interface.encodeFunctionData("castVote", [ballot, 1]);
    await expect(lend({ target: await addressOf(collector), data: elsewhere }))
      .to.be.revertedWithCustomError(collector, "CollectorNoVotes")
      .withArgs(borrower, ballot.snapshot);

    const onVotes = (data: string) => ({ target: to.votes, data });
    const withdraw = onVotes(votes.interface.encodeFunctionData("withdraw", [LOAN]));
    const pay = onVotes(votes.interface.encodeFunctionData("pay", [await borrower.getAddress()]));
    await expect(lend(withdraw, pay)).to.be.revertedWithCustomError(votes, "VotesNothingPayable");
    for (const calls of [[], [withdraw]])
      await expect(lend(...calls))
        .to.be.revertedWithCustomError(lender, "FlashNotRepaid")
        .withArgs(0n, LOAN);
    const lock = votes.interface.encodeFunctionData("lock", [LOAN, lockEnd(await time.latest(), 1n)]);
    await expect(lend(onVotes(lock), withdraw)).to.be.revertedWithCustomError(votes, "VotesInsufficientDeposit");

    // Whoever pays it back out of other ERA has deposited that, for the whole notice, and votes from the next second on.
    await era.transfer(borrower, LOAN);
    await lend();
    const at = await time.latest();
    await time.increase(1);
    expect(await votes.getPastVotes(borrower, at - 1)).to.equal(0n);
    expect(await era.balanceOf(lender)).to.equal(LOAN);
    const [against, inFavour, abstain] = await governor.proposalVotes(ballot.proposalId);
    expect([against, inFavour, abstain]).to.deep.equal([0n, 0n, 0n]);
    expect(await votes.notice()).to.equal(NOTICE);
  });

  it("EXPLOITS 28 a quarter of all ERA carries a grab of the treasury where a twentieth votes, and the canceller stops it in the delay", async () => {
    const { governor, proposals, timelock, canceller, era, votes, holders, time } = await deployVote();
    const [, , large, others] = holders as [Signer, Signer, Signer, Signer]; // CAST: four were asked for
    for (const [holder, amount] of [
      [large, 250_000_000n * ERA],
      [others, 50_000_000n * ERA],
    ] as const) {
      await era.transfer(holder, amount);
      await votes.connect(holder).deposit(amount);
    }
    const treasury = 100_000_000n * ERA;
    await era.transfer(timelock, treasury);
    const data = era.interface.encodeFunctionData("transfer", [await large.getAddress(), treasury]) as Hex; // CAST: hex
    const grab = await proposals.build([{ target: await addressOf(era), data }]);
    await time.increase(1);
    await proposals.propose(large, grab);
    await proposals.open(grab);
    await governor.connect(large).castVote(grab.proposalId, 1);
    await governor.connect(others).castVote(grab.proposalId, 0);
    await proposals.close(grab);
    expect(await governor.state(grab.proposalId)).to.equal(STATE.succeeded);
    await proposals.queue(grab);
    await time.increase(DELAY - 60n);
    await expect(proposals.execute(grab)).to.be.revertedWithCustomError(timelock, "TimelockUnexpectedOperationState");
    await timelock.connect(canceller).cancel(grab.operationId);
    await time.increase(DELAY);
    expect(await governor.state(grab.proposalId)).to.equal(STATE.canceled);
    expect(await era.balanceOf(timelock)).to.equal(treasury);
  });

  it(`EXPLOITS 41 nothing happens before quorum, end and delay through ${STEPS} random calls (seed ${FUZZ_SEED})`, async () => {
    const { governor, proposals, timelock, canceller, whale, small, setThreshold, time } = await deployVote();
    const proposal = await proposals.build([setThreshold]);
    const { proposalId, operationId, descriptionHash } = proposal;
    const [targets, values, payloads] = [[...proposal.targets], [...proposal.values], [...proposal.payloads]];
    const salt = ethers.toBeHex((BigInt(await addressOf(governor)) << 96n) ^ BigInt(descriptionHash), 32);
    const zero = ethers.ZeroHash;
    const [conditions = "", change = ""] = payloads;
    const [own = "", target = ""] = targets;
    const actions: Readonly<Record<string, (by: Signer) => Promise<unknown>>> = {
      propose: (by) => proposals.propose(by, proposal),
      vote: (by) => governor.connect(by).castVote(proposalId, 1),
      against: (by) => governor.connect(by).castVote(proposalId, 0),
      queue: (by) => governor.connect(by).queue(targets, values, payloads, descriptionHash),
      execute: (by) => governor.connect(by).execute(targets, values, payloads, descriptionHash),
      withdraw: (by) => governor.connect(by).cancel(targets, values, payloads, descriptionHash),
      relay: (by) => governor.connect(by).relay(target, 0n, change),
      setThreshold: (by) => governor.connect(by).setProposalThreshold(5n * ERA),
      batch: (by) => timelock.connect(by).executeBatch(targets, values, payloads, zero, salt),
      part: (by) => timelock.connect(by).execute(target, 0n, change, zero, salt),
      conditions: (by) => timelock.connect(by).execute(own, 0n, conditions, zero, salt),
      schedule: (by) => timelock.connect(by).scheduleBatch(targets, values, payloads, zero, salt, DELAY),
      scheduleNow: (by) => timelock.connect(by).schedule(target, 0n, change, zero, salt, 0n),
      shorten: (by) => timelock.connect(by).updateDelay(0n),
      cancel: (by) => timelock.connect(by).cancel(operationId),
      wait: () => time.increase(DAY),
      waitLong: () => time.increase(3n * DAY),
      again: (by) => proposals.propose(by, { ...proposal, description: `${proposal.description}#` }),
    };
    const step = fc.record({
      what: fc.constantFrom(...Object.keys(actions)),
      who: fc.constantFrom(whale, small, canceller),
    });
    const trace: string[] = [];
    let readyAt: bigint | undefined;
    const clean = await proposals.rollup.networkHelpers.takeSnapshot();
    for (const { what, who } of fc.sample(step, { seed: FUZZ_SEED, numRuns: STEPS })) {
      trace.push(what);
      const isDone = await (actions[what] ?? (() => Promise.reject(new Error(what))))(who).then(
        () => true,
        () => false,
      );
      const now = BigInt(await time.latest());
      if (what === "queue" && isDone) readyAt = now + DELAY;
      if (what === "cancel" && isDone) readyAt = undefined;
      if ((await governor.proposalThreshold()) === TERMS.proposalThreshold) continue;
      const said = `seed ${FUZZ_SEED}: ${trace.join(", ")}`;
      expect(readyAt !== undefined && now >= readyAt, said).to.equal(true);
      expect(["execute", "batch"], said).to.include(what);
      await clean.restore();
      [readyAt, trace.length] = [undefined, 0];
    }
    // And the ordinary way still works, so that what was refused was refused for its time.
    await clean.restore();
    await proposals.pass(whale, proposal);
    await proposals.execute(proposal);
    expect(await governor.proposalThreshold()).to.equal(5n * ERA);
  });
});
