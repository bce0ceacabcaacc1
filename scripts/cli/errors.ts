import { CommandError } from "./command.ts";

export interface DescribedError {
  readonly code: string;
  /** What happened, what is unchanged and what to do, for people. */
  readonly sentence: string;
  readonly message: string;
  readonly unchanged?: string;
  readonly next?: string;
}

/** Errors of libraries whose own words do not help: what happened and what to do. */
const KNOWN: Readonly<Record<string, readonly [what: string, next: string]>> = {
  ABORTED: ["it was interrupted; what it had started is ended", "run it again"],
  ECONNREFUSED: [
    "no node answers at the RPC address",
    "start the network (./metalayer devnet start) or correct the URL",
  ],
  ENOTFOUND: ["the RPC address cannot be resolved", "correct the URL or check the connection"],
  ETIMEDOUT: ["the RPC endpoint does not answer", "try again, or use another endpoint"],
  NETWORK_ERROR: [
    "the RPC endpoint cannot be reached",
    "start the network (./metalayer devnet start) or correct the URL",
  ],
  TIMEOUT: ["the RPC endpoint does not answer in time", "try again, or use another endpoint"],
  INSUFFICIENT_FUNDS: [
    "the account cannot pay for the gas",
    "fund it (./metalayer faucet on local networks) and run this again",
  ],
};

/** Turns whatever was thrown into one clear sentence. */
export function describeError(error: unknown): DescribedError {
  if (error instanceof CommandError) return sentence(error.code, error.message, error.unchanged, error.next);
  const code = codeOf(error);
  const known = KNOWN[code];
  if (known !== undefined) return sentence(code, `${known[0]} (${messageOf(error)})`, undefined, known[1]);
  return sentence(code, messageOf(error), undefined, undefined);
}

function sentence(code: string, message: string, unchanged?: string, next?: string): DescribedError {
  const parts = [`Error: ${stop(message)}`];
  if (unchanged !== undefined) parts.push(stop(unchanged));
  if (next !== undefined) parts.push(`Next: ${stop(next)}`);
  return {
    code,
    sentence: parts.join(" "),
    message,
    ...(unchanged === undefined ? {} : { unchanged }),
    ...(next === undefined ? {} : { next }),
  };
}

const stop = (text: string): string => (/[.!?)]$/.test(text) ? text : `${text}.`);

function codeOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ("code" in at && typeof at.code === "string") return at.code;
  }
  return "UNEXPECTED";
}

/** The library's short form where it has one (ethers), on one line. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const short = "shortMessage" in error && typeof error.shortMessage === "string" ? error.shortMessage : error.message;
  return short.replace(/\s*\n\s*/g, " ").trim() || error.name;
}
