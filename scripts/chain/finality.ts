import { z } from "zod";
import { MetalayerError } from "../../sdk/src/errors.ts";
import type { Block } from "./blocks.ts";
import { parseBlock, parseBlockOrNone, toQuantity } from "./blocks.ts";
import type { Endpoint } from "./endpoint.ts";
import type { RpcPool } from "./pool.ts";
import type { Question, Quorum } from "./quorum.ts";
import { rpcQuestion } from "./quorum.ts";

/** When a block of a rollup counts as final: what its own nodes tag so, or a number of blocks below the newest one. */
export const finalitySchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("tag"), tag: z.enum(["finalized", "safe"]) }),
  z.strictObject({ kind: z.literal("depth"), blocks: z.int().min(0).max(1_000_000) }),
]);

export type FinalityPolicy = z.infer<typeof finalitySchema>;

type Reader = Pick<Endpoint, "request">;

async function blockAt(reader: Reader, at: number | string, signal?: AbortSignal): Promise<Block | undefined> {
  const tag = typeof at === "number" ? toQuantity(at) : at;
  return parseBlockOrNone(await reader.request("eth_getBlockByNumber", [tag, false], { signal }));
}

async function headOf(reader: Reader, signal?: AbortSignal): Promise<Block> {
  return parseBlock(await reader.request("eth_getBlockByNumber", ["latest", false], { signal }));
}

/** The final block in one node's view; undefined while the rollup is too young to have one. */
async function finalOn(reader: Reader, policy: FinalityPolicy, signal?: AbortSignal): Promise<Block | undefined> {
  if (policy.kind === "tag") return blockAt(reader, policy.tag, signal);
  const head = await headOf(reader, signal);
  if (head.number < policy.blocks) return undefined;
  return policy.blocks === 0 ? head : blockAt(reader, head.number - policy.blocks, signal);
}

/** Newest block: may still be reorganised. */
export function softHead(pool: RpcPool, signal?: AbortSignal): Promise<Block> {
  return pool.session((endpoint, inner) => headOf(endpoint, inner), { signal });
}

/** Newest final block in one healthy node's view. Throws FINALITY_NONE while there is none. */
export async function finalBlock(pool: RpcPool, policy: FinalityPolicy, signal?: AbortSignal): Promise<Block> {
  const block = await pool.session((endpoint, inner) => finalOn(endpoint, policy, inner), { signal });
  if (block === undefined) throw noFinalBlock(pool.rollup);
  return block;
}

function noFinalBlock(rollup: string): MetalayerError {
  return new MetalayerError("FINALITY_NONE", `${rollup} has no final block yet.`, { rollup });
}

/** The block of this number on k of n endpoints. Throws QUORUM_NOT_REACHED, also where k endpoints do not know it. */
export async function agreedBlock(quorum: Quorum, number: number, signal?: AbortSignal): Promise<Block> {
  const question = rpcQuestion(
    `block ${number}`,
    [{ method: "eth_getBlockByNumber", params: [toQuantity(number), false] }],
    ([block]) => parseBlock(block),
  );
  const { answer } = await quorum.agree(question, signal);
  if (answer.number === number) return answer;
  throw new MetalayerError("RPC_BAD_RESPONSE", `${quorum.rollup}: asked for block ${number}, got another.`, { number });
}

/**
 * The newest block that at least k of n endpoints hold to be final, its contents confirmed by k of them. A node that
 * calls too much final does not move it, nor does one that lags. Throws FINALITY_NONE or QUORUM_NOT_REACHED.
 */
export async function agreedFinalBlock(quorum: Quorum, policy: FinalityPolicy, signal?: AbortSignal): Promise<Block> {
  const question: Question<number | null> = {
    name: "the final block's number",
    ask: async (endpoint, inner) => (await finalOn(endpoint, policy, inner))?.number ?? null,
  };
  const answers = (await quorum.poll(question, signal)).filter((answer) => answer !== undefined);
  if (answers.length < quorum.k)
    throw new MetalayerError("QUORUM_NOT_REACHED", `${quorum.rollup}: too few RPC endpoints answer.`, {
      rollup: quorum.rollup,
      answered: answers.length,
      k: quorum.k,
    });
  const numbers = answers.filter((answer) => answer !== null).sort((a, b) => b - a);
  const agreed = numbers[quorum.k - 1];
  if (agreed === undefined) throw noFinalBlock(quorum.rollup);
  return agreedBlock(quorum, agreed, signal);
}
