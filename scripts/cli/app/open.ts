import type { Interface } from "ethers";
import type { MetalayerApp } from "../../../sdk/src/app.ts";
import type { Address } from "../../../sdk/src/bytes.ts";
import { checkedAddress } from "../accounts.ts";
import type { Context } from "../command.ts";
import { CommandError, UsageError } from "../command.ts";
import type { Connection } from "../connection.ts";
import { readingClient } from "../connection.ts";
import type { Network, RollupDescription } from "../network.ts";
import { findArtifact } from "./artifact.ts";
import { findRecord } from "./record.ts";

/** What a function is asked for with. */
export interface Asked {
  readonly at: Address;
  readonly method: string;
  readonly values: readonly string[];
}

/** Rollups of the network that have an OmniDeployer. Throws CLI_NO_OMNI_DEPLOYER. */
export function appRollups({ rollups, file }: Network): RollupDescription[] {
  const found = rollups.filter(canPlace);
  if (found.length > 0) return found;
  throw lacksDeployer(`no rollup of ${file} has an OmniDeployer`);
}

const canPlace = ({ contracts }: RollupDescription): boolean => contracts.OmniDeployer !== undefined;

function lacksDeployer(what: string): CommandError {
  const next = "deploy the protocol of this version there (./metalayer deploy), which also describes it";
  return new CommandError("CLI_NO_OMNI_DEPLOYER", what, "Nothing was sent", next);
}

/** Rollups as `--on` names them. Throws CLI_UNKNOWN_ROLLUP, CLI_NO_OMNI_DEPLOYER. */
export function rollupsOn(network: Network, on: string): RollupDescription[] {
  if (on === "all") return appRollups(network);
  const names = on.split(",").map((name) => name.trim());
  if (names.includes("")) throw new UsageError(`--on "${on}" names no rollup between two commas`);
  const rollups = [...new Set(names.map((name) => network.rollup(name)))];
  const without = rollups.find((rollup) => !canPlace(rollup));
  if (without !== undefined) throw lacksDeployer(`${without.name} has no OmniDeployer`);
  return rollups;
}

/** The contract whose functions are asked for: the named one, or what was noted when the application was deployed. Throws CLI_APP_CONTRACT. */
export function contractAt(
  context: Context,
  network: Network,
  at: Address,
  named: string | undefined,
): { readonly contract: string; readonly abi: Interface } {
  if (named !== undefined) {
    const { contractName: contract, abi } = findArtifact(context, named);
    return { contract, abi };
  }
  const record = findRecord(network, at);
  if (record !== undefined) return record;
  const what = `nothing was noted about ${at}: it was not deployed from here`;
  throw new CommandError("CLI_APP_CONTRACT", what, "Nothing was sent", "name its contract (--contract <name>)");
}

/** An application on these rollups, for reading. Throws APP_UNKNOWN. */
export async function openApp(
  connections: readonly Connection[],
  at: Address,
  abi: Interface | undefined,
): Promise<MetalayerApp> {
  const client = await readingClient(connections);
  return client.app(checkedAddress("<what>", at), abi?.fragments ?? []);
}
