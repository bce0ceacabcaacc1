import type { Context } from "../command.ts";
import { defineCommand, integer, oneOf, option, UsageError } from "../command.ts";
import { guardianCount } from "../options.ts";

const actions = oneOf("start", "status", "stop");

export const command = defineCommand({
  name: "devnet",
  description: "Start, look at or stop a network of several rollups on this machine.",
  group: "Networks",
  args: [{ name: "<action>", description: "start, status or stop" }],
  options: {
    rollups: option("--rollups <count>", "How many rollups to start, 2 to 8", integer(2, 8), 4),
    guardians: option("--guardians <count>", "How many guardians, 4 to 16", guardianCount, 5),
    endpoints: option("--endpoints <count>", "RPC endpoints in front of each node, 0 to 5", integer(0, 5), 3),
  },
  examples: [
    "./metalayer devnet start",
    "./metalayer devnet start --rollups 8 --guardians 7",
    "./metalayer devnet status --json",
    "./metalayer devnet stop",
  ],
  async run(context, options) {
    const action = actions(context.args[0] ?? "");
    if (context.args.length > 1) throw new UsageError(`"${context.args[1] ?? ""}" is one argument too many`);
    if (action === "start") return start(context, options);
    return action === "stop" ? stop(context) : status(context);
  },
});

interface Size {
  readonly rollups: number;
  readonly guardians: number;
  readonly endpoints: number;
}

/** Seconds in which people can vote by hand, with time left for tallies. */
const VOTING_PERIOD = 240;

async function start(context: Context, { rollups, guardians, endpoints }: Size): Promise<void> {
  const { root, output, signal } = context;
  const { startDevnet } = await import("../../devnet/start.ts");
  const { networkSteps } = await import("../../devnet/network-steps.ts");
  const { rollupPresets } = await import("../../devnet/rollups.ts");
  const { devnetFolder } = await import("../../devnet/state.ts");
  const { stepReporter } = await import("../steps.ts");
  const report = stepReporter(output);
  try {
    const options = { root, folder: devnetFolder(root), rollups: rollupPresets(rollups), endpointsPerNode: endpoints };
    const steps = networkSteps(guardians, { votingPeriod: VOTING_PERIOD });
    await startDevnet({ ...options, detached: true, signal, onProgress: report.on }, steps);
  } finally {
    await report.finished();
  }
  await status(context);
  output.line("It runs until ./metalayer devnet stop. Other commands find it by themselves, for example:");
  output.line("  ./metalayer transfer --from rollupA --to rollupB --amount 10 --wait 1m");
}

async function status({ root, output }: Context): Promise<false | undefined> {
  const { devnetStatus } = await import("../../devnet/status.ts");
  const { devnetFolder } = await import("../../devnet/state.ts");
  const found = await devnetStatus(devnetFolder(root));
  await output.table(
    ["rollup", "chain id", "block time", "newest block", "endpoints", "RPC"],
    found.rollups.map(({ name, chainId, blockTimeMs, head, answering, rpc, nodeUrl }) => [
      name,
      String(chainId),
      `${blockTimeMs / 1_000} s`,
      head === undefined ? "does not answer" : String(head),
      `${answering} of ${rpc.length}`,
      nodeUrl,
    ]),
  );
  for (const { name, alive, url } of found.services)
    output.line(`${name}: ${alive ? "running" : "ENDED"}${url === undefined ? "" : ` at ${url}`}`);
  output.result(found);
  return found.healthy ? undefined : false;
}

async function stop({ root, output }: Context): Promise<void> {
  const { stopDevnet } = await import("../../devnet/stop.ts");
  const { devnetFolder } = await import("../../devnet/state.ts");
  const ended = await stopDevnet(devnetFolder(root));
  output.line(ended.length === 0 ? "No local network was running." : `Stopped ${ended.length} processes.`);
  output.result({ ended });
}
