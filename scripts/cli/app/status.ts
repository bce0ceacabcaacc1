import type { AppState } from "../../../sdk/src/appState.ts";
import type { Address } from "../../../sdk/src/bytes.ts";
import type { Context } from "../command.ts";
import { findNetwork, withReachable } from "../network.ts";
import { appRollups, openApp } from "./open.ts";
import { findRecord } from "./record.ts";

interface Row {
  readonly rollup: string;
  readonly chainId: bigint;
  readonly address?: Address;
  readonly state: AppState["state"] | "unreachable";
  readonly sendId?: string;
  readonly reason?: string;
  readonly next: string;
}

/** Shows where an application stands, and what can be done where it does not. The answer is "no" if it failed somewhere. */
export async function statusCommand(
  context: Context,
  at: Address,
  options: { readonly network: string | undefined },
): Promise<false | undefined> {
  const network = findNetwork(context, options.network);
  const record = findRecord(network, at);
  return withReachable(appRollups(network), async (connections, others) => {
    const [first] = others;
    if (connections.length === 0 && first !== undefined) throw first.problem;
    const app = await openApp(connections, at, record?.abi);
    const { owner, id } = app;
    const ownerRollup = network.rollups.find(({ chainId }) => BigInt(chainId) === owner.chainId)?.name;
    const rows: Row[] = [
      ...(await app.state()).map((state) => rowOf(state, record?.contract)),
      ...others.map(({ rollup: { name: rollup, chainId }, problem }) => ({
        ...{ rollup, chainId: BigInt(chainId), state: "unreachable" as const },
        ...{ reason: problem.message, next: "look again later" },
      })),
    ];
    const account = app.sites.find(({ chainId }) => chainId === owner.chainId)?.account;
    const what = record?.contract ?? "An application";
    const { output } = context;
    output.line(`${what} of ${owner.address} on ${ownerRollup ?? `rollup ${owner.chainId}`}:`);
    await output.table(
      ["rollup", "address", "", ""],
      rows.map(({ rollup, address = "", state, reason }) => [rollup, address, state, reason ?? ""]),
    );
    for (const line of nextLines(rows)) output.line(line);
    output.result({ contract: record?.contract, id, owner, account, rollups: rows });
    return rows.some(({ state }) => state === "failed") ? false : undefined;
  });
}

function rowOf({ name: rollup, chainId, address, state, sendId, reason, next }: AppState, contract?: string): Row {
  const base = { rollup, chainId, address, state };
  const known = { ...base, ...(sendId === undefined ? {} : { sendId }), ...(reason === undefined ? {} : { reason }) };
  switch (state) {
    case "deployed":
      return { ...known, next };
    case "pending":
      return { ...known, next: `./metalayer status ${sendId} (${next})` };
    case "failed":
      return { ...known, next: `mend what failed, then ./metalayer retry ${sendId}, with --gas if it lacked gas` };
    case "absent":
      return {
        ...known,
        next: `./metalayer app deploy ${contract ?? "<contract>"} --on ${rollup}, with the same salt`,
      };
  }
}

function nextLines(rows: readonly Row[]): string[] {
  const open = rows.filter(({ state }) => state !== "deployed");
  if (open.length === 0) return ["It stands everywhere. Next: ./metalayer app read, or ./metalayer app call."];
  return ["What you can do now:", ...open.map(({ rollup, next }) => `  ${rollup}: ${next}`)];
}
