import { decodeBatches, encodeBatches } from "../../sdk/src/batch.ts";
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
import type { Connection } from "./connection.ts";
import { askGuardians } from "./guardian-signatures.ts";

/** What `relay` takes to deliver one message. */
export interface Redelivery {
  readonly attestation: Hex;
  readonly batches: Hex;
  /** Whether an earlier signature served, or the guardians were asked. */
  readonly signedBy: "earlier attempt" | "stored root" | "guardians";
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

/** Delivers again by the signature of the last attempt while that is accepted; otherwise the guardians sign once more. */
export async function prepareRedelivery(parts: Parts): Promise<Redelivery> {
  const lane = await parts.client.lane(parts.src.chainId, parts.dst.chainId);
  return (await byLastAttempt(parts, lane)) ?? byGuardians(parts, lane);
}

/** The range that an attempt proved, with the message's place in it. */
interface ProvenAttempt {
  readonly attestation: Hex;
  readonly from: bigint;
  readonly to: bigint;
  readonly headBefore: Hex;
  readonly factProof: FactProof;
}

async function byLastAttempt(parts: Parts, lane: Lane): Promise<Redelivery | undefined> {
  const { status, dst, client } = parts;
  if (status.state !== "failed") return undefined;
  const attempt = await readAttempt(dst, status.lastAttempt.transactionHash, status.message);
  if (attempt === undefined) return undefined;
  const accepted = await acceptedForm(dst, attempt.attestation);
  if (accepted === undefined) return undefined;
  const messages = await client.messages(lane.srcChainId, lane.dstChainId, attempt.from, attempt.to);
  const range: LaneRange = { lane, class: CLASS_FINAL, headBefore: attempt.headBefore, messages };
  const batches = encodePart(range, attempt.factProof, status.message, parts.gasBoost);
  return { attestation: accepted.attestation, batches, signedBy: accepted.signedBy };
}

/** What the transaction said; undefined unless it called the gateway itself, in class `final`. */
async function readAttempt(
  { provider, contracts, description }: Connection,
  transactionHash: string,
  { nonce, srcChainId }: SentMessage,
): Promise<ProvenAttempt | undefined> {
  const transaction = await provider.getTransaction(transactionHash);
  if (transaction?.to?.toLowerCase() !== description.contracts.MetalayerGateway.toLowerCase()) return undefined;
  const call = contracts.gateway.interface.parseTransaction(transaction);
  if (call?.name !== "relay") return undefined;
  // CAST: the ABI says that `relay` takes two byte strings.
  const [attestation, batches] = call.args.toArray() as [Hex, Hex];
  const batch = decodeBatches(batches).find((each) => {
    const first = each.from + BigInt(each.first);
    return each.srcChainId === srcChainId && nonce >= first && nonce < first + BigInt(each.entries.length);
  });
  if (batch === undefined || batch.class !== CLASS_FINAL) return undefined;
  const { from, count, headBefore, factProof: proof } = batch;
  return { attestation, from, to: from + BigInt(count), headBefore, factProof: proof };
}

/** The attestation in a form that the rollup accepts now, if there is one. */
async function acceptedForm(
  { contracts }: Connection,
  attestation: Hex,
): Promise<Pick<Redelivery, "attestation" | "signedBy"> | undefined> {
  // CAST: the first word of a hex string.
  const root = attestation.slice(0, 66) as Hex;
  const [serial, stored] = await Promise.all([
    attestation.length > 66 ? contracts.guardianSet.serialOf(attestation) : 0n,
    contracts.inbox.serialOf(root),
  ]);
  if (serial !== 0n) return { attestation, signedBy: "earlier attempt" };
  return stored === 0n ? undefined : { attestation: root, signedBy: "stored root" };
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
