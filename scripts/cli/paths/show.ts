import { ZeroAddress } from "ethers";
import { fixedBytes, toHex, type Address, type Hex } from "../../../sdk/src/bytes.ts";
import type { MetalayerClient } from "../../../sdk/src/client.ts";
import { MetalayerError } from "../../../sdk/src/errors.ts";
import { readLogs } from "../../../sdk/src/rollup.ts";
import { IPathRecipient__factory } from "../../../typechain-types/factories/contracts/paths/IPathRecipient__factory.js";
import { checkedAddress } from "../accounts.ts";
import type { Context } from "../command.ts";
import { CommandError } from "../command.ts";
import type { Connection } from "../connection.ts";
import { readingClient } from "../connection.ts";
import { timeText } from "../format.ts";
import { findNetwork, withRollups } from "../network.ts";
import { provenCounts } from "./heads.ts";
import {
  demandOf,
  demandText,
  heldOf,
  isLaneOpen,
  recipientAt,
  rootSourceAt,
  type Demand,
  type Held,
  type Recipient,
  type RootSource,
} from "./recipient.ts";

export interface ShowOptions {
  readonly network: string | undefined;
  readonly on: string | undefined;
}

/** What a recipient demands of messages from one rollup, and what there is of it. */
interface Demanded {
  readonly rollup: string;
  readonly demand: Demand;
  readonly source: RootSource | undefined;
  /** Messages sent from there, and how many of them the newest head covers that was proven; both unknown without a lane. */
  readonly sent: bigint | undefined;
  readonly proven: bigint | undefined;
}

/** A message that waits for further paths. */
interface Waiting extends Held {
  readonly receiveId: Hex;
  readonly rollup: string;
  readonly has: readonly string[];
  readonly next: string;
}

const EVENTS = IPathRecipient__factory.createInterface();

/** What a recipient demands of each rollup, which state roots it believes, and which messages wait for what. */
export async function showPaths(context: Context, given: Address, options: ShowOptions): Promise<void> {
  const { output } = context;
  const network = findNetwork(context, options.network);
  const address = checkedAddress("<recipient>", given);
  const asked = options.on === undefined ? undefined : network.rollup(options.on);
  await withRollups(network.rollups, async (connections) => {
    const places = connections.filter(({ name }) => asked === undefined || name === asked.name);
    const found = await Promise.all(places.map((at) => recipientAt(at, address)));
    const recipients = found.filter((each) => each !== undefined);
    if (recipients.length === 0) {
      const what = `${address} states no paths on ${places.map(({ name }) => name).join(", ")}`;
      const next = "the guardians' quorum is all that it takes there, if it is a recipient; check address and --on";
      throw new CommandError("CLI_NO_PATHS", what, "Nothing was done", next);
    }
    const client = await readingClient(connections);
    const shown = await Promise.all(
      recipients.map(async (recipient) => {
        const others = connections.filter((other) => other !== recipient.at);
        const demands = await Promise.all(others.map((src) => demandedOf(context.root, client, recipient, src)));
        const waiting = await waitingAt(client, recipient, connections);
        return { recipient, demands, waiting };
      }),
    );
    for (const { recipient, demands, waiting } of shown) {
      output.line(`${address} on ${recipient.at.name} demands:`);
      await output.table(["from", "paths", "state roots of", "sent", "proven up to", "vetoer"], demands.map(rowOf));
      if (waiting.length > 0) await showWaiting(context, waiting);
    }
    output.result({
      recipient: address,
      places: shown.map(({ recipient, demands, waiting }) => ({ rollup: recipient.at.name, demands, held: waiting })),
    });
  });
}

async function demandedOf(
  root: string,
  client: MetalayerClient,
  recipient: Recipient,
  src: Connection,
): Promise<Demanded> {
  const demand = await demandOf(recipient, src.chainId);
  const source = await rootSourceAt(root, recipient.at, demand.rootSource);
  const base = { rollup: src.name, demand, source };
  try {
    const lane = await client.lane(src.chainId, recipient.at.chainId);
    const { nonce: sent } = await src.contracts.gateway.outLane(recipient.at.chainId);
    const counts = source === undefined ? [] : await provenCounts(client, recipient, lane, source.address);
    return { ...base, sent, proven: source === undefined ? undefined : (counts.at(-1) ?? 0n) };
  } catch (error) {
    if (error instanceof MetalayerError && error.code === "CLIENT_NO_LANE")
      return { ...base, sent: undefined, proven: undefined };
    throw error;
  }
}

