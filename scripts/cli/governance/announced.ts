import { EraGovernor__factory } from "../../../typechain-types/factories/contracts/governance/EraGovernor__factory.js";
import { fromHex, toAddress, type Address, type Hex } from "../../../sdk/src/bytes.ts";
import { providerReader } from "../../../sdk/src/deployment/view.ts";
import type { Ballot } from "../../../sdk/src/governance.ts";
import { readProposal, type ProposedCalls, type ReadProposal } from "../../../sdk/src/proposalRead.ts";
import { CommandError } from "../command.ts";
import type { Connection } from "../connection.ts";
import { governanceAddress, governanceOf } from "./contracts.ts";
import { daoFlag } from "./of-dao.ts";

/** A proposal as the governor announced it. Times in seconds since 1970. */
export interface Announced extends ProposedCalls {
  readonly proposalId: bigint;
  readonly proposer: Address;
  readonly description: string;
  readonly snapshot: bigint;
  readonly end: bigint;
}

const GOVERNOR = EraGovernor__factory.createInterface();

/** All proposals of a network, oldest first. */
export async function announcedProposals({ provider, description }: Connection): Promise<Announced[]> {
  const governor = governanceAddress(description, "EraGovernor");
  const { fromBlock, maxLogRange } = description;
  const range = maxLogRange === undefined ? {} : { logRange: maxLogRange };
  const event = GOVERNOR.getEvent("ProposalCreated");
  const logs = await providerReader(provider, { fromBlock, ...range }).logs(governor, asHex(event.topicHash));
  return logs.map(({ data, topics }) => {
    const fields = GOVERNOR.decodeEventLog(event, data, topics).toArray(true);
    // CAST: the event's fields as the ABI has them.
    const [proposalId, proposer, targets, values, , payloads, snapshot, end, description] = fields as Created;
    return {
      ...{ proposalId, proposer: plain(proposer), targets: targets.map(plain), values, snapshot, end, description },
      payloads: payloads.map(asHex),
    };
  });
}

type Created = [bigint, string, string[], bigint[], string[], string[], bigint, bigint, string];

/** A proposal by its number, or the newest one. Throws CLI_UNKNOWN_PROPOSAL. */
export async function findProposal(home: Connection, name: string): Promise<Announced> {
  const all = await announcedProposals(home);
  const found = name === "latest" ? all.at(-1) : all.find(({ proposalId }) => proposalId === BigInt(name));
  if (found !== undefined) return found;
  const what =
    name === "latest" ? "there is no proposal yet" : `the governor on ${home.name} knows no proposal ${name}`;
  const flag = daoFlag(home.description);
  const next = `list them with ./metalayer proposal${flag}, or make one with ./metalayer propose${flag}`;
  throw new CommandError("CLI_UNKNOWN_PROPOSAL", what, "Nothing was done", next);
}

/** The proposal taken apart: home's own calls, and the leg of every other rollup. */
export function partsOf({ description }: Connection, proposal: ProposedCalls): ReadProposal {
  return readProposal(description.contracts.MetalayerGateway, proposal);
}

/** What voters on other rollups name. */
export async function ballotOf({ description, provider }: Connection, proposalId: bigint): Promise<Ballot> {
  const { eraGovernor } = governanceOf(description, provider);
  if (description.dao === undefined) {
    const ballot = await eraGovernor.ballot(proposalId);
    return { proposalId, snapshot: ballot.snapshot, votesUntil: ballot.votesUntil };
  }
  const [snapshot, votesUntil] = await Promise.all([
    eraGovernor.proposalSnapshot(proposalId),
    eraGovernor.proposalDeadline(proposalId),
  ]);
  return { proposalId, snapshot, votesUntil };
}

/** OpenZeppelin's states of a proposal, by their numbers. */
const STATES = ["pending", "active", "cancelled", "defeated", "succeeded", "queued", "expired", "executed"] as const;
export type ProposalState = (typeof STATES)[number];

export async function stateOf({ description, provider }: Connection, proposalId: bigint): Promise<ProposalState> {
  const state = await governanceOf(description, provider).eraGovernor.state(proposalId);
  const name = STATES[Number(state)];
  if (name === undefined) throw new Error(`the governor knows no state ${state}`);
  return name;
}

/** First line of a description. */
export function titleOf({ description }: Pick<Announced, "description">): string {
  return (description.split("\n", 1)[0] ?? "").replace(/^#\s*/, "");
}

function asHex(text: string): Hex {
  return text as Hex; // CAST: ethers returns hex
}

function plain(account: string): Address {
  return toAddress(fromHex(account));
}
