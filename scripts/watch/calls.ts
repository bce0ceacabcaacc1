import { dataSlice, Interface } from "ethers";
import { stateRootInboxAbi } from "../../sdk/src/abi/StateRootInbox.ts";
import type { Batch } from "../../sdk/src/batch.ts";
import { decodeBatches } from "../../sdk/src/batch.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import type { FactProof, HeadFact, LaneFact } from "../../sdk/src/fact.ts";
import { CLASS_FINAL, headFactHash, rootFromFact } from "../../sdk/src/fact.ts";
import { openBatch } from "../../sdk/src/lane.ts";
import type { Lane } from "../../sdk/src/route.ts";
import { gatewayInterface } from "../network/gateway.ts";

export const inboxInterface = new Interface(stateRootInboxAbi);

/** What a call to gateway or inbox says about facts. Nothing in it is known to be signed yet. */
export type AttestedCall =
  | { readonly kind: "relay"; readonly attestation: Hex; readonly batches: readonly Batch[] }
  | { readonly kind: "head"; readonly attestation: Hex; readonly fact: HeadFact; readonly proof: FactProof }
  | { readonly kind: "root"; readonly attestation: Hex };

/** A fact that is in the root of its attestation. */
export type ProvenFact = { readonly factHash: Hex; readonly proof: FactProof } & (
  | {
      readonly kind: "lane";
      readonly fact: LaneFact;
      readonly lane: Lane;
      /** The messages that the call names. */
      readonly ids: readonly Hex[];
      /** These are all messages of the fact. */
      readonly isWhole: boolean;
    }
  | { readonly kind: "head"; readonly fact: HeadFact }
);

/** Undefined for any other call, and for one that no contract of ours would read. */
export function readCall(input: string): AttestedCall | undefined {
  try {
    return readRelay(input) ?? readInbox(input);
  } catch {
    return undefined;
  }
}

function readRelay(data: string): AttestedCall | undefined {
  const call = gatewayInterface.parseTransaction({ data });
  if (call?.name !== "relay") return undefined;
  // CAST: the ABI says so.
  const [attestation, batches] = call.args.toArray() as [Hex, Hex];
  return { kind: "relay", attestation: lower(attestation), batches: decodeBatches(batches) };
}

function readInbox(data: string): AttestedCall | undefined {
  const call = inboxInterface.parseTransaction({ data });
  if (call?.name !== "submit" && call?.name !== "recordHead") return undefined;
  // CAST: the ABI says so.
  const attestation = lower(call.args[0] as Hex);
  if (call.name === "submit") return { kind: "root", attestation };
  // CAST: the ABI says so.
  const [, said, index, count, siblings] = call.args.toArray() as [Hex, HeadFact, bigint, bigint, Hex];
  const { chainId, incarnation, anchorIndex, number, blockHash, stateRoot } = said;
  const block = { number, blockHash: lower(blockHash), stateRoot: lower(stateRoot) };
  const fact: HeadFact = { class: CLASS_FINAL, chainId, incarnation, anchorIndex, ...block };
  const proof = { index: Number(index), count: Number(count), siblings: split(siblings) };
  return { kind: "head", attestation, fact, proof };
}

/** The facts of a call that are in this root; `laneFrom` gives the lane from a rollup to the one of the call. */
export function factsIn(
  networkId: Hex,
  call: AttestedCall,
  laneFrom: (srcChainId: bigint) => Lane | undefined,
): ProvenFact[] {
  const root = lower(dataSlice(call.attestation, 0, 32));
  if (call.kind === "root") return [];
  if (call.kind === "head") {
    const { fact, proof } = call;
    const factHash = headFactHash(networkId, fact);
    return leadsTo(root, factHash, proof) ? [{ kind: "head", fact, factHash, proof }] : [];
  }
  return call.batches.flatMap((batch): ProvenFact[] => {
    const lane = laneFrom(batch.srcChainId);
    if (lane === undefined) return [];
    const { fact, factHash, networkRoot, hashes } = openBatch(lane, batch);
    const isWhole = batch.first === 0 && hashes.length === batch.count;
    // The gateway passes over a batch with nothing left to deliver and does not look whether it was signed.
    if (networkRoot !== root) return [];
    return [{ kind: "lane", fact, lane, factHash, proof: batch.factProof, ids: hashes, isWhole }];
  });
}

function leadsTo(root: Hex, factHash: Hex, proof: FactProof): boolean {
  try {
    return rootFromFact(factHash, proof) === root;
  } catch (error) {
    if (error instanceof MetalayerError) return false;
    throw error;
  }
}

function split(bytes: Hex): Hex[] {
  const count = (bytes.length - 2) / 64;
  return Array.from({ length: count }, (_, index) => lower(dataSlice(bytes, 32 * index, 32 * index + 32)));
}

function lower(hex: string): Hex {
  return `0x${hex.slice(2).toLowerCase()}`;
}
