import type { Ballot } from "../../../sdk/src/governance.ts";
import { readTally, type Tally } from "../../../sdk/src/tally.ts";
import type { Context } from "../command.ts";
import { UsageError } from "../command.ts";
import type { Connection } from "../connection.ts";
import { readingClient } from "../connection.ts";
import { findGovernance } from "../dao/record.ts";
import type { Network, RollupDescription } from "../network.ts";
import { findNetwork, withRollups } from "../network.ts";
import { explained } from "../read.ts";
import type { Signing, WalletChoice } from "../wallet.ts";
import { findWallet, signOn } from "../wallet.ts";
import { ballotOf, findProposal, titleOf } from "./announced.ts";
import { findHome, governanceAddress, governanceOf } from "./contracts.ts";
import { submit } from "./submit.ts";
import { voteText } from "./of-dao.ts";
import { votesText } from "./votes-text.ts";

export const SUPPORT = ["against", "for", "abstain"] as const;
export type Support = (typeof SUPPORT)[number];

interface SendingOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly dryRun: boolean;
}

export interface VoteOptions extends SendingOptions {
  readonly dao: string | undefined;
  readonly support: Support;
  readonly on: string | undefined;
}

export interface TallyOptions extends SendingOptions {
  readonly of: string;
  readonly by: "message" | "proof";
}

const WEI_PER_UNIT = 10n ** 9n;

/** Casts all votes that the account had at the snapshot on one rollup. */
export async function voteCommand(context: Context, options: VoteOptions): Promise<void> {
  const network = findGovernance(context, options);
  const wallet = await findWallet(context, network, options);
  const homeRollup = await findHome(network);
  const rollup = options.on === undefined ? homeRollup : network.rollup(options.on);
  await withPair(homeRollup, rollup, async (home, connection) => {
    const proposal = await findProposal(home, context.args[0] ?? "");
    const ballot = await ballotOf(home, proposal.proposalId);
    const signing = await signOn(connection, wallet);
    await cast(connection, signing, { home, ballot, options });
    const { eraVotes } = governanceOf(connection.description, connection.provider);
    const votes = options.dryRun ? undefined : await eraVotes.getPastVotes(signing.address, ballot.snapshot);
    const done =
      votes === undefined
        ? "Nothing was sent; the vote would be taken."
        : `${voteText(homeRollup, votes)} ${options.support}`;
    context.output.line(`${connection.name}, "${titleOf(proposal)}": ${done}`);
    if (connection !== home && votes !== undefined)
      context.output.line(
        `Next: ./metalayer tally ${proposal.proposalId} --of ${connection.name} brings the votes home.`,
      );
    context.output.result({
      proposalId: proposal.proposalId,
      rollup: connection.name,
      voter: signing.address,
      votes,
      support: options.support,
    });
  });
}

async function cast(
  connection: Connection,
  signing: Signing,
  { home, ballot, options }: { readonly home: Connection; readonly ballot: Ballot; readonly options: VoteOptions },
): Promise<void> {
  const governance = governanceOf(connection.description, signing.wallet);
  const support = SUPPORT.indexOf(options.support);
  const call =
    connection === home
      ? await governance.eraGovernor.castVote.populateTransaction(ballot.proposalId, support)
      : await governance.voteCollector.castVote.populateTransaction(ballot, support);
  await submit(connection, signing, "take the vote", call, options.dryRun);
}

