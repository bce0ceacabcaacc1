import { z } from "zod";
import { ZERO_HASH, type Hex } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import type { SourceBlock } from "../../sdk/src/evidence.ts";
import type { LaneTruth } from "../../sdk/src/evidenceBuild.ts";
import type { Lane } from "../../sdk/src/route.ts";
import { laneId } from "../../sdk/src/route.ts";
import type { Block } from "../chain/blocks.ts";
import { parseBlockOrNone, toQuantity } from "../chain/blocks.ts";
import { agreedFinalBlock } from "../chain/finality.ts";
import { rpcQuestion } from "../chain/quorum.ts";
import { codeOf } from "../chain/rpc-errors.ts";
import { pointOf } from "../guardian/final-view.ts";
import { readAnchor, anchorCall, type Anchor } from "../network/anchor-log.ts";
import { readOutLane, viewCall } from "../network/gateway.ts";
import type { ChainedEntry, LanePoint } from "../network/lane-logs.ts";
import { entriesBetween } from "../network/lane-logs.ts";
import type { Post } from "./post.ts";

/** What a rollup says, as of a block that k of n of its endpoints have. */
export interface AsOf<T> {
  readonly block: Block;
  readonly said: T;
}

/** Truth that cannot be had now. */
export function outOfReach(what: string): MetalayerError {
  return new MetalayerError("WATCH_OUT_OF_REACH", what);
}

/** Brings the final part of the lanes up to date. Throws WATCH_OUT_OF_REACH if the rollup has broken its finality. */
export async function refreshLanes({ rollup, source }: Post, signal?: AbortSignal): Promise<void> {
  await source.refresh(signal).catch((error: unknown) => {
    const code = codeOf(error);
    if (code !== "FINALITY_NONE" && code !== "ROLLUP_HALTED") throw error;
  });
  const halt = source.context.record.haltOf(rollup.chainId);
  if (halt !== undefined) throw outOfReach(`${rollup.name} has broken its finality: ${halt.reason}`);
}

/** A lane as its own rollup has it up to its newest block: final messages, and those above. */
export async function laneTruth(post: Post, lane: Lane, signal?: AbortSignal): Promise<AsOf<LaneTruth>> {
  const { rollup, access, source } = post;
  const { record } = source.context;
  const tip = record.tip(laneId(lane));
  const finalNumber = record.finalBlock(rollup.chainId)?.number ?? rollup.fromBlock - 1;
  const block = await newestBlock(post, signal);
  const point = await pointAt(post, lane, block, signal);
  if (point.nonce < tip.nonce) throw outOfReach(`${rollup.name}: the lane is shorter than what was final`);
  const [links = []] =
    point.nonce === tip.nonce
      ? []
      : await entriesBetween({
          pool: access.pool,
          gaps: [{ lane, from: tip, to: point }],
          fromBlock: finalNumber + 1,
          toBlock: block.number,
          maxRange: rollup.maxLogRange,
          withContent: false,
          signal,
        });
  return { block, said: truthOf(post, lane, tip, links) };
}

function newestBlock({ access, rollup }: Post, signal: AbortSignal | undefined): Promise<Block> {
  return agreedFinalBlock(access.quorum, { kind: "depth", blocks: 0 }, signal).catch((cause: unknown) => {
    if (signal?.aborted === true) throw cause;
    throw new MetalayerError(
      "WATCH_OUT_OF_REACH",
      `${rollup.name}: too few endpoints agree on its newest block`,
      {},
      { cause },
    );
  });
}

/** Where the lane stands in this block; at its beginning if it was never opened. */
async function pointAt(post: Post, lane: Lane, block: Block, signal: AbortSignal | undefined): Promise<LanePoint> {
  const call = viewCall(post.rollup.contracts.gateway, "outLane", [lane.dstChainId], { blockHash: block.hash });
  const question = rpcQuestion(`the lane in block ${block.number}`, [call], ([result]) => {
    const { ownIncarnation, incarnation } = readOutLane(result);
    const isUnopened = ownIncarnation < lane.srcIncarnation || incarnation < lane.dstIncarnation;
    return pointOf(lane, result) ?? (isUnopened ? { nonce: 0n, head: laneId(lane) } : null);
  });
  const { answer } = await post.access.quorum.agree(question, signal);
  if (answer !== null) return answer;
  throw outOfReach(`${post.rollup.name}: the lane to ${lane.dstChainId} is one of newer incarnations`);
}

