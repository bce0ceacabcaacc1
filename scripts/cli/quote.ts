import { LANE_OPEN } from "../../sdk/src/client.ts";
import { quoteFee } from "../../sdk/src/fees.ts";
import { checkedAddress } from "./accounts.ts";
import type { Context } from "./command.ts";
import { CommandError } from "./command.ts";
import type { Connection } from "./connection.ts";
import { unitsText } from "./format.ts";
import type { RollupDescription } from "./network.ts";
import { findNetwork, withRollups } from "./network.ts";
import { payerOf, type Payer } from "./payer.ts";
import { refusal } from "./transactions.ts";

export interface QuoteOptions {
  readonly network: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly bytes: number;
  readonly gasLimit: number;
  readonly sender: `0x${string}` | undefined;
}

interface LaneQuote {
  readonly source: string;
  readonly destination: string;
  /** Fee units. */
  readonly gross: bigint;
  readonly fund: bigint;
  readonly burn: bigint;
  readonly fee: bigint;
  readonly paidBy: Payer | undefined;
}

export async function quoteCommand(context: Context, options: QuoteOptions): Promise<void> {
  const network = findNetwork(context, options.network);
  const sender = options.sender === undefined ? undefined : checkedAddress("--sender", options.sender);
  const sources = options.from === undefined ? network.rollups : [network.rollup(options.from)];
  const destinations = options.to === undefined ? network.rollups : [network.rollup(options.to)];
  const quotes = await withRollups(sources, async (connections) => {
    const lanes = await Promise.all(connections.map((source) => quotesFrom(source, destinations, options, sender)));
    return lanes.flat();
  });
  if (quotes.length === 0) {
    const next = "name two different rollups that have admitted each other";
    throw new CommandError("CLI_NO_LANE", "there is no open lane between these rollups", "Nothing was done", next);
  }
  const { output } = context;
  output.line(
    `A message of ${options.bytes} bytes with ${options.gasLimit.toLocaleString("en-US")} gas for its recipient:`,
  );
  const head = ["from", "to", "price", "to deliverer and guardians", "to the fund", "burnt"];
  await output.table(
    sender === undefined ? head : [...head, `paid by`],
    quotes.map(({ source, destination, gross, fee, fund, burn, paidBy }) => {
      const row = [source, destination, unitsText(gross), unitsText(fee), unitsText(fund), unitsText(burn)];
      return sender === undefined ? row : [...row, paidBy === undefined ? "nobody" : `its ${paidBy}`];
    }),
  );
  output.line("Without credit a message is accepted too: anyone may deliver it at the price of gas alone.");
  output.result({ bytes: options.bytes, gasLimit: options.gasLimit, quotes });
}

/** Prices from one rollup, as its gateway charges them. */
async function quotesFrom(
  source: Connection,
  destinations: readonly RollupDescription[],
  { bytes, gasLimit }: QuoteOptions,
  sender: string | undefined,
): Promise<LaneQuote[]> {
  const others = destinations.filter(({ chainId }) => BigInt(chainId) !== source.chainId);
  const quotes = await Promise.all(
    others.map(async ({ name, chainId }): Promise<LaneQuote[]> => {
      const { status, prices } = await source.contracts.gateway.outLane(chainId);
      if (status !== LANE_OPEN) return [];
      try {
        const gross = await source.contracts.gateway.quote(chainId, bytes, gasLimit);
        const { fund, burn, fee } = quoteFee(prices, bytes, BigInt(gasLimit));
        const paidBy = sender === undefined ? undefined : await payerOf(source, sender, gross);
        return [{ source: source.name, destination: name, gross, fund, burn, fee, paidBy }];
      } catch (error) {
        throw refusal(source.name, `price a message to ${name}`, error) ?? error;
      }
    }),
  );
  return quotes.flat();
}
