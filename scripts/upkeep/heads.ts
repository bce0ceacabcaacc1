import { concat, Interface } from "ethers";
import { stateRequestsAbi } from "../../sdk/src/abi/StateRequests.ts";
import { stateRootInboxAbi } from "../../sdk/src/abi/StateRootInbox.ts";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { CLASS_FINAL, factProof, headFactHash } from "../../sdk/src/fact.ts";
import { stateRequestId, type StateQuestion } from "../../sdk/src/stateRequest.ts";
import { parseBlock, toQuantity } from "../chain/blocks.ts";
import type { RpcCall, RpcOutcome } from "../chain/endpoint.ts";
import { codeOf } from "../chain/rpc-errors.ts";
import { anchorLogInterface, latestAnchorCall, readLatestAnchor, type Anchor } from "../network/anchor-log.ts";
import type { Coordinator } from "../network/coordinator.ts";
import { viewCall, viewResult } from "../network/gateway.ts";
import type { Station } from "../network/station.ts";
import { attestationFor } from "../network/tables.ts";

export interface HeadOptions {
  readonly networkId: Hex;
  readonly sides: readonly Station[];
  readonly coordinator: Coordinator;
  readonly onError: (where: string, error: unknown) => void;
}

/** An entry of a rollup's AnchorLog with its place. */
export type PlacedAnchor = Anchor & { readonly index: bigint };

/** A rollup's newest head as another one has recorded it. */
export interface RecordedHead {
  readonly anchorIndex: bigint;
  readonly number: bigint;
  readonly blockHash: Hex;
  readonly stateRoot: Hex;
}

const inboxInterface = new Interface(stateRootInboxAbi);
const requestsInterface = new Interface(stateRequestsAbi);

/** The newest head of a rollup that another one has recorded; undefined if there is none. */
export async function latestHead(
  { rollup, pool }: Pick<Station, "rollup" | "pool">,
  chainId: bigint,
  signal: AbortSignal | undefined,
): Promise<RecordedHead | undefined> {
  const { inbox } = rollup.contracts;
  if (inbox === undefined) return undefined;
  const call = viewCall(inbox, "latestHead", [chainId], "latest", inboxInterface);
  const result = await pool.request(call.method, call.params, { signal });
  // CAST: the ABI says so.
  const [anchorIndex, head] = viewResult("latestHead", result, inboxInterface) as [bigint, RecordedHead];
  const { number, blockHash, stateRoot } = head;
  return BigInt(blockHash) === 0n ? undefined : { anchorIndex, number, blockHash, stateRoot };
}

/** Anchors a rollup's head when the newest anchor is so old, and attests the newest final anchor to the other rollups. */
export async function keepHeads(
  options: HeadOptions,
  side: Station,
  everySeconds: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const anchors = await anchorsOf(side, signal);
  if (anchors === undefined) return;
  if (anchors.age >= everySeconds) await anchor(options, side, signal);
  const { final } = anchors;
  if (final === undefined) return;
  const known = await Promise.all(options.sides.map((dst) => knowsHead(dst, side, final.index, signal)));
  const waiting = options.sides.filter((_, index) => known[index] === false);
  await attestHead(options, side, final, waiting, signal);
}

/** Has a head of `source` attested on one rollup that is at least as new as a block; anchors it first if need be. Goes on with the next call. */
export async function bringHead(
  options: HeadOptions,
  { source, dst, from }: { readonly source: Station; readonly dst: Station; readonly from: bigint },
  signal: AbortSignal | undefined,
): Promise<void> {
  const anchors = await anchorsOf(source, signal);
  if (anchors === undefined) return;
  const known = await latestHead(dst, source.rollup.chainId, signal);
  if (known !== undefined && known.number >= from) return;
  if (anchors.final !== undefined && anchors.final.number >= from) {
    await attestHead(options, source, anchors.final, [dst], signal);
  } else if (anchors.newest.number < from) {
    await anchor(options, source, signal);
  }
}

interface Anchors {
  readonly newest: PlacedAnchor;
  /** Newest one of which the source's finality policy is sure. */
  readonly final: PlacedAnchor | undefined;
  /** Seconds since the newest was made. */
  readonly age: number;
}

