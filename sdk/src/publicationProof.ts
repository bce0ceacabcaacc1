import type { Address, Hex } from "./bytes.ts";
import { MetalayerError } from "./errors.ts";
import type { MetalayerClient } from "./client.ts";
import { slotProof } from "./proofsPack.ts";
import type { StateHead } from "./proofsRead.ts";
import { broadcastSlot, publicationHash, type Publication } from "./publication.ts";

/** Publications of one rollup, and where they shall be proven. */
export interface PublicationQuery {
  /** Chain id of the rollup on which they were published. */
  readonly of: bigint;
  /** Chain id of the rollup whose StateRootInbox holds the head. */
  readonly attestedOn: bigint;
  /** The Broadcaster of the former. */
  readonly broadcaster: Address;
  readonly publications: readonly Publication[];
  /** Default: the newest recorded head. */
  readonly anchorIndex?: bigint;
}

/** That publications exist, with the proof that Subscriptions takes. */
export interface ProvenPublications {
  readonly head: StateHead;
  /** When each was published, seconds, by its rollup's clock. */
  readonly times: readonly bigint[];
  readonly proof: Hex;
}

/**
 * Proves publications against an attested head; the node that is asked need not be trusted. Throws `PUBLICATION_NOT_PROVEN` if one of them
 * is not in the head's state, and as {@link MetalayerClient.readState}.
 */
export async function provePublications(
  client: Pick<MetalayerClient, "readState">,
  { of, attestedOn, broadcaster, publications, anchorIndex }: PublicationQuery,
): Promise<ProvenPublications> {
  const slots = publications.map((publication) => broadcastSlot(publicationHash(publication), broadcaster));
  const at = anchorIndex === undefined ? {} : { anchorIndex };
  const { head, values, accountPart, slotParts } = await client.readState({
    of,
    attestedOn,
    account: broadcaster,
    slots,
    ...at,
  });
  const times = values.map(BigInt);
  const missing = publications.find((_, index) => times[index] === 0n);
  if (missing !== undefined) {
    const which = `${missing.index} of ${missing.publisher}`;
    const info = { of, attestedOn, publication: missing, block: head.number };
    throw new MetalayerError("PUBLICATION_NOT_PROVEN", `block ${head.number} of rollup ${of} has no ${which}`, info);
  }
  return { head, times, proof: slotProof(accountPart, slotParts) };
}
