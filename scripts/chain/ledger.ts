import type { Hex } from "../../sdk/src/bytes.ts";
import type { SentMessage } from "../../sdk/src/events.ts";
import { FEE_UNIT_WEI } from "../../sdk/src/fees.ts";
import { KIND_BOUNTY } from "../../sdk/src/message.ts";

/** All ERA there ever was: minted once, on home. */
export const SUPPLY = 10n ** 27n;

/** Where ERA is, in wei: docs/protocol/fees.md §2. */
export interface LedgerLines {
  /** Total supply without what the next sweeps burn. */
  readonly supply: bigint;
  /** Earned by deliverers and guardians and not withdrawn. */
  readonly earned: bigint;
  /** Earned while the fee bucket was empty. */
  readonly queued: bigint;
  /** ERA, fees and bounties of messages that were sent and not delivered. */
  readonly inFlight: bigint;
  /** Booked for deliveries to come. */
  readonly bounties: bigint;
  readonly burntForGood: bigint;
  /** Fees of `fast` deliveries whose messages a reorg of the source removed: paid out, never paid in. */
  readonly lostToFast: bigint;
}

export interface LedgerRow extends LedgerLines {
  readonly name: string;
  readonly chainId: bigint;
  /** Everything in the row is as of this block. */
  readonly block: number;
}

export interface Ledger {
  readonly rows: readonly LedgerRow[];
  readonly total: LedgerLines;
  /** supply + earned + queued + in flight + bounties + burnt for good − lost to fast. */
  readonly sum: bigint;
  /** Zero, unless the protocol is broken or something could not be read. */
  readonly difference: bigint;
}

/** What one rollup says, as of one block; amounts of the gateway in fee units. */
export interface RollupBooks {
  readonly name: string;
  readonly chainId: bigint;
  readonly block: number;
  /** Address of its Era. */
  readonly era: string;
  readonly totalSupplyWei: bigint;
  readonly burntForGoodWei: bigint;
  readonly earned: bigint;
  readonly queued: bigint;
  readonly bounties: bigint;
  readonly lanes: readonly LaneBooks[];
  /** Every message that it has delivered. */
  readonly delivered: ReadonlySet<Hex>;
  /** Fees of delivered messages that no source knows. */
  readonly feesOfLost: bigint;
}

/** One lane as its source has it. */
export interface LaneBooks {
  readonly dstChainId: bigint;
  /** Gross fees since the last sweep. */
  readonly accrued: bigint;
  readonly fundShare: bigint;
  readonly burnShare: bigint;
  readonly sweptBountiesWei: bigint;
  readonly messages: readonly SentMessage[];
}

/** Puts the books of all rollups of a network together. */
export function makeLedger(books: readonly RollupBooks[]): Ledger {
  const rows = books.map((own) => rowOf(own, books));
  const total = rows.reduce<LedgerLines>((sum, row) => mapLines((line) => sum[line] + row[line]), NOTHING);
  const { supply, earned, queued, inFlight, bounties, burntForGood, lostToFast } = total;
  const sum = supply + earned + queued + inFlight + bounties + burntForGood - lostToFast;
  return { rows, total, sum, difference: sum - SUPPLY };
}

export const LEDGER_LINES = [
  "supply",
  "earned",
  "queued",
  "inFlight",
  "bounties",
  "burntForGood",
  "lostToFast",
] as const satisfies readonly (keyof LedgerLines)[];

const NOTHING: LedgerLines = mapLines(() => 0n);

function mapLines(value: (line: keyof LedgerLines) => bigint): LedgerLines {
  // CAST: one entry for each name of the record.
  return Object.fromEntries(LEDGER_LINES.map((line) => [line, value(line)])) as unknown as LedgerLines;
}

function rowOf(own: RollupBooks, all: readonly RollupBooks[]): LedgerRow {
  let supply = own.totalSupplyWei;
  let burntForGood = own.burntForGoodWei;
  let inFlight = 0n;
  for (const lane of own.lanes) {
    const destination = all.find(({ chainId }) => chainId === lane.dstChainId);
    const unswept = unsweptOf(lane);
    supply -= unswept.burnt;
    burntForGood += unswept.forGood;
    for (const message of lane.messages) {
      if (destination?.delivered.has(message.sendId) !== true) inFlight += valueOf(message, own.era, destination?.era);
    }
  }
  const { name, chainId, block } = own;
  const lines = { supply, burntForGood, inFlight, lostToFast: own.feesOfLost * FEE_UNIT_WEI };
  const units = { earned: own.earned, queued: own.queued, bounties: own.bounties };
  return {
    ...{ name, chainId, block, ...lines },
    earned: units.earned * FEE_UNIT_WEI,
    queued: units.queued * FEE_UNIT_WEI,
    bounties: units.bounties * FEE_UNIT_WEI,
  };
}

/** What the next sweep of the lane burns, and how much of it for good. */
function unsweptOf({ accrued, fundShare, burnShare, sweptBountiesWei, messages }: LaneBooks) {
  const perMille = (accrued / 1_000n) * FEE_UNIT_WEI;
  const offered = messages.reduce((sum, message) => sum + bountyOf(message), 0n) * FEE_UNIT_WEI;
  return { burnt: perMille * (1_000n - fundShare) + offered - sweptBountiesWei, forGood: perMille * burnShare };
}

/** Wei of ERA that a message on its way carries: its fee, its bounty, its transfer. */
function valueOf(message: SentMessage, sourceEra: string, destinationEra: string | undefined): bigint {
  const isTransfer =
    message.kind !== KIND_BOUNTY &&
    message.sender.toLowerCase() === sourceEra.toLowerCase() &&
    message.recipient.toLowerCase() === destinationEra?.toLowerCase();
  return (message.fee + bountyOf(message)) * FEE_UNIT_WEI + (isTransfer ? transferOf(message) : 0n);
}

/** Fee units that a bounty entry carries: the third word of `abi(nonce, sendId, amount)`. */
function bountyOf({ kind, payload }: SentMessage): bigint {
  return kind === KIND_BOUNTY ? wordAt(payload, 2) : 0n;
}

/** Wei that a transfer carries: the third word of `abi(bytes from, bytes to, uint256 amount)`. */
export function transferOf({ payload }: Pick<SentMessage, "payload">): bigint {
  return wordAt(payload, 2);
}

function wordAt(payload: Hex, index: number): bigint {
  const start = 2 + 64 * index;
  return payload.length < start + 64 ? 0n : BigInt(`0x${payload.slice(start, start + 64)}`);
}
