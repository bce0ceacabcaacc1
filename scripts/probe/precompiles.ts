import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { computeAddress, ripemd160, sha256, SigningKey, toUtf8Bytes } from "ethers";
import type { Hex } from "../../sdk/src/bytes.ts";
import type { Question } from "./question.ts";
import { callTo, word } from "./question.ts";

/** G + 0 = G and G · 1 = G tell the contract from an empty account. */
const BN254_G = word(1) + word(2);
const ZERO = word(0);
const BLS_G1_ZERO = "00".repeat(128);
const BLS_G2_ZERO = "00".repeat(256);

/** Compression of "abc" by BLAKE2b-512, from its parameter block. */
const BLAKE2B_STATE =
  "48c9bdf267e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5" +
  "d182e6ad7f520e511f6c3e2b8c68059b6bbd41fbabd9831f79217e1319cde05b";
const BLAKE2B_ABC = `0000000c${BLAKE2B_STATE}${"616263".padEnd(256, "0")}${"03".padEnd(32, "0")}01`;

/** The commitment to the polynomial 0 and every proof of it are the point at infinity. */
const KZG_ZERO = `c0${"00".repeat(47)}`;
const BLOB_FIELD_ELEMENTS = 4_096;
const BLS_MODULUS = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;

/** Contracts that the protocol cannot do without, and why. */
const NEEDED: Readonly<Record<number, string>> = {
  1: "signatures of guardians",
  2: "signatures of guardians",
  5: "adding public keys of guardians",
};

/** The built-in contracts of Ethereum up to Osaka, each with an input whose output is known. */
export function precompiles(): readonly Question[] {
  return [
    ask(0x01, "ecrecover", ...recovery()),
    ask(0x02, "SHA-256", "616263", sha256(toUtf8Bytes("abc"))),
    ask(0x03, "RIPEMD-160", "616263", `0x${ripemd160(toUtf8Bytes("abc")).slice(2).padStart(64, "0")}`),
    ask(0x04, "identity", "616263", "0x616263"),
    ask(0x05, "modular power", word(1).repeat(3) + "030507", "0x05"),
    ask(0x06, "BN254 addition", BN254_G + ZERO + ZERO, `0x${BN254_G}`),
    ask(0x07, "BN254 multiplication", BN254_G + word(1), `0x${BN254_G}`),
    ask(0x08, "BN254 pairing", "", `0x${word(1)}`),
    ask(0x09, "BLAKE2b", BLAKE2B_ABC, `0x${createHash("blake2b512").update("abc").digest("hex")}`),
    ask(0x0a, "KZG point evaluation", kzg(), `0x${word(BLOB_FIELD_ELEMENTS)}${word(BLS_MODULUS)}`),
    ask(0x0b, "BLS12-381 addition in G1", BLS_G1_ZERO.repeat(2), `0x${BLS_G1_ZERO}`),
    ask(0x0c, "BLS12-381 multiplication in G1", BLS_G1_ZERO + ZERO, `0x${BLS_G1_ZERO}`),
    ask(0x0d, "BLS12-381 addition in G2", BLS_G2_ZERO.repeat(2), `0x${BLS_G2_ZERO}`),
    ask(0x0e, "BLS12-381 multiplication in G2", BLS_G2_ZERO + ZERO, `0x${BLS_G2_ZERO}`),
    ask(0x0f, "BLS12-381 pairing", BLS_G1_ZERO + BLS_G2_ZERO, `0x${word(1)}`),
    ask(0x10, "BLS12-381 map to G1", "00".repeat(64), bytesOf(128)),
    ask(0x11, "BLS12-381 map to G2", "00".repeat(128), bytesOf(256)),
    ask(0x100, "signatures on P-256", p256(), `0x${word(1)}`),
  ];
}

function ask(address: number, what: string, input: string, expected: string | RegExp): Question {
  const neededFor = NEEDED[address];
  return {
    id: `0x${address.toString(16).padStart(2, "0")}`,
    what,
    ...(neededFor === undefined ? {} : { neededFor }),
    call: callTo(addressOf(address), `0x${input}`),
    isRight: (answer) => (typeof expected === "string" ? answer === expected : expected.test(answer)),
  };
}

const addressOf = (number: number): Hex => `0x${number.toString(16).padStart(40, "0")}`;

/** So many bytes that are not all zero. */
const bytesOf = (count: number): RegExp => new RegExp(`^0x(?!0+$)[0-9a-f]{${2 * count}}$`);

function recovery(): [string, string] {
  const key = new SigningKey(`0x${word(7)}`);
  const digest = sha256(toUtf8Bytes("abc"));
  const { v, r, s } = key.sign(digest);
  const signer = computeAddress(key).toLowerCase().slice(2);
  return [digest.slice(2) + word(v) + r.slice(2) + s.slice(2), `0x${signer.padStart(64, "0")}`];
}

/** Versioned hash, point, value, commitment, proof. */
function kzg(): string {
  const versionedHash = `01${sha256(`0x${KZG_ZERO}`).slice(4)}`;
  return versionedHash + ZERO + ZERO + KZG_ZERO + KZG_ZERO;
}

function p256(): string {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const message = toUtf8Bytes("abc");
  const signature = sign("sha256", message, { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("hex");
  const { x = "", y = "" } = publicKey.export({ format: "jwk" });
  const key = [x, y].map((part) => Buffer.from(part, "base64url").toString("hex").padStart(64, "0")).join("");
  return sha256(message).slice(2) + signature + key;
}
