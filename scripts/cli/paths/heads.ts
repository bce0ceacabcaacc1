import { isError } from "ethers";
import { ZERO_HASH, type Hex } from "../../../sdk/src/bytes.ts";
import type { MetalayerClient } from "../../../sdk/src/client.ts";
import { CHECKPOINT_INTERVAL } from "../../../sdk/src/message.ts";
import { lanePathProof, type LanePathProof } from "../../../sdk/src/paths.ts";
import { readLogs } from "../../../sdk/src/rollup.ts";
import { packRoute, type Lane } from "../../../sdk/src/route.ts";
import { LaneHeads__factory } from "../../../typechain-types/factories/contracts/paths/LaneHeads__factory.js";
import { CommandError } from "../command.ts";
import type { Connection } from "../connection.ts";
import type { Recipient } from "./recipient.ts";

const LANE_HEADS = LaneHeads__factory.createInterface();

/** Counts of messages for which heads of a lane were proven, under state roots of one source; the least first. */
export async function provenCounts(
  client: MetalayerClient,
  { at, laneHeads }: Recipient,
  lane: Lane,
  rootSource: string,
): Promise<bigint[]> {
  const handle = client.rollup(at.chainId);
  const address = await laneHeads.getAddress();
  const topics = LANE_HEADS.encodeFilterTopics("LaneHeadProven", [rootSource, lane.srcChainId]);
  const words = topics.map((topic) => (Array.isArray(topic) ? (topic[0] ?? null) : topic));
  const logs = await readLogs(handle, words, handle.fromBlock, undefined, address);
  const counts = logs.map(({ topics: own, data }) => {
    const { count } = LANE_HEADS.decodeEventLog("LaneHeadProven", data, [...own]);
    return count as bigint; // CAST: the ABI says uint256.
  });
  const known = await Promise.all(
    counts.map(async (count) => (await laneHeads.headAt(rootSource, packRoute(lane), count)) !== ZERO_HASH),
  );
  return counts.filter((_, index) => known[index]).sort((one, other) => (one < other ? -1 : 1));
}

/** Leads from a message to the head of its lane after `count` messages. */
export async function leadTo(
  client: MetalayerClient,
  src: Connection,
  lane: Lane,
  nonce: bigint,
  count: bigint,
): Promise<LanePathProof> {
  const index = nonce / CHECKPOINT_INTERVAL;
  const messages = await client.messages(lane.srcChainId, lane.dstChainId, index * CHECKPOINT_INTERVAL, count);
  if (index === 0n) return lanePathProof(lane, messages, nonce, count);
  // CAST: the gateway gives 32 bytes.
  const before = (await src.contracts.gateway.checkpoint(packRoute(lane), index)) as Hex;
  return lanePathProof(lane, messages, nonce, count, before);
}

/** How many messages a lane had in a block of its source. Throws CLI_NO_PROOF if the node does not keep that state. */
export async function countAt(src: Connection, lane: Lane, block: bigint): Promise<bigint> {
  try {
    const { nonce } = await src.contracts.gateway.outLane(lane.dstChainId, { blockTag: block });
    return nonce;
  } catch (error) {
    if (isError(error, "CALL_EXCEPTION") && error.data) throw error;
    const what = `the node of ${src.name} does not tell its state at block ${block}`;
    const next = "use an endpoint that keeps old state";
    throw new CommandError("CLI_NO_PROOF", what, "Nothing was delivered", next, { cause: error });
  }
}
