import type { Hex } from "../../../sdk/src/bytes.ts";
import { callOf, makeCalls } from "../calls.ts";
import type { Context } from "../command.ts";
import { readingClient } from "../connection.ts";
import { findNetwork, withRollups } from "../network.ts";
import type { WalletChoice } from "../wallet.ts";
import { findWallet, signOn } from "../wallet.ts";
import { findHeld } from "./deliver.ts";

export interface VetoOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly dryRun: boolean;
}

/** Stops a held message, as the vetoer whom its recipient named for messages from there. */
export async function vetoMessage(context: Context, sendId: Hex, options: VetoOptions): Promise<void> {
  const { output } = context;
  const network = findNetwork(context, options.network);
  const wallet = await findWallet(context, network, options);
  await withRollups(network.rollups, async (connections) => {
    const client = await readingClient(connections);
    const { recipient } = await findHeld(client, connections, sendId);
    const { at, address, contract } = recipient;
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
