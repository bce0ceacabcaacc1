import type { Hex } from "../../sdk/src/bytes.ts";
import type { Evidence, Offence } from "../../sdk/src/evidence.ts";
import { attestationsOf, convictionPlaces, offenceOf, proofId } from "../../sdk/src/evidence.ts";
import { courtOf } from "./judge.ts";
import type { Post } from "./post.ts";
import { postOf } from "./post.ts";
import type { SeenFact } from "./seen.ts";
import type { Signer } from "./signers.ts";
import { named, signersOf, withAttestations } from "./signers.ts";

/** Evidence in the words of one rollup, and whom it convicts there. */
export interface Charge {
  readonly post: Post;
  readonly evidence: Evidence;
  readonly offence: Offence;
  readonly proofId: Hex;
  readonly attestations: readonly [Hex, Hex];
  /** Those whom it convicts: who signed it, or both sides of a contradiction. */
  readonly signers: readonly Signer[];
  readonly places: readonly bigint[];
}

/**
 * The evidence for every rollup that can judge it: its own alone, or all. On the rollup where an attestation was used its signers are named
 * by that rollup's table, elsewhere by their keys.
 */
export async function chargesFor(
  networkId: Hex,
  posts: readonly Post[],
  evidence: Evidence,
  seen: readonly SeenFact[],
  signal?: AbortSignal,
): Promise<Charge[]> {
  const [first, second] = attestationsOf(evidence);
  const signed = new Map<Hex, { readonly chainId: bigint; readonly signers: readonly Signer[] }>();
  for (const { attestation, chainId } of seen) {
    const post = postOf(posts, chainId);
    if (post === undefined || signed.has(attestation)) continue;
    signed.set(attestation, { chainId, signers: await signersOf(post, attestation, signal) });
  }
  const court = courtOf(evidence);
  return posts.flatMap((post) => {
    const { chainId } = post.rollup;
    if (post.slashing === undefined || (court !== undefined && court !== chainId)) return [];
    const forms = new Map(
      [...signed].map(([attestation, { chainId: at, signers }]) => {
        return [attestation, at === chainId ? { bytes: attestation, signers } : named(attestation, signers)] as const;
      }),
    );
    const [one, two] = [forms.get(first), second === "0x" ? undefined : forms.get(second)];
    if (one === undefined) return [];
    const own = withAttestations(evidence, (attestation) => forms.get(attestation)?.bytes ?? attestation);
    return chargeOf(networkId, post, own, one.signers, two?.signers) ?? [];
  });
}

/** The charge of evidence that is in this rollup's words already. Throws what reading the signers throws. */
export async function chargeOn(networkId: Hex, post: Post, evidence: Evidence): Promise<Charge | undefined> {
  const [first, second] = attestationsOf(evidence);
  const signers = await signersOf(post, first);
  return chargeOf(networkId, post, evidence, signers, second === "0x" ? undefined : await signersOf(post, second));
}

/** Undefined if the evidence convicts nobody: no guardian signed both facts. */
function chargeOf(
  networkId: Hex,
  post: Post,
  evidence: Evidence,
  signers: readonly Signer[],
  others: readonly Signer[] | undefined,
): Charge | undefined {
  const places = convictionPlaces(signers, others);
  const both = signers.filter(
    ({ operator }) => others === undefined || others.some((one) => one.operator === operator),
  );
  if (both.length === 0) return undefined;
  const attestations = attestationsOf(evidence);
  const offence = offenceOf(networkId, evidence);
  return { post, evidence, offence, proofId: proofId(offence, attestations), attestations, signers: both, places };
}
