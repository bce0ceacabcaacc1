import { randomBytes } from "node:crypto";
import type { Hex } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import type { NonceCommitment, SecretNonce } from "../../sdk/src/session.ts";
import { createNonce, discardNonce } from "../../sdk/src/session.ts";

/** A root that was confirmed, with a nonce pair that signs it once or nothing. Lives in memory only. */
export interface OpenSession {
  readonly root: Hex;
  /** Rollups that the facts speak about. */
  readonly chains: readonly bigint[];
  /** Whether one of the facts is `fast`. */
  readonly isFast: boolean;
  readonly nonce: SecretNonce;
}

export interface Sessions {
  /** Takes the place of what this coordinator has open. Throws SESSIONS_FULL. */
  open(coordinator: string, subject: Omit<OpenSession, "nonce">): { id: string; commitment: NonceCommitment };
  /** Gives a session out, once. Throws SESSION_UNKNOWN for one that was used, replaced, is too old or never was. */
  take(id: string): OpenSession;
  readonly count: number;
}

export interface SessionLimits {
  /** Open sessions of all coordinators. */
  readonly most: number;
  readonly lifeMs: number;
}

interface Entry extends OpenSession {
  readonly coordinator: string;
  readonly expiresAt: number;
}

/** One pending session per coordinator, few in all, short-lived: nobody makes a guardian hold nonces without bound. */
export function createSessions(
  secretKey: bigint,
  limits: SessionLimits,
  now = (): number => performance.now(),
): Sessions {
  const entries = new Map<string, Entry>();
  const drop = (id: string, { nonce }: Entry): void => {
    entries.delete(id);
    discardNonce(nonce);
  };
  return {
    open(coordinator, subject) {
      const at = now();
      for (const [id, entry] of entries)
        if (entry.coordinator === coordinator || entry.expiresAt <= at) drop(id, entry);
      if (entries.size >= limits.most)
        throw new MetalayerError("SESSIONS_FULL", `Already ${limits.most} sessions are open.`);
      const nonce = createNonce(secretKey);
      const id = randomBytes(16).toString("hex");
      entries.set(id, { ...subject, coordinator, nonce, expiresAt: at + limits.lifeMs });
      return { id, commitment: nonce.commitment };
    },
    take(id) {
      const entry = entries.get(id);
      entries.delete(id);
      if (entry !== undefined && entry.expiresAt > now()) return entry;
      if (entry !== undefined) discardNonce(entry.nonce);
      throw new MetalayerError("SESSION_UNKNOWN", "No such session is open: it was used, replaced or has run out.");
    },
    get count() {
      return entries.size;
    },
  };
}
