import type { Address, Hex } from "../../../sdk/src/bytes.ts";
import { checkedAddress } from "../accounts.ts";
import { callOf, makeCalls } from "../calls.ts";
import type { Context } from "../command.ts";
import { CommandError } from "../command.ts";
import type { Connection } from "../connection.ts";
import { readingClient } from "../connection.ts";
import { findNetwork, withRollups, type Network } from "../network.ts";
import { rollupOf } from "../status.ts";
import type { WalletChoice } from "../wallet.ts";
import { findWallet, signOn } from "../wallet.ts";
import { findHeld } from "./deliver.ts";
import { recipientAt, type Recipient } from "./recipient.ts";

export interface VetoOptions extends WalletChoice {
  readonly network: string | undefined;
  /** Where it is held. A message that was never sent says nothing of it, and that is the one to stop. */
  readonly on: string | undefined;
  readonly recipient: Address | undefined;
  readonly dryRun: boolean;
}

/** Stops a held message, as the vetoer whom its recipient named for messages from there. */
export async function vetoMessage(context: Context, sendId: Hex, options: VetoOptions): Promise<void> {
  const { output } = context;
  const network = findNetwork(context, options.network);
  const holder = holderIn(network, options);
  const wallet = await findWallet(context, network, options);
  await withRollups(network.rollups, async (connections) => {
    const { at, address, contract } = await (holder === undefined
      ? recipientOf(connections, sendId)
      : recipientNamed(rollupOf(connections, holder.chainId), holder.address));
    const signing = await signOn(at, wallet);
    const call = await callOf(
      "stop the message",
      "PathRecipient",
      contract,
      contract.vetoMessage.populateTransaction(sendId),
    );
    const { reports: calls } = await makeCalls(at, signing, [call], options.dryRun);
    output.line(
      options.dryRun
        ? `Nothing was sent; ${address} on ${at.name} would take the veto.`
        : `Stopped on ${at.name} until whoever administers ${address} lifts the veto.`,
    );
    output.result({ sendId, rollup: at.name, recipient: address, vetoed: !options.dryRun, calls });
  });
}

/** Who holds it, if that was said. */
function holderIn(network: Network, { on, recipient }: VetoOptions) {
  if (on === undefined || recipient === undefined) return undefined;
  return { chainId: BigInt(network.rollup(on).chainId), address: checkedAddress("--recipient", recipient) };
}

/** Throws CLI_UNKNOWN_MESSAGE, CLI_NO_PATHS. */
async function recipientOf(connections: readonly Connection[], sendId: Hex): Promise<Recipient> {
  const client = await readingClient(connections);
  return (await findHeld(client, connections, sendId)).recipient;
}

/** Throws CLI_NO_PATHS. */
async function recipientNamed(at: Connection, address: Address): Promise<Recipient> {
  const recipient = await recipientAt(at, address);
  if (recipient !== undefined) return recipient;
  const what = `${address} states no paths on ${at.name}, so it holds nothing`;
  throw new CommandError("CLI_NO_PATHS", what, "Nothing was changed", "correct --on and --recipient");
}
