import { concat } from "ethers";
import { fromHex, hashWords, toHex, uintBytes, ZERO_HASH, type Hex } from "./bytes.ts";
import { MetalayerError } from "./errors.ts";
import { formatEvmAccount } from "./interop.ts";
import { chainHeads, CHECKPOINT_INTERVAL, messageHash, packHeader, type Message } from "./message.ts";
import { nodeProof } from "./proofsRead.ts";
import { proveState, slotProof } from "./proofsPack.ts";
import { laneId, packRoute, type Lane } from "./route.ts";
import type { Provider } from "ethers";

/** Where a gateway's storage begins: `outLanes`, then `checkpoints`. */
const OUT_LANES = 0x97d6765343459adc36598cae8850670a2f1a00e3ee5f00d249e4f9ce89affa00n;

/** A message as `PathRecipient.executeMessage` takes it. */
export interface PathMessage {
  readonly route: bigint;
  readonly header: bigint;
  readonly sender: Hex;
  readonly payload: Hex;
}

/** Messages behind one of a lane, up to a head that is proven. */
export interface LanePathProof {
  readonly headBefore: Hex;
  readonly later: Hex[];
}

/** For a message whose quorum or delay suffices. */
export const NO_LANE_PROOF: LanePathProof = { headBefore: ZERO_HASH, later: [] };

/** Slots of a gateway that hold the head of the lane to a rollup, and the word that counts its messages. */
export function laneSlots(dstChainId: bigint): readonly [head: Hex, word: Hex] {
  const head = hashWords([dstChainId, OUT_LANES]);
  return [head, toHex(uintBytes("slot", BigInt(head) + 1n, 32))];
}

/** Slot of a gateway that holds a lane's head after `64 · index` messages. */
export function checkpointSlot(lane: Lane, index: bigint): Hex {
  return hashWords([index, hashWords([packRoute(lane), OUT_LANES + 1n])]);
}

/** The message as its hash commits to it. */
export function pathMessage(lane: Lane, message: Message): PathMessage {
  return {
    route: packRoute(lane),
    header: packHeader(message),
    sender: formatEvmAccount({ chainId: lane.srcChainId, address: message.sender }),
    payload: message.payload,
  };
}

/**
 * Leads from message `nonce` to the lane's head after `count` messages. `messages` are those of the lane from a number on whose head is known:
 * from 0, or from a checkpoint with its head as `headBefore`. Throws `LANE_RANGE` if they do not reach so far.
 */
export function lanePathProof(
  lane: Lane,
  messages: readonly Message[],
  nonce: bigint,
  count: bigint,
  headBefore: Hex = laneId(lane),
): LanePathProof {
  const first = messages[0]?.nonce ?? 0n;
  const hashes = messages.map((message) => messageHash(lane.networkId, lane, message));
  if (nonce < first || nonce >= count || count > first + BigInt(hashes.length)) {
    throw new MetalayerError("LANE_RANGE", `messages ${first} to ${first + BigInt(hashes.length)} do not lead there`, {
      nonce,
      count,
    });
  }
  const [before, end] = [Number(nonce - first), Number(count - first)];
  return { headBefore: chainHeads(headBefore, hashes.slice(0, before)), later: hashes.slice(before + 1, end) };
}

/** Index of the first checkpoint behind a message: the head after `64 · index` messages. */
export function nextCheckpoint(nonce: bigint): bigint {
  return nonce / CHECKPOINT_INTERVAL + 1n;
}

/** The lane proof that `LaneHeads.recordHead` takes, from the sending rollup's node. Throws as {@link nodeProof}, `PROOF_REFUSED`. */
export async function laneHeadProof(provider: Provider, lane: Lane, stateRoot: Hex, block: bigint): Promise<Hex> {
  return laneProof(provider, lane, laneSlots(lane.dstChainId), stateRoot, block);
}

/** As {@link laneHeadProof} for `LaneHeads.recordCheckpoint`. */
export async function checkpointProof(
  provider: Provider,
  lane: Lane,
  index: bigint,
  stateRoot: Hex,
  block: bigint,
): Promise<Hex> {
  return laneProof(provider, lane, [checkpointSlot(lane, index)], stateRoot, block);
}

async function laneProof(
  provider: Provider,
  lane: Lane,
  slots: readonly Hex[],
  stateRoot: Hex,
  block: bigint,
): Promise<Hex> {
  const { accountPart, slotParts } = proveState(
    stateRoot,
    lane.srcGateway,
    slots,
    await nodeProof(provider, lane.srcGateway, slots, block),
  );
  return toHex(fromHex(concat([slotProof(accountPart, slotParts)])));
}
