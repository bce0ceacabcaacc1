import { dataLength, dataSlice } from "ethers";
import { z } from "zod";
import type { Hex } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import type { Lane } from "../../sdk/src/route.ts";
import type { Log } from "../chain/blocks.ts";
import { parseBlockOrNone, parseLogs, toQuantity } from "../chain/blocks.ts";
import { rpcQuestion } from "../chain/quorum.ts";
import { MESSAGE_DELIVERED, MESSAGE_FAILED } from "../network/gateway.ts";
import type { AttestedCall, ProvenFact } from "./calls.ts";
import { factsIn, inboxInterface, readCall } from "./calls.ts";
import type { Post } from "./post.ts";
import type { SeenFact } from "./seen.ts";

const HEAD_RECORDED = inboxInterface.getEvent("HeadRecorded")?.topicHash ?? "";
const ROOT_STORED = inboxInterface.getEvent("RootStored")?.topicHash ?? "";

/** Events that say that an attested fact was used. */
export const USE_TOPICS = [MESSAGE_DELIVERED, MESSAGE_FAILED, HEAD_RECORDED];

const transactionSchema = z.object({ to: z.string().nullable(), input: z.string() });

interface Frame {
  readonly to?: string | undefined;
  readonly input: string;
  readonly type?: string | undefined;
  readonly error?: string | undefined;
  readonly calls?: readonly Frame[] | undefined;
}

const frameSchema: z.ZodType<Frame> = z.object({
  to: z.string().optional(),
  input: z.string(),
  type: z.string().optional(),
  error: z.string().optional(),
  get calls() {
    return z.array(frameSchema).optional();
  },
});

/** Where facts are looked for: a rollup, and the lanes that lead to it. */
export interface Reading {
  readonly networkId: Hex;
  readonly post: Post;
  readonly laneFrom: (srcChainId: bigint) => Lane | undefined;
}

/**
 * The attested facts that a transaction used, from its call data; from a trace of it where the call data do not explain every event, as
 * with calls out of other contracts. Throws WATCH_UNREADABLE if that does not either, or what the pool throws.
 */
export async function factsOf(reading: Reading, logs: readonly Log[], signal?: AbortSignal): Promise<SeenFact[]> {
  const [log] = logs;
  if (log === undefined) return [];
  const { transactionHash, blockHash } = log;
  const calls = [
    { method: "eth_getTransactionByHash", params: [transactionHash] },
    { method: "eth_getBlockByHash", params: [blockHash, false] },
  ];
  // By k of n: one endpoint that denies it, or makes up what it called, would hide a lie.
  const question = rpcQuestion(`transaction ${transactionHash}`, calls, ([transaction, block]) => {
    if (transaction === null || block === null) return null;
    const { to, input } = transactionSchema.parse(transaction);
    return { to: to ?? "", input, attestedAt: parseBlockOrNone(block)?.timestamp ?? 0 };
  });
  const { answer } = await reading.post.access.quorum.agree(question, signal);
  // A reorg has just removed it; what follows in its place is read in its turn.
  if (answer === null) return [];
  const { to, input, attestedAt } = answer;
  // CAST: parseLog has made sure that it is 32 bytes of hex.
  const where = { transactionHash: transactionHash as Hex, attestedAt };
  const outer = await provenIn(reading, callsIn(reading.post, { to, input, type: "CALL" }, false), signal);
  if (explains(outer, logs)) return seenOn(reading, where, outer);
  const found = await tracedIn(reading, transactionHash, signal);
  if (explains(found, logs)) return seenOn(reading, where, found);
  throw unreadable(reading.post, transactionHash, "holds no fact that explains its events");
}

/**
 * All facts that a transaction used, calls out of other contracts included, whatever its own call data explain: a fact there that is not
 * true may be there to hide another one. Throws WATCH_UNREADABLE if no endpoint traces it.
 */
export async function factsInside(reading: Reading, seen: SeenFact, signal?: AbortSignal): Promise<SeenFact[]> {
  return seenOn(reading, seen, await tracedIn(reading, seen.transactionHash, signal));
}

async function tracedIn(reading: Reading, hash: string, signal: AbortSignal | undefined): Promise<Found[]> {
  return provenIn(reading, callsIn(reading.post, await traceOf(reading.post, hash, signal), true), signal);
}

