import { attestationDigest } from "../../sdk/src/attestation.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { networkRoot } from "../../sdk/src/fact.ts";
import { discardNonce, signPartial } from "../../sdk/src/session.ts";
import { codeOf } from "../chain/rpc-errors.ts";
import type {
  CommitRequest,
  CommitResponse,
  FactRequest,
  GuardianInfo,
  Refusal,
  SignRequest,
} from "../network/guardian-api.ts";
import { isFast } from "../network/guardian-api.ts";
import type { ConfirmedFact, Source } from "./facts.ts";
import type { GuardianKey, KeyMark } from "./keystore.ts";
import type { ProvenKeys } from "./proven-keys.ts";
import type { GuardianRecord } from "./record.ts";
import { ALL_ROLLUPS } from "./record.ts";
import type { Sessions } from "./sessions.ts";
import type { Suspensions } from "./suspensions.ts";

export interface GuardianParts {
  readonly networkId: Hex;
  readonly key: GuardianKey;
  readonly mark: KeyMark;
  readonly record: GuardianRecord;
  readonly sources: readonly Source[];
  readonly provenKeys: ProvenKeys;
  readonly suspensions: Suspensions;
  readonly sessions: Sessions;
  readonly maxFacts: number;
}

/** Verifies, records, then signs. Knows nothing of HTTP. */
export interface Guardian {
  /** Confirms every fact and notes it in the record; only then there is a nonce for its root. */
  commit(address: string, request: CommitRequest, signal?: AbortSignal): Promise<CommitResponse>;
  /** Signs the root of a session, once. */
  sign(request: SignRequest, signal?: AbortSignal): Promise<{ readonly partial: Hex }>;
  info(): GuardianInfo;
}

export function createGuardian(parts: GuardianParts): Guardian {
  return {
    commit: (address, request, signal) => commit(parts, address, request, signal),
    sign: (request, signal) => sign(parts, request, signal),
    info: () => info(parts),
  };
}

/** Facts that were refused, each with its place, code and reason. */
export class FactsRefused extends MetalayerError {
  readonly facts: NonNullable<Refusal["facts"]>;

  constructor(facts: NonNullable<Refusal["facts"]>) {
    const [first] = facts;
    super(first?.code ?? "FACT_FALSE", `${facts.length} of the facts are not confirmed: ${first?.message ?? ""}`, {
      facts,
    });
    this.facts = facts;
  }
}

async function commit(
  parts: GuardianParts,
  address: string,
  { facts, root, coordinator: name }: CommitRequest,
  signal: AbortSignal | undefined,
): Promise<CommitResponse> {
  const { record, mark, sessions, key } = parts;
  if (facts.length > parts.maxFacts)
    throw new MetalayerError("FACTS_TOO_MANY", `At most ${parts.maxFacts} facts a request, not ${facts.length}.`);
  refuseManyBlocks(facts);
  const outcomes = await Promise.allSettled(facts.map((fact) => confirm(parts, fact, signal)));
  const confirmed: ConfirmedFact[] = [];
  const wrong: { index: number; code: string; message: string }[] = [];
  outcomes.forEach((outcome, index) => {
    if (outcome.status === "fulfilled") confirmed.push(outcome.value);
    else wrong.push({ index, ...reasonOf(outcome.reason) });
  });
  if (wrong.length > 0) throw new FactsRefused(wrong);
  const own = networkRoot(confirmed.map(({ hash }) => hash));
  if (own !== root) {
    throw new MetalayerError("ROOT_MISMATCH", `These facts have the root ${own}: is this the same network and lanes?`);
  }
  const chains = [...new Set(confirmed.map(({ claim }) => claim.chainId))];
  refuseHalted(parts, chains);
  record.sign(confirmed.map(({ claim }) => claim));
  mark.advance(record.sequence);
  const { id, commitment } = sessions.open({ address, name }, { root, chains, isFast: facts.some(isFast) });
  return { session: id, key: key.hex, ...commitment };
}

