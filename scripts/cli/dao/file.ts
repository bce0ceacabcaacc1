import { z } from "zod";
import { UsageError, type CommandError } from "../command.ts";
import { invalidFile, parsed, readFileAs, type FileKind } from "../json-file.ts";
import { address, era, span } from "../options.ts";

const KIND: FileKind = { code: "CLI_DAO", what: "DAO", shownIn: "docs/how-to/dao.md" };

/** A time by the token's clock: `5d`, or `36000 blocks` where the token counts blocks. */
export interface Ticks {
  readonly unit: "seconds" | "blocks";
  readonly count: bigint;
}

function ticks(given: string): Ticks {
  const [, count] = /^(\d{1,9}) blocks?$/.exec(given) ?? [];
  return count === undefined ? { unit: "seconds", count: span(given) } : { unit: "blocks", count: BigInt(count) };
}

/** `4%` or `0.5%` as basis points. */
function percent(given: string): bigint {
  const [, whole = "", fraction = ""] = /^(\d{1,3})(?:\.(\d{1,2}))?%$/.exec(given) ?? [];
  const points = whole === "" ? 0n : BigInt(whole + fraction.padEnd(2, "0"));
  if (points >= 1n && points <= 10_000n) return points;
  throw new UsageError(`"${given}" is not a share of the votes (from 0.01% to 100%)`);
}

function receiver(given: string): `0x${string}` | "treasury" {
  return given === "treasury" ? given : address(given);
}

/** Whole and parts; how many digits a part may have, the token says. */
const amount = z.string().regex(/^\d{1,30}(\.\d{1,18})?$/, 'must be a number such as "1000" or "0.5"');

const tokenSchema = z.union([
  z.strictObject({
    new: z.strictObject({
      name: z.string().min(1).max(40),
      symbol: z.string().min(1).max(12),
      shares: z.array(z.strictObject({ to: parsed(receiver), amount: parsed(era) })).min(1),
    }),
  }),
  z.strictObject({ existing: parsed(address) }),
]);

const fileSchema = z.strictObject({
  name: z.string().regex(/^[\w][\w .-]{0,39}$/, "must be at most 40 letters, digits, spaces, points and dashes"),
  /** Where its token is and votes are counted. */
  home: z.string().min(1),
  /** All rollups on which it stands; home may be left out. */
  rollups: z.array(z.string().min(1)).default([]),
  token: tokenSchema,
  voting: z.strictObject({
    /** From a proposal to the moment at which votes count. */
    delay: parsed(ticks),
    period: parsed(ticks),
    /** Votes that a proposer needs, in whole tokens. */
    threshold: amount.default("0"),
    /** Of all votes that exist. */
    quorum: parsed(percent),
  }),
  timelock: z.strictObject({ delay: parsed(span), canceller: parsed(address).optional() }),
  /** Coins that the treasury of a rollup begins with, from the account that creates the DAO. */
  treasuries: z.record(z.string(), parsed(era)).default({}),
  /** With a directory of roles, whose leases last so long. */
  roles: z.strictObject({ term: parsed(span) }).optional(),
});

export type DaoFile = z.output<typeof fileSchema>;

/** Reads a DAO as people describe it. Throws CLI_DAO_UNREADABLE, CLI_DAO_INVALID. */
export function readDaoFile(file: string): DaoFile {
  return readFileAs(KIND, fileSchema, file);
}

export function invalidDao(source: string, problem: string, cause?: unknown): CommandError {
  return invalidFile(KIND, source, problem, cause);
}
