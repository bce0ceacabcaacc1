import { attestationDigest } from "./attestation.ts";
import { fromHex, toHex, ZERO_HASH, type Hex } from "./bytes.ts";
import { MetalayerError } from "./errors.ts";
import { attestationsOf, offenceOf, type Difference, type Evidence, type Inclusion, type Offence } from "./evidence.ts";
import { provingRange } from "./evidenceBuild.ts";
import { CLASS_FAST, CLASS_FINAL, rootFromFact, type HeadFact, type LaneFact } from "./fact.ts";
import { stateRootIn } from "./header.ts";
import { chainHeads, CHECKPOINT_INTERVAL } from "./message.ts";
import { laneId, packRoute, type Lane } from "./route.ts";
import { toCurve, verifySchnorr, type CurvePoint, type Point } from "./schnorr.ts";
import { rootFromPart, treeRoot } from "./tree.ts";

/** What a rollup knows about itself, for judging evidence as its `GuardianSlashing` does. */
export interface HomeView {
  readonly chainId: bigint;
  readonly ownIncarnation: bigint;
  readonly gateway: Hex;
  /** The lane to a rollup in its present incarnations; all zero for a rollup never admitted. */
  readonly outLane: (dstChainId: bigint) => {
    readonly nonce: bigint;
    readonly head: Hex;
    readonly ownIncarnation: bigint;
    readonly incarnation: bigint;
  };
  readonly checkpoint: (route: bigint, index: bigint) => Hex | undefined;
  readonly anchor: (index: bigint) => { readonly number: bigint; readonly blockHash: Hex } | undefined;
  readonly blockHash: (number: bigint) => Hex | undefined;
}

/**
 * What the evidence proves, without the signatures (see {@link verifySigners}). Throws `EVIDENCE_NOT_INCLUDED`, `EVIDENCE_NOT_HOME`,
 * `EVIDENCE_OTHER_LANE`, `EVIDENCE_OUT_OF_REACH`, `EVIDENCE_WRONG_HASHES`, `EVIDENCE_BLOCK_UNKNOWN`, `EVIDENCE_WRONG_POSITION`,
 * `EVIDENCE_NO_CONFLICT`, `EVIDENCE_NOT_FALSE`, and `FACT_INVALID` for facts that no rollup would read.
 */
export function checkEvidence(networkId: Hex, evidence: Evidence, home: HomeView): Offence {
  const offence = offenceOf(networkId, evidence);
  const [first, second] = attestationsOf(evidence);
  if (evidence.kind === "laneConflict" || evidence.kind === "headConflict") {
    if (offence.fact >= offence.other) throw refused("EVIDENCE_NO_CONFLICT", "facts come in ascending order");
    requireIncluded(offence.fact, evidence.inclusions[0], first);
    requireIncluded(offence.other, evidence.inclusions[1], second);
    const differ =
      evidence.kind === "headConflict"
        ? headsDiffer(...evidence.facts)
        : lanesDiffer(...evidence.facts, evidence.difference);
    if (!differ) throw refused("EVIDENCE_NO_CONFLICT", "both facts can be true");
    return offence;
  }
  requireIncluded(offence.fact, evidence.inclusion, first);
  if (!isFalse(evidence, home)) throw refused("EVIDENCE_NOT_FALSE", "the fact is true or not shown to be false");
  return offence;
}

/** Whether these keys together signed the attestation's root. */
export function verifySigners(networkId: Hex, attestation: Hex, keys: readonly Point[]): boolean {
  const bytes = fromHex(attestation);
  const word = (at: number): bigint => BigInt(toHex(bytes.subarray(at, at + 32)));
  const [first, ...rest] = keys.map(toCurve);
  if (first === undefined || bytes.length <= 132) return false;
  const sum = rest.reduce((total: CurvePoint, key) => total.add(key), first);
  if (sum.is0()) return false;
  const digest = attestationDigest(networkId, toHex(bytes.subarray(0, 32)));
  return verifySchnorr(sum.toAffine().x, digest, { rx: word(36), ry: word(68), s: word(100) });
}

