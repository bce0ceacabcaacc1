import { DatabaseSync } from "node:sqlite";
import type { FeedReport, FeedSite } from "../../../sdk/src/feeds.ts";
import type { Hex } from "../../../sdk/src/bytes.ts";
import { CommandError } from "../command.ts";

/** What a reporter has signed, on disk. Two values for one round cost its stake: whoever signs asks here first. */
export interface ReportRecord {
  /** Notes a value for a round before it is signed. Throws CLI_ROUND_SIGNED if it has another one: that one stands for ever. */
  note(key: RoundKey, observation: Pick<FeedReport, "value" | "observedAt">): Pick<FeedReport, "value" | "observedAt">;
  close(): void;
}

export interface RoundKey {
  readonly site: FeedSite;
  readonly feed: Hex;
  readonly signer: string;
  readonly round: bigint;
}

const TABLE = `CREATE TABLE IF NOT EXISTS signed (
  chain TEXT NOT NULL, feeds TEXT NOT NULL, feed TEXT NOT NULL, signer TEXT NOT NULL, round TEXT NOT NULL,
  value TEXT NOT NULL, observed_at TEXT NOT NULL, PRIMARY KEY (chain, feeds, feed, signer, round)
) STRICT, WITHOUT ROWID`;

/** Opens a record, or makes one. Throws CLI_RECORD. */
export function openReportRecord(file: string): ReportRecord {
  const database = open(file);
  const insert = database.prepare("INSERT INTO signed VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING");
  const select = database.prepare(
    "SELECT value, observed_at AS seen FROM signed WHERE chain = ? AND feeds = ? AND feed = ? AND signer = ? AND round = ?",
  );
  return {
    note({ site, feed, signer, round }, { value, observedAt }) {
      const key = [site.chainId, site.feeds, feed, signer, round].map((part) => String(part).toLowerCase());
      insert.run(...key, String(value), String(observedAt));
      const row = select.get(...key);
      const [noted, seen] = [String(row?.["value"]), String(row?.["seen"])].map(BigInt);
      if (noted === value && seen !== undefined) return { value, observedAt: seen };
      const next = "wait for the next round; to report the value that was signed, run this again with that one";
      const what = `another value was signed for round ${round} with this key`;
      throw new CommandError("CLI_ROUND_SIGNED", what, "Nothing was signed", next);
    },
    close: () => database.close(),
  };
}

function open(file: string): DatabaseSync {
  try {
    const database = new DatabaseSync(file, { timeout: 5_000 });
    database.exec(`PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA; ${TABLE}`);
    return database;
  } catch (cause) {
    const next = "name another file with --record, or free this one";
    throw new CommandError("CLI_RECORD", `${file} cannot be kept as a record`, "Nothing was signed", next, { cause });
  }
}
