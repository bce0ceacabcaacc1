import { expect } from "chai";
import type { Hex } from "../../sdk/src/bytes.ts";
import {
  challenge,
  CHALLENGE_TAG,
  GROUP_ORDER,
  isEven,
  modN,
  type Point,
  pointFromHex,
  pointToHex,
  publicKey,
  toCurve,
  verifySchnorr,
} from "../../sdk/src/schnorr.ts";
import { createNonce, openSession, type Session, signPartial, sortEntries } from "../../sdk/src/session.ts";
import { refusalCode } from "./refusal.ts";
import { type IsProven, MESSAGE, proven, sessionOf, type Signer, signer, signersOf } from "./sessions.ts";

describe("sdk sessions", () => {
  describe("a signer refuses", () => {
    function refusal(
      change: (signers: readonly Signer[], session: Session) => Session,
      isProven: IsProven = proven,
    ): string {
      const signers = signersOf([5n, 7n, 11n]);
      const [mine] = signers;
      if (!mine) throw new Error("three signers");
      const session = change(signers, sessionOf(signers));
      return refusalCode(() => signPartial({ secretKey: mine.secretKey, nonce: mine.nonce, session, isProven }));
    }

    it("a list that is empty, too long, unsorted, or has a key twice", () => {
      expect(refusal((_, session) => ({ ...session, entries: [] }))).to.equal("SESSION_INVALID");
      const reversed = (_: readonly Signer[], session: Session): Session => ({
        ...session,
        entries: [...session.entries].reverse(),
      });
      expect(refusal(reversed)).to.equal("SESSION_INVALID");
      const twice = (signers: readonly Signer[], session: Session): Session => {
        const [first] = signers;
        const again = first && { ...first.entry, ...createNonce(first.secretKey).commitment };
        return { ...session, entries: sortEntries([...session.entries, ...(again ? [again] : [])]) };
      };
      expect(refusal(twice)).to.equal("SESSION_INVALID");
      const long = Array.from({ length: 257 }, (_, index) => signer(BigInt(index + 1)).entry);
      expect(refusal((_, session) => ({ ...session, entries: long }))).to.equal("SESSION_INVALID");
    });

    it("R22 K and −K together, and keys that sum to infinity", () => {
      const negative = signer(GROUP_ORDER - 7n).entry;
      const withNegative = (_: readonly Signer[], session: Session): Session => ({
        ...session,
        entries: sortEntries([...session.entries, negative]),
      });
      expect(refusal(withNegative)).to.equal("SESSION_INVALID");
      const closing = signer(GROUP_ORDER - 23n).entry;
      const toInfinity = (_: readonly Signer[], session: Session): Session => ({
        ...session,
        entries: sortEntries([...session.entries, closing]),
      });
      expect(refusal(toInfinity)).to.equal("SESSION_INVALID");
    });

    it("R18 a nonce point that appears twice: its own under another key, or within one entry", () => {
      const mirrored = (_: readonly Signer[], session: Session): Session => {
        const [first, second, third] = session.entries;
        if (!first || !second || !third) throw new Error("three entries");
        return { ...session, entries: [first, { ...second, R: first.R, S: first.S }, third] };
      };
      expect(refusal(mirrored)).to.equal("SESSION_INVALID");
      const within = (_: readonly Signer[], session: Session): Session => ({
        ...session,
        entries: session.entries.map((entry, index) => (index === 1 ? { ...entry, S: entry.R } : entry)),
      });
      expect(refusal(within)).to.equal("SESSION_INVALID");
    });

    it("R18 nonce points that cancel all others", () => {
      const cancelling = (_: readonly Signer[], session: Session): Session => {
        const [first, second, third] = session.entries;
        if (!first || !second || !third) throw new Error("three entries");
        const minus = (a: Hex, b: Hex): Hex => {
          const { x, y } = toCurve(pointFromHex(a))
            .add(toCurve(pointFromHex(b)))
            .negate()
            .toAffine();
          return pointToHex({ x, y });
        };
        const last = { ...third, R: minus(first.R, second.R), S: minus(first.S, second.S) };
        return { ...session, entries: [first, second, last] };
      };
      expect(refusal(cancelling)).to.equal("SESSION_INVALID");
    });

    it("a session without it, or with its key and another nonce", () => {
      const without = (_: readonly Signer[], session: Session): Session => ({
        ...session,
        entries: session.entries.slice(1),
      });
      expect(refusal(without)).to.equal("SESSION_NOT_MINE");
      for (const name of ["R", "S"] as const) {
        const foreign = (signers: readonly Signer[], session: Session): Session => ({
          ...session,
          entries: session.entries.map((entry, index) => {
            const other = createNonce(signers[0]?.secretKey ?? 1n).commitment;
            return index === 0 ? { ...entry, [name]: other[name] } : entry;
          }),
        });
        expect(refusal(foreign)).to.equal("SESSION_NOT_MINE");
      }
    });

    it("its key with the other y", () => {
      const flipped = (_: readonly Signer[], session: Session): Session => ({
        ...session,
        entries: session.entries.map((entry, index) => {
          const { x, y } = toCurve(pointFromHex(entry.key)).negate().toAffine();
          return index === 0 ? { ...entry, key: pointToHex({ x, y }) } : entry;
        }),
      });
      expect(refusal(flipped)).to.equal("SESSION_NOT_MINE");
    });

    it("C2 what is no point: off the curve, infinity, wrong length, not compressed, no hex", () => {
      const bad = ["0x", `0x00`, `0x02${"00".repeat(32)}`, `0x05${"11".repeat(32)}`, `0x02${"ff".repeat(32)}`, "0xzz"];
      const { x, y } = publicKey(99n);
      const uncompressed = `04${x.toString(16).padStart(64, "0")}${y.toString(16).padStart(64, "0")}`;
      for (const point of [...bad, `0x${uncompressed}`]) {
        for (const name of ["key", "R", "S"] as const) {
          const broken = (_: readonly Signer[], session: Session): Session => ({
            ...session,
            // CAST: a peer may send any text
            entries: session.entries.map((entry, index) => (index === 1 ? { ...entry, [name]: point as Hex } : entry)),
          });
          expect(refusal(broken)).to.equal("POINT_INVALID");
        }
      }
    });

    it("C1 R2 a key without proof of possession: the rogue key that would make the sum the attacker's own", () => {
      const honest = signersOf([5n, 7n]);
      const own = 424_242n;
      const sumOfHonest = toCurve(publicKey(12n));
      const rogue = toCurve(publicKey(own)).subtract(sumOfHonest).toAffine();
      const nonce = createNonce(own);
      const rogueEntry = { key: pointToHex(rogue), ...nonce.commitment };
      const entries = sortEntries([...honest.map(({ entry }) => entry), rogueEntry]);
      const session = sessionOf(honest, { entries });
      // Where keys are summed without proofs, this attacker signs alone for all three:
      const { sumKey } = openSession(session);
      expect(sumKey).to.deep.equal(publicKey(own));
      const d = isEven(sumKey) ? own : GROUP_ORDER - own;
      const R = publicKey(isEven(publicKey(31n)) ? 31n : GROUP_ORDER - 31n);
      const k = isEven(publicKey(31n)) ? 31n : GROUP_ORDER - 31n;
      const s = modN(k + challenge(CHALLENGE_TAG, R.x, sumKey.x, MESSAGE) * d);
      expect(verifySchnorr(sumKey.x, MESSAGE, { rx: R.x, ry: R.y, s })).to.equal(true);
      // The signers do not take part, because the key was never proven (nor would any table contain it).
      const known = new Set(honest.map(({ secretKey }) => publicKey(secretKey).x));
      const [first] = honest;
      if (!first) throw new Error("two signers");
      const attempt = {
        secretKey: first.secretKey,
        nonce: first.nonce,
        session,
        isProven: ({ x }: Point) => known.has(x),
      };
      expect(refusalCode(() => signPartial(attempt))).to.equal("KEY_NOT_PROVEN");
    });
  });
});
