import { zeroPadValue } from "ethers";
import { IOmniDeployer__factory } from "../../typechain-types/factories/contracts/deployment/IOmniDeployer__factory.js";
import type { AppSite, OmniRollup } from "./appSites.ts";
import { fixedBytes, toAddress, toHex, uintBytes, ZERO_HASH, type Address, type Hex } from "./bytes.ts";
import { MetalayerError } from "./errors.ts";
import { GATEWAY_TOPICS, readSentMessages } from "./events.ts";
import type { AppOwner } from "./omni.ts";
import { readLogs, type RollupHandle } from "./rollup.ts";
import { messageStatus } from "./status.ts";

const DEPLOYER = IOmniDeployer__factory.createInterface();
const APP_SENT = DEPLOYER.getEvent("AppSent").topicHash;

/** What names an application. */
export interface AppRecord {
  readonly id: Hex;
  readonly owner: AppOwner;
}

/**
 * An application on one rollup.
 *
 * - `deployed`: it stands.
 * - `pending`: the message that places it has not been delivered.
 * - `failed`: that message was attempted; it stays deliverable by anyone.
 * - `absent`: nobody has sent it there.
 */
export interface AppState {
  readonly chainId: bigint;
  readonly name: string;
  readonly address: Address;
  readonly state: "deployed" | "pending" | "failed" | "absent";
  /** The newest message that places it there. */
  readonly sendId?: Hex;
  /** Why it failed. */
  readonly reason?: string;
  /** What can be done now; empty when it stands. */
  readonly next: string;
}

/** Owner and id of what stands at an address, or is on its way there. Throws `APP_UNKNOWN`. */
export async function findApp(rollups: readonly OmniRollup[], address: Address): Promise<AppRecord> {
  const placed = await Promise.all(rollups.map(({ omni }) => omni.appAt(address)));
  const found = placed.find(({ id }) => id !== ZERO_HASH);
  if (found !== undefined) return recordOf(found.id, found.ownerChainId, found.owner);
  const topics = [APP_SENT, null, null, zeroPadValue(address, 32)];
  for (const { rollup, deployer } of rollups) {
    const log = (await readLogs(rollup, topics, undefined, undefined, deployer)).at(-1);
    if (log === undefined) continue;
    const [id, , , owner] = DEPLOYER.decodeEventLog("AppSent", log.data, log.topics);
    return recordOf(String(id), rollup.chainId, String(owner));
  }
  const message = `no OmniDeployer has placed or sent anything to ${address}`;
  throw new MetalayerError("APP_UNKNOWN", message, { address });
}

function recordOf(id: string, chainId: bigint, owner: string): AppRecord {
  return {
    id: toHex(fixedBytes("id", id, 32)),
    owner: { chainId, address: toAddress(fixedBytes("owner", owner, 20)) },
  };
}

/** Its state on every rollup, from RPC endpoints alone. */
export async function appState(
  rollups: readonly OmniRollup[],
  record: AppRecord,
  sites: readonly AppSite[],
): Promise<AppState[]> {
  const source = rollups.find(({ rollup }) => rollup.chainId === record.owner.chainId);
  return Promise.all(
    rollups.map(async ({ rollup, omni }, index) => {
      const address = sites[index]?.address ?? record.owner.address;
      const base = { chainId: rollup.chainId, name: rollup.name, address };
      if ((await omni.appAt(address)).id === record.id) return { ...base, state: "deployed", next: "" };
      const sendId = source === undefined ? undefined : await newestSendId(source, record.id, rollup.chainId);
      if (source === undefined || sendId === undefined) {
        const next = source === undefined ? "ask with the owner's rollup among the client's" : "deploy it there";
        return { ...base, state: "absent", next };
      }
      return { ...base, sendId, ...(await messageState(source.rollup, rollup, sendId)) };
    }),
  );
}

async function newestSendId({ rollup, deployer }: OmniRollup, id: Hex, chainId: bigint): Promise<Hex | undefined> {
  const topics = [APP_SENT, id, toHex(uintBytes("chainId", chainId, 32))];
  const log = (await readLogs(rollup, topics, undefined, undefined, deployer)).at(-1);
  if (log === undefined) return undefined;
  const sendId = String(DEPLOYER.decodeEventLog("AppSent", log.data, log.topics)[4]);
  return toHex(fixedBytes("sendId", sendId, 32));
}

async function messageState(
  src: RollupHandle,
  dst: RollupHandle,
  sendId: Hex,
): Promise<Pick<AppState, "state" | "reason" | "next">> {
  const topics = [[GATEWAY_TOPICS.sent, GATEWAY_TOPICS.accepted, GATEWAY_TOPICS.unfunded], sendId];
  const [message] = readSentMessages(await readLogs(src, topics));
  if (message === undefined) return { state: "pending", next: "wait: the source's node does not have its message yet" };
  const status = await messageStatus(message, src, dst, [DEPLOYER]);
  if (status.state === "failed") {
    const next = `mend what failed, then deliver message ${sendId} again, with more gas if it lacked gas`;
    return { state: "failed", reason: status.reason, next };
  }
  const isFinal = status.state === "deliverable";
  return { state: "pending", next: isFinal ? "wait for a relayer, or deliver it yourself" : "wait: not final yet" };
}