function isFalse(
  evidence: Exclude<Evidence, { readonly kind: "laneConflict" } | { readonly kind: "headConflict" }>,
  home: HomeView,
): boolean {
  if (evidence.kind === "head") return isFalseHead(evidence.fact, evidence.header, home);
  const { fact } = evidence;
  if (evidence.kind === "laneRoot") return leads(fact, evidence.hashes) && treeRoot(evidence.hashes) !== fact.batchRoot;
  if (laneId(evidence.lane) !== fact.laneId || evidence.lane.srcChainId !== home.chainId) {
    throw refused("EVIDENCE_OTHER_LANE", "the fact is about another lane");
  }
  if (evidence.lane.srcGateway.toLowerCase() !== home.gateway.toLowerCase()) {
    throw refused("EVIDENCE_OTHER_LANE", "the lane begins at another gateway");
  }
  const source = evidence.sourceBlock ?? { anchored: false, number: 0n };
  const found = source.anchored ? home.anchor(source.number)?.blockHash : home.blockHash(source.number);
  if (fact.srcBlockHash !== ZERO_HASH && found !== fact.srcBlockHash) {
    throw refused("EVIDENCE_BLOCK_UNKNOWN", "the source block is not in this chain or cannot be read");
  }
  const known = knownLane(evidence.lane, home);
  if (evidence.kind === "laneAhead") {
    if (known.count === undefined) throw refused("EVIDENCE_OUT_OF_REACH", "the lane's end is not known any more");
    return fact.to > known.count;
  }
  const { position, hashes } = evidence;
  if (position !== fact.from && position !== fact.to) throw refused("EVIDENCE_WRONG_POSITION", "no end of the fact");
  const claimed = position === fact.from ? fact.headBefore : fact.headAt;
  return trueHead(known, position, hashes) !== claimed;
}

interface KnownLane {
  readonly id: Hex;
  readonly stored: (position: bigint) => Hex;
  /** Undefined for a lane of older incarnations. */
  readonly count: bigint | undefined;
}

function knownLane(lane: Lane, home: HomeView): KnownLane {
  const out = home.outLane(lane.dstChainId);
  const isLive = lane.srcIncarnation === out.ownIncarnation && lane.dstIncarnation === out.incarnation;
  const isUnopened = lane.srcIncarnation > out.ownIncarnation || lane.dstIncarnation > out.incarnation;
  const id = laneId(lane);
  const stored = (position: bigint): Hex => {
    if (position === 0n) return id;
    if (isLive && position === out.nonce) return out.head;
    const isCheckpoint = position % CHECKPOINT_INTERVAL === 0n;
    const head = isCheckpoint ? home.checkpoint(packRoute(lane), position / CHECKPOINT_INTERVAL) : undefined;
    if (head === undefined || head === ZERO_HASH)
      throw refused("EVIDENCE_OUT_OF_REACH", `no head stored at ${position}`);
    return head;
  };
  return { id, stored, count: isLive ? out.nonce : isUnopened ? 0n : undefined };
}

function trueHead(lane: KnownLane, position: bigint, hashes: readonly Hex[]): Hex {
  if (hashes.length === 0) return lane.stored(position);
  const base = position - (position % CHECKPOINT_INTERVAL);
  const end = base + BigInt(hashes.length);
  if (position >= end) throw refused("EVIDENCE_OUT_OF_REACH", `the hashes end before ${position}`);
  const from = lane.stored(base);
  if (chainHeads(from, hashes) !== lane.stored(end)) {
    throw refused("EVIDENCE_WRONG_HASHES", "the hashes do not lead to the stored head", {
      range: provingRange(position, end),
    });
  }
  return chainHeads(from, hashes.slice(0, Number(position - base)));
}

