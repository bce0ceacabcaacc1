import type { Interface } from "ethers";
import type { Address, Hex } from "../../../sdk/src/bytes.ts";
import { LANE_OPEN, type MetalayerClient } from "../../../sdk/src/client.ts";
import type { SentMessage } from "../../../sdk/src/events.ts";
import { messagesIn } from "../../../sdk/src/rollup.ts";
import type { MessageStatus } from "../../../sdk/src/status.ts";
import { sendCalls, simulateCalls, type Call } from "../calls.ts";
import type { Context } from "../command.ts";
import { CommandError } from "../command.ts";
import type { Connection } from "../connection.ts";
import { unitsText } from "../format.ts";
import { payerOf } from "../payer.ts";
import { refusal } from "../transactions.ts";
import { waitForDelivery } from "../wait.ts";
import type { Signing } from "../wallet.ts";

/** What one transaction of an owner does on one rollup. */
export interface Part {
  readonly rollup: string;
  readonly chainId: bigint;
  /** Of the application there. */
  readonly address: Address;
  /** Least gas of the message. */
  readonly gasLimit: bigint;
  /** Bytes of the message; none where no message is needed. */
  readonly payloadLength: number;
}

/** One transaction of an owner, and the messages that it sends. */
export interface Shipment {
  readonly source: Connection;
  readonly signing: Signing;
  /** Of the owner on the source: pays for the messages. */
  readonly account: string;
  readonly call: Call;
  /** Whose errors are readable. */
  readonly abi: Interface;
  readonly parts: readonly Part[];
  /** Of all these rollups. */
  readonly client: MetalayerClient;
  /** Called as soon as the transaction is in a block. */
  readonly onSent?: () => void;
}

/** What came of it. */
export interface Shipped {
  /** For machines. */
  readonly result: object;
  readonly isSent: boolean;
  /** False if it was waited for, and not everything was delivered. */
  readonly isComplete: boolean;
}

/** Throws CLI_NO_LANE for the first rollup that the source sends nothing to. */
export async function checkLanes(source: Connection, on: readonly Pick<Part, "chainId" | "rollup">[]): Promise<void> {
  for (const { chainId, rollup } of on) {
    if (await isReached(source, chainId)) continue;
    const what = `${source.name} has not admitted ${rollup}: there is no lane between them`;
    const next = "leave it out (--on), or have it admitted (./metalayer admit)";
    throw new CommandError("CLI_NO_LANE", what, "Nothing was sent", next);
  }
}

/** Whether a rollup is the source itself, or one that it sends to. */
export async function isReached(source: Connection, chainId: bigint): Promise<boolean> {
  return chainId === source.chainId || (await source.contracts.gateway.outLane(chainId)).status === LANE_OPEN;
}

/** Shows what the transaction does, and sends it unless it is a dry run. Throws CLI_REFUSED, CLI_NOT_MINED. */
export async function ship(
  context: Context,
  shipment: Shipment,
  { dryRun, wait }: { readonly dryRun: boolean; readonly wait: bigint | undefined },
): Promise<Shipped> {
  const { source, signing, account, call, parts } = shipment;
  const fees = await Promise.all(parts.map((part) => feeOf(source, part)));
  const total = fees.reduce((sum, fee) => sum + fee, 0n);
  const paidBy = total === 0n ? undefined : await payerOf(source, account, total);
  await showParts(context, parts, fees);
  if (parts.some(isMessage)) context.output.line(costText(total, paidBy, { source, account }));
  const [simulated] = await simulateCalls(source, signing.address, [call], [shipment.abi]);
  const rollups = parts.map((part, index) => ({ ...part, fee: fees[index] }));
  const base = { fee: total, paidBy };
  if (dryRun) {
    const gas = simulated?.gas?.toLocaleString("en-US") ?? "unknown";
    const size = ((call.data.length - 2) / 2).toLocaleString("en-US");
    const { address } = signing;
    const what = `${address} would send one transaction on ${source.name}, with ${size} bytes to ${call.contract} ${call.to}`;
    context.output.line(`${what}, which uses ${gas} gas. Nothing was sent.`);
    context.output.line("Next: run this again without --dry-run");
    const transaction = { rollup: source.name, from: address, to: call.to, data: call.data, gas: simulated?.gas };
    return { result: { ...base, rollups, sent: false, transaction }, isSent: false, isComplete: true };
  }
  const { messages, transaction, isComplete, stateOf } = await send(context, shipment, wait);
  const sent = rollups.map((part) => {
    const message = messages.find(({ dstChainId }) => dstChainId === part.chainId);
    return message === undefined ? part : { ...part, sendId: message.sendId, state: stateOf(message) };
  });
  return { result: { ...base, rollups: sent, sent: true, transaction }, isSent: true, isComplete };
}

