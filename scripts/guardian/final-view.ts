import type { Hex } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { CHECKPOINT_INTERVAL } from "../../sdk/src/message.ts";
import type { Lane } from "../../sdk/src/route.ts";
import { laneId, packRoute } from "../../sdk/src/route.ts";
import { parseBlock, toQuantity } from "../chain/blocks.ts";
import { agreedFinalBlock } from "../chain/finality.ts";
import { rpcQuestion } from "../chain/quorum.ts";
import type { ChainAccess, RollupConfig } from "../network/config.ts";
import { LANE_OPEN, readOutLane, viewCall, viewResult } from "../network/gateway.ts";
import type { LaneGap, LanePoint } from "../network/lane-logs.ts";
import { entriesBetween } from "../network/lane-logs.ts";
import type { RecordedBlock } from "./claims.ts";
import type { GuardianRecord } from "./record.ts";

/** One rollup as a source of messages, with everything that is needed to look at it. */
export interface SourceContext {
  readonly rollup: RollupConfig;
  readonly access: ChainAccess;
  /** The lanes that begin there. */
  readonly lanes: readonly Lane[];
  readonly record: GuardianRecord;
  /** Ends what is done for several askers at once: none of them alone may. */
  readonly stopping?: AbortSignal | undefined;
}

/** Messages of a lane verified in one step at most, so that a long history fits in memory. */
const STEP = 4_096n;

/** The lane's state in one block, as k of n endpoints tell it; undefined for a lane that is not open in this incarnation. */
export function pointOf(lane: Lane, result: unknown): LanePoint | undefined {
  const { status, nonce, head, ownIncarnation, incarnation } = readOutLane(result);
  const isOurs = ownIncarnation === lane.srcIncarnation && incarnation === lane.dstIncarnation;
  return status >= LANE_OPEN && isOurs ? { nonce, head } : undefined;
}

/**
 * Brings the record up to the newest block that k of n endpoints hold to be final. Throws ROLLUP_HALTED, having halted the
 * rollup, if a block that was final is gone or a lane went back; otherwise what the quorum or the logs throw.
 */
export async function advanceFinal(context: SourceContext, signal?: AbortSignal): Promise<void> {
  const { rollup, access, lanes, record } = context;
  const known = record.finalBlock(rollup.chainId);
  const { number, hash } = await agreedFinalBlock(access.quorum, rollup.finality, signal);
  const block: RecordedBlock = { number, hash: lowerHex(hash) };
  if (known !== undefined && block.number <= known.number) {
    if (block.number === known.number && block.hash !== known.hash) throw reorganised(context, known);
    return;
  }
  const points = await agreedPoints(context, block, known, signal);
  let fromBlock = known === undefined ? rollup.fromBlock : known.number + 1;
  for (let isComplete = false; !isComplete;) {
    const gaps = lanes.flatMap((lane, index) => {
      const to = points[index];
      return to === undefined ? [] : [{ lane, from: record.tip(laneId(lane)), to }];
    });
    for (const gap of gaps) refuseStepBack(context, gap);
    isComplete = gaps.every(({ from, to }) => to.nonce - from.nonce <= STEP);
    const steps = isComplete ? gaps : await Promise.all(gaps.map((gap) => firstStep(context, gap, block, signal)));
    const filled = await entriesBetween({
      pool: access.pool,
      gaps: steps,
      fromBlock,
      toBlock: block.number,
      maxRange: rollup.maxLogRange,
      withContent: false,
      signal,
    });
    const additions = steps.map(({ lane }, index) => ({ laneId: laneId(lane), links: filled[index] ?? [] }));
    record.append(rollup.chainId, isComplete ? block : undefined, additions);
    // No lane misses anything before the block in which the shortest part ended.
    const ends = filled.flatMap((entries) => entries.at(-1)?.block ?? []);
    fromBlock = Math.max(fromBlock, Math.min(...ends, block.number));
  }
}

/** Where every lane stands in this block; and the block that was final before must still be there. */
async function agreedPoints(
  context: SourceContext,
  block: RecordedBlock,
  known: RecordedBlock | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly (LanePoint | undefined)[]> {
  const { rollup, access, lanes } = context;
  const { gateway } = rollup.contracts;
  const knownAt = toQuantity(known?.number ?? block.number);
  const calls = [
    { method: "eth_getBlockByNumber", params: [knownAt, false] },
    ...lanes.map((lane) => viewCall(gateway, "outLane", [lane.dstChainId], { blockHash: block.hash })),
  ];
  const question = rpcQuestion(`the lanes in block ${block.number}`, calls, ([before, ...results]) => ({
    knownHash: parseBlock(before).hash,
    points: results.map((result, index) => {
      const lane = lanes[index];
      return (lane === undefined ? undefined : pointOf(lane, result)) ?? null;
    }),
  }));
  const { answer } = await access.quorum.agree(question, signal);
  if (known !== undefined && answer.knownHash !== known.hash) throw reorganised(context, known);
  return answer.points.map((point) => point ?? undefined);
}

/** A verified lane can only grow. */
function refuseStepBack(context: SourceContext, { lane, from, to }: LaneGap): void {
  if (to.nonce > from.nonce || (to.nonce === from.nonce && to.head === from.head)) return;
  const what = `lane to ${lane.dstChainId} stands at message ${to.nonce} where it had other ${from.nonce} before`;
  throw halted(context, "FINAL_LANE_CHANGED", what);
}

/** The first part of a long gap: up to a head that the gateway stores for ever. */
async function firstStep(
  { rollup, access }: SourceContext,
  gap: LaneGap,
  block: RecordedBlock,
  signal: AbortSignal | undefined,
): Promise<LaneGap> {
  if (gap.to.nonce - gap.from.nonce <= STEP) return gap;
  const index = (gap.from.nonce + STEP) / CHECKPOINT_INTERVAL;
  const args = [packRoute(gap.lane), index];
  const call = viewCall(rollup.contracts.gateway, "checkpoint", args, { blockHash: block.hash });
  const question = rpcQuestion(`checkpoint ${index}`, [call], ([result]) =>
    String(viewResult("checkpoint", result)[0]),
  );
  const { answer } = await access.quorum.agree(question, signal);
  return { ...gap, to: { nonce: index * CHECKPOINT_INTERVAL, head: lowerHex(answer) } };
}

function reorganised(context: SourceContext, known: RecordedBlock): MetalayerError {
  return halted(context, "FINAL_BLOCK_CHANGED", `final block ${known.number} is no longer ${known.hash}`);
}

function halted({ rollup, record }: SourceContext, code: string, what: string): MetalayerError {
  record.halt(rollup.chainId, code, what);
  return new MetalayerError("ROLLUP_HALTED", `${rollup.name}: ${what}; nothing about it is signed until resumed.`, {
    chainId: rollup.chainId,
    reason: code,
  });
}

export function lowerHex(text: string): Hex {
  return `0x${text.slice(2).toLowerCase()}`;
}
