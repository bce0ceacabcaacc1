import type { Hex } from "../../sdk/src/bytes.ts";
import type { MetalayerClient } from "../../sdk/src/client.ts";
import { readDeliveryAttempts } from "../../sdk/src/events.ts";
import { FEE_STEP, FEE_UNIT_WEI } from "../../sdk/src/fees.ts";
import { explainRevert } from "../../sdk/src/reverts.ts";
import type { MessageStatus } from "../../sdk/src/status.ts";
import type { Context } from "./command.ts";
import { CommandError, UsageError } from "./command.ts";
import type { Connection } from "./connection.ts";
import { interfaces, readingClient } from "./connection.ts";
import { eraText, spanText, timeText } from "./format.ts";
import { findNetwork, withRollups } from "./network.ts";
import { prepareRedelivery } from "./redelivery.ts";
import { rollupOf } from "./status.ts";
import { transact } from "./transactions.ts";
import { tryDelivery } from "./trial.ts";
import type { WalletChoice } from "./wallet.ts";
import { findWallet, signOn } from "./wallet.ts";

export interface RetryOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly gas: number | undefined;
  readonly force: boolean;
  readonly bounty: bigint | undefined;
  readonly return: boolean;
}

type Known = Exclude<MessageStatus, { state: "unknown" }>;
type Wallet = Awaited<ReturnType<typeof findWallet>>;

interface Work {
  readonly context: Context;
  readonly options: RetryOptions;
  readonly wallet: Wallet;
  readonly client: MetalayerClient;
  readonly status: Known;
  readonly src: Connection;
  readonly dst: Connection;
}

const NOTHING = "Nothing was delivered";

export async function retryCommand(context: Context, sendId: Hex, options: RetryOptions): Promise<false | undefined> {
  const network = findNetwork(context, options.network);
  const wallet = await findWallet(context, network, options);
  return withRollups(network.rollups, async (connections) => {
    const client = await readingClient(connections);
    const [status] = await client.status(sendId);
    if (status === undefined || status.state === "unknown") {
      const what = "no rollup of this network knows this message";
      throw new CommandError("CLI_UNKNOWN_MESSAGE", what, NOTHING, "check the sendId (./metalayer status)");
    }
    if (status.state === "delivered") {
      const what = `the message is delivered already, in block ${status.delivery.blockNumber}`;
      throw new CommandError("CLI_DELIVERED", what, "Nothing was changed", "nothing needs to be done");
    }
    const src = rollupOf(connections, status.message.srcChainId);
    const dst = rollupOf(connections, status.message.dstChainId);
    const work = { context, options, wallet, client, status, src, dst };
    return options.bounty === undefined ? deliver(work) : offerBounty(work, options.bounty);
  });
}

async function deliver(work: Work): Promise<false | undefined> {
  const { context, options, wallet, client, status, src, dst } = work;
  const { output, signal } = context;
  const { message } = status;
  checkDeliverable(work);
  if (options.return) await requestReturn(work);
  const gas = BigInt(options.gas ?? 0);
  const gasBoost = gas > message.gasLimit ? gas - message.gasLimit : 0n;
  if (!options.force) await checkRecipient(work, message.gasLimit + gasBoost);
  const { contracts } = await signOn(dst, wallet);
  const { attestation, batches, signedBy } = await prepareRedelivery({ client, src, dst, status, gasBoost, signal });
  const receipt = await transact(dst, "deliver the message", () => contracts.gateway.relay(attestation, batches));
  const attempt = readDeliveryAttempts(receipt.logs).find(({ receiveId }) => receiveId === message.sendId);
  const isDelivered = attempt?.delivered === true;
  const reason = isDelivered ? undefined : explainRevert(attempt?.reason ?? "0x", interfaces);
  output.line(
    isDelivered
      ? `Delivered on ${dst.name} in block ${receipt.blockNumber} (${receipt.gasUsed.toLocaleString("en-US")} gas, signature: ${signedBy}).`
      : `The recipient failed again: ${reason}. The message stays deliverable.`,
  );
  if (!isDelivered) output.line(`Next: ./metalayer status ${message.sendId}`);
  const { hash: transactionHash, blockNumber, gasUsed } = receipt;
  output.result({
    sendId: message.sendId,
    delivered: isDelivered,
    reason,
    transactionHash,
    blockNumber,
    gasUsed,
    signedBy,
  });
  return isDelivered ? undefined : false;
}

