import { interop } from "../../../test/helpers/network.ts";
import { ERA } from "../../../test/helpers/votes.ts";
import type { Ballot, Leg } from "../../../sdk/src/governance.ts";
import { decisionOf } from "./decision.ts";
import { cacheSigners, deliver, sentFromHome } from "./lane.ts";
import { addressOf, type GasNetwork, type GasRollup } from "./network.ts";
import { costOf, row, type Cost, type GasRow, type Networks, type Subject } from "./row.ts";
import { proveTally } from "./tally.ts";

const SIGNERS = [0, 1, 2];
/** Well after the deployment: everything that goes into calldata or checkpoints happens at fixed times. */
const BEGIN = 1_768_100_000n;
const STEP = 1_000n;
const DAY = 86_400n;
const FOR = 1;

/** Votes on two rollups, a decision with legs for both, and what each step of it costs. */
export const governance: Subject = {
  title: "Governance, with two rollups that have voted before",
  async rows(networks) {
    const one = await decided(networks, 1);
    const two = await decided(networks, 2);
    return [
      row("deposit of ERA that votes", one.deposit),
      row("term lock", one.lock),
      row("proposal of one call on home and one leg", one.propose),
      row("vote on home", one.voteAtHome),
      row("vote on another rollup", one.voteElsewhere),
      row("sending a rollup's votes home", one.sendTally),
      row("counting a rollup's votes from its message, delivery included", one.message),
      row("counting a rollup's votes from a storage proof, out of 10,000 accounts and 1,000 slots", one.proof),
      row("queue", one.queue),
      row("execution on home of one call and one leg", one.execute),
      { name: "each further leg on home", gas: two.execute.gas - one.execute.gas },
      row("arrival of a leg of one call", one.arrival),
      row("execution of a leg of one call", one.executeLeg),
    ] satisfies GasRow[];
  },
};

/** Goes through a whole decision with this many legs for the other rollup. */
async function decided(networks: Networks, legCount: number) {
  const net = await networks(4);
  const clock = new Clock();
  const back = { ...net, home: net.other, other: net.home };
  for (const each of [net, back]) await cacheSigners(each, SIGNERS);
  const deposits = await depositAll(net, clock);
  const { proposal, legs } = await decisionOf(net, legCount, BEGIN + 60n * DAY);
  const { eraGovernor: governor } = net.home;
  const asHolder = governor.connect(net.home.holder);
  await clock.set(net.home);
  const { targets, values, payloads, description, descriptionHash } = proposal;
  const propose = await costOf(asHolder.propose([...targets], [...values], [...payloads], description));
  const { proposalId } = proposal;
  const { snapshot, votesUntil } = await governor.ballot(proposalId);
  const ballot = { proposalId, snapshot, votesUntil };
  const votes = await voteAll(net, clock, ballot);
  const tallies = await bringTallies(net, back, clock, ballot);
  clock.jump(7n * DAY);
  const calls: readonly [string[], bigint[], string[], string] = [
    [...targets],
    [...values],
    [...payloads],
    descriptionHash,
  ];
  await clock.set(net.home);
  const queue = await costOf(asHolder.queue(...calls));
  await clock.set(net.home);
  const execute = await costOf(asHolder.execute(...calls));
  return { ...deposits, propose, ...votes, ...tallies, queue, execute, ...(await executeLegs(net, clock, legs)) };
}

/** Two voters on each rollup, the second of whom is measured, after one deposit of its own. */
async function depositAll(net: GasNetwork, clock: Clock): Promise<{ deposit: Cost; lock: Cost }> {
  const { home, other } = net;
  await home.era.connect(home.holder).transfer(home.user, 1_000n * ERA);
  for (const voter of [other.holder, other.user]) {
    await home.era.connect(home.holder).crosschainTransfer(interop(other, await addressOf(voter)), 1_000n * ERA);
  }
  for (const nonce of [0n, 1n])
    await deliver(net, { signers: SIGNERS, messages: await sentFromHome(net, nonce, nonce + 1n) });
  for (const rollup of [home, other]) {
    for (const [voter, amount] of [
      [rollup.user, 1_000n * ERA],
      [rollup.holder, rollup === home ? 20_000_000n * ERA : 1_000n * ERA],
    ] as const) {
      await rollup.era.connect(voter).approve(rollup.eraVotes, 2n ** 255n);
      await clock.set(rollup);
      await rollup.eraVotes.connect(voter).deposit(amount);
    }
  }
  const votes = home.eraVotes.connect(home.holder);
  await clock.set(home);
  const deposit = await costOf(votes.deposit(5_000n * ERA));
  const period = await votes.period();
  await clock.set(home);
  const lock = await costOf(votes.lock(5_000n * ERA, (clock.now / period + 3n) * period));
  return { deposit, lock };
}

async function voteAll({ home, other }: GasNetwork, clock: Clock, ballot: Ballot) {
  clock.jump(DAY + 2n * STEP);
  const atHome = async (rollup: GasRollup, voter: GasRollup["user"]): Promise<Cost> => {
    await clock.set(rollup);
    return costOf(rollup.eraGovernor.connect(voter).castVote(ballot.proposalId, FOR));
  };
  const elsewhere = async (rollup: GasRollup, voter: GasRollup["user"]): Promise<Cost> => {
    await clock.set(rollup);
    return costOf(rollup.voteCollector.connect(voter).castVote(ballot, FOR));
  };
  await atHome(home, home.user);
  const voteAtHome = await atHome(home, home.holder);
  await elsewhere(other, other.user);
  return { voteAtHome, voteElsewhere: await elsewhere(other, other.holder) };
}

/** The second of two tallies by message, then a newer one by proof: each replaces what counted before. */
async function bringTallies(net: GasNetwork, back: GasNetwork, clock: Clock, ballot: Ballot) {
  const { voteCollector } = net.other;
  const costs: { readonly sendTally: Cost; readonly message: Cost }[] = [];
  for (const nonce of [0n, 1n]) {
    await clock.set(net.other);
    const sendTally = await costOf(voteCollector.sendTally(ballot));
    costs.push({
      sendTally,
      message: await deliver(back, { signers: SIGNERS, messages: await sentFromHome(back, nonce, nonce + 1n) }),
    });
  }
  const [, second] = costs;
  if (second === undefined) throw new Error("two tallies were sent");
  return { ...second, proof: await proveTally(net, ballot, SIGNERS) };
}

async function executeLegs(net: GasNetwork, clock: Clock, [leg]: readonly Leg[]) {
  if (leg === undefined) throw new Error("a decision has a leg");
  const { other } = net;
  const arrival = await deliver(net, { signers: SIGNERS, messages: await sentFromHome(net, 2n, 3n) });
  clock.jump(DAY);
  await clock.set(other);
  return { arrival, executeLeg: await costOf(other.user.sendTransaction({ to: leg.timelock, data: leg.execute })) };
}

/** Gives every block that counts a time of its own. */
class Clock {
  now = BEGIN;

  async set(rollup: GasRollup): Promise<void> {
    this.now += STEP;
    await rollup.setTime(this.now);
  }

  jump(seconds: bigint): void {
    this.now += seconds;
  }
}
