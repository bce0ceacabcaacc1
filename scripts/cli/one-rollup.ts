import type { Context } from "./command.ts";
import { UsageError } from "./command.ts";
import type { Connection } from "./connection.ts";
import type { Network } from "./network.ts";
import { withRollups } from "./network.ts";
import type { Signing, WalletChoice } from "./wallet.ts";
import { findWallet, signOn } from "./wallet.ts";

/** Changes something on one rollup. Returns what to tell people. */
export type Change = (connection: Connection, signing: Signing) => Promise<string>;

export interface AccountChoice extends WalletChoice {
  /** Whose state is shown; without it the signing account's. */
  readonly shown: string | undefined;
  readonly on: string | undefined;
}

/** Shows an account's state on the rollup of `--on`, or on every one. */
export async function showAccount<T>(
  context: Context,
  network: Network,
  options: AccountChoice,
  show: (connections: readonly Connection[], account: string) => Promise<T>,
): Promise<T> {
  const rollups = options.on === undefined ? network.rollups : [network.rollup(options.on)];
  const account = options.shown ?? (await findWallet(context, network, options)).address;
  return withRollups(rollups, (connections) => show(connections, account));
}

/** Makes a change on the rollup of `--on`, which it needs, and shows what came of it. `command` as people type it. */
export async function changeOnRollup<T>(
  context: Context,
  network: Network,
  options: AccountChoice,
  { command, change }: { readonly command: string; readonly change: Change },
  show: (connections: readonly Connection[], account: string) => Promise<T>,
): Promise<T> {
  if (options.on === undefined) throw new UsageError(`${command} needs --on <rollup>`);
  const rollup = network.rollup(options.on);
  const wallet = await findWallet(context, network, options);
  return withRollups([rollup], async (connections) => {
    const [connection] = connections;
    if (connection === undefined) throw new Error("a connection per rollup");
    const signing = await signOn(connection, wallet);
    context.output.line(await change(connection, signing));
    return show([connection], options.shown ?? signing.address);
  });
}
