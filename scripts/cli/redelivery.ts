import { encodeBatches } from "../../sdk/src/batch.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import type { MetalayerClient } from "../../sdk/src/client.ts";
import type { SentMessage } from "../../sdk/src/events.ts";
import type { FactProof } from "../../sdk/src/fact.ts";
import { CLASS_FINAL, factProof } from "../../sdk/src/fact.ts";
import type { LaneRange } from "../../sdk/src/lane.ts";
import { buildBatch, proveRange } from "../../sdk/src/lane.ts";
import { chainHeads, CHECKPOINT_INTERVAL } from "../../sdk/src/message.ts";
import type { Lane } from "../../sdk/src/route.ts";
import { laneId, packRoute } from "../../sdk/src/route.ts";
import type { MessageStatus } from "../../sdk/src/status.ts";
import type { FoundSignature } from "./attested.ts";
import { findSignature } from "./attested.ts";
import type { Connection } from "./connection.ts";
import { askGuardians } from "./guardian-signatures.ts";

/** What `relay` takes to deliver one message. */
export interface Redelivery {
  readonly attestation: Hex;
  readonly batches: Hex;
  /** Whether an earlier signature served, or the guardians were asked. */
  readonly signedBy: FoundSignature["signedBy"] | "guardians";
}

type Known = Exclude<MessageStatus, { state: "unknown" }>;

interface Parts {
  readonly client: MetalayerClient;
  readonly src: Connection;
  readonly dst: Connection;
  readonly status: Known;
  readonly gasBoost: bigint;
  readonly signal: AbortSignal;
}

/** Delivers by a signature that is on chain and accepted; otherwise the guardians sign once more. */
export async function prepareRedelivery(parts: Parts): Promise<Redelivery> {
  const lane = await parts.client.lane(parts.src.chainId, parts.dst.chainId);
  return (await byEarlier(parts, lane)) ?? byGuardians(parts, lane);
}

/** By what an earlier transaction proves, if that is still accepted. */
async function byEarlier(parts: Parts, lane: Lane): Promise<Redelivery | undefined> {
  const { client, dst, status, gasBoost } = parts;
  const found = await findSignature(client, dst, status);
  if (found === undefined) return undefined;
  const messages = await client.messages(lane.srcChainId, lane.dstChainId, found.from, found.to);
  const range: LaneRange = { lane, class: CLASS_FINAL, headBefore: found.headBefore, messages };
  const batches = encodePart(range, found.factProof, status.message, gasBoost);
  return { attestation: found.attestation, batches, signedBy: found.signedBy };
}

async function byGuardians(parts: Parts, lane: Lane): Promise<Redelivery> {
  const { client, src, dst, status, gasBoost, signal } = parts;
  const { message } = status;
  const index = message.nonce / CHECKPOINT_INTERVAL;
  const from = index * CHECKPOINT_INTERVAL;
  const start = index === 0n ? laneId(lane) : await src.contracts.gateway.checkpoint(packRoute(lane), index);
  const before = await client.messages(src.chainId, dst.chainId, from, message.nonce);
  // CAST: the gateway gives 32 bytes.
  const headBefore = chainHeads(
    start as Hex,
    before.map(({ sendId }) => sendId),
  );
  const range: LaneRange = { lane, class: CLASS_FINAL, headBefore, messages: [message] };
  const { fact, factHash } = proveRange(range);
  const { srcChainId, dstChainId } = lane;
  const { laneId: _, ...said } = fact;
  const request = { kind: "lane" as const, srcChainId, dstChainId, ...said, srcBlockNumber: 0n };
  const attestation = await askGuardians(dst, lane.networkId, { request, hash: factHash }, signal);
  return {
    attestation,
    batches: encodePart(range, factProof([factHash], factHash), message, gasBoost),
    signedBy: "guardians",
  };
}

function encodePart(range: LaneRange, proof: FactProof, { nonce }: SentMessage, gasBoost: bigint): Hex {
  const part = { factProof: proof, from: nonce, to: nonce + 1n, gasBoost, claim: () => true };
  return encodeBatches([buildBatch(range, proveRange(range), part)]);
}
