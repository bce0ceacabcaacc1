import type { Interface } from "ethers";
import type { AppPlacement, AppPlan } from "../../../sdk/src/appDeploy.ts";
import type { AppSite } from "../../../sdk/src/appSites.ts";
import type { MetalayerClient } from "../../../sdk/src/client.ts";
import type { Hex } from "../../../sdk/src/bytes.ts";
import type { Context } from "../command.ts";
import type { Connection } from "../connection.ts";
import { readingClient } from "../connection.ts";
import type { RollupDescription } from "../network.ts";
import { findNetwork, withRollups } from "../network.ts";
import { findWallet, signOn, type WalletChoice } from "../wallet.ts";
import { findArtifact, type Artifact } from "./artifact.ts";
import { partsFor, type Part } from "./file.ts";
import { appRollups, rollupsOn } from "./open.ts";
import { writeRecord } from "./record.ts";
import { checkLanes, isReached, sentText, ship, type Shipment } from "./shipment.ts";
import { filledIn, methodOf, valuesOf } from "./values.ts";

export interface DeployOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly on: string;
  readonly args: string | undefined;
  readonly file: string | undefined;
  readonly salt: Hex | undefined;
  readonly from: string | undefined;
  readonly dryRun: boolean;
  readonly wait: bigint | undefined;
}

/** Deploys a built contract on rollups with one transaction. The answer is "no" if not everything arrived that was waited for. */
export async function deployCommand(
  context: Context,
  asked: string,
  options: DeployOptions,
): Promise<false | undefined> {
  const artifact = findArtifact(context, asked);
  const network = findNetwork(context, options.network);
  const all = appRollups(network);
  const named = rollupsOn(network, options.on);
  const partOn = partsFor(context, network, options, named);
  const home = options.from === undefined ? all[0] : rollupsOn(network, options.from)[0];
  const wallet = await findWallet(context, network, options);
  // All rollups, also where nothing is deployed now: an application may know its future peers.
  return withRollups(all, async (connections) => {
    const source = connections.find(({ description }) => description === home);
    if (source === undefined) throw new Error("a connection to the owner's rollup");
    const on = await reached(context, source, named, options.on);
    const signing = await signOn(source, wallet);
    const client = await readingClient(connections);
    const plan = await planOf(client, { artifact, source, options, owner: signing.address }, on, partOn);
    const made = shipmentOf(artifact, plan);
    const addresses = made.parts.map(({ address }) => address);
    // Before the wait, however that ends: the application is on its way.
    const onSent = (): void => writeRecord(network, artifact, addresses);
    const shipment = { source, signing, client, onSent, ...made };
    const { result, isSent, isComplete } = await ship(context, shipment, options);
    const { contractName: contract } = artifact;
    const { id, owner } = plan;
    const { account, parts } = shipment;
    const [address] = addresses;
    if (isSent) {
      context.output.line(sentText(contract, "stands on", parts, isComplete && options.wait !== undefined));
      context.output.line(`Next: ./metalayer app status ${address}`);
    }
    context.output.result({ contract, id, address, account, owner, ...result });
    return isComplete ? undefined : false;
  });
}

/** Rollups that the source sends to. "all" leaves the others out and says so. Throws CLI_NO_LANE. */
async function reached(
  { output }: Context,
  source: Connection,
  named: readonly RollupDescription[],
  on: string,
): Promise<readonly RollupDescription[]> {
  const known = named.map((rollup) => ({ rollup, chainId: BigInt(rollup.chainId) }));
  if (on !== "all") {
    await checkLanes(
      source,
      known.map(({ rollup, chainId }) => ({ rollup: rollup.name, chainId })),
    );
    return named;
  }
  const isOpen = await Promise.all(known.map(({ chainId }) => isReached(source, chainId)));
  const without = named.filter((_, index) => isOpen[index] === false);
  if (without.length > 0)
    output.line(`Left out: ${without.map(({ name }) => name).join(", ")}, not admitted by ${source.name}.`);
  return named.filter((_, index) => isOpen[index]);
}

interface Draft {
  readonly artifact: Artifact;
  readonly source: Connection;
  readonly owner: string;
  readonly options: DeployOptions;
}

function planOf(
  client: MetalayerClient,
  { artifact, source, owner, options }: Draft,
  on: readonly RollupDescription[],
  partOn: (rollup: RollupDescription) => Part,
): Promise<AppPlan> {
  return client.planApp({
    from: source.chainId,
    owner,
    abi: artifact.abi.fragments,
    bytecode: artifact.bytecode,
    ...(options.salt === undefined ? {} : { salt: options.salt }),
    on: on.map((rollup) => placementOf(artifact, rollup, partOn(rollup))),
  });
}

function placementOf({ contractName, abi }: Artifact, rollup: RollupDescription, part: Part): AppPlacement {
  const { args = [], initialCall, gasLimit } = part;
  const what = `${contractName}'s constructor`;
  return {
    on: BigInt(rollup.chainId),
    args: (site) =>
      valuesOf(
        abi.deploy.inputs,
        args.map((each) => filledIn(each, site)),
        what,
      ),
    ...(initialCall === undefined ? {} : { initialCall: callOf(abi, contractName, initialCall) }),
    ...(gasLimit === undefined ? {} : { gasLimit: BigInt(gasLimit) }),
  };
}

function callOf(abi: Interface, contract: string, { method, args }: NonNullable<Part["initialCall"]>) {
  const found = methodOf(abi, contract, method, args.length);
  return { method: found.format("sighash"), args: valuesOf(found.inputs, args, `${contract}.${found.name}`) };
}

function shipmentOf(
  { contractName, abi }: Artifact,
  plan: AppPlan,
): Pick<Shipment, "account" | "call" | "abi" | "parts"> {
  const { to, data } = plan;
  const call = { what: `deploy ${contractName}`, contract: "OmniDeployer", method: "deploy", args: [], to, data };
  const parts = plan.placements.map(({ chainId, gasLimit, payloadLength }) => {
    const { name: rollup, address } = siteOf(plan, chainId);
    return { rollup, chainId, address, gasLimit, payloadLength };
  });
  return { account: siteOf(plan, plan.owner.chainId).account, call, abi, parts };
}

function siteOf({ sites }: AppPlan, chainId: bigint): AppSite {
  const site = sites.find((each) => each.chainId === chainId);
  if (site === undefined) throw new Error("a site for every rollup");
  return site;
}
