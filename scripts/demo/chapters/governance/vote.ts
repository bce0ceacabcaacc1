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
import type { Site, World } from "../../world.ts";
import { ACTORS, siteAt, until } from "../../world.ts";
import { votingSites } from "./deposits.ts";
import { governanceAt, timeOf, type Watch } from "./watch.ts";

/** What is proposed: messages shall cost this everywhere. */
export const PRICES = { ...DEFAULT_PRICES, basePrice: DEFAULT_PRICES.basePrice + 500n };

const FOR = 1;
const GAS = 8_000_000n;
const LIMIT_MS = 90_000;

/** A proposal for all rollups, voted on three of them, until it waits in home's timelock. */
export async function vote(world: World, watch: Watch): Promise<Proposal> {
  const home = siteAt(world, 0);
  const proposal = await propose(world, home);
  const ballot = await ballotOf(home.connection, proposal.proposalId);
  watch.mark(world, "vote", `one proposal with a leg for each of ${world.sites.length} rollups is made`);
  await castAll(world, home, ballot);
  watch.mark(world, "vote", "voted on three rollups");
  await bringHome(world, home, ballot, watch);
  await checkCount(world, home, ballot);
  await until(world, "the proposal has passed", LIMIT_MS, async () => {
    return (await stateOf(home.connection, proposal.proposalId)) === "succeeded";
  });
  watch.mark(world, "vote", "the vote is over");
  return proposal;
}

async function propose(world: World, home: Site): Promise<Proposal> {
  const network = networkOf(world);
  const book = new Book(world.devnet.options.root, network.rollups);
  const connections = world.sites.map(({ connection }) => connection);
  const building = { source: "the demo's proposal", network, book, home: home.connection, connections };
  const proposal = await buildFromFile(building, proposalOf(world));
  const { eraGovernor } = governanceAt(home);
  const { targets, values, payloads, description } = proposal;
  const data = eraGovernor.interface.encodeFunctionData("propose", [
    [...targets],
    [...values],
    [...payloads],
    description,
  ]);
  const to = governanceAddress(home.connection.description, "EraGovernor");
  await home.account(ACTORS.treasurer).execute([{ to, data, gas: GAS }], world.signal);
  return proposal;
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

async function castAll(world: World, home: Site, ballot: Ballot): Promise<void> {
  const cast = async (site: Site): Promise<void> => {
    await until(world, `the snapshot has passed on ${site.name}`, LIMIT_MS, async () => {
      return (await timeOf(site)) > ballot.snapshot;
    });
    const { eraGovernor, voteCollector } = governanceAt(site);
    const { description } = site.connection;
    const call =
      site === home
        ? {
            to: governanceAddress(description, "EraGovernor"),
            data: eraGovernor.interface.encodeFunctionData("castVote", [ballot.proposalId, FOR]),
          }
        : {
            to: governanceAddress(description, "VoteCollector"),
            data: voteCollector.interface.encodeFunctionData("castVote", [ballot, FOR]),
          };
    await site.account(ACTORS.treasurer).execute([call], world.signal);
  };
  await Promise.all([home, ...votingSites(world)].map(cast));
}

/** One tally comes as a message, the other one as a storage proof against a head that guardians attested. */
async function bringHome(world: World, home: Site, ballot: Ballot, watch: Watch): Promise<void> {
  const [byMessage, byProof] = votingSites(world);
  const { eraGovernor, tallyReader } = governanceAt(home);
  const isCounted = async ({ chainId }: Site): Promise<boolean> =>
    (await eraGovernor.countedTally(ballot.proposalId, chainId)).forVotes > 0n;
  const to = governanceAddress(byMessage.connection.description, "VoteCollector");
  const data = governanceAt(byMessage).voteCollector.interface.encodeFunctionData("sendTally", [ballot]);
  await byMessage.account(ACTORS.treasurer).execute([{ to, data }], world.signal);
  const collector = governanceAddress(byProof.connection.description, "VoteCollector");
  const query = { of: byProof.chainId, home: home.chainId, collector, ballot };
  let blocks = 0n;
  await until(
    world,
    `a head of ${byProof.name} that holds the votes is attested on ${home.name}`,
    LIMIT_MS,
    async () => {
      const [, head] = await home.connection.contracts.inbox.latestHead(byProof.chainId);
      if (head.number <= blocks) return false;
      blocks = head.number;
      const { tally, head: proven, proof } = await readTally(world.client, query);
      if (tally.forVotes === 0n) return false;
      const args = [byProof.chainId, proven.anchorIndex, ballot.proposalId, proof] as const;
      const call = tallyReader.interface.encodeFunctionData("proveTally", [...args]);
      const reader = governanceAddress(home.connection.description, "TallyReader");
      await home.account(ACTORS.treasurer).execute([{ to: reader, data: call, gas: 2_000_000n }], world.signal);
      return true;
    },
  );
  watch.mark(world, "vote", `the votes of ${byProof.name} are proven on home against its block ${blocks}`);
  await until(world, `the message of ${byMessage.name} is counted`, LIMIT_MS, () => isCounted(byMessage));
  const isBoth = (await isCounted(byMessage)) && (await isCounted(byProof));
  world.check("vote", "one rollup's votes came by message, another's by storage proof", isBoth);
}

async function checkCount(world: World, home: Site, ballot: Ballot): Promise<void> {
  const { eraGovernor } = governanceAt(home);
  const [[, inFavour], quorum, ...tallies] = await Promise.all([
    eraGovernor.proposalVotes(ballot.proposalId),
    eraGovernor.quorum(ballot.snapshot),
    ...votingSites(world).map(({ chainId }) => eraGovernor.countedTally(ballot.proposalId, chainId)),
  ]);
  const others = tallies.reduce((sum, { forVotes }) => sum + forVotes * 10n ** 9n, 0n);
  const detail = `${votesText(inFavour)}, ${votesText(others)} of them from other rollups; quorum ${votesText(quorum)}`;
  world.check(
    "vote",
    "only all three rollups together reach the quorum",
    inFavour >= quorum && inFavour - others < quorum,
    detail,
  );
}
