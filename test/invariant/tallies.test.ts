import { expect } from "chai";
import fc from "fast-check";
import type { Signer } from "ethers";
import type { Ballot } from "../../sdk/src/governance.ts";
import { readTally, type ProvenTally, type Tally } from "../../sdk/src/tally.ts";
import type { TestNetwork, TestRollup } from "../../sdk/src/testkit/index.ts";
import { CEILING, decidingNetwork, MILLION, open, pass, priceProposal } from "../helpers/decision.ts";
import { addressOf } from "../helpers/economy.ts";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { DAY } from "../helpers/votes.ts";

const STEPS = Number(process.env["METALAYER_TALLY_STEPS"] ?? 120);
const UNIT = 10n ** 9n;
const VOTERS = 5;

type Votes = readonly [against: bigint, inFavour: bigint, abstain: bigint];

const step = fc.record({
  act: fc.constantFrom("vote", "vote", "send", "head", "deliver", "deliver", "prove", "prove", "again"),
  site: fc.nat({ max: 1 }),
  who: fc.nat({ max: VOTERS - 1 }),
  support: fc.nat({ max: 2 }),
  pick: fc.nat({ max: 1_000 }),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** One rollup away from home with what it has cast and what is on its way. */
interface Site {
  readonly rollup: TestRollup;
  readonly voters: readonly Signer[];
  readonly weights: readonly bigint[];
  readonly voted: Set<number>;
  votes: Votes;
  /** Messages with their tally that are not delivered. */
  readonly sent: { readonly sendId: string; readonly block: bigint; readonly votes: Votes }[];
  readonly heads: { readonly proven: ProvenTally; readonly votes: Votes }[];
  /** What must count. */
  newest: { readonly block: bigint; readonly votes: Votes };
}

/** Votes on two rollups and both ways home for their tallies, as they must be counted and as they are. */
class Tallies {
  readonly done = new Map<string, number>();

  constructor(
    readonly net: TestNetwork,
    readonly home: TestRollup,
    readonly sites: readonly Site[],
    readonly ballot: Ballot,
  ) {}

  static async open(): Promise<Tallies> {
    const { net, home, spokes, connections } = await decidingNetwork();
    const sites: Site[] = [];
    for (const [index, rollup] of spokes.entries()) {
      const signers = (await connections[index + 1]?.ethers.getSigners())?.slice(1, VOTERS + 1) ?? [];
      const amounts = signers.map((_, nth) => (BigInt(nth + 1) * MILLION) / 3n + BigInt(nth));
      for (const [nth, voter] of signers.entries())
        await home.era.crosschainTransfer(await rollup.interop(voter), amounts[nth] ?? 0n);
      await net.deliverAll();
      for (const [nth, voter] of signers.entries()) {
        await rollup.era.connect(voter).approve(rollup.eraVotes, amounts[nth] ?? 0n);
        await rollup.eraVotes.connect(voter).deposit(amounts[nth] ?? 0n);
      }
      const weights = amounts.map((amount) => amount / UNIT);
      const nothing = { votes: [0n, 0n, 0n], newest: { block: 0n, votes: [0n, 0n, 0n] } } as const;
      sites.push({ rollup, voters: signers, weights, voted: new Set(), sent: [], heads: [], ...nothing });
    }
    const ballot = await open(net, (await priceProposal(net)).proposal);
    await home.eraGovernor.castVote(ballot.proposalId, 2);
    return new Tallies(net, home, sites, ballot);
  }

  async play(given: Step): Promise<void> {
    const site = this.sites[given.site] as Site; // CAST: two rollups
    const isDone = await this[given.act as "vote"](site, given); // CAST: every act is a method below
    if (isDone) this.done.set(given.act, (this.done.get(given.act) ?? 0) + 1);
  }

  async vote({ rollup, voters, voted, weights, ...site }: Site, { who, support, site: index }: Step): Promise<boolean> {
    const cast = rollup.voteCollector.connect(voters[who]).castVote(this.ballot, support);
    if (voted.has(who)) {
      await expect(cast).to.be.revertedWithCustomError(rollup.voteCollector, "CollectorAlreadyVoted");
      return false;
    }
    await cast;
    voted.add(who);
    const votes = site.votes.map((sum, option) => (option === support ? sum + (weights[who] ?? 0n) : sum));
    (this.sites[index] as Site).votes = votes as unknown as Votes; // CAST: as many as before
    return true;
  }

  async send({ rollup, votes, sent }: Site): Promise<boolean> {
    const receipt = await (await rollup.voteCollector.sendTally(this.ballot)).wait();
    const [event] = await rollup.voteCollector.queryFilter(
      rollup.voteCollector.filters.TallySent(),
      receipt?.blockNumber,
    );
    if (event === undefined) throw new Error("sendTally emits TallySent");
    sent.push({ sendId: event.args.sendId, block: event.args.blockNumber, votes });
    return true;
  }

  async head({ rollup, votes, heads }: Site): Promise<boolean> {
    const { anchorIndex } = await this.net.recordHead(rollup.chainId, this.home.chainId);
    const collector = await addressOf(rollup.voteCollector);
    const { home, ballot } = this;
    const proven = await readTally(this.net.client, {
      ...{ of: rollup.chainId, home: home.chainId, collector, ballot, anchorIndex },
    });
    expect(votesOf(proven.tally)).to.deep.equal(votes);
    heads.push({ proven, votes });
    return true;
  }

  /** Any message that is on its way, not the oldest one. */
  async deliver(site: Site, { pick }: Step): Promise<boolean> {
    const chosen = site.sent[pick % Math.max(1, site.sent.length)];
    if (chosen === undefined) return false;
    site.sent.splice(site.sent.indexOf(chosen), 1);
    const { delivered } = await this.net.deliver({ drop: ({ sendId }) => sendId !== chosen.sendId });
    expect(delivered.length).to.equal(1);
    count(site, chosen);
    return true;
  }

  /** Any head, also one that was brought before or is older than what counts. */
  async prove(site: Site, { pick }: Step): Promise<boolean> {
    const chosen = site.heads[pick % Math.max(1, site.heads.length)];
    if (chosen === undefined) return false;
    const { head, proof } = chosen.proven;
    const { chainId } = site.rollup;
    await this.home.tallyReader.proveTally(chainId, head.anchorIndex, this.ballot.proposalId, proof);
    count(site, { block: head.number, votes: chosen.votes });
    return true;
  }

  /** The same vote once more, at home. */
  async again(): Promise<boolean> {
    const { eraGovernor: governor } = this.home;
    await expect(governor.castVote(this.ballot.proposalId, 1)).to.be.revertedWithCustomError(
      governor,
      "GovernorAlreadyCastVote",
    );
    return true;
  }

  /** What home counts is what was brought last by block number, each rollup below its ceiling and what was deposited there. */
  async check(where: string): Promise<void> {
    const { eraGovernor: governor } = this.home;
    const { proposalId, snapshot } = this.ballot;
    const expected = [0n, 0n, 8n * MILLION];
    for (const { rollup, newest } of this.sites) {
      const counted = await governor.countedTally(proposalId, rollup.chainId);
      const votes = capped(newest.votes);
      expect(counted, where).to.deep.equal([...votes, newest.block]);
      const sum = votes.reduce((all, part) => all + part, 0n) * UNIT;
      expect(sum <= CEILING && sum <= (await rollup.eraVotes.getPastTotalSupply(snapshot)), where).to.equal(true);
      votes.forEach((part, option) => (expected[option] = (expected[option] ?? 0n) + part * UNIT));
    }
    expect(await governor.proposalVotes(proposalId), where).to.deep.equal(expected);
  }
}

function count(site: Site, { block, votes }: { readonly block: bigint; readonly votes: Votes }): void {
  if (block > site.newest.block) site.newest = { block, votes };
}

function votesOf({ againstVotes, forVotes, abstainVotes }: Tally): Votes {
  return [againstVotes, forVotes, abstainVotes];
}

function capped(votes: Votes): bigint[] {
  const total = votes.reduce((sum, part) => sum + part, 0n);
  const most = CEILING / UNIT;
  return votes.map((part) => (total <= most ? part : (part * most) / total));
}

describe("invariant: tallies of two rollups by message and by proof", () => {
  it(`INV-34 R15 C22 hold through ${STEPS} late, reordered and repeated steps (seed ${FUZZ_SEED})`, async () => {
    const tallies = await Tallies.open();
    const trace: string[] = [];
    for (const each of fc.sample(step, { seed: FUZZ_SEED, numRuns: STEPS })) {
      trace.push(`${each.act} ${each.site}`);
      await tallies.play(each);
      await tallies.check(`seed ${FUZZ_SEED}: ${trace.slice(-12).join(", ")}`);
    }
    if (STEPS >= 120) expect([...tallies.done.keys()]).to.include.members(["vote", "send", "head", "deliver", "prove"]);
    // After the end nothing that arrives changes anything, by either way.
    await pass(tallies.net, 6n * DAY);
    const { eraGovernor: governor } = tallies.home;
    const before = await governor.proposalVotes(tallies.ballot.proposalId);
    for (const site of tallies.sites) {
      await tallies.head(site);
      const { head, proof } = site.heads.at(-1)?.proven ?? { head: undefined, proof: "0x" };
      if (head === undefined) continue;
      await tallies.home.tallyReader.proveTally(
        site.rollup.chainId,
        head.anchorIndex,
        tallies.ballot.proposalId,
        proof,
      );
    }
    await tallies.net.deliverAll();
    expect(await governor.proposalVotes(tallies.ballot.proposalId)).to.deep.equal(before);
  }).timeout(300_000);
});
