import type { Hex } from "../../sdk/src/bytes.ts";
import type { Endpoint, RpcCall, RpcOutcome } from "../chain/endpoint.ts";
import { isEndpointFault } from "../chain/rpc-errors.ts";

/** Something that a chain either has or lacks, found out by one call whose right answer is known beforehand. */
export interface Question {
  readonly id: string;
  readonly what: string;
  /** What of Metalayer does not work without it; left out where nothing depends on it. */
  readonly neededFor?: string;
  readonly call: RpcCall;
  readonly isRight: (answer: string) => boolean;
}

export interface Finding {
  readonly id: string;
  readonly what: string;
  /** `unanswered`: the endpoint did not tell, which says nothing about the chain. */
  readonly verdict: "yes" | "no" | "unanswered";
  readonly neededFor?: string | undefined;
}

/** Some nodes call it an internal error of theirs when the EVM stops. */
const FROM_EVM = /\bevm\b|opcode|instruction|code ?size|contract|halt/i;

/** Asks all questions in as few requests as the endpoint takes. */
export async function askAll(
  endpoint: Endpoint,
  questions: readonly Question[],
  signal?: AbortSignal,
): Promise<readonly Finding[]> {
  const outcomes = await endpoint.batch(
    questions.map(({ call }) => call),
    { signal },
  );
  return questions.map(({ id, what, neededFor, isRight }, index) => {
    return { id, what, verdict: verdictOf(outcomes[index], isRight), neededFor };
  });
}

function verdictOf(outcome: RpcOutcome | undefined, isRight: Question["isRight"]): Finding["verdict"] {
  if (outcome === undefined) return "unanswered";
  if (!outcome.ok) return isEndpointFault(outcome.error) && !FROM_EVM.test(outcome.error.message) ? "unanswered" : "no";
  return typeof outcome.result === "string" && isRight(outcome.result.toLowerCase()) ? "yes" : "no";
}

/** Why a chain with these findings cannot be served; nothing if it can. */
export function obstacles(findings: readonly Finding[]): string[] {
  return findings
    .filter(({ verdict, neededFor }) => verdict !== "yes" && neededFor !== undefined)
    .map(({ id, what, verdict, neededFor }) => {
      const lack = verdict === "no" ? "is missing" : "could not be asked for";
      return `${id} (${what}) ${lack}: needed for ${neededFor}`;
    });
}

/** Runs code as the creation of a contract and returns what it would leave as the contract's code. */
export function runCode(code: Hex): RpcCall {
  return { method: "eth_call", params: [{ from: PROBER, data: code }, "latest"] };
}

export function callTo(to: Hex, data: Hex): RpcCall {
  return { method: "eth_call", params: [{ from: PROBER, to, data }, "latest"] };
}

/** An account that nobody uses, so that no state of it is in the way. */
export const PROBER: Hex = "0x00000000000000000000000000000000000b0b0b";

export const word = (value: bigint | number): string => BigInt(value).toString(16).padStart(64, "0");
