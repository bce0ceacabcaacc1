import { concatBytes, fromHex, toHex, ZERO_HASH, type Hex } from "./bytes.ts";
import type { Difference, Evidence, Inclusion, SourceBlock } from "./evidence.ts";
import type { Lane } from "./route.ts";

/** A call of `GuardianSlashing` that submits evidence. */
export interface EvidenceCall {
  readonly method:
    "proveLaneHead" | "proveLaneAhead" | "proveLaneRoot" | "proveHead" | "proveLaneConflict" | "proveHeadConflict";
  readonly args: readonly unknown[];
}

/** How the evidence is submitted. */
export function evidenceCall(evidence: Evidence): EvidenceCall {
  switch (evidence.kind) {
    case "laneHead": {
      const { fact, position, hashes } = evidence;
      const own = [ownLane(evidence.lane), block(evidence.sourceBlock)];
      return { method: "proveLaneHead", args: [fact, inclusion(evidence.inclusion), ...own, position, hashes] };
    }
    case "laneAhead": {
      const own = [ownLane(evidence.lane), block(evidence.sourceBlock)];
      return { method: "proveLaneAhead", args: [evidence.fact, inclusion(evidence.inclusion), ...own] };
    }
    case "laneRoot":
      return { method: "proveLaneRoot", args: [evidence.fact, inclusion(evidence.inclusion), evidence.hashes] };
    case "head":
      return { method: "proveHead", args: [evidence.fact, inclusion(evidence.inclusion), evidence.header ?? "0x"] };
    case "laneConflict":
      return { method: "proveLaneConflict", args: [...pairs(evidence), difference(evidence.difference)] };
    case "headConflict":
      return { method: "proveHeadConflict", args: pairs(evidence) };
  }
}

function pairs({ facts, inclusions }: Extract<Evidence, { readonly facts: unknown }>): unknown[] {
  return [facts[0], inclusion(inclusions[0]), facts[1], inclusion(inclusions[1])];
}

function inclusion({ attestation, proof }: Inclusion): Record<string, unknown> {
  return { attestation, factIndex: proof.index, factCount: proof.count, siblings: joined(proof.siblings) };
}

function ownLane(lane: Lane): Record<string, unknown> {
  const { dstChainId, srcIncarnation: ownIncarnation, dstIncarnation: incarnation, dstGateway } = lane;
  return { dstChainId, ownIncarnation, incarnation, dstGateway };
}

function block(source: SourceBlock | undefined): SourceBlock {
  return source ?? { anchored: false, number: 0n };
}

function difference(found: Difference): Record<string, unknown> {
  const none = { nonce: 0n, leafA: ZERO_HASH, siblingsA: "0x", leafB: ZERO_HASH, siblingsB: "0x", hashes: [] };
  if (found.by === "ends") return none;
  if (found.by === "within") return { ...none, hashes: found.hashes };
  const { nonce, a, b } = found;
  const leaves = { leafA: a.leaf, siblingsA: joined(a.siblings), leafB: b.leaf, siblingsB: joined(b.siblings) };
  return { ...none, nonce, ...leaves };
}

function joined(hashes: readonly Hex[]): Hex {
  return toHex(concatBytes(hashes.map(fromHex)));
}
