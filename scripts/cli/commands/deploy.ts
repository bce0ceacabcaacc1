import path from "node:path";
import type { NetworkReport } from "../../../deploy/run.ts";
import type { Context } from "../command.ts";
import { CommandError, defineCommand, flag, integer, option, optional, text } from "../command.ts";
import type { OpenedNetwork } from "../deployment.ts";

export const command = defineCommand({
  name: "deploy",
  description: "Deploy the protocol on all rollups of a parameter file, or go on where a deployment was interrupted.",
  group: "Networks",
  options: {
    params: optional("-p, --params <file>", "Parameter file; default deploy/params/testnets.ts", text),
    only: optional("--only <names>", "Only these rollups of the file, separated by commas", text),
    plan: flag("--plan", "Only show what would stand where, and the network's id"),
    confirmations: option("--confirmations <count>", "Blocks after which a transaction counts", integer(1, 100), 2),
    inFlight: option("--in-flight <count>", "Most transactions that wait in a node at once", integer(1, 64), 12),
    journals: optional(
      "--journals <folder>",
      "Where journals and descriptions are kept; default deploy/deployments",
      text,
    ),
  },
  examples: [
    "./metalayer deploy --plan",
    "./metalayer deploy --params deploy/params/testnets.ts",
    "./metalayer deploy --only opSepolia,baseSepolia --confirmations 5",
  ],
  async run(context, options) {
    const { root, path: absolute } = context;
    const { defaultParameters, withNetwork } = await import("../deployment.ts");
    const file = options.params === undefined ? defaultParameters(root) : absolute(options.params);
    return withNetwork(context, { file, only: options.only, withKey: !options.plan }, async (network) => {
      if (options.plan) return showPlan(context, network);
      const folder =
        options.journals === undefined ? path.join(root, "deploy/deployments") : absolute(options.journals);
      const pace = { confirmations: options.confirmations, pollingMs: 250, inFlight: options.inFlight };
      return deploy(context, network, folder, pace);
    });
  },
});

async function showPlan({ output }: Context, { parameters, artifacts }: OpenedNetwork): Promise<void> {
  const { planRollup } = await import("../../../sdk/src/deployment/plan.ts");
  const plans = parameters.rollups.map(({ chainId }) => planRollup(parameters, chainId, artifacts));
  const [first] = plans;
  for (const { rollup, addresses } of plans) {
    output.line(`${rollup.name} (chain id ${rollup.chainId})`);
    await output.table(["contract", "address"], Object.entries(addresses));
  }
  output.line(`Network id: ${first?.networkId ?? ""}`);
  const count = parameters.guardians.bootstrap.length;
  output.line(`${count} guardians in the parameters; each proves its key for this network id.`);
  output.result({
    networkId: first?.networkId,
    rollups: plans.map(({ rollup, addresses }) => ({ name: rollup.name, chainId: rollup.chainId, addresses })),
  });
}

async function deploy(
  { output, signal }: Context,
  { parameters, artifacts, targets }: OpenedNetwork,
  folder: string,
  pace: { readonly confirmations: number; readonly pollingMs: number; readonly inFlight: number },
): Promise<false | undefined> {
  const [{ checkGuardians }, { deployNetwork }] = await Promise.all([
    import("../../../deploy/params/load.ts"),
    import("../../../deploy/run.ts"),
  ]);
  checkGuardians(parameters, artifacts);
  const progress = await output.progress(`Deploying on ${targets.map(({ name }) => name).join(", ")}`);
  const report = await deployNetwork({
    parameters,
    artifacts,
    targets,
    folder,
    pace,
    signal,
    onProgress: (rollup, what) => progress.update(`${rollup}: ${what}`),
  });
  const good = report.failed.length === 0 && report.rollups.every(({ problems }) => problems.length === 0);
  if (good) progress.done();
  else progress.fail();
  await showReport(output, report);
  const { writeDescriptions } = await import("../../../deploy/describe.ts");
  const files = await writeDescriptions(folder, parameters, report, targets);
  if (report.rollups.length > 0)
    output.line(`Described for --network in ${files.network}, for guardians and relayers in ${files.operators}`);
  output.result({ ...report, files });
  if (report.rollups.length > 0 || good) return good ? undefined : false;
  const reasons = report.failed.map(({ name, reason }) => `${name}: ${reason}`).join("; ");
  const next = "end what is named above and run the same command again; it goes on where it stopped";
  throw new CommandError(
    report.failed[0]?.code ?? "DEPLOYMENT_FAILED",
    reasons,
    "What stands already stays in place.",
    next,
  );
}

async function showReport(output: Context["output"], report: NetworkReport): Promise<void> {
  for (const { name, chainId, seconds, roles, problems } of report.rollups) {
    output.line(`${name} (chain id ${chainId}), ${seconds.toFixed(1)} s`);
    await output.table(
      ["contract", "role", "held by"],
      roles.map(({ contract, role, holders }) => [contract, role, holders]),
    );
    for (const { name: what, expected, actual } of problems) output.line(`  ${what} is ${actual}, not ${expected}`);
    if (problems.length === 0)
      output.line("  Role check passed: as in the parameters, and the deployer holds no role.");
  }
  for (const { name, reason } of report.failed) output.line(`${name} failed: ${reason}`);
  output.line(`Network id: ${report.networkId}`);
}
