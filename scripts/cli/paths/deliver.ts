import type { Hex } from "../../../sdk/src/bytes.ts";
import type { MetalayerClient } from "../../../sdk/src/client.ts";
import type { SentMessage } from "../../../sdk/src/events.ts";
import {
  checkpointProof,
  laneHeadProof,
  nextCheckpoint,
  NO_LANE_PROOF,
  pathMessage,
  type LanePathProof,
} from "../../../sdk/src/paths.ts";
import { CHECKPOINT_INTERVAL } from "../../../sdk/src/message.ts";
import type { Lane } from "../../../sdk/src/route.ts";
import { callOf, makeCalls, type Call, type Made } from "../calls.ts";
import type { Context } from "../command.ts";
import { CommandError } from "../command.ts";
import type { Connection } from "../connection.ts";
import { readingClient } from "../connection.ts";
import { timeText } from "../format.ts";
import { findNetwork, withRollups } from "../network.ts";
import { rollupOf } from "../status.ts";
import type { WalletChoice } from "../wallet.ts";
import { findWallet, signOn, type Signing } from "../wallet.ts";
import { countAt, leadTo, provenCounts } from "./heads.ts";
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
} from "./recipient.ts";
import { findRoot, type RootChoice } from "./roots.ts";

export interface DeliverOptions extends WalletChoice, RootChoice {
  readonly network: string | undefined;
  readonly dryRun: boolean;
}

interface Work {
  readonly context: Context;
  readonly options: DeliverOptions;
  readonly client: MetalayerClient;
  readonly message: SentMessage;
  readonly lane: Lane;
  readonly src: Connection;
  readonly recipient: Recipient;
  readonly demand: Demand;
  readonly held: Held;
  readonly signing: Signing;
}

const NOTHING = "Nothing was delivered";

/** Brings a message by the paths that its recipient demands, without asking any guardian. */
export async function deliverByPaths(context: Context, sendId: Hex, options: DeliverOptions): Promise<void> {
  const network = findNetwork(context, options.network);
  const wallet = await findWallet(context, network, options);
  await withRollups(network.rollups, async (connections) => {
    const client = await readingClient(connections);
    const { message, src, recipient, held } = await findHeld(client, connections, sendId);
    await checkOpen(message, recipient, held);
    const demand = await demandOf(recipient, src.chainId);
    const lane = await client.lane(src.chainId, recipient.at.chainId);
    const signing = await signOn(recipient.at, wallet);
    const work = { context, options, client, message, lane, src, recipient, demand, held, signing };
    const came = await pathsWithout(work);
    const isEnough = BigInt(came.length) >= demand.needed;
    if (!isEnough) checkProofHelps(work, came);
    const calls = isEnough ? [await executeCall(work, NO_LANE_PROOF)] : await proofCalls(work);
    const sent = await makeCalls(recipient.at, signing, calls, options.dryRun);
    report(work, [...came, ...(isEnough ? [] : ["proof"])], sent);
  });
}

/** The message, and what its recipient knows of it. Throws CLI_UNKNOWN_MESSAGE, CLI_NO_PATHS. */
export async function findHeld(client: MetalayerClient, connections: readonly Connection[], sendId: Hex) {
  const [message] = await client.find(sendId);
  if (message === undefined) {
    const what = "no rollup of this network knows this message";
    throw new CommandError(
      "CLI_UNKNOWN_MESSAGE",
      what,
      NOTHING,
      "check the sendId (./metalayer status); one that is held and was never sent is stopped by ./metalayer path veto with --on and --recipient",
    );
  }
  const [src, dst] = [rollupOf(connections, message.srcChainId), rollupOf(connections, message.dstChainId)];
  const recipient = await recipientAt(dst, message.recipient);
  if (recipient === undefined) {
    const what = `${message.recipient} on ${dst.name} demands nothing but the guardians' quorum`;
    throw new CommandError("CLI_NO_PATHS", what, NOTHING, `./metalayer retry ${sendId}`);
  }
  return { message, src, recipient, held: await heldOf(recipient, message.sendId) };
}

/** Throws CLI_DELIVERED, CLI_LANE_CLOSED, CLI_VETOED. */
async function checkOpen(message: SentMessage, recipient: Recipient, held: Held): Promise<void> {
  if (held.executed)
    throw new CommandError(
      "CLI_DELIVERED",
      "the message is executed already",
      "Nothing was changed",
      "nothing needs to be done",
    );
  if (!(await isLaneOpen(recipient, message))) {
    const what = `${recipient.at.name} has no open lane to which the message belongs: a rollup was removed or began anew since it was sent`;
    throw new CommandError("CLI_LANE_CLOSED", what, NOTHING, "send it again once there is a lane (./metalayer check)");
  }
  if (!held.vetoed) return;
  const next = `ask who administers the recipient to lift the veto, then ./metalayer path deliver ${message.sendId}`;
  throw new CommandError("CLI_VETOED", "the vetoer has stopped the message", NOTHING, next);
}

/** Paths by which the message has come, a proof left aside. */
async function pathsWithout({ recipient: { at }, demand, held }: Work): Promise<string[]> {
  const block = await at.provider.getBlock("latest");
  const isLate = held.since !== 0n && BigInt(block?.timestamp ?? 0) >= held.since + demand.delay;
  return [...(demand.quorum && held.quorum ? ["quorum"] : []), ...(demand.delay !== 0n && isLate ? ["delay"] : [])];
}

