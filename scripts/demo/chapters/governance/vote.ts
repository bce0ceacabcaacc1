import { DEFAULT_PRICES } from "../../../../deploy/params/defaults.ts";
import type { Ballot, Proposal } from "../../../../sdk/src/governance.ts";
import { readTally } from "../../../../sdk/src/tally.ts";
import { ballotOf, stateOf } from "../../../cli/governance/announced.ts";
import { buildFromFile } from "../../../cli/governance/build.ts";
import { Book } from "../../../cli/governance/call-text.ts";
import { governanceAddress } from "../../../cli/governance/contracts.ts";
import { parseProposal, type ProposalFile } from "../../../cli/governance/proposal-file.ts";
import { votesText } from "../../../cli/governance/votes-text.ts";
import type { Network } from "../../../cli/network.ts";
import type { Call } from "../../account.ts";
import type { Site, World } from "../../world.ts";
import { ACTORS, siteAt, until } from "../../world.ts";
import { votingSites } from "./deposits.ts";
import { governanceAt, timeOf } from "./site.ts";
import type { Watch } from "../../watch.ts";

/** What is proposed: messages shall cost this everywhere. */
export const PRICES = { ...DEFAULT_PRICES, basePrice: DEFAULT_PRICES.basePrice + 500n };

const FOR = 1;
const GAS = 8_000_000n;
const LIMIT_MS = 90_000;

/** Proposals for all rollups, voted on three of them, until every vote is counted on home: new prices, and what else is given. */
export async function vote(world: World, watch: Watch, admission: Proposal | undefined): Promise<readonly Proposal[]> {
  const home = siteAt(world, 0);
  const prices = await draftPrices(world, home);
  const proposals = admission === undefined ? [prices] : [prices, admission];
  await propose(world, home, proposals);
  const ballots = await Promise.all(proposals.map(({ proposalId }) => ballotOf(home.connection, proposalId)));
  watch.mark(world, "vote", `${proposals.length} proposals with legs for all ${world.sites.length} rollups are made`);
  await castAll(world, home, ballots);
  watch.mark(world, "vote", "voted on three rollups");
  await bringHome(world, home, ballots, watch);
  await checkCounts(world, home, ballots);
  return proposals;
}

/** Waits for the end of the vote. */
export async function untilPassed(world: World, watch: Watch, proposals: readonly Proposal[]): Promise<true> {
  const { connection } = siteAt(world, 0);
  await until(world, "the proposals have passed", LIMIT_MS, async () => {
    const states = await Promise.all(proposals.map(({ proposalId }) => stateOf(connection, proposalId)));
    return states.every((state) => state === "succeeded");
  });
  watch.mark(world, "vote", "the vote is over");
  return true;
}

function draftPrices(world: World, home: Site): Promise<Proposal> {
  const network = networkOf(world);
  const book = new Book(world.devnet.options.root, network.rollups);
  const connections = world.sites.map(({ connection }) => connection);
  const building = { source: "the demo's proposal", network, book, home: home.connection, connections };
  return buildFromFile(building, proposalOf(world));
}

async function propose(world: World, home: Site, proposals: readonly Proposal[]): Promise<void> {
  const { eraGovernor } = governanceAt(home);
  const to = governanceAddress(home.connection.description, "EraGovernor");
  const calls = proposals.map(({ targets, values, payloads, description }) => {
    const args: [string[], bigint[], string[], string] = [[...targets], [...values], [...payloads], description];
    return { to, data: eraGovernor.interface.encodeFunctionData("propose", args), gas: GAS };
  });
  await home.account(ACTORS.treasurer).execute(calls, world.signal);
}

/** As it could stand in a file for `./metalayer propose`. */
function proposalOf({ sites }: World): ProposalFile {
  const legs = sites.map((site) => ({
    rollup: site.name,
    calls: sites
      .filter((other) => other !== site)
      .map((other) => ({ contract: "FeeController", function: "setPrices", args: [`@${other.name}`, PRICES] })),
  }));
  return parseProposal("the demo's proposal", { title: "The same price for messages everywhere", legs });
}

/** The network as commands know it. */
function networkOf({ sites }: World): Network {
  const rollups = sites.map(({ connection }) => connection.description);
  return {
    file: "",
    isDevnet: true,
    rollups,
    rollup(given) {
      const found = rollups.find(({ name, chainId }) => name === given || String(chainId) === given);
      if (found === undefined) throw new Error(`no rollup ${given}`);
      return found;
    },
  };
}

async function castAll(world: World, home: Site, ballots: readonly Ballot[]): Promise<void> {
  const snapshot = ballots.reduce((latest, ballot) => (ballot.snapshot > latest ? ballot.snapshot : latest), 0n);
  const cast = async (site: Site): Promise<void> => {
    await until(world, `the snapshot has passed on ${site.name}`, LIMIT_MS, async () => {
      return (await timeOf(site)) > snapshot;
    });
    await site.account(ACTORS.treasurer).execute(
      ballots.map((ballot) => voteCall(site, home, ballot)),
      world.signal,
    );
  };
  await Promise.all([home, ...votingSites(world)].map(cast));
}

