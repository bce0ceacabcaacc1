import { DatabaseSync } from "node:sqlite";
import type { Hex } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import type { HeadFact } from "../../sdk/src/fact.ts";
import type { LanePoint } from "../network/lane-logs.ts";
import type { Row } from "./record-schema.ts";
import { bytesOf, countOf, createTables, hexOf, integerOf, openExclusively, textOf, transaction } from "./record-schema.ts";

/** The chain id under which the whole guardian is halted. */
export const ALL_ROLLUPS = 0n;

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

export interface LaneAddition {
  readonly laneId: Hex;
  readonly links: readonly Link[];
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

export interface Halt {
  readonly chainId: bigint;
  readonly code: string;
  readonly reason: string;
  readonly at: string;
}

/**
 * What this guardian holds to be true and what it has signed, on disk. `final` lane facts are only ever computed from the
 * messages stored here, of which none is replaced: so it cannot sign two different things about them, whatever crashes,
 * reorganises or lies. Every method that writes returns when the disk has it.
 */
export interface GuardianRecord {
  /** Counts the writes that precede a signature; compared with the key's own mark. */
  readonly sequence: number;
  /** Newest final block on which anything rests. */
  finalBlock(chainId: bigint): RecordedBlock | undefined;
  /** End of the lane's verified messages. */
  tip(laneId: Hex): LanePoint;
  /** Verified messages `from` to `to − 1` with the head before them; undefined if they are not all there. */
  range(laneId: Hex, from: bigint, to: bigint): { readonly headBefore: Hex; readonly links: readonly Link[] } | undefined;
  /** Adds verified final messages, each lane from its tip on, and the block up to which no lane lacks any (undefined: some do). */
  append(chainId: bigint, block: RecordedBlock | undefined, additions: readonly LaneAddition[]): void;
  /** Notes what is about to be signed. Throws RECORD_CONTRADICTION, having halted the rollup, if it contradicts what was signed. */
  sign(claims: readonly Claim[]): void;
  /** Stops signing about a rollup, or about all, until `resume`. The first reason stays. */
  halt(chainId: bigint, code: string, reason: string): void;
  haltOf(chainId: bigint): Halt | undefined;
  halts(): readonly Halt[];
  /** The operator's decision to go on. Verified messages on which no signature rests are read anew. True if it was halted. */
  resume(chainId: bigint): boolean;
  setSequence(sequence: number): void;
  close(): void;
}

interface Store {
  readonly database: DatabaseSync;
  readonly now: () => Date;
  sequence: number;
}

const FAST_KEPT_BLOCKS = 10_000;

/** Opens the record of one key in one network, for this process alone. Throws GUARDIAN_LOCKED, RECORD_FOREIGN. */
export function openRecord(file: string, owner: { networkId: Hex; key: Hex }, now = (): Date => new Date()): GuardianRecord {
  const database = new DatabaseSync(file);
  openExclusively(database, file);
  createTables(database);
  const store: Store = { database, now, sequence: 0 };
  claimOwnership(store, file, `${owner.networkId} ${owner.key}`.toLowerCase());
  store.sequence = Number(metaOf(store, "sequence") ?? 0);
  return {
    get sequence() {
      return store.sequence;
    },
    finalBlock: (chainId) => finalBlock(store, chainId),
    tip: (laneId) => tip(store, laneId),
    range: (laneId, from, to) => range(store, laneId, from, to),
    append: (chainId, block, additions) => transaction(database, () => append(store, chainId, block, additions)),
    sign: (claims) => sign(store, claims),
    halt: (chainId, code, reason) => halt(store, chainId, code, reason),
    haltOf: (chainId) => halts(store).find((found) => found.chainId === chainId || found.chainId === ALL_ROLLUPS),
    halts: () => halts(store),
    resume: (chainId) => transaction(database, () => resume(store, chainId)),
    setSequence: (sequence) => setSequence(store, sequence),
    close: () => database.close(),
  };
}

function metaOf({ database }: Store, name: string): string | undefined {
  const row = database.prepare("SELECT value FROM meta WHERE name = ?").get(name);
  return row === undefined ? undefined : textOf(row["value"]);
}

function claimOwnership(store: Store, file: string, owner: string): void {
  const found = metaOf(store, "owner");
  if (found === undefined) {
    store.database.prepare("INSERT INTO meta VALUES ('owner', ?), ('sequence', '0')").run(owner);
  } else if (found !== owner) {
    store.database.close();
    throw new MetalayerError("RECORD_FOREIGN", `${file} is the record of another key or network.`, { file });
  }
}

function setSequence(store: Store, sequence: number): void {
  store.database.prepare("UPDATE meta SET value = ? WHERE name = 'sequence'").run(String(sequence));
  store.sequence = sequence;
}

function laneNumber(store: Store, laneId: Hex, chainId?: bigint): number | undefined {
  const { database } = store;
  if (chainId !== undefined) {
    database.prepare("INSERT OR IGNORE INTO lanes (lane, chain) VALUES (?, ?)").run(bytesOf(laneId), String(chainId));
  }
  const row = database.prepare("SELECT id FROM lanes WHERE lane = ?").get(bytesOf(laneId));
  return row === undefined ? undefined : integerOf(row["id"]);
}

/** As {@link laneNumber}, made if there is none. */
function ownLane(store: Store, laneId: Hex, chainId: bigint): number {
  const lane = laneNumber(store, laneId, chainId);
  if (lane === undefined) throw new MetalayerError("RECORD_CORRUPT", "A lane cannot be noted.", { laneId });
  return lane;
}

function finalBlock({ database }: Store, chainId: bigint): RecordedBlock | undefined {
  const row = database.prepare("SELECT number, hash FROM blocks WHERE chain = ?").get(String(chainId));
  return row === undefined ? undefined : { number: integerOf(row["number"]), hash: hexOf(row["hash"]) };
}

function tip(store: Store, laneId: Hex): LanePoint {
  const lane = laneNumber(store, laneId);
  const row =
    lane === undefined
      ? undefined
      : store.database.prepare("SELECT nonce, head FROM messages WHERE lane = ? ORDER BY nonce DESC LIMIT 1").get(lane);
  if (row === undefined) return { nonce: 0n, head: laneId };
  return { nonce: BigInt(integerOf(row["nonce"])) + 1n, head: hexOf(row["head"]) };
}

function range(store: Store, laneId: Hex, from: bigint, to: bigint): ReturnType<GuardianRecord["range"]> {
  const lane = laneNumber(store, laneId);
  if (lane === undefined) return undefined;
  const rows = store.database
    .prepare("SELECT nonce, leaf, head FROM messages WHERE lane = ? AND nonce >= ? AND nonce < ? ORDER BY nonce")
    .all(lane, countOf(from) - 1, countOf(to));
  const links = rows.map((row) => ({
    nonce: BigInt(integerOf(row["nonce"])),
    id: hexOf(row["leaf"]),
    head: hexOf(row["head"]),
  }));
  const before = from === 0n ? { head: laneId } : links.shift();
  if (before === undefined || links.length !== Number(to - from)) return undefined;
  return { headBefore: before.head, links };
}

function append(
  store: Store,
  chainId: bigint,
  block: RecordedBlock | undefined,
  additions: readonly LaneAddition[],
): void {
  const { database } = store;
  const insert = database.prepare("INSERT INTO messages VALUES (?, ?, ?, ?)");
  for (const { laneId, links } of additions) {
    const lane = ownLane(store, laneId, chainId);
    let expected = tip(store, laneId).nonce;
    for (const { nonce, id, head } of links) {
      if (nonce !== expected) throw new MetalayerError("RECORD_GAP", `Message ${nonce} does not follow ${expected}.`);
      insert.run(lane, countOf(nonce), bytesOf(id), bytesOf(head));
      expected += 1n;
    }
  }
  if (block === undefined || block.number < (finalBlock(store, chainId)?.number ?? 0)) return;
  database
    .prepare("INSERT INTO blocks VALUES (?1, ?2, ?3) ON CONFLICT (chain) DO UPDATE SET number = ?2, hash = ?3")
    .run(String(chainId), block.number, bytesOf(block.hash));
  database
    .prepare("DELETE FROM signed_fast WHERE number < ? AND lane IN (SELECT id FROM lanes WHERE chain = ?)")
    .run(block.number - FAST_KEPT_BLOCKS, String(chainId));
}

function sign(store: Store, claims: readonly Claim[]): void {
  const conflicts: { claim: Claim; what: string }[] = [];
  transaction(store.database, () => {
    for (const claim of claims) {
      const what = claim.kind === "lane" ? noteLane(store, claim) : noteHead(store, claim.fact);
      if (what !== undefined) conflicts.push({ claim, what });
    }
    for (const { claim, what } of conflicts) halt(store, claim.chainId, "RECORD_CONTRADICTION", what);
    setSequence(store, store.sequence + 1);
  });
  const [first] = conflicts;
  if (first === undefined) return;
  throw new MetalayerError("RECORD_CONTRADICTION", `Refused for good: ${first.what}.`, {
    chainId: first.claim.chainId,
  });
}

/** Notes the claim, or says what it contradicts. */
function noteLane(store: Store, claim: LaneClaim): string | undefined {
  const lane = ownLane(store, claim.laneId, claim.chainId);
  if (claim.soft !== undefined) return noteSoft(store, lane, claim, claim.soft);
  const { database } = store;
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
  { database }: Store,
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

function noteHead({ database }: Store, fact: HeadFact): string | undefined {
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

function halt({ database, now }: Store, chainId: bigint, code: string, reason: string): void {
  database
    .prepare("INSERT OR IGNORE INTO halts VALUES (?, ?, ?, ?)")
    .run(String(chainId), code, reason, now().toISOString());
}

function halts({ database }: Store): Halt[] {
  return database
    .prepare("SELECT chain, code, reason, at FROM halts")
    .all()
    .map((row) => ({
      chainId: BigInt(textOf(row["chain"])),
      code: textOf(row["code"]),
      reason: textOf(row["reason"]),
      at: textOf(row["at"]),
    }));
}

function resume({ database }: Store, chainId: bigint): boolean {
  const { changes } = database.prepare("DELETE FROM halts WHERE chain = ?").run(String(chainId));
  const chain = String(chainId);
  database
    .prepare(
      `DELETE FROM messages WHERE lane IN (SELECT id FROM lanes WHERE chain = ?) AND nonce >=
        coalesce((SELECT max(last) FROM signed_lanes WHERE signed_lanes.lane = messages.lane), 0)`,
    )
    .run(chain);
  database.prepare("DELETE FROM blocks WHERE chain = ?").run(chain);
  return changes > 0;
}