function checkDeliverable({ status, src, dst }: Work): void {
  if (status.pausedUntil > 0n) {
    const what = `${dst.name} has paused deliveries from ${src.name} until ${timeText(status.pausedUntil)}`;
    throw new CommandError("CLI_PAUSED", what, NOTHING, "run this again when the pause has ended by itself");
  }
  if (status.state !== "sent") return;
  const { blocksToFinality: blocks } = status;
  const span = spanText((blocks * src.description.blockTimeMs) / 1_000);
  const what = `the message is not final on ${src.name} yet: ${blocks} more blocks, about ${span}`;
  throw new CommandError("CLI_NOT_FINAL", what, NOTHING, "run this again then");
}

/** Spares people the gas of a delivery that fails. */
async function checkRecipient({ dst, status }: Work, gas: bigint): Promise<void> {
  const { message } = status;
  const trial = await tryDelivery(dst, message);
  const retry = `./metalayer retry ${message.sendId}`;
  const refuse = (what: string, next: string): CommandError => new CommandError("CLI_WOULD_FAIL", what, NOTHING, next);
  if (trial.outcome === "no-contract")
    throw refuse(
      `there is no contract at the recipient ${message.recipient} on ${dst.name}`,
      "deploy it, then run this again",
    );
  if (trial.outcome === "refuses")
    throw refuse(
      `the recipient would refuse it: ${trial.reason}`,
      "mend that and run this again, or insist with --force",
    );
  if (trial.outcome === "needs-gas" && trial.gas > gas)
    throw refuse(
      `the recipient needs about ${trial.gas} gas and would get ${gas}`,
      `${retry} --gas ${(trial.gas * 11n) / 10n}`,
    );
}

async function requestReturn({ context, wallet, status, dst }: Work): Promise<void> {
  const { recipient, sendId, payload } = status.message;
  if (recipient.toLowerCase() !== dst.description.contracts.Era.toLowerCase())
    throw new UsageError("--return is for transfers of ERA: this message goes to another contract");
  const { contracts, address } = await signOn(dst, wallet);
  if (!payload.toLowerCase().includes(address.slice(2).toLowerCase())) {
    const next = "sign as the recipient (METALAYER_KEY, --key-file)";
    throw new CommandError("CLI_NOT_RECIPIENT", `${address} is not the recipient of this transfer`, NOTHING, next);
  }
  await transact(dst, "take the request", () => contracts.era.requestReturn(sendId));
  context.output.line("The transfer will go back to its sender with this delivery.");
}

async function offerBounty({ context, wallet, status, src, dst }: Work, amount: bigint): Promise<undefined> {
  const step = FEE_STEP * FEE_UNIT_WEI;
  if (amount === 0n || amount % step !== 0n)
    throw new UsageError("a bounty is more than nothing, with at most 6 digits after the point");
  const { sendId, nonce } = status.message;
  const { contracts, address } = await signOn(src, wallet);
  const receipt = await transact(src, `take a bounty of ${eraText(amount)}`, () =>
    contracts.gateway.requestRelay(dst.chainId, nonce, sendId, amount / FEE_UNIT_WEI, address),
  );
  context.output.line(
    `Whoever delivers the message earns ${eraText(amount)}; if nobody does, it returns to ${address} on ${dst.name}.`,
  );
  context.output.line(`Next: ./metalayer status ${sendId}`);
  context.output.result({ sendId, bountyWei: amount, refundTo: address, transactionHash: receipt.hash });
  return undefined;
}
