import { hexlify, toUtf8Bytes } from "ethers";
import { toHex } from "../../sdk/src/bytes.ts";
import { MetalayerClient } from "../../sdk/src/client.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import type { SentMessage } from "../../sdk/src/events.ts";
import { checkedAddress } from "./accounts.ts";
import type { Context } from "./command.ts";
import { CommandError, UsageError } from "./command.ts";
import type { Connection } from "./connection.ts";
import { accessOf } from "./connection.ts";
import { unitsText } from "./format.ts";
import type { RollupDescription } from "./network.ts";
import { findNetwork, withRollups } from "./network.ts";
import { refusal } from "./transactions.ts";
import { waitForDelivery } from "./wait.ts";
import type { WalletChoice } from "./wallet.ts";
import { findWallet, signOn } from "./wallet.ts";

export interface SendOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly from: string;
  readonly to: string;
  readonly recipient: `0x${string}`;
  readonly payload: `0x${string}` | undefined;
  readonly text: string | undefined;
  readonly gasLimit: number | undefined;
  readonly wait: bigint | undefined;
}

export async function sendCommand(context: Context, options: SendOptions): Promise<false | undefined> {
  const { output } = context;
  const network = findNetwork(context, options.network);
  const [from, to] = pairOf(network.rollup(options.from), network.rollup(options.to));
  const recipient = checkedAddress("--recipient", options.recipient);
  const wallet = await findWallet(context, network, options);
  return withRollups([from, to], async ([source, destination]) => {
    const [src, dst] = both(source, destination);
    const signing = await signOn(src, wallet);
    const client = await MetalayerClient.connect([accessOf(src, signing.wallet), accessOf(dst)]);
    const payload = options.payload ?? toHex(toUtf8Bytes(options.text ?? ""));
    const gas = options.gasLimit === undefined ? {} : { gasLimit: BigInt(options.gasLimit) };
    const request = { from: src.chainId, to: dst.chainId, payload: hexlify(payload), ...gas };
    const warning = await warningOf(dst, recipient);
    const since = await dst.provider.getBlockNumber();
    const message = await client.send({ ...request, recipient }).catch((error: unknown) => {
      throw explained(src, dst, error);
    });
    return report(context, { message, client, src, dst, since, waitSeconds: options.wait, warning });
  });

  async function warningOf({ provider, name }: Connection, address: string): Promise<string | undefined> {
    if ((await provider.getCode(address)) !== "0x") return undefined;
    output.line(`Note: there is no contract at ${address} on ${name} yet; until there is one, the delivery fails.`);
    return "no contract at the recipient";
  }
}

interface Sent {
  readonly message: SentMessage;
  readonly client: MetalayerClient;
  readonly src: Connection;
  readonly dst: Connection;
  /** Newest block of the destination before it was sent. */
  readonly since: number;
  readonly waitSeconds: bigint | undefined;
  readonly warning?: string | undefined;
}

/** Tells what was sent, and waits for the delivery if that is wanted: then an undelivered message is a "no". */
export async function report(context: Context, sent: Sent): Promise<false | undefined> {
  const { message, client, src, dst, since, waitSeconds, warning } = sent;
  const { output } = context;
  const { sendId, nonce, fee, unfundedQuote, transactionHash } = message;
  output.line(`Sent from ${src.name} to ${dst.name} as message ${nonce} of the lane.`);
  output.line(`  sendId       ${sendId}`);
  output.line(`  transaction  ${transactionHash}`);
  output.line(
    unfundedQuote === undefined
      ? `  fee          paid from credit; who delivers earns ${unitsText(fee)}`
      : `  fee          not paid (${unitsText(unfundedQuote)} would be due): deliverable at the price of gas alone`,
  );
  const base = { sendId, nonce, transactionHash, source: src.name, destination: dst.name, fee, unfundedQuote, warning };
  if (waitSeconds === undefined) {
    output.line(`Next: ./metalayer status ${sendId}`);
    output.result({ ...base, state: "sent" });
    return undefined;
  }
  const state = await waitForDelivery(context, client, message, since, Number(waitSeconds) * 1_000);
  output.result({ ...base, state });
  return state === "delivered" ? undefined : false;
}

/** Two different rollups. */
export function pairOf(
  from: RollupDescription,
  to: RollupDescription,
): readonly [RollupDescription, RollupDescription] {
  if (from.chainId === to.chainId) throw new UsageError("--from and --to name the same rollup");
  return [from, to];
}

export function both(
  source: Connection | undefined,
  destination: Connection | undefined,
): readonly [Connection, Connection] {
  if (source === undefined || destination === undefined) throw new Error("a connection per rollup");
  return [source, destination];
}

/** Errors of the client as sentences. */
export function explained(src: Connection, dst: Connection, error: unknown): unknown {
  if (error instanceof MetalayerError && error.code === "CLIENT_NO_LANE") {
    const what = `${src.name} has not admitted ${dst.name}: there is no lane between them`;
    const next = "name another destination (./metalayer quote lists them)";
    return new CommandError("CLI_NO_LANE", what, "Nothing was sent", next, { cause: error });
  }
  if (error instanceof MetalayerError && error.code === "CLIENT_NOT_MINED") {
    const next = "look at the account's transactions, then run this again";
    return new CommandError("CLI_NOT_MINED", error.message, "Nothing was sent", next, { cause: error });
  }
  return refusal(src.name, `send to ${dst.name}`, error) ?? error;
}
