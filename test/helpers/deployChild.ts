import { readFileSync } from "node:fs";
import type { Hex } from "../../sdk/src/bytes.ts";
import { loadArtifacts } from "../../deploy/artifacts.ts";
import { deployNetwork } from "../../deploy/run.ts";
import { openUrl } from "../../deploy/targets.ts";
import { testParameters } from "./deployment.ts";

/** What a deployment process is told: which nodes, who deploys, where its journals are. */
export interface ChildOptions {
  readonly nodes: readonly { readonly name: string; readonly chainId: string; readonly url: string }[];
  readonly deployer: string;
  readonly key: Hex;
  readonly homeGenesisHash: string;
  readonly folder: string;
  readonly inFlight: number;
}

/** Deploys in this process; exit code 0 if every rollup ends as planned. */
export async function deployAsChild(file: string): Promise<number> {
  // CAST: written by the test that started this process
  const options = JSON.parse(readFileSync(file, "utf8")) as ChildOptions;
  const artifacts = loadArtifacts(process.cwd());
  const chainIds = options.nodes.map(({ chainId }) => BigInt(chainId));
  const { deployer, homeGenesisHash } = options;
  const parameters = testParameters(artifacts, { deployer, homeGenesisHash, chainIds });
  const targets = await Promise.all(
    options.nodes.map(({ name, chainId, url }) => openUrl({ name, chainId: BigInt(chainId), url, key: options.key })),
  );
  const pace = { confirmations: 1, pollingMs: 20, inFlight: options.inFlight };
  const report = await deployNetwork({ parameters, artifacts, targets, folder: options.folder, pace });
  await Promise.all(targets.map((target) => target.close()));
  for (const { name, reason } of report.failed) process.stderr.write(`${name}: ${reason}\n`);
  const good = report.failed.length === 0 && report.rollups.every(({ problems }) => problems.length === 0);
  return good ? 0 : 1;
}

const [, , entry] = process.argv;
if (process.argv[1] === import.meta.filename && entry !== undefined) process.exitCode = await deployAsChild(entry);
