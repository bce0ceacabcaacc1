import type { Proposal } from "../../../sdk/src/governance.ts";
import { readProposal } from "../../../sdk/src/proposalRead.ts";
import type { Context } from "../command.ts";
import type { Connection } from "../connection.ts";
import { findGovernance } from "../dao/record.ts";
import type { Network } from "../network.ts";
import { withRollups } from "../network.ts";
import type { WalletChoice } from "../wallet.ts";
import { findWallet, signOn } from "../wallet.ts";
import { ballotOf } from "./announced.ts";
import { buildFromFile } from "./build.ts";
import { Book } from "./call-text.ts";
import { findHome, governanceOf } from "./contracts.ts";
import { daoFlag, momentText } from "./of-dao.ts";
import type { ProposalFile } from "./proposal-file.ts";
import { readProposalFile } from "./proposal-file.ts";
import { partsResult, proposalResult, showParts } from "./report.ts";
import { submit } from "./submit.ts";

export interface ProposeOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly dao: string | undefined;
  readonly dryRun: boolean;
}

export async function proposeCommand(context: Context, options: ProposeOptions): Promise<void> {
  const source = context.path(context.args[0] ?? "");
  const file = readProposalFile(source);
  return proposeFile(context, findGovernance(context, options), { source, file }, options);
}

/** Builds a proposal from its file and sends it. */
async function proposeFile(
  context: Context,
  network: Network,
  { source, file }: { readonly source: string; readonly file: ProposalFile },
  options: ProposeOptions,
): Promise<void> {
  const wallet = await findWallet(context, network, options);
  const homeRollup = await findHome(network);
  const asked = [homeRollup, ...file.legs.map(({ rollup }) => network.rollup(rollup))];
  await withRollups([...new Set(asked)], async (connections) => {
    const home = connections.find(({ name }) => name === homeRollup.name);
    if (home === undefined) throw new Error("a connection to home");
    const book = new Book(context.root, network.rollups);
    const proposal = await buildFromFile({ source, network, book, home, connections }, file);
    await sendProposal(context, { network, book, home, wallet, proposal, title: file.title }, options.dryRun);
  });
}

export interface ReadyProposal {
  readonly network: Network;
  readonly book: Book;
  readonly home: Connection;
  readonly wallet: Awaited<ReturnType<typeof findWallet>>;
  readonly proposal: Proposal;
  readonly title: string;
}

/** Shows every leg of a proposal as its calldata has it, and proposes it unless it is a dry run. */
export async function sendProposal(
  context: Context,
  { network, book, home, wallet, proposal, title }: ReadyProposal,
  dryRun: boolean,
): Promise<void> {
  const { description: rollup } = home;
  const places = { book, home: rollup, rollups: network.rollups };
  const parts = readProposal(rollup.contracts.MetalayerGateway, proposal);
  showParts(context.output, places, parts);
  const signing = await signOn(home, wallet);
  const { eraGovernor } = governanceOf(rollup, signing.wallet);
  const { targets, values, payloads, description } = proposal;
  const call = await eraGovernor.propose.populateTransaction([...targets], [...values], [...payloads], description);
  await submit(home, signing, "take the proposal", call, dryRun);
  const times = dryRun ? {} : await announce(context, home, proposal.proposalId, title);
  if (dryRun) context.output.line(`Nothing was sent. It would be proposal ${proposal.proposalId}.`);
  const result = { ...proposalResult(proposal), ...partsResult(places, parts), ...times };
  context.output.result({ proposed: !dryRun, ...result });
}

async function announce({ output }: Context, home: Connection, proposalId: bigint, title: string) {
  const { snapshot, votesUntil } = await ballotOf(home, proposalId);
  output.line(`Proposal ${proposalId}: ${title}`);
  const { description } = home;
  const [when, until] = [momentText(description, snapshot), momentText(description, votesUntil)];
  output.line(
    `${description.dao === undefined ? "Deposits" : "Votes"} count as they are at ${when}; votes until ${until}.`,
  );
  const where = description.dao === undefined ? "--on <rollup>" : daoFlag(description).trim();
  output.line(`Next: ./metalayer vote ${proposalId} --support for ${where}`);
  return { snapshot, votesUntil };
}
