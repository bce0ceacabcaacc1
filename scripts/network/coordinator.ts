import { attestationDigest } from "../../sdk/src/attestation.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { networkRoot } from "../../sdk/src/fact.ts";
import type { Signature } from "../../sdk/src/schnorr.ts";
import { combine, openSession, sortEntries } from "../../sdk/src/session.ts";
import { codeOf } from "../chain/rpc-errors.ts";
import { delay } from "../chain/tasks.ts";
import type { Bench } from "./bench.ts";
import { createBench } from "./bench.ts";
import type { CommitResponse, FactRequest, Refusal } from "./guardian-api.ts";
import type { GuardianClient } from "./guardian-client.ts";
import { refusalOf, refuseBadNonces } from "./guardian-client.ts";
import type { GuardianTable } from "./tables.ts";
import { authorises } from "./tables.ts";

/** A fact to be signed, with the hash that this side computed. */
export interface FactToSign {
  readonly request: FactRequest;
  readonly hash: Hex;
}

export interface Attested {
  readonly root: Hex;
  readonly signature: Signature;
  /** Keys of the signers. */
  readonly signers: readonly Hex[];
  /** What is in the root; the others were refused. */
  readonly facts: readonly FactToSign[];
  readonly refused: readonly { readonly fact: FactToSign; readonly code: string }[];
}

/** Gets guardians to sign. Trusted with nothing: they check everything themselves. */
export interface Coordinator {
  /**
   * One signature over these facts that authorises under every one of the tables, or over those of them that enough guardians
   * confirm. Keys in `without` are neither asked nor counted. Throws ATTESTATION_FAILED when there is none.
   */
  attest(
    facts: readonly FactToSign[],
    tables: readonly GuardianTable[],
    signal?: AbortSignal,
    without?: ReadonlySet<Hex>,
  ): Promise<Attested>;
  /** Keys that are left out for the moment, because their last answers were wrong, late or none. */
  benched(): readonly Hex[];
}

export interface CoordinatorOptions {
  readonly networkId: Hex;
  /** How the guardians shall call this coordinator. */
  readonly name: string;
  readonly client: GuardianClient;
  /** Addresses that take the place of announced ones, by key. */
  readonly urls?: ReadonlyMap<Hex, string>;
  /** Guardians beyond the preferred ones are asked when one of these has not answered by then. Default 250. */
  readonly hedgeMs?: number;
  /** Limit for a round. Default 3,000. */
  readonly roundMs?: number;
  readonly now?: () => number;
}

interface Peer {
  readonly key: Hex;
  readonly url: string;
}

interface State {
  readonly options: Required<CoordinatorOptions>;
  readonly bench: Bench;
  /** Last signer set that worked, by the keys of the tables it was for. */
  readonly preferred: Map<string, readonly Hex[]>;
}

const MOST_ATTEMPTS = 4;

export function createCoordinator(options: CoordinatorOptions): Coordinator {
  const defaults = { urls: new Map<Hex, string>(), hedgeMs: 250, roundMs: 3_000, now: () => performance.now() };
  const full = { ...defaults, ...options };
  const state: State = { options: full, bench: createBench(full.now), preferred: new Map() };
  return {
    attest: (facts, tables, signal, without = new Set()) =>
      attest(state, facts, peersIn(state, tables, without), tables, signal),
    benched: () => state.bench.list(),
  };
}

async function attest(
  state: State,
  facts: readonly FactToSign[],
  peers: readonly Peer[],
  tables: readonly GuardianTable[],
  signal: AbortSignal | undefined,
): Promise<Attested> {
  if (tables.length === 0) throw failed("there is no guardian table", 0);
  const isEnough = (keys: readonly Hex[]): boolean => tables.every((table) => authorises(table, keys));
  const refused: { fact: FactToSign; code: string }[] = [];
  let open = [...facts];
  let last: unknown;
  for (let attempt = 0; attempt < MOST_ATTEMPTS && open.length > 0; attempt++) {
    if (signal?.aborted === true) break;
    const round = await commitRound(state, open, peers, isEnough, signal);
    if (round.kind === "refused") {
      const gone = factsToDrop(open, round.verdicts, isEnough);
      if (gone.size === 0) throw failed(round.reason, open.length);
      for (const [fact, code] of gone) refused.push({ fact, code });
      open = open.filter((fact) => !gone.has(fact));
      continue;
    }
    try {
      const signed = await signRound(state, open, peers, round.answers, signal);
      state.preferred.set(groupOf(tables), signed.signers);
      return { ...signed, facts: open, refused };
    } catch (error) {
      last = error;
    }
  }
  if (open.length === 0) return Promise.reject(failed(`every fact was refused (${refused[0]?.code})`, 0, refused));
  throw failed(last instanceof Error ? last.message : "stopped", open.length, refused);
}

