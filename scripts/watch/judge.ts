import type { Evidence } from "../../sdk/src/evidence.ts";
import { accuseLane } from "../../sdk/src/evidenceBuild.ts";
import { headerOfBlock } from "../../sdk/src/header.ts";
import type { HeadFact, LaneFact } from "../../sdk/src/fact.ts";
import { CLASS_FAST } from "../../sdk/src/fact.ts";
import { treeRoot } from "../../sdk/src/tree.ts";
import type { Block } from "../chain/blocks.ts";
import type { Post } from "./post.ts";
import { postOf } from "./post.ts";
import type { SeenFact, SeenHead, SeenLane } from "./seen.ts";
import { homeOf } from "./seen.ts";
import { anchorAt, anchorTruth, blockByHash, findBlock, laneTruth, outOfReach, refreshLanes } from "./truth.ts";

/** What the watchtower's own nodes say about a fact. */
export type Verdict =
  | { readonly kind: "true" }
  | { readonly kind: "false"; readonly evidence: Evidence }
  /** Nodes may not have seen what the guardians saw, or it is not final: to be judged again at a newer block. */
  | { readonly kind: "early"; readonly reason: string }
  /** A `fast` fact about a block that is not in the chain: neither true nor false, and no evidence for ever. */
  | { readonly kind: "gone" };

/** Judges a fact by the nodes of the rollup that it speaks about. Throws WATCH_OUT_OF_REACH, or what pool and quorum throw: then nothing is known. */
export async function judge(posts: readonly Post[], seen: SeenFact, signal?: AbortSignal): Promise<Verdict> {
  const home = postOf(posts, homeOf(seen));
  if (home === undefined) throw outOfReach(`no endpoint of rollup ${homeOf(seen)} is configured`);
  return seen.kind === "lane" ? judgeLane(home, seen, signal) : judgeHead(home, seen, signal);
}

async function judgeLane(home: Post, seen: SeenLane, signal: AbortSignal | undefined): Promise<Verdict> {
  const { fact, lane, attestation, proof } = seen;
  await refreshLanes(home, signal);
  const isFast = fact.class === CLASS_FAST;
  if (isSettled(home, fact)) return { kind: "true" };
  const found = isFast ? await findBlock(home, fact.srcBlockHash, signal) : undefined;
  if (found !== undefined && found.said === undefined) return early(home, found.block, seen) ?? { kind: "gone" };
  const { block, said: truth } = await laneTruth(home, lane, signal);
  const charge = { fact, lane, inclusion: { attestation, proof } };
  const sourceBlock = found?.said;
  const evidence = accuseLane(sourceBlock === undefined ? charge : { ...charge, sourceBlock }, truth);
  if (evidence === undefined) return isFast ? { kind: "true" } : notFinal(home);
  // That root and messages do not fit is false whatever the chain says; the rest is judged by a block newer than the attestation.
  const isOwn = evidence.kind === "laneRoot";
  return (isOwn ? undefined : early(home, block, seen)) ?? { kind: "false", evidence };
}

/** The fact is what the final part of the lane says. */
function isSettled({ source }: Post, { laneId, from, to, headBefore, headAt, batchRoot }: LaneFact): boolean {
  const { record } = source.context;
  if (to > record.tip(laneId).nonce) return false;
  const range = record.range(laneId, from, to);
  if (range === undefined || range.headBefore !== headBefore || range.links.at(-1)?.head !== headAt) return false;
  return treeRoot(range.links.map(({ id }) => id)) === batchRoot;
}

async function judgeHead(home: Post, seen: SeenHead, signal: AbortSignal | undefined): Promise<Verdict> {
  const { fact, attestation, proof } = seen;
  const { name, incarnation } = home.rollup;
  await refreshLanes(home, signal);
  if (fact.incarnation !== incarnation) throw outOfReach(`${name}: anchors of incarnation ${fact.incarnation}`);
  const { block, said } = await anchorTruth(home, fact.anchorIndex, signal);
  const inclusion = { attestation, proof };
  if (said.entry.hash !== fact.blockHash || said.entry.number !== fact.number) {
    return early(home, block, seen) ?? { kind: "false", evidence: { kind: "head", fact, inclusion } };
  }
  if (said.stateRoot === fact.stateRoot)
    return (await isAnchorFinal(home, fact, signal)) ? { kind: "true" } : notFinal(home);
  if (said.stateRoot === null) throw outOfReach(`${name}: block ${fact.number} cannot be read any more`);
  const header = headerOfBlock((await blockByHash(home, fact.blockHash, signal)) ?? {});
  if (header === undefined) throw outOfReach(`${name}: the header of block ${fact.number} has another shape`);
  return { kind: "false", evidence: { kind: "head", fact, inclusion, header } };
}

/** True now, and the rollup can still take it back: whoever signed it as final answers for that. */
function notFinal({ rollup }: Post): Verdict {
  return { kind: "early", reason: `${rollup.name}: it was attested as final and is not final here yet` };
}

async function isAnchorFinal(home: Post, { anchorIndex, blockHash }: HeadFact, signal?: AbortSignal): Promise<boolean> {
  const final = home.source.context.record.finalBlock(home.rollup.chainId);
  if (final === undefined) return false;
  return (await anchorAt(home, anchorIndex, final.hash, signal)).hash === blockHash;
}

/** Nodes that lag behind the rollup on which the fact was used may not have what the guardians saw; many blocks can share one second. */
function early({ rollup, clockSkewSeconds }: Post, block: Block, { attestedAt }: SeenFact): Verdict | undefined {
  if (block.timestamp > attestedAt + clockSkewSeconds) return undefined;
  const reason = `${rollup.name}: its newest block ${block.number} may be older than the attestation`;
  return { kind: "early", reason };
}

/** The rollup that alone can judge the evidence; undefined if any rollup can. */
export function courtOf(evidence: Evidence): bigint | undefined {
  if (evidence.kind === "laneHead" || evidence.kind === "laneAhead") return evidence.lane.srcChainId;
  return evidence.kind === "head" && evidence.header === undefined ? evidence.fact.chainId : undefined;
}