function seenOn(
  { post }: Reading,
  { transactionHash, attestedAt }: Pick<SeenFact, "transactionHash" | "attestedAt">,
  found: readonly Found[],
): SeenFact[] {
  const common = { chainId: post.rollup.chainId, transactionHash, attestedAt, seenAt: Date.now() };
  return found.map(({ attestation, proven }): SeenFact => {
    const { factHash, proof } = proven;
    const seen = { ...common, factHash, attestation, proof };
    if (proven.kind === "head") return { ...seen, kind: "head", fact: proven.fact };
    const { fact, lane, ids, isWhole } = proven;
    return { ...seen, kind: "lane", fact, lane, hashes: isWhole ? ids : undefined };
  });
}

/** Calls to gateway and inbox, also those out of other contracts that did not revert. */
function callsIn(post: Post, frame: Frame, isDeep: boolean): AttestedCall[] {
  const { gateway, inbox } = post.rollup.contracts;
  const own = [gateway, inbox].some((address) => address?.toLowerCase() === frame.to?.toLowerCase());
  const call = own && frame.type === "CALL" ? readCall(frame.input) : undefined;
  const inner = isDeep ? (frame.calls ?? []).filter(({ error }) => error === undefined) : [];
  return [...(call === undefined ? [] : [call]), ...inner.flatMap((each) => callsIn(post, each, true))];
}

async function traceOf(post: Post, hash: string, signal: AbortSignal | undefined): Promise<Frame> {
  const { pool } = post.access;
  try {
    return frameSchema.parse(
      await pool.request("debug_traceTransaction", [hash, { tracer: "callTracer" }], { signal }),
    );
  } catch (cause) {
    if (signal?.aborted === true) throw cause;
    throw unreadable(post, hash, "went through another contract and no endpoint traces it", cause);
  }
}

interface Found {
  /** Complete, with signature. */
  readonly attestation: Hex;
  readonly proven: ProvenFact;
}

async function provenIn(
  reading: Reading,
  calls: readonly AttestedCall[],
  signal: AbortSignal | undefined,
): Promise<Found[]> {
  const all: Found[] = [];
  for (const call of calls) {
    const facts = factsIn(reading.networkId, call, reading.laneFrom);
    if (facts.length === 0) continue;
    const isStored = dataLength(call.attestation) === 32;
    const attestation = isStored ? await storedAttestation(reading.post, call.attestation, signal) : call.attestation;
    if (attestation !== undefined) all.push(...facts.map((proven) => ({ attestation, proven })));
  }
  return all;
}

/** Every delivered, failed or recorded thing is in one of the facts. */
function explains(found: readonly Found[], logs: readonly Log[]): boolean {
  const known = new Set(
    found.flatMap(({ proven }): readonly string[] => {
      if (proven.kind === "lane") return proven.ids;
      return [`${proven.fact.chainId}:${proven.fact.anchorIndex}`];
    }),
  );
  return logs.every(({ topics: [topic, first, second] }) => {
    return known.has(topic === HEAD_RECORDED ? `${BigInt(first ?? 0)}:${BigInt(second ?? 0)}` : (first ?? ""));
  });
}

/** The attestation by which a root was stored on this rollup. */
async function storedAttestation(post: Post, root: Hex, signal: AbortSignal | undefined): Promise<Hex | undefined> {
  const { rollup, access } = post;
  const { pool } = access;
  if (rollup.contracts.inbox === undefined) return undefined;
  const newest = Number(await pool.request("eth_blockNumber", [], { signal }));
  for (let to = newest; to >= rollup.fromBlock; to -= rollup.maxLogRange) {
    const range = {
      fromBlock: toQuantity(Math.max(rollup.fromBlock, to - rollup.maxLogRange + 1)),
      toBlock: toQuantity(to),
    };
    const filter = { address: rollup.contracts.inbox, topics: [ROOT_STORED, root], ...range };
    for (const { transactionHash } of parseLogs(await pool.request("eth_getLogs", [filter], { signal }))) {
      const transaction = await pool.request("eth_getTransactionByHash", [transactionHash], { signal });
      const { to: called, input } = transactionSchema.parse(transaction);
      const direct = callsIn(post, { to: called ?? "", input, type: "CALL" }, false);
      const isWanted = ({ kind, attestation }: AttestedCall): boolean =>
        kind === "root" && dataSlice(attestation, 0, 32) === root;
      const deep = direct.some(isWanted) ? direct : callsIn(post, await traceOf(post, transactionHash, signal), true);
      const found = deep.find(isWanted);
      if (found !== undefined) return found.attestation;
    }
  }
  return undefined;
}

function unreadable({ rollup }: Post, hash: string, what: string, cause?: unknown): MetalayerError {
  const message = `${rollup.name}: transaction ${hash} ${what}.`;
  return new MetalayerError("WATCH_UNREADABLE", message, { rollup: rollup.name, hash }, { cause });
}