/** Brings another rollup's tally home: by a message from there, or by a storage proof that needs nothing from there. */
export async function tallyCommand(context: Context, options: TallyOptions): Promise<void> {
  const network: Network = findNetwork(context, options.network);
  const wallet = await findWallet(context, network, options);
  const homeRollup = await findHome(network);
  const rollup = network.rollup(options.of);
  if (rollup === homeRollup) throw new UsageError(`votes on ${rollup.name} count there already: it is home`);
  await withPair(homeRollup, rollup, async (home, connection) => {
    const { proposalId } = await findProposal(home, context.args[0] ?? "");
    const ballot = await ballotOf(home, proposalId);
    const isProof = options.by === "proof";
    const signing = await signOn(isProof ? home : connection, wallet);
    const brought = isProof
      ? await prove(home, connection, ballot, signing, options.dryRun)
      : await send(connection, ballot, signing, options.dryRun);
    const said = `${connection.name}: ${tallyText(brought.tally)}`;
    context.output.line(options.dryRun ? `${said}. Nothing was sent.` : `${said}. ${brought.done}`);
    context.output.result({
      proposalId,
      rollup: connection.name,
      by: options.by,
      sent: !options.dryRun,
      ...brought.tally,
      ...brought.details,
    });
  });
}

interface Brought {
  readonly tally: Tally;
  readonly done: string;
  readonly details: object;
}

async function send(connection: Connection, ballot: Ballot, signing: Signing, dryRun: boolean): Promise<Brought> {
  const { voteCollector } = governanceOf(connection.description, signing.wallet);
  const tally = await voteCollector.tally(await voteCollector.ballotIdOf(ballot));
  const call = await voteCollector.sendTally.populateTransaction(ballot);
  const receipt = await submit(connection, signing, "send its tally", call, dryRun);
  const sent = receipt?.logs
    .map((log) => voteCollector.interface.parseLog(log))
    .find((log) => log?.name === "TallySent");
  const sendId: unknown = sent?.args["sendId"];
  const { againstVotes, forVotes, abstainVotes } = tally;
  const done = `On its way home; ./metalayer status ${String(sendId)} follows it.`;
  return { tally: { againstVotes, forVotes, abstainVotes }, done, details: { sendId } };
}

async function prove(
  home: Connection,
  connection: Connection,
  ballot: Ballot,
  signing: Signing,
  dryRun: boolean,
): Promise<Brought> {
  const client = await readingClient([home, connection]);
  const collector = governanceAddress(connection.description, "VoteCollector");
  const query = { of: connection.chainId, home: home.chainId, collector, ballot };
  const { tally, head, proof } = await readTally(client, query).catch((error: unknown) => {
    throw explained(error, connection.name, home.name);
  });
  const { tallyReader } = governanceOf(home.description, signing.wallet);
  const { anchorIndex } = head;
  const call = await tallyReader.proveTally.populateTransaction(
    connection.chainId,
    anchorIndex,
    ballot.proposalId,
    proof,
  );
  const receipt = await submit(home, signing, "count the tally", call, dryRun);
  const { eraGovernor } = governanceOf(home.description, home.provider);
  const isIgnored = receipt?.logs.some((log) => eraGovernor.interface.parseLog(log)?.name === "TallyIgnored") === true;
  const proven = `Proven on ${home.name} against block ${head.number}, which the guardians attested`;
  const done = isIgnored
    ? `${proven}, but it changes nothing: the proposal is not open, or a tally of this block or a later one counts already.`
    : `${proven}.`;
  const details = { block: head.number, anchorIndex, proofBytes: (proof.length - 2) / 2, isIgnored };
  return { tally, done, details };
}

function tallyText({ againstVotes, forVotes, abstainVotes }: Tally): string {
  const parts = [againstVotes, forVotes, abstainVotes].map((units) => votesText(units * WEI_PER_UNIT));
  return SUPPORT.map((word, index) => `${parts[index]} ${word}`).join(", ");
}

/** Connects to home and one rollup, which may be home itself. */
export async function withPair<T>(
  home: RollupDescription,
  rollup: RollupDescription,
  task: (home: Connection, connection: Connection) => Promise<T>,
): Promise<T> {
  return withRollups([...new Set([home, rollup])], async ([first, second]) => {
    if (first === undefined) throw new Error("a connection per rollup");
    return task(first, second ?? first);
  });
}