function isFalseHead(fact: HeadFact, header: Hex | undefined, home: HomeView): boolean {
  if (fact.class !== CLASS_FINAL) throw new MetalayerError("FACT_INVALID", "heads are attested when they are final");
  if (header !== undefined && header !== "0x") {
    const shown = stateRootIn(fact.blockHash, header);
    return shown !== undefined && shown !== fact.stateRoot;
  }
  if (fact.chainId !== home.chainId || fact.incarnation !== home.ownIncarnation) {
    throw refused("EVIDENCE_NOT_HOME", "anchors are judged by their own rollup, in its present incarnation");
  }
  const anchor = home.anchor(fact.anchorIndex);
  return anchor === undefined || anchor.blockHash !== fact.blockHash || anchor.number !== fact.number;
}

function headsDiffer(a: HeadFact, b: HeadFact): boolean {
  if (a.class === CLASS_FAST || b.class === CLASS_FAST) {
    throw new MetalayerError("FACT_INVALID", "heads are attested when they are final");
  }
  if (a.chainId !== b.chainId || a.incarnation !== b.incarnation || a.anchorIndex !== b.anchorIndex) return false;
  return a.number !== b.number || a.blockHash !== b.blockHash || a.stateRoot !== b.stateRoot;
}

function lanesDiffer(a: LaneFact, b: LaneFact, difference: Difference): boolean {
  if (a.class !== b.class || a.laneId !== b.laneId || a.srcBlockHash !== b.srcBlockHash) return false;
  if (difference.by === "within") {
    const { hashes } = difference;
    return passesOther(a, hashes, b) || passesOther(b, hashes, a);
  }
  if (difference.by === "leaf") {
    const { nonce, a: one, b: two } = difference;
    return one.leaf !== two.leaf && hasLeaf(a, nonce, one) && hasLeaf(b, nonce, two);
  }
  return (
    (a.from === b.from && a.headBefore !== b.headBefore) ||
    (a.to === b.to && a.headAt !== b.headAt) ||
    (a.from === b.to && a.headBefore !== b.headAt) ||
    (a.to === b.from && a.headAt !== b.headBefore) ||
    (a.from === b.from && a.to === b.to && a.batchRoot !== b.batchRoot)
  );
}

function hasLeaf(fact: LaneFact, nonce: bigint, { leaf, siblings }: { leaf: Hex; siblings: readonly Hex[] }): boolean {
  if (nonce < fact.from || nonce >= fact.to) return false;
  const count = Number(fact.to - fact.from);
  try {
    return rootFromPart({ count, first: Number(nonce - fact.from), part: [leaf], siblings }) === fact.batchRoot;
  } catch (error) {
    if (error instanceof MetalayerError) return false;
    throw error;
  }
}

function leads({ from, to, headBefore, headAt }: LaneFact, hashes: readonly Hex[]): boolean {
  return BigInt(hashes.length) === to - from && chainHeads(headBefore, hashes) === headAt;
}

function passesOther(a: LaneFact, hashes: readonly Hex[], b: LaneFact): boolean {
  if (!leads(a, hashes)) return false;
  return [
    { nonce: b.from, head: b.headBefore },
    { nonce: b.to, head: b.headAt },
  ].some(({ nonce, head }) => {
    if (nonce <= a.from || nonce >= a.to) return false;
    return chainHeads(a.headBefore, hashes.slice(0, Number(nonce - a.from))) !== head;
  });
}

function requireIncluded(fact: Hex, { proof }: Inclusion, attestation: Hex): void {
  const root = attestation.slice(0, 66);
  try {
    if (rootFromFact(fact, proof) === root) return;
  } catch (error) {
    if (!(error instanceof MetalayerError)) throw error;
  }
  throw refused("EVIDENCE_NOT_INCLUDED", "the fact is not in the attested root", { fact, root });
}

function refused(code: string, message: string, info: Readonly<Record<string, unknown>> = {}): MetalayerError {
  return new MetalayerError(code, `no evidence: ${message}`, info);
}