function voteCall(site: Site, home: Site, ballot: Ballot): Call {
  const { eraGovernor, voteCollector } = governanceAt(site);
  const { description } = site.connection;
  return site === home
    ? {
        to: governanceAddress(description, "EraGovernor"),
        data: eraGovernor.interface.encodeFunctionData("castVote", [ballot.proposalId, FOR]),
      }
    : {
        to: governanceAddress(description, "VoteCollector"),
        data: voteCollector.interface.encodeFunctionData("castVote", [ballot, FOR]),
      };
}

/** Tallies of one rollup come as messages, those of the other one as storage proofs against a head that guardians attested. */
async function bringHome(world: World, home: Site, ballots: readonly Ballot[], watch: Watch): Promise<void> {
  const [byMessage, byProof] = votingSites(world);
  const { eraGovernor } = governanceAt(home);
  const isCounted = async ({ chainId }: Site): Promise<boolean> => {
    const tallies = await Promise.all(ballots.map(({ proposalId }) => eraGovernor.countedTally(proposalId, chainId)));
    return tallies.every(({ forVotes }) => forVotes > 0n);
  };
  const to = governanceAddress(byMessage.connection.description, "VoteCollector");
  const { voteCollector } = governanceAt(byMessage);
  const sends = ballots.map((ballot) => {
    return { to, data: voteCollector.interface.encodeFunctionData("sendTally", [ballot]) };
  });
  await byMessage.account(ACTORS.treasurer).execute(sends, world.signal);
  let blocks = 0n;
  await until(
    world,
    `a head of ${byProof.name} that holds the votes is attested on ${home.name}`,
    LIMIT_MS,
    async () => {
      const [, head] = await home.connection.contracts.inbox.latestHead(byProof.chainId);
      if (head.number <= blocks) return false;
      blocks = head.number;
      return proveAll(world, home, byProof, ballots);
    },
  );
  watch.mark(world, "vote", `the votes of ${byProof.name} are proven on home against its block ${blocks}`);
  await until(world, `the messages of ${byMessage.name} are counted`, LIMIT_MS, () => isCounted(byMessage));
  const isBoth = (await isCounted(byMessage)) && (await isCounted(byProof));
  world.check("vote", "one rollup's votes came by message, another's by storage proof", isBoth);
}

/** Proves what was voted on a rollup as of its newest head on home; false if that head does not hold the votes yet. */
async function proveAll(world: World, home: Site, { chainId, connection }: Site, ballots: readonly Ballot[]) {
  const collector = governanceAddress(connection.description, "VoteCollector");
  const readings = await Promise.all(
    ballots.map((ballot) => readTally(world.client, { of: chainId, home: home.chainId, collector, ballot })),
  );
  if (readings.some(({ tally }) => tally.forVotes === 0n)) return false;
  const { tallyReader } = governanceAt(home);
  const to = governanceAddress(home.connection.description, "TallyReader");
  const calls = readings.map(({ head, proof }, index) => {
    const args = [chainId, head.anchorIndex, ballots[index]?.proposalId ?? 0n, proof] as const;
    return { to, data: tallyReader.interface.encodeFunctionData("proveTally", [...args]), gas: 2_000_000n };
  });
  await home.account(ACTORS.treasurer).execute(calls, world.signal);
  return true;
}

async function checkCounts(world: World, home: Site, ballots: readonly Ballot[]): Promise<void> {
  const counts = await Promise.all(ballots.map((ballot) => countOf(world, home, ballot)));
  const isClose = counts.every(({ inFavour, others, quorum }) => inFavour >= quorum && inFavour - others < quorum);
  const details = counts.map(({ inFavour, others, quorum }) => {
    return `${votesText(inFavour)}, ${votesText(others)} of them from other rollups; quorum ${votesText(quorum)}`;
  });
  world.check("vote", "only all three rollups together reach the quorum", isClose, [...new Set(details)].join("; "));
}

async function countOf(world: World, home: Site, ballot: Ballot) {
  const { eraGovernor } = governanceAt(home);
  const [[, inFavour], quorum, ...tallies] = await Promise.all([
    eraGovernor.proposalVotes(ballot.proposalId),
    eraGovernor.quorum(ballot.snapshot),
    ...votingSites(world).map(({ chainId }) => eraGovernor.countedTally(ballot.proposalId, chainId)),
  ]);
  const others = tallies.reduce((sum, { forVotes }) => sum + forVotes * 10n ** 9n, 0n);
  return { inFavour, others, quorum };
}
