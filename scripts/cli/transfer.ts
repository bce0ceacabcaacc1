import { fixedBytes, toAddress } from "../../sdk/src/bytes.ts";
import { readSentMessages } from "../../sdk/src/events.ts";
import { formatEvmAccount } from "../../sdk/src/interop.ts";
import { checkedAddress } from "./accounts.ts";
import { checkEra } from "./balance.ts";
import type { Context } from "./command.ts";
import { UsageError } from "./command.ts";
import type { Connection } from "./connection.ts";
import { readingClient } from "./connection.ts";
import { eraText } from "./format.ts";
import { findNetwork, withRollups } from "./network.ts";
import { both, pairOf, report } from "./send.ts";
import { transact } from "./transactions.ts";
import type { WalletChoice } from "./wallet.ts";
import { findWallet, signOn } from "./wallet.ts";

export interface TransferOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly from: string;
  readonly to: string;
  readonly amount: bigint;
  readonly recipient: `0x${string}` | undefined;
  readonly wait: bigint | undefined;
}

export async function transferCommand(context: Context, options: TransferOptions): Promise<false | undefined> {
  const { amount } = options;
  if (amount === 0n) throw new UsageError("--amount must be more than nothing");
  const network = findNetwork(context, options.network);
  const [from, to] = pairOf(network.rollup(options.from), network.rollup(options.to));
  const given = options.recipient === undefined ? undefined : checkedAddress("--recipient", options.recipient);
  const wallet = await findWallet(context, network, options);
  return withRollups([from, to], async (connections) => {
    const [src, dst] = both(connections[0], connections[1]);
    const { contracts, address } = await signOn(src, wallet);
    await checkEra(src, address, amount);
    const recipient = given ?? toAddress(fixedBytes("address", address, 20));
    const account = formatEvmAccount({ chainId: dst.chainId, address: recipient });
    const warning = await limitWarning(context, src, dst, amount);
    const client = await readingClient(connections);
    const since = await dst.provider.getBlockNumber();
    const receipt = await transact(src, `move ${eraText(amount)} to ${dst.name}`, () =>
      contracts.era.crosschainTransfer(account, amount),
    );
    const gateway = src.description.contracts.MetalayerGateway.toLowerCase();
    const [message] = readSentMessages(receipt.logs.filter((log) => log.address.toLowerCase() === gateway));
    if (message === undefined) throw new Error("a transfer sends a message");
    context.output.line(`${eraText(amount)} left ${src.name} for ${recipient} on ${dst.name}.`);
    return report(context, { message, client, src, dst, since, waitSeconds: options.wait, warning });
  });
}

/** Over the destination's limit a transfer waits: nothing is lost, but people should know before. */
async function limitWarning(
  { output }: Context,
  src: Connection,
  dst: Connection,
  amount: bigint,
): Promise<string | undefined> {
  const acceptable = await dst.contracts.era.acceptable(src.chainId);
  if (acceptable >= amount) return undefined;
  const warning = `${dst.name} accepts ${eraText(acceptable)} from ${src.name} at this moment: the transfer will wait for the limit to refill`;
  output.line(`Note: ${warning}.`);
  return warning;
}
