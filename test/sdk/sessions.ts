import type { Hex } from "../../sdk/src/bytes.ts";
import { type Point, pointToHex, publicKey } from "../../sdk/src/schnorr.ts";
import {
  createNonce,
  type SecretNonce,
  type Session,
  type SessionEntry,
  signPartial,
  sortEntries,
} from "../../sdk/src/session.ts";
import { rootOf } from "../helpers/guardianSet.ts";
import { NETWORK_ID } from "../helpers/network.ts";

export interface Signer {
  readonly secretKey: bigint;
  readonly nonce: SecretNonce;
  readonly entry: SessionEntry;
}

export type IsProven = (key: Point) => boolean;

export const MESSAGE = rootOf("message");
export const proven: IsProven = () => true;

export function signer(secretKey: bigint): Signer {
  const nonce = createNonce(secretKey);
  return { secretKey, nonce, entry: { key: pointToHex(publicKey(secretKey)), ...nonce.commitment } };
}

/** Signers in the order of the session list, with fresh nonces. */
export function signersOf(secretKeys: readonly bigint[]): Signer[] {
  const all = secretKeys.map(signer);
  return sortEntries(all.map(({ entry }) => entry)).flatMap((entry) => all.filter((one) => one.entry === entry));
}

export function sessionOf(signers: readonly Signer[], change: Partial<Session> = {}): Session {
  return { networkId: NETWORK_ID, message: MESSAGE, entries: signers.map(({ entry }) => entry), ...change };
}

export function signAll(signers: readonly Signer[], session: Session, isProven: IsProven = proven): Hex[] {
  return signers.map(({ secretKey, nonce }) => signPartial({ secretKey, nonce, session, isProven }));
}
