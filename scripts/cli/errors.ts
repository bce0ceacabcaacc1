import { CommandError } from "./command.ts";
import type { Standing } from "./standing.ts";
import { standingText } from "./standing.ts";

export interface DescribedError {
  readonly code: string;
  /** What happened, what is unchanged and what to do, for people. */
  readonly sentence: string;
  readonly message: string;
  readonly unchanged?: string;
  readonly next?: string;
}

const UNFUNDED = [
  "the account cannot pay for the gas",
  "fund it (./metalayer faucet on local networks) and run this again",
] as const;

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
  INSUFFICIENT_FUNDS: UNFUNDED,
  TX_FUNDS: UNFUNDED,
};

const NOT_STARTED = "Nothing was started";
const NOT_SENT = "Nothing was sent";

/** Errors of our own that say what happened: what is unchanged and what to do. */
const ADVICE: Readonly<Record<string, readonly [unchanged: string, next: string]>> = {
  APP_BAD_ARGS: [NOT_SENT, "correct the arguments"],
  APP_BAD_CODE: [NOT_SENT, "name a contract that can be deployed as it is"],
  APP_REFUSED: [NOT_SENT, "correct what the reason names and run this again"],
  APP_STANDS: [NOT_SENT, "name the rollups where it is missing (--on), or another --salt for another application"],
  APP_TOO_LARGE: [NOT_SENT, "make the code smaller and run this again"],
  APP_UNKNOWN: [
    "Nothing was done",
    "correct the address or the network; applications get theirs from ./metalayer app deploy",
  ],
  CONFIG_UNREADABLE: [NOT_STARTED, "name a file like operators.json, which ./metalayer deploy writes"],
  CONFIG_INVALID: [NOT_STARTED, "correct what is named, or give it as a flag"],
  CONFIG_QUORUM: [NOT_STARTED, "list more RPC endpoints for that rollup, or lower its agree"],
  EVIDENCE_UNREADABLE: [NOT_SENT, "name a file that ./metalayer watch --dry-run has written"],
  EVIDENCE_DAMAGED: [NOT_SENT, "copy the file again, or make it anew (./metalayer watch --once --dry-run)"],
  KEY_FILE_UNREADABLE: [NOT_STARTED, "correct the file's name"],
  KEY_FILE_INVALID: [NOT_STARTED, "name a keystore (JSON, version 3)"],
  KEY_FILE_EXPOSED: [NOT_STARTED, "take the others' rights away (chmod 600)"],
  KEY_PASSWORD: [
    NOT_STARTED,
    "set the password (METALAYER_GUARDIAN_PASSWORD, METALAYER_RELAYER_PASSWORD, METALAYER_WATCH_PASSWORD)",
  ],
  KEY_MISSING: [NOT_STARTED, "name a keystore with --key-file, or set that variable to 0x and 64 hex digits"],
  KEY_NOT_DEDICATED: [NOT_STARTED, "make a key of its own (./metalayer guardian key --key-file <file>)"],
  GUARDIAN_LOCKED: ["Nothing was changed", "stop the other guardian first; two with one key are never right"],
  RECORD_FOREIGN: ["Nothing was changed", "name this guardian's own record with --record"],
  RPC_ALL_FAILED: [
    "Whatever is on the rollups stays as it is",
    "check the RPC URLs, and what the account has sent before running again what sends or pays",
  ],
  RPC_REJECTED: [NOT_SENT, "correct what the node names, or use another endpoint"],
  TX_FEE_LOW: [NOT_SENT, "run this again: the rollup's gas became dearer meanwhile"],
  TX_REJECTED: [NOT_SENT, "correct what the node names, or use another endpoint"],
  TX_UNDERPRICED: [NOT_SENT, "wait until the account's transaction before this one is mined, then run this again"],
  PARAMETERS_INVALID: [
    NOT_SENT,
    "correct what is named (docs/testnets.md has every step); --params names another file",
  ],
  PARAMETERS_TOO_FEW_GUARDIANS: [NOT_SENT, "let guardians prove their keys (./metalayer prove), name their file"],
  PARAMETERS_BAD_PROOF: [NOT_SENT, "let that guardian run ./metalayer prove for this network"],
  DEPLOYMENT_UNKNOWN_ROLLUP: [NOT_SENT, "correct --only"],
  DEPLOYMENT_NO_URL: [NOT_SENT, "set the URL (npx hardhat keystore set <NAME>_RPC_URL)"],
  DEPLOYMENT_NO_KEY: [NOT_SENT, "set the deployer's key (npx hardhat keystore set DEPLOYER_KEY)"],
  DEPLOYMENT_UNREACHABLE: ["What stands already stays", "check the URL and run this again"],
  DEPLOYMENT_WRONG_CHAIN: [NOT_SENT, "correct the URL of that rollup"],
  DEPLOYMENT_WRONG_DEPLOYER: [NOT_SENT, "use the key of METALAYER_DEPLOYER, or correct that address"],
  DEPLOYMENT_INSUFFICIENT_FUNDS: ["What stands already stays", "fund the deployer and run this again"],
  ADMISSION_NOT_DEPLOYED: [
    NOT_SENT,
    "deploy there first (./metalayer deploy --only <rollup>); ./metalayer check names what differs",
  ],
  ADMISSION_BEYOND: [NOT_SENT, "correct the parameters: ./metalayer check names what differs"],
  ADMISSION_NOTHING: [NOT_SENT, "use it: ./metalayer send, ./metalayer transfer"],
  EADDRINUSE: [NOT_STARTED, "choose another --port, or stop the program that listens there"],
};

/** Turns whatever was thrown into one clear sentence. `standing`: what the command had done before. */
export function describeError(error: unknown, standing: readonly Standing[] = []): DescribedError {
  const { code, message, unchanged, next } = explained(error);
  const stands = standingText(standing);
  if (stands === undefined) return sentence(code, message, unchanged, next);
  // "Nothing was changed" is true of the step that failed, not of the command.
  const left = unchanged === undefined || unchanged.startsWith("Nothing") ? stands : `${unchanged}; ${stands}`;
  return sentence(code, message, left, error instanceof CommandError ? next : LOOK_FIRST);
}

const LOOK_FIRST = "look at what stands, and mend what failed, before running this again: it would do all of it again";

function explained(error: unknown): Omit<DescribedError, "sentence"> {
  if (error instanceof CommandError) return error;
  const code = codeOf(error);
  const known = KNOWN[code];
  if (known !== undefined) return { code, message: `${known[0]} (${messageOf(error)})`, next: known[1] };
  const [unchanged, next] = ADVICE[code] ?? [];
  return { code, message: messageOf(error), ...(unchanged && { unchanged }), ...(next && { next }) };
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

const stop = (text: string): string => (/[.!?]\)?$/.test(text) ? text : `${text}.`);

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
