import { Interface } from "ethers";
import { guardianSetAbi } from "../../sdk/src/abi/GuardianSet.ts";
import { decodeAttestation, MAX_GUARDIANS } from "../../sdk/src/attestation.ts";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import type { Evidence, PlacedOperator } from "../../sdk/src/evidence.ts";
import { encodeKeyedAttestation, namedSigners } from "../../sdk/src/evidence.ts";
import { viewCall, viewResult } from "../network/gateway.ts";
import type { Post } from "./post.ts";

export const setInterface = new Interface(guardianSetAbi);

/** A guardian that signed, with its place in the attestation. */
export interface Signer extends PlacedOperator {
  /** x-coordinate of the key that it signed with. */
  readonly key: bigint;
}

interface RawGuardian {
  readonly index: bigint;
  readonly operator: Address;
  readonly key: { readonly x: bigint };
}

/** Who answers for these keys on a rollup now: an imported key's operator is not the one that it has where it is registered. Throws what the pool throws. */
export async function operatorsOf(post: Post, keys: readonly bigint[], signal?: AbortSignal): Promise<Address[]> {
  const { guardianSet } = post.rollup.contracts;
  const calls = keys.map((key) => viewCall(guardianSet, "operatorOf", [key], "latest", setInterface));
  const outcomes = await post.access.pool.batch(calls, { signal });
  return outcomes.map((outcome) => {
    if (!outcome.ok) throw outcome.error;
    // CAST: the ABI says so.
    return viewResult("operatorOf", outcome.result, setInterface)[0] as Address;
  });
}

/** Who signed an attestation, by the tables and keys of the rollup that it was made for. Throws WATCH_UNKNOWN_SIGNERS, or what the pool throws. */
export async function signersOf(post: Post, attestation: Hex, signal?: AbortSignal): Promise<Signer[]> {
  const named = namedSigners(attestation);
  if ("keys" in named) {
    const operators = await operatorsOf(post, named.keys, signal);
    return operators.map((operator, place) => ({ key: named.keys[place] ?? 0n, place, operator }));
  }
  const { guardianSet } = post.rollup.contracts;
  const call = viewCall(guardianSet, "guardians", [named.serial, 0, MAX_GUARDIANS], "latest", setInterface);
  const page = await post.access.pool.request(call.method, call.params, { signal });
  // CAST: the ABI says so.
  const table = viewResult("guardians", page, setInterface)[0] as readonly RawGuardian[];
  const found = table.filter(({ index }) => named.places.includes(Number(index)));
  if (found.length !== named.places.length) throw unknown(post);
  return found.map(({ index, operator, key }) => ({ operator, key: key.x, place: Number(index) }));
}

/** The same signature with its signers named by their keys, as any rollup reads it where these keys are proven. */
export function named(
  attestation: Hex,
  signers: readonly Signer[],
): { readonly bytes: Hex; readonly signers: Signer[] } {
  const { root, signature } = decodeAttestation(attestation);
  const sorted = [...signers].sort((a, b) => (a.key < b.key ? -1 : 1));
  const bytes = encodeKeyedAttestation(
    root,
    signature,
    sorted.map(({ key }) => key),
  );
  return { bytes, signers: sorted.map((signer, place) => ({ ...signer, place })) };
}

/** The evidence with other bytes for its attestations. */
export function withAttestations(evidence: Evidence, change: (attestation: Hex) => Hex): Evidence {
  const changed = <T extends { readonly attestation: Hex }>(inclusion: T): T => {
    return inclusion.attestation === "0x" ? inclusion : { ...inclusion, attestation: change(inclusion.attestation) };
  };
  if (evidence.kind !== "laneConflict" && evidence.kind !== "headConflict")
    return { ...evidence, inclusion: changed(evidence.inclusion) };
  const [a, b] = evidence.inclusions;
  return { ...evidence, inclusions: [changed(a), changed(b)] };
}

function unknown({ rollup }: Post): MetalayerError {
  return new MetalayerError("WATCH_UNKNOWN_SIGNERS", `${rollup.name} does not know the signers of an attestation.`);
}
