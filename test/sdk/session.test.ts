import { readFileSync } from "node:fs";
import { schnorr } from "@noble/curves/secp256k1.js";
import { expect } from "chai";
import { Random } from "../../scripts/checks/vectors/random.ts";
import { attestationDigest, bitmapOf, encodeAttestation } from "../../sdk/src/attestation.ts";
import { concatBytes, fromHex, type Hex, uintBytes } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { GROUP_ORDER, isEven, modN, type Point, publicKey, type Signature } from "../../sdk/src/schnorr.ts";
import {
  combine,
  createNonce,
  discardNonce,
  openSession,
  type SecretNonce,
  type Session,
  signPartial,
  verifyPartial,
} from "../../sdk/src/session.ts";
import { deployWithTable, rootOf } from "../helpers/guardianSet.ts";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { NETWORK_ID } from "../helpers/network.ts";
import { refusalCode } from "./refusal.ts";
import { proven, sessionOf, signAll, signersOf } from "./sessions.ts";

interface SessionVector extends Session {
  readonly secrets: readonly { readonly secretKey: string; readonly r: string; readonly t: string }[];
  readonly sumKey: { readonly x: string; readonly y: string };
  readonly binding: string;
  readonly nonce: { readonly x: string; readonly y: string };
  readonly challenge: string;
  readonly partials: readonly Hex[];
  readonly signature: { readonly rx: string; readonly ry: string; readonly s: string };
}

// CAST: the file is written by scripts/checks/vectors/signatures.ts
const vectors = JSON.parse(readFileSync(new URL("../vectors/signatures.json", import.meta.url), "utf8")) as {
  readonly sessions: readonly SessionVector[];
};

/** The verdict of an independent BIP-340 implementation. */
function bip340(sumKey: Point, message: Hex, { rx, s }: Signature): boolean {
  const bytes = concatBytes([uintBytes("R.x", rx, 32), uintBytes("s", s, 32)]);
  return schnorr.verify(bytes, fromHex(message), uintBytes("P.x", sumKey.x, 32));
}