function rowOf({ rollup, demand, source, sent, proven }: Demanded): string[] {
  const roots = source === undefined ? "" : `${source.address}\n${familyText(source)}`;
  const vetoer = demand.vetoer === ZeroAddress ? "" : demand.vetoer;
  return [
    rollup,
    demandText(demand),
    roots,
    sent === undefined ? "no lane" : String(sent),
    proven?.toString() ?? "",
    vetoer,
  ];
}

function familyText({ family, posted }: RootSource): string {
  return family === "unknown" ? "not a contract of this build" : `${family} of ${posted}`;
}

async function showWaiting({ output }: Context, waiting: readonly Waiting[]): Promise<void> {
  output.line("Held until further paths have come:");
  await output.table(
    ["from", "since", "has come by", "next"],
    waiting.map(({ rollup, since, has, next }) => [rollup, timeText(since), has.join(", "), next]),
  );
}

/** Messages that a first path brought, and that are neither executed yet nor forgotten. */
async function waitingAt(
  client: MetalayerClient,
  recipient: Recipient,
  connections: readonly Connection[],
): Promise<Waiting[]> {
  const { at, address } = recipient;
  const handle = client.rollup(at.chainId);
  const topics = EVENTS.encodeFilterTopics("MessageHeld", []).map((topic) => (Array.isArray(topic) ? null : topic));
  const logs = await readLogs(handle, topics, handle.fromBlock, undefined, address);
  const block = await at.provider.getBlock("latest");
  const now = BigInt(block?.timestamp ?? 0);
  const all = await Promise.all(
    logs.map(async ({ topics: [, id = "", chainId = "0x0"] }): Promise<Waiting | undefined> => {
      const receiveId = toHex(fixedBytes("receiveId", id, 32));
      const held = await heldOf(recipient, receiveId);
      if (held.executed) return undefined;
      const rollup = connections.find((src) => src.chainId === BigInt(chainId))?.name ?? `rollup ${BigInt(chainId)}`;
      const demand = await demandOf(recipient, BigInt(chainId));
      const due = held.since + demand.delay;
      const isLate = demand.delay !== 0n && now >= due;
      // A proof that came first is not remembered: it is shown again when the message is executed.
      const has = [...(held.quorum ? ["quorum"] : ["proof"]), ...(isLate ? ["delay"] : [])];
      const lost = held.vetoed ? undefined : await lostText(client, recipient, receiveId, rollup);
      const next = lost ?? nextOf(receiveId, demand, held, isLate ? undefined : due);
      return { ...held, receiveId, rollup, has, next };
    }),
  );
  return all.filter((each) => each !== undefined);
}

/** Why nothing brings a held message any more; undefined if something does. */
async function lostText(
  client: MetalayerClient,
  recipient: Recipient,
  receiveId: Hex,
  rollup: string,
): Promise<string | undefined> {
  const [message] = await client.find(receiveId);
  if (message === undefined) return neverSentText(recipient, receiveId);
  if (await isLaneOpen(recipient, message)) return undefined;
  return `its lane is open no more: ${rollup} was removed here, or one of the two rollups began anew`;
}

function neverSentText({ at, address }: Recipient, receiveId: Hex): string {
  const stop = `./metalayer path veto ${receiveId} --on ${at.name} --recipient ${address}`;
  return `no rollup of this network knows it: it was never sent, or its rollup began anew. To stop it: ${stop}`;
}

function nextOf(receiveId: Hex, demand: Demand, held: Held, due: bigint | undefined): string {
  if (held.vetoed) return "stopped by the vetoer; whoever administers the recipient may lift that";
  const deliver = `./metalayer path deliver ${receiveId}`;
  if (!held.quorum && demand.quorum) return `./metalayer retry ${receiveId}`;
  if (demand.rootSource !== ZeroAddress || due === undefined) return deliver;
  return demand.delay === 0n ? "its demand has changed: look above" : `${deliver} after ${timeText(due)}`;
}
