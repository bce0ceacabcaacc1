import { expect } from "chai";
import type { Hex } from "../../sdk/src/bytes.ts";
import { possessionDigest, provePossession, verifyPossession } from "../../sdk/src/possession.ts";
import { FIELD_PRIME, GROUP_ORDER, publicKey, randomSecretKey } from "../../sdk/src/schnorr.ts";
import { NETWORK_ID, testGuardians } from "../helpers/network.ts";
import { refusalCode } from "./refusal.ts";

const OTHER_NETWORK = `0x${"17".repeat(32)}` as const;

describe("sdk proofs of possession", () => {
  const guardians = testGuardians(8);
  const subjects = guardians.map(({ secret, key, operator }) => ({
    secret,
    subject: { networkId: NETWORK_ID, operator, key },
    proof: provePossession(secret, NETWORK_ID, operator),
  }));

  it("verify for keys with even and odd y, and differ each time", () => {
    expect(new Set(guardians.map(({ key }) => key.y % 2n)).size).to.equal(2);
    for (const { secret, subject, proof } of subjects) {
      expect(verifyPossession(subject, proof)).to.equal(true);
      const again = provePossession(secret, NETWORK_ID, subject.operator);
      expect(again).not.to.equal(proof);
      expect(verifyPossession(subject, again)).to.equal(true);
    }
  });

  it("C1 hold for one operator, network and key only", () => {
    for (const [index, { subject, proof }] of subjects.entries()) {
      const other = subjects[(index + 1) % subjects.length]?.subject ?? subject;
      expect(verifyPossession({ ...subject, operator: other.operator }, proof)).to.equal(false);
      expect(verifyPossession({ ...subject, networkId: OTHER_NETWORK }, proof)).to.equal(false);
      expect(verifyPossession({ ...subject, key: other.key }, proof)).to.equal(false);
      const negative = { x: subject.key.x, y: FIELD_PRIME - subject.key.y };
      expect(verifyPossession({ ...subject, key: negative }, proof)).to.equal(false);
    }
  });

  it("C2 are refused for what is no point, and in any other length", () => {
    const [first] = subjects;
    if (!first) throw new Error("eight subjects");
    const { subject, proof } = first;
    for (const key of [
      { x: 0n, y: 0n },
      { x: subject.key.x, y: subject.key.y + 1n },
      { x: FIELD_PRIME, y: subject.key.y },
    ]) {
      expect(verifyPossession({ ...subject, key }, proof)).to.equal(false);
    }
    // CAST: cut hex is hex
    const cut = proof.slice(0, -2) as Hex;
    const others: Hex[] = ["0x", cut, `${proof}00`, `0x${"00".repeat(96)}`];
    for (const bytes of others) {
      expect(verifyPossession(subject, bytes)).to.equal(false);
    }
  });

  it("name network, operator and both coordinates in the digest", () => {
    const { subject } = subjects[0] ?? {};
    if (!subject) throw new Error("eight subjects");
    const { key } = subject;
    const variants = [
      subject,
      { ...subject, networkId: OTHER_NETWORK },
      { ...subject, operator: guardians[1]?.operator ?? subject.operator },
      { ...subject, key: { ...key, x: key.x + 1n } },
      { ...subject, key: { ...key, y: key.y + 1n } },
    ];
    expect(new Set(variants.map(possessionDigest)).size).to.equal(variants.length);
    expect(refusalCode(() => possessionDigest({ ...subject, networkId: "0x12" }))).to.equal("HEX_LENGTH");
    expect(refusalCode(() => possessionDigest({ ...subject, operator: `0x${"11".repeat(32)}` }))).to.equal(
      "HEX_LENGTH",
    );
  });

  it("need a secret key between 0 and the group order", () => {
    for (const secret of [0n, -1n, GROUP_ORDER, GROUP_ORDER + 1n]) {
      expect(refusalCode(() => publicKey(secret))).to.equal("SECRET_KEY_INVALID");
    }
    const secrets = Array.from({ length: 8 }, randomSecretKey);
    expect(new Set(secrets).size).to.equal(8);
    for (const secret of secrets) expect(secret > 0n && secret < GROUP_ORDER).to.equal(true);
  });
});
