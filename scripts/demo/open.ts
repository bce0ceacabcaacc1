import { MetalayerClient } from "../../sdk/src/client.ts";
import type { Connection } from "../cli/connection.ts";
import { accessOf, closeConnection, connect } from "../cli/connection.ts";
import { parseRollup } from "../cli/network.ts";
import type { Devnet } from "../devnet/devnet.ts";
import { Account } from "./account.ts";
import { observe } from "./observer.ts";
import { placeMailboxes } from "./mailboxes.ts";
import type { Check, Part, Site, World } from "./world.ts";
import { ACTORS } from "./world.ts";

/** Connects to every node, places the mailboxes, and begins to watch. The demo looks at the nodes themselves, past the faulty endpoints. */
export async function openWorld(
  devnet: Devnet,
  checks: Check[],
  signal: AbortSignal,
  onNote: (part: Part, text: string) => void,
): Promise<{ readonly world: World; readonly ended: () => Promise<void> }> {
  const connections = await Promise.all(
    devnet.state.rollups.map((rollup) => connect({ ...parseRollup(rollup), rpc: [rollup.nodeUrl] })),
  );
  try {
    const chainIds = connections.map(({ chainId }) => chainId);
    const sites = await Promise.all(connections.map((connection) => openSite(devnet, connection, chainIds, signal)));
    const client = await MetalayerClient.connect(connections.map((connection) => accessOf(connection)));
    const world: World = {
      ...{ devnet, sites, client, signal, checks, note: onNote },
      check(part, what, ok, detail = "") {
        checks.push({ part, what, ok, detail });
        if (!ok) onNote(part, `FAILED: ${what}${detail === "" ? "" : ` (${detail})`}`);
      },
    };
    return {
      world,
      ended: async () => {
        await Promise.all(sites.map(({ observer }) => observer.ended));
      },
    };
  } catch (error) {
    connections.forEach(closeConnection);
    throw error;
  }
}

async function openSite(
  devnet: Devnet,
  connection: Connection,
  chainIds: readonly bigint[],
  signal: AbortSignal,
): Promise<Site> {
  const { name, chainId, pool, description } = connection;
  const node = devnet.nodes.find((each) => BigInt(each.chainId) === chainId);
  if (node === undefined) throw new Error(`no node of ${name}`);
  const accounts = new Map<number, Account>();
  const account = (index: number): Account => {
    const known = accounts.get(index) ?? new Account(connection, index);
    accounts.set(index, known);
    return known;
  };
  const { MetalayerGateway: gateway } = description.contracts;
  const observer = observe(pool, node.webSocketUrl, gateway, description.fromBlock, signal);
  const mailboxes = await placeMailboxes(connection, account(ACTORS.treasurer), chainIds, signal);
  return { ...{ name, chainId, connection, node, observer, mailboxes, account }, blockTimeMs: description.blockTimeMs };
}
