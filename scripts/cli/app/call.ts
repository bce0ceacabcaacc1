import type { FunctionFragment, Interface } from "ethers";
import type { MetalayerApp } from "../../../sdk/src/app.ts";
import type { Context } from "../command.ts";
import { CommandError } from "../command.ts";
import type { Connection } from "../connection.ts";
import { readingClient } from "../connection.ts";
import { findNetwork, withRollups } from "../network.ts";
import { findWallet, signOn, type Signing, type WalletChoice } from "../wallet.ts";
import { appRollups, contractAt, openApp, rollupsOn, type Asked } from "./open.ts";
import { checkLanes, sentText, ship, type Shipment } from "./shipment.ts";
import { methodOf, valuesOf } from "./values.ts";

export interface CallOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly on: string;
  readonly contract: string | undefined;
  readonly supersede: boolean;
  readonly dryRun: boolean;
  readonly wait: bigint | undefined;
}

/** Calls an application as its owner. The answer is "no" if not everything was made that was waited for. */
export async function callCommand(context: Context, asked: Asked, options: CallOptions): Promise<false | undefined> {
  const network = findNetwork(context, options.network);
  const named = rollupsOn(network, options.on);
  const { contract, abi } = contractAt(context, network, asked.at, options.contract);
  const method = changeOf(abi, contract, asked);
  const values = valuesOf(method.inputs, asked.values, `${contract}.${method.name}`);
  const wallet = await findWallet(context, network, options);
  return withRollups(appRollups(network), async (connections) => {
    const app = await openApp(connections, asked.at, abi);
    const source = sourceOf(connections, app);
    const signing = await signOn(source, wallet);
    checkOwner(app, source, signing);
    const names = options.on === "all" ? undefined : named.map(({ name }) => name);
    const on = await standingOn(app, asked, names);
    await checkLanes(source, on);
    const chainIds = on.map(({ chainId }) => chainId);
    const plan = await app.plan(chainIds, method.format("sighash"), values, { supersede: options.supersede });
    const what = `call ${contract}.${method.name}`;
    const call = { what, contract: "OmniDeployer", method: "execute", args: [], to: plan.to, data: plan.data };
    const parts = plan.calls.map((each) => ({ ...each, address: each.target, rollup: app.on(each.chainId).name }));
    const { account } = app.on(source.chainId);
    const client = await readingClient(connections);
    const shipment: Shipment = { source, signing, account, call, abi, parts, client };
    const { result, isSent, isComplete } = await ship(context, shipment, options);
    if (isSent) {
      context.output.line(
        sentText(`${contract}.${method.name}`, "was called on", parts, isComplete && options.wait !== undefined),
      );
      context.output.line(`Next: ./metalayer app read ${asked.at} <method> shows what came of it`);
    }
    context.output.result({ contract, method: method.format("sighash"), args: asked.values, account, ...result });
    return isComplete ? undefined : false;
  });
}

/** A function that changes something. Throws CLI_APP_METHOD. */
function changeOf(abi: Interface, contract: string, { method: name, values, at }: Asked): FunctionFragment {
  const method = methodOf(abi, contract, name, values.length);
  if (!method.constant) return method;
  const next = `./metalayer app read ${at} ${name}`;
  throw new CommandError("CLI_APP_METHOD", `${contract}.${name} changes nothing`, "Nothing was sent", next);
}

/** The connection to the owner's rollup, on which all calls begin. Throws CLI_UNKNOWN_ROLLUP. */
function sourceOf(connections: readonly Connection[], { owner }: MetalayerApp): Connection {
  const found = connections.find(({ chainId }) => chainId === owner.chainId);
  if (found !== undefined) return found;
  const what = `the application's owner is on rollup ${owner.chainId}, which the network's description does not name`;
  throw new CommandError("CLI_UNKNOWN_ROLLUP", what, "Nothing was sent", "add that rollup to the description");
}

/** Throws CLI_APP_NOT_OWNER. */
function checkOwner({ owner }: MetalayerApp, { name }: Connection, { address }: Signing): void {
  if (address.toLowerCase() === owner.address.toLowerCase()) return;
  const what = `${address} is not the application's owner: that is ${owner.address} on ${name}`;
  throw new CommandError(
    "CLI_APP_NOT_OWNER",
    what,
    "Nothing was sent",
    "sign as its owner (METALAYER_KEY, --key-file)",
  );
}

interface Standing {
  readonly rollup: string;
  readonly chainId: bigint;
}

/** The named rollups, on all of which it must stand; or all on which it stands. Throws CLI_APP_NOT_THERE. */
async function standingOn(
  app: MetalayerApp,
  { at }: Asked,
  names: readonly string[] | undefined,
): Promise<readonly Standing[]> {
  const states = (await app.state()).filter(({ name }) => names?.includes(name) ?? true);
  const missing = states.filter(({ state }) => state !== "deployed").map(({ name, state }) => `${name} (${state})`);
  const standing = states.filter(({ state }) => state === "deployed");
  if (standing.length > 0 && (names === undefined || missing.length === 0))
    return standing.map(({ name: rollup, chainId }) => ({ rollup, chainId }));
  const what = `the application does not stand on ${missing.join(", ")}`;
  const next = `./metalayer app status ${at} says what can be done`;
  throw new CommandError("CLI_APP_NOT_THERE", what, "Nothing was sent", next);
}
