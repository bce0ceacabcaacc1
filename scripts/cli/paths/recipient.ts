import { isError, ZeroAddress, type Provider } from "ethers";
import { loadArtifact } from "../../../deploy/artifacts.ts";
import { fixedBytes, toHex, type Address, type Hex } from "../../../sdk/src/bytes.ts";
import { LANE_OPEN } from "../../../sdk/src/client.ts";
import { compareCode } from "../../../sdk/src/deployment/code.ts";
import type { SentMessage } from "../../../sdk/src/events.ts";
import { messageHash } from "../../../sdk/src/message.ts";
import { ILaneHeads__factory } from "../../../typechain-types/factories/contracts/paths/ILaneHeads__factory.js";
import { IPathRecipient__factory } from "../../../typechain-types/factories/contracts/paths/IPathRecipient__factory.js";
import { OpStackRoots__factory } from "../../../typechain-types/factories/contracts/rollups/OpStackRoots__factory.js";
import type { Connection } from "../connection.ts";
import { spanText } from "../format.ts";

/** What a recipient demands of messages from one rollup, as its contract says it. */
export interface Demand {
  readonly needed: bigint;
  readonly quorum: boolean;
  readonly delay: bigint;
  /** Zero: no storage proof counts. */
  readonly rootSource: string;
  readonly vetoer: string;
}

/** What a recipient knows about a message. */
export interface Held {
  readonly since: bigint;
  readonly quorum: boolean;
  readonly vetoed: boolean;
  readonly executed: boolean;
}

/** A recipient that states its paths. */
export interface Recipient {
  readonly at: Connection;
  readonly address: Address;
  readonly contract: ReturnType<typeof IPathRecipient__factory.connect>;
  readonly laneHeads: ReturnType<typeof ILaneHeads__factory.connect>;
}

/** Where state roots come from; families are known by their code, as this build has it. */
export interface RootSource {
  readonly address: string;
  readonly family: "OpStackRoots" | "ArbitrumRoots" | "unknown";
  /** Who knows blocks of the parent chain, and the rollup's contract there; only of known families. */
  readonly parent?: string;
  readonly posted?: string;
}

const FAMILIES = ["OpStackRoots", "ArbitrumRoots"] as const;

/** The contract as a recipient that states its paths; undefined if it is none. */
export async function recipientAt(at: Connection, address: Address): Promise<Recipient | undefined> {
  const contract = IPathRecipient__factory.connect(address, at.provider);
  try {
    const laneHeads = ILaneHeads__factory.connect(await contract.laneHeads(), at.provider);
    return { at, address, contract, laneHeads };
  } catch (error) {
    if (isError(error, "CALL_EXCEPTION") || isError(error, "BAD_DATA")) return undefined;
    throw error;
  }
}

export async function demandOf({ contract }: Recipient, srcChainId: bigint): Promise<Demand> {
  const { needed, quorum, delay, rootSource, vetoer } = await contract.demandOf(srcChainId);
  return { needed, quorum, delay, rootSource, vetoer };
}

export async function heldOf({ contract }: Recipient, receiveId: Hex): Promise<Held> {
  const { since, quorum, vetoed, executed } = await contract.heldMessage(receiveId);
  return { since, quorum, vetoed, executed };
}

/**
 * Whether the lane on which a message was sent is the one that its recipient's rollup has open. If not, nothing brings it any more: one of
 * the rollups was removed there, or began anew.
 */
export async function isLaneOpen({ at }: Recipient, message: SentMessage): Promise<boolean> {
  const { gateway } = at.contracts;
  const { srcChainId, dstChainId } = message;
  const [{ status, incarnation, ownIncarnation }, networkId] = await Promise.all([
    gateway.inLane(srcChainId),
    gateway.networkId(),
  ]);
  if (status !== LANE_OPEN) return false;
  const route = { srcChainId, dstChainId, srcIncarnation: incarnation, dstIncarnation: ownIncarnation };
  return messageHash(toHex(fixedBytes("networkId", networkId, 32)), route, message) === message.sendId;
}

/** A demand in words: `2 of quorum, proof`. */
export function demandText(demand: Demand): string {
  const paths = [
    ...(demand.quorum ? ["quorum"] : []),
    ...(demand.rootSource === ZeroAddress ? [] : ["proof"]),
    ...(demand.delay === 0n ? [] : [`delay of ${spanText(Number(demand.delay))}`]),
  ];
  return `${demand.needed} of ${paths.join(", ")}`;
}

/** What a source of state roots is; undefined for none. */
export async function rootSourceAt(
  root: string,
  { provider }: Connection,
  address: string,
): Promise<RootSource | undefined> {
  if (address === ZeroAddress) return undefined;
  const family = await familyOf(root, provider, address);
  if (family === undefined) return { address, family: "unknown" };
  // Both families have these, as bases of one parent.
  const source = OpStackRoots__factory.connect(address, provider);
  const [parent, posted] = await Promise.all([source.parent(), source.posted()]);
  return { address, family, parent, posted };
}

async function familyOf(root: string, provider: Provider, address: string) {
  const code = await provider.getCode(address);
  return FAMILIES.find((name) => isBuilt(root, name, code));
}

/** Whether this is the code of one of the build's contracts about rollups. */
export function isBuilt(root: string, name: string, code: string): boolean {
  return compareCode(loadArtifact(root, "contracts/rollups", name), code) === "same";
}