function failed(reason: string, facts: number, refused: readonly { code: string }[] = []): MetalayerError {
  return new MetalayerError("ATTESTATION_FAILED", `The guardians did not sign: ${reason}.`, { facts, refused });
}

function groupOf(tables: readonly GuardianTable[]): string {
  return tables.map(({ guardians }) => guardians.map(({ key, weight }) => `${key}${weight}`).join()).join(";");
}

/** Guardians of every table whose address is known. */
function peersIn({ options }: State, tables: readonly GuardianTable[], without: ReadonlySet<Hex>): Peer[] {
  const [first, ...others] = tables;
  return (first?.guardians ?? []).flatMap(({ key, url }) => {
    if (without.has(key)) return [];
    const address = options.urls.get(key) ?? url;
    const isEverywhere = others.every((table) => table.guardians.some((guardian) => guardian.key === key));
    return isEverywhere && URL.canParse(address) ? [{ key, url: address }] : [];
  });
}

interface Verdict {
  readonly key: Hex;
  /** Undefined: it confirmed all. */
  readonly refusal: Refusal | undefined;
}

type Round =
  | { readonly kind: "committed"; readonly answers: ReadonlyMap<Hex, CommitResponse> }
  | { readonly kind: "refused"; readonly verdicts: readonly Verdict[]; readonly reason: string };

/**
 * Asks for nonces: the preferred signers first, all others as soon as one of those fails or is slow. Ends with the preferred
 * set, or with the first set that is enough.
 */
async function commitRound(
  state: State,
  facts: readonly FactToSign[],
  peers: readonly Peer[],
  isEnough: (keys: readonly Hex[]) => boolean,
  signal: AbortSignal | undefined,
): Promise<Round> {
  const { client, name, hedgeMs, roundMs } = state.options;
  const root = networkRoot(facts.map(({ hash }) => hash));
  const body = { coordinator: name, root, facts: facts.map((fact) => fact.request) };
  const { first, spare } = chooseFirst(state, peers, isEnough);
  const answers = new Map<Hex, CommitResponse>();
  const verdicts: Verdict[] = [];
  let reason = "too few guardians answer";
  const stop = new AbortController();
  const inner = AbortSignal.any([stop.signal, AbortSignal.timeout(roundMs), ...(signal === undefined ? [] : [signal])]);
  const isDone = (asked: readonly Peer[], isHedged: boolean): boolean =>
    asked.every(({ key }) => answers.has(key)) || (isHedged && isEnough([...answers.keys()]));
  const ask = async ({ key, url }: Peer): Promise<boolean> => {
    try {
      const answer = await client.commit(url, body, inner);
      if (answer.key !== key) throw new MetalayerError("GUARDIAN_BAD_ANSWER", `${url} is another guardian.`);
      refuseBadNonces(answer, answers.values(), url);
      answers.set(key, answer);
      verdicts.push({ key, refusal: undefined });
      return true;
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal !== undefined) verdicts.push({ key, refusal });
      reason = error instanceof Error ? error.message : reason;
      if (refusal?.facts === undefined && !stop.signal.aborted) state.bench.add(key);
      return false;
    }
  };
  await new Promise<void>((resolve) => {
    let open = first.length;
    let asked = first;
    let isHedged = spare.length === 0;
    const settle = (isGood: boolean): void => {
      open -= 1;
      if (!isGood) hedge();
      if (isDone(asked, isHedged) || open === 0) resolve();
    };
    const hedge = (): void => {
      if (isHedged) return;
      isHedged = true;
      asked = [...first, ...spare];
      open += spare.length;
      for (const peer of spare) void ask(peer).then(settle);
      if (isDone(asked, isHedged)) resolve();
    };
    for (const peer of first) void ask(peer).then(settle);
    if (first.length === 0) hedge();
    if (open === 0) resolve();
    void delay(hedgeMs, stop.signal).then(hedge, () => undefined);
  });
  stop.abort();
  if (isEnough([...answers.keys()])) return { kind: "committed", answers };
  return { kind: "refused", verdicts, reason };
}

