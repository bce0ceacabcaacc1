import { DatabaseSync } from "node:sqlite";
import type { Hex } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import type { LanePoint } from "../network/lane-logs.ts";
import type { Claim, Link, RecordedBlock } from "./claims.ts";
import { laneNumber, noteHead, noteLane, ownLane } from "./claims.ts";
import {
  bytesOf,
  countOf,
  createTables,
  hexOf,
  integerOf,
  openExclusively,
  textOf,
  transaction,
} from "./record-schema.ts";

/** The chain id under which the whole guardian is halted. */
export const ALL_ROLLUPS = 0n;

export interface LaneAddition {
  readonly laneId: Hex;
  readonly links: readonly Link[];
}

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
  range(
    laneId: Hex,
    from: bigint,
    to: bigint,
  ): { readonly headBefore: Hex; readonly links: readonly Link[] } | undefined;
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
export function openRecord(
  file: string,
  owner: { networkId: Hex; key: Hex },
  now = (): Date => new Date(),
): GuardianRecord {
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

function finalBlock({ database }: Store, chainId: bigint): RecordedBlock | undefined {
  const row = database.prepare("SELECT number, hash FROM blocks WHERE chain = ?").get(String(chainId));
  return row === undefined ? undefined : { number: integerOf(row["number"]), hash: hexOf(row["hash"]) };
}

function tip(store: Store, laneId: Hex): LanePoint {
  const lane = laneNumber(store.database, laneId);
  const row =
    lane === undefined
      ? undefined
      : store.database.prepare("SELECT nonce, head FROM messages WHERE lane = ? ORDER BY nonce DESC LIMIT 1").get(lane);
  if (row === undefined) return { nonce: 0n, head: laneId };
  return { nonce: BigInt(integerOf(row["nonce"])) + 1n, head: hexOf(row["head"]) };
}

function range(store: Store, laneId: Hex, from: bigint, to: bigint): ReturnType<GuardianRecord["range"]> {
  const lane = laneNumber(store.database, laneId);
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
    const lane = ownLane(store.database, laneId, chainId);
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
    .prepare("DELETE FROM signed_soft WHERE number < ? AND lane IN (SELECT id FROM lanes WHERE chain = ?)")
    .run(block.number - FAST_KEPT_BLOCKS, String(chainId));
}

function sign(store: Store, claims: readonly Claim[]): void {
  const conflicts: { claim: Claim; what: string }[] = [];
  transaction(store.database, () => {
    for (const claim of claims) {
      const what = claim.kind === "lane" ? noteLane(store.database, claim) : noteHead(store.database, claim.fact);
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
