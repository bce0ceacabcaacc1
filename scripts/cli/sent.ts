import { MetalayerError } from "../../sdk/src/errors.ts";
import { parseReceiptOrNone, quantity } from "../chain/blocks.ts";
import { broadcast } from "../chain/broadcast.ts";
import type { Endpoint } from "../chain/endpoint.ts";
import type { RpcPool } from "../chain/pool.ts";
import { codeOf } from "../chain/rpc-errors.ts";
import { delay } from "../chain/tasks.ts";
import { CommandError } from "./command.ts";

/** A signed transaction, as far as it has to be found again. */
export interface Sent {
  readonly hash: string;
  readonly from: string;
  readonly nonce: number;
}

/** How long what is not clear is looked at, in milliseconds. */
export interface Patience {
  /** After a doubtful answer to sending. */
  readonly takenMs: number;
  /** Until a transaction is in a block. */
  readonly minedMs: number;
  /** While its nonce is used in the chain, and it is not there: the nodes behind one URL do not see a block at once. */
  readonly displacedMs: number;
}

export const PATIENCE: Patience = { takenMs: 3_000, minedMs: 300_000, displacedMs: 3_000 };

/**
 * Gives a signed transaction to the nodes; returns when one has it. No answer is no refusal: then every node is asked
 * for it. Throws a node's refusal; CLI_NOT_MINED if another transaction took its nonce; CLI_UNCERTAIN.
 */
export async function handOver(pool: RpcPool, sent: Sent, raw: string, { takenMs }: Patience): Promise<void> {
  const result = await broadcast(pool, raw);
  if (result.kind === "accepted") return;
  const isNonceUsed = codeOf(result.error) === "TX_NONCE_LOW";
  const isRefused = result.kind === "refused" && !result.maybeSent;
  const deadline = performance.now() + (isRefused && !isNonceUsed ? 0 : takenMs);
  for (;;) {
    const found = await lookFor(pool, sent);
    if (found === "there") return;
    if (performance.now() >= deadline) {
      if (isRefused && !isNonceUsed) throw result.error;
      throw isRefused && found === "nowhere" ? displaced(pool, sent) : uncertain(pool, sent, result.error);
    }
    await delay(pauseOf(pool));
  }
}

/**
 * The receipt as a node has it, as soon as there is one; endpoints may fail meanwhile. Throws CLI_NOT_MINED if another
 * transaction took its nonce, CLI_UNCERTAIN if there is none in time.
 */
export async function receiptOf(pool: RpcPool, sent: Sent, { minedMs, displacedMs }: Patience): Promise<unknown> {
  const deadline = performance.now() + minedMs;
  let passedAt: number | undefined;
  let failure: unknown;
  for (;;) {
    const seen = await look(pool, sent).catch((error: unknown) => void (failure = error));
    if (seen?.receipt !== undefined) return seen.receipt;
    const now = performance.now();
    if (seen !== undefined) passedAt = seen.isNonceUsed ? (passedAt ?? now) : undefined;
    const isPassed = passedAt !== undefined && now - passedAt >= displacedMs;
    if (isPassed && (await lookFor(pool, sent)) === "nowhere") throw displaced(pool, sent);
    if (now >= deadline) throw uncertain(pool, sent, failure);
    await delay(pauseOf(pool));
  }
}

/** One node's view: the nonce is read first, so that a block between the two reads cannot look like another transaction's. */
async function look(pool: RpcPool, { hash, from, nonce }: Sent) {
  const [count, receipt] = await pool.batch([
    { method: "eth_getTransactionCount", params: [from, "latest"] },
    { method: "eth_getTransactionReceipt", params: [hash] },
  ]);
  if (receipt?.ok !== true) throw receipt?.error ?? new MetalayerError("RPC_BAD_RESPONSE", "A node left a call out.");
  const isNonceUsed = count?.ok === true && quantity(count.result) > nonce;
  return { isNonceUsed, receipt: parseReceiptOrNone(receipt.result) === undefined ? undefined : receipt.result };
}

type Found = "there" | "nowhere" | "unclear";

/** Asks every endpoint, since one of them may hold what the others never saw. */
async function lookFor({ endpoints }: RpcPool, sent: Sent): Promise<Found> {
  const answers = await Promise.all(endpoints.map((endpoint) => isHeldBy(endpoint, sent).catch(() => undefined)));
  if (answers.includes(true)) return "there";
  return answers.includes(undefined) ? "unclear" : "nowhere";
}

async function isHeldBy(endpoint: Endpoint, { hash }: Sent): Promise<boolean | undefined> {
  const methods = ["eth_getTransactionByHash", "eth_getTransactionReceipt"];
  const outcomes = await endpoint.batch(methods.map((method) => ({ method, params: [hash] })));
  const results = outcomes.map((outcome) => (outcome.ok ? outcome.result : undefined));
  if (results.some((result) => typeof result === "object" && result !== null)) return true;
  return results.includes(undefined) ? undefined : false;
}

/** Often enough for a person who waits, seldom enough for a public endpoint. */
function pauseOf({ blockTimeMs }: RpcPool): number {
  return Math.min(1_000, Math.max(50, blockTimeMs / 4));
}

function displaced({ rollup }: RpcPool, { hash, nonce }: Sent): CommandError {
  const what = `another transaction of the account took nonce ${nonce} on ${rollup}: ${hash} can no longer be mined`;
  const next = "look at what the account sent instead, then run this again";
  return new CommandError("CLI_NOT_MINED", what, "It changed nothing", next);
}

function uncertain({ rollup }: RpcPool, { hash, nonce }: Sent, cause: unknown): CommandError {
  const reason = cause instanceof Error ? ` (${cause.message})` : "";
  const what = `what became of transaction ${hash} (nonce ${nonce}) on ${rollup} is not clear${reason}`;
  const next = `look at ${hash} on ${rollup} before running this again: if it is mined, running this again does it twice`;
  return new CommandError("CLI_UNCERTAIN", what, "It may have been sent", next, { cause });
}