/** Throws CLI_PATHS_MISSING if a proof does not count, or would change nothing. */
function checkProofHelps({ demand, held, message, recipient }: Work, came: readonly string[]): void {
  const counts = BigInt(demand.rootSource) !== 0n;
  if (counts && (BigInt(came.length + 1) >= demand.needed || held.since === 0n)) return;
  const so = came.length === 0 ? "it has come by none" : `it has come by ${came.join(" and ")}`;
  const what = `${recipient.address} demands ${demandText(demand)}; ${so}${counts ? ", and a proof alone does not suffice" : ""}`;
  const byQuorum = demand.quorum && !held.quorum ? `./metalayer retry ${message.sendId}, or ` : "";
  const byDelay = demand.delay !== 0n && held.since !== 0n ? `wait until ${timeText(held.since + demand.delay)}` : "";
  const next = `${byQuorum}${byDelay}`.replace(/, or $/, "") || "ask who administers the recipient";
  throw new CommandError("CLI_PATHS_MISSING", what, NOTHING, next);
}

async function executeCall({ recipient, lane, message }: Work, proof: LanePathProof): Promise<Call> {
  const { contract } = recipient;
  const populated = contract.executeMessage.populateTransaction(pathMessage(lane, message), proof);
  return callOf("execute the message", "PathRecipient", contract, populated);
}

/** By a head that was proven already, or by one that is proven first. */
async function proofCalls(work: Work): Promise<Call[]> {
  const { client, recipient, lane, demand, message, src } = work;
  const known = await provenCounts(client, recipient, lane, demand.rootSource);
  const count = known.find((each) => each > message.nonce);
  if (count !== undefined) {
    return [await executeCall(work, await leadTo(client, src, lane, message.nonce, count))];
  }
  const recorded = await recordCall(work);
  const proof = await leadTo(client, src, lane, message.nonce, recorded.count);
  return [recorded.call, await executeCall(work, proof)];
}

/** Proves the head of the lane, or the checkpoint next to the message if that is nearer. */
async function recordCall(work: Work): Promise<{ readonly call: Call; readonly count: bigint }> {
  const { context, options, recipient, lane, demand, message, src, signing } = work;
  const { laneHeads, at } = recipient;
  const source = await rootSourceAt(context.root, at, demand.rootSource);
  if (source === undefined) throw new Error("a demand with a source");
  const { dryRun } = options;
  const found = await findRoot({ root: context.root, src, dst: at, source, signing, dryRun, choice: options });
  const { proof, stateRoot, block } = found;
  const total = await countAt(src, lane, block);
  if (message.nonce >= total) {
    const what = `block ${block} of ${src.name}, whose state is proven, does not have the message of block ${message.blockNumber}`;
    const next = "wait until a newer state of the rollup is posted on its parent chain";
    throw new CommandError("CLI_NOT_PROVABLE", what, NOTHING, next);
  }
  const index = nextCheckpoint(message.nonce);
  if (index * CHECKPOINT_INTERVAL < total) {
    const laneProof = await checkpointProof(src.provider, lane, index, stateRoot, block);
    const populated = laneHeads.recordCheckpoint.populateTransaction(source.address, index, proof, laneProof);
    return {
      call: await callOf("record the checkpoint", "LaneHeads", laneHeads, populated),
      count: index * CHECKPOINT_INTERVAL,
    };
  }
  const laneProof = await laneHeadProof(src.provider, lane, stateRoot, block);
  const populated = laneHeads.recordHead.populateTransaction(source.address, proof, laneProof);
  return { call: await callOf("record the lane's head", "LaneHeads", laneHeads, populated), count: total };
}

function report({ context: { output }, options, recipient, message, demand }: Work, came: string[], sent: Made): void {
  const { contract, address, at } = recipient;
  const executed = contract.interface.getEvent("MessageExecuted").topicHash;
  const own = sent.receipts
    .flatMap(({ logs }) => logs)
    .filter((log) => log.address.toLowerCase() === address.toLowerCase());
  const isExecuted = own.some(({ topics }) => topics[0] === executed);
  const outcome = options.dryRun ? "dry run" : isExecuted ? "executed" : "held";
  const by = came.join(" and ");
  const gas = sent.reports.reduce((sum, call) => sum + (call.gas ?? 0n), 0n).toLocaleString("en-US");
  if (outcome === "dry run") output.line(`Nothing was sent. ${at.name} would take it, by ${by}:`);
  else if (outcome === "executed") output.line(`Executed on ${at.name} by ${by} (${gas} gas).`);
  else output.line(`Held on ${at.name}: it has come by ${by}, and ${demandText(demand)} are demanded (${gas} gas).`);
  for (const { contract: name, method } of sent.reports) output.line(`  ${name}.${method}`);
  if (outcome === "held") output.line(`Next: ./metalayer path show ${address}`);
  output.result({
    sendId: message.sendId,
    rollup: at.name,
    recipient: address,
    outcome,
    paths: came,
    calls: sent.reports,
  });
}
