import { Mailbox__factory } from "../../typechain-types/factories/contracts/examples/Mailbox__factory.js";
import type { SentMessage } from "../../sdk/src/events.ts";
import { GATEWAY_TOPICS, readDeliveryAttempts, readSentMessages } from "../../sdk/src/events.ts";
import type { Log } from "../chain/blocks.ts";
import { parseLogs, quantity, toQuantity } from "../chain/blocks.ts";
import { readLedger } from "../chain/ledger-reader.ts";
import { delay } from "../chain/tasks.ts";
import { ledgerSource } from "../cli/connection.ts";
import type { Site, World } from "../demo/world.ts";
import { devAccount } from "../devnet/accounts.ts";

/** What must hold after all that went wrong, and what was found. */
export interface FaultFinding {
  readonly what: string;
  readonly ok: boolean;
  readonly detail: string;
}

const MAILBOX = Mailbox__factory.createInterface();
const ARRIVED = MAILBOX.getEvent("Arrived").topicHash;

/** Messages in all lanes now, as the chains themselves tell it, and those among them that are not delivered. */
export async function openMessages(
  world: World,
): Promise<{ readonly all: readonly SentMessage[]; readonly open: readonly SentMessage[] }> {
  const { sent, accepted, unfunded, delivered } = GATEWAY_TOPICS;
  const logs = await Promise.all(
    world.sites.map((site) =>
      logsOf(site, site.connection.description.contracts.MetalayerGateway, [[sent, accepted, unfunded, delivered]]),
    ),
  );
  const all = logs.flatMap(readSentMessages);
  const done = new Set(
    logs.flatMap((own) => readDeliveryAttempts(own).flatMap((each) => (each.delivered ? [each.receiveId] : []))),
  );
  return { all, open: all.filter(({ sendId }) => !done.has(sendId)) };
}

async function logsOf({ connection }: Site, address: string, topics: readonly (readonly string[])[]): Promise<Log[]> {
  const fromBlock = toQuantity(connection.description.fromBlock);
  const filter = { address, topics, fromBlock, toBlock: "latest" };
  return parseLogs(await connection.pool.request("eth_getLogs", [filter]));
}

/** Looks at everything from the chains alone. `removed`: messages that reorgs have taken from their sources. */
export async function auditFaults(
  world: World,
  removed: ReadonlySet<string>,
  relayers: readonly number[],
): Promise<FaultFinding[]> {
  const { all, open } = await openMessages(world);
  const lost = open.map(({ srcChainId, nonce }) => `${srcChainId}/${nonce}`).join(" ");
  const nothingLost = { what: "nothing was lost", ok: open.length === 0 && all.length > 0 };
  return [
    { ...nothingLost, detail: `${all.length} messages, ${open.length} not delivered ${lost}`.trim() },
    ...(await auditArrivals(world, new Set(all.map(({ sendId }) => sendId)), removed)),
    await auditEra(world),
    await auditNonces(world, relayers),
  ];
}

async function auditArrivals(
  { sites }: World,
  sent: ReadonlySet<string>,
  removed: ReadonlySet<string>,
): Promise<FaultFinding[]> {
  let arrivals = 0;
  const twice: string[] = [];
  const untrue: string[] = [];
  let lostToFast = 0;
  for (const site of sites) {
    for (const name of ["fast", "final", "shy"] as const) {
      const address = site.mailboxes[name];
      const ids = (await logsOf(site, address, [[ARRIVED]])).map(({ topics }) => topics[1] ?? "");
      arrivals += ids.length;
      twice.push(...ids.filter((id, index) => ids.indexOf(id) !== index));
      const gone = ids.filter((id) => !sent.has(id));
      // Only a recipient of fast messages may have one that its source has not, and only if a reorg took it there.
      const isKnown = (id: string): boolean => name === "fast" && removed.has(id);
      lostToFast += gone.filter(isKnown).length;
      untrue.push(...gone.filter((id) => !isKnown(id)));
    }
  }
  const detail = `${arrivals} arrivals, ${lostToFast} of them fast ones that a reorg then took from their source`;
  return [
    { what: "nothing was doubled", ok: twice.length === 0, detail: `${detail}${twice.join(" ")}` },
    { what: "nothing arrived that was not sent", ok: untrue.length === 0, detail: untrue.join(" ") },
  ];
}

async function auditEra(world: World): Promise<FaultFinding> {
  const { difference, total } = await readLedger(
    world.sites.map(({ connection }) => ledgerSource(connection)),
    [],
    world.signal,
  );
  const detail = `difference ${difference} wei, in flight ${total.inFlight}, lost to fast ${total.lostToFast}`;
  return { what: "the ERA of all rollups adds up to the wei", ok: difference === 0n && total.inFlight === 0n, detail };
}

const LOOKS = 300;
const LOOK_MS = 100;

/** Relayers go on with their own business: what a node knew of them at the beginning has to be mined in the end. */
async function auditNonces({ sites, signal }: World, relayers: readonly number[]): Promise<FaultFinding> {
  const accounts = sites.flatMap((site) => relayers.map((index) => ({ site, index })));
  const stuck = await Promise.all(
    accounts.map(async ({ site: { name, node }, index }) => {
      const { address } = devAccount(index);
      const count = async (at: string): Promise<number> =>
        quantity(await node.rpc("eth_getTransactionCount", address, at));
      const known = await count("pending");
      for (let looks = LOOKS; looks > 0; looks--) {
        if ((await count("latest")) >= known) return "";
        await delay(LOOK_MS, signal);
      }
      return `${name}: ${await count("latest")} mined, ${known} known of account ${index}`;
    }),
  );
  const found = stuck.filter((text) => text !== "");
  return { what: "no relayer has a stuck nonce", ok: found.length === 0, detail: found.join("; ") };
}
