import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import type { Hex } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import type { Evidence } from "../../sdk/src/evidence.ts";
import { offenceOf } from "../../sdk/src/evidence.ts";
import { CLASS_FAST, CLASS_FINAL } from "../../sdk/src/fact.ts";

/** Evidence as JSON: whole numbers as decimal strings, bytes as lower-case hex. */

const hex = (pattern: string): z.ZodType<Hex> =>
  z.custom<Hex>((value) => typeof value === "string" && new RegExp(`^0x${pattern}$`).test(value), "is not such hex");
const bytes = hex("([0-9a-fA-F]{2})*");
const hash = hex("[0-9a-f]{64}");
const address = hex("[0-9a-fA-F]{40}");
const uint = z
  .string()
  .regex(/^(0|[1-9]\d{0,77})$/)
  .transform(BigInt);
const factClass = z.union([z.literal(CLASS_FINAL), z.literal(CLASS_FAST)]);
const siblings = z.array(hash).max(10);
const proof = z.strictObject({ index: z.int().min(0), count: z.int().min(1), siblings });
const inclusion = z.strictObject({ attestation: bytes, proof });
const range = { from: uint, to: uint, headBefore: hash, headAt: hash, batchRoot: hash, srcBlockHash: hash };
const laneFact = z.strictObject({ class: factClass, laneId: hash, ...range });
const place = { chainId: uint, incarnation: uint, anchorIndex: uint, number: uint, blockHash: hash, stateRoot: hash };
const headFact = z.strictObject({ class: factClass, ...place });
const ends = { srcChainId: uint, dstChainId: uint, srcIncarnation: uint, dstIncarnation: uint };
const lane = z.strictObject({ networkId: hash, ...ends, srcGateway: address, dstGateway: address });
const sourceBlock = z.strictObject({ anchored: z.boolean(), number: uint }).exactOptional();
const hashes = z.array(hash).max(1_024);
const leaf = z.strictObject({ leaf: hash, siblings });
const difference = z.discriminatedUnion("by", [
  z.strictObject({ by: z.literal("ends") }),
  z.strictObject({ by: z.literal("leaf"), nonce: uint, a: leaf, b: leaf }),
  z.strictObject({ by: z.literal("within"), hashes }),
]);
const own = { fact: laneFact, inclusion, lane, sourceBlock };
const inclusions = z.tuple([inclusion, inclusion]);
const evidence: z.ZodType<Evidence> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("laneHead"), ...own, position: uint, hashes }),
  z.strictObject({ kind: z.literal("laneAhead"), ...own }),
  z.strictObject({ kind: z.literal("laneRoot"), fact: laneFact, inclusion, hashes }),
  z.strictObject({ kind: z.literal("head"), fact: headFact, inclusion, header: bytes.exactOptional() }),
  z.strictObject({ kind: z.literal("laneConflict"), facts: z.tuple([laneFact, laneFact]), inclusions, difference }),
  z.strictObject({ kind: z.literal("headConflict"), facts: z.tuple([headFact, headFact]), inclusions }),
]);

export const evidenceFileSchema = z.strictObject({
  version: z.literal(1),
  networkId: hash,
  /** What the lie is about, for people. */
  about: z.string().max(500),
  /** The same evidence in the words of each rollup that can judge it. */
  submissions: z
    .array(z.strictObject({ chainId: uint, rollup: z.string(), evidence }))
    .min(1)
    .max(256),
});

export type EvidenceFile = z.output<typeof evidenceFileSchema>;

/** Writes the evidence and returns the file's name, which is the same for the same evidence. */
export function writeEvidence(folder: string, file: EvidenceFile): string {
  mkdirSync(folder, { recursive: true });
  const [first] = file.submissions;
  const fact = first === undefined ? "0x" : offenceOf(file.networkId, first.evidence).fact;
  const kind = first?.evidence.kind ?? "none";
  const name = path.join(folder, `evidence-${kind}-${fact.slice(2, 14)}.json`);
  const text = JSON.stringify(file, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value), 2);
  writeFileSync(name, `${text}\n`);
  return name;
}

/** Throws EVIDENCE_UNREADABLE, EVIDENCE_DAMAGED, which names what is wrong. */
export function readEvidence(name: string): EvidenceFile {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(name, "utf8"));
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? "is no JSON" : "cannot be read";
    throw new MetalayerError("EVIDENCE_UNREADABLE", `The evidence file ${name} ${reason}.`, { name }, { cause });
  }
  const checked = evidenceFileSchema.safeParse(parsed);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  const where = issue?.path.join(".") || "(top)";
  throw new MetalayerError("EVIDENCE_DAMAGED", `The evidence file ${name} is damaged: ${where}: ${issue?.message}.`, {
    name,
  });
}