function truthOf({ source }: Post, lane: Lane, tip: LanePoint, links: readonly ChainedEntry[]): LaneTruth {
  const { record } = source.context;
  const id = laneId(lane);
  const settled = (from: bigint, to: bigint): Hex[] => {
    const end = to < tip.nonce ? to : tip.nonce;
    if (from >= end) return [];
    const found = record.range(id, from, end);
    if (found === undefined) throw outOfReach(`messages ${from} to ${end} are not known`);
    return found.links.map((link) => link.id);
  };
  const above = (nonce: bigint): number => Number(nonce > tip.nonce ? nonce - tip.nonce : 0n);
  return {
    count: tip.nonce + BigInt(links.length),
    headAt(count) {
      if (count === 0n) return id;
      if (count === tip.nonce) return tip.head;
      if (count > tip.nonce) return links[above(count) - 1]?.head ?? ZERO_HASH;
      return record.range(id, count - 1n, count)?.links[0]?.head ?? ZERO_HASH;
    },
    hashes: (from, to) => [...settled(from, to), ...links.slice(above(from), above(to)).map((link) => link.id)],
  };
}

/** Where a block is found in the chain; undefined if it is not in it. */
export async function findBlock(post: Post, hash: Hex, signal?: AbortSignal): Promise<AsOf<SourceBlock | undefined>> {
  const newest = await newestBlock(post, signal);
  const byHash = rpcQuestion(
    "a block by its hash",
    [{ method: "eth_getBlockByHash", params: [hash, false] }],
    ([found]) => {
      return parseBlockOrNone(found)?.number ?? null;
    },
  );
  const { answer: number } = await post.access.quorum.agree(byHash, signal);
  if (number === null) return { block: newest, said: undefined };
  const params = [toQuantity(number), false];
  const byNumber = rpcQuestion(`block ${number}`, [{ method: "eth_getBlockByNumber", params }], ([found]) => {
    return parseBlockOrNone(found)?.hash ?? null;
  });
  const { answer } = await post.access.quorum.agree(byNumber, signal);
  return { block: newest, said: answer === hash ? { anchored: false, number: BigInt(number) } : undefined };
}

/** An entry of the AnchorLog, with the state root of its block and what hashes to the block's hash; no block where there is no entry. */
export interface AnchoredBlock {
  readonly entry: Anchor;
  readonly stateRoot: string | null;
}

export async function anchorTruth(post: Post, index: bigint, signal?: AbortSignal): Promise<AsOf<AnchoredBlock>> {
  const block = await newestBlock(post, signal);
  const entry = await anchorAt(post, index, block.hash, signal);
  if (entry.timestamp === 0n) return { block, said: { entry, stateRoot: null } };
  const header = { method: "eth_getBlockByHash", params: [entry.hash, false] };
  const ask = rpcQuestion(`block ${entry.number}`, [header], ([found]) => parseBlockOrNone(found)?.stateRoot ?? null);
  const { answer: stateRoot } = await post.access.quorum.agree(ask, signal);
  return { block, said: { entry, stateRoot } };
}

/** An entry of the AnchorLog in the state of a block. */
export async function anchorAt(post: Post, index: bigint, blockHash: string, signal?: AbortSignal): Promise<Anchor> {
  const { rollup, access } = post;
  const { anchorLog } = rollup.contracts;
  if (anchorLog === undefined) throw outOfReach(`no AnchorLog of ${rollup.name} is configured`);
  const call = anchorCall(anchorLog, index, { blockHash });
  const { answer } = await access.quorum.agree(
    rpcQuestion(`anchor ${index}`, [call], ([entry]) => readAnchor(entry)),
    signal,
  );
  return answer;
}

const rawBlock = z.record(z.string(), z.unknown());

/** A block as one endpoint gives it: whoever uses it checks it against its hash. */
export async function blockByHash(
  { access }: Post,
  hash: Hex,
  signal?: AbortSignal,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const found = await access.pool.request("eth_getBlockByHash", [hash, false], { signal });
  return rawBlock.safeParse(found).data;
}
