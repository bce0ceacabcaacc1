import type { Context } from "./command.ts";
import { UsageError } from "./command.ts";
import type { Connection } from "./connection.ts";
import { spanText, timeText } from "./format.ts";
import type { Network, RollupDescription } from "./network.ts";
import { findNetwork, withRollups } from "./network.ts";
import { transact } from "./transactions.ts";
import type { WalletChoice } from "./wallet.ts";
import { findWallet, signOn } from "./wallet.ts";

export interface PauseOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly on: string | undefined;
  readonly source: string | undefined;
  readonly for: bigint | undefined;
}

export async function pauseCommand(
  context: Context,
  action: "show" | "start" | "end",
  options: PauseOptions,
): Promise<void> {
  const network = findNetwork(context, options.network);
  if (action === "show") {
    const rollups = options.on === undefined ? network.rollups : [network.rollup(options.on)];
    return withRollups(rollups, (connections) => show(context, network, connections));
  }
  if (options.on === undefined) throw new UsageError(`pause ${action} needs --on <rollup>`);
  const seconds = options.for;
  if (action === "start" && seconds === undefined) throw new UsageError("pause start needs --for <span>");
  const rollup = network.rollup(options.on);
  const sources = sourcesOf(network, rollup, options.source);
  const wallet = await findWallet(context, network, options);
  return withRollups([rollup], async (connections) => {
    const [connection] = connections;
    if (connection === undefined) throw new Error("a connection per rollup");
    const { contracts } = await signOn(connection, wallet);
    const chainIds = sources.map(({ chainId }) => chainId);
    const names = sources.map(({ name }) => name).join(", ");
    if (action === "start") {
      const start = () => contracts.gateway.pause(chainIds, seconds ?? 0n);
      await transact(connection, `stop deliveries from ${names}`, start);
      context.output.line(`${connection.name} delivers nothing from ${names} for ${spanText(Number(seconds))}.`);
    } else {
      for (const { name, chainId } of sources)
        await transact(connection, `end the pause of ${name}`, () => contracts.gateway.unpause(chainId));
      context.output.line(`${connection.name} delivers from ${names} again.`);
    }
    await show(context, network, connections);
  });
}

function sourcesOf(network: Network, on: RollupDescription, source: string | undefined): readonly RollupDescription[] {
  if (source === undefined) return network.rollups.filter(({ chainId }) => chainId !== on.chainId);
  const named = network.rollup(source);
  if (named.chainId === on.chainId) throw new UsageError("--on and --source name the same rollup");
  return [named];
}

async function show({ output }: Context, network: Network, connections: readonly Connection[]): Promise<void> {
  const pauses = (await Promise.all(connections.map((connection) => pausesOn(network, connection)))).flat();
  if (pauses.length === 0) output.line("No rollup has paused deliveries from another.");
  else
    await output.table(
      ["rollup", "delivers nothing from", "until"],
      pauses.map(({ rollup, source, until }) => [rollup, source, timeText(until)]),
    );
  output.result({ pauses });
}

/** Pauses in force; `until` in seconds since 1970. */
async function pausesOn({ rollups }: Network, { name, chainId, contracts, provider }: Connection) {
  const now = BigInt((await provider.getBlock("latest"))?.timestamp ?? 0);
  const others = rollups.filter((other) => BigInt(other.chainId) !== chainId);
  const lanes = await Promise.all(others.map((other) => contracts.gateway.inLane(other.chainId)));
  return others.flatMap((other, index) => {
    const until = lanes[index]?.pausedUntil ?? 0n;
    return until > now ? [{ rollup: name, source: other.name, until }] : [];
  });
}
