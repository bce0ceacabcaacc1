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

/** Who asks: from which address, and under which of the names that it calls itself. */
export interface Asker {
  readonly address: string;
  readonly name: string;
}

export interface Sessions {
  /**
   * Takes the place of what this asker has open; when all places are taken, of the oldest of the address that has most. Throws
   * SESSIONS_FULL when every place is another address's.
   */
  open(asker: Asker, subject: Omit<OpenSession, "nonce">): { id: string; commitment: NonceCommitment };
  /** Gives a session out, once. Throws SESSION_UNKNOWN for one that was used, replaced, is too old or never was. */
  take(id: string): OpenSession;
  readonly count: number;
}

export interface SessionLimits {
  /** Open sessions of all askers. */
  readonly most: number;
  readonly lifeMs: number;
}

interface Entry extends OpenSession {
  readonly asker: Asker;
  readonly expiresAt: number;
}

/**
 * One pending session per asker, few in all, short-lived: nobody makes a guardian hold nonces without bound, nor keeps others
 * out by calling itself by many names.
 */
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
    open(asker, subject) {
      const at = now();
      for (const [id, entry] of entries) {
        const isReplaced = entry.asker.address === asker.address && entry.asker.name === asker.name;
        if (isReplaced || entry.expiresAt <= at) drop(id, entry);
      }
      const surplus = entries.size < limits.most ? undefined : oldestOfGreatest(entries, asker);
      if (surplus !== undefined) drop(...surplus);
      if (entries.size >= limits.most)
        throw new MetalayerError("SESSIONS_FULL", `Already ${limits.most} sessions are open.`);
      const nonce = createNonce(secretKey);
      const id = randomBytes(16).toString("hex");
      entries.set(id, { ...subject, asker, nonce, expiresAt: at + limits.lifeMs });
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

/** What goes for one more of this asker: the oldest of the address that would have most, its own if others have no more; undefined if that has none. */
function oldestOfGreatest(entries: ReadonlyMap<string, Entry>, { address: own }: Asker): [string, Entry] | undefined {
  const counts = new Map([[own, 1]]);
  for (const { asker } of entries.values()) counts.set(asker.address, (counts.get(asker.address) ?? 0) + 1);
  const most = Math.max(...counts.values());
  const greatest = counts.get(own) === most ? own : [...counts].find(([, count]) => count === most)?.[0];
  return [...entries].find(([, { asker }]) => asker.address === greatest);
}
