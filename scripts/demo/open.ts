import type { Connection } from "../cli/connection.ts";
import { closeConnection, connect, readingClient } from "../cli/connection.ts";
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
    let sites = await Promise.all(connections.map((connection) => openSite(devnet, connection, chainIds, signal)));
    const opened = [...sites];
    let client = await readingClient(connections);
    const world: World = {
      ...{ devnet, signal, checks, note: onNote },
      get sites() {
        return sites;
      },
      get client() {
        return client;
      },
      async open(chainId) {
        const rollup = devnet.state.rollups.find((each) => BigInt(each.chainId) === chainId);
        const connection = await connect({ ...parseRollup(rollup), rpc: [rollup?.nodeUrl ?? ""] });
        connections.push(connection);
        const site = await openSite(devnet, connection, chainIds, signal);
        opened.push(site);
        return site;
      },
      async join(site) {
        const joined = [...sites, site];
        client = await readingClient(joined.map(({ connection }) => connection));
        sites = joined;
      },
      check(part, what, ok, detail = "") {
        checks.push({ part, what, ok, detail });
        if (!ok) onNote(part, `FAILED: ${what}${detail === "" ? "" : ` (${detail})`}`);
      },
    };
    return {
      world,
      ended: async () => {
        await Promise.all(opened.map(({ observer }) => observer.ended));
        connections.forEach(closeConnection);
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
