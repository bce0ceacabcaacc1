import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "chai";
import type { Hex } from "../../sdk/src/bytes.ts";
import { keccak } from "../../sdk/src/bytes.ts";
import { CLASS_FINAL } from "../../sdk/src/fact.ts";
import { nextHead } from "../../sdk/src/message.ts";
import { treeRoot } from "../../sdk/src/tree.ts";
import { randomSecretKey } from "../../sdk/src/schnorr.ts";
import type { LaneClaim, Link } from "../../scripts/guardian/claims.ts";
import { reconcile } from "../../scripts/guardian/guardian.ts";
import { guardianKey, loadKey, openKeyMark, saveKey } from "../../scripts/guardian/keystore.ts";
import type { GuardianRecord } from "../../scripts/guardian/record.ts";
import { ALL_ROLLUPS, openRecord } from "../../scripts/guardian/record.ts";

const CHAIN = 9_101n;
const LANE = hash(1);
const OWNER = { networkId: hash(2), key: `0x02${"11".repeat(32)}` } as const;

function hash(seed: number): Hex {
  return keccak(Uint8Array.of(seed >> 8, seed & 255));
}

/** Messages with these contents, chained from the lane's start. */
function chained(seeds: readonly number[], first = 0n, before: Hex = LANE): Link[] {
  let head = before;
  return seeds.map((seed, index) => {
    const id = hash(seed);
    head = nextHead(head, id);
    return { nonce: first + BigInt(index), id, head };
  });
}

function claimOf(links: readonly Link[], before: Hex, block?: Hex): LaneClaim {
  const [first, last] = [links[0], links.at(-1)] as [Link, Link]; // CAST: never empty here
  const end = { nonce: last.nonce + 1n, head: last.head };
  const soft = block === undefined ? {} : { soft: { block: { number: 10, hash: block }, end } };
  const batchRoot = treeRoot(links.map(({ id }) => id));
  const range = { from: first.nonce, to: last.nonce + 1n, headBefore: before, headAt: last.head, batchRoot };
  return { kind: "lane", chainId: CHAIN, laneId: LANE, ...range, ...soft };
}

/** The lane's end in a soft block. */
function softEnd(links: readonly Link[]): Pick<LaneClaim, "soft"> {
  const last = links.at(-1);
  if (last === undefined) throw new Error("no message");
  return { soft: { block: { number: 10, hash: hash(50) }, end: { nonce: last.nonce + 1n, head: last.head } } };
}

