import { Interface } from "ethers";
import { stateRequestsAbi } from "../../sdk/src/abi/StateRequests.ts";
import { stateRootInboxAbi } from "../../sdk/src/abi/StateRootInbox.ts";
import { ZERO_HASH, type Hex } from "../../sdk/src/bytes.ts";
import {
  readHeadRequests,
  STATE_REQUEST_TOPICS,
  stateRequestId,
  type HeadRequest,
} from "../../sdk/src/stateRequest.ts";
import { toQuantity } from "../chain/blocks.ts";
import type { RpcOutcome } from "../chain/endpoint.ts";
import { anchorCall, latestAnchorCall, readAnchor, readLatestAnchor } from "../network/anchor-log.ts";
import { viewCall, viewResult } from "../network/gateway.ts";
import type { Station } from "../network/station.ts";
import { reasonOf, waits, worse, type Trouble } from "../network/trouble.ts";
import { openDesk, readJobs, type Desk } from "./desk.ts";
import { anchor, attestHead, type HeadOptions } from "./heads.ts";

export interface RequestServiceOptions {
  readonly heads: HeadOptions;
  /** Least net price, in fee units, as for messages. */
  readonly leastPrice: bigint;
  /** Milliseconds that only grow. */
  readonly now: () => number;
}

/** Answers paid requests for heads. What it remembers only spares it work: a new one begins from the chains. */
export interface RequestService {
  /** Brings the heads that were asked for on one rollup. Returns how many requests were answered. */
  serve(dst: Station, signal?: AbortSignal): Promise<number>;
}

interface Job {
  readonly request: HeadRequest;
  trouble: Trouble | undefined;
}

const requestsInterface = new Interface(stateRequestsAbi);
const inboxInterface = new Interface(stateRootInboxAbi);
/** In one visit; the others follow with the next ones. */
const MOST_ANSWERS = 8;

export function createRequestService(options: RequestServiceOptions): RequestService {
  const desks = new Map<Station, Desk<Job>>();
  return {
    async serve(dst, signal) {
      const { stateRequests } = dst.rollup.contracts;
      if (stateRequests === undefined) return 0;
      const desk = desks.get(dst) ?? openDesk<Job>(dst, stateRequests, Object.values(STATE_REQUEST_TOPICS));
      desks.set(dst, desk);
      await readJobs(desk, readHeadRequests, (request): Job => ({ request, trouble: undefined }), signal);
      forgetOld(desk, dst);
      const at = options.now();
      const due = [...desk.jobs.values()].filter(({ trouble }) => !waits(trouble, at)).slice(0, MOST_ANSWERS);
      let answered = 0;
      for (const job of due) {
        try {
          const count = await answer(options, dst, job.request, signal);
          answered += count;
          if (count === 0) postpone(job, at, "it cannot be answered now");
        } catch (error) {
          postpone(job, at, reasonOf(error));
          options.heads.onError(dst.rollup.name, error);
        }
      }
      return answered;
    },
  };
}

function postpone(job: Job, at: number, reason: string): void {
  job.trouble = worse(job.trouble, "unknown", reason, at);
}

/** Only logs of what is open are kept, and what a reorg may open again. */
function forgetOld(desk: Desk<Job>, { follower: { finalNumber } }: Station): void {
  desk.logs = desk.logs.filter(
    (log) => log.blockNumber > finalNumber || desk.jobs.has((log.topics[1] ?? "0x") as Hex), // CAST: a topic
  );
}

async function answer(
  { heads, leastPrice }: RequestServiceOptions,
  dst: Station,
  request: HeadRequest,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { id, chainId, anchorIndex, paid } = request;
  const source = heads.sides.find(({ rollup }) => {
    const { incarnation } = rollup;
    return rollup.chainId === chainId && stateRequestId({ chainId, incarnation, anchorIndex }) === id;
  });
  if (source === undefined || source === dst) return 0;
  const { isOpen, isKnown, keptShare } = await look(dst, request, signal);
  if (!isOpen || isKnown || (paid * keptShare) / 1000n < leastPrice) return 0;
  const { anchorLog } = source.rollup.contracts;
  const { finalNumber } = source.follower;
  if (anchorLog === undefined || finalNumber < 0) return 0;
  const [entry, newest] = await source.pool.batch(
    [anchorCall(anchorLog, anchorIndex, toQuantity(finalNumber)), latestAnchorCall(anchorLog, "latest")],
    { signal },
  );
  const anchored = readAnchor(resultOf(entry));
  if (anchored.timestamp !== 0n) {
    return attestHead(heads, source, { ...anchored, index: anchorIndex }, [dst], signal);
  }
  const last = readLatestAnchor(resultOf(newest));
  // The next one is anybody's to make.
  if (anchorIndex === (last.timestamp === 0n ? 0n : last.index + 1n)) await anchor(heads, source, signal);
  return 0;
}

/** Whether a request is open, its head known already, and the part of its price, in thousandths, that is neither fund's nor burnt. */
async function look(dst: Station, { id, chainId, anchorIndex }: HeadRequest, signal: AbortSignal | undefined) {
  const { stateRequests = "0x", inbox = "0x", gateway } = dst.rollup.contracts;
  const [request, head, lane] = await dst.pool.batch(
    [
      viewCall(stateRequests, "request", [id], "latest", requestsInterface),
      viewCall(inbox, "head", [chainId, anchorIndex], "latest", inboxInterface),
      viewCall(gateway, "outLane", [chainId]),
    ],
    { signal },
  );
  // CAST: the ABIs say so.
  const [{ madeAt }] = viewResult("request", resultOf(request), requestsInterface) as [{ madeAt: bigint }];
  // CAST: as above.
  const [{ blockHash }] = viewResult("head", resultOf(head), inboxInterface) as [{ blockHash: Hex }];
  // CAST: as above.
  const [{ prices }] = viewResult("outLane", resultOf(lane)) as [{ prices: { fundShare: bigint; burnShare: bigint } }];
  const keptShare = 1000n - prices.fundShare - prices.burnShare;
  return { isOpen: madeAt !== 0n, isKnown: blockHash !== ZERO_HASH, keptShare };
}

function resultOf(outcome: RpcOutcome | undefined): unknown {
  if (outcome?.ok !== true) throw outcome?.error ?? new Error("no answer");
  return outcome.result;
}