async function anchorsOf({ rollup, pool, follower }: Station, signal: AbortSignal | undefined) {
  const { anchorLog } = rollup.contracts;
  if (anchorLog === undefined) return undefined;
  const { finalNumber } = follower;
  const calls: RpcCall[] = [
    latestAnchorCall(anchorLog, "latest"),
    { method: "eth_getBlockByNumber", params: ["latest", false] },
    // In a final block's state: its entry is final, and the block that it speaks about is older still.
    latestAnchorCall(anchorLog, toQuantity(Math.max(0, finalNumber))),
  ];
  const [entry, head, finalEntry] = await pool.batch(calls, { signal });
  if (entry === undefined || head === undefined) return undefined;
  const newest = readLatestAnchor(resultOf(entry));
  const age = parseBlock(resultOf(head)).timestamp - Number(newest.timestamp);
  // A node that keeps no old states, and a block from before the deployment, say nothing.
  const isRead = finalNumber >= 0 && finalEntry?.ok === true && finalEntry.result !== "0x";
  const final = isRead ? readLatestAnchor(finalEntry.result) : undefined;
  return { newest, age, final: final === undefined || final.timestamp === 0n ? undefined : final } satisfies Anchors;
}

export async function anchor({ onError }: HeadOptions, side: Station, signal: AbortSignal | undefined): Promise<void> {
  const { rollup, sender } = side;
  if (rollup.contracts.anchorLog === undefined) return;
  await sender
    .send({ to: rollup.contracts.anchorLog, data: anchorLogInterface.encodeFunctionData("anchor") })
    .then((sent) => sent.wait(signal))
    .catch((error: unknown) => {
      if (codeOf(error) !== "RPC_REVERTED") onError(rollup.name, error);
    });
}

/** Has guardians sign a head and records it where it is waited for, as the answer of a paid request if there is one. Returns how many were answered. */
export async function attestHead(
  { networkId, coordinator, onError }: HeadOptions,
  side: Station,
  anchored: PlacedAnchor,
  waiting: readonly Station[],
  signal: AbortSignal | undefined,
): Promise<number> {
  const { chainId, incarnation } = side.rollup;
  const tables = waiting.flatMap(({ table }) => (table === undefined ? [] : [table]));
  if (tables.length === 0) return 0;
  const params = [toQuantity(anchored.number), false];
  const { stateRoot } = parseBlock(await side.pool.request("eth_getBlockByNumber", params, { signal }));
  const said = { class: CLASS_FINAL, chainId, anchorIndex: anchored.index, number: anchored.number } as const;
  // CAST: parsed blocks have roots of 32 bytes.
  const fact = { ...said, incarnation, blockHash: anchored.hash, stateRoot: stateRoot as Hex };
  const { incarnation: _, ...request } = fact;
  const hash = headFactHash(networkId, fact);
  const attested = await coordinator.attest([{ request: { kind: "head", ...request }, hash }], tables, signal);
  const { index, count, siblings } = factProof([hash], hash);
  let answered = 0;
  for (const dst of waiting) {
    const { inbox, stateRequests } = dst.rollup.contracts;
    if (dst.table === undefined || inbox === undefined) continue;
    const { bytes } = attestationFor(dst.table, attested);
    const given = [bytes, fact, index, count, concat(siblings)];
    try {
      if (
        stateRequests !== undefined &&
        (await isAsked(dst, stateRequests, { chainId, incarnation, anchorIndex: anchored.index }, signal))
      ) {
        const data = requestsInterface.encodeFunctionData("answerHead", given);
        const { success } = await (await dst.sender.send({ to: stateRequests, data })).wait(signal);
        if (success) answered++;
      } else {
        await dst.sender.send({ to: inbox, data: inboxInterface.encodeFunctionData("recordHead", given) });
      }
    } catch (error) {
      // Somebody else was first.
      if (codeOf(error) !== "RPC_REVERTED") onError(dst.rollup.name, error);
    }
  }
  return answered;
}

/** Whether somebody pays for this head. */
async function isAsked(
  { pool }: Station,
  stateRequests: Address,
  question: StateQuestion,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const call = viewCall(stateRequests, "request", [stateRequestId(question)], "latest", requestsInterface);
  const result = await pool.request(call.method, call.params, { signal });
  // CAST: the ABI says so.
  const [{ madeAt }] = viewResult("request", result, requestsInterface) as [{ madeAt: bigint }];
  return madeAt !== 0n;
}

/** Whether the rollup has recorded this head; undefined if it records none. */
async function knowsHead(
  dst: Station,
  src: Station,
  index: bigint,
  signal: AbortSignal | undefined,
): Promise<boolean | undefined> {
  if (dst.rollup.contracts.inbox === undefined || dst === src) return undefined;
  const known = await latestHead(dst, src.rollup.chainId, signal);
  return known !== undefined && known.anchorIndex >= index;
}

function resultOf(outcome: RpcOutcome): unknown {
  if (!outcome.ok) throw outcome.error;
  return outcome.result;
}