async function send(context: Context, shipment: Shipment, wait: bigint | undefined) {
  const { source, signing, call, client, onSent } = shipment;
  const since = await newestBlocks(shipment);
  const { receipts } = await sendCalls(source, signing, [call]);
  onSent?.();
  const messages = receipts.flatMap(({ logs }) => messagesIn(client.rollup(source.chainId), logs));
  const [receipt] = receipts;
  const states = wait === undefined ? undefined : await waitForAll(context, client, messages, since, wait);
  return {
    messages,
    transaction: { rollup: source.name, hash: receipt?.hash, gas: receipt?.gasUsed },
    isComplete: states === undefined || [...states.values()].every((state) => state === "delivered"),
    stateOf: ({ sendId }: SentMessage) => states?.get(sendId) ?? "sent",
  };
}

/** Newest block of every destination: a message that is sent after this is delivered in none before. */
async function newestBlocks({ client, parts }: Shipment): Promise<ReadonlyMap<bigint, number>> {
  const chainIds = parts.filter(isMessage).map(({ chainId }) => chainId);
  const blocks = await Promise.all(chainIds.map((chainId) => client.rollup(chainId).provider.getBlockNumber()));
  return new Map(chainIds.map((chainId, index) => [chainId, blocks[index] ?? 0]));
}

const isMessage = ({ payloadLength }: Part): boolean => payloadLength > 0;

async function feeOf(source: Connection, { rollup, chainId, gasLimit, payloadLength }: Part): Promise<bigint> {
  if (payloadLength === 0) return 0n;
  try {
    return await source.contracts.gateway.quote(chainId, payloadLength, gasLimit);
  } catch (error) {
    throw refusal(source.name, `price a message to ${rollup}`, error) ?? error;
  }
}

async function showParts({ output }: Context, parts: readonly Part[], fees: readonly bigint[]): Promise<void> {
  const rows = parts.map(({ rollup, address, gasLimit, payloadLength }, index) =>
    payloadLength === 0
      ? [rollup, address, "in the transaction", "", ""]
      : [rollup, address, "by message", gasLimit.toLocaleString("en-US"), unitsText(fees[index] ?? 0n)],
  );
  await output.table(["rollup", "address", "", "gas there", "fee"], rows);
}

function costText(
  total: bigint,
  paidBy: "credit" | "sponsor" | undefined,
  { source, account }: Pick<Shipment, "source" | "account">,
): string {
  if (total === 0n) return "The messages cost nothing.";
  const text = `The messages cost ${unitsText(total)}`;
  if (paidBy === "credit") return `${text}, from the credit of the owner's account ${account}.`;
  if (paidBy === "sponsor") return `${text}, which the sponsor of the owner's account ${account} pays.`;
  const lacking = `which the credit of the owner's account ${account} on ${source.name} does not cover`;
  const buy = `./metalayer credit buy --on ${source.name} --for ${account} --amount <era>`;
  return `${text}, ${lacking}: they are delivered by whoever pays for the gas (${buy} changes that).`;
}

async function waitForAll(
  context: Context,
  client: MetalayerClient,
  messages: readonly SentMessage[],
  since: ReadonlyMap<bigint, number>,
  seconds: bigint,
): Promise<ReadonlyMap<Hex, MessageStatus["state"]>> {
  const deadline = performance.now() + Number(seconds) * 1_000;
  const states = new Map<Hex, MessageStatus["state"]>();
  for (const message of messages) {
    const left = Math.max(0, deadline - performance.now());
    const state = await waitForDelivery(context, client, message, since.get(message.dstChainId), left);
    states.set(message.sendId, state);
  }
  return states;
}

/** What is done where, and what is on its way: `done` as in "stands on". */
export function sentText(what: string, done: string, parts: readonly Part[], isDelivered: boolean): string {
  const made = parts.filter(({ payloadLength }) => isDelivered || payloadLength === 0).map(({ rollup }) => rollup);
  const sent = parts.map(({ rollup }) => rollup).filter((rollup) => !made.includes(rollup));
  const told = [
    ...(made.length === 0 ? [] : [`${done} ${made.join(", ")}`]),
    ...(sent.length === 0 ? [] : [`is on its way to ${sent.join(", ")}`]),
  ];
  return `${what} ${told.join(" and ")}.`;
}
