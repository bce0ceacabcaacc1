import type { Ballot } from "../../../sdk/src/governance.ts";
import type { Context } from "../command.ts";
import type { Connection } from "../connection.ts";
import { timeText } from "../format.ts";
import { findGovernance } from "../dao/record.ts";
import { withRollups, type Network } from "../network.ts";
import { withHome } from "./act.ts";
import {
  announcedProposals,
  ballotOf,
  findProposal,
  partsOf,
  stateOf,
  titleOf,
  type Announced,
  type ProposalState,
} from "./announced.ts";
import { Book } from "./call-text.ts";
import { governanceOf } from "./contracts.ts";
import { daoFlag, momentOf, momentText, secondsOf, voteText } from "./of-dao.ts";
import { legStatuses, type LegStatus } from "./legs.ts";
import { partsResult, showParts } from "./report.ts";
import { votesText } from "./votes-text.ts";

const WEI_PER_UNIT = 10n ** 9n;

/** Lists all proposals, or shows one: what it does, who voted what, where every leg stands, and what is next. */
export async function proposalCommand(
  context: Context,
  options: { readonly network: string | undefined; readonly dao: string | undefined },
): Promise<void> {
  const network = findGovernance(context, options);
  const [name] = context.args;
  return withHome(network, (home) => (name === undefined ? list(context, home) : show(context, network, home, name)));
}

async function list({ output }: Context, home: Connection): Promise<void> {
  const all = await announcedProposals(home);
  const rows = await Promise.all(
    all.map(async (proposal) => {
      const { proposalId, snapshot, end } = proposal;
      return { proposalId, title: titleOf(proposal), state: await stateOf(home, proposalId), snapshot, end };
    }),
  );
  const { description } = home;
  if (rows.length === 0)
    output.line(`There is no proposal yet. Next: ./metalayer propose <file>${daoFlag(description)}`);
  else
    await output.table(
      ["proposal", "title", "state", "end"],
      rows.map(({ proposalId, title, state, end }) => [String(proposalId), title, state, momentText(description, end)]),
    );
  output.result({ proposals: rows });
}

async function show(context: Context, network: Network, home: Connection, name: string): Promise<void> {
  const { output } = context;
  const proposal = await findProposal(home, name);
  const { proposalId, proposer, end } = proposal;
  const now = await momentOf(home);
  const [state, ballot, votes] = await Promise.all([
    stateOf(home, proposalId),
    ballotOf(home, proposalId),
    votesOf(home, proposal, now),
  ]);
  const parts = partsOf(home, proposal);
  const places = { book: new Book(context.root, network.rollups), home: home.description, rollups: network.rollups };
  const tallies = await talliesOf(network, home, ballot);
  const legs = await legStatuses(network, parts.legs, { proposalId, isExecuted: state === "executed" });
  const next = await nextStep(home, proposal, { state, now, ballot, tallies, legs });
  const when = (moment: bigint): string => momentText(home.description, moment);

  output.line(`Proposal ${proposalId}: ${titleOf(proposal)}`);
  output.line(`${state}; proposed by ${proposer}, votes until ${when(ballot.votesUntil)}, end ${when(end)}`);
  showParts(output, places, parts);
  const count = (amount: bigint): string => voteText(home.description, amount);
  const sum = `${count(votes.forVotes)} for, ${count(votes.againstVotes)} against, ${count(votes.abstainVotes)} abstain`;
  output.line(`Counted: ${sum}; quorum ${count(votes.quorum)}`);
  if (tallies.length > 0)
    await output.table(
      ["rollup", "votes cast there", "of them counted on home"],
      tallies.map(({ rollup, cast, counted }) => [
        rollup,
        cast === undefined ? "unreachable" : votesText(cast),
        votesText(counted),
      ]),
    );
  if (legs.length > 0)
    await output.table(
      ["leg", "state", "next"],
      legs.map((leg) => [leg.rollup, leg.state, leg.next]),
    );
  output.line(`Next: ${next}`);
  output.result({
    ...ballot,
    ...{ proposer, title: titleOf(proposal), state, end, votes, tallies, next },
    ...partsResult(places, parts),
    legStates: legs,
  });
}

