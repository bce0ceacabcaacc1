import { id } from "ethers";
import type { SentLeg } from "../../../sdk/src/proposalRead.ts";
import type { Context } from "../command.ts";
import { CommandError } from "../command.ts";
import type { Connection } from "../connection.ts";
import { timeText } from "../format.ts";
import { findGovernance } from "../dao/record.ts";
import { withRollups, type Network } from "../network.ts";
import type { WalletChoice } from "../wallet.ts";
import { findWallet, signOn } from "../wallet.ts";
import { findProposal, partsOf, stateOf, type Announced, type ProposalState } from "./announced.ts";
import { findHome, governanceOf } from "./contracts.ts";
import { daoFlag } from "./of-dao.ts";
import { legStatuses, rollupOfLeg } from "./legs.ts";
import { submit } from "./submit.ts";

export interface QueueOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly dao: string | undefined;
  readonly dryRun: boolean;
}

export interface ExecuteOptions extends QueueOptions {
  readonly on: string | undefined;
}

type Wallet = Awaited<ReturnType<typeof findWallet>>;

/** Puts a proposal that has passed into home's timelock. */
export async function queueCommand(context: Context, options: QueueOptions): Promise<void> {
  const { network, wallet } = await open(context, options);
  await withHome(network, async (home) => {
    const proposal = await findProposal(home, context.args[0] ?? "");
    await expectState(home, proposal, ["succeeded"]);
    const signing = await signOn(home, wallet);
    const { eraGovernor } = governanceOf(home.description, signing.wallet);
    const call = await eraGovernor.queue.populateTransaction(...callsOf(proposal));
    await submit(home, signing, "queue the proposal", call, options.dryRun);
    const { proposalId } = proposal;
    const readyAt = options.dryRun ? undefined : await eraGovernor.proposalEta(proposalId);
    if (readyAt === undefined) context.output.line("Nothing was sent; the proposal can be queued.");
    else {
      context.output.line(`Proposal ${proposalId} waits on ${home.name} until ${timeText(readyAt)}.`);
      context.output.line(`Next, then: ./metalayer execute ${proposalId}${daoFlag(home.description)}`);
    }
    context.output.result({ proposalId, queued: !options.dryRun, readyAt });
  });
}

/** Executes home's part, or the legs that are ready on the others. Who pays has no say in what happens. */
export async function executeCommand(context: Context, options: ExecuteOptions): Promise<void> {
  const { network, wallet } = await open(context, options);
  const done: { readonly rollup: string; readonly transactionHash: string | undefined }[] = [];
  const {
    proposal,
    legs,
    state,
    home: homeName,
    flag,
  } = await withHome(network, async (home) => {
    const found = await findProposal(home, context.args[0] ?? "");
    const state = await stateOf(home, found.proposalId);
    const isAsked = options.on === undefined || network.rollup(options.on).name === home.name;
    if (isAsked && state !== "executed") {
      await expectState(home, found, ["queued"]);
      done.push({ rollup: home.name, transactionHash: await executeHome(home, wallet, found, options.dryRun) });
    }
    return {
      proposal: found,
      legs: partsOf(home, found).legs,
      state,
      home: home.name,
      flag: daoFlag(home.description),
    };
  });
  const wanted = legs.filter(
    (leg) => options.on === undefined || rollupOfLeg(network, leg) === network.rollup(options.on),
  );
  const { proposalId } = proposal;
  const statuses = await legStatuses(network, wanted, { proposalId, isExecuted: state === "executed" });
  for (const [index, leg] of wanted.entries()) {
    if (statuses[index]?.state !== "ready") continue;
    done.push({
      rollup: rollupOfLeg(network, leg).name,
      transactionHash: await executeLeg(network, leg, wallet, options.dryRun),
    });
  }
  if (done.length === 0) throw nothingReady(proposal, statuses, homeName, flag);
  const verb = options.dryRun ? "Nothing was sent; could be executed" : "Executed";
  context.output.line(`${verb} on ${done.map(({ rollup }) => rollup).join(", ")}.`);
  context.output.line(`Next: ./metalayer proposal ${proposalId}${flag}`);
  context.output.result({ proposalId, dryRun: options.dryRun, executed: done });
}

async function executeHome(
  home: Connection,
  wallet: Wallet,
  proposal: Announced,
  dryRun: boolean,
): Promise<string | undefined> {
  const signing = await signOn(home, wallet);
  const { eraGovernor } = governanceOf(home.description, signing.wallet);
  const method = eraGovernor.execute;
  const call = await method.populateTransaction(...callsOf(proposal));
  return (await submit(home, signing, "execute home's part", call, dryRun))?.hash;
}

async function executeLeg(
  network: Network,
  leg: SentLeg,
  wallet: Wallet,
  dryRun: boolean,
): Promise<string | undefined> {
  return withRollups([rollupOfLeg(network, leg)], async ([connection]) => {
    if (connection === undefined) throw new Error("a connection per rollup");
    const signing = await signOn(connection, wallet);
    const call = { to: leg.timelock, data: leg.execute };
    return (await submit(connection, signing, "execute its leg", call, dryRun))?.hash;
  });
}

function nothingReady(
  { proposalId }: Announced,
  statuses: readonly { readonly rollup: string; readonly state: string }[],
  home: string,
  flag: string,
): CommandError {
  const said = statuses.map(({ rollup, state }) => `${rollup}: ${state}`).join(", ");
  const what = `nothing of the proposal is ready (${said === "" ? `${home}: executed` : said})`;
  return new CommandError(
    "CLI_NOTHING_READY",
    what,
    "Nothing was sent",
    `see what is next with ./metalayer proposal ${proposalId}${flag}`,
  );
}

async function expectState(
  home: Connection,
  { proposalId }: Announced,
  allowed: readonly ProposalState[],
): Promise<void> {
  const state = await stateOf(home, proposalId);
  if (allowed.includes(state)) return;
  const what = `the proposal is ${state} on ${home.name}, not ${allowed.join(" or ")}`;
  throw new CommandError(
    "CLI_WRONG_STATE",
    what,
    "Nothing was sent",
    `see what is next with ./metalayer proposal ${proposalId}${daoFlag(home.description)}`,
  );
}

function callsOf({ targets, values, payloads, description }: Announced): [string[], bigint[], string[], string] {
  return [[...targets], [...values], [...payloads], id(description)];
}

async function open(
  context: Context,
  options: QueueOptions,
): Promise<{ readonly network: Network; readonly wallet: Wallet }> {
  const network = findGovernance(context, options);
  return { network, wallet: await findWallet(context, network, options) };
}

/** Runs a task with a connection to the rollup of the governor. */
export async function withHome<T>(network: Network, task: (home: Connection) => Promise<T>): Promise<T> {
  return withRollups([await findHome(network)], async ([home]) => {
    if (home === undefined) throw new Error("a connection to home");
    return task(home);
  });
}