describe("sdk sessions", () => {
  describe("a whole session", () => {
    it(`ends in a BIP-340 signature, for every parity of sum key and nonce (seed ${FUZZ_SEED})`, () => {
      const random = new Random(`sessions ${FUZZ_SEED}`);
      const seen = new Set<string>();
      for (let round = 0; round < 40 || seen.size < 4; round++) {
        const signers = signersOf(Array.from({ length: random.between(1, 9) }, () => random.uint(255)));
        const session = sessionOf(signers, { message: random.hash(), networkId: random.hash() });
        const context = openSession(session);
        const signature = combine(context, signAll(signers, session));
        expect(bip340(context.sumKey, session.message, signature)).to.equal(true);
        expect(isEven({ x: signature.rx, y: signature.ry })).to.equal(true);
        seen.add(`${isEven(context.sumKey)} ${isEven(context.nonce)}`);
      }
      expect([...seen].sort()).to.deep.equal(["false false", "false true", "true false", "true true"]);
    });

    for (const [index, vector] of vectors.sessions.entries()) {
      it(`follows session vector ${index}: ${vector.entries.length} signers`, () => {
        const context = openSession(vector);
        expect(context.sumKey).to.deep.equal({ x: BigInt(vector.sumKey.x), y: BigInt(vector.sumKey.y) });
        expect(context.nonce).to.deep.equal({ x: BigInt(vector.nonce.x), y: BigInt(vector.nonce.y) });
        expect(context.binding).to.equal(BigInt(vector.binding));
        expect(context.challenge).to.equal(BigInt(vector.challenge));
        const { rx, ry, s } = vector.signature;
        const signature = { rx: BigInt(rx), ry: BigInt(ry), s: BigInt(s) };
        expect(combine(context, vector.partials)).to.deep.equal(signature);
        expect(bip340(context.sumKey, vector.message, signature)).to.equal(true);
        // The nonce is what the secrets say: R = (Σ r + a·Σ t)·G.
        const total = vector.secrets.reduce((sum, { r, t }) => sum + BigInt(r) + context.binding * BigInt(t), 0n);
        expect(publicKey(modN(total))).to.deep.equal(context.nonce);
      });
    }

    it("is accepted by a rollup on which its signers hold the quorum", async () => {
      const { set, guardians } = await deployWithTable([1n, 1n, 1n, 1n]);
      const root = rootOf("session");
      const message = attestationDigest(NETWORK_ID, root);
      const signers = signersOf(guardians.slice(1).map(({ secret }) => secret));
      const session = sessionOf(signers, { message });
      const isProven = ({ x }: Point): boolean => guardians.some(({ key }) => key.x === x);
      const signature = combine(openSession(session), signAll(signers, session, isProven));
      const attestation = encodeAttestation({ root, serial: 1, signature, bitmap: bitmapOf([1, 2, 3]) });
      expect(await set.serialOf(attestation)).to.equal(1n);
    });
  });

  describe("nonces", () => {
    it("R24 sign once: a second use, a copy or a clone signs nothing", () => {
      const signers = signersOf([5n, 7n]);
      const session = sessionOf(signers);
      const [first] = signers;
      if (!first) throw new Error("two signers");
      const attempt = (nonce: SecretNonce): Hex =>
        signPartial({ secretKey: first.secretKey, nonce, session, isProven: proven });
      for (const copy of [{ ...first.nonce }, structuredClone(first.nonce), { commitment: first.nonce.commitment }]) {
        expect(refusalCode(() => attempt(copy))).to.equal("NONCE_USED");
      }
      attempt(first.nonce);
      expect(refusalCode(() => attempt(first.nonce))).to.equal("NONCE_USED");
      const other = sessionOf(signers, { message: rootOf("other") });
      const again = { secretKey: first.secretKey, nonce: first.nonce, session: other, isProven: proven };
      expect(refusalCode(() => signPartial(again))).to.equal("NONCE_USED");
    });

    it("R24 are gone after a refused session, and after being discarded", () => {
      const [one, two] = signersOf([5n, 7n]);
      if (!one || !two) throw new Error("two signers");
      const bad = sessionOf([two, one]);
      const use = (session: Session): Hex =>
        signPartial({ secretKey: one.secretKey, nonce: one.nonce, session, isProven: proven });
      expect(refusalCode(() => use(bad))).to.equal("SESSION_INVALID");
      expect(refusalCode(() => use(sessionOf([one, two])))).to.equal("NONCE_USED");
      discardNonce(two.nonce);
      const late = { secretKey: two.secretKey, nonce: two.nonce, session: sessionOf([one, two]), isProven: proven };
      expect(refusalCode(() => signPartial(late))).to.equal("NONCE_USED");
    });

    it("show their commitment and nothing else, frozen, and never repeat", () => {
      const nonces = Array.from({ length: 20 }, () => createNonce(5n));
      for (const nonce of nonces) {
        expect(JSON.parse(JSON.stringify(nonce))).to.deep.equal({ commitment: nonce.commitment });
        expect(Reflect.ownKeys(nonce)).to.deep.equal(["commitment"]);
        expect(Object.isFrozen(nonce) && Object.isFrozen(nonce.commitment)).to.equal(true);
      }
      expect(new Set(nonces.flatMap(({ commitment }) => [commitment.R, commitment.S])).size).to.equal(40);
    });
  });

  describe("binding factor", () => {
    it("R18 depends on network, message, every key and every nonce point", () => {
      const signers = signersOf([5n, 7n, 11n]);
      const session = sessionOf(signers);
      const bindings = new Set([openSession(session).binding]);
      bindings.add(openSession({ ...session, networkId: rootOf("n") }).binding);
      bindings.add(openSession({ ...session, message: rootOf("m") }).binding);
      const fresh = signersOf([5n, 7n, 11n]);
      for (const place of [0, 1, 2]) {
        for (const name of ["R", "S"] as const) {
          const entries = session.entries.map((entry, index) =>
            index === place ? { ...entry, [name]: fresh[index]?.entry[name] ?? entry[name] } : entry,
          );
          bindings.add(openSession({ ...session, entries }).binding);
        }
      }
      // The same nonce points with R and S of one signer exchanged, and with two signers' nonces exchanged.
      const [a, b, c] = session.entries;
      if (!a || !b || !c) throw new Error("three entries");
      bindings.add(openSession({ ...session, entries: [{ ...a, R: a.S, S: a.R }, b, c] }).binding);
      bindings.add(
        openSession({ ...session, entries: [{ ...a, R: b.R, S: b.S }, { ...b, R: a.R, S: a.S }, c] }).binding,
      );
      bindings.add(openSession({ ...session, entries: [a, b] }).binding);
      expect(bindings.size).to.equal(1 + 2 + 6 + 3);
    });
  });

  describe("combine", () => {
    function wrongPositions(context: ReturnType<typeof openSession>, partials: readonly Hex[]): unknown {
      try {
        combine(context, partials);
      } catch (error) {
        if (error instanceof MetalayerError && error.code === "PARTIALS_WRONG") return error.info["positions"];
        throw error;
      }
      throw new Error("the partials were accepted");
    }

    it("names exactly the authors of wrong partials", () => {
      const signers = signersOf([5n, 7n, 11n, 13n, 17n]);
      const session = sessionOf(signers);
      const context = openSession(session);
      const good = signAll(signers, session);
      const plusOne = (partial: Hex): Hex =>
        `0x${modN(BigInt(partial) + 1n)
          .toString(16)
          .padStart(64, "0")}`;
      for (let wrong = 1; wrong < 32; wrong++) {
        const partials = good.map((partial, index) => ((wrong >> index) & 1 ? plusOne(partial) : partial));
        expect(wrongPositions(context, partials)).to.deep.equal(
          [0, 1, 2, 3, 4].filter((index) => (wrong >> index) & 1),
        );
      }
      expect(good.map((partial, index) => verifyPartial(context, index, partial))).to.deep.equal(Array(5).fill(true));
      expect(verifyPartial(context, 5, good[0] ?? "0x")).to.equal(false);
    });

    it("names who signed another message, sent no number, or one beyond the group order", () => {
      const signers = signersOf([5n, 7n, 11n]);
      const session = sessionOf(signers);
      const [a, b, c] = signers;
      if (!a || !b || !c) throw new Error("three signers");
      const other = sessionOf(signers, { message: rootOf("another") });
      const partials = [...signAll([a], session), ...signAll([b], other), ...signAll([c], session)];
      const context = openSession(session);
      expect(wrongPositions(context, partials)).to.deep.equal([1]);
      const beyond: Hex = `0x${GROUP_ORDER.toString(16)}`;
      for (const bad of ["0x", "0x12", `0x${"zz".repeat(32)}`, beyond, `0x${"ff".repeat(32)}`]) {
        // CAST: a peer may send any text
        expect(wrongPositions(context, [partials[0] ?? "0x", bad as Hex, partials[2] ?? "0x"])).to.deep.equal([1]);
      }
    });

    it("wants one partial per entry", () => {
      const signers = signersOf([5n, 7n]);
      const session = sessionOf(signers);
      const partials = signAll(signers, session);
      expect(refusalCode(() => combine(openSession(session), partials.slice(1)))).to.equal("SESSION_INVALID");
    });
  });
});