describe("guardian's record", () => {
  let folder: string;
  let file: string;
  let record: GuardianRecord;
  const reopen = (): void => {
    record.close();
    record = openRecord(file, OWNER);
  };

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "metalayer-record-"));
    file = path.join(folder, "record.db");
    record = openRecord(file, OWNER);
  });

  afterEach(() => {
    record.close();
    rmSync(folder, { recursive: true, force: true });
  });

  describe("verified messages", () => {
    it("are kept over a restart, with the block up to which none is missing", () => {
      const links = chained([3, 4, 5]);
      record.append(CHAIN, { number: 7, hash: hash(9) }, [{ laneId: LANE, links }]);
      reopen();
      expect(record.tip(LANE)).to.deep.equal({ nonce: 3n, head: links[2]?.head });
      expect(record.range(LANE, 1n, 3n)).to.deep.equal({ headBefore: links[0]?.head, links: links.slice(1) });
      expect(record.finalBlock(CHAIN)).to.deep.equal({ number: 7, hash: hash(9) });
    });

    it("are never replaced, and follow each other without gap", () => {
      record.append(CHAIN, undefined, [{ laneId: LANE, links: chained([3]) }]);
      const twice = (): void => record.append(CHAIN, undefined, [{ laneId: LANE, links: chained([8]) }]);
      expect(twice).to.throw().with.property("code", "RECORD_GAP");
      const gap = (): void => record.append(CHAIN, undefined, [{ laneId: LANE, links: chained([8], 5n) }]);
      expect(gap).to.throw().with.property("code", "RECORD_GAP");
      expect(record.tip(LANE).nonce).to.equal(1n);
    });

    it("are read as a whole range or not at all", () => {
      record.append(CHAIN, undefined, [{ laneId: LANE, links: chained([3, 4]) }]);
      expect(record.range(LANE, 0n, 3n)).to.equal(undefined);
      expect(record.range(hash(99), 0n, 1n)).to.equal(undefined);
    });
  });

  describe("signed facts", () => {
    it("may be signed again, in any overlapping ranges of the same messages", () => {
      const links = chained([3, 4, 5, 6]);
      record.sign([claimOf(links, LANE), claimOf(links.slice(1, 3), links[0]?.head ?? LANE)]);
      reopen();
      record.sign([claimOf(links, LANE), claimOf(links.slice(2), links[1]?.head ?? LANE)]);
      expect(record.sequence).to.equal(2);
    });

    it("R5 are never contradicted: another head or root at the same nonces halts the rollup for good", () => {
      record.sign([claimOf(chained([3, 4]), LANE)]);
      reopen();
      const contradiction = (): void => record.sign([claimOf(chained([3, 8]), LANE)]);
      expect(contradiction).to.throw().with.property("code", "RECORD_CONTRADICTION");
      reopen();
      expect(record.haltOf(CHAIN)?.code).to.equal("RECORD_CONTRADICTION");
      expect(record.haltOf(9_102n)).to.equal(undefined);
    });

    it("R5 are never contradicted by other messages than the verified ones below their end", () => {
      const links = chained([3, 4, 5, 6]);
      record.append(CHAIN, { number: 7, hash: hash(9) }, [{ laneId: LANE, links }]);
      record.sign([claimOf(links, LANE)]);
      const other = claimOf(chained([8], 1n, links[0]?.head), links[0]?.head ?? LANE);
      const contradiction = (): void => record.sign([other]);
      expect(contradiction).to.throw().with.property("code", "RECORD_CONTRADICTION");
    });

    it("R25 asked for in every range there is take no more room than the messages", () => {
      const links = chained(Array.from({ length: 30 }, (_, index) => index + 3));
      record.append(CHAIN, { number: 7, hash: hash(9) }, [{ laneId: LANE, links }]);
      for (let to = 30; to > 0; to--) {
        const starts = Array.from({ length: to }, (_, from) => from);
        const headBefore = (from: number): Hex => links[from - 1]?.head ?? LANE;
        record.sign(starts.map((from) => claimOf(links.slice(from, to), headBefore(from))));
        record.sign(
          starts.map((from) => ({ ...claimOf(links.slice(from, to), headBefore(from), hash(50)), ...softEnd(links) })),
        );
      }
      record.close();
      const database = new DatabaseSync(file);
      const rows = (table: string): unknown => database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.["n"];
      expect([rows("signed_lanes"), rows("signed_soft")]).to.deep.equal([1, 1]);
      database.close();
      record = openRecord(file, OWNER);
      expect(record.halts()).to.deep.equal([]);
    });

    it("R21 contradict each other also where one range ends and the next begins", () => {
      const links = chained([3, 4]);
      record.sign([claimOf(links, LANE)]);
      const next = chained([5], 2n, hash(77));
      const contradiction = (): void => record.sign([claimOf(next, hash(77))]);
      expect(contradiction).to.throw().with.property("code", "RECORD_CONTRADICTION");
    });

    it("C18 about a soft head contradict each other only under the same block hash", () => {
      record.sign([claimOf(chained([3, 4]), LANE, hash(50))]);
      record.sign([claimOf(chained([3, 9]), LANE, hash(51))]);
      expect(record.halts()).to.deep.equal([]);
      const contradiction = (): void => record.sign([claimOf(chained([3, 9]), LANE, hash(50))]);
      expect(contradiction).to.throw().with.property("code", "RECORD_CONTRADICTION");
    });

    it("about an anchor name one block for ever", () => {
      const said = { class: CLASS_FINAL, chainId: CHAIN, incarnation: 1n, anchorIndex: 4n, number: 7n } as const;
      const fact = { ...said, blockHash: hash(1), stateRoot: hash(2) };
      record.sign([{ kind: "head", chainId: CHAIN, fact }]);
      record.sign([{ kind: "head", chainId: CHAIN, fact }]);
      const other = { ...fact, stateRoot: hash(3) };
      const contradiction = (): void => record.sign([{ kind: "head", chainId: CHAIN, fact: other }]);
      expect(contradiction).to.throw().with.property("code", "RECORD_CONTRADICTION");
    });
  });

  describe("halts", () => {
    it("last until the operator resumes, and keep their first reason", () => {
      record.halt(CHAIN, "FIRST", "one");
      record.halt(CHAIN, "SECOND", "two");
      reopen();
      expect(record.haltOf(CHAIN)?.code).to.equal("FIRST");
      expect(record.resume(CHAIN)).to.equal(true);
      expect(record.haltOf(CHAIN)).to.equal(undefined);
      expect(record.resume(CHAIN)).to.equal(false);
    });

    it("once resumed, messages that nothing signed rests on are read anew, the others stand", () => {
      const links = chained([3, 4, 5]);
      record.append(CHAIN, { number: 7, hash: hash(9) }, [{ laneId: LANE, links }]);
      record.sign([claimOf(links.slice(0, 2), LANE)]);
      record.halt(CHAIN, "FINAL_BLOCK_CHANGED", "a reorg");
      record.resume(CHAIN);
      expect(record.tip(LANE).nonce).to.equal(2n);
      expect(record.finalBlock(CHAIN)).to.equal(undefined);
    });
  });

  describe("ownership", () => {
    it("R24 is one process's: a second one cannot open the record or the key", () => {
      expect(() => openRecord(file, OWNER))
        .to.throw()
        .with.property("code", "GUARDIAN_LOCKED");
      const mark = openKeyMark(path.join(folder, "key.json"));
      expect(() => openKeyMark(path.join(folder, "key.json")))
        .to.throw()
        .with.property("code", "GUARDIAN_LOCKED");
      mark.close();
    });

    it("is one key's in one network", () => {
      record.close();
      const foreign = (): GuardianRecord => openRecord(file, { ...OWNER, networkId: hash(3) });
      expect(foreign).to.throw().with.property("code", "RECORD_FOREIGN");
      record = openRecord(file, OWNER);
    });

    it("R24 a record restored from an older copy, or lost, halts everything", () => {
      const keyFile = path.join(folder, "key.json");
      const links = chained([3, 4]);
      const mark = openKeyMark(keyFile);
      record.sign([claimOf(links.slice(0, 1), LANE)]);
      mark.advance(record.sequence);
      record.close();
      copyFileSync(file, `${file}.backup`);
      record = openRecord(file, OWNER);
      record.sign([claimOf(links, LANE)]);
      mark.advance(record.sequence);
      record.close();
      for (const old of [`${file}.backup`, `${file}.lost`]) {
        record = openRecord(old, OWNER);
        reconcile(record, mark);
        expect(record.haltOf(CHAIN)?.code, old).to.equal("RECORD_OLD");
        expect(record.halts()[0]?.chainId).to.equal(ALL_ROLLUPS);
        record.close();
      }
      record = openRecord(file, OWNER);
      reconcile(record, mark);
      expect(record.halts()).to.deep.equal([]);
      mark.close();
    });

    it("a crash between the record and the key's mark is no doubt", () => {
      const mark = openKeyMark(path.join(folder, "key.json"));
      record.sign([claimOf(chained([3]), LANE)]);
      reconcile(record, mark);
      expect([mark.sequence, record.halts()]).to.deep.equal([1, []]);
      mark.close();
    });
  });
});