/** Whom to ask at once, and whom only if that does not suffice. */
function chooseFirst(
  state: State,
  peers: readonly Peer[],
  isEnough: (keys: readonly Hex[]) => boolean,
): { readonly first: readonly Peer[]; readonly spare: readonly Peer[] } {
  const keys = new Set(peers.map(({ key }) => key));
  const isUsable = (set: readonly Hex[]): boolean =>
    set.every((key) => keys.has(key) && !state.bench.has(key)) && isEnough(set);
  const preferred = [...state.preferred.values()].findLast(isUsable);
  const good = preferred ?? peers.flatMap(({ key }) => (state.bench.has(key) ? [] : [key]));
  const first = peers.filter(({ key }) => good.includes(key));
  const spare = peers.filter(({ key }) => !good.includes(key));
  // Without a preferred set the first answers decide: nobody is waited for.
  return preferred === undefined && isEnough(good) ? { first: [], spare: first } : { first, spare };
}

/** The least that has to go so that those who confirm all the rest are enough; none if that is not what is missing. */
function factsToDrop(
  facts: readonly FactToSign[],
  verdicts: readonly Verdict[],
  isEnough: (keys: readonly Hex[]) => boolean,
): Map<FactToSign, string> {
  const gone = new Map<FactToSign, string>();
  const readable = verdicts.filter(({ refusal }) => refusal === undefined || refusal.facts !== undefined);
  if (!isEnough(readable.map(({ key }) => key))) return gone;
  const complaints = (fact: number): { code: string }[] =>
    readable.flatMap(({ refusal }) => refusal?.facts?.filter(({ index }) => index === fact) ?? []);
  const order = facts.map((_, index) => index).sort((a, b) => complaints(b).length - complaints(a).length);
  for (const index of order) {
    const content = readable.filter(
      ({ refusal }) => (refusal?.facts ?? []).every((refused) => gone.has(facts[refused.index] ?? facts[0]!)), // CAST: see the check of indexes above
    );
    if (isEnough(content.map(({ key }) => key))) break;
    const fact = facts[index];
    const [complaint] = complaints(index);
    if (fact !== undefined && complaint !== undefined) gone.set(fact, complaint.code);
  }
  return gone;
}

async function signRound(
  state: State,
  facts: readonly FactToSign[],
  peers: readonly Peer[],
  answers: ReadonlyMap<Hex, CommitResponse>,
  signal: AbortSignal | undefined,
): Promise<{ readonly root: Hex; readonly signature: Signature; readonly signers: readonly Hex[] }> {
  const { networkId, client, roundMs } = state.options;
  const root = networkRoot(facts.map(({ hash }) => hash));
  const entries = sortEntries([...answers.values()].map(({ key, R, S }) => ({ key, R, S })));
  const context = openSession({ networkId, message: attestationDigest(networkId, root), entries });
  const inner = AbortSignal.any([AbortSignal.timeout(roundMs), ...(signal === undefined ? [] : [signal])]);
  const signers = entries.map(({ key }) => key);
  const outcomes = await Promise.allSettled(
    signers.map(async (key) => {
      const url = peers.find((peer) => peer.key === key)?.url ?? "";
      const { partial } = await client.sign(url, { session: answers.get(key)?.session ?? "", entries }, inner);
      return partial;
    }),
  );
  const silent = signers.filter((_, index) => outcomes[index]?.status === "rejected");
  for (const key of silent) state.bench.add(key);
  if (silent.length > 0) throw new MetalayerError("SESSION_FAILED", `${silent.length} of the signers did not sign`);
  const partials = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  try {
    const signature = combine(context, partials);
    for (const key of signers) state.bench.clear(key);
    return { root, signature, signers };
  } catch (error) {
    const positions =
      error instanceof MetalayerError && Array.isArray(error.info["positions"]) ? error.info["positions"] : [];
    for (const position of positions) state.bench.add(signers[Number(position)] ?? "0x");
    throw codeOf(error) === undefined
      ? new MetalayerError("SESSION_FAILED", "the session failed", {}, { cause: error })
      : error;
  }
}
