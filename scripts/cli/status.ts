import type { Hex } from "../../sdk/src/bytes.ts";
import type { SentMessage } from "../../sdk/src/events.ts";
import type { MessageStatus } from "../../sdk/src/status.ts";
import type { Context } from "./command.ts";
import { CommandError } from "./command.ts";
import type { Connection } from "./connection.ts";
import { readingClient } from "./connection.ts";
import type { Advice, MessageFacts } from "./message-report.ts";
import { adviseOn, detailsOf, readFacts, stageOf } from "./message-report.ts";
import { findNetwork, withRollups } from "./network.ts";

type Known = Exclude<MessageStatus, { state: "unknown" }>;

/** The answer is "no" (exit code 1) for what no rollup of the network knows. */
export async function statusCommand(
  context: Context,
  reference: Hex,
  options: { readonly network: string | undefined },
): Promise<false | undefined> {
  const network = findNetwork(context, options.network);
  return withRollups(network.rollups, async (connections) => {
    const client = await readingClient(connections);
    const statuses = await client.status(reference);
    const known = statuses.filter((status): status is Known => status.state !== "unknown");
    if (known.length === 0) return reportUnknown(context, connections, reference);
    const reports = await Promise.all(
      known.map(async (status) => {
        const facts = await readFacts(
          status,
          client,
          rollupOf(connections, status.message.srcChainId),
          rollupOf(connections, status.message.dstChainId),
        );
        return { facts, advice: adviseOn(facts) };
      }),
    );
    for (const { facts, advice } of reports) show(context, facts, advice);
    context.output.result({ reference, messages: reports.map(({ facts, advice }) => forMachines(facts, advice)) });
    return undefined;
  });
}

export function rollupOf(connections: readonly Connection[], chainId: bigint): Connection {
  const found = connections.find((connection) => connection.chainId === chainId);
  if (found !== undefined) return found;
  const next = "add that rollup to the network's description";
  const what = `the message concerns rollup ${chainId}, which the network's description does not name`;
  throw new CommandError("CLI_UNKNOWN_ROLLUP", what, "Nothing was done", next);
}

function show({ output }: Context, facts: MessageFacts, { explanation, next }: Advice): void {
  output.line(`${stageOf(facts).toUpperCase()}  ${explanation}`);
  for (const [label, value] of detailsOf(facts)) output.line(`  ${label.padEnd(7)} ${value}`);
  if (next.length > 0) output.line("What you can do now:");
  for (const { what, command, cost } of next) {
    output.line(`  - ${what}${cost === undefined ? "" : ` (${cost})`}`);
    if (command !== undefined) output.line(`      ${command}`);
  }
}

function forMachines(facts: MessageFacts, { explanation, next }: Advice) {
  const { status, source, destination, trial, deliveryCost } = facts;
  const { message, funded, pausedUntil } = status;
  return {
    state: stageOf(facts),
    source,
    destination,
    explanation,
    next,
    message: describe(message),
    funded,
    pausedUntil,
    trial,
    deliveryCostWei: deliveryCost,
    ...(status.state === "sent" ? { blocksToFinality: status.blocksToFinality } : {}),
    ...(status.state === "failed"
      ? { attempts: status.attempts, reason: status.reason, lastAttempt: status.lastAttempt }
      : {}),
    ...(status.state === "delivered" ? { delivery: status.delivery } : {}),
  };
}

function describe({ kind, nonce, gasLimit, fee, sender, recipient, payload, sendId, ...place }: SentMessage) {
  const { blockNumber, transactionHash } = place;
  return { sendId, kind, nonce, sender, recipient, payload, gasLimit, fee, blockNumber, transactionHash };
}

/** No message: perhaps the transaction is known all the same. */
async function reportUnknown({ output }: Context, connections: readonly Connection[], reference: Hex): Promise<false> {
  const found = await Promise.all(connections.map((connection) => transactionOn(connection, reference)));
  const explanation =
    found.find((text) => text !== undefined) ??
    "No rollup of this network knows a message or transaction of this number.";
  output.line(`UNKNOWN  ${explanation}`);
  output.line("What you can do now:");
  output.line(
    "  - check the number; a message appears when its transaction is in a block, and disappears if a reorg removes that block",
  );
  output.result({ reference, messages: [], state: "unknown", explanation });
  return false;
}

async function transactionOn({ name, provider }: Connection, hash: Hex): Promise<string | undefined> {
  const transaction = await provider.getTransaction(hash);
  if (transaction === null) return undefined;
  if (transaction.blockNumber === null) return `The transaction waits to be taken into a block of ${name}.`;
  const receipt = await provider.getTransactionReceipt(hash);
  if (receipt?.status === 0) return `The transaction failed on ${name}, so it sent nothing.`;
  return `The transaction is in block ${transaction.blockNumber} of ${name}, but it sent no message.`;
}
