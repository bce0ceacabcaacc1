import { decodeBatches } from "../../sdk/src/batch.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import type { MetalayerClient } from "../../sdk/src/client.ts";
import type { SentMessage } from "../../sdk/src/events.ts";
import { GATEWAY_TOPICS } from "../../sdk/src/events.ts";
import type { FactProof } from "../../sdk/src/fact.ts";
import { CLASS_FINAL } from "../../sdk/src/fact.ts";
import { readLogs } from "../../sdk/src/rollup.ts";
import type { MessageStatus } from "../../sdk/src/status.ts";
import { codeOf } from "../chain/rpc-errors.ts";
import type { Connection } from "./connection.ts";

/** What the guardians have signed about a range of a lane, as a transaction on the destination carries it; accepted there now. */
export interface FoundSignature {
  readonly attestation: Hex;
  readonly from: bigint;
  readonly to: bigint;
  readonly headBefore: Hex;
  readonly factProof: FactProof;
  readonly signedBy: "earlier attempt" | "earlier delivery" | "stored root";
}

type Known = Exclude<MessageStatus, { state: "unknown" }>;

/** Messages so near in the lane may have been signed for together. */
const NEIGHBOURS = 16n;
const MOST_TRANSACTIONS = 8;

/** A final signature that covers the message: of its own last attempt, or of a delivery of its neighbours that left it out. */
export async function findSignature(
  client: MetalayerClient,
  dst: Connection,
  status: Known,
): Promise<FoundSignature | undefined> {
  const own = status.state === "failed" ? status.lastAttempt.transactionHash : undefined;
  const hashes = [...(own === undefined ? [] : [own]), ...(await neighbours(client, status.message))];
  for (const hash of [...new Set(hashes)].slice(0, MOST_TRANSACTIONS)) {
    const found = await readTransaction(dst, hash, status.message);
    const accepted = found === undefined ? undefined : await acceptedForm(dst, found.attestation);
    if (found === undefined || accepted === undefined) continue;
    const signedBy = accepted.isRoot ? "stored root" : hash === own ? "earlier attempt" : "earlier delivery";
    return { ...found, attestation: accepted.attestation, signedBy };
  }
  return undefined;
}

/** Transactions on the destination that attempted messages close to this one in its lane, newest first. */
async function neighbours(client: MetalayerClient, { srcChainId, dstChainId, nonce }: SentMessage): Promise<string[]> {
  const from = nonce > NEIGHBOURS ? nonce - NEIGHBOURS : 0n;
  // Without its neighbours a message can still be signed for by the guardians.
  const messages = await client.messages(srcChainId, dstChainId, from, nonce + NEIGHBOURS).catch((error: unknown) => {
    if (codeOf(error) === "CLIENT_LOGS_INCOMPLETE") return [];
    throw error;
  });
  if (messages.length === 0) return [];
  const ids = messages.map(({ sendId }) => sendId);
  const logs = await readLogs(client.rollup(dstChainId), [[GATEWAY_TOPICS.delivered, GATEWAY_TOPICS.failed], ids]);
  return logs.map(({ transactionHash }) => transactionHash).reverse();
}

/** What the transaction said; undefined unless it called the gateway itself, about this message, in class `final`. */
async function readTransaction(
  { provider, contracts, description }: Connection,
  transactionHash: string,
  { nonce, srcChainId }: SentMessage,
): Promise<Omit<FoundSignature, "signedBy"> | undefined> {
  const transaction = await provider.getTransaction(transactionHash);
  if (transaction?.to?.toLowerCase() !== description.contracts.MetalayerGateway.toLowerCase()) return undefined;
  const call = contracts.gateway.interface.parseTransaction(transaction);
  if (call?.name !== "relay") return undefined;
  // CAST: the ABI says that `relay` takes two byte strings.
  const [attestation, batches] = call.args.toArray() as [Hex, Hex];
  const batch = decodeBatches(batches).find(
    ({ srcChainId: source, from, count }) => source === srcChainId && nonce >= from && nonce < from + BigInt(count),
  );
  if (batch === undefined || batch.class !== CLASS_FINAL) return undefined;
  const { from, count, headBefore, factProof } = batch;
  return { attestation, from, to: from + BigInt(count), headBefore, factProof };
}

/** The attestation in a form that the rollup accepts now, if there is one. */
async function acceptedForm(
  { contracts }: Connection,
  attestation: Hex,
): Promise<{ readonly attestation: Hex; readonly isRoot: boolean } | undefined> {
  // CAST: the first word of a hex string.
  const root = attestation.slice(0, 66) as Hex;
  const [serial, stored] = await Promise.all([
    attestation.length > 66 ? contracts.guardianSet.serialOf(attestation) : 0n,
    contracts.inbox.serialOf(root),
  ]);
  if (serial !== 0n) return { attestation, isRoot: false };
  return stored === 0n ? undefined : { attestation: root, isRoot: true };
}
