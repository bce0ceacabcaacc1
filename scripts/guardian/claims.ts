import type { DatabaseSync } from "node:sqlite";
import type { Hex } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import type { HeadFact } from "../../sdk/src/fact.ts";
import type { Row } from "./record-schema.ts";
import { bytesOf, countOf, hexOf, integerOf } from "./record-schema.ts";

export interface RecordedBlock {
  readonly number: number;
  readonly hash: Hex;
}

/** Messages of a lane by hash, with the head after each. */
export interface Link {
  readonly nonce: bigint;
  readonly id: Hex;
  readonly head: Hex;
}

/** What a lane fact says, in content: the record never looks at roots of roots or signatures. */
export interface LaneClaim {
  readonly kind: "lane";
  readonly chainId: bigint;
  readonly laneId: Hex;
  readonly from: bigint;
  readonly to: bigint;
  readonly headBefore: Hex;
  readonly headAt: Hex;
  readonly batchRoot: Hex;
  /** Only for `fast`: the block it speaks about, and all messages. */
  readonly soft?: { readonly block: RecordedBlock; readonly links: readonly Link[] };
}

export type Claim = LaneClaim | { readonly kind: "head"; readonly chainId: bigint; readonly fact: HeadFact };

export function laneNumber(database: DatabaseSync, laneId: Hex, chainId?: bigint): number | undefined {
  if (chainId !== undefined) {
    database.prepare("INSERT OR IGNORE INTO lanes (lane, chain) VALUES (?, ?)").run(bytesOf(laneId), String(chainId));
  }
  const row = database.prepare("SELECT id FROM lanes WHERE lane = ?").get(bytesOf(laneId));
  return row === undefined ? undefined : integerOf(row["id"]);
}

/** As {@link laneNumber}, made if there is none. */
export function ownLane(database: DatabaseSync, laneId: Hex, chainId: bigint): number {
  const lane = laneNumber(database, laneId, chainId);
  if (lane === undefined) throw new MetalayerError("RECORD_CORRUPT", "A lane cannot be noted.", { laneId });
  return lane;
}

/** Notes the claim, or says what it contradicts. */
export function noteLane(database: DatabaseSync, claim: LaneClaim): string | undefined {
  const lane = ownLane(database, claim.laneId, claim.chainId);
  if (claim.soft !== undefined) return noteSoft(database, lane, claim, claim.soft);
  const [first, last] = [countOf(claim.from), countOf(claim.to)];
  const clash = database
    .prepare(
      `SELECT 1 FROM signed_lanes WHERE lane = ?1 AND (
        (first = ?2 AND last = ?3 AND root <> ?6) OR (first = ?2 AND head_before <> ?4) OR (last = ?3 AND head_at <> ?5)
        OR (first = ?3 AND head_before <> ?5) OR (last = ?2 AND head_at <> ?4))`,
    )
    .get(lane, first, last, bytesOf(claim.headBefore), bytesOf(claim.headAt), bytesOf(claim.batchRoot));
  if (clash !== undefined) return `another head or root of messages ${first} to ${last} was signed before`;
  database
    .prepare("INSERT OR IGNORE INTO signed_lanes VALUES (?, ?, ?, ?, ?, ?)")
    .run(lane, first, last, bytesOf(claim.headBefore), bytesOf(claim.headAt), bytesOf(claim.batchRoot));
  return undefined;
}

/** Facts about a soft head contradict each other only under the same block. */
function noteSoft(
  database: DatabaseSync,
  lane: number,
  claim: LaneClaim,
  { block, links }: NonNullable<LaneClaim["soft"]>,
): string | undefined {
  const select = database.prepare("SELECT leaf, head FROM signed_fast WHERE lane = ? AND block = ? AND nonce = ?");
  const insert = database.prepare("INSERT INTO signed_fast VALUES (?, ?, ?, ?, ?, ?)");
  const hash = bytesOf(block.hash);
  const before = claim.from === 0n ? undefined : select.get(lane, hash, countOf(claim.from) - 1);
  let clash = before !== undefined && hexOf(before["head"]) !== claim.headBefore;
  for (const { nonce, id, head } of links) {
    const found: Row | undefined = select.get(lane, hash, countOf(nonce));
    if (found === undefined) insert.run(lane, hash, countOf(nonce), block.number, bytesOf(id), bytesOf(head));
    else clash ||= hexOf(found["leaf"]) !== id || hexOf(found["head"]) !== head;
  }
  return clash ? `another state of block ${block.hash} was signed before` : undefined;
}

export function noteHead(database: DatabaseSync, fact: HeadFact): string | undefined {
  const place = [String(fact.chainId), countOf(fact.incarnation), countOf(fact.anchorIndex)] as const;
  const found = database
    .prepare("SELECT number, hash, state_root FROM signed_anchors WHERE chain = ? AND incarnation = ? AND anchor = ?")
    .get(...place);
  if (found === undefined) {
    database
      .prepare("INSERT INTO signed_anchors VALUES (?, ?, ?, ?, ?, ?)")
      .run(...place, countOf(fact.number), bytesOf(fact.blockHash), bytesOf(fact.stateRoot));
    return undefined;
  }
  const same =
    integerOf(found["number"]) === Number(fact.number) &&
    hexOf(found["hash"]) === fact.blockHash.toLowerCase() &&
    hexOf(found["state_root"]) === fact.stateRoot.toLowerCase();
  return same ? undefined : `another block of anchor ${fact.anchorIndex} was signed before`;
}
