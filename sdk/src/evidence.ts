import { decodeAttestation, indexesOf } from "./attestation.ts";
import {
  type Address,
  type Hex,
  concatBytes,
  fixedBytes,
  fromHex,
  hashWords,
  keccak,
  toHex,
  ZERO_HASH,
} from "./bytes.ts";
import { MetalayerError } from "./errors.ts";
import { headFactHash, laneFactHash, type FactProof, type HeadFact, type LaneFact } from "./fact.ts";
import type { Lane } from "./route.ts";
import type { Signature } from "./schnorr.ts";

const SIGNERS_OFFSET = 132;

/** A fact in an attested root. `attestation` is empty for the second fact of a conflict in the same root. */
export interface Inclusion {
  readonly attestation: Hex;
  readonly proof: FactProof;
}

/** Where the source block of a `fast` fact is found: an own block by number, or an anchor by index. */
export interface SourceBlock {
  readonly anchored: boolean;
  readonly number: bigint;
}

/** What two lane facts contradict each other with; nothing if their ends do. */
export type Difference =
  | { readonly by: "ends" }
  | { readonly by: "leaf"; readonly nonce: bigint; readonly a: LeafProof; readonly b: LeafProof }
  | { readonly by: "within"; readonly hashes: readonly Hex[] };

/** A leaf of a batch tree. */
export interface LeafProof {
  readonly leaf: Hex;
  readonly siblings: readonly Hex[];
}

interface AboutLane {
  readonly fact: LaneFact;
  readonly inclusion: Inclusion;
}

interface AboutOwnLane extends AboutLane {
  readonly lane: Lane;
  /** Only for `fast`. */
  readonly sourceBlock?: SourceBlock;
}

/** What anyone can submit against guardians: docs/protocol/slashing.md §2. */
export type Evidence =
  | (AboutOwnLane & { readonly kind: "laneHead"; readonly position: bigint; readonly hashes: readonly Hex[] })
  | (AboutOwnLane & { readonly kind: "laneAhead" })
  | (AboutLane & { readonly kind: "laneRoot"; readonly hashes: readonly Hex[] })
  | { readonly kind: "head"; readonly fact: HeadFact; readonly inclusion: Inclusion; readonly header?: Hex }
  | {
      readonly kind: "laneConflict";
      readonly facts: readonly [LaneFact, LaneFact];
      readonly inclusions: readonly [Inclusion, Inclusion];
      readonly difference: Difference;
    }
  | {
      readonly kind: "headConflict";
      readonly facts: readonly [HeadFact, HeadFact];
      readonly inclusions: readonly [Inclusion, Inclusion];
    };

/** What evidence proves. */
export interface Offence {
  readonly class: number;
  readonly fact: Hex;
  readonly other: Hex;
  readonly subject: Hex;
  readonly first: bigint;
  readonly last: bigint;
}

/** Under what incidents about the rollup's anchors are declared; a lane's subject is its id. */
export function anchorSubject(networkId: Hex, chainId: bigint, incarnation: bigint): Hex {
  return hashWords([networkId, chainId, incarnation]);
}

/** What the evidence proves if it holds. The facts of a conflict must be in ascending order of their hashes. */
export function offenceOf(networkId: Hex, evidence: Evidence): Offence {
  switch (evidence.kind) {
    case "head":
      return headOffence(networkId, evidence.fact, ZERO_HASH);
    case "headConflict":
      return headOffence(networkId, evidence.facts[0], headFactHash(networkId, evidence.facts[1]));
    case "laneConflict":
      return laneConflictOffence(...evidence.facts);
    default:
      return laneOffence(evidence.fact, ZERO_HASH);
  }
}

function laneOffence(fact: LaneFact, other: Hex): Offence {
  const { laneId: subject, from: first, to: last } = fact;
  return { class: fact.class, fact: laneFactHash(fact), other, subject, first, last };
}

