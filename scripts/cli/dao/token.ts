import { Contract, isError, parseUnits } from "ethers";
import { z } from "zod";
import type { Connection } from "../connection.ts";
import { CommandError } from "../command.ts";
import type { DaoFile, Ticks } from "./file.ts";
import { invalidDao } from "./file.ts";
import type { DaoRecord } from "./record.ts";

type TokenFacts = Omit<DaoRecord["token"], "address">;

const ABI = [
  "function symbol() view returns (string)",
  "function decimals() view returns (uint8)",
  "function CLOCK_MODE() view returns (string)",
  "function getPastTotalSupply(uint256 timepoint) view returns (uint256)",
];

/** What a DAO's token counts in; a new one's is known. Throws CLI_NO_VOTES for one that knows no votes of the past. */
export async function factsOf(home: Connection, { token }: DaoFile): Promise<TokenFacts> {
  if ("new" in token) return { symbol: token.new.symbol, decimals: 18, clock: "seconds" };
  const contract = new Contract(token.existing, ABI, home.provider);
  const ask = async (method: string, ...args: readonly unknown[]): Promise<unknown> => {
    try {
      return (await contract.getFunction(method)(...args)) as unknown; // CAST: ethers says any
    } catch (error) {
      if (isError(error, "CALL_EXCEPTION") || isError(error, "BAD_DATA")) return undefined;
      throw error;
    }
  };
  const [symbol, decimals, mode, past] = await Promise.all([
    ask("symbol"),
    ask("decimals"),
    ask("CLOCK_MODE"),
    ask("getPastTotalSupply", 1n),
  ]);
  if (past === undefined) {
    const next = "name an ERC20Votes or ERC721Votes that stands on the DAO's home, or let the DAO have a new token";
    const what = `${token.existing} on ${home.name} is no token with votes (ERC-5805)`;
    throw new CommandError("CLI_NO_VOTES", what, "Nothing was sent", next);
  }
  return {
    symbol: z.string().catch("votes").parse(symbol),
    // An ERC-721 has none: one token is one vote.
    decimals: Number(z.bigint().catch(0n).parse(decimals)),
    clock: typeof mode === "string" && mode.startsWith("mode=timestamp") ? "seconds" : "blocks",
  };
}

/** The file's voting rules in the units of the token. Throws CLI_DAO_INVALID. */
export function termsOf(source: string, { voting }: DaoFile, { clock, decimals, symbol }: TokenFacts) {
  const inTicks = (name: string, { unit, count }: Ticks): bigint => {
    if (unit === clock) return count;
    const form = clock === "blocks" ? "36000 blocks" : "5d";
    throw invalidDao(source, `voting.${name}: the clock of ${symbol} counts ${clock}, so it must be such as "${form}"`);
  };
  return {
    votingDelay: inTicks("delay", voting.delay),
    votingPeriod: inTicks("period", voting.period),
    proposalThreshold: inUnits(source, voting.threshold, decimals),
    quorum: voting.quorum,
  };
}

function inUnits(source: string, threshold: string, decimals: number): bigint {
  try {
    return parseUnits(threshold, decimals);
  } catch (cause) {
    throw invalidDao(source, `voting.threshold: the token has only ${decimals} digits after the point`, cause);
  }
}