/** Before its snapshot, the quorum is what it would be now. */
async function votesOf({ provider, description }: Connection, { proposalId, snapshot }: Announced, now: bigint) {
  const { eraGovernor } = governanceOf(description, provider);
  const [[againstVotes, forVotes, abstainVotes], quorum] = await Promise.all([
    eraGovernor.proposalVotes(proposalId),
    eraGovernor.quorum(snapshot < now ? snapshot : now - 1n),
  ]);
  return { againstVotes, forVotes, abstainVotes, quorum };
}

interface TallyLine {
  readonly rollup: string;
  /** Wei of votes; undefined if the rollup does not answer. */
  readonly cast: bigint | undefined;
  readonly counted: bigint;
}

async function talliesOf(network: Network, home: Connection, ballot: Ballot): Promise<TallyLine[]> {
  // A community's votes are all on home.
  if (home.description.dao !== undefined) return [];
  const { eraGovernor } = governanceOf(home.description, home.provider);
  const others = network.rollups.filter(({ chainId }) => BigInt(chainId) !== home.chainId);
  return Promise.all(
    others.map(async (rollup) => {
      const counted = await eraGovernor.countedTally(ballot.proposalId, rollup.chainId);
      const cast = await withRollups([rollup], ([connection]) => castOn(connection, ballot)).catch(() => undefined);
      return { rollup: rollup.name, cast, counted: sumOf(counted) };
    }),
  );
}

async function castOn(connection: Connection | undefined, ballot: Ballot): Promise<bigint> {
  if (connection === undefined) throw new Error("a connection per rollup");
  const { voteCollector } = governanceOf(connection.description, connection.provider);
  return sumOf(await voteCollector.tally(await voteCollector.ballotIdOf(ballot)));
}

function sumOf(tally: {
  readonly againstVotes: bigint;
  readonly forVotes: bigint;
  readonly abstainVotes: bigint;
}): bigint {
  return (tally.againstVotes + tally.forVotes + tally.abstainVotes) * WEI_PER_UNIT;
}

interface Standing {
  readonly state: ProposalState;
  readonly now: bigint;
  readonly ballot: Ballot;
  readonly tallies: readonly TallyLine[];
  readonly legs: readonly LegStatus[];
}

async function nextStep(
  home: Connection,
  { proposalId, snapshot, end }: Announced,
  { state, now, ballot, tallies, legs }: Standing,
): Promise<string> {
  const { provider, description } = home;
  const [flag, when] = [daoFlag(description), (moment: bigint): string => momentText(description, moment)];
  const what = description.dao === undefined ? "deposits" : "votes";
  if (state === "pending") return `wait until ${when(snapshot)}: then ${what} are counted and votes begin`;
  if (state === "active" && now <= ballot.votesUntil) {
    const where = description.dao === undefined ? " --on <rollup>" : flag;
    return `./metalayer vote ${proposalId} --support for${where}, until ${when(ballot.votesUntil)}`;
  }
  if (state === "active") {
    const open = tallies
      .filter(({ cast, counted }) => cast !== undefined && cast > counted)
      .map(({ rollup }) => rollup);
    if (open.length === 0) return `wait until ${when(end)}: then it can be queued if it has passed`;
    return `./metalayer tally ${proposalId} --of <rollup> (${open.join(", ")}), until ${when(end)}`;
  }
  if (state === "succeeded") return `./metalayer queue ${proposalId}${flag}`;
  if (state === "queued") {
    const readyAt = await governanceOf(description, provider).eraGovernor.proposalEta(proposalId);
    const isReady = (await secondsOf(home)) >= readyAt;
    return isReady ? `./metalayer execute ${proposalId}${flag}` : `wait until ${timeText(readyAt)}`;
  }
  if (state !== "executed") return "nothing: it has no effect";
  const left = legs.filter((leg) => leg.state !== "done");
  return left.length === 0 ? "nothing: it is in effect on every rollup" : (left[0]?.next ?? "");
}
