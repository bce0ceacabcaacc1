import type { Hex } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import type { LaneFact } from "../../sdk/src/fact.ts";
import { headFactHash, laneFactHash } from "../../sdk/src/fact.ts";
import type { Lane } from "../../sdk/src/route.ts";
import { laneId } from "../../sdk/src/route.ts";
import { MAX_LEAVES, treeRoot } from "../../sdk/src/tree.ts";
import { codeOf } from "../chain/rpc-errors.ts";
import { abortable } from "../chain/tasks.ts";
import type { FactRequest, HeadFactRequest, LaneFactRequest } from "../network/guardian-api.ts";
import { isFast } from "../network/guardian-api.ts";
import { checkHead } from "./anchors.ts";
import type { SourceContext } from "./final-view.ts";
import { advanceFinal } from "./final-view.ts";
import type { Claim, LaneClaim } from "./claims.ts";
import type { SoftView } from "./soft-view.ts";
import { createSoftView, refused } from "./soft-view.ts";

/** A fact that this guardian's own nodes confirm. */
export interface ConfirmedFact {
  readonly hash: Hex;
  readonly claim: Claim;
}

/** One rollup as this guardian sees it. */
export interface Source {
  readonly context: SourceContext;
  /** Throws a coded refusal unless the fact is true, and final where it has to be. */
  confirm(fact: FactRequest, signal?: AbortSignal): Promise<ConfirmedFact>;
  /** Brings the record up to the final block now. The signal ends the waiting, not the look that others wait for too. */
  refresh(signal?: AbortSignal): Promise<void>;
  /** Whether the record once reached the final block in this process, and the last failure to do so since. */
  status(): { readonly isSynced: boolean; readonly failure: string | undefined };
}

interface SourceState {
  readonly context: SourceContext;
  readonly soft: SoftView;
  readonly now: () => number;
  refreshing: Promise<void> | undefined;
  refreshStarted: number;
  isSynced: boolean;
  failure: string | undefined;
}

export function createSource(context: SourceContext, now = (): number => performance.now()): Source {
  const state: SourceState = {
    context,
    soft: createSoftView(context),
    now,
    refreshing: undefined,
    refreshStarted: -Infinity,
    isSynced: false,
    failure: undefined,
  };
  return {
    context,
    confirm: (fact, signal) =>
      fact.kind === "head" ? confirmHead(state, fact, signal) : confirmLane(state, fact, signal),
    refresh: (signal) => refresh(state, signal),
    status: () => ({ isSynced: state.isSynced, failure: state.failure }),
  };
}

/** Looks at the final block anew, but not twice within a quarter of a block's time, and once for all who wait for it. */
function refresh(state: SourceState, signal?: AbortSignal): Promise<void> {
  if (state.refreshing !== undefined) return abortable(state.refreshing, signal);
  if (state.now() - state.refreshStarted < state.context.rollup.blockTimeMs / 4) return Promise.resolve();
  state.refreshStarted = state.now();
  state.refreshing = advanceFinal(state.context, state.context.stopping)
    .then(
      () => {
        state.isSynced = true;
        state.failure = undefined;
      },
      (error: unknown) => {
        // A rollup without any final block is up to date with nothing.
        if (codeOf(error) === "FINALITY_NONE") state.isSynced = true;
        state.failure = error instanceof Error ? error.message : String(error);
        throw error;
      },
    )
    .finally(() => {
      state.refreshing = undefined;
    });
  return abortable(state.refreshing, signal);
}

async function confirmLane(state: SourceState, fact: LaneFactRequest, signal?: AbortSignal): Promise<ConfirmedFact> {
  const { context } = state;
  const lane = context.lanes.find(({ dstChainId }) => dstChainId === fact.dstChainId);
  if (lane === undefined) throw refused("LANE_UNKNOWN", `no lane leads to ${fact.dstChainId}`);
  if (fact.to <= fact.from || fact.to - fact.from > BigInt(MAX_LEAVES)) {
    throw refused("FACT_RANGE", `a fact covers 1 to ${MAX_LEAVES} messages`);
  }
  const claim = isFast(fact) ? await softClaim(state, lane, fact, signal) : await finalClaim(state, lane, fact, signal);
  const { laneId: id, from, to, headBefore, headAt, batchRoot } = claim;
  if (headBefore !== fact.headBefore || headAt !== fact.headAt || batchRoot !== fact.batchRoot) {
    // Either it is false, or what was final here is no longer: then this halts the rollup.
    if (!isFast(fact)) await refresh(state, signal);
    throw refused("FACT_FALSE", `messages ${from} to ${to} are others here`);
  }
  const full: LaneFact = {
    class: fact.class,
    laneId: id,
    from,
    to,
    headBefore,
    headAt,
    batchRoot,
    srcBlockHash: fact.srcBlockHash,
  };
  return { hash: laneFactHash(full), claim };
}

async function finalClaim(
  state: SourceState,
  lane: Lane,
  { from, to }: LaneFactRequest,
  signal: AbortSignal | undefined,
): Promise<LaneClaim> {
  const { record } = state.context;
  const id = laneId(lane);
  // The first may only be the end of a look that others began before the message was final.
  for (let looks = 0; looks < 2 && record.tip(id).nonce < to; looks++) await refresh(state, signal);
  if (record.tip(id).nonce < to) throw refused("FACT_NOT_FINAL", `message ${to - 1n} is not final yet`);
  const found = record.range(id, from, to);
  const last = found?.links.at(-1);
  if (found === undefined || last === undefined) throw refused("FACT_RANGE", `messages ${from} to ${to} are not known`);
  const batchRoot = treeRoot(found.links.map((link) => link.id));
  const common = { kind: "lane" as const, chainId: lane.srcChainId, laneId: id, from, to };
  return { ...common, headBefore: found.headBefore, headAt: last.head, batchRoot };
}

async function softClaim(
  state: SourceState,
  lane: Lane,
  fact: LaneFactRequest,
  signal: AbortSignal | undefined,
): Promise<LaneClaim> {
  const { from, to } = fact;
  if (fact.srcBlockNumber > BigInt(Number.MAX_SAFE_INTEGER)) throw refused("FACT_RANGE", "there is no such block");
  const block = { number: Number(fact.srcBlockNumber), hash: fact.srcBlockHash };
  const { headBefore, links, end } = await state.soft.range(lane, block, from, to, signal);
  const last = links.at(-1);
  if (last === undefined) throw refused("FACT_RANGE", `messages ${from} to ${to} are not known`);
  const batchRoot = treeRoot(links.map((link) => link.id));
  const common = { kind: "lane" as const, chainId: lane.srcChainId, laneId: laneId(lane), from, to };
  return { ...common, headBefore, headAt: last.head, batchRoot, soft: { block, end } };
}

async function confirmHead(state: SourceState, fact: HeadFactRequest, signal?: AbortSignal): Promise<ConfirmedFact> {
  if (isFast(fact)) throw refused("FACT_CLASS", "heads are attested when they are final");
  const { rollup, record, lanes } = state.context;
  if ((record.finalBlock(rollup.chainId)?.number ?? -1) < Number(fact.number)) await refresh(state, signal);
  const networkId = lanes[0]?.networkId;
  if (networkId === undefined) throw new MetalayerError("CONFIG_INVALID", "a network has two rollups at least");
  const full = await checkHead(state.context, fact, signal);
  return { hash: headFactHash(networkId, full), claim: { kind: "head", chainId: rollup.chainId, fact: full } };
}
