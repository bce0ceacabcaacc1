import type { DatabaseSync } from "node:sqlite";
import type { Hex } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import type { HeadFact } from "../../sdk/src/fact.ts";
import type { LanePoint } from "../network/lane-logs.ts";
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
  /** Only for `fast`: the block it speaks about, and the lane's end in it, to which a hash chain leads from everything claimed. */
  readonly soft?: { readonly block: RecordedBlock; readonly end: LanePoint };
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
  if (claim.soft !== undefined) return noteSoft(database, lane, claim.soft);
  const [first, last] = [countOf(claim.from), countOf(claim.to)];
  const clash = database
    .prepare(
      `SELECT 1 FROM signed_lanes WHERE lane = ?1 AND (
        (first = ?2 AND last = ?3 AND root <> ?6) OR (first = ?2 AND head_before <> ?4) OR (last = ?3 AND head_at <> ?5)
        OR (first = ?3 AND head_before <> ?5) OR (last = ?2 AND head_at <> ?4))`,
    )
    .get(lane, first, last, bytesOf(claim.headBefore), bytesOf(claim.headAt), bytesOf(claim.batchRoot));
  const isOther =
    isOtherHead(database, lane, first, claim.headBefore) || isOtherHead(database, lane, last, claim.headAt);
  if (clash !== undefined || isOther) return `another head or root of messages ${first} to ${last} was signed before`;
  // Below the greatest end that was signed no message is ever replaced: whoever asks for every range there fills no disk.
  database
    .prepare(
      `INSERT INTO signed_lanes SELECT ?1, ?2, ?3, ?4, ?5, ?6
        WHERE ?3 > coalesce((SELECT max(last) FROM signed_lanes WHERE lane = ?1), -1)`,
    )
    .run(lane, first, last, bytesOf(claim.headBefore), bytesOf(claim.headAt), bytesOf(claim.batchRoot));
  return undefined;
}

/** Whether another head is recorded after so many messages. */
function isOtherHead(database: DatabaseSync, lane: number, count: number, head: Hex): boolean {
  const found = database.prepare("SELECT head FROM messages WHERE lane = ? AND nonce = ?").get(lane, count - 1);
  return found !== undefined && hexOf(found["head"]) !== head;
}

/** Facts about a soft head contradict each other only under the same block, and not at all if the lane ends alike in it. */
function noteSoft(
  database: DatabaseSync,
  lane: number,
  { block, end }: NonNullable<LaneClaim["soft"]>,
): string | undefined {
  const place = [lane, bytesOf(block.hash)] as const;
  const found = database.prepare("SELECT nonce, head FROM signed_soft WHERE lane = ? AND block = ?").get(...place);
  if (found === undefined) {
    const said = [block.number, countOf(end.nonce), bytesOf(end.head)] as const;
    database.prepare("INSERT INTO signed_soft VALUES (?, ?, ?, ?, ?)").run(...place, ...said);
    return undefined;
  }
  const isSame = integerOf(found["nonce"]) === Number(end.nonce) && hexOf(found["head"]) === end.head;
  return isSame ? undefined : `another state of block ${block.hash} was signed before`;
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