/** One soft head of each rollup is enough to ask about, and every further one would have to be looked for at all endpoints. */
function refuseManyBlocks(facts: readonly FactRequest[]): void {
  const blocks = new Map<bigint, Hex>();
  for (const fact of facts) {
    if (fact.kind !== "lane" || !isFast(fact)) continue;
    const first = blocks.get(fact.srcChainId) ?? fact.srcBlockHash;
    if (first !== fact.srcBlockHash) {
      const message = `The fast facts about rollup ${fact.srcChainId} name more than one block.`;
      throw new MetalayerError("BLOCKS_TOO_MANY", message, { chainId: fact.srcChainId });
    }
    blocks.set(fact.srcChainId, first);
  }
}

/** A coded reason is passed on; anything else is ours to know. */
function reasonOf(error: unknown): { code: string; message: string } {
  const code = codeOf(error);
  return code !== undefined && error instanceof Error
    ? { code, message: error.message }
    : { code: "INTERNAL", message: "This guardian failed to check the fact." };
}

async function confirm(parts: GuardianParts, fact: FactRequest, signal?: AbortSignal): Promise<ConfirmedFact> {
  const chainId = fact.kind === "lane" ? fact.srcChainId : fact.chainId;
  const source = parts.sources.find(({ context }) => context.rollup.chainId === chainId);
  if (source === undefined) throw new MetalayerError("ROLLUP_UNKNOWN", `No rollup ${chainId} is configured here.`);
  refuseHalted(parts, [chainId]);
  if (isFast(fact)) await refuseSuspended(parts, [parts.key.hex], signal);
  return source.confirm(fact, signal);
}

function refuseHalted({ record }: GuardianParts, chains: readonly bigint[]): void {
  for (const chainId of chains) {
    const halt = record.haltOf(chainId);
    if (halt === undefined) continue;
    const message = `Nothing about rollup ${chainId} is signed until the operator resumes it: ${halt.reason}.`;
    throw new MetalayerError("ROLLUP_HALTED", message, { chainId, reason: halt.code });
  }
}

/** Nobody signs a `fast` fact who was convicted of a false one, nor together with one who was. */
async function refuseSuspended(
  { suspensions }: GuardianParts,
  keys: readonly Hex[],
  signal: AbortSignal | undefined,
): Promise<void> {
  await suspensions.learn(keys, signal);
  const found = suspensions.among(keys);
  if (found.length === 0) return;
  throw new MetalayerError("FAST_SUSPENDED", `Suspended from fast signing: ${found.join(", ")}.`, { keys: found });
}

async function sign(
  parts: GuardianParts,
  { session: id, entries }: SignRequest,
  signal: AbortSignal | undefined,
): Promise<{ readonly partial: Hex }> {
  const { networkId, key, provenKeys } = parts;
  const { root, chains, isFast: ofFast, nonce } = parts.sessions.take(id);
  try {
    refuseHalted(parts, chains);
    const keys = entries.map((entry) => entry.key);
    await provenKeys.prove(keys, signal);
    if (ofFast) await refuseSuspended(parts, keys, signal);
    refuseHalted(parts, chains);
  } catch (error) {
    discardNonce(nonce);
    throw error;
  }
  const session = { networkId, message: attestationDigest(networkId, root), entries };
  return {
    partial: signPartial({ secretKey: key.secretKey, nonce, session, isProven: (point) => provenKeys.has(point) }),
  };
}

function info({ networkId, key, record, sources }: GuardianParts): GuardianInfo {
  const rollups = sources.map((source) => {
    const { chainId, name } = source.context.rollup;
    const halt = record.haltOf(chainId);
    const { isSynced, failure } = source.status();
    const state: GuardianInfo["rollups"][number]["state"] =
      halt !== undefined ? "halted" : isSynced ? "ready" : "syncing";
    const reason = halt?.reason ?? failure;
    const finalBlock = record.finalBlock(chainId)?.number;
    return {
      chainId,
      name,
      state,
      ...(reason === undefined ? {} : { reason }),
      ...(finalBlock === undefined ? {} : { finalBlock }),
    };
  });
  return { key: key.hex, networkId, rollups };
}

/** Halts everything if the record counts fewer signatures than the key's mark: it was restored from an older copy, or is new. */
export function reconcile(record: GuardianRecord, mark: KeyMark): void {
  if (record.sequence < mark.sequence) {
    const what = `the key has signed ${mark.sequence} times, this record knows of ${record.sequence}: it was restored from an older copy`;
    record.halt(ALL_ROLLUPS, "RECORD_OLD", what);
  } else if (record.sequence > mark.sequence) {
    mark.advance(record.sequence);
  }
}