describe("guardian's key file", () => {
  let folder: string;
  before(() => (folder = mkdtempSync(path.join(os.tmpdir(), "metalayer-key-"))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("is read back, in the clear and encrypted, and never overwritten", async () => {
    const secret = randomSecretKey();
    for (const [name, password] of [
      ["plain.json", undefined],
      ["sealed.json", "a password"],
    ] as const) {
      const file = path.join(folder, name);
      await saveKey(file, secret, password);
      expect((await loadKey(file, password)).hex).to.equal(guardianKey(secret).hex);
      await saveKey(file, secret, password).then(
        () => expect.fail("it was overwritten"),
        (error: unknown) => expect(error).to.have.property("code", "EEXIST"),
      );
    }
  });

  const wrong: readonly [string, string, string, number, string | undefined][] = [
    ["others may read it", "KEY_FILE_EXPOSED", `{"secretKey":"0x${"11".repeat(32)}"}`, 0o644, undefined],
    ["it holds something else", "KEY_FILE_INVALID", "{}", 0o600, undefined],
    ["it is no JSON", "KEY_FILE_INVALID", "secret", 0o600, undefined],
  ];
  for (const [what, code, text, mode, password] of wrong) {
    it(`is refused with ${code} when ${what}`, async () => {
      const file = path.join(folder, `${code}-${text.length}.json`);
      writeFileSync(file, text, { mode });
      await loadKey(file, password).then(
        () => expect.fail("it was accepted"),
        (error: unknown) => expect(error).to.have.property("code", code),
      );
    });
  }

  it("is refused with KEY_PASSWORD without, and with a wrong, password", async () => {
    const file = path.join(folder, "sealed.json");
    for (const password of [undefined, "wrong"]) {
      await loadKey(file, password).then(
        () => expect.fail("it was opened"),
        (error: unknown) => expect(error).to.have.property("code", "KEY_PASSWORD"),
      );
    }
  });
});
