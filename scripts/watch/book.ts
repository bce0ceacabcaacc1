import type { Hex } from "../../sdk/src/bytes.ts";
import type { Evidence } from "../../sdk/src/evidence.ts";
import { accuseHeads, accuseLanes } from "../../sdk/src/evidenceBuild.ts";
import type { SeenFact } from "./seen.ts";

/** Two facts that cannot both be true. */
export interface Contradiction {
  readonly seen: readonly [SeenFact, SeenFact];
  readonly evidence: Evidence;
}

/** What was attested lately, for finding what contradicts it: bounded, and not needed for anything else. */
export interface Book {
  /** True the first time. */
  add(seen: SeenFact): boolean;
  /** A fact that is false, or that nobody could check: it and all later ones are compared. */
  suspect(seen: SeenFact): Contradiction[];
  /** What a fact that was found true contradicts among the suspects. */
  compare(seen: SeenFact): Contradiction[];
}

const MOST_FACTS = 20_000;
const MOST_COMPARED = 1_024;
const MOST_SUSPECTS = 256;

export function createBook(networkId: Hex): Book {
  const known = new Map<string, SeenFact>();
  const suspects = new Map<string, SeenFact>();
  const against = (seen: SeenFact, others: readonly SeenFact[]): Contradiction[] =>
    others.flatMap((other) => {
      const evidence = contradiction(networkId, seen, other);
      return evidence === undefined ? [] : [{ seen: [seen, other], evidence }];
    });
  return {
    add(seen) {
      const key = keyOf(seen);
      if (known.has(key)) return false;
      keep(known, key, seen, MOST_FACTS);
      return true;
    },
    suspect(seen) {
      keep(suspects, keyOf(seen), seen, MOST_SUSPECTS);
      const rivals = [...known.values()].filter((other) => other !== seen && isRival(seen, other));
      return against(seen, rivals.slice(-MOST_COMPARED));
    },
    compare: (seen) =>
      against(
        seen,
        [...suspects.values()].filter((other) => isRival(seen, other)),
      ),
  };
}

function keyOf({ chainId, factHash, attestation }: SeenFact): string {
  return `${chainId} ${factHash} ${attestation}`;
}

/** The oldest goes first. */
function keep(into: Map<string, SeenFact>, key: string, seen: SeenFact, most: number): void {
  into.set(key, seen);
  if (into.size <= most) return;
  const [oldest] = into.keys();
  if (oldest !== undefined) into.delete(oldest);
}

/** Other facts about the same thing. */
function isRival(a: SeenFact, b: SeenFact): boolean {
  if (a.factHash === b.factHash) return false;
  if (a.kind === "head" || b.kind === "head") {
    if (a.kind !== "head" || b.kind !== "head") return false;
    return a.fact.chainId === b.fact.chainId && a.fact.anchorIndex === b.fact.anchorIndex;
  }
  const isSame = a.fact.class === b.fact.class && a.fact.srcBlockHash === b.fact.srcBlockHash;
  return isSame && a.fact.laneId === b.fact.laneId && a.fact.from <= b.fact.to && b.fact.from <= a.fact.to;
}

function contradiction(networkId: Hex, a: SeenFact, b: SeenFact): Evidence | undefined {
  const inclusionOf = ({ attestation, proof }: SeenFact) => ({ attestation, proof });
  if (a.kind === "head" && b.kind === "head") {
    return accuseHeads(networkId, [a.fact, b.fact], [inclusionOf(a), inclusionOf(b)]);
  }
  if (a.kind !== "lane" || b.kind !== "lane") return undefined;
  const claim = ({ fact, hashes, ...seen }: typeof a) => {
    const inclusion = { attestation: seen.attestation, proof: seen.proof };
    return hashes === undefined ? { fact, inclusion } : { fact, inclusion, hashes };
  };
  return accuseLanes(claim(a), claim(b));
}