/** What contradicts is in both ranges. */
function laneConflictOffence(fact: LaneFact, other: LaneFact): Offence {
  const offence = laneOffence(fact, laneFactHash(other));
  const first = other.from > fact.from ? other.from : fact.from;
  const last = other.to < fact.to ? other.to : fact.to;
  return { ...offence, first, last };
}

function headOffence(networkId: Hex, fact: HeadFact, other: Hex): Offence {
  const { anchorIndex } = fact;
  const subject = anchorSubject(networkId, fact.chainId, fact.incarnation);
  const hash = headFactHash(networkId, fact);
  return { class: fact.class, fact: hash, other, subject, first: anchorIndex, last: anchorIndex };
}

/** The attestations by which the evidence names signers; the second is empty unless it is a conflict. */
export function attestationsOf(evidence: Evidence): readonly [Hex, Hex] {
  if (evidence.kind !== "laneConflict" && evidence.kind !== "headConflict")
    return [evidence.inclusion.attestation, "0x"];
  const [a, b] = evidence.inclusions;
  return [a.attestation, b.attestation === "0x" ? a.attestation : b.attestation];
}

/** Identity of a proof on chain. */
export function proofId(offence: Offence, [attestation, other]: readonly [Hex, Hex]): Hex {
  const hashes = [keccak(fromHex(attestation)), keccak(fromHex(other))];
  const { fact, subject, first, last } = offence;
  return hashWords([offence.class, fact, offence.other, subject, first, last, ...hashes]);
}

/** An attestation that names its signers by their keys, ascending, for rollups where they are in no table. */
export function encodeKeyedAttestation(root: Hex, { rx, ry, s }: Signature, keys: readonly bigint[]): Hex {
  const word = (value: bigint): Uint8Array => fixedBytes("word", `0x${value.toString(16).padStart(64, "0")}`, 32);
  const ascending = keys.every((key, index) => index === 0 || key > (keys[index - 1] ?? key));
  if (keys.length === 0 || !ascending) {
    throw new MetalayerError("SIGNERS_INVALID", "keys are given in ascending order, each once", { keys });
  }
  const parts = [fixedBytes("root", root, 32), new Uint8Array(4), ...[rx, ry, s, ...keys].map(word)];
  return toHex(concatBytes(parts));
}

/** Signers named by an attestation of either form: places in a table of this rollup, or keys. */
export type NamedSigners =
  | { readonly serial: number; readonly places: readonly number[] }
  | { readonly serial: 0; readonly keys: readonly bigint[] };

/** Throws `ATTESTATION_MALFORMED`. */
export function namedSigners(attestation: Hex): NamedSigners {
  const bytes = fromHex(attestation);
  const isKeyed = bytes.length > SIGNERS_OFFSET && bytes.subarray(32, 36).every((byte) => byte === 0);
  if (!isKeyed) {
    const { serial, bitmap } = decodeAttestation(attestation);
    return { serial, places: indexesOf(bitmap) };
  }
  const keys: bigint[] = [];
  for (let at = SIGNERS_OFFSET; at < bytes.length; at += 32) keys.push(BigInt(toHex(bytes.subarray(at, at + 32))));
  return { serial: 0, keys };
}

/**
 * Places to convict: those of the first attestation, with the place of the same operator in the second for a conflict. Both
 * lists hold the operator of each named signer, in the order in which the attestation names them, with its place.
 */
export function convictionPlaces(signers: readonly PlacedOperator[], others?: readonly PlacedOperator[]): bigint[] {
  if (others === undefined) return signers.map(({ place }) => BigInt(place));
  const placeOf = new Map(others.map(({ operator, place }) => [operator.toLowerCase(), place]));
  return signers.flatMap(({ operator, place }) => {
    const other = placeOf.get(operator.toLowerCase());
    return other === undefined ? [] : [BigInt(place) | (BigInt(other) << 128n)];
  });
}

export interface PlacedOperator {
  readonly operator: Address;
  readonly place: number;
}
