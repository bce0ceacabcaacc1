import type { FunctionFragment, Interface } from "ethers";
import type { MetalayerApp } from "../../../sdk/src/app.ts";
import type { AppState } from "../../../sdk/src/appState.ts";
import { revertReason } from "../../../sdk/src/reverts.ts";
import type { Context } from "../command.ts";
import { CommandError } from "../command.ts";
import { interfaces } from "../connection.ts";
import { findNetwork, withReachable, type Unreachable } from "../network.ts";
import { appRollups, contractAt, openApp, rollupsOn, type Asked } from "./open.ts";
import { methodOf, plainOf, textOf, valuesOf } from "./values.ts";

export interface ReadOptions {
  readonly network: string | undefined;
  readonly on: string | undefined;
  readonly contract: string | undefined;
}

interface Row {
  readonly rollup: string;
  readonly chainId: bigint;
  readonly state: AppState["state"] | "unreachable";
  readonly value?: unknown;
  /** Why there is no value. */
  readonly problem?: string;
}

/** Shows what a function returns on each rollup. The answer is "no" if one that was asked does not tell. */
export async function readCommand(context: Context, asked: Asked, options: ReadOptions): Promise<false | undefined> {
  const network = findNetwork(context, options.network);
  const on = rollupsOn(network, options.on ?? "all");
  const { contract, abi } = contractAt(context, network, asked.at, options.contract);
  const method = viewOf(abi, contract, asked);
  const values = valuesOf(method.inputs, asked.values, `${contract}.${method.name}`);
  return withReachable(appRollups(network), async (connections, others) => {
    const [first] = others;
    if (connections.length === 0 && first !== undefined) throw first.problem;
    const app = await openApp(connections, asked.at, abi);
    const question = { app, abi, method: method.format("sighash"), values };
    const rows: Row[] = [
      ...(await Promise.all((await app.state()).map((state) => rowOf(question, state)))),
      ...others.map(unreachableRow),
    ].filter(({ rollup }) => on.some(({ name }) => name === rollup));
    const { output } = context;
    await output.table(
      ["rollup", method.name, ""],
      rows.map(({ rollup, value, problem }) => [rollup, problem === undefined ? textOf(value) : "", problem ?? ""]),
    );
    // Where it was never sent it is not missed, unless that rollup was named.
    const isAll = (options.on ?? "all") === "all";
    const silent = rows.filter(({ problem, state }) => problem !== undefined && !(isAll && state === "absent"));
    output.line(agreementText(method.name, rows));
    if (silent.length > 0) output.line(`Next: ./metalayer app status ${asked.at}`);
    const told = rows.map((row) => ({ ...row, value: plainOf(row.value) }));
    output.result({ contract, method: question.method, args: asked.values, rollups: told });
    return silent.length > 0 ? false : undefined;
  });
}

function agreementText(method: string, rows: readonly Row[]): string {
  const told = rows.filter(({ problem }) => problem === undefined);
  const values = new Set(told.map(({ value }) => textOf(value)));
  const where = told.map(({ rollup }) => rollup).join(", ");
  if (told.length === 0) return `No rollup tells ${method}.`;
  if (told.length === 1) return `${method} of ${where} is ${[...values].join()}.`;
  return values.size === 1 ? `${method} is the same on ${where}.` : `${method} differs between ${where}.`;
}

/** A function that only reads. Throws CLI_APP_METHOD. */
function viewOf(abi: Interface, contract: string, { method: name, values, at }: Asked): FunctionFragment {
  const method = methodOf(abi, contract, name, values.length);
  if (method.constant) return method;
  const next = `./metalayer app call ${at} ${name} … --on <rollups>`;
  throw new CommandError("CLI_APP_METHOD", `${contract}.${name} changes something`, "Nothing was sent", next);
}

interface Question {
  readonly app: MetalayerApp;
  readonly abi: Interface;
  readonly method: string;
  readonly values: readonly unknown[];
}

function unreachableRow({ rollup: { name: rollup, chainId }, problem }: Unreachable): Row {
  return { rollup, chainId: BigInt(chainId), state: "unreachable", problem: problem.message };
}

async function rowOf({ app, abi, method, values }: Question, { name: rollup, chainId, state }: AppState): Promise<Row> {
  if (state !== "deployed") return { rollup, chainId, state, problem: `it does not stand there (${state})` };
  try {
    return { rollup, chainId, state, value: await app.on(chainId).read(method, values) };
  } catch (error) {
    const reason = revertReason(error, [abi, ...interfaces]);
    const message = error instanceof Error ? error.message : String(error);
    return { rollup, chainId, state, problem: reason === undefined ? message : `it refuses: ${reason}` };
  }
}
