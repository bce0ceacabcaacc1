import { CommandError, UsageError } from "./command.ts";
import type { Connection } from "./connection.ts";
import { spanText, timeText, unitsText } from "./format.ts";
import { submit } from "./governance/submit.ts";
import type { Network } from "./network.ts";
import type { Change } from "./one-rollup.ts";
import type { Output } from "./output.ts";

/** Prices to be, in the units of docs/protocol/fees.md; what is left out stays. */
export interface NewPrices {
  readonly message: number | undefined;
  readonly byte: number | undefined;
  readonly kgas: number | undefined;
}

/** What governance allows a keeper for a destination, and what validating its state costs. */
export interface KeeperTerms {
  /** All zero: nobody moves prices but governance. */
  readonly bounds: {
    readonly baseFloor: bigint;
    readonly baseCap: bigint;
    readonly byteFloor: bigint;
    readonly byteCap: bigint;
    readonly gasFloor: bigint;
    readonly gasCap: bigint;
    readonly step: bigint;
    readonly interval: bigint;
  };
  /** Seconds since 1970; 0: never. */
  readonly movedAt: bigint;
  /** Millionths of ERA; 0: not on offer. */
  readonly headPrice: bigint;
  readonly slotPrice: bigint;
}

interface Shown {
  readonly rollup: string;
  readonly lanes: readonly (Partial<KeeperTerms> & { readonly to: string })[];
}

const UNITS_PER_MILLIONTH = 1_000n;

export async function keeperOn({ contracts }: Connection, chainId: number): Promise<KeeperTerms> {
  const [bounds, movedAt, { headPrice, slotPrice }] = await Promise.all([
    contracts.priceKeeper.boundsOf(chainId),
    contracts.priceKeeper.movedAt(chainId),
    contracts.stateRequests.termsOf(chainId),
  ]);
  const { baseFloor, baseCap, byteFloor, byteCap, gasFloor, gasCap, step, interval } = bounds;
  const plain = { baseFloor, baseCap, byteFloor, byteCap, gasFloor, gasCap, step, interval };
  return { bounds: plain, movedAt, headPrice, slotPrice };
}

/** How far a keeper may move which price, and what validating state on request costs. */
export async function showKeeper(output: Output, rollups: readonly Shown[]): Promise<void> {
  const lanes = rollups.flatMap(({ rollup, lanes: own }) => own.map((lane) => ({ rollup, ...lane })));
  const bounded = lanes.filter(({ bounds }) => bounds !== undefined && bounds.interval !== 0n);
  if (bounded.length > 0) {
    output.line("Bounds within which the price keeper may move prices:");
    await output.table(
      ["from", "to", "a message", "a byte", "1,000 gas", "at most", "every", "moved last"],
      bounded.map(({ rollup, to, bounds, movedAt = 0n }) => [rollup, to, ...boundTexts(bounds), lastText(movedAt)]),
    );
  }
  const offered = lanes.filter(({ headPrice = 0n, slotPrice = 0n }) => headPrice + slotPrice !== 0n);
  if (offered.length === 0) return;
  output.line("Validating another rollup's state on request costs:");
  await output.table(
    ["on", "state of", "a head", "a slot"],
    offered.map(({ rollup, to, headPrice = 0n, slotPrice = 0n }) => [rollup, to, offer(headPrice), offer(slotPrice)]),
  );
}

/** Moves prices of a destination within the bounds. Throws a usage error unless a destination and a price are given. */
export function movePrices(
  network: Network,
  options: NewPrices & { readonly to: string | undefined; readonly dryRun: boolean },
): Change {
  if (options.to === undefined) throw new UsageError("fees update needs --to <rollup>");
  if ([options.message, options.byte, options.kgas].every((price) => price === undefined)) {
    throw new UsageError("fees update needs a new price: --message, --byte or --kgas");
  }
  const { name, chainId } = network.rollup(options.to);
  return async (connection, signing) => {
    const { status, prices } = await connection.contracts.gateway.outLane(chainId);
    if (status === 0n) {
      const next = "name two different rollups that have admitted each other";
      throw new CommandError("CLI_NO_LANE", `${connection.name} has no lane to ${name}`, "Nothing was done", next);
    }
    const to = [
      BigInt(options.message ?? prices.basePrice),
      BigInt(options.byte ?? prices.pricePerByte),
      BigInt(options.kgas ?? prices.pricePerKGas),
    ] as const;
    const call = await signing.contracts.priceKeeper.movePrices.populateTransaction(chainId, ...to);
    await submit(connection, signing, `move the prices of messages to ${name}`, call, options.dryRun);
    return options.dryRun ? "Nothing was sent; the prices can be moved." : `Prices to ${name} were moved.`;
  };
}

function boundTexts(bounds: KeeperTerms["bounds"] | undefined): string[] {
  if (bounds === undefined) return [];
  const range = (floor: bigint, cap: bigint, units = 1n): string =>
    `${unitsText(floor * units)} to ${unitsText(cap * units)}`;
  return [
    range(bounds.baseFloor, bounds.baseCap, UNITS_PER_MILLIONTH),
    range(bounds.byteFloor, bounds.byteCap),
    range(bounds.gasFloor, bounds.gasCap),
    `${Number(bounds.step) / 10} %`,
    spanText(Number(bounds.interval)),
  ];
}

const lastText = (movedAt: bigint): string => (movedAt === 0n ? "never" : timeText(movedAt));
const offer = (price: bigint): string => (price === 0n ? "not on offer" : unitsText(price * UNITS_PER_MILLIONTH));
