import type { VerifiedContract } from "../../../deploy/verify.ts";
import { defineCommand, oneOf, optional, text, UsageError } from "../command.ts";

export const command = defineCommand({
  name: "verify",
  description: "Compare the code on every rollup with the local build, and publish the sources to block explorers.",
  group: "Networks",
  options: {
    params: optional("-p, --params <file>", "Parameter file; default deploy/params/testnets.ts", text),
    only: optional("--only <names>", "Only these rollups of the file, separated by commas", text),
    explorer: optional(
      "--explorer <kind>",
      "Also publish: etherscan, blockscout or sourcify",
      oneOf("etherscan", "blockscout", "sourcify"),
    ),
  },
  examples: ["./metalayer verify", "./metalayer verify --only baseSepolia --explorer blockscout"],
  async run(context, { params, only, explorer }) {
    const { root, output, path: absolute } = context;
    if (context.json && explorer !== undefined) {
      throw new UsageError("--explorer cannot go with --json: the explorers' client writes to standard output itself");
    }
    const { defaultParameters, withNetwork } = await import("../deployment.ts");
    const { verifyOffline, verifyOnExplorer } = await import("../../../deploy/verify.ts");
    const file = params === undefined ? defaultParameters(root) : absolute(params);
    return withNetwork(context, { file, only, withKey: false }, async ({ parameters, artifacts, targets }) => {
      const offline = (await Promise.all(targets.map((target) => verifyOffline(parameters, artifacts, target)))).flat();
      const published: VerifiedContract[] = [];
      if (explorer !== undefined) {
        for (const target of targets) {
          published.push(...(await verifyOnExplorer(parameters, artifacts, target, explorer, root)));
        }
      }
      const rows = (list: readonly VerifiedContract[]): string[][] =>
        list.map(({ rollup, contract, address, verdict }) => [rollup, contract, address, verdict]);
      await output.table(["rollup", "contract", "address", "local build"], rows(offline));
      if (explorer !== undefined) await output.table(["rollup", "contract", "address", explorer], rows(published));
      output.result({ offline, published });
      return [...offline, ...published].every(({ verdict }) => verdict === "same") ? undefined : false;
    });
  },
});
